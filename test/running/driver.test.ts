// The driver without a server: an exchange of thirty lines is all that an adapter has to bring.

import { AsyncLocalStorage } from "node:async_hooks"
import { describe, expect, test } from "vitest"
import { ClientDisconnected } from "../../src/exceptions/statuses.ts"
import type { Application, Body, Environ, HeaderList } from "../../src/gateway.ts"
import { TextBody } from "../../src/http/text-body.ts"
import { drive } from "../../src/running/driver.ts"
import { Exchange } from "../../src/running/exchange.ts"
import type { WireHead } from "../../src/running/wire-head.ts"
import { createEnviron } from "../../src/testing/environ-builder.ts"

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const errors = { write: () => {}, writeLines: () => {}, flush: () => {} }

/** Notes what it is told to send, and takes one chunk at a time. */
class NotingExchange extends Exchange {
  notes: string[] = []
  reports: unknown[] = []
  over: Promise<unknown>
  #finish!: (error: unknown) => void

  constructor() {
    super({ errors })
    this.over = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  override start(head: WireHead): void {
    this.notes.push(`${head.status} ${head.fields.join(" ")}`.trimEnd())
  }
  override write(chunk: Uint8Array): boolean {
    this.notes.push(decode(chunk))
    queueMicrotask(() => this.resume())
    return false
  }
  override end(): void {
    this.notes.push("end")
  }
  override destroy(): void {
    this.notes.push("broken off")
  }
  override report(message: string, error?: unknown): void {
    this.reports.push(error ?? message)
  }
  override finished(_head: WireHead | undefined, error: unknown): void {
    this.#finish(error)
  }
}

async function run(app: Application, method = "GET", more: Partial<Environ> = {}): Promise<NotingExchange> {
  const exchange = new NotingExchange()
  drive(app, { ...createEnviron("/", { method }), ...more } as Environ, exchange)
  await exchange.over
  return exchange
}

const answering =
  (status: string, body: () => Body, headers: HeaderList = []): Application =>
  (_environ, startResponse) => {
    startResponse(status, headers)
    return body()
  }
const list = (...texts: string[]) => texts.map(encode)

describe("a body of text", () => {
  class TextExchange extends NotingExchange {
    override respondText(head: WireHead, text: string): void {
      this.notes.push(`${head.status} ${head.fields.join(" ")}`, `as text: ${text}`)
    }
  }

  function notesOf(body: Body, headers: HeaderList = [], method = "GET", exchange = new TextExchange()): string[] {
    drive(
      answering("200 OK", () => body, headers),
      createEnviron("/", { method }),
      exchange,
    )
    return exchange.notes
  }

  test("goes to the exchange as it is, with its length", () => {
    expect(notesOf(new TextBody("ab"))).toEqual(["200 OK Content-Length 2", "as text: ab"])
    expect(notesOf(new TextBody("ab"), [["Content-Length", "2"]])).toEqual(["200 OK Content-Length 2", "as text: ab"])
  })

  test("becomes bytes for an exchange that knows no better", () => {
    expect(notesOf(new TextBody("ab"), [], "GET", new NotingExchange())).toEqual([
      "200 OK Content-Length 2",
      "ab",
      "end",
    ])
  })

  test("goes as bytes once something has looked at them or has changed the array", () => {
    const seen = new TextBody("abc")
    seen[0]?.fill(0x62)
    expect(notesOf(seen)).toEqual(["200 OK Content-Length 3", "bbb", "end"])
    const longer = new TextBody("abc")
    longer.push(encode("d"))
    expect(notesOf(longer)).toEqual(["200 OK Content-Length 4", "abc", "d", "end"])
  })

  test("is held to its Content-Length, and left away where there is no content", () => {
    expect(notesOf(new TextBody("abc"), [["Content-Length", "2"]])).toEqual(["200 OK Content-Length 2", "ab", "end"])
    expect(notesOf(new TextBody("abc"), [["Content-Length", "4"]])).toEqual([
      "200 OK Content-Length 4",
      "abc",
      "broken off",
    ])
    expect(notesOf(new TextBody("abc"), [], "HEAD")).toEqual(["200 OK", "end"])
  })
})

describe("a whole response", () => {
  test("is sent before drive returns, with its length", () => {
    const exchange = new NotingExchange()
    drive(
      answering("200 OK", () => list("a", "b")),
      createEnviron("/"),
      exchange,
    )
    expect(exchange.notes).toEqual(["200 OK Content-Length 2", "a", "b", "end"])
  })

  test.each([
    ["GET", "204 No Content", "204 No Content"],
    ["GET", "205 Reset Content", "205 Reset Content Content-Length 0"],
    ["GET", "304 Not Modified", "304 Not Modified"],
    ["HEAD", "200 OK", "200 OK"],
  ])("%s with %s has no content, array or stream", async (method, status, head) => {
    const array = answering(status, () => list("a"))
    const stream = answering(status, async function* () {
      yield encode("a")
    })
    for (const app of [array, stream]) expect((await run(app, method)).notes).toEqual([head, "end"])
  })

  test("a status of 1xx is refused at startResponse", async () => {
    const { notes, reports } = await run(answering("103 Early Hints", () => []))
    expect(notes[0]).toMatch(/^500 /)
    expect(reports).toEqual([expect.any(RangeError)])
  })
})

describe("a stream", () => {
  test("gives a chunk when the one before was taken, and is closed once at its end", async () => {
    const steps: string[] = []
    const app = answering("200 OK", () => {
      async function* generate() {
        for (const text of ["a", "b"]) {
          steps.push(`asked for ${text}`)
          yield encode(text)
        }
      }
      return Object.assign(generate(), { close: () => void steps.push("close") })
    })
    const { notes } = await run(app)
    expect(notes).toEqual(["200 OK", "a", "b", "end"])
    expect(steps).toEqual(["asked for a", "asked for b", "close"])
  })

  test("is not asked for more while there is no room", async () => {
    let asked = 0
    const exchange = new NotingExchange()
    exchange.write = () => false
    const app = answering("200 OK", function* () {
      for (;;) {
        asked++
        yield encode("x")
      }
    })
    drive(app, createEnviron("/"), exchange)
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toBe(1)
    exchange.resume()
    expect(asked).toBe(2)
    exchange.leave()
    await exchange.over
    expect(exchange.reports).toEqual([])
  })

  test("that never waits lets others have their turn", async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    const app = answering("200 OK", function* () {
      for (let i = 0; i < 3000 && turns < 3; i++) yield encode("")
      yield encode(turns >= 3 ? "let others run" : "held others up")
    })
    // Where each chunk has room at once, nothing but the driver itself makes way.
    const exchange = new NotingExchange()
    drive(app, createEnviron("/"), exchange)
    await exchange.over
    clearInterval(timer)
    expect(exchange.notes).toContain("let others run")
  })

  test("is returned and closed when the client leaves, and what comes late goes nowhere", async () => {
    const steps: string[] = []
    let proceed = () => {}
    const app = answering("200 OK", () => ({
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise<IteratorResult<Uint8Array>>((resolve) => {
            proceed = () => resolve({ done: false, value: encode("late") })
          }),
        return: async () => {
          steps.push("return")
          return { done: true as const, value: undefined }
        },
      }),
      close: () => void steps.push("close"),
    }))
    const exchange = new NotingExchange()
    drive(app, createEnviron("/"), exchange)
    exchange.leave()
    proceed()
    expect(await exchange.over).toBeInstanceOf(ClientDisconnected)
    expect(steps).toEqual(["return", "close"])
    expect(exchange.notes).toEqual([])
    expect(exchange.reports).toEqual([])
  })

  test("an error whose name can't be read is reported when the client has left", async () => {
    let fail: (error: unknown) => void = () => {}
    const exchange = new NotingExchange()
    drive(
      () =>
        new Promise<Body>((_resolve, reject) => {
          fail = reject
        }),
      createEnviron("/"),
      exchange,
    )
    exchange.leave()
    const error = Object.defineProperty(new Error("x"), "name", {
      get() {
        throw new Error("getter")
      },
    })
    fail(error)
    await exchange.over
    await new Promise((resolve) => setImmediate(resolve))
    expect(exchange.reports).toEqual([error])
  })

  test("a body that comes when the client has left is closed", async () => {
    let arrive: (body: Body) => void = () => {}
    let closed = 0
    const exchange = new NotingExchange()
    drive(
      () =>
        new Promise<Body>((resolve) => {
          arrive = resolve
        }),
      createEnviron("/"),
      exchange,
    )
    exchange.leave()
    await exchange.over
    arrive(Object.assign(list("a"), { close: () => void closed++ }))
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toBe(1)
  })
})

describe("failures", () => {
  const failure = new Error("on purpose")

  test.each<[string, Application]>([
    [
      "a throw",
      () => {
        throw failure
      },
    ],
    ["a rejection", () => Promise.reject(failure)],
    [
      "a throw in the first step",
      // biome-ignore lint/correctness/useYield: it fails before
      answering("200 OK", async function* () {
        throw failure
      }),
    ],
  ])("%s before the head is a plain 500, told once", async (_what, app) => {
    const { notes, reports, over } = await run(app)
    expect(notes[0]).toBe("500 Internal Server Error Content-Type text/plain; charset=utf-8 Content-Length 22")
    expect(reports).toEqual([failure])
    expect(await over).toBe(failure)
  })

  test("a throw after the head breaks off", async () => {
    const app = answering("200 OK", async function* () {
      yield encode("a")
      throw failure
    })
    const { notes, reports } = await run(app)
    expect(notes).toEqual(["200 OK", "a", "broken off"])
    expect(reports).toEqual([failure])
  })

  test("a body that is too short breaks off, and the request did not end well", async () => {
    const { notes, over } = await run(answering("200 OK", () => list("abc"), [["Content-Length", "5"]]))
    expect(notes).toEqual(["200 OK Content-Length 5", "abc", "broken off"])
    expect(await over).toBeInstanceOf(Error)
  })

  test.each([undefined, null, "text", 0])("what is thrown may be %o", async (thrown) => {
    const { notes } = await run(() => {
      throw thrown
    })
    expect(notes[0]).toMatch(/^500 /)
  })

  test("a thenable that calls back twice is heard once", async () => {
    const twice = {
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      then: (resolve: (body: Body) => void) => {
        resolve(list("a"))
        resolve(list("b"))
      },
    }
    const { notes } = await run((_environ, startResponse) => {
      startResponse("200 OK", [])
      return twice as unknown as Promise<Body>
    })
    expect(notes).toEqual(["200 OK Content-Length 1", "a", "end"])
  })
})

describe("AsyncLocalStorage", () => {
  test("of the caller of the application holds in each step, in close, and in callbacks", async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: string[] = []
    const see = (where: string) => seen.push(`${where} ${storage.getStore()}`)
    const inner: Application = (environ, startResponse) => {
      environ["wsgi.response_finished"]?.push(() => void see("callback"))
      startResponse("200 OK", [])
      async function* generate() {
        see("first step")
        yield encode("a")
        await new Promise((resolve) => setImmediate(resolve))
        see("second step")
        yield encode("b")
      }
      return Object.assign(generate(), { close: () => void see("close") })
    }
    const outer: Application = (environ, startResponse) => storage.run("store", () => inner(environ, startResponse))
    await run(outer, "GET", { "wsgi.response_finished": [] })
    expect(seen).toEqual(["first step store", "second step store", "close store", "callback store"])
  })

  test("of two requests at once are kept apart", async () => {
    const storage = new AsyncLocalStorage<number>()
    const app: Application = (environ, startResponse) =>
      storage.run(Number(environ.QUERY_STRING), () =>
        answering("200 OK", async function* () {
          for (let i = 0; i < 3; i++) {
            await new Promise((resolve) => setImmediate(resolve))
            yield encode(String(storage.getStore()))
          }
        })(environ, startResponse),
      )
    const runs = Array.from({ length: 20 }, (_, i) => run(app, "GET", { QUERY_STRING: String(i) }))
    for (const [i, exchange] of (await Promise.all(runs)).entries()) {
      expect(exchange.notes.slice(1, 4)).toEqual([String(i), String(i), String(i)])
    }
  })
})

describe("write", () => {
  test("settles when there is room, and rejects when the client leaves", async () => {
    const results: string[] = []
    const exchange = new NotingExchange()
    exchange.write = () => false
    drive(
      (_environ, startResponse) => {
        const write = startResponse("200 OK", [])
        write(encode("a")).then(
          () => results.push("taken"),
          (error: Error) => results.push(error.constructor.name),
        )
        write(encode("b")).catch((error: Error) => results.push(error.constructor.name))
        return new Promise<Body>(() => {})
      },
      createEnviron("/"),
      exchange,
    )
    await new Promise((resolve) => setImmediate(resolve))
    expect(results).toEqual([])
    exchange.leave()
    await exchange.over
    await new Promise((resolve) => setImmediate(resolve))
    expect(results).toEqual(["ClientDisconnected", "ClientDisconnected"])
  })

  test("after the response is an error that need not be caught", async () => {
    let write: ((chunk: Uint8Array) => Promise<void>) | undefined
    await run((_environ, startResponse) => {
      write = startResponse("200 OK", [])
      return []
    })
    const late = write?.(encode("a"))
    await new Promise((resolve) => setImmediate(resolve))
    await expect(late).rejects.toThrow("over")
  })
})
