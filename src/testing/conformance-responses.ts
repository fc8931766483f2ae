// Conformance: what reaches the client. Kinds of bodies, lengths, heads, responses without a body, late starts, write().

import type { Application, HeaderList } from "../gateway.ts"
import { type ConformanceCase, latin1, noting, say } from "./conformance-case.ts"

const PLAIN: HeaderList = [["Content-Type", "text/plain"]]

const answering =
  (
    status: string,
    headers: HeaderList,
    makeBody: () => ReturnType<Application> = () => [latin1("hello")],
  ): Application =>
  (_environ, startResponse) => {
    startResponse(status, [...headers])
    return makeBody()
  }

function* generated(...chunks: string[]): Generator<Uint8Array> {
  for (const chunk of chunks) yield latin1(chunk)
}
async function* streamed(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await new Promise((resolve) => setImmediate(resolve))
    yield latin1(chunk)
  }
}
async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield latin1("again and again ")
}

const bodies: ConformanceCase[] = [
  [
    "an array gets its length",
    answering("200 OK", PLAIN),
    {},
    { status: 200, headers: { "content-length": "5" }, body: "hello" },
  ],
  [
    "an array of several chunks gets its length",
    answering("200 OK", PLAIN, () => [latin1("hel"), latin1(""), latin1("lo")]),
    {},
    { status: 200, headers: { "content-length": "5" }, body: "hello" },
  ],
  [
    "an empty array is an empty body",
    answering("200 OK", PLAIN, () => []),
    {},
    { status: 200, headers: { "content-length": "0" }, body: "" },
  ],
  [
    "an application may be async",
    async (_, startResponse) => say(startResponse, "hello"),
    {},
    { status: 200, body: "hello" },
  ],
  [
    "a body may be a generator",
    answering("200 OK", PLAIN, () => generated("hel", "", "lo")),
    {},
    { status: 200, body: "hello" },
  ],
  [
    "a body may be an async generator",
    answering("200 OK", PLAIN, () => streamed("hel", "", "lo")),
    {},
    { status: 200, body: "hello" },
  ],
  [
    "a body may be a promise",
    answering("200 OK", PLAIN, async () => streamed("hello")),
    {},
    { status: 200, body: "hello" },
  ],
  [
    "a body may be any iterable",
    answering("200 OK", PLAIN, () => new Set([latin1("hel"), latin1("lo")])),
    {},
    { status: 200, body: "hello" },
  ],
  [
    "a stream without chunks is an empty body",
    answering("200 OK", PLAIN, () => streamed()),
    {},
    { status: 200, body: "" },
  ],
  [
    "all bytes are sent as they are",
    answering("200 OK", [["Content-Type", "application/octet-stream"]], () => [
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
    ]),
    {},
    { status: 200, body: Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("") },
  ],
  [
    "many chunks arrive in order",
    answering("200 OK", PLAIN, () => streamed(...Array.from({ length: 300 }, (_, index) => `${index},`))),
    {},
    { status: 200, body: Array.from({ length: 300 }, (_, index) => `${index},`).join("") },
  ],
  [
    "HTTP/1.0 gets a stream as it is",
    answering("200 OK", PLAIN, () => streamed("hel", "lo")),
    { protocol: "HTTP/1.0" },
    { status: 200, headers: { "transfer-encoding": null }, body: "hello" },
  ],
]

const heads: ConformanceCase[] = [
  [
    "the reason phrase is the application's",
    answering("299 Quite Fine", PLAIN),
    {},
    { status: "299 Quite Fine", body: "hello" },
  ],
  ["the reason phrase may be empty", answering("299 ", PLAIN), {}, { status: 299, body: "hello" }],
  [
    "errors that an application answers are answers",
    answering("503 Service Unavailable", PLAIN),
    {},
    { status: 503, body: "hello" },
  ],
  [
    "Content-Length of the application is sent",
    answering("200 OK", [...PLAIN, ["content-length", "5"]], () => streamed("hello")),
    {},
    { status: 200, headers: { "content-length": "5" }, body: "hello" },
  ],
  [
    "repeated headers stay apart, in order",
    answering("200 OK", [...PLAIN, ["Set-Cookie", "a=1"], ["X-N", "1"], ["Set-Cookie", "b=2"], ["x-n", "2"]]),
    {},
    { status: 200, headers: { "set-cookie": ["a=1", "b=2"], "x-n": ["1", "2"] } },
  ],
  [
    "values go out byte for byte",
    answering("200 OK", [...PLAIN, ["X-N", "caf\xc3\xa9 \xff"], ["X-Empty", ""]]),
    {},
    { status: 200, headers: { "x-n": "caf\xc3\xa9 \xff", "x-empty": "" } },
  ],
  [
    "the list of headers is copied",
    (_, startResponse) => {
      const headers: HeaderList = [...PLAIN, ["X-N", "1"]]
      startResponse("200 OK", headers)
      headers.splice(0, 2, ["X-M", "2"])
      return [latin1("hello")]
    },
    {},
    { status: 200, headers: { "x-n": "1", "x-m": null } },
  ],
  [
    "a Date of the application stays alone",
    answering("200 OK", [...PLAIN, ["date", "Thu, 01 Jan 1970 00:00:00 GMT"]]),
    {},
    { status: 200, headers: { date: "Thu, 01 Jan 1970 00:00:00 GMT" } },
  ],
]

const empty: ConformanceCase[] = [
  [
    "204 has neither body nor length",
    answering("204 No Content", [], () => []),
    {},
    { status: 204, headers: { "content-length": null, "transfer-encoding": null }, body: "" },
  ],
  [
    "304 has no body",
    answering("304 Not Modified", [["ETag", '"a"']], () => []),
    {},
    { status: 304, headers: { etag: '"a"', "transfer-encoding": null }, body: "" },
  ],
  [
    "304 may tell the length that a GET would have",
    answering("304 Not Modified", [["Content-Length", "5"]], () => []),
    {},
    { status: 304, headers: { "content-length": "5" }, body: "" },
  ],
  [
    "204 drops a body that is given all the same",
    answering("204 No Content", []),
    {},
    { status: 204, headers: { "transfer-encoding": null }, body: "", breaks: ["L28"] },
  ],
  [
    "205 has no body, and says so",
    answering("205 Reset Content", [], () => []),
    {},
    { status: 205, headers: { "content-length": "0", "transfer-encoding": null }, body: "" },
  ],
  [
    "205 drops a body that is given all the same",
    answering("205 Reset Content", [...PLAIN, ["Content-Length", "5"]]),
    {},
    { status: 205, headers: { "content-length": "0" }, body: "", breaks: ["L28"] },
  ],
  [
    "205 drops a stream, and closes it",
    noting((note) => (_, startResponse) => {
      startResponse("205 Reset Content", [...PLAIN])
      return Object.assign(streamed("hel", "lo"), { close: () => note("close") })
    }),
    {},
    { status: 205, headers: { "content-length": "0" }, body: "", breaks: ["L28"], notes: ["close"] },
  ],
  [
    "HEAD keeps the length of the application",
    answering("200 OK", [...PLAIN, ["Content-Length", "5"]], () => []),
    { method: "HEAD" },
    { status: 200, headers: { "content-length": "5" }, body: "" },
  ],
  [
    "the body of a HEAD response is dropped",
    answering("200 OK", PLAIN),
    { method: "HEAD" },
    { status: 200, body: "", breaks: ["L28"] },
  ],
  [
    "HEAD ends with an endless body",
    answering("200 OK", PLAIN, endless),
    { method: "HEAD" },
    { status: 200, body: "", breaks: ["L28"] },
  ],
]

const lateStart = async function* (_environ, startResponse) {
  yield latin1("")
  await new Promise((resolve) => setImmediate(resolve))
  startResponse("201 Created", [...PLAIN])
  yield latin1("hello")
} as Application

const starts: ConformanceCase[] = [
  ["startResponse may be called in the first iteration", lateStart, {}, { status: 201, body: "hello" }],
  [
    "startResponse may be called in a body that stays empty",
    async function* (_environ, startResponse) {
      startResponse("201 Created", [["X-N", "1"]])
      yield latin1("")
    } as Application,
    {},
    { status: 201, headers: { "x-n": "1" }, body: "" },
  ],
  [
    "an application may change its mind before the head is sent",
    (_, startResponse) => {
      startResponse("200 OK", [...PLAIN, ["X-N", "1"]])
      startResponse("418 Teapot", [...PLAIN, ["X-M", "2"]], new Error("changed"))
      return [latin1("sorry")]
    },
    {},
    { status: 418, headers: { "x-n": null, "x-m": "2" }, body: "sorry" },
  ],
  [
    "empty chunks do not send the head",
    async function* (_environ, startResponse) {
      startResponse("200 OK", [...PLAIN])
      yield latin1("")
      startResponse("418 Teapot", [...PLAIN], new Error("changed"))
      yield latin1("sorry")
    } as Application,
    {},
    { status: 418, body: "sorry" },
  ],
  [
    "write() comes before the body",
    async (_, startResponse) => {
      const write = startResponse("200 OK", [...PLAIN])
      await write(latin1("hel"))
      await write(latin1("lo "))
      return [latin1("world")]
    },
    {},
    { status: 200, body: "hello world" },
  ],
  [
    "write() may be all there is",
    async (_, startResponse) => {
      await startResponse("200 OK", [...PLAIN, ["Content-Length", "5"]])(latin1("hello"))
      return []
    },
    {},
    { status: 200, headers: { "content-length": "5" }, body: "hello" },
  ],
  [
    "wsgi.errors takes text",
    async (environ, startResponse) => {
      environ["wsgi.errors"].write("")
      environ["wsgi.errors"].writeLines([])
      await environ["wsgi.errors"].flush()
      return say(startResponse, "hello")
    },
    {},
    { status: 200, body: "hello" },
  ],
  [
    "an environ can be changed, and is fresh for the next request",
    noting((note) => (environ, startResponse) => {
      note(String("my.count" in environ))
      environ["my.count"] = 1
      environ.PATH_INFO = "/changed"
      return say(startResponse, "hello")
    }),
    {},
    { status: 200, body: "hello", notes: ["false"] },
  ],
]

/** What reaches the client. */
export const responseCases: readonly ConformanceCase[] = [...bodies, ...heads, ...empty, ...starts]
