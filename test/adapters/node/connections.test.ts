// What becomes of connections: requests sent ahead, answers in the middle of a body, upgrades, silence, and a server that stops.

import { once } from "node:events"
import type { AddressInfo, Socket } from "node:net"
import { describe, expect, onTestFinished, test } from "vitest"
import { createServer } from "../../../src/adapters/node.ts"
import type { Application } from "../../../src/gateway.ts"
import { MAX_WAITING } from "../../../src/running/connection.ts"
import { Request } from "../../../src/wrappers/request.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { answering, encode, isOverNodeHttp, RawClient, serve, serveUnlinted, sleep } from "../../support/server.ts"

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"

describe("requests sent ahead", () => {
  test.each([
    ["GET", GET],
    ["POST", POST],
  ])("%s: a few are read, and the rest stays in the kernel", async (_what, request) => {
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let begun = 0
    let finished = 0
    const app: Application = async (_environ, startResponse) => {
      begun++
      await held
      finished++
      startResponse("200 OK", [["Content-Length", "0"]])
      return []
    }
    let parsed = 0
    const { server, destroy } = createServer(app)
    server.prependListener("request", () => void parsed++)
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => destroy())
    const sockets: Socket[] = []
    server.on("connection", (socket) => sockets.push(socket))
    const count = Math.ceil((4 * 1024 * 1024) / request.length)
    const client = new RawClient((server.address() as AddressInfo).port)
    client.send(request.repeat(count))
    while (begun === 0) await sleep(5)
    await sleep(200)
    expect(begun).toBe(1)
    // One read of Node's, of 64 KiB, is the most that a version may parse before it can be stopped.
    const atOnce = Number.parseInt(process.versions.node, 10) > 24 ? Math.ceil(65536 / request.length) : 0
    expect(parsed).toBeLessThanOrEqual(MAX_WAITING + 64 + atOnce)
    expect(sockets[0]?.bytesRead).toBeLessThan(512 * 1024)
    release()
    await client.until((received) => received.length > 200_000)
    expect(finished).toBeGreaterThan(1000)
  })

  test("all are answered in order, however they are cut", async () => {
    const { port } = await serve(async (environ, startResponse) => {
      await new Promise((resolve) => setImmediate(resolve))
      let body = ""
      for await (const chunk of environ["wsgi.input"]) body += new TextDecoder().decode(chunk)
      const text = `${environ.PATH_INFO}=${body};`
      startResponse("200 OK", [["Content-Length", String(text.length)]])
      return [encode(text)]
    })
    const wanted: string[] = []
    const requests: string[] = []
    for (let i = 0; i < 600; i++) {
      const kind = i % 3
      wanted.push(`/${i}=${kind === 0 ? "" : "hello"};`)
      const framing = kind === 1 ? "Content-Length: 5" : "Transfer-Encoding: chunked"
      const body = kind === 1 ? "hello" : "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
      const last = i === 599 ? "Connection: close\r\n" : ""
      requests.push(`POST /${i} HTTP/1.1\r\nHost: a\r\n${last}${kind === 0 ? "\r\n" : `${framing}\r\n\r\n${body}`}`)
    }
    const text = requests.join("")
    const client = new RawClient(port)
    for (let at = 0; at < text.length; at += 7001) {
      client.send(text.slice(at, at + 7001))
      await sleep(0)
    }
    const received = await client.end()
    expect(received.match(/\/\d+=\w*;/g)).toEqual(wanted)
  })

  test("a request of HTTP/1.0 is answered, and what stands behind it is not", async () => {
    const { port } = await serve(async (environ, startResponse) => {
      await sleep(10)
      return answering(environ.PATH_INFO)(environ, startResponse)
    })
    const received = await new RawClient(port).send(`GET /first HTTP/1.0\r\n\r\n${GET}`).end()
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\/first$/)
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  })

  test("a malformed request is answered when the ones before it were", async () => {
    const { port } = await serve(async (environ, startResponse) => {
      await sleep(20)
      return answering(environ.PATH_INFO)(environ, startResponse)
    })
    const first = "GET /first HTTP/1.1\r\nHost: a\r\n\r\n"
    const received = await new RawClient(port).send(`${first}NONSENSE\r\n\r\n`).end()
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\/firstHTTP\/1\.1 400 Bad Request\r\n/)
  })
})

class SmallForms extends Request {
  override maxFormMemorySize = 1000
}

describe("an answer in the middle of a body", () => {
  const early: [string, Application][] = [
    ["that ignores it", answering("early", "413 Content Too Large")],
    [
      "that reads a little",
      async (environ, startResponse) => {
        await environ["wsgi.input"].read(10)
        return answering("early", "413 Content Too Large")(environ, startResponse)
      },
    ],
    [
      "that leaves an iteration",
      async (environ, startResponse) => {
        for await (const _chunk of environ["wsgi.input"]) break
        return answering("early", "413 Content Too Large")(environ, startResponse)
      },
    ],
    [
      "whose form is too large",
      SmallForms.application(async (request) => {
        await request.form()
        return new Response("not reached")
      }),
    ],
  ]
  const sizes = [70_000, 1_500_000, 20_000_000]
  const cases = early.flatMap(([what, app]) =>
    sizes.flatMap((size) => [false, true].map((chunked) => ({ what, app, size, chunked }))),
  )

  test.each(cases)("an application $what: $size bytes, chunked: $chunked", async ({ app, size, chunked }) => {
    const { port } = await serveUnlinted(app)
    const name = `--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n`
    const body = name + "x".repeat(size)
    const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length + 7}`
    const type = "Content-Type: multipart/form-data; boundary=B"
    const client = new RawClient(port).send(`POST / HTTP/1.1\r\nHost: a\r\n${type}\r\n${framing}\r\n\r\n`)
    // Written before anything is read, as simple clients do.
    const pieces = body.match(/[\s\S]{1,65536}/g) ?? []
    for (const piece of pieces) client.send(chunked ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece)
    client.send(chunked ? "7\r\n\r\n--B--\r\n0\r\n\r\n" : "\r\n--B--")
    await client.until((received) => received.includes("\r\n\r\n"))
    expect(client.received).toMatch(/^HTTP\/1\.1 413 /)
    if (/connection: close/i.test(client.received)) await client.end()
    else {
      client.send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      await client.end()
      // Of a body without a length the server may learn too late that it is too long to be thrown away.
      const isLong = chunked && size > 16 * 1024 * 1024
      expect(client.received.match(/HTTP\/1\.1 /g)?.length).toBeGreaterThanOrEqual(isLong ? 1 : 2)
    }
    expect(client.reset).toBe(false)
  })

  test("a client that waits for 100 and gets an answer instead is told that the connection ends", async () => {
    const { port } = await serveUnlinted(answering("early", "413 Content Too Large"))
    const head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
    const received = await new RawClient(port).send(head).end()
    expect(received).toMatch(/^HTTP\/1\.1 413 /)
    expect(received).toMatch(/connection: close/i)
    expect(received).not.toContain("100 Continue")
  })
})

describe("upgrades", () => {
  const UPGRADE = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"

  test("a socket that another listener takes is left alone", async ({ skip }) => {
    const { server, destroy } = createServer(answering("plain"), { firstByteTimeoutMs: 60, keepAliveTimeoutMs: 60 })
    if (!isOverNodeHttp) skip("only servers of node:http have other listeners")
    server.on("upgrade", (_message, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
      socket.on("data", (chunk) => socket.write(chunk))
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => destroy())
    const client = new RawClient((server.address() as AddressInfo).port).send(UPGRADE)
    await client.until((received) => received.includes("101"))
    await sleep(400)
    client.send("still here")
    await client.until((received) => received.endsWith("still here"))
  })

  test("a request that nothing takes is answered, and so is what came behind it", async () => {
    const { port } = await serve((environ, startResponse) =>
      answering(`${environ.PATH_INFO} ${environ["HTTP_UPGRADE"] ?? "none"};`)(environ, startResponse),
    )
    const last = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    // Longer than what the parser gets at once.
    const long = GET.replace("Host", `X-Long: ${"x".repeat(3000)}\r\nHost`)
    const received = await new RawClient(port).send(`${long}${UPGRADE}${long}${UPGRADE}${last}`).end()
    expect(received.match(/\/\w* \w+;/g)).toEqual(["/ none;", "/chat x;", "/ none;", "/chat x;", "/last none;"])
  })
})

describe("silence", () => {
  test("line ends keep no connection", async () => {
    const { port } = await serve(answering("ok"), { keepAliveTimeoutMs: 100, headersTimeoutMs: 200 })
    const client = new RawClient(port).send(GET)
    await client.until((received) => received.endsWith("ok"))
    const timer = setInterval(() => client.send("\r\n"), 20)
    await client.end(5000)
    clearInterval(timer)
    expect(client.received.match(/HTTP\/1\.1 200/g)).toHaveLength(1)
  })

  test.each(["", ":80", "a b", "a/b"])("the host %o is refused with 400", async (host) => {
    const { port } = await serveUnlinted(answering("ok"))
    const received = await new RawClient(port).send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).end()
    expect(received).toMatch(/^HTTP\/1\.1 400 /)
  })
})

describe("a server that stops", () => {
  test("answers a request that crosses the stop on an idle connection", async () => {
    const { port, drain } = await serve(answering("ok"), { idleLingerMs: 2000 })
    const client = new RawClient(port).send(GET)
    await client.until((received) => received.endsWith("ok"))
    const drained = drain()
    await sleep(100)
    client.send(GET)
    const received = await client.end()
    await drained
    expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
    expect(received).toMatch(/connection: close/i)
  })

  test("answers a request whose head has begun to arrive", async () => {
    const { port, drain } = await serve(answering("ok"), { idleLingerMs: 50 })
    const client = new RawClient(port).send("GET / HTTP/1.1\r\nHo")
    await sleep(50)
    const drained = drain()
    await sleep(300)
    client.send("st: a\r\n\r\n")
    expect(await client.end()).toMatch(/^HTTP\/1\.1 200 /)
    await drained
  })

  test("closes idle connections when their time is over", async () => {
    const { port, drain } = await serve(answering("ok"), { idleLingerMs: 50, keepAliveTimeoutMs: 60_000 })
    const idle = new RawClient(port).send(GET)
    await idle.until((received) => received.endsWith("ok"))
    await drain()
    await idle.end()
    expect(idle.reset).toBe(false)
  })
})

test("a long stream comes to its end on a connection that ends with it", async () => {
  const { port } = await serve((_environ, startResponse) => {
    startResponse("200 OK", [["Content-Type", "text/plain"]])
    return (async function* () {
      for (let i = 0; i < 40; i++) yield encode("x".repeat(65536))
    })()
  })
  const received = await new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").end()
  expect(received.length).toBeGreaterThan(40 * 65536)
  expect(received).toMatch(/0\r\n\r\n$/)
})
