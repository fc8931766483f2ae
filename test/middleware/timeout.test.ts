import { describe, expect, test } from "vitest"
import type { Application, Environ } from "../../src/gateway.ts"
import { RequestTimedOut, timeout } from "../../src/middleware/timeout.ts"
import { linted, reportedBreaches } from "../support/lint.ts"
import { get, RawClient, serve, serveUnlinted, sleep } from "../support/server.ts"
import { answer, call, stream } from "./calling.ts"

const TEXT: [string, string][] = [["Content-Type", "text/plain"]]
const within =
  (timeoutMs: number, retryAfterSeconds?: number) =>
  (app: Application): Application =>
    timeout(app, { timeoutMs, retryAfterSeconds })

const hanging = (steps: (sleeping: (ms: number) => Promise<void>) => AsyncGenerator<Uint8Array>): Application =>
  async function* (_: unknown, start: Parameters<Application>[1]) {
    start("200 OK", [...TEXT])
    yield* steps((ms) => sleep(ms))
  } as unknown as Application

describe("in time", () => {
  test.each([
    ["an array", answer("a")],
    ["a promise", async (environ, start) => answer("a")(environ, start)],
    ["chunks", stream(["a"])],
    ["no chunk", stream([])],
    [
      "a first chunk in time and the others later",
      hanging(async function* (sleeping) {
        yield Buffer.from("a")
        await sleeping(80)
        yield Buffer.from("b")
      }),
    ],
  ] as [string, Application][])("%s is left alone", async (_, app) => {
    const plain = await call((inner) => inner, {}, app)
    const { status, text } = await call(within(50), {}, app)
    expect([status, text]).toEqual([plain.status, plain.text])
  })

  test("an array that is returned is the very same, without a wait", () => {
    const body: Uint8Array[] = []
    const app = timeout(() => body, { timeoutMs: 5 })
    expect(app({} as Environ, () => async () => undefined)).toBe(body)
  })

  test("what the application throws is passed on", async () => {
    const failing: Application = async () => {
      throw new Error("own")
    }
    await expect(call(within(50), {}, failing)).rejects.toThrow("own")
  })
})

describe("too late", () => {
  test("a promise is answered for with 503, and what it gives later is closed", async () => {
    let closed = 0
    const late: Application = async (_environ, start) => {
      await sleep(60)
      try {
        start("200 OK", [...TEXT])
      } catch (error) {
        expect(error).toBeInstanceOf(RequestTimedOut)
      }
      return Object.assign([], { close: () => void closed++ })
    }
    // The application answers when it is over, which rule L35 says.
    const { code, header } = await call(within(10, 30), { allow: ["L35", "L27", "L26"] }, late)
    expect([code, header("Retry-After")]).toEqual([503, "30"])
    await sleep(80)
    expect(closed).toBe(1)
    reportedBreaches()
  })

  test("a first chunk takes the place of the answer that was begun", async () => {
    const app = hanging(async function* (sleeping) {
      await sleeping(60)
      yield Buffer.from("never sent")
    })
    const { port, errors } = await serve(linted(within(10)(linted(app))))
    const { status, body } = await get(port, "/")
    expect(status).toBe("HTTP/1.1 503 Service Unavailable")
    expect(body).toContain("Service Unavailable")
    expect(body).not.toContain("never sent")
    expect(errors).toEqual([])
  })

  test("empty chunks are no answer", async () => {
    const app = hanging(async function* (sleeping) {
      for (let i = 0; i < 10; i++) {
        yield new Uint8Array()
        await sleeping(10)
      }
    })
    const { port } = await serve(linted(within(30)(linted(app))))
    expect((await get(port, "/")).status).toContain("503")
  })

  test("the signal is aborted with the reason", async () => {
    let reason: unknown
    const app: Application = (environ) => {
      const signal = environ["wsgi.signal"] as AbortSignal
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason
          reject(signal.reason)
        })
      })
    }
    const { port, errors } = await serve(linted(within(10)(linted(app))))
    expect((await get(port, "/")).status).toContain("503")
    expect(reason).toBeInstanceOf(RequestTimedOut)
    expect(errors).toEqual([])
  })

  test("write() is refused, and the response is cut where its head was sent", async () => {
    const outcome: unknown[] = []
    const app: Application = async (_environ, startResponse) => {
      const write = startResponse("200 OK", [...TEXT])
      await write(Buffer.from("a"))
      await sleep(50)
      await write(Buffer.from("b")).catch((error) => outcome.push(error))
      return []
    }
    const { port } = await serve(within(10)(app))
    const client = new RawClient(port)
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    const received = await client.end()
    expect(received).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(received).not.toMatch(/0\r\n\r\n$/)
    await sleep(60)
    expect(outcome).toEqual([expect.any(RequestTimedOut)])
  })
})

test("the server's own signal still works, and is made only when it is asked for", async () => {
  const reasons: unknown[] = []
  const app: Application = (environ) => {
    const signal = environ["wsgi.signal"] as AbortSignal
    expect(environ["wsgi.signal"]).toBe(signal)
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        reasons.push((signal.reason as Error).name)
        reject(signal.reason)
      })
    })
  }
  const { port } = await serve(linted(within(5000)(linted(app))))
  const client = new RawClient(port)
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
  await sleep(30)
  client.socket.resetAndDestroy()
  for (let tries = 0; reasons.length === 0 && tries < 200; tries++) await sleep(10)
  expect(reasons).toEqual(["Bad Request"])

  // Another accessor in the place of the server's would make the environ slow to read.
  const accessors: unknown[] = []
  const note =
    (inner: Application): Application =>
    (environ, startResponse) => {
      accessors.push(Object.getOwnPropertyDescriptor(environ, "wsgi.signal")?.get)
      return inner(environ, startResponse)
    }
  await get((await serveUnlinted(note(within(5000)(note(answer("hello")))))).port, "/")
  expect(accessors[0]).toBeTypeOf("function")
  expect(accessors[1]).toBe(accessors[0])

  let made = 0
  const environ = Object.defineProperty({} as Environ, "wsgi.signal", {
    get: () => {
      made++
      return new AbortController().signal
    },
    configurable: true,
    enumerable: true,
  })
  timeout(() => [], { timeoutMs: 10 })(environ, () => async () => undefined)
  expect(made).toBe(0)
  expect(environ["wsgi.signal"]).toBe(environ["wsgi.signal"])
  expect(made).toBe(1)
})

test.each([
  [20, 5000, 20],
  [5000, 20, 20],
])(
  "of two layers, %i ms outside and %i ms inside, the shorter one counts for the signal",
  async (outside, inside, ms) => {
    const waiting: Application = (environ) =>
      new Promise((_, reject) => {
        const signal = environ["wsgi.signal"] as AbortSignal
        signal.addEventListener("abort", () => reject(signal.reason))
      })
    const reasons: unknown[] = []
    const noting: Application = async (environ, startResponse) => {
      try {
        return await waiting(environ, startResponse)
      } catch (error) {
        reasons.push(error)
        throw error
      }
    }
    const { code } = await call(
      (app) => timeout(timeout(app, { timeoutMs: inside }), { timeoutMs: outside }),
      {},
      noting,
    )
    expect(code).toBe(503)
    expect(reasons).toMatchObject([{ timeoutMs: ms }])
  },
)

test("a signal that a layer in between has put there is heeded", async () => {
  const own = new AbortController()
  const between =
    (app: Application): Application =>
    (environ, startResponse) => {
      environ["wsgi.signal"] = own.signal
      return app(environ, startResponse)
    }
  const aborted: boolean[] = []
  const app: Application = (environ, startResponse) => {
    own.abort()
    aborted.push((environ["wsgi.signal"] as AbortSignal).aborted)
    return answer("a")(environ, startResponse)
  }
  await call((inner) => timeout(between(timeout(inner, { timeoutMs: 5000 })), { timeoutMs: 5000 }), {}, app)
  expect(aborted).toEqual([true])
})

test.each([0, -1, Number.NaN, 2 ** 31, undefined])("timeoutMs can't be %s", (timeoutMs) => {
  expect(() => timeout(() => [], { timeoutMs: timeoutMs as number })).toThrow(RangeError)
})
