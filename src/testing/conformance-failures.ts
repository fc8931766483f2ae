// Conformance: applications that fail or break the rules, and what is closed, when, and how often.

import type { Application, Body, HeaderList, StartResponse } from "../gateway.ts"
import { type ConformanceCase, latin1, noting, say } from "./conformance-case.ts"

const PLAIN: HeaderList = [["Content-Type", "text/plain"]]
const start = (startResponse: StartResponse, more: HeaderList = []) => startResponse("200 OK", [...PLAIN, ...more])

const errors: ConformanceCase[] = [
  [
    "an error before startResponse is a 500",
    () => {
      throw new Error("before")
    },
    {},
    { status: 500, fails: "before the head" },
  ],
  [
    "a rejection before startResponse is a 500",
    async () => Promise.reject(new Error("before")),
    {},
    { status: 500, fails: "before the head" },
  ],
  [
    "an error behind startResponse is a 500, too",
    (_, startResponse) => {
      start(startResponse, [["X-N", "1"]])
      throw new Error("behind")
    },
    {},
    { status: 500, headers: { "x-n": null }, fails: "before the head" },
  ],
  [
    "an error in the first iteration is a 500",
    async function* (_environ, startResponse) {
      start(startResponse)
      yield latin1("")
      throw new Error("first")
    } as Application,
    {},
    { status: 500, fails: "before the head" },
  ],
  [
    "an error after the head cuts the response",
    async function* (_environ, startResponse) {
      start(startResponse)
      yield latin1("hel")
      throw new Error("late")
    } as Application,
    {},
    { status: 200, body: "hel", fails: "after the head" },
  ],
  [
    "after the head, startResponse throws the error back",
    noting(
      (note) =>
        async function* (_environ, startResponse) {
          start(startResponse)
          yield latin1("hel")
          const late = new Error("late")
          try {
            startResponse("500 Sorry", [...PLAIN], late)
          } catch (reason) {
            note(reason === late ? "thrown back" : "another error")
            throw reason
          }
        } as Application,
    ),
    {},
    { status: 200, body: "hel", fails: "after the head", notes: ["thrown back"] },
  ],
]

const breaches: ConformanceCase[] = [
  [
    "no startResponse is a 500",
    () => [latin1("hello")],
    {},
    { status: 500, fails: "before the head", breaks: ["L26"] },
  ],
  [
    "an array of text is a 500",
    (_, startResponse) => [start(startResponse) && "hello"] as unknown as Body,
    {},
    { status: 500, fails: "before the head", breaks: ["L26"] },
  ],
  [
    "text as body is a 500",
    (_, startResponse) => (start(startResponse) && "hello") as unknown as Body,
    {},
    { status: 500, fails: "before the head", breaks: ["L25"] },
  ],
  [
    "null as body is a 500",
    (_, startResponse) => (start(startResponse) && null) as unknown as Body,
    {},
    { status: 500, fails: "before the head", breaks: ["L25"] },
  ],
  [
    "a body that is too long is cut at Content-Length",
    async function* (_environ, startResponse) {
      start(startResponse, [["Content-Length", "4"]])
      yield latin1("hel")
      yield latin1("lo")
    } as Application,
    {},
    { status: 200, headers: { "content-length": "4" }, body: "hell", breaks: ["L28"] },
  ],
  [
    "a body that is too short cuts the response",
    async function* (_environ, startResponse) {
      start(startResponse, [["Content-Length", "9"]])
      yield latin1("hello")
    } as Application,
    {},
    { status: 200, body: "hello", fails: "after the head", breaks: ["L28"] },
  ],
  ...(
    [
      ["L17", "a malformed status", "200", []],
      ["L34", "a status of 1xx", "103 Early Hints", []],
      ["L34", "a 101 without a handshake", "101 Switching Protocols", []],
      ["L19", "a line feed in a value", "200 OK", [["X-N", "1\r\nSet-Cookie: a=b"]]],
      ["L19", "a space in a name", "200 OK", [["X N", "1"]]],
      ["L19", "a value beyond Latin-1", "200 OK", [["X-N", "\u65e5"]]],
      ["L22", "a header of the connection", "200 OK", [["Transfer-Encoding", "chunked"]]],
    ] as [string, string, string, HeaderList][]
  ).map(
    ([rule, what, status, headers]): ConformanceCase => [
      `${what} is refused at startResponse`,
      (_, startResponse) => {
        try {
          startResponse(status, headers)
        } catch (reason) {
          startResponse("200 OK", [...PLAIN], reason as Error)
          return [latin1("refused")]
        }
        return [latin1("taken")]
      },
      {},
      { status: 200, headers: { "x-n": null, "set-cookie": null }, body: "refused", breaks: [rule] },
    ],
  ),
  [
    "a second startResponse without an error is refused",
    (_, startResponse) => {
      start(startResponse)
      try {
        startResponse("201 Created", [...PLAIN])
      } catch {
        return [latin1("refused")]
      }
      return [latin1("taken")]
    },
    {},
    { status: 200, body: "refused", breaks: ["L23"] },
  ],
]

/** A body that tells of its closing, and whether the iteration had been left open. */
function watched(note: (text: string) => void, chunks: () => AsyncGenerator<Uint8Array>): Body {
  const iterator = chunks()
  let open = false
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        open = true
        try {
          const step = await iterator.next()
          open = !step.done
          return step
        } catch (error) {
          open = false
          throw error
        }
      },
      return: (value) => {
        open = false
        return iterator.return(value)
      },
    }),
    close: () => note(open ? "close without return" : "close"),
  }
}

const closing = (chunks: () => AsyncGenerator<Uint8Array>, headers: HeaderList = []): Application =>
  noting((note) => (_, startResponse) => {
    start(startResponse, headers)
    return watched(note, chunks)
  })

async function* two(): AsyncGenerator<Uint8Array> {
  yield latin1("hel")
  yield latin1("lo")
}
async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield latin1("again")
}
async function* failing(): AsyncGenerator<Uint8Array> {
  yield latin1("hel")
  throw new Error("late")
}

const closes: ConformanceCase[] = [
  ["a body is closed once, at its end", closing(two), {}, { status: 200, body: "hello", notes: ["close"] }],
  [
    "a body that fails is closed once",
    closing(failing),
    {},
    { status: 200, body: "hel", fails: "after the head", notes: ["close"] },
  ],
  [
    "a body that is left early is ended, then closed",
    closing(endless),
    { method: "HEAD" },
    { status: 200, body: "", breaks: ["L28"], notes: ["close"] },
  ],
  [
    "an array with close() is closed once",
    noting((note) => (_, startResponse) => Object.assign(say(startResponse, "hello"), { close: () => note("close") })),
    {},
    { status: 200, body: "hello", notes: ["close"] },
  ],
  [
    "a body is closed when startResponse was never called",
    noting((note) => () => Object.assign([latin1("hello")], { close: () => note("close") })),
    {},
    { status: 500, fails: "before the head", breaks: ["L26"], notes: ["close"] },
  ],
  [
    "close() may be async",
    noting((note) => (_, startResponse) => {
      const close = async () => {
        await new Promise((resolve) => setImmediate(resolve))
        note("close")
      }
      return Object.assign(say(startResponse, "hello"), { close })
    }),
    {},
    { status: 200, body: "hello", notes: ["close"] },
  ],
]

/** Applications that fail or break the rules, and what is closed. */
export const failureCases: readonly ConformanceCase[] = [...errors, ...breaches, ...closes]
