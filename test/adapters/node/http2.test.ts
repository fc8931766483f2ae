import { once } from "node:events"
import { type ClientHttp2Session, connect, createSecureServer, type IncomingHttpHeaders } from "node:http2"
import type { AddressInfo } from "node:net"
import { beforeAll, expect, onTestFinished, test } from "vitest"
import { type NodeServerOptions, serverSettings, setUpServer } from "../../../src/adapters/node.ts"
import { ClientDisconnected } from "../../../src/exceptions/statuses.ts"
import type { Application, Environ } from "../../../src/gateway.ts"
import { generateAdhocSslPair } from "../../../src/serving/tls.ts"
import { linted } from "../../support/lint.ts"
import { answering, encode, type ServeOptions, sleep } from "../../support/server.ts"

let pair: { cert: string; key: string }

beforeAll(async () => {
  pair = await generateAdhocSslPair()
})

function serve(app: Application, { allow = [], ...options }: ServeOptions = {}) {
  return serveUnlinted(linted(app, { allow: ["L20", ...allow] }), options)
}

async function serveUnlinted(app: Application, options: NodeServerOptions = {}) {
  const errors: string[] = []
  const stream = { write: (text: string) => void errors.push(text), writeLines: () => {}, flush: () => {} }
  const { server, drain, destroy } = setUpServer(
    createSecureServer({ ...serverSettings(options), ...pair, allowHTTP1: true }),
    app,
    { errors: stream, ...options },
  )
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `https://localhost:${(server.address() as AddressInfo).port}`
  const session = connect(url, { ca: pair.cert })
  session.on("error", () => {})
  onTestFinished(() => {
    session.destroy()
    destroy()
  })
  return { session, errors, drain, url }
}

async function ask(session: ClientHttp2Session, headers: Record<string, string>, body?: string | Uint8Array) {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  const [answer] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }]
  let text = ""
  for await (const chunk of stream) text += chunk
  return { status: answer[":status"], headers: answer, text }
}

test("the environ has no pseudo-header field, and the rest as with HTTP/1.1", async () => {
  let environ: Environ = {} as Environ
  const { session, url } = await serve((each, startResponse) => {
    environ = { ...each }
    return answering("hi")(each, startResponse)
  })
  const { text, headers } = await ask(session, {
    ":path": "/caf%C3%A9?b=c",
    ":method": "PUT",
    "x-a": "1",
    x_b: "2",
    cookie: "a=1; b=2",
  })
  expect(text).toBe("hi")
  expect(headers.connection).toBeUndefined()
  expect(headers["transfer-encoding"]).toBeUndefined()
  expect(headers["content-length"]).toBe("2")
  expect(Object.keys(environ).filter((key) => key.includes(":") || key.includes("AUTHORITY"))).toEqual([])
  expect(environ).toMatchObject({
    REQUEST_METHOD: "PUT",
    PATH_INFO: "/caf\xc3\xa9",
    QUERY_STRING: "b=c",
    REQUEST_URI: "/caf%C3%A9?b=c",
    SERVER_PROTOCOL: "HTTP/2",
    HTTP_HOST: new URL(url).host,
    HTTP_X_A: "1",
    HTTP_COOKIE: "a=1; b=2",
    HTTPS: "on",
    "wsgi.url_scheme": "https",
    REMOTE_ADDR: "127.0.0.1",
  })
  expect(environ["HTTP_X_B"]).toBeUndefined()
})

test("a body is read with or without a Content-Length, and echoed in chunks", async () => {
  const { session } = await serve(async (environ, startResponse) => {
    startResponse("200 OK", [])
    return (async function* () {
      for await (const chunk of environ["wsgi.input"]) yield chunk
    })()
  })
  const large = "x".repeat(300_000)
  expect((await ask(session, { ":path": "/", ":method": "POST" }, large)).text).toBe(large)
  expect((await ask(session, { ":path": "/", ":method": "POST", "content-length": "3" }, "abc")).text).toBe("abc")
})

test("many requests are at work on one connection", async () => {
  let atWork = 0
  let most = 0
  const { session } = await serve(async (environ, startResponse) => {
    most = Math.max(most, ++atWork)
    await sleep(50)
    atWork--
    return answering(environ.PATH_INFO)(environ, startResponse)
  })
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(session, { ":path": `/${i}` })))
  expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 20 }, (_, i) => `/${i}`))
  expect(most).toBeGreaterThan(10)
})

test("repeated fields stay apart, HEAD and 304 have no body", async () => {
  const { session } = await serveUnlinted((environ, startResponse) => {
    startResponse(environ.PATH_INFO === "/304" ? "304 Not Modified" : "200 OK", [
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ])
    return [encode("body")]
  })
  const get = await ask(session, { ":path": "/" })
  expect([get.text, get.headers["set-cookie"]]).toEqual(["body", ["a=1", "b=2"]])
  expect((await ask(session, { ":path": "/", ":method": "HEAD" })).text).toBe("")
  expect(await ask(session, { ":path": "/304" })).toMatchObject({ status: 304, text: "" })
})

test("an error is 500, one behind the head resets the stream, and the connection lives on", async () => {
  const { session, errors } = await serve((environ, startResponse) => {
    if (environ.PATH_INFO === "/early") throw new Error("early")
    if (environ.PATH_INFO !== "/late") return answering("fine")(environ, startResponse)
    startResponse("200 OK", [])
    return (async function* () {
      yield encode("part")
      throw new Error("late")
    })()
  })
  expect((await ask(session, { ":path": "/early" })).status).toBe(500)
  await expect(ask(session, { ":path": "/late" })).rejects.toMatchObject({ code: "ERR_HTTP2_STREAM_ERROR" })
  expect((await ask(session, { ":path": "/" })).text).toBe("fine")
  expect(errors.map((line) => line.split("\n")[1])).toEqual(["Error: early", "Error: late"])
})

test("a client that resets its stream is gone: the signal aborts, the body is closed", async () => {
  let closed = 0
  let reason: unknown
  const { session, errors } = await serve((environ, startResponse) => {
    const signal = environ["wsgi.signal"] as AbortSignal
    signal.addEventListener("abort", () => {
      reason = signal.reason
    })
    startResponse("200 OK", [])
    return {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          yield encode("tick")
          await sleep(5)
        }
      },
      close: () => {
        closed++
      },
    }
  })
  const stream = session.request({ ":path": "/" })
  await once(stream, "data")
  stream.close()
  await sleep(100)
  expect(reason).toBeInstanceOf(ClientDisconnected)
  expect([closed, errors]).toEqual([1, []])
})

test("a body that is not read is refused behind the answer", async () => {
  const { session } = await serve(answering("too much", "413 Content Too Large"))
  const stream = session.request({ ":path": "/", ":method": "POST" }, { endStream: false })
  stream.on("error", () => {})
  stream.write("x".repeat(100))
  const [headers] = (await once(stream, "response")) as [{ ":status": number }]
  expect(headers[":status"]).toBe(413)
  let text = ""
  for await (const chunk of stream) text += chunk
  expect(text).toBe("too much")
  if (!stream.closed) await once(stream, "close")
  expect(stream.rstCode).toBe(0)
})

test.each([
  [{ ":path": "/", ":authority": "a.test", host: "other.test" }, 400],
  [{ ":path": "/", ":authority": "a.com:99999" }, 400],
  [{ ":path": "/#a" }, 400],
  [{ ":path": `/${"a".repeat(9000)}` }, 414],
])("%.40j is refused with %i", async (headers, status) => {
  const { session } = await serve(answering("never"))
  expect((await ask(session, headers as Record<string, string>)).status).toBe(status)
})

test("early hints and the 100 go out before the response", async () => {
  const { session } = await serve(async (environ, startResponse) => {
    environ["wsgi.early_hints"]?.([["Link", "</a.css>; rel=preload"]])
    const body = await environ["wsgi.input"].read()
    startResponse("200 OK", [])
    return [body]
  })
  const stream = session.request({ ":path": "/", ":method": "POST", expect: "100-continue" }, { endStream: false })
  const seen: unknown[] = []
  stream.on("headers", (headers) => seen.push(headers[":status"], headers["link"]))
  stream.on("continue", () => {
    seen.push("continue")
    stream.end("abc")
  })
  let text = ""
  for await (const chunk of stream) text += chunk
  expect(text).toBe("abc")
  expect(seen).toContain("continue")
  expect(seen).toContain("</a.css>; rel=preload")
})

test("drain finishes the streams at work and takes no further ones", async () => {
  const { session, drain } = await serve(async (environ, startResponse) => {
    await sleep(150)
    return answering("finished")(environ, startResponse)
  })
  const answer = ask(session, { ":path": "/" })
  await sleep(50)
  const drained = drain()
  expect((await answer).text).toBe("finished")
  await drained
  expect(session.closed || session.destroyed).toBe(true)
})
