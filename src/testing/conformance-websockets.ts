// Conformance of WebSockets: what an application and a client see of each other through a server that takes handshakes. A table of its
// own, beside the one of requests, since a server may take none: then there is no `wsgi.websocket`, and the application says 426.

import type { Application, Body, HeaderList, ServerWebSocket, WebSocketLimits, WebSocketMessage } from "../gateway.ts"
import { noting, say } from "./conformance-case.ts"

/** What the client does when the socket is open, one after the other. */
export type WebSocketStep =
  | readonly ["send", message: WebSocketMessage]
  /** The next message has to be this one. */
  | readonly ["receive", message: WebSocketMessage]
  /** A ping, which has to be answered by a pong with the same bytes. */
  | readonly ["ping", payload: string]
  | readonly ["close", code: number, reason?: string]
  | readonly ["break off"]

/** A handshake, and what the client does after it. */
export interface WebSocketConformanceRequest {
  /** The request target; `/` unless given. */
  target?: string
  /** Besides those of the handshake. */
  headers?: readonly (readonly [name: string, value: string])[]
  /** The subprotocols that the client offers. */
  protocols?: readonly string[]
  /** Of the protocol: 13, the one that there is, unless given. */
  version?: 8 | 13
  steps?: readonly WebSocketStep[]
}

/** What has to come back. What is left out is not looked at. */
export interface WebSocketConformanceExpectation {
  /** 101, or that of the refusal. */
  status: number
  /** Of the answer to the handshake: values by lower-case name, several of them in order; `null`: the header is not there. */
  headers?: Readonly<Record<string, string | readonly string[] | null>>
  /** Of a refusal, Latin-1. */
  body?: string
  /** The code with which the socket is closed, as the client sees it; 1006 when it breaks off. */
  closeCode?: number
  closeReason?: string
  /** The application fails, so that there is a report of it. */
  fails?: boolean
  /** The rules of `docs/gateway.md` that the application breaks. */
  breaks?: readonly string[]
  /** What the application has noted when all is over, in order. */
  notes?: readonly string[]
}

/** One row: a claim about the server, an application, a client of it, and what has to come back. */
export type WebSocketConformanceCase = readonly [
  name: string,
  application: Application,
  request: WebSocketConformanceRequest,
  expected: WebSocketConformanceExpectation,
]

type Handler = (socket: ServerWebSocket) => Promise<void>

interface Acceptance {
  headers?: HeaderList
  limits?: WebSocketLimits
  close?: () => void
}

/** Accepts a handshake; any other request gets 426. */
function accepting(websocket: Handler, { headers = [], limits, close }: Acceptance = {}): Application {
  return (environ, startResponse) => {
    if (environ["wsgi.websocket"] === undefined) {
      return say(startResponse, "no handshake", "426 Upgrade Required", [
        ["Content-Type", "text/plain"],
        ["Upgrade", "websocket"],
      ])
    }
    startResponse(
      "101 Switching Protocols",
      headers.map(([name, value]) => [name, value]),
    )
    const body: Body = { async *[Symbol.asyncIterator]() {}, websocket }
    if (limits !== undefined) body.websocketLimits = limits
    if (close !== undefined) body.close = close
    return body
  }
}

const echo: Handler = async (socket) => {
  for await (const message of socket) await socket.send(message)
}

const handshakes: WebSocketConformanceCase[] = [
  [
    "the application sees the protocols that the client offers, in order",
    (environ, startResponse) => {
      const { protocols = [] } = environ["wsgi.websocket"] ?? {}
      // A client that offers protocols goes on only with one of them.
      const headers: HeaderList = protocols.slice(0, 1).map((each) => ["Sec-WebSocket-Protocol", each])
      return accepting((socket) => socket.send(protocols.join(" ")), { headers })(environ, startResponse)
    },
    { protocols: ["v2", "v1"], steps: [["receive", "v2 v1"]] },
    { status: 101, closeCode: 1000 },
  ],
  [
    "the protocol that the application chooses is agreed on",
    accepting((socket) => socket.send(socket.protocol), { headers: [["Sec-WebSocket-Protocol", "v1"]] }),
    { protocols: ["v2", "v1"], steps: [["receive", "v1"]] },
    { status: 101, headers: { "sec-websocket-protocol": "v1" }, closeCode: 1000 },
  ],
  [
    "headers of the application go out with the 101",
    accepting(async () => {}, {
      headers: [
        ["Set-Cookie", "a=1"],
        ["X-N", "1"],
        ["Set-Cookie", "b=2"],
      ],
    }),
    {},
    { status: 101, headers: { "set-cookie": ["a=1", "b=2"], "x-n": "1", "content-length": null }, closeCode: 1000 },
  ],
  [
    "a handshake has a method, a path, a query and headers as any request",
    (environ, startResponse) =>
      accepting((socket) => {
        const { REQUEST_METHOD, PATH_INFO, QUERY_STRING, HTTP_X_N } = environ
        return socket.send([REQUEST_METHOD, PATH_INFO, QUERY_STRING, HTTP_X_N].join(" "))
      })(environ, startResponse),
    { target: "/a%20b?c=d", headers: [["X-N", "1"]], steps: [["receive", "GET /a b c=d 1"]] },
    { status: 101, closeCode: 1000 },
  ],
  [
    "any other status refuses, with headers and a body",
    (_, startResponse) =>
      say(startResponse, "not you", "403 Forbidden", [
        ["Content-Type", "text/plain"],
        ["X-N", "1"],
      ]),
    {},
    { status: 403, headers: { "x-n": "1" }, body: "not you" },
  ],
  ["a handshake of another version is none", accepting(echo), { version: 8 }, { status: 426, body: "no handshake" }],
  [
    "an error before the handshake is a 500",
    () => {
      throw new Error("before")
    },
    {},
    { status: 500, fails: true },
  ],
  [
    "a 101 whose body takes no socket is a 500",
    (_, startResponse) => say(startResponse, "hello", "101 Switching Protocols", []),
    {},
    { status: 500, fails: true, breaks: ["L37"] },
  ],
  [
    "a protocol that was not offered is refused at startResponse",
    (_, startResponse) => {
      try {
        startResponse("101 Switching Protocols", [["Sec-WebSocket-Protocol", "v3"]])
      } catch (reason) {
        startResponse("400 Bad Request", [["Content-Type", "text/plain"]], reason as Error)
      }
      return [new TextEncoder().encode("refused")]
    },
    { protocols: ["v1"] },
    { status: 400, body: "refused", breaks: ["L37"] },
  ],
]

const BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte)
const NUMBERS = Array.from({ length: 300 }, (_, index) => String(index))

const messages: WebSocketConformanceCase[] = [
  [
    "text arrives as text",
    accepting(async (socket) => {
      const message = await socket.receive()
      await socket.send(`${typeof message}: ${message}`)
    }),
    {
      steps: [
        ["send", "caf\u00e9 \u65e5\u672c \u{1f600}"],
        ["receive", "string: caf\u00e9 \u65e5\u672c \u{1f600}"],
      ],
    },
    { status: 101, closeCode: 1000 },
  ],
  [
    "bytes arrive as bytes",
    accepting(echo),
    {
      steps: [
        ["send", BYTES],
        ["receive", BYTES],
        ["close", 1000],
      ],
    },
    { status: 101, closeCode: 1000 },
  ],
  [
    "empty messages are messages",
    accepting(echo),
    {
      steps: [
        ["send", ""],
        ["receive", ""],
        ["send", new Uint8Array()],
        ["receive", new Uint8Array()],
        ["close", 1000],
      ],
    },
    { status: 101, closeCode: 1000 },
  ],
  [
    "many messages arrive in order",
    accepting(echo),
    {
      steps: [
        ...NUMBERS.map((text) => ["send", text] as const),
        ...NUMBERS.map((text) => ["receive", text] as const),
        ["close", 1000],
      ],
    },
    { status: 101, closeCode: 1000 },
  ],
  [
    "a ping is answered, also while the application does not read",
    accepting(async (socket) => {
      await new Promise<void>((resolve) => socket.signal.addEventListener("abort", () => resolve()))
    }),
    {
      steps: [
        ["ping", "are you there"],
        ["close", 1000],
      ],
    },
    { status: 101, closeCode: 1000 },
  ],
  [
    "a message that is longer than maxMessageBytes closes with 1009",
    accepting(echo, { limits: { maxMessageBytes: 100 } }),
    {
      steps: [
        ["send", "x".repeat(100)],
        ["receive", "x".repeat(100)],
        ["send", "x".repeat(101)],
      ],
    },
    { status: 101, closeCode: 1009 },
  ],
]

const endings: WebSocketConformanceCase[] = [
  ["the end of the application closes with 1000", accepting(async () => {}), {}, { status: 101, closeCode: 1000 }],
  [
    "a failure of the application closes with 1011",
    accepting(async () => {
      throw new Error("late")
    }),
    {},
    { status: 101, closeCode: 1011, fails: true },
  ],
  [
    "the application closes with a code and a reason",
    accepting((socket) => socket.close(4001, "enough")),
    {},
    { status: 101, closeCode: 4001, closeReason: "enough" },
  ],
  [
    "what was sent before a close comes before it",
    accepting(async (socket) => {
      void socket.send("one")
      void socket.send("two")
    }),
    {
      steps: [
        ["receive", "one"],
        ["receive", "two"],
      ],
    },
    { status: 101, closeCode: 1000 },
  ],
  [
    "a close of the client ends the iteration, and tells its code",
    noting((note) =>
      accepting(async (socket) => {
        for await (const message of socket) note(String(message))
        note(`${socket.closeCode} ${socket.closeReason}`)
      }),
    ),
    {
      steps: [
        ["send", "one"],
        ["close", 4002, "bye"],
      ],
    },
    { status: 101, closeCode: 4002, notes: ["one", "4002 bye"] },
  ],
  [
    "a client that breaks off ends the iteration with 1006",
    noting((note) =>
      accepting(async (socket) => {
        await socket.send("open")
        for await (const message of socket) note(String(message))
        note(String(socket.closeCode))
      }),
    ),
    { steps: [["receive", "open"], ["break off"]] },
    { status: 101, notes: ["1006"] },
  ],
  [
    "a body is closed once, when the application is through",
    noting((note) =>
      accepting(
        async (socket) => {
          for await (const message of socket) note(String(message))
        },
        { close: () => note("close") },
      ),
    ),
    {
      steps: [
        ["send", "one"],
        ["close", 1000],
      ],
    },
    { status: 101, closeCode: 1000, notes: ["one", "close"] },
  ],
  [
    "a body is closed once when the application fails",
    noting((note) =>
      accepting(
        async () => {
          throw new Error("late")
        },
        { close: () => note("close") },
      ),
    ),
    {},
    { status: 101, closeCode: 1011, fails: true, notes: ["close"] },
  ],
]

/**
 * The cases of WebSockets, each `[name, application, request, expected]`, for servers that take them. A client makes the handshake,
 * takes the steps one after the other, and waits until the socket is closed.
 *
 * @example
 * websocketConformance.length > 20 // => true
 */
export const websocketConformance: readonly WebSocketConformanceCase[] = [...handshakes, ...messages, ...endings]
