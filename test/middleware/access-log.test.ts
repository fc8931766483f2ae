import { describe, expect, test } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { SENDS_TEXT_KEY, type TextBody } from "../../src/http/text-body.ts"
import {
  type AccessEntry,
  type AccessLogOptions,
  accessLog,
  formatCombined,
  formatCommon,
  formatJson,
} from "../../src/middleware/access-log.ts"
import { proxyFix } from "../../src/middleware/proxy-fix.ts"
import { requestId } from "../../src/middleware/request-id.ts"
import { Client } from "../../src/testing/client.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"
import { linted } from "../support/lint.ts"
import { get, RawClient, serve, sleep } from "../support/server.ts"
import { answer, type CallOptions, call, stream } from "./calling.ts"

const entry: AccessEntry = {
  time: new Date(Date.UTC(2000, 9, 10, 13, 55, 36)),
  address: "127.0.0.1",
  user: "frank",
  method: "GET",
  target: "/apache_pb.gif?a=1",
  protocol: "HTTP/1.0",
  status: 200,
  bytes: 2326,
  durationMs: 1.23456,
  referer: "http://www.example.com/start.html",
  userAgent: 'Mozilla/4.08 "x"',
  requestId: undefined,
  complete: true,
}

describe("formats", () => {
  test("common", () => {
    expect(formatCommon(entry)).toBe(
      '127.0.0.1 - frank [10/Oct/2000:13:55:36 +0000] "GET /apache_pb.gif?a=1 HTTP/1.0" 200 2326',
    )
    expect(formatCommon({ ...entry, address: undefined, user: undefined, bytes: 0 })).toMatch(/^- - - .* 200 0$/)
  })

  test("combined", () => {
    expect(formatCombined(entry)).toBe(
      `${formatCommon(entry)} "http://www.example.com/start.html" "Mozilla/4.08 \\"x\\""`,
    )
    expect(formatCombined({ ...entry, referer: undefined, userAgent: undefined })).toBe(
      `${formatCommon(entry)} "-" "-"`,
    )
  })

  test("json", () => {
    expect(JSON.parse(formatJson(entry))).toEqual({
      ...entry,
      requestId: undefined,
      time: "2000-10-10T13:55:36.000Z",
      durationMs: 1.235,
    })
  })

  test.each(["\r\nFAKE", "\n", "\u001b[2J", "\u0000", "\u007f", "\u0085", "\u009b", '"', "\\"])(
    "%j makes no line, no field and no terminal command of its own",
    (text) => {
      const evil = { ...entry, user: `a${text}b c`, target: `/${text}`, referer: text, userAgent: text, address: "::1" }
      for (const line of [formatCommon(evil), formatCombined(evil), formatJson(evil)]) {
        expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f]/)
      }
      expect(formatCombined(evil)).toMatch(
        /^::1 - \S+ \[[^\]]*\] "(?:[^"\\]|\\.)*" 200 2326 "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"$/,
      )
    },
  )
})

async function entryOf(
  app: Application,
  options: CallOptions = {},
  log: AccessLogOptions = {},
): Promise<AccessEntry[]> {
  const entries: AccessEntry[] = []
  const layer = (inner: Application) => accessLog(inner, { write: (_, each) => void entries.push(each), ...log })
  await call(layer, options, app).catch(() => undefined)
  return entries
}

describe("an entry", () => {
  const failing: Application = () => {
    throw new Error("no")
  }
  const pushing: Application = async (_environ, startResponse) => {
    await startResponse("200 OK", [["Content-Type", "text/plain"]])(Buffer.from("abc"))
    return [Buffer.from("de")]
  }
  const breaking = async function* (_: unknown, start: Parameters<Application>[1]) {
    start("200 OK", [["Content-Type", "text/plain"]])
    yield Buffer.from("abc")
    throw new Error("no")
  } as unknown as Application

  test.each([
    ["an array", answer(["ab", "c"]), { status: 200, bytes: 3, complete: true }],
    ["chunks", stream(["ab", "", "c"]), { status: 200, bytes: 3, complete: true }],
    ["a promise", async (environ, start) => answer("abc")(environ, start), { status: 200, bytes: 3, complete: true }],
    ["another status", answer([], [], "304 Not Modified"), { status: 304, bytes: 0, complete: true }],
    ["write()", pushing, { status: 200, bytes: 5, complete: true }],
    ["an application that throws", failing, { status: 500, bytes: 0, complete: false }],
    [
      "one that rejects",
      async () => failing({} as never, () => async () => undefined),
      { status: 500, bytes: 0, complete: false },
    ],
    ["one that throws in its body", breaking, { status: 200, bytes: 3, complete: false }],
  ] as [string, Application, object][])("of %s", async (_, app, expected) => {
    const entries = await entryOf(app)
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject(expected)
    expect(entries[0]?.durationMs).toBeGreaterThanOrEqual(0)
  })

  test("tells what the client sent, also when layers inside change it", async () => {
    const app: Application = (environ, start) => {
      environ.PATH_INFO = "/inside"
      environ.REMOTE_ADDR = "9.9.9.9"
      return answer("a")(environ, start)
    }
    const variables = {
      REMOTE_ADDR: "192.0.2.1",
      HTTP_REFERER: "http://a.test/",
      HTTP_USER_AGENT: "curl",
      HTTP_AUTHORIZATION: `Basic ${btoa("ada:secret")}`,
    }
    const [first] = await entryOf(app, { path: "/p%C3%A4?q=1", method: "POST", variables })
    expect(first).toMatchObject({
      address: "192.0.2.1",
      user: "ada",
      method: "POST",
      target: "/p%C3%A4?q=1",
      protocol: "HTTP/1.1",
      referer: "http://a.test/",
      userAgent: "curl",
    })
    expect(JSON.stringify(first)).not.toContain("secret")
  })

  test("inside requestId has its id, inside proxyFix the client's address", async () => {
    const entries: AccessEntry[] = []
    const layers = (app: Application) =>
      proxyFix(requestId(accessLog(app, { write: (_, each) => void entries.push(each) }), { generate: () => "7" }), {
        for: 1,
      })
    await call(layers, { variables: { HTTP_X_FORWARDED_FOR: "192.0.2.1" } })
    expect(entries[0]).toMatchObject({ requestId: "7", address: "192.0.2.1" })
  })
})

test.each([
  [["/health", "/static/"], "/health", 0],
  [["/health", "/static/"], "/health/x", 0],
  [["/health", "/static/"], "/static/a.css", 0],
  [["/health", "/static/"], "/healthy", 1],
  [["/app/health"], "/app/health", 0],
  [({ REQUEST_METHOD }: { REQUEST_METHOD: string }) => REQUEST_METHOD === "GET", "/x", 0],
])("with %s skipped, %s makes %i lines", async (skip, path, lines) => {
  expect(await entryOf(answer("a"), { path }, { skip })).toHaveLength(lines)
})

test("lines go to wsgi.errors, one write each", async () => {
  const { port, errors } = await serve(linted(accessLog(linted(answer("abc")))))
  await get(port, "/a%0d%0ab")
  expect(errors).toEqual([expect.stringMatching(/^127\.0\.0\.1 - - \[.*\] "GET \/a%0d%0ab HTTP\/1\.1" 200 3\n$/)])
})

test("a client that leaves makes a line that says so", async () => {
  const entries: AccessEntry[] = []
  const endless = async function* (_: unknown, start: Parameters<Application>[1]) {
    start("200 OK", [["Content-Type", "text/plain"]])
    for (;;) {
      yield Buffer.alloc(1000)
      await sleep(1)
    }
  } as unknown as Application
  const { port } = await serve(linted(accessLog(linted(endless), { write: (_, each) => void entries.push(each) })))
  const client = new RawClient(port)
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
  await client.until((text) => text.length > 2000)
  client.socket.resetAndDestroy()
  for (let tries = 0; entries.length === 0 && tries < 200; tries++) await sleep(10)
  expect(entries).toMatchObject([{ status: 200, complete: false }])
})

test("an array that has no close() is passed on as it is", () => {
  const body = [Buffer.from("a")]
  const app = accessLog(
    (_environ, startResponse) => {
      startResponse("200 OK", [])
      return body
    },
    { write: () => {} },
  )
  expect(app({} as Parameters<Application>[0], () => async () => undefined)).toBe(body)
})

test("a format that gives undefined writes no line: it has logged the entry by itself", async () => {
  const entries: AccessEntry[] = []
  const written: string[] = []
  const format = (entry: AccessEntry) => {
    entries.push(entry)
    return entries.length === 1 ? undefined : "second"
  }
  const client = new Client(accessLog(answer("a"), { format, write: (line) => void written.push(line) }))
  await client.get("/", { buffered: true })
  await client.get("/", { buffered: true })
  expect([entries.length, written]).toEqual([2, ["second"]])

  const errors: string[] = []
  const stream = { write: (text: string) => void errors.push(text), writeLines: () => {}, flush: () => {} }
  const quiet = new Client(accessLog(answer("a"), { format: () => undefined }))
  await quiet.get("/", { buffered: true, environOverrides: { "wsgi.errors": stream } })
  expect(errors).toEqual([])
})

test("a format that is none is refused", () => {
  expect(() => accessLog(answer("a"), { format: "apache" as "common" })).toThrow(TypeError)
})

test("a WebSocket makes a line when it is opened and one when it is over, with code, messages and bytes", async () => {
  const lines: string[] = []
  const entries: AccessEntry[] = []
  const app = accessLog(
    application(() =>
      Response.websocket(async (socket) => {
        for await (const message of socket) await socket.send(message)
      }),
    ),
    {
      format: "combined",
      write: (line, each) => {
        lines.push(line)
        entries.push(each)
      },
    },
  )
  const socket = await new Client(app).websocket("/chat", { headers: { "User-Agent": "test" } })
  await socket.send("\u00e4a")
  await socket.receive()
  await socket.close(4000)
  expect(lines).toEqual([
    expect.stringMatching(/"GET \/chat HTTP\/1\.1" 101 0 "-" "test" websocket=open$/),
    expect.stringMatching(
      /"GET \/chat HTTP\/1\.1" 101 3 "-" "test" websocket=4000 received=1 bytes_received=3 sent=1 bytes_sent=3$/,
    ),
  ])
  expect(entries[1]).toMatchObject({
    status: 101,
    complete: true,
    bytes: 3,
    websocket: { closeCode: 4000, messagesReceived: 1, bytesReceived: 3, messagesSent: 1, bytesSent: 3 },
  })
  expect(entries[1]?.durationMs).toBeGreaterThan(0)
})

test("bytes of text are counted without making them", async () => {
  const entries: AccessEntry[] = []
  const view = application(() => new Response("hello"))
  const logged = accessLog(view, { write: (_line, each) => void entries.push(each) })
  const environ = { ...createEnviron("/"), [SENDS_TEXT_KEY]: true }
  const body = (await logged(environ, () => async () => {})) as TextBody
  expect(entries[0]?.bytes).toBe(5)
  expect(body.text).toBe("hello")
})
