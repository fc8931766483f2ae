// The short way of a whole response, and what is sent Node's way instead.

import { once } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { PerformanceObserver } from "node:perf_hooks"
import { describe, expect, onTestFinished, test } from "vitest"
import { LeanResponse } from "../../../src/adapters/node/lean-response.ts"
import { createServer, type NodeServerOptions } from "../../../src/adapters/node.ts"
import type { Application, Body, HeaderList } from "../../../src/gateway.ts"
import { bodyOfText, TextBody } from "../../../src/http/text-body.ts"
import { Request } from "../../../src/wrappers/request.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { linted } from "../../support/lint.ts"
import { encode, parseAnswer, RawClient } from "../../support/server.ts"

const KEPT = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
const LAST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

type OnRequest = (message: IncomingMessage, response: ServerResponse) => void

const answering =
  (body: string, ...headers: HeaderList): Application =>
  (_environ, startResponse) => {
    startResponse("200 OK", [["Content-Type", "text/plain"], ...headers])
    return [encode(body)]
  }

/** Serves `app` inside the linter; `first` sees Node's objects before the application does. */
const serve = (app: Application, first?: OnRequest, options: NodeServerOptions = {}) =>
  serveUnlinted(linted(app), first, options)

/** For an application that the linter would refuse. */
async function serveUnlinted(app: Application, first?: OnRequest, options: NodeServerOptions = {}) {
  const { server, destroy } = createServer(app, options)
  if (first !== undefined) server.prependListener("request", first)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => destroy())
  return { server, port: (server.address() as AddressInfo).port }
}

/** The answer to one request on a connection that goes on. */
async function ask(port: number, request = KEPT): Promise<ReturnType<typeof parseAnswer>> {
  const client = new RawClient(port).send(request)
  return parseAnswer(await client.until((received) => /\r\n\r\n./s.test(received)))
}

describe("a response of text", () => {
  const long = "abc\u00e9\u20ac".repeat(5000)
  test.each([
    ["ASCII", "hello", "plain"],
    ["Latin-1", "caf\u00e9", "plain"],
    ["other text", "\u20ac \u{1f600} \ud800", "plain"],
    ["text behind a Latin-1 header", "\u20ac", "caf\u00e9"],
    ["ASCII behind a Latin-1 header", "hello", "caf\u00e9"],
    ["long text", long, "plain"],
    ["long ASCII", "x".repeat(100_000), "plain"],
  ])("has the same bytes as an array would have: %s", async (_what, text, header) => {
    const isText: boolean[] = []
    const view = Request.application((request) => {
      isText.push(bodyOfText("", request.environ) instanceof TextBody)
      return new Response(text, { headers: { "X-Header": header } })
    })
    const bytes = encode(text)
    for (const first of [
      undefined,
      (_message: IncomingMessage, response: ServerResponse) => response.setHeader("X-Other", "1"),
    ]) {
      const { port } = await serveUnlinted(view, first)
      const client = new RawClient(port).send(KEPT)
      const isWhole = (all: string) => parseAnswer(all).body.length >= bytes.length && all.includes("\r\n\r\n")
      const answer = parseAnswer(await client.until(isWhole))
      expect(Buffer.from(answer.body, "latin1").equals(Buffer.from(bytes))).toBe(true)
      expect(answer.header("content-length")).toBe(String(bytes.length))
      expect(answer.header("x-header")).toBe(header)
    }
    expect(isText).toEqual([true, true])
  })

  test("may be changed by middleware that knows arrays", async () => {
    const view = Request.application(() => new Response("hello"))
    const shouting: Application = async (environ, startResponse) => {
      const body = await view(environ, startResponse)
      if (!Array.isArray(body)) throw new TypeError("no array")
      return body.map((chunk: Uint8Array) => encode(new TextDecoder().decode(chunk).toUpperCase()))
    }
    const { port } = await serveUnlinted(shouting)
    expect((await ask(port)).body).toBe("HELLO")
  })
})

describe("a whole response", () => {
  test("is complete, says what time it is and how long the connection is kept", async () => {
    const { port } = await serve(answering("hello"))
    const answer = await ask(port)
    expect(answer.status).toBe("HTTP/1.1 200 OK")
    expect(answer.fields).toEqual([
      ["content-type", "text/plain"],
      ["content-length", "5"],
      ["date", expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)],
      ["keep-alive", "timeout=5"],
      ["connection", "keep-alive"],
    ])
    expect(Math.abs(Date.parse(answer.header("date") as string) - Date.now())).toBeLessThan(60_000)
    expect(answer.body).toBe("hello")
  })

  test("keeps the Date that the application gave, in any spelling of the name", async () => {
    const { port } = await serve(answering("x", ["dAtE", "Sun, 06 Nov 1994 08:49:37 GMT"]))
    const dates = (await ask(port)).fields.filter(([name]) => name === "date")
    expect(dates).toEqual([["date", "Sun, 06 Nov 1994 08:49:37 GMT"]])
  })

  test.each([
    ["under a second", 900, undefined],
    ["of seconds", 61_999, "timeout=61"],
  ])("tells of a keep-alive time %s: %d ms", async (_name, keepAliveTimeoutMs, hint) => {
    const { port } = await serve(answering("x"), undefined, { keepAliveTimeoutMs })
    expect((await ask(port)).header("keep-alive")).toBe(hint)
  })

  test("a streamed one tells of it too; the last on a connection does not", async () => {
    const seen: HeaderList[] = []
    const { port } = await serve((environ, startResponse) => {
      environ["wsgi.response_finished"]?.push((_environ, _status, headers) => void seen.push(headers as HeaderList))
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      return (function* () {
        yield encode("a")
      })()
    })
    expect((await ask(port)).header("keep-alive")).toBe("timeout=5")
    expect((await ask(port, LAST)).header("keep-alive")).toBeUndefined()
    expect((await ask(port, LAST.replace("1.1", "1.0"))).header("keep-alive")).toBeUndefined()
    expect(seen).toEqual(Array(3).fill([["Content-Type", "text/plain"]]))
  })

  test.each([0, 1, 4096, 4097, 3_000_000])("of %d bytes, in one chunk and in three, arrives as it is", async (size) => {
    const body = new Uint8Array(size).map((_, i) => i % 251)
    const third = Math.floor(size / 3)
    const parts = [body.subarray(0, third), body.subarray(third, 2 * third), body.subarray(2 * third)]
    const { port } = await serve((environ, startResponse) => {
      startResponse("200 OK", [["Content-Type", "application/octet-stream"]])
      return environ.PATH_INFO === "/parts" ? parts : [body]
    })
    for (const path of ["/", "/parts"]) {
      const client = new RawClient(port).send(KEPT.replace("/", path))
      const head = await client.until((received) => received.includes("\r\n\r\n"))
      const length = head.indexOf("\r\n\r\n") + 4 + size
      const received = await client.until((all) => all.length >= length)
      expect(parseAnswer(received).body === Buffer.from(body).toString("latin1")).toBe(true)
    }
  })

  test("is followed by the next on its connection, pipelined ones in their order", async () => {
    let count = 0
    const { port } = await serve((_environ, startResponse) => {
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      return [encode(`<${++count}>`)]
    })
    const client = new RawClient(port).send(KEPT.repeat(20))
    const received = await client.until((all) => all.includes("<20>"))
    expect(received.match(/<\d+>/g)).toEqual(Array.from({ length: 20 }, (_, i) => `<${i + 1}>`))
  })

  test("leaves a response that says of itself what happened to it", async () => {
    const events: string[] = []
    let kept: ServerResponse | undefined
    const { port } = await serve(answering("x"), (_message, response) => {
      kept = response
      for (const name of ["prefinish", "finish", "close"]) response.on(name, () => events.push(name))
    })
    await ask(port)
    while (!events.includes("close")) await new Promise(setImmediate)
    const response = kept as ServerResponse
    expect(response).toBeInstanceOf(LeanResponse)
    expect(events).toEqual(["prefinish", "finish", "close"])
    expect([response.statusCode, response.statusMessage]).toEqual([200, "OK"])
    expect([response.headersSent, response.writableEnded, response.writableFinished]).toEqual([true, true, true])
    expect(() => response.setHeader("A", "b")).toThrow("after they are sent")
  })

  test("tells a listener behind ours as well that it is over", async () => {
    const { server, port } = await serve(answering("x"))
    const events: string[] = []
    server.on("request", (_message, response) => {
      for (const name of ["finish", "close"]) response.on(name, () => events.push(name))
    })
    const client = new RawClient(port).send(KEPT.repeat(3))
    await client.until((received) => received.match(/\r\n\r\nx/g)?.length === 3)
    while (events.length < 6) await new Promise(setImmediate)
    expect(events.filter((name) => name === "finish")).toHaveLength(3)
  })

  test("is seen by observers of node:http", async () => {
    const entries: string[] = []
    const observer = new PerformanceObserver((list) => entries.push(...list.getEntries().map((entry) => entry.name)))
    observer.observe({ entryTypes: ["http"] })
    onTestFinished(() => observer.disconnect())
    const { port } = await serve(answering("x"))
    await ask(port)
    while (entries.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(entries).toContain("HttpRequest")
  })

  test("to a client that reset the connection ends nothing but that", async () => {
    const { port } = await serve(answering("x".repeat(100_000)))
    for (let i = 0; i < 20; i++) {
      const socket = connect(port, "127.0.0.1")
      socket.on("error", () => {})
      await once(socket, "connect")
      socket.write(KEPT.repeat(50))
      await new Promise(setImmediate)
      socket.resetAndDestroy()
    }
    expect((await ask(port)).body.length).toBeGreaterThan(0)
  })
})

describe("a response in parts", () => {
  const SIZES = [1, 63, 64, 65, 4095, 4096, 4097, 300_000]
  const parts = SIZES.map((size) => new Uint8Array(size).map((_, i) => (i * 7 + size) % 256))
  const joined = Buffer.concat(parts).toString("latin1")

  const inParts =
    (...headers: HeaderList): Application =>
    (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Type", "application/octet-stream"], ...headers])
      return (async function* () {
        for (const part of parts) {
          await new Promise(setImmediate)
          yield part
        }
      })()
    }

  test.each<[string, HeaderList, string]>([
    ["of a length that is known", [["Content-Length", String(joined.length)]], "content-length"],
    ["of any length", [], "transfer-encoding"],
  ])("%s arrives as it is, twice on a connection", async (_name, headers, framing) => {
    const { port } = await serve(inParts(...headers))
    const client = new RawClient(port)
    for (let i = 0; i < 2; i++) {
      client.received = ""
      client.send(KEPT)
      const answer = parseAnswer(await client.until((received) => parseAnswer(received).body.length === joined.length))
      expect(answer.body === joined).toBe(true)
      expect(answer.fields.map(([name]) => name)).toEqual([
        "content-type",
        ...(framing === "content-length" ? [framing] : []),
        "date",
        "keep-alive",
        "connection",
        ...(framing === "content-length" ? [] : [framing]),
      ])
    }
    client.received = ""
    expect(parseAnswer(await client.send(LAST).end()).body === joined).toBe(true)
  })

  test("ends with the last chunk; a head without parts is followed by it, too", async () => {
    const { port } = await serveUnlinted((environ, startResponse) => {
      const write = startResponse("200 OK", [["Content-Type", "text/plain"]])
      return (async function* () {
        if (environ.PATH_INFO === "/write") await write(encode("a"))
        yield new Uint8Array(0)
        yield encode("bc")
      })()
    })
    for (const [path, body] of [
      ["/", "2\r\nbc\r\n0\r\n\r\n"],
      ["/write", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"],
    ] as const) {
      const client = new RawClient(port).send(KEPT.replace("/", path))
      const received = await client.until((all) => all.endsWith("\r\n0\r\n\r\n"))
      expect(received.slice(received.indexOf("\r\n\r\n") + 4)).toBe(body)
    }
  })

  test("breaks off without the last chunk when the application fails, and tells observers", async () => {
    const ends: [boolean, boolean][] = []
    const { port } = await serve(
      (environ, startResponse) => {
        environ["wsgi.errors"] = { write: () => {}, writeLines: () => {}, flush: () => {} }
        startResponse("200 OK", [["Content-Type", "text/plain"]])
        return (function* () {
          yield encode("a")
          throw new Error("in the middle")
        })()
      },
      (_message, response) =>
        void response.on("close", () => ends.push([response.headersSent, response.writableFinished])),
    )
    const received = await new RawClient(port).send(KEPT).end()
    expect(received.endsWith("\r\n1\r\na\r\n")).toBe(true)
    expect(ends).toEqual([[true, false]])
  })

  test("is left to Node where there is no body", async () => {
    const { port } = await serveUnlinted((environ, startResponse) => {
      startResponse(environ.PATH_INFO === "/304" ? "304 Not Modified" : "200 OK", [["Content-Type", "text/plain"]])
      return (function* () {
        yield encode("never seen")
      })()
    })
    const client = new RawClient(port)
    for (const request of [KEPT.replace("GET", "HEAD"), KEPT.replace("/", "/304")]) {
      client.received = ""
      const received = await client.send(request).until((all) => all.includes("\r\n\r\n"))
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(received).toBe(client.received)
      expect(received.endsWith("\r\n\r\n")).toBe(true)
    }
  })
})

describe("Node's own way is taken", () => {
  test("when other code has set a field", async () => {
    const { port } = await serve(answering("x"), (_message, response) => void response.setHeader("X-Before", "1"))
    const answer = await ask(port)
    expect([answer.header("x-before"), answer.header("content-type"), answer.body]).toEqual(["1", "text/plain", "x"])
  })

  test.each(["writeHead", "write", "end"] as const)("when %s was replaced", async (name) => {
    let calls = 0
    const { port } = await serve(answering("x"), (_message, response) => {
      const own = response[name].bind(response) as (...args: unknown[]) => unknown
      response[name] = ((...args: unknown[]) => {
        calls++
        return own(...args)
      }) as never
    })
    expect((await ask(port)).body).toBe("x")
    expect(calls).toBeGreaterThan(0)
  })

  test("when no Date is wanted", async () => {
    const { port } = await serve(answering("x"), (_message, response) => {
      response.sendDate = false
    })
    expect((await ask(port)).header("date")).toBeUndefined()
  })

  test("for the last of so many requests on a connection", async () => {
    const { server, port } = await serve(answering("x"), undefined, { keepAliveTimeoutMs: 200 })
    server.maxRequestsPerSocket = 2
    const client = new RawClient(port).send(KEPT)
    const first = parseAnswer(await client.until((received) => received.endsWith("x")))
    client.received = ""
    const second = parseAnswer(await client.send(KEPT).end())
    expect([first.header("connection"), second.header("connection")]).toEqual(["keep-alive", "close"])
  })

  test.each([
    ["HTTP/1.1 with Connection: close", LAST, "close"],
    ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "close"],
  ])("for %s, and the connection ends", async (_name, request, connection) => {
    const { port } = await serve(answering("hello"))
    const answer = parseAnswer(await new RawClient(port).send(request).end())
    expect([answer.header("connection"), answer.header("keep-alive"), answer.body]).toEqual([
      connection,
      undefined,
      "hello",
    ])
  })

  test("for HTTP/1.0 with Connection: keep-alive, and the connection goes on", async () => {
    const { port } = await serve(answering("hello"))
    const answer = await ask(port, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    expect([answer.header("connection"), answer.body]).toEqual(["keep-alive", "hello"])
  })
})

describe("a message without a body", () => {
  test("is over without having been read; one with a body is thrown away by Node", async () => {
    const ends: string[] = []
    const { port } = await serve(answering("x"), (message) => {
      message.on("end", () => ends.push(message.method as string))
    })
    await ask(port)
    await ask(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
    await ask(port, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    while (ends.length < 2) await new Promise(setImmediate)
    expect(ends).toEqual(["POST", "PUT"])
  })
})

describe("a response in parts", () => {
  /** Serves `app` and counts what its server writes on each connection. */
  async function serveCounting(app: Application) {
    const { server, port } = await serve(app)
    const counts = { writes: 0, waiting: 0 }
    server.on("connection", (socket) => {
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
      socket.write = (...args: unknown[]) => {
        counts.writes++
        const hasRoom = write(...args)
        counts.waiting = Math.max(counts.waiting, socket.writableLength)
        return hasRoom
      }
    })
    return { port, counts }
  }

  const giving =
    (body: () => Body, ...headers: HeaderList): Application =>
    (_environ, startResponse) => {
      startResponse("200 OK", [["Content-Type", "text/plain"], ...headers])
      return body()
    }

  const parts = Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i).repeat(1000))
  const kinds: [string, () => Body, ...HeaderList][] = [
    ["a generator", () => new Set(parts.map(encode)).values()],
    [
      "an async generator",
      async function* () {
        for (const part of parts) yield encode(part)
      },
    ],
    ["a generator of a known length", () => new Set(parts.map(encode)).values(), ["Content-Length", "20000"]],
  ]
  test.each(kinds)("is written at once where %s waits for nothing", async (_what, body, ...headers) => {
    const { port, counts } = await serveCounting(giving(body, ...headers))
    const client = new RawClient(port).send(KEPT)
    const isWhole = (text: string) =>
      headers.length > 0 ? text.endsWith("t".repeat(1000)) : text.endsWith("0\r\n\r\n")
    expect(parseAnswer(await client.until(isWhole)).body).toBe(parts.join(""))
    expect(counts.writes).toBe(1)
  })

  test("leaves as far as it is there whenever its application waits", async () => {
    const seen: (() => void)[] = []
    const { port } = await serve(
      giving(async function* () {
        for (let i = 0; i < 5; i++) {
          yield encode(`event ${i};`)
          // Goes on when the client has it.
          await new Promise<void>((resolve) => seen.push(resolve))
        }
      }),
    )
    const client = new RawClient(port).send(KEPT)
    for (let i = 0; i < 5; i++) {
      await client.until((received) => received.includes(`event ${i};`))
      expect(client.received).not.toContain(`event ${i + 1};`)
      seen.shift()?.()
    }
    await client.until((received) => received.endsWith("0\r\n\r\n"))
  })

  test("leaves as far as it is there while `write` is not called again", async () => {
    let go: () => void = () => {}
    const going = new Promise<void>((resolve) => {
      go = resolve
    })
    const { port } = await serve(async (_environ, startResponse) => {
      const write = startResponse("200 OK", [["Content-Type", "text/plain"]])
      await write(encode("pushed"))
      await going
      return []
    })
    const client = new RawClient(port).send(KEPT)
    await client.until((received) => received.includes("pushed"))
    go()
    await client.until((received) => received.endsWith("0\r\n\r\n"))
  })

  test.each([10, 1000, 5000, 100_000])("of %i bytes each waits for a client that does not read", async (size) => {
    let made = 0
    const { port, counts } = await serveCounting(
      giving(function* () {
        for (;;) {
          made += size
          yield new Uint8Array(size)
        }
      }),
    )
    const client = new RawClient(port)
    client.socket.pause()
    client.send(KEPT)
    let before = -1
    // Until the kernel's buffers are full.
    while (made !== before) {
      before = made
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(counts.waiting).toBeLessThan(64 * 1024 + 40 * 1024 + size)
    expect(made).toBeLessThan(64 * 1024 * 1024)
    // And goes on with one that reads again.
    client.socket.resume()
    await client.until((received) => received.length > before)
    client.socket.destroy()
  })

  test("comes as far as it was given before its application failed, and is cut there", async () => {
    const { server, port } = await serveUnlinted(
      giving(async function* () {
        yield encode("one;")
        yield encode("two;")
        throw new Error("broken")
      }),
    )
    const client = new RawClient(port).send(KEPT)
    const received = await client.end()
    expect(received).toContain("one;")
    expect(received).toContain("two;")
    expect(received).not.toContain("\r\n0\r\n")
    expect(server.listening).toBe(true)
  })

  test.each([100, 4096, 4097, 200_000])(
    "of %i bytes in memory that is lent is right at a slow client",
    async (size) => {
      const block = new Uint8Array(size)
      let asked = 0
      const count = Math.ceil(4_000_000 / size) > 200 ? 200 : Math.ceil(4_000_000 / size)
      const body = {
        lend: () => {},
        [Symbol.asyncIterator]: () => ({
          next: async () => {
            // The chunk before is of no use any more.
            block.fill(0x30 + (asked % 10))
            return asked++ < count ? { done: false as const, value: block } : { done: true as const, value: undefined }
          },
        }),
      }
      const { port } = await serveUnlinted(giving(() => body, ["Content-Length", String(size * count)]))
      const client = new RawClient(port)
      client.socket.pause()
      client.send(KEPT)
      await new Promise((resolve) => setTimeout(resolve, 50))
      client.socket.resume()
      const head = (await client.until((text) => text.includes("\r\n\r\n"))).indexOf("\r\n\r\n") + 4
      await client.until((text) => text.length === head + size * count)
      for (let i = 0; i < count; i++) {
        const part = client.received.slice(head + i * size, head + (i + 1) * size)
        expect(part === String(i % 10).repeat(size)).toBe(true)
      }
    },
  )
})
