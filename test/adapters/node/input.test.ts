// Rules I1-I10 and C1 of the contract, each over a real socket.

import { once } from "node:events"
import { createServer as createHttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, onTestFinished, test } from "vitest"
import { createServer, nodeListener } from "../../../src/adapters/node.ts"
import { ClientDisconnected } from "../../../src/exceptions/statuses.ts"
import type { Application, InputStream } from "../../../src/gateway.ts"
import { Request } from "../../../src/wrappers/request.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { linted } from "../../support/lint.ts"
import {
  answering,
  encode,
  isOverNodeHttp,
  parseAnswer,
  RawClient,
  serve,
  serveUnlinted,
  sleep,
  talk,
} from "../../support/server.ts"

const text = (chunk: Uint8Array) => Buffer.from(chunk).toString("latin1")

/** Serves an application that answers what `read` makes of the body. */
function reading(read: (input: InputStream) => Promise<unknown>): Application {
  return async (environ, startResponse) => {
    const result = JSON.stringify(await read(environ["wsgi.input"]))
    startResponse("200 OK", [["Content-Type", "application/json"]])
    return [encode(result)]
  }
}

const post = (body: string, ...fields: string[]) =>
  `${["POST / HTTP/1.1", "Host: a", "Connection: close", `Content-Length: ${body.length}`, ...fields].join("\r\n")}\r\n\r\n${body}`
const chunked = (...chunks: string[]) =>
  `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks
    .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
    .join("")}0\r\n\r\n`

async function answer(app: Application, request: string): Promise<unknown> {
  const { port } = await serve(app)
  return JSON.parse(parseAnswer(await talk(port, request)).body)
}

describe("wsgi.input", () => {
  test("I1: read, readLine, readLines and iteration give the body", async () => {
    const body = "one\ntwo\nthree"
    expect(
      await answer(
        reading(async (input) => text(await input.read())),
        post(body),
      ),
    ).toBe(body)
    expect(
      await answer(
        reading(async (input) => [text(await input.read(2)), text(await input.readLine()), text(await input.read())]),
        post(body),
      ),
    ).toEqual(["on", "e\n", "two\nthree"])
    expect(
      await answer(
        reading(async (input) => (await input.readLines()).map(text)),
        post(body),
      ),
    ).toEqual(["one\n", "two\n", "three"])
    const iterate = async (input: InputStream) => {
      let seen = ""
      for await (const chunk of input) seen += text(chunk)
      return seen
    }
    expect(await answer(reading(iterate), post(body))).toBe(body)
  })

  test("I2: ends at Content-Length, with empty bytes from then on", async () => {
    const read = async (input: InputStream) => [
      text(await input.read(100)),
      (await input.read(100)).length,
      (await input.read()).length,
      (await input.readLine()).length,
    ]
    expect(await answer(reading(read), post("hello"))).toEqual(["hello", 0, 0, 0])
  })

  test("I2: a body that ends early rejects with ClientDisconnected and is no end", async () => {
    let failed: (error: unknown) => void = () => {}
    const failure = new Promise((resolve) => {
      failed = resolve
    })
    const { port, errors } = await serve(async (environ) => {
      try {
        await environ["wsgi.input"].read()
      } catch (error) {
        failed(error)
        throw error
      }
      return []
    })
    const client = new RawClient(port).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhal")
    setTimeout(() => client.socket.destroy(), 20)
    expect(await failure).toBeInstanceOf(ClientDisconnected)
    await sleep(20)
    expect(errors).toEqual([])
  })

  test("I5: is no Node stream, and the application can't close it", async () => {
    const shape = async (input: InputStream) => ["pipe", "destroy", "close", "on"].filter((name) => name in input)
    const { port } = await serveUnlinted(reading(shape))
    expect(parseAnswer(await talk(port, post("x"))).body).toBe("[]")
  })

  test("I6: nothing is read before the application asks, and the client feels it", async () => {
    let go: () => void = () => {}
    const going = new Promise<void>((resolve) => {
      go = resolve
    })
    const { port } = await serve(
      reading(async (input) => {
        await going
        let total = 0
        for await (const chunk of input) total += chunk.length
        return total
      }),
    )
    const size = 64 * 1024 * 1024
    const client = new RawClient(port).send(
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`,
    )
    const block = new Uint8Array(1024 * 1024)
    for (let i = 0; i < 64; i++) client.send(block)
    await sleep(200)
    expect(client.socket.writableLength).toBeGreaterThan(size / 2)
    go()
    expect(parseAnswer(await client.end(15_000)).body).toBe(String(size))
  })

  test("I6: reads that overlap come in the order of their calls", async () => {
    const read = async (input: InputStream) =>
      (await Promise.all([input.read(1), input.read(2), input.read()])).map(text)
    const { port } = await serve(reading(read), { allow: ["L15"] })
    expect(JSON.parse(parseAnswer(await talk(port, post("abcdef"))).body)).toEqual(["a", "bc", "def"])
  })

  test("I7: a chunked body arrives without its framing, without CONTENT_LENGTH, and ends by itself", async () => {
    const app: Application = async (environ, startResponse) => {
      const body = text(await environ["wsgi.input"].read())
      startResponse("200 OK", [])
      return [encode(JSON.stringify([body, "CONTENT_LENGTH" in environ, environ["wsgi.input_terminated"]]))]
    }
    expect(await answer(app, chunked("hello ", "world"))).toEqual(["hello world", false, true])
  })

  test("I7: the spelling of chunked does not matter", async () => {
    const request = chunked("hi").replace("chunked", "ChuNked")
    expect(
      await answer(
        reading(async (input) => text(await input.read())),
        request,
      ),
    ).toBe("hi")
  })

  test("a request without a body reads as empty", async () => {
    const read = async (input: InputStream) => [(await input.read()).length, (await input.readLines()).length]
    expect(await answer(reading(read), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toEqual([0, 0])
  })

  test("I8: what the application left unread does not reach the next request", async () => {
    const seen: string[] = []
    const { port } = await serve((environ, startResponse) => {
      seen.push(environ.PATH_INFO)
      startResponse("200 OK", [])
      return [encode("x")]
    })
    const received = await talk(
      port,
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\nGET /evil HTTP/1.1GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    )
    expect(seen).toEqual(["/1", "/2"])
    expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  })

  test("I8: a body longer than the cap gets its answer with Connection: close, without a reset", async () => {
    const { port } = await serve(
      (_environ, startResponse) => {
        startResponse("413 Content Too Large", [])
        return [encode("too large")]
      },
      { maxDiscardBytes: 1_000_000, lingerMs: 1000 },
    )
    const client = new RawClient(port).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
    for (let i = 0; i < 5; i++) client.send(new Uint8Array(100_000))
    const received = await client.end()
    expect(received).toContain("connection: close".replace("c", "C"))
    expect(received.endsWith("too large")).toBe(true)
    expect(client.reset).toBe(false)
  })

  test("I8: a chunked body that goes on for ever is cut off", async () => {
    const { port } = await serve(answering("x"), {
      maxDiscardBytes: 500_000,
      lingerMs: 200,
    })
    const client = new RawClient(port).send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    const chunk = `${(65536).toString(16)}\r\n${"x".repeat(65536)}\r\n`
    const timer = setInterval(() => client.send(chunk), 5)
    try {
      expect(await client.end(8000)).toContain("200 OK")
    } finally {
      clearInterval(timer)
    }
  })

  test("reading after the response is over rejects", async () => {
    let late: Promise<unknown> | undefined
    const { port } = await serveUnlinted((environ, startResponse) => {
      late = sleep(30).then(() => environ["wsgi.input"].read())
      late.catch(() => {})
      startResponse("200 OK", [])
      return []
    })
    await talk(port, post("x".repeat(100)))
    await expect(late).rejects.toThrow("after the response was over")
  })
})

// As behind express.json() or any other middleware for bodies.
describe("a body that other code of the server has read", () => {
  const readByOther = async (app: Application, body: string): Promise<string> => {
    const listener = nodeListener(app)
    const server = createHttpServer(async (message, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of message) chunks.push(chunk)
      Object.assign(message, { body: JSON.parse(Buffer.concat(chunks).toString() || "null") })
      listener(message, response)
    })
    server.listen(0, "127.0.0.1")
    onTestFinished(() => void server.close())
    await once(server, "listening")
    return parseAnswer(await talk((server.address() as AddressInfo).port, body)).body
  }
  const readers: Record<string, (request: Request) => Promise<unknown>> = {
    json: (request) => request.json(),
    "json, silently": (request) => request.json({ silent: true }),
    text: (request) => request.text(),
    stream: (request) => request.stream.read(),
    form: async (request) => {
      request.environ.CONTENT_TYPE = "application/x-www-form-urlencoded"
      return request.form()
    },
    "wsgi.input": (request) => request.environ["wsgi.input"].read(),
  }

  test.each(Object.entries(readers))("is an error of the program for %s, which says so", async (_, read) => {
    const app = Request.application(async (request) => {
      const error = await read(request).catch((reason: unknown) => reason)
      return new Response(`${(error as Error).name}: ${(error as Error).message}`)
    })
    expect(await readByOther(app, post('{"a": 1}', "Content-Type: application/json"))).toMatch(
      /^TypeError: The body of this request was read before, by a body parser/,
    )
  })

  test("is none when there is no body", async () => {
    const app = Request.application(async (request) => new Response(`<${await request.text()}>`))
    expect(await readByOther(app, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toBe("<>")
  })
})

describe("wsgi.errors", () => {
  test("I9: takes any text", async () => {
    const { port, errors } = await serve((environ, startResponse) => {
      environ["wsgi.errors"].write("größer als 1 €\n")
      environ["wsgi.errors"].flush()
      startResponse("200 OK", [])
      return []
    })
    await talk(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    expect(errors).toEqual(["größer als 1 €\n"])
  })

  test("I10: has no close", async () => {
    let has = true
    const { port } = await serveUnlinted((environ, startResponse) => {
      has = "close" in environ["wsgi.errors"] || "end" in environ["wsgi.errors"]
      startResponse("200 OK", [])
      return []
    })
    await talk(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    expect(has).toBe(false)
  })
})

describe("C1: Expect: 100-continue", () => {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"

  test("sends the 100 when the application first reads", async () => {
    let read: () => void = () => {}
    const reads = new Promise<void>((resolve) => {
      read = resolve
    })
    const { port } = await serve(
      reading(async (input) => {
        await reads
        return text(await input.read())
      }),
    )
    const client = new RawClient(port).send(head)
    await sleep(50)
    expect(client.received).toBe("")
    read()
    await client.until((received) => received === "HTTP/1.1 100 Continue\r\n\r\n")
    client.send("hello")
    expect(await client.end()).toContain('"hello"')
  })

  test("sends none when the application answers without reading", async () => {
    const { port } = await serve(answering("", "413 Content Too Large"))
    const received = await talk(port, head)
    expect(received).toMatch(/^HTTP\/1\.1 413 /)
    expect(received).not.toContain("100 Continue")
  })

  test("answers any other expectation with 417", async () => {
    const { port } = await serve(reading((input) => input.read()))
    expect(await talk(port, head.replace("100-continue", "foo"))).toMatch(/^HTTP\/1\.1 417 /)
  })

  test("takes no notice of it on HTTP/1.0", async () => {
    const { port } = await serve(reading(async (input) => text(await input.read())))
    const received = await talk(port, "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
    expect(received).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(received).not.toContain("100 Continue")
  })
})

// The linter stands between the request and the server's input, so that the server is asked in another way.
describe.each([
  ["inside the linter", linted],
  ["by the request itself", (app: Application) => app],
])("a body that is read as a whole %s", (_how, around) => {
  /** Serves on connections that go on, and notes what the message says when the response is over. */
  async function serveKept(view: (request: Request) => Promise<Response>) {
    const { server, destroy } = createServer(around(Request.application(view)))
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => destroy())
    return { server, port: (server.address() as AddressInfo).port }
  }
  const head = (length: number | string) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`
  const answers = (received: string) => received.split("HTTP/1.1 ").length - 1

  test("comes in one packet, in several, and byte by byte, on one connection", async () => {
    const { port } = await serveKept(async (request) => new Response(`<${await request.text()}>`))
    const client = new RawClient(port)
    client.send(`${head(5)}hello`)
    await client.until((received) => received.endsWith("<hello>"))
    client.send(head(5))
    await sleep(20)
    client.send("wor")
    await sleep(20)
    client.send("ld")
    await client.until((received) => received.endsWith("<world>"))
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    for (const byte of "5\r\nagain\r\n0\r\n\r\n") {
      client.send(byte)
      await sleep(2)
    }
    await client.until((received) => received.endsWith("<again>"))
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await client.until((received) => received.endsWith("<>"))
    expect(answers(client.received)).toBe(4)
  })

  test("comes in pipelined requests, each its own", async () => {
    const { port } = await serveKept(async (request) => new Response(`<${await request.text()}>`))
    const client = new RawClient(port)
    client.send(Array.from({ length: 30 }, (_, i) => `${head(3)}${100 + i}`).join(""))
    await client.until((received) => received.endsWith("<129>"))
    const bodies = [...client.received.matchAll(/<(\d+)>/g)].map((match) => Number(match[1]))
    expect(bodies).toEqual(Array.from({ length: 30 }, (_, i) => 100 + i))
  })

  test("is asked for when it has come already, or a part of it", async () => {
    const { port } = await serveKept(async (request) => {
      await sleep(30)
      return new Response(`<${await request.text()}>`)
    })
    const client = new RawClient(port)
    client.send(`${head(5)}hello`)
    await client.until((received) => received.endsWith("<hello>"))
    client.send(`${head(6)}hel`)
    await sleep(60)
    client.send("lo!")
    await client.until((received) => received.endsWith("<hello!>"))
  })

  test("is as large as it may be, and one byte more is a 413 that the client gets", async () => {
    class Small extends Request {
      override maxDataSize: number | undefined = 100_000
    }
    const { server, destroy } = createServer(
      around(Small.application(async (request) => new Response(`<${(await request.data()).length}>`))),
    )
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => destroy())
    const { port } = server.address() as AddressInfo
    const sent = (size: number) => {
      const piece = `${(1000).toString(16)}\r\n${"x".repeat(1000)}\r\n`
      const rest = size % 1000
      return `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${piece.repeat(size / 1000)}${
        rest > 0 ? `${rest.toString(16)}\r\n${"x".repeat(rest)}\r\n` : ""
      }0\r\n\r\n`
    }
    const client = new RawClient(port).send(sent(100_000))
    await client.until((received) => received.endsWith("<100000>"))
    client.send(sent(100_001))
    await client.until((received) => received.includes("413 "))
    // What is left of it is thrown away, and the connection goes on.
    client.send(sent(10))
    await client.until((received) => received.endsWith("<10>"))
  })

  test("that is not waited for does not hold the connection up", async () => {
    let reading: Promise<unknown> = Promise.resolve()
    const { port } = await serveKept(async (request) => {
      if (request.contentLength === 2) return new Response(`<${await request.text()}>`)
      reading = request.text()
      return new Response("early")
    })
    const client = new RawClient(port).send(head(5))
    await client.until((received) => received.endsWith("early"))
    await expect(reading).rejects.toThrow(Error)
    client.send(`hello${head(2)}ok`)
    await client.until((received) => received.endsWith("<ok>"))
  })

  test("rejects with ClientDisconnected when the client leaves, in every later read", async () => {
    const failures: unknown[] = []
    const { port } = await serveKept(async (request) => {
      for (let i = 0; i < 2; i++) await request.inputStream.read().catch((error: unknown) => failures.push(error))
      return new Response()
    })
    const client = new RawClient(port).send(`${head(5)}hel`)
    await sleep(30)
    client.socket.resetAndDestroy()
    while (failures.length < 2) await sleep(5)
    for (const failure of failures) expect(failure).toBeInstanceOf(ClientDisconnected)
  })

  test("is there for another listener of the server, too", async ({ skip }) => {
    const { server, port } = await serveKept(async (request) => new Response(`<${(await request.data()).length}>`))
    if (!isOverNodeHttp) skip("only servers of node:http have other listeners")
    let seen = 0
    server.on("request", (message) => {
      message.on("data", (chunk: Buffer) => {
        seen += chunk.length
      })
    })
    new RawClient(port).send(`${head(5)}hello`)
    while (seen < 5) await sleep(5)
    expect(seen).toBe(5)
  })
})
