// Rules B1-B20 of the contract, each over a real socket.

import { Worker } from "node:worker_threads"
import { describe, expect, test } from "vitest"
import type { Application, Body, Write } from "../../../src/gateway.ts"
import {
  encode,
  get,
  isOverNodeHttp,
  parseAnswer,
  RawClient,
  serve,
  serveUnlinted,
  sleep,
  talk,
} from "../../support/server.ts"

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
const KEPT = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/** Sends a request from a thread; reports what came when. */
const CLIENT = `
  const { parentPort, workerData } = require("node:worker_threads")
  const arrivals = []
  const socket = require("node:net").connect(workerData.port, "127.0.0.1", () => socket.write(workerData.request))
  socket.on("data", (chunk) => arrivals.push([Date.now(), chunk.toString("latin1")]))
  socket.on("close", () => parentPort.postMessage(arrivals))`

/** An application that answers 200 with `body`. */
const giving =
  (body: () => unknown, ...headers: [string, string][]): Application =>
  (_environ, startResponse) => {
    startResponse("200 OK", headers)
    return body() as Body
  }

/** A body that tells what happens to it. */
function watched(chunks: (Uint8Array | Error | "hang")[]): { body: Body; events: string[] } {
  const events: string[] = []
  async function* generate() {
    try {
      for (const chunk of chunks) {
        if (chunk instanceof Error) throw chunk
        if (chunk === "hang") await new Promise(() => {})
        else yield chunk as Uint8Array
      }
    } finally {
      events.push("return")
    }
  }
  const iterable = generate()
  return { events, body: { [Symbol.asyncIterator]: () => iterable, close: () => void events.push("close") } }
}

describe("B1: the body is an iterable of bytes", () => {
  test.each([
    ["an array", () => [encode("a"), encode("b")]],
    ["an array of Buffers", () => [Buffer.from("a"), Buffer.from("b")]],
    ["a Set", () => new Set([encode("a"), encode("b")])],
    ["an object with an iterator", () => ({ [Symbol.iterator]: () => [encode("a"), encode("b")][Symbol.iterator]() })],
    [
      "a generator",
      function* () {
        yield encode("a")
        yield encode("b")
      },
    ],
    [
      "an async generator",
      async function* () {
        yield encode("a")
        yield encode("b")
      },
    ],
    ["a promise of an array", async () => [encode("ab")]],
    ["a web stream", () => new Blob(["ab"]).stream()],
  ])("%s is sent", async (_what, body) => {
    // The linter hands on iterables of its own.
    for (const each of [serve, serveUnlinted]) {
      const { port, errors } = await each(giving(body))
      expect(parseAnswer(await talk(port, GET)).body).toBe("ab")
      expect(errors).toEqual([])
    }
  })

  test.each([
    ["text", () => "text"],
    ["bytes themselves", () => encode("text")],
    ["null", () => null],
    ["nothing", () => undefined],
    ["a number", () => 3],
    ["an array of text", () => ["text"]],
    ["an array with bytes first", () => [encode("a"), "b"]],
    ["an array of numbers", () => [1, 2]],
    [
      "a generator of text",
      function* () {
        yield "text"
      },
    ],
    ["an ArrayBuffer", () => [new ArrayBuffer(2)]],
    ["a sync iterator of promises", () => [Promise.resolve(encode("a"))].values()],
  ])("%s is a 500 and one log entry", async (_what, body) => {
    const { port, errors } = await serveUnlinted(giving(body))
    expect(parseAnswer(await talk(port, GET)).status).toMatch(/ 500 /)
    expect(errors).toHaveLength(1)
  })

  test("bytes are sent by view: what lies beside them in their buffer is not", async () => {
    const big = encode("secret-abc-secret")
    const { port } = await serve(giving(() => [big.subarray(7, 10)]))
    expect(parseAnswer(await talk(port, GET)).body).toBe("abc")
  })
})

describe("B2: each chunk is on its way before the next is asked for", () => {
  // The engine writes the chunks of one turn together also on a connection that ends.
  test.skipIf(!isOverNodeHttp).each([
    [
      "a sync generator",
      function* (burn: () => void) {
        yield encode("a")
        burn()
        yield encode("b")
      },
    ],
    [
      "an async generator",
      async function* (burn: () => void) {
        yield encode("a")
        burn()
        yield encode("b")
      },
    ],
  ])("%s that computes between its chunks does not hold them back", async (_what, generate) => {
    let began = 0
    const { port } = await serve(
      giving(() =>
        generate(() => {
          began = Date.now()
          while (Date.now() - began < 300);
        }),
      ),
    )
    // The client needs a thread of its own: this one computes.
    const arrivals = await new Promise<[number, string][]>((resolve) => {
      new Worker(CLIENT, { eval: true, workerData: { port, request: GET } }).once("message", resolve)
    })
    const first = arrivals.find(([, text]) => text.includes("a\r\n"))
    const second = arrivals.find(([, text]) => text.includes("b\r\n"))
    expect(first?.[0]).toBeLessThan(began + 300)
    expect(second?.[0]).toBeGreaterThanOrEqual(began + 300)
  })

  test("a chunk can be had by the client while the next is still being made", async () => {
    let proceed: () => void = () => {}
    const going = new Promise<void>((resolve) => {
      proceed = resolve
    })
    const { port } = await serve(
      giving(async function* () {
        yield encode("first")
        await going
        yield encode("second")
      }),
    )
    const client = new RawClient(port).send(GET)
    await client.until((received) => received.includes("first"))
    expect(client.received).not.toContain("second")
    proceed()
    expect(parseAnswer(await client.end()).body).toBe("firstsecond")
  })

  test("a reader that does not read holds the iterator back", async () => {
    let made = 0
    const { port } = await serve(
      giving(async function* () {
        for (; made < 1000; made++) yield new Uint8Array(100_000)
      }),
    )
    const client = new RawClient(port)
    client.socket.pause()
    client.send(GET)
    await sleep(400)
    const before = made
    await sleep(100)
    expect(made).toBe(before)
    expect(made).toBeLessThan(900)
    client.socket.destroy()
  })
})

test("B3: bytes of any value arrive as they are", async () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i)
  const { port } = await serve(giving(() => [all]))
  expect(parseAnswer(await talk(port, GET)).body).toBe(Buffer.from(all).toString("latin1"))
})

test("B4: empty chunks send nothing, and an application that gives only them notices a client that left", async () => {
  let turns = 0
  let closed = false
  const { port, errors } = await serve(
    giving(() => ({
      async *[Symbol.asyncIterator]() {
        try {
          for (;;) {
            turns++
            await sleep(5)
            yield encode("")
          }
        } finally {
          closed = true
        }
      },
    })),
  )
  const client = new RawClient(port).send(GET)
  await sleep(40)
  expect(client.received).toBe("")
  client.socket.resetAndDestroy()
  while (!closed) await sleep(5)
  const before = turns
  await sleep(30)
  expect(turns).toBe(before)
  expect(errors).toEqual([])
})

test.each([
  ["empty chunks", () => encode("")],
  ["chunks that a fast client takes at once", () => new Uint8Array(1000)],
])(
  "an endless sync generator of %s neither keeps others from being served nor outlives its client",
  async (_what, chunk) => {
    let closed = false
    const { port } = await serve((environ, startResponse) => {
      startResponse("200 OK", [])
      if (environ.PATH_INFO === "/other") return [encode("served")]
      return (function* () {
        try {
          for (;;) yield chunk()
        } finally {
          closed = true
        }
      })()
    })
    const client = new RawClient(port).send(GET)
    await sleep(30)
    expect((await get(port, "/other")).body).toBe("served")
    client.socket.resetAndDestroy()
    while (!closed) await sleep(5)
  },
)

describe("B5, B10: Content-Length", () => {
  test.each([
    ["an empty array", () => [], "0"],
    ["an array of one", () => [encode("abc")], "3"],
    ["an array of several", () => [encode("abc"), encode(""), encode("de")], "5"],
    ["a large array", () => [new Uint8Array(70_000), new Uint8Array(30_000)], "100000"],
    ["an empty generator", function* () {}, "0"],
  ])("is set for %s", async (_what, body, length) => {
    const { port } = await serve(giving(body))
    const answer = await get(port, "/")
    expect(answer.header("content-length")).toBe(length)
    expect(answer.header("transfer-encoding")).toBeUndefined()
    expect(answer.body.length).toBe(Number(length))
  })

  test("is left as the application set it", async () => {
    const { port } = await serve(giving(() => [encode("abc")], ["content-length", "3"]))
    expect((await get(port, "/")).fields.filter(([name]) => name === "content-length")).toEqual([
      ["content-length", "3"],
    ])
  })

  test("given twice alike is sent once; given twice differently is a 500", async () => {
    const twice = await serveUnlinted(giving(() => [encode("abc")], ["Content-Length", "3"], ["content-length", "3"]))
    expect((await get(twice.port, "/")).fields.filter(([name]) => name === "content-length")).toHaveLength(1)
    const differing = await serveUnlinted(
      giving(() => [encode("abc")], ["Content-Length", "3"], ["Content-Length", "4"]),
    )
    expect((await get(differing.port, "/")).status).toMatch(/ 500 /)
  })

  test.each(["abc", "-1", "1.5", "+3", "", "3, 3", "99999999999999999999"])(
    "is refused when it is %j",
    async (value) => {
      const { port } = await serveUnlinted(giving(() => [encode("abc")], ["Content-Length", value]))
      expect((await get(port, "/")).status).toMatch(/ 500 /)
    },
  )
})

describe("B6: the body is closed once", () => {
  const cases: [string, (Uint8Array | Error | "hang")[], string[]][] = [
    ["at its end", [encode("a")], ["return", "close"]],
    ["after an error before the first chunk", [new Error("x")], ["return", "close"]],
    ["after an error between chunks", [encode("a"), new Error("x")], ["return", "close"]],
  ]
  test.each(cases)("%s", async (_what, chunks, expected) => {
    const { body, events } = watched(chunks)
    const { port } = await serve(giving(() => body))
    await talk(port, GET)
    await sleep(20)
    expect(events).toEqual(expected)
  })

  test("for HEAD, after the first chunk at most", async () => {
    const { body, events } = watched([encode("a"), encode("b")])
    const { port } = await serve(
      giving(() => body),
      { allow: ["L28"] },
    )
    const answer = await talk(port, GET.replace("GET", "HEAD"))
    await sleep(20)
    expect(parseAnswer(answer).body).toBe("")
    expect(events).toEqual(["return", "close"])
  })

  test("when an array has a close", async () => {
    let closed = 0
    const { port } = await serve(giving(() => Object.assign([encode("a")], { close: async () => void closed++ })))
    await talk(port, GET)
    expect(closed).toBe(1)
  })

  test("when the body is an array that can't be sent", async () => {
    let closed = 0
    const { port } = await serveUnlinted(giving(() => Object.assign(["text"], { close: () => void closed++ })))
    await talk(port, GET)
    expect(closed).toBe(1)
  })

  test("when the client leaves in the middle", async () => {
    const { body, events } = watched([encode("a"), ...Array.from({ length: 500 }, () => new Uint8Array(100_000))])
    const { port, errors } = await serve(giving(() => body))
    const client = new RawClient(port).send(GET)
    await client.until((received) => received.length > 1000)
    client.socket.resetAndDestroy()
    while (!events.includes("close")) await sleep(5)
    expect(events).toEqual(["return", "close"])
    expect(errors).toEqual([])
  })

  test("when the client leaves before the first chunk", async () => {
    const events: string[] = []
    const { port } = await serve(
      giving(() => ({
        async *[Symbol.asyncIterator]() {
          await sleep(60)
          yield encode("a")
        },
        close: () => void events.push("close"),
      })),
    )
    const client = new RawClient(port).send(GET)
    await sleep(20)
    client.socket.resetAndDestroy()
    while (events.length === 0) await sleep(5)
    await sleep(80)
    expect(events).toEqual(["close"])
  })

  test("when the client leaves before the application has answered", async () => {
    const events: string[] = []
    const { port } = await serve(async (_environ, startResponse) => {
      await sleep(80)
      startResponse("200 OK", [])
      return Object.assign([encode("a")], { close: () => void events.push("close") })
    })
    const client = new RawClient(port).send(GET)
    await sleep(20)
    client.socket.resetAndDestroy()
    while (events.length === 0) await sleep(5)
    await sleep(30)
    expect(events).toEqual(["close"])
  })

  test("also when return() hangs, as it does on a generator that waits for ever", async () => {
    const { body, events } = watched([encode("a"), "hang"])
    const { port, errors } = await serve(giving(() => body))
    const client = new RawClient(port).send(GET)
    await client.until((received) => received.includes("a"))
    client.socket.resetAndDestroy()
    while (!events.includes("close")) await sleep(50)
    expect(events).toEqual(["close"])
    expect(errors.filter((entry) => entry.includes("did not settle"))).toHaveLength(1)
  }, 15_000)

  test("and what close() throws is logged, not sent", async () => {
    for (const close of [
      () => Promise.reject(new Error("closing")),
      () => {
        throw new Error("closing")
      },
    ]) {
      for (const body of [
        () => Object.assign([encode("a")], { close }),
        () => ({
          *[Symbol.iterator]() {
            yield encode("a")
          },
          close,
        }),
      ]) {
        const { port, errors } = await serve(giving(body))
        expect(parseAnswer(await talk(port, GET)).body).toBe("a")
        await sleep(10)
        expect(errors).toHaveLength(1)
        expect(errors[0]).toContain("closing")
      }
    }
  })
})

describe("B11, B12: Content-Length is enforced", () => {
  const follow = async (app: Application) => {
    const { port, errors } = await serveUnlinted((environ, startResponse) => {
      if (environ.PATH_INFO !== "/next") return app(environ, startResponse)
      startResponse("200 OK", [])
      return [encode("next")]
    })
    const received = await talk(port, `${KEPT}GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    return { received, errors }
  }

  test.each([
    ["an array", () => [encode("hello"), encode(" world")]],
    [
      "a generator",
      function* () {
        yield encode("hello")
        yield encode(" world")
      },
    ],
    ["one chunk across the limit", () => [encode("hello world")]],
  ])("the surplus of %s is cut off and logged, and the next response is intact", async (_what, body) => {
    const { received, errors } = await follow(giving(body, ["Content-Length", "5"]))
    expect(received).toMatch(/\r\n\r\nhelloHTTP\/1\.1 200 OK[\s\S]*\r\n\r\nnext$/)
    expect(errors).toHaveLength(1)
  })

  test.each([
    ["an array", () => [encode("hello")]],
    [
      "a generator",
      function* () {
        yield encode("hello")
      },
    ],
    ["an empty array", () => []],
    ["an empty generator", function* () {}],
  ])("the shortage of %s breaks the connection off, and no other response follows on it", async (_what, body) => {
    const { received, errors } = await follow(giving(body, ["Content-Length", "50"]))
    expect(received).not.toContain("next")
    expect(errors).toHaveLength(1)
  })

  test("an endless generator stops at Content-Length", async () => {
    let made = 0
    const { port } = await serveUnlinted(
      giving(
        function* () {
          for (;;) {
            made++
            yield new Uint8Array(10)
          }
        },
        ["Content-Length", "95"],
      ),
    )
    expect((await get(port, "/")).body.length).toBe(95)
    expect(made).toBe(10)
  })
})

describe("B13, B14: framing", () => {
  test("a body of unknown length is chunked on 1.1 and ends with the connection on 1.0", async () => {
    const { port } = await serve(
      giving(function* () {
        yield encode("a")
        yield encode("b")
      }),
    )
    expect((await get(port, "/")).header("transfer-encoding")).toBe("chunked")
    const old = await talk(port, "GET / HTTP/1.0\r\n\r\n")
    expect(old).not.toMatch(/transfer-encoding/i)
    expect(old.endsWith("\r\n\r\nab")).toBe(true)
  })

  test("HEAD of an endless body sends the head, keeps Content-Length, and leaves the connection usable", async () => {
    const { port } = await serve(
      (environ, startResponse) => {
        startResponse("200 OK", environ.PATH_INFO === "/length" ? [["Content-Length", "1000"]] : [])
        return (function* () {
          for (;;) yield encode("x")
        })()
      },
      { allow: ["L28"] },
    )
    const received = await talk(
      port,
      "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    )
    const [, first, second] = received.split("HTTP/1.1 200 OK\r\n")
    expect(first).not.toMatch(/content-length|transfer-encoding/i)
    expect(second).toMatch(/content-length: 1000/i)
    expect(received).not.toContain("x\r\n")
  })

  test("HEAD does not compute a Content-Length from its array", async () => {
    const { port } = await serve(giving(() => []))
    expect(parseAnswer(await talk(port, GET.replace("GET", "HEAD"))).header("content-length")).toBeUndefined()
  })

  test.each([
    ["204 No Content", "5", undefined],
    ["304 Not Modified", "5", "5"],
    ["205 Reset Content", "5", "0"],
    ["204 No Content", undefined, undefined],
    ["205 Reset Content", undefined, "0"],
  ])("%s with Content-Length %s sends no body and Content-Length %s", async (status, length, sent) => {
    for (const body of [
      () => [encode("hello")],
      function* () {
        yield encode("hello")
      },
      () => [],
    ]) {
      const { port } = await serveUnlinted((environ, startResponse) => {
        if (environ.PATH_INFO === "/next") startResponse("200 OK", [])
        else startResponse(status, length === undefined ? [] : [["Content-Length", length]])
        return environ.PATH_INFO === "/next" ? [] : body()
      })
      const received = await talk(port, `${KEPT}GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
      const [, first = "", second] = received.split("HTTP/1.1 ")
      const answer = parseAnswer(`HTTP/1.1 ${first}`)
      expect([answer.header("content-length"), answer.header("transfer-encoding"), answer.body]).toEqual([
        sent,
        undefined,
        "",
      ])
      expect(second).toMatch(/^200 OK/)
    }
  })
})

describe("B15, B16: errors of the application", () => {
  test.each<[string, Application]>([
    [
      "thrown at once",
      () => {
        throw new Error("broken")
      },
    ],
    [
      "rejected",
      async () => {
        throw new Error("broken")
      },
    ],
    [
      "thrown after startResponse",
      (_environ, startResponse) => {
        startResponse("200 OK", [["X-Secret", "1"]])
        throw new Error("broken")
      },
    ],
    [
      "thrown by the first step",
      // biome-ignore lint/correctness/useYield: it is to throw before it yields
      async function* () {
        throw new Error("broken")
      } as Application,
    ],
    [
      "thrown behind empty chunks",
      async function* (_e: unknown, start: (s: string, h: []) => void) {
        start("200 OK", [])
        yield encode("")
        throw new Error("broken")
      } as never,
    ],
  ])(
    "%s before the head: a plain 500 without detail, one log entry with method, path and stack",
    async (_what, app) => {
      const { port, errors } = await serve(app)
      const answer = parseAnswer(await talk(port, GET))
      expect(answer.status).toBe("HTTP/1.1 500 Internal Server Error")
      expect(answer.header("content-type")).toBe("text/plain; charset=utf-8")
      expect(answer.header("x-secret")).toBeUndefined()
      expect(answer.body).toBe("Internal Server Error\n")
      expect(errors).toHaveLength(1)
      expect(errors[0]).toMatch(/^GET \/: .*\nError: broken\n\s+at /)
    },
  )

  test("after the head: the connection breaks off without the last chunk", async () => {
    const { port, errors } = await serve(
      giving(async function* () {
        yield encode("begun")
        throw new Error("broken")
      }),
    )
    const received = await talk(port, KEPT)
    expect(received).toContain("begun")
    expect(received.endsWith("0\r\n\r\n")).toBe(false)
    expect(errors).toHaveLength(1)
  })

  test.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["text", "text"],
    ["a frozen object", Object.freeze({})],
    [
      "an object whose getters throw",
      Object.defineProperty({}, "stack", {
        get() {
          throw new Error("getter")
        },
        enumerable: true,
      }),
    ],
    [
      "a revoked proxy",
      (() => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return proxy
      })(),
    ],
  ])("what is thrown may be %s", async (_what, thrown) => {
    for (const app of [
      () => {
        throw thrown
      },
      async () => {
        throw thrown
      },
      // biome-ignore lint/correctness/useYield: it is to throw before it yields
      async function* () {
        throw thrown
      },
    ]) {
      const { port, errors } = await serve(app as unknown as Application)
      expect(parseAnswer(await talk(port, GET)).status).toMatch(/ 500 /)
      expect(errors).toHaveLength(1)
    }
  })

  test("HEAD gets a 500 without a body", async () => {
    const { port } = await serve(() => {
      throw new Error("broken")
    })
    const answer = parseAnswer(await talk(port, GET.replace("GET", "HEAD")))
    expect([answer.status, answer.body]).toEqual(["HTTP/1.1 500 Internal Server Error", ""])
  })

  test("an error that comes after the client has left is logged, unless it is about that", async () => {
    const { port, errors } = await serve(async (environ) => {
      const signal = environ["wsgi.signal"] as AbortSignal
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
      if (environ.PATH_INFO === "/bug") throw new Error("a bug")
      signal.throwIfAborted()
      return []
    })
    for (const path of ["/", "/bug"]) {
      const client = new RawClient(port).send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
      await sleep(30)
      client.socket.resetAndDestroy()
    }
    while (errors.length === 0) await sleep(5)
    await sleep(30)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain("a bug")
  })

  test("an application that never settles is let go when the client leaves", async () => {
    let finished: unknown
    const { port } = await serve((environ) => {
      environ["wsgi.response_finished"]?.push((_environ, _status, _headers, error) => {
        finished = error
      })
      return new Promise(() => {})
    })
    const client = new RawClient(port).send(GET)
    await sleep(30)
    client.socket.resetAndDestroy()
    while (finished === undefined) await sleep(5)
    expect((finished as Error).constructor.name).toBe("ClientDisconnected")
  })
})

describe("B17, B18: write", () => {
  test("sends before the chunks of the body, each at once", async () => {
    let proceed: () => void = () => {}
    const going = new Promise<void>((resolve) => {
      proceed = resolve
    })
    const { port } = await serve(
      async (_environ, startResponse) => {
        const write = startResponse("200 OK", [])
        await write(encode("a"))
        await going
        write(encode("b"))
        write(encode("c"))
        return [encode("d")]
      },
      { allow: ["L31"] },
    )
    const client = new RawClient(port).send(GET)
    await client.until((received) => received.includes("a\r\n"))
    proceed()
    expect(parseAnswer(await client.end()).body).toBe("abcd")
  })

  test("counts against Content-Length", async () => {
    const { port, errors } = await serveUnlinted((_environ, startResponse) => {
      const write = startResponse("200 OK", [["Content-Length", "3"]])
      write(encode("ab"))
      return [encode("cd")]
    })
    expect((await get(port, "/")).body).toBe("abc")
    expect(errors).toHaveLength(1)
  })

  test("rejects what is no bytes, and a call after the response is over", async () => {
    let late: Write | undefined
    const { port } = await serveUnlinted(async (_environ, startResponse) => {
      late = startResponse("200 OK", [])
      await expect(late("text" as never)).rejects.toThrow(TypeError)
      return [encode("x")]
    })
    await get(port, "/")
    await expect(late?.(encode("y"))).rejects.toThrow("over")
  })

  test("rejects when the client has gone, and a write that is not waited for ends no process", async () => {
    let outcome: unknown
    // In the linter each write has somebody who waits for it.
    const { port } = await serveUnlinted(async (_environ, startResponse) => {
      const write = startResponse("200 OK", [])
      try {
        for (;;) await write(new Uint8Array(100_000))
      } catch (error) {
        outcome = error
        write(new Uint8Array(10))
        throw error
      }
    })
    const client = new RawClient(port).send(GET)
    await client.until((received) => received.length > 1000)
    client.socket.resetAndDestroy()
    while (outcome === undefined) await sleep(5)
    expect((outcome as Error).constructor.name).toBe("ClientDisconnected")
  })
})

describe("B20: clients that leave", () => {
  test("a half-closed client gets its answer", async () => {
    const { port } = await serve(async (_environ, startResponse) => {
      await sleep(200)
      startResponse("200 OK", [])
      return [encode("still here")]
    })
    const client = new RawClient(port)
    client.socket.end(GET)
    expect(parseAnswer(await client.end()).body).toBe("still here")
  })

  test("a half-closed client gets a long answer", async () => {
    const { port } = await serve(
      giving(async function* () {
        for (let i = 0; i < 8; i++) {
          await sleep(40)
          yield encode(String(i))
        }
      }),
      { halfCloseGraceMs: 100 },
    )
    const client = new RawClient(port)
    client.socket.end(GET)
    expect(parseAnswer(await client.end()).body).toBe("01234567")
  })

  test("one that has closed altogether counts as gone after the time of grace", async () => {
    let finished: unknown
    const { port } = await serve(
      (environ) => {
        environ["wsgi.response_finished"]?.push((_environ, _status, _headers, error) => {
          finished = error
        })
        return new Promise(() => {})
      },
      { halfCloseGraceMs: 50 },
    )
    const client = new RawClient(port).send(GET)
    await sleep(20)
    client.socket.destroy()
    while (finished === undefined) await sleep(5)
    expect((finished as Error).constructor.name).toBe("ClientDisconnected")
  })
})
