// What SCGI, uwsgi and FastCGI have in common: limits, silence, clients that leave, who may connect, and the end of the server.

import { once } from "node:events"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { createScgiServer } from "../../../src/adapters/scgi.ts"
import { ClientDisconnected } from "../../../src/exceptions/statuses.ts"
import type { Application, Environ } from "../../../src/gateway.ts"
import { temporaryFolder } from "../../support/files.ts"
import {
  connectTo,
  conversation,
  fastCgiPairs,
  fastCgiRecord,
  fastCgiRequest,
  fastCgiStream,
  frontVariables,
  type GatewayName,
  gatewayBytes,
  scgiHead,
  uwsgiHead,
} from "../../support/front-server.ts"
import { GatewayClient, serveGateway } from "../../support/gateways.ts"
import { answering, encode, sleep } from "../../support/server.ts"

const NONE = Buffer.alloc(0)
const get = (protocol: GatewayName) => gatewayBytes(protocol, frontVariables({}), NONE)
const text = (buffer: Buffer) => buffer.toString("latin1")

/** The head of a request with a body of `length` bytes, of which none has come yet. */
function headWithBody(protocol: GatewayName, length: number): Buffer {
  const variables = frontVariables({ method: "POST", body: "x".repeat(length) })
  if (protocol !== "fastcgi") return (protocol === "scgi" ? scgiHead : uwsgiHead)(variables)
  const begin = fastCgiRecord(1, 1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]))
  return Buffer.concat([begin, fastCgiStream(4, 1, fastCgiPairs(variables))])
}

const bodyPart = (protocol: GatewayName, bytes: Buffer) => (protocol === "fastcgi" ? fastCgiRecord(5, 1, bytes) : bytes)

/** Answers with the length of the body. */
const measuring: Application = async (environ, startResponse) => {
  let length = 0
  for await (const chunk of environ["wsgi.input"]) length += chunk.length
  startResponse("200 OK", [])
  return [encode(`${length} bytes`)]
}

function promised<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

describe.each(["scgi", "uwsgi", "fastcgi"] as const)("%s", (protocol) => {
  test("a request may come byte by byte", async () => {
    const { port } = await serveGateway(protocol, measuring)
    const client = new GatewayClient(port)
    const variables = frontVariables({ method: "POST", body: "hello" })
    for (const byte of gatewayBytes(protocol, variables, Buffer.from("hello"))) client.send(Buffer.of(byte))
    expect(text(await client.end())).toContain("5 bytes")
  })

  test("a body beyond its length is cut off", async () => {
    const { port } = await serveGateway(protocol, measuring)
    const request = gatewayBytes(
      protocol,
      frontVariables({ method: "POST", body: "hello" }),
      Buffer.from("hello, world"),
    )
    expect(text(await new GatewayClient(port).send(request).end())).toContain("5 bytes")
  })

  test("a body that ends early is a client that has gone", async () => {
    const failure = promised<unknown>()
    const { port, errors } = await serveGateway(protocol, async (environ, startResponse) => {
      await environ["wsgi.input"].read().catch(failure.resolve)
      startResponse("400 Bad Request", [])
      return []
    })
    const client = new GatewayClient(port).send(headWithBody(protocol, 10), bodyPart(protocol, Buffer.from("12345")))
    client.socket.end()
    expect(await failure.promise).toBeInstanceOf(ClientDisconnected)
    await client.end()
    expect(errors).toEqual([])
  })

  test("a large body waits with the front server while the application does not read", async () => {
    const start = promised<void>()
    const { port } = await serveGateway(protocol, async (environ, startResponse) => {
      await start.promise
      return measuring(environ, startResponse)
    })
    const size = 24 * 1024 * 1024
    const client = new GatewayClient(port).send(headWithBody(protocol, size))
    const piece = Buffer.alloc(32 * 1024)
    let sent = 0
    // Once the buffers of both sides are full, there is no 'drain' any more.
    let isBlocked = false
    while (sent < size && !isBlocked) {
      const hasRoom = client.socket.write(bodyPart(protocol, piece))
      sent += piece.length
      if (hasRoom) continue
      const drained = once(client.socket, "drain").then(() => false)
      isBlocked = await Promise.race([drained, new Promise<boolean>((resolve) => setTimeout(resolve, 300, true))])
    }
    expect(sent).toBeLessThan(size)
    start.resolve()
    for (; sent < size; sent += piece.length) client.socket.write(bodyPart(protocol, piece))
    if (protocol === "fastcgi") client.send(fastCgiRecord(5, 1))
    expect(text(await client.end())).toContain(`${size} bytes`)
  })

  test("an answer comes although the body is still on its way", async () => {
    const { port, errors } = await serveGateway(protocol, answering("enough"))
    const client = new GatewayClient(port).send(headWithBody(protocol, 50_000_000))
    await client.until((received) => text(received).includes("enough"))
    client.send(bodyPart(protocol, Buffer.alloc(60_000)))
    await client.end()
    expect(errors).toEqual([])
  })

  test("a client that leaves is told to the application, and the body is closed", async () => {
    const closed = promised<string>()
    const { port, errors } = await serveGateway(protocol, (environ, startResponse) => {
      startResponse("200 OK", [])
      async function* chunks() {
        try {
          for (;;) {
            yield encode("again")
            await new Promise((resolve) => setImmediate(resolve))
          }
        } finally {
          closed.resolve(String(environ["wsgi.signal"]?.aborted))
        }
      }
      return chunks()
    })
    const client = new GatewayClient(port).send(get(protocol))
    await client.until((received) => text(received).includes("again"))
    client.socket.destroy()
    expect(await closed.promise).toBe("true")
    expect(errors).toEqual([])
  })

  test("a slow reader holds the application up, not the memory", async () => {
    let chunks = 0
    const { port } = await serveGateway(protocol, (_environ, startResponse) => {
      startResponse("200 OK", [])
      return (function* () {
        for (; chunks < 600; chunks++) yield new Uint8Array(64 * 1024)
      })()
    })
    const client = new GatewayClient(port)
    client.socket.pause()
    client.send(get(protocol))
    for (let before = -1; before !== chunks; ) {
      before = chunks
      await sleep(100)
    }
    expect(chunks).toBeLessThan(500)
    client.socket.resume()
    expect((await client.end()).length).toBeGreaterThan(600 * 64 * 1024)
  })

  test("variables beyond the limit are a 431 and a line in the log", async () => {
    const { port, errors } = await serveGateway(protocol, answering("hello"), { maxHeadBytes: 1000 })
    const request = gatewayBytes(protocol, frontVariables({ headers: [["X-Long", "x".repeat(1000)]] }), NONE)
    expect(text(await new GatewayClient(port).send(request).end())).toContain("431 Request Header Fields Too Large")
    expect(errors.join("")).toMatch(/from 127\.0\.0\.1: a request was answered with 431: the variables have more than/)
  })

  test.each([
    ["too many fields", { headers: Array.from({ length: 201 }, (_, i) => [`X-${i}`, "x"] as const) }, "431"],
    ["a target that is too long", { target: `/${"x".repeat(8001)}` }, "414"],
    ["a malformed Host", { target: "/", headers: [["Host", "a@b"] as const] }, "400"],
    ["a target with a fragment", { target: "/a#b" }, "400"],
  ])("%s: refused, as over HTTP, with a line in the log", async (_, request, status) => {
    const { port, errors } = await serveGateway(protocol, answering("hello"))
    const answer = text(await new GatewayClient(port).send(gatewayBytes(protocol, frontVariables(request), NONE)).end())
    expect(answer).toMatch(new RegExp(`(?:Status:|HTTP/1\\.1) ${status} `))
    expect(errors).toEqual([expect.stringMatching(new RegExp(`a request was answered with ${status}: .+\n$`))])
  })

  test("what is not of the protocol costs its connection, and the log says why", async () => {
    const { port, errors } = await serveGateway(protocol, answering("hello"))
    expect(text(await new GatewayClient(port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").end())).toBe("")
    expect(errors).toEqual([
      expect.stringMatching(/^(?:SCGI|uwsgi|FastCGI) from 127\.0\.0\.1: .+; the connection was closed\n$/),
    ])
    expect(text(await new GatewayClient(port).send(get(protocol)).end())).toContain("hello")
  })

  test("silence costs the connection: before anything, in the head and in the body", async () => {
    const { port } = await serveGateway(protocol, measuring, {
      firstByteTimeoutMs: 100,
      headersTimeoutMs: 100,
      requestTimeoutMs: 200,
      keepAliveTimeoutMs: 100,
    })
    const silent = new GatewayClient(port)
    const inHead = new GatewayClient(port).send(get(protocol).subarray(0, 20))
    const inBody = new GatewayClient(port).send(headWithBody(protocol, 10), bodyPart(protocol, Buffer.from("12345")))
    for (const client of [silent, inHead, inBody]) expect(text(await client.end())).toBe("")
  })

  test("drain answers what is at work, and ends", async () => {
    const begun = promised<void>()
    const goOn = promised<void>()
    const { port, drain } = await serveGateway(
      protocol,
      async (environ, startResponse) => {
        begun.resolve()
        await goOn.promise
        return answering("done")(environ, startResponse)
      },
      { idleLingerMs: 20 },
    )
    const client = new GatewayClient(port).send(get(protocol))
    await begun.promise
    const drained = drain()
    goOn.resolve()
    expect(text(await client.end())).toContain("done")
    await drained
  })

  test("a response that its application can't complete is broken off, and the log says why", async () => {
    const { port, errors } = await serveGateway(protocol, (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Length", "10"]])
      return (function* () {
        yield encode("12345")
        throw new Error("late")
      })()
    })
    expect(text(await new GatewayClient(port).send(get(protocol)).end())).toContain("12345")
    expect(errors.join("")).toContain("late")
  })

  test("the access log gets a request once", async () => {
    const finished: string[] = []
    const { port } = await serveGateway(protocol, answering("hello"), {
      onFinished: ({ environ, code, bytes }) => finished.push(`${environ.REMOTE_ADDR} ${code} ${bytes}`),
    })
    await new GatewayClient(port).send(get(protocol)).end()
    expect(finished).toEqual(["192.0.2.7 200 5"])
  })
})

describe("which peers may connect", () => {
  test("connections from elsewhere are closed, with a line in the log", async () => {
    const { port, errors } = await serveGateway("scgi", answering("hello"), { allowFrom: ["10.0.0.0/8", "unix"] })
    expect(text(await new GatewayClient(port).send(get("scgi")).end())).toBe("")
    expect(errors).toEqual(["SCGI: a connection from 127.0.0.1 was closed: it is not in allowFrom\n"])
  })

  test("unix sockets can be left out too", async () => {
    const lines: string[] = []
    const errors = { write: (line: string) => void lines.push(line), writeLines() {}, flush() {} }
    const path = join(temporaryFolder(), "socket")
    const { server, destroy } = createScgiServer(answering("hello"), { errors, allowFrom: ["127.0.0.1"] })
    server.listen(path)
    await once(server, "listening")
    const { bytes } = await conversation(connectTo(path), get("scgi"))
    expect(text(bytes)).toBe("")
    expect(lines.join("")).toContain("was closed: it is not in allowFrom")
    destroy()
  })

  test("an entry that is no address is a RangeError", () => {
    expect(() => createScgiServer(answering("hello"), { allowFrom: ["localhost"] })).toThrow(RangeError)
  })
})

test("the mount is where the path is split", async () => {
  const places: string[] = []
  const { port } = await serveGateway(
    "fastcgi",
    (environ: Environ, startResponse) => {
      places.push(`${environ.SCRIPT_NAME}|${environ.PATH_INFO}`)
      return answering("hello")(environ, startResponse)
    },
    { scriptName: "/shop" },
  )
  for (const target of ["/shop/a%2Fb", "/shop", "/shopping"])
    await new GatewayClient(port).send(fastCgiRequest(frontVariables({ target }), NONE)).end()
  expect(places).toEqual(["/shop|/a/b", "/shop|"])
})
