// Conformance: what reaches the application. Methods, targets, headers, bodies.

import type { Application, InputStream } from "../gateway.ts"
import { type ConformanceCase, latin1, latin1Text, say, showing } from "./conformance-case.ts"

const reading =
  (read: (input: InputStream) => Promise<string>): Application =>
  async (environ, startResponse) =>
    say(startResponse, await read(environ["wsgi.input"]))

const whole = reading(async (input) => latin1Text(await input.read()))
const ALL_BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("")

const methods: ConformanceCase[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"].map((method) => [
  `the method ${method} arrives`,
  showing("REQUEST_METHOD"),
  { method },
  { status: 200, body: method },
])

const path = (claim: string, target: string, info: string, query = ""): ConformanceCase => [
  claim,
  showing("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"),
  { target },
  { status: 200, body: `\n${info}\n${query}` },
]

const targets: ConformanceCase[] = [
  path("the root has the path /", "/", "/"),
  path("a path is percent-decoded to bytes", "/caf%C3%A9", "/caf\xc3\xa9"),
  path("bytes that are no UTF-8 stay", "/%FF%fe", "/\xff\xfe"),
  path("an encoded slash becomes one", "/a%2Fb", "/a/b"),
  path("a path is decoded once", "/a%2525", "/a%25"),
  path("spaces and plus signs are told apart", "/a%20b+c", "/a b+c"),
  path("double slashes stay", "//a//b/", "//a//b/"),
  path("dot segments stay", "/a/../b/./c", "/a/../b/./c"),
  path("path parameters belong to the path", "/a;b=c", "/a;b=c"),
  path("the query is not decoded", "/x?a=%20b&c=%C3%A9+d", "/x", "a=%20b&c=%C3%A9+d"),
  path("a lone question mark gives an empty query", "/x?", "/x"),
  path("a second question mark belongs to the query", "/x?a?b", "/x", "a?b"),
  [
    "the raw target is kept",
    showing("REQUEST_URI"),
    { target: "/a%2Fb%20c?d=%20" },
    { status: 200, body: "/a%2Fb%20c?d=%20" },
  ],
  [
    "an absolute target names the host",
    showing("PATH_INFO", "QUERY_STRING", "HTTP_HOST"),
    { target: "http://other.example:81/x?y=1" },
    { status: 200, body: "/x\ny=1\nother.example:81" },
  ],
  [
    "OPTIONS can ask for the server as a whole",
    showing("PATH_INFO"),
    { method: "OPTIONS", target: "*" },
    { status: 200, body: "*" },
  ],
]

const headers: ConformanceCase[] = [
  ["the Host header arrives", showing("HTTP_HOST"), {}, { status: 200, body: "example.org" }],
  [
    "names of headers become upper case, with underscores",
    showing("HTTP_X_FIRST_NAME"),
    { headers: [["x-First-naME", "Ada"]] },
    { status: 200, body: "Ada" },
  ],
  [
    "repeated headers are joined in order",
    showing("HTTP_X_N"),
    {
      headers: [
        ["X-N", "1"],
        ["Accept", "*/*"],
        ["x-n", "2, 3"],
      ],
    },
    { status: 200, body: "1, 2, 3" },
  ],
  [
    "repeated cookies are joined as cookies are",
    showing("HTTP_COOKIE"),
    {
      headers: [
        ["Cookie", "a=1; b=2"],
        ["Cookie", "c=3"],
      ],
    },
    { status: 200, body: "a=1; b=2; c=3" },
  ],
  [
    "bytes beyond ASCII arrive in values",
    showing("HTTP_X_N"),
    { headers: [["X-N", "caf\xc3\xa9 \xff"]] },
    { status: 200, body: "caf\xc3\xa9 \xff" },
  ],
  ["an empty header is there", showing("HTTP_X_N"), { headers: [["X-N", ""]] }, { status: 200, body: "" }],
  ["a header that was not sent is not there", showing("HTTP_X_N", "CONTENT_TYPE"), {}, { status: 200, body: "-\n-" }],
  [
    "Content-Type has a variable of its own",
    showing("CONTENT_TYPE", "HTTP_CONTENT_TYPE"),
    { method: "POST", headers: [["Content-Type", "text/x; a=b"]], body: "" },
    { status: 200, body: "text/x; a=b\n-" },
  ],
  [
    "Content-Length has a variable of its own",
    showing("CONTENT_LENGTH", "HTTP_CONTENT_LENGTH"),
    { method: "POST", body: "12345" },
    { status: 200, body: "5\n-" },
  ],
  [
    "a chunked body has no length",
    showing("CONTENT_LENGTH"),
    { method: "POST", body: ["abc"] },
    { status: 200, body: "-" },
  ],
  [
    "a header named Proxy does not arrive",
    showing("HTTP_PROXY"),
    { headers: [["Proxy", "http://evil.test"]] },
    { status: 200, body: "-" },
  ],
  [
    "a name with an underscore does not pass for one with a dash",
    showing("HTTP_X_USER"),
    { headers: [["X_User", "admin"]] },
    { status: 200, body: "-" },
  ],
  ["the protocol is told", showing("SERVER_PROTOCOL"), {}, { status: 200, body: "HTTP/1.1" }],
  ["HTTP/1.0 is served", showing("SERVER_PROTOCOL"), { protocol: "HTTP/1.0" }, { status: 200, body: "HTTP/1.0" }],
  ["the scheme is told", showing("wsgi.url_scheme"), {}, { status: 200, body: "http" }],
]

const bodies: ConformanceCase[] = [
  ["a body with a length arrives", whole, { method: "POST", body: "hello" }, { status: 200, body: "hello" }],
  [
    "a chunked body arrives",
    whole,
    { method: "POST", body: ["hel", "lo ", "world"] },
    { status: 200, body: "hello world" },
  ],
  ["an empty body is empty", whole, { method: "POST", body: "" }, { status: 200, body: "" }],
  ["an empty chunked body is empty", whole, { method: "POST", body: [] }, { status: 200, body: "" }],
  ["a request without a body has an empty one", whole, {}, { status: 200, body: "" }],
  ["GET may have a body", whole, { body: "hello" }, { status: 200, body: "hello" }],
  ["all bytes arrive", whole, { method: "PUT", body: ALL_BYTES }, { status: 200, body: ALL_BYTES }],
  [
    "a large body arrives",
    whole,
    { method: "PUT", body: ALL_BYTES.repeat(2000) },
    { status: 200, body: ALL_BYTES.repeat(2000) },
  ],
  [
    "a body is read in pieces, and is empty at its end",
    reading(async (input) => {
      const pieces: string[] = []
      let total = 0
      while (total < 5) {
        const piece = await input.read(2)
        total += piece.length
        pieces.push(piece.length > 0 && piece.length <= 2 ? latin1Text(piece) : "!")
      }
      return `${pieces.join("")}|${(await input.read(2)).length}|${(await input.read()).length}`
    }),
    { method: "POST", body: "hello" },
    { status: 200, body: "hello|0|0" },
  ],
  [
    "read(0) takes nothing",
    reading(async (input) => `${(await input.read(0)).length}${latin1Text(await input.read())}`),
    { method: "POST", body: "hello" },
    { status: 200, body: "0hello" },
  ],
  [
    "a body is read by lines",
    reading(async (input) => {
      const [first, cut, ...rest] = [await input.readLine(), await input.readLine(2), ...(await input.readLines())]
      return [first, cut, ...rest].map((line) => JSON.stringify(latin1Text(line as Uint8Array))).join(" ")
    }),
    { method: "POST", body: ["one\ntw", "o\nthree\n\nend"] },
    { status: 200, body: '"one\\n" "tw" "o\\n" "three\\n" "\\n" "end"' },
  ],
  [
    "a body is iterated over",
    reading(async (input) => {
      let text = ""
      for await (const chunk of input) text += latin1Text(chunk)
      return text
    }),
    { method: "POST", body: ["hel", "lo"] },
    { status: 200, body: "hello" },
  ],
  [
    "a body need not be read",
    showing("REQUEST_METHOD"),
    { method: "POST", body: "x".repeat(50_000) },
    { status: 200, body: "POST" },
  ],
  [
    "a body is read while the response is on its way",
    async function* (environ, startResponse) {
      startResponse("200 OK", [["Content-Type", "text/plain"]])
      yield latin1("<")
      for await (const chunk of environ["wsgi.input"]) yield chunk
      yield latin1(">")
    } as Application,
    { method: "POST", body: ["hel", "lo"] },
    { status: 200, body: "<hello>" },
  ],
]

/** What reaches the application. */
export const requestCases: readonly ConformanceCase[] = [...methods, ...targets, ...headers, ...bodies]
