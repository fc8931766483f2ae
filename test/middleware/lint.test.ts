// Every clause of the table is broken once and caught, and obeyed once and let through. The last tests see to it that no
// clause is left out.

import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, describe, expect, test } from "vitest"
import { inputFrom } from "../../src/environ/input.ts"
import type {
  Application,
  Body,
  Environ,
  HeaderList,
  ResponseFinished,
  ServerWebSocket,
  StartResponse,
} from "../../src/gateway.ts"
import { type LintError, lint, unclosedBodies } from "../../src/middleware/lint.ts"
import { rules } from "../../src/middleware/lint-rules.ts"
import { gatewaySpecification } from "../support/gateway-specification.ts"

type AnyApplication = (environ: Environ, startResponse: StartResponse) => unknown

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const PLAIN: HeaderList = [["Content-Type", "text/plain"]]

function environ(changes: Record<string, unknown> = {}): Environ {
  const whole: Record<string, unknown> = {
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: "",
    PATH_INFO: "/",
    QUERY_STRING: "",
    SERVER_NAME: "localhost",
    SERVER_PORT: "80",
    SERVER_PROTOCOL: "HTTP/1.1",
    HTTP_HOST: "localhost",
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.input": inputFrom(bytes("one\ntwo\n")),
    "wsgi.errors": { write() {}, writeLines() {}, flush() {} },
    "wsgi.multithread": true,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
    ...changes,
  }
  for (const key in changes) if (changes[key] === undefined) delete whole[key]
  return whole as Environ
}

const reported: LintError[] = []
const everReported = new Set<string>()
const record = (breach: LintError) => {
  reported.push(breach)
  for (const { id, clauses } of rules)
    for (const { text } of clauses) if (breach.message.startsWith(`${id}: ${text}`)) everReported.add(`${id}: ${text}`)
}
const checked = (app: AnyApplication) => lint(app as Application, { report: record })

afterEach(() => {
  reported.length = 0
})

/** A startResponse that sends nothing, but throws errors back once the head counts as sent. */
function starter(head: { sent: boolean } = { sent: false }): StartResponse {
  return (_status, _headers, error) => {
    if (error && head.sent) throw error
    return async () => undefined
  }
}

/** A server that does everything right. */
async function serve(app: AnyApplication, changes: Record<string, unknown> = {}): Promise<void> {
  const head = { sent: false }
  const body = await checked(app)(environ(changes), starter(head))
  const iterator = Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]()
  try {
    for (;;) {
      const step = await iterator.next()
      if (step.done) break
      if (step.value.length > 0) head.sent = true
    }
  } finally {
    await body.close?.()
  }
}

const HANDSHAKE = { "wsgi.websocket": { protocols: ["a"] } }

interface Taking {
  handler?: (socket: ServerWebSocket) => Promise<void>
  headers?: HeaderList
  status?: string
}

/** An application that takes a WebSocket. */
function taking({ handler = async () => {}, headers = [], status = "101 Switching Protocols" }: Taking = {}) {
  return (_environ: Environ, startResponse: StartResponse) => {
    startResponse(status, headers)
    return { async *[Symbol.asyncIterator]() {}, websocket: handler }
  }
}

const SOCKET: ServerWebSocket = {
  protocol: "a",
  signal: new AbortController().signal,
  bufferedBytes: 0,
  messagesReceived: 0,
  bytesReceived: 0,
  messagesSent: 0,
  bytesSent: 0,
  closeCode: undefined,
  closeReason: "",
  receive: async () => undefined,
  send: async () => undefined,
  close: async () => undefined,
  async *[Symbol.asyncIterator]() {},
}

/** A server that opens the socket. */
async function open(app: AnyApplication, calls = (body: Body) => [body.websocket]): Promise<void> {
  const body = (await checked(app)(environ(HANDSHAKE), starter())) as Body
  try {
    for (const call of calls(body)) await call?.call(body, SOCKET)
  } finally {
    await body.close?.()
  }
}

/** An application with this head and body. */
const answer =
  (body: unknown, status = "200 OK", headers: unknown = PLAIN, ...more: unknown[]): AnyApplication =>
  (_environ, startResponse) => {
    startResponse(status, headers as HeaderList, ...(more as []))
    return body
  }
const hello = answer([bytes("hello")])
const head = (status: unknown, headers: unknown = [], ...more: unknown[]) =>
  answer([], status as string, headers, ...more)
const using =
  (use: (environ: Environ, startResponse: StartResponse) => unknown): AnyApplication =>
  async (given, startResponse) => {
    await use(given, startResponse)
    return hello(given, startResponse)
  }
async function* stream(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield bytes(chunk)
}

/** Lets a server have its way with the body of a stream of two chunks. */
const server = (misuse: (body: Body & AsyncIterable<Uint8Array>) => unknown) => async () => {
  const body = await checked(answer(stream("a", "b")))(environ(), starter())
  await misuse(body as Body & AsyncIterable<Uint8Array>)
}
async function drain(body: Body): Promise<void> {
  for await (const _ of body);
}

type Case = [rule: string, claim: string, run: () => unknown]
const env = (changes: Record<string, unknown>) => () => serve(hello, changes)
const run =
  (app: AnyApplication, changes: Record<string, unknown> = {}) =>
  () =>
    serve(app, changes)

const broken: Case[] = [
  ["L1", "an application that is an object", () => lint({} as Application, { report: record })],
  ["L1", "a call with one argument", () => (checked(hello) as (one: Environ) => unknown)(environ())],
  ["L2", "an environ with a class", () => checked(hello)(Object.assign(new (class Made {})(), environ()), starter())],
  ["L2", "a frozen environ", () => checked(hello)(Object.freeze(environ()), starter())],
  ["L3", "no SERVER_NAME", env({ SERVER_NAME: undefined })],
  ["L3", "no wsgi.input", env({ "wsgi.input": undefined })],
  ["L4", "HTTP_CONTENT_LENGTH", env({ HTTP_CONTENT_LENGTH: "5" })],
  ["L5", "no QUERY_STRING", env({ QUERY_STRING: undefined })],
  ["L5", "a fragment in QUERY_STRING", env({ QUERY_STRING: "a=1#b" })],
  ["L6", "a number as port", env({ SERVER_PORT: 80 })],
  ["L6", "text beyond Latin-1", env({ PATH_INFO: "/日" })],
  [
    "L6",
    "undefined as value",
    () => checked(hello)({ ...environ(), REMOTE_ADDR: undefined } as unknown as Environ, starter()),
  ],
  ["L7", "another version", env({ "wsgi.version": [1, 1] })],
  ["L7", "a flag that is a number", env({ "wsgi.run_once": 0 })],
  ["L8", "a scheme with a colon", env({ "wsgi.url_scheme": "http:" })],
  ["L9", "an empty method", env({ REQUEST_METHOD: "" })],
  ["L9", "a method that nobody knows", env({ REQUEST_METHOD: "BREW" })],
  ["L10", "a mount that is the root", env({ SCRIPT_NAME: "/" })],
  ["L10", "a mount without a slash", env({ SCRIPT_NAME: "app" })],
  ["L10", "a path without a slash", env({ PATH_INFO: "x" })],
  ["L10", "a star for GET", env({ PATH_INFO: "*" })],
  ["L11", "no path at all", env({ PATH_INFO: "" })],
  ["L12", "a server name with a space", env({ SERVER_NAME: "my host" })],
  ["L12", "an empty port", env({ SERVER_PORT: "" })],
  ["L12", "a bare version", env({ SERVER_PROTOCOL: "1.1" })],
  ["L12", "a host with a slash", env({ HTTP_HOST: "a/b" })],
  ["L13", "a length with a sign", env({ CONTENT_LENGTH: "+5" })],
  ["L14", "an input that cannot read lines", env({ "wsgi.input": { read() {} } })],
  ["L14", "a log that cannot flush", env({ "wsgi.errors": { write() {}, writeLines() {} } })],
  ["L15", "a size that is text", run(using((given) => given["wsgi.input"].read("5" as unknown as number)))],
  ["L15", "a negative size", run(using((given) => given["wsgi.input"].readLine(-1)))],
  [
    "L15",
    "two reads at once",
    run(using((given) => Promise.all([given["wsgi.input"].read(1), given["wsgi.input"].read(1)]))),
  ],
  [
    "L15",
    "a server whose read gives text",
    run(
      using((given) => given["wsgi.input"].read()),
      {
        "wsgi.input": {
          ...inputFrom(bytes("")),
          read: async () => "text",
          readLine() {},
          readLines() {},
          [Symbol.asyncIterator]() {},
        },
      },
    ),
  ],
  [
    "L15",
    "a server that gives more than asked for",
    run(
      using((given) => given["wsgi.input"].read(1)),
      { "wsgi.input": { read: async () => bytes("two"), readLine() {}, readLines() {}, [Symbol.asyncIterator]() {} } },
    ),
  ],
  ["L15", "closing the input", run(using((given) => (given["wsgi.input"] as unknown as { close(): void }).close()))],
  ["L15", "closing the log", run(using((given) => (given["wsgi.errors"] as unknown as { close(): void }).close()))],
  ["L16", "bytes for the log", run(using((given) => given["wsgi.errors"].write(bytes("x") as unknown as string)))],
  ["L16", "a number among lines", run(using((given) => given["wsgi.errors"].writeLines([1] as unknown as string[])))],
  ["L17", "a fourth argument", run(head("200 OK", [], undefined, 4))],
  ["L17", "a number as status", run(head(200))],
  ["L17", "two digits", run(head("20 OK"))],
  ["L17", "no space behind the code", run(head("200"))],
  ["L17", "a line feed in the reason", run(head("200 O\nK"))],
  ["L17", "a code of 600", run(head("600 Odd"))],
  ["L18", "a Headers object", run(head("200 OK", new Map()))],
  ["L18", "a header of three", run(head("200 OK", [["X", "a", "b"]]))],
  ["L18", "a number as value", run(head("200 OK", [["X", 5]]))],
  ["L18", "a frozen list", run(head("200 OK", Object.freeze([["X", "5"]])))],
  ["L19", "a Status header", run(head("200 OK", [["status", "200"]]))],
  ["L19", "a name with a space", run(head("200 OK", [["X y", "1"]]))],
  ["L19", "a value with a line feed", run(head("200 OK", [["X", "1\r\nY: 2"]]))],
  ["L19", "a value beyond Latin-1", run(head("200 OK", [["X", "日"]]))],
  ["L19", "a name that ends with a dash", run(head("200 OK", [["X-", "1"]]))],
  ["L20", "a body without a type", run(answer([bytes("x")], "200 OK", []))],
  [
    "L21",
    "two lengths",
    run(
      head("200 OK", [
        ["Content-Length", "0"],
        ["content-length", "0"],
      ]),
    ),
  ],
  ["L21", "a length that is no number", run(head("200 OK", [["Content-Length", "abc"]]))],
  ["L21", "a 204 with a length", run(head("204 No Content", [["Content-Length", "0"]]))],
  ["L22", "Transfer-Encoding", run(head("200 OK", [["Transfer-Encoding", "chunked"]]))],
  ["L22", "Proxy-Connection", run(head("200 OK", [["Proxy-Connection", "close"]]))],
  ["L22", "Trailers", run(head("200 OK", [["Trailers", "X-Sum"]]))],
  ["L23", "an error that is text", run(head("200 OK", [], "error"))],
  [
    "L23",
    "a second call without an error",
    run((_, startResponse) => {
      startResponse("200 OK", [])
      startResponse("201 Created", [])
      return []
    }),
  ],
  [
    "L23",
    "a second call without an error, after the first threw",
    run((_, startResponse) => {
      try {
        startResponse("200", [])
      } catch {}
      reported.length = 0
      startResponse("200 OK", [])
      return []
    }),
  ],
  ...(["goes on", "ends"] as const).map(
    (how): Case => [
      "L24",
      `a body that ${how} after an error was thrown back`,
      run(async function* (_, startResponse) {
        startResponse("200 OK", PLAIN)
        yield bytes("x")
        try {
          startResponse("500 Sorry", [], new Error("late"))
        } catch {}
        if (how === "goes on") yield bytes("y")
      }),
    ],
  ),
  [
    "L24",
    "a result after an error was thrown back",
    () =>
      checked((_, startResponse) => {
        startResponse("200 OK", PLAIN)
        try {
          startResponse("500 Sorry", [], new Error("late"))
        } catch {}
        return []
      })(environ(), starter({ sent: true })),
  ],
  ["L25", "text as body", run(answer("text"))],
  ["L25", "one chunk as body", run(answer(bytes("x")))],
  ["L25", "null as body", run(answer(null))],
  ["L25", "a body that cannot be iterated", run(answer({ close() {} }))],
  ["L25", "a close that is no function", run(answer(Object.assign(stream("a"), { close: true })))],
  ["L26", "an array of text", run(answer(["text"]))],
  [
    "L26",
    "a stream of text",
    run(
      answer(
        (function* () {
          yield "text"
        })(),
      ),
    ),
  ],
  [
    "L26",
    "text for write()",
    run((_, startResponse) => startResponse("200 OK", PLAIN)("text" as unknown as Uint8Array)),
  ],
  ["L26", "a chunk before startResponse", run(() => stream("x"))],
  ["L26", "a body without startResponse", run(() => [])],
  [
    "L26",
    "two iterations",
    server(async (body) => {
      await drain(body)
      await drain(body)
    }),
  ],
  [
    "L26",
    "iteration after close",
    server(async (body) => {
      await body.close?.()
      await drain(body)
    }),
  ],
  [
    "L26",
    "next() after close",
    server(async (body) => {
      const iterator = body[Symbol.asyncIterator]()
      await iterator.next()
      await iterator.return?.()
      await body.close?.()
      await iterator.next()
    }),
  ],
  [
    "L26",
    "two chunks asked for at once",
    server(async (body) => {
      const iterator = body[Symbol.asyncIterator]()
      await Promise.all([iterator.next(), iterator.next()])
    }),
  ],
  [
    "L27",
    "a body closed twice",
    server(async (body) => {
      await drain(body)
      await body.close?.()
      await body.close?.()
    }),
  ],
  [
    "L27",
    "an early end without return()",
    server(async (body) => {
      await body[Symbol.asyncIterator]().next()
      await body.close?.()
    }),
  ],
  [
    "L27",
    "return() twice",
    server(async (body) => {
      const iterator = body[Symbol.asyncIterator]()
      await iterator.next()
      await iterator.return?.()
      await iterator.return?.()
    }),
  ],
  ["L28", "an array that is too long", run(answer([bytes("abc")], "200 OK", [...PLAIN, ["Content-Length", "2"]]))],
  ["L28", "a stream that is too long", run(answer(stream("ab", "c"), "200 OK", [...PLAIN, ["Content-Length", "2"]]))],
  ["L28", "a stream that is too short", run(answer(stream("a"), "200 OK", [...PLAIN, ["Content-Length", "2"]]))],
  ["L28", "a 204 with a body", run(answer(stream("a"), "204 No Content", []))],
  ["L28", "a 304 with a body", run(answer([bytes("a")], "304 Not Modified", []))],
  ["L28", "HEAD with a body", run(hello, { REQUEST_METHOD: "HEAD" })],
  ["L29", "a 304 with a type", run(head("304 Not Modified", PLAIN))],
  ["L29", "an entity tag without quotes", run(head("200 OK", [["ETag", "abc"]]))],
  ["L29", "a weak tag in lower case", run(head("200 OK", [["ETag", 'w/"abc"']]))],
  [
    "L30",
    "middleware that reads all before it returns",
    run(async (given, startResponse) => {
      const body = await checked(answer(stream("a", "b")))(given, startResponse)
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      await body.close?.()
      return chunks
    }),
  ],
  [
    "L30",
    "middleware that gives one chunk for two",
    run(async function* (given, startResponse) {
      const body = await checked(answer(stream("a", "b")))(given, startResponse)
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      await body.close?.()
      yield* chunks
    }),
  ],
  [
    "L31",
    "write() from within the body",
    run(async function* (_, startResponse) {
      await startResponse("200 OK", PLAIN)(bytes("x"))
      yield bytes("y")
    }),
  ],
  [
    "L31",
    "two writes at once",
    run(async (_, startResponse) => {
      const write = startResponse("200 OK", PLAIN)
      await Promise.all([write(bytes("x")), write(bytes("y"))])
      return []
    }),
  ],
  [
    "L31",
    "a write that nobody awaits",
    run((_, startResponse) => {
      startResponse("200 OK", PLAIN)(bytes("x"))
      return []
    }),
  ],
  [
    "L31",
    "a write beyond Content-Length",
    run(async (_, startResponse) => {
      await startResponse("200 OK", [...PLAIN, ["Content-Length", "1"]])(bytes("xy"))
      return []
    }),
  ],
  [
    "L32",
    "a path for the file wrapper",
    run(
      using((given) => given["wsgi.file_wrapper"]?.("/a" as never)),
      { "wsgi.file_wrapper": () => [] },
    ),
  ],
  [
    "L32",
    "a block size of 0",
    run(
      using((given) => given["wsgi.file_wrapper"]?.({ read: () => bytes("") }, 0)),
      { "wsgi.file_wrapper": () => [] },
    ),
  ],
  [
    "L33",
    "hints that are a mapping",
    run(
      using((given) => given["wsgi.early_hints"]?.({ Link: "x" } as never)),
      { "wsgi.early_hints": () => undefined },
    ),
  ],
  [
    "L33",
    "hints with a line feed",
    run(
      using((given) => given["wsgi.early_hints"]?.([["Link", "\n"]])),
      { "wsgi.early_hints": () => undefined },
    ),
  ],
  [
    "L33",
    "a finisher that is text",
    run(
      using((given) => given["wsgi.response_finished"]?.push("x" as never)),
      { "wsgi.response_finished": [] },
    ),
  ],
  [
    "L33",
    "a server that calls finishers without arguments",
    async () => {
      const finishers: ResponseFinished[] = [() => undefined]
      await serve(hello, { "wsgi.response_finished": finishers })
      ;(finishers[0] as () => void)()
    },
  ],
  [
    "L33",
    "a finisher that throws",
    async () => {
      const finishers: ResponseFinished[] = [
        () => {
          throw new Error("finisher")
        },
      ]
      await serve(hello, { "wsgi.response_finished": finishers })
      finishers[0]?.(environ(), "200 OK", [], undefined)
    },
  ],
  ["L34", "101 as status of a request that is no handshake", run(head("101 Switching Protocols"))],
  ["L34", "another 1xx for a handshake", run(head("103 Early Hints"), HANDSHAKE)],
  [
    "L35",
    "startResponse after the response",
    async () => {
      let later: StartResponse | undefined
      await serve((given, startResponse) => {
        later = startResponse
        return hello(given, startResponse)
      })
      later?.("500 Sorry", [], new Error("late"))
    },
  ],
  [
    "L35",
    "the input after the response",
    async () => {
      let kept: Environ | undefined
      await serve(
        using((given) => {
          kept = given
        }),
      )
      await kept?.["wsgi.input"].read()
    },
  ],
  [
    "L35",
    "startResponse after the application threw",
    async () => {
      let later: StartResponse | undefined
      await serve((_, startResponse) => {
        later = startResponse
        throw new Error("application")
      }).catch(() => undefined)
      later?.("500 Sorry", [], new Error("late"))
    },
  ],
  ["L37", "an offer without a list", env({ "wsgi.websocket": {} })],
  ["L37", "an offer of what is no token", env({ "wsgi.websocket": { protocols: ["a b"] } })],
  ["L37", "a protocol that was not offered", run(taking({ headers: [["Sec-WebSocket-Protocol", "b"]] }), HANDSHAKE)],
  [
    "L37",
    "two protocols",
    run(
      taking({
        headers: [
          ["Sec-WebSocket-Protocol", "a"],
          ["Sec-WebSocket-Protocol", "a"],
        ],
      }),
      HANDSHAKE,
    ),
  ],
  ["L37", "a field of the server", run(taking({ headers: [["Sec-WebSocket-Accept", "x"]] }), HANDSHAKE)],
  ["L37", "a 101 with a body of bytes", run(answer(new Set([bytes("a")]), "101 Switching Protocols", []), HANDSHAKE)],
  ["L37", "a server that iterates over the body of a 101", run(taking(), HANDSHAKE)],
  ["L37", "a server that opens a socket twice", () => open(taking(), (body) => [body.websocket, body.websocket])],
  [
    "L37",
    "a server that opens a socket for another status",
    () => open(taking({ status: "200 OK" }), (body) => [body.websocket]),
  ],
  ["L37", "a handler without a promise", () => open(taking({ handler: () => undefined as never }))],
  ["L37", "a number as message", () => open(taking({ handler: async (socket) => socket.send(1 as never) }))],
  ["L37", "a code that is not sent", () => open(taking({ handler: async (socket) => socket.close(1006) }))],
  ["L37", "a reason too long", () => open(taking({ handler: (socket) => socket.close(1000, "x".repeat(124)) }))],
  ["L36", "a key in our name", env({ "wsgi.socket": 1 })],
  ["L36", "a key without a dot, in lower case", env({ user: "me" })],
]

const legal: Case[] = [
  ["L1", "an async application", run(async (given, startResponse) => hello(given, startResponse))],
  [
    "L2",
    "an environ without prototype",
    () => checked(hello)(Object.assign(Object.create(null), environ()), starter()),
  ],
  ["L2", "a symbol of the server", () => checked(hello)({ ...environ(), [Symbol("s")]: 1 } as Environ, starter())],
  ["L3", "empty values", env({ SCRIPT_NAME: "" })],
  ["L4", "CONTENT_TYPE", env({ CONTENT_TYPE: "text/plain", CONTENT_LENGTH: "0" })],
  ["L5", "a query", env({ QUERY_STRING: "a=%231" })],
  ["L6", "bytes beyond ASCII, and a header with a dot", env({ PATH_INFO: "/caf\xc3\xa9", "HTTP_X.Y": "\xff" })],
  ["L7", "other flags", env({ "wsgi.multithread": false, "wsgi.multiprocess": true })],
  ["L8", "https", env({ "wsgi.url_scheme": "https", HTTPS: "on" })],
  ["L9", "PROPFIND", env({ REQUEST_METHOD: "PROPFIND" })],
  ["L10", "a mount, a decoded `#`, a double slash", env({ SCRIPT_NAME: "/app", PATH_INFO: "//a#b" })],
  ["L10", "OPTIONS *", env({ REQUEST_METHOD: "OPTIONS", PATH_INFO: "*" })],
  ["L10", "CONNECT host:port", env({ REQUEST_METHOD: "CONNECT", PATH_INFO: "example.com:443" })],
  ["L11", "a mount alone", env({ SCRIPT_NAME: "/app", PATH_INFO: "" })],
  ["L12", "IPv6 and HTTP/2", env({ SERVER_NAME: "::1", HTTP_HOST: "[::1]:8080", SERVER_PROTOCOL: "HTTP/2" })],
  ["L12", "an empty Host", env({ HTTP_HOST: "" })],
  ["L13", "a length", env({ CONTENT_LENGTH: "0012" })],
  ["L14", "streams of any class", env({ "wsgi.input": inputFrom([bytes("a")]) })],
  [
    "L15",
    "every way to read",
    run(
      using(async ({ "wsgi.input": input }) => {
        expect(await input.read(1)).toEqual(bytes("o"))
        expect(await input.readLine()).toEqual(bytes("ne\n"))
        expect(await input.readLines(1)).toEqual([bytes("two\n")])
        for await (const chunk of input) expect(chunk).toEqual(bytes(""))
        expect(await input.read()).toEqual(bytes(""))
      }),
    ),
  ],
  [
    "L15",
    "an iteration that stops early",
    run(
      using(async (given) => {
        for await (const _ of given["wsgi.input"]) break
      }),
    ),
  ],
  [
    "L16",
    "text for the log",
    run(
      using(({ "wsgi.errors": log }) => {
        log.write("日")
        log.writeLines(["a", "b"])
        return log.flush()
      }),
    ),
  ],
  ["L17", "an empty reason", run(head("299 "))],
  ["L18", "no headers", run(head("200 OK", []))],
  ["L19", "TAB and Latin-1 in a value", run(head("200 OK", [["X-Y", "a\tb \xff"]]))],
  ["L20", "a type", run(hello)],
  ["L21", "a 304 with the length of a GET", run(head("304 Not Modified", [["Content-Length", "5"]]))],
  ["L22", "Trailer in a name", run(head("200 OK", [["X-Trailer", "a"]]))],
  [
    "L23",
    "a change of mind",
    run((_, startResponse) => {
      startResponse("200 OK", PLAIN)
      startResponse("500 Sorry", PLAIN, new TypeError("x"))
      return [bytes("sorry")]
    }),
  ],
  ["L23", "undefined as error", run(head("200 OK", [], undefined))],
  [
    "L25",
    "a set, a generator, a promise of one",
    run(async (given, startResponse) => {
      hello(given, startResponse)
      return new Set([bytes("a")])
    }),
  ],
  [
    "L26",
    "an empty chunk, then a late start",
    run(async function* (given, startResponse) {
      yield bytes("")
      hello(given, startResponse)
      yield bytes("a")
    }),
  ],
  ["L26", "a Buffer", run(answer([Buffer.from("a")]))],
  [
    "L27",
    "an early end",
    server(async (body) => {
      const iterator = body[Symbol.asyncIterator]()
      await iterator.next()
      await iterator.return?.()
      await body.close?.()
    }),
  ],
  ["L27", "a body that nobody begins", server((body) => body.close?.())],
  ["L28", "the right length", run(answer(stream("a", "b"), "200 OK", [...PLAIN, ["Content-Length", "2"]]))],
  [
    "L28",
    "a length without a body for HEAD",
    run(answer([], "200 OK", [...PLAIN, ["Content-Length", "2"]]), { REQUEST_METHOD: "HEAD" }),
  ],
  [
    "L29",
    "tags and a relative Location",
    run(
      head("302 Found", [
        ["ETag", 'W/"a"'],
        ["Location", "x"],
      ]),
    ),
  ],
  [
    "L30",
    "middleware that changes each chunk, and one that reads an array",
    run(async function* (given, startResponse) {
      const array = await checked(answer([bytes("a"), bytes("b")]))(given, startResponse)
      const whole = [...(array as Iterable<Uint8Array>)]
      await array.close?.()
      for (const chunk of whole) yield chunk
    }),
  ],
  [
    "L31",
    "awaited writes",
    run(async (_, startResponse) => {
      const write = startResponse("200 OK", [...PLAIN, ["Content-Length", "3"]])
      await write(bytes("a"))
      await write(bytes("b"))
      return [bytes("c")]
    }),
  ],
  [
    "L32",
    "a file",
    run(
      (given, startResponse) => {
        startResponse("200 OK", PLAIN)
        return given["wsgi.file_wrapper"]?.({ read: () => bytes("") }, 10)
      },
      { "wsgi.file_wrapper": () => stream("a") },
    ),
  ],
  [
    "L33",
    "hints and finishers",
    async () => {
      const calls: unknown[] = []
      const finishers: ResponseFinished[] = []
      const app = using((given) => {
        given["wsgi.early_hints"]?.([["Link", "</a>; rel=preload"]])
        given["wsgi.response_finished"]?.push((...args) => calls.push(args.length))
      })
      await serve(app, {
        "wsgi.early_hints": (hints: unknown) => calls.push(hints),
        "wsgi.response_finished": finishers,
      })
      finishers[0]?.(environ(), undefined, undefined, new Error("x"))
      expect(calls).toEqual([[["Link", "</a>; rel=preload"]], 4])
    },
  ],
  ["L34", "200", run(head("200 OK"))],
  [
    "L37",
    "a socket that is taken",
    () =>
      open(
        taking({
          headers: [["Sec-WebSocket-Protocol", "a"]],
          handler: async (socket) => {
            for await (const message of socket) await socket.send(message)
            expect([socket.protocol, socket.signal.aborted, socket.bufferedBytes, socket.closeReason]).toEqual([
              "a",
              false,
              0,
              "",
            ])
            expect([socket.messagesReceived, socket.messagesSent, socket.closeCode]).toEqual([0, 0, undefined])
            expect([socket.bytesReceived, socket.bytesSent]).toEqual([0, 0])
            expect(await socket.receive()).toBeUndefined()
            await socket.send(bytes("b"))
            await socket.close(4000, "x")
          },
        }),
      ),
  ],
  ["L37", "a handshake that is refused", run(hello, HANDSHAKE)],
  ["L22", "Upgrade in a 426", run(head("426 Upgrade Required", [...PLAIN, ["Upgrade", "websocket"]]))],
  ["L36", "a key with a prefix", env({ "my.user": { any: "value" }, SERVER_SOFTWARE: "x" })],
]

describe("a broken rule is caught", () => {
  for (const [rule, claim, act] of broken) {
    test(`${rule}: ${claim}`, async () => {
      const outcome = await Promise.resolve()
        .then(act)
        .then(
          () => undefined,
          (reason: LintError) => reason,
        )
      expect(reported.map((breach) => breach.rule)).toContain(rule)
      const first = reported.find((breach) => breach.rule === rule)
      if (first?.level === "error") expect(outcome).toBe(first)
      expect(first?.message).toContain("Got ")
    })
  }
})

describe("what is legal passes", () => {
  for (const [rule, claim, act] of legal) {
    test(`${rule}: ${claim}`, async () => {
      await act()
      expect(reported.map(String)).toEqual([])
    })
  }
})

describe("lint is transparent", () => {
  test("what was synchronous stays so, and an array stays an array", () => {
    const chunks = [bytes("a"), bytes("b")]
    const body = checked(answer(chunks))(environ(), starter()) as Body
    expect(Array.isArray(body)).toBe(true)
    expect([...(body as Uint8Array[])]).toEqual(chunks)
    expect(Object.keys(body)).toEqual(["0", "1"])
    expect(body.close?.()).toBeUndefined()
    const iterable = checked(answer(new Set(chunks)))(environ(), starter()) as Body
    expect([Symbol.iterator in iterable, Symbol.asyncIterator in iterable]).toEqual([true, false])
    expect([...(iterable as Iterable<Uint8Array>)]).toEqual(chunks)
    expect(iterable.close?.()).toBeUndefined()
  })

  test("errors of the application and of its body reach the server as they are", async () => {
    const failure = new Error("application")
    const thrower = () => {
      throw failure
    }
    expect(() => checked(thrower)(environ(), starter())).toThrow(failure)
    await expect(async () => checked(async () => thrower())(environ(), starter())).rejects.toBe(failure)
    const lazily = checked(async function* (_, startResponse) {
      startResponse("200 OK", PLAIN)
      yield bytes("a")
      throw failure
    })
    const body = (await lazily(environ(), starter())) as AsyncIterable<Uint8Array> & Body
    await expect(drain(body)).rejects.toBe(failure)
    await body.close?.()
    expect(reported).toEqual([])
  })

  test("accessors of the environ are left alone", async () => {
    let made = 0
    const given = environ()
    Object.defineProperty(given, "wsgi.signal", {
      configurable: true,
      enumerable: true,
      get: () => {
        made += 1
        return new AbortController().signal
      },
    })
    await checked(hello)(given, starter())
    expect(made).toBe(0)
  })

  test("the body is closed once, also when lint refuses it", async () => {
    for (const [make, status] of [
      [() => Object.assign([bytes("abc")], {}), "200 OK"],
      [() => stream("ab", "cd"), "200 OK"],
      [() => stream("a"), "204 No Content"],
      [() => "text", "200 OK"],
    ] as const) {
      const log: string[] = []
      const body = make()
      if (typeof body === "object") {
        Object.assign(body, { close: () => log.push("close") })
        if (!Array.isArray(body)) {
          const iterator = body as AsyncGenerator<Uint8Array>
          const { return: end } = iterator
          iterator.return = (value) => {
            log.push("return")
            return end.call(iterator, value)
          }
        }
      }
      const headers: HeaderList = status === "200 OK" ? [...PLAIN, ["Content-Length", "2"]] : []
      await expect(serve(answer(body, status, headers))).rejects.toThrow(/^L(25|28)/)
      expect(log).toEqual(typeof body !== "object" ? [] : Array.isArray(body) ? ["close"] : ["return", "close"])
    }
  })

  test("the linter stands on both sides of the linter", async () => {
    await serve(checked(checked(answer(stream("a", "b", "c")))))
    expect(reported).toEqual([])
  })
})

describe("bodies that are not closed", () => {
  test("are told of at the end of a test", async () => {
    const app = checked(answer(stream("a")))
    const body = (await app(environ({ SCRIPT_NAME: "/app" }), starter())) as Body
    expect(unclosedBodies(app).map(({ rule, value }) => [rule, value])).toEqual([["L27", "GET /app/"]])
    await body.close?.()
    expect(unclosedBodies(app)).toEqual([])
  })

  test("are reported when the garbage collector meets them", async () => {
    const { setFlagsFromString } = await import("node:v8")
    const { runInNewContext } = await import("node:vm")
    setFlagsFromString("--expose-gc")
    const collect = runInNewContext("gc") as () => void
    const app = checked(answer(new Set([bytes("a")])))
    for (let count = 0; count < 20; count++) app(environ(), starter())
    for (let tries = 0; tries < 50 && reported.length === 0; tries++) {
      await sleep(5)
      collect()
    }
    expect(reported[0]?.message).toContain("L27: Every body is closed.")
    record(reported[0] as LintError)
  })

  test("without a hook, advice and lost bodies are warnings of the process", async () => {
    const warned = new Promise<NodeJS.ErrnoException>((resolve) => process.once("warning", resolve))
    lint(answer([bytes("x")], "200 OK", []) as Application)(environ(), starter())
    const warning = await warned
    expect([warning.name, warning.code]).toEqual(["LintWarning", "L20"])
    expect(warning.message).toContain("Content-Type")
  })
})

describe("the table", () => {
  test("numbers its rules from L1 on", () => {
    expect(rules.map(({ id }) => id)).toEqual(rules.map((_, index) => `L${index + 1}`))
    expect(rules.length).toBe(37)
  })

  test("has no clause that the tests above do not break", () => {
    const all = rules.flatMap(({ id, clauses }) => clauses.map(({ text }) => `${id}: ${text}`))
    expect(all.filter((clause) => !everReported.has(clause))).toEqual([])
  })

  test("has every rule obeyed above, but for those that only a breach shows", () => {
    const obeyed = new Set(legal.map(([rule]) => rule))
    expect(rules.map(({ id }) => id).filter((id) => !obeyed.has(id))).toEqual(["L24", "L35"])
  })

  // `npx vitest run test/middleware/lint.test.ts -u` writes it anew.
  test("is what docs/gateway.md says", async () => {
    const file = new URL("../../docs/gateway.md", import.meta.url).pathname
    await expect(gatewaySpecification(readFileSync(file, "utf8"))).toMatchFileSnapshot(file)
  })
})
