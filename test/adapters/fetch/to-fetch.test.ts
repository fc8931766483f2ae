// toFetch beyond the conformance table: what streams, who is told that the client left, limits, and what the runtime adds.

import { describe, expect, test } from "vitest"
import { toFetch } from "../../../src/adapters/fetch.ts"
import { ClientDisconnected } from "../../../src/exceptions/statuses.ts"
import type { Application, Environ } from "../../../src/gateway.ts"
import { Request as OurRequest } from "../../../src/wrappers/request.ts"
import { Response as OurResponse } from "../../../src/wrappers/response.ts"
import { linted } from "../../support/lint.ts"
import { encode } from "../../support/server.ts"

const silent = { write() {}, writeLines() {}, flush() {} }
const url = "http://example.org/"
const handler = (app: Application, options: Parameters<typeof toFetch>[1] = {}) =>
  toFetch(linted(app, { allow: ["L20"] }), { errors: silent, ...options })

/** Answers with these variables, as JSON. */
const showing =
  (...keys: string[]): Application =>
  (environ, start) => {
    start("200 OK", [])
    return [
      encode(
        JSON.stringify(Object.fromEntries(keys.filter((key) => key in environ).map((key) => [key, environ[key]]))),
      ),
    ]
  }

describe("the environ", () => {
  test.each([
    ["http://example.org/a?b", { SERVER_NAME: "example.org", SERVER_PORT: "80", HTTP_HOST: "example.org" }],
    ["https://example.org/", { SERVER_NAME: "example.org", SERVER_PORT: "443", HTTP_HOST: "example.org", HTTPS: "on" }],
    ["http://[::1]:81/", { SERVER_NAME: "[::1]", SERVER_PORT: "81", HTTP_HOST: "[::1]:81" }],
  ])("names the server of %s", async (address, expected) => {
    const handle = handler(showing("SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "HTTPS"))
    expect(await (await handle(new Request(address))).json()).toEqual(expected)
  })

  test("changes with the server that is asked", async () => {
    const handle = handler(showing("SERVER_NAME"))
    const ask = async (address: string) => ((await (await handle(new Request(address))).json()) as Environ).SERVER_NAME
    expect([await ask("http://a.test/"), await ask("http://b.test/"), await ask("http://a.test/")]).toEqual([
      "a.test",
      "b.test",
      "a.test",
    ])
  })

  test("has no fragment in the target", async () => {
    const handle = handler(showing("REQUEST_URI", "PATH_INFO", "QUERY_STRING"))
    const expected = { REQUEST_URI: "/a?b", PATH_INFO: "/a", QUERY_STRING: "b" }
    expect(await (await handle(new Request("http://h/a?b#c/d"))).json()).toEqual(expected)
    expect(await (await handle(new Request("http://h/#c?d"))).json()).toEqual({
      REQUEST_URI: "/",
      PATH_INFO: "/",
      QUERY_STRING: "",
    })
  })

  test("has the Host that the client sent", async () => {
    const request = new Request("http://localhost:3000/", { headers: { Host: "shop.example" } })
    expect(await (await handler(showing("HTTP_HOST", "SERVER_NAME"))(request)).json()).toEqual({
      HTTP_HOST: "shop.example",
      SERVER_NAME: "localhost",
    })
  })

  test("takes further keys from a record", async () => {
    const handle = handler(showing("my.key", "my.none"), { environ: { "my.key": 1, "my.none": undefined } })
    expect(await (await handle(new Request(url))).json()).toEqual({ "my.key": 1 })
  })

  test("takes further keys from what the runtime passes", async () => {
    const app = linted(showing("REMOTE_ADDR", "REMOTE_PORT", "my.none"), { allow: ["L20"] })
    const handle = toFetch(app, {
      environ: (_request, info: { address: string }) => ({ REMOTE_ADDR: info.address, "my.none": undefined }),
    })
    expect(await (await handle(new Request(url), { address: "192.0.2.1" })).json()).toEqual({
      REMOTE_ADDR: "192.0.2.1",
    })
  })

  test("is made anew when the function for further keys fails, which is a 500", async () => {
    const reported: string[] = []
    const handle = toFetch(showing(), {
      errors: { ...silent, write: (text) => void reported.push(text) },
      environ: () => {
        throw new Error("no address")
      },
    })
    expect((await handle(new Request(url))).status).toBe(500)
    expect(reported.join("")).toContain("no address")
  })

  test("tells no address when the caller does not", async () => {
    expect(await (await handler(showing("REMOTE_ADDR", "REMOTE_PORT"))(new Request(url))).json()).toEqual({})
  })
})

describe("limits are those of the HTTP servers", () => {
  const ok: Application = (_environ, start) => {
    start("200 OK", [])
    return []
  }
  const fields = (count: number, length = 1) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "x".repeat(length)]))

  test.each([
    ["a target of 8001 characters", new Request(`${url}${"a".repeat(8000)}`), 414],
    ["201 fields", new Request(url, { headers: fields(201) }), 431],
    ["a head of more than 16 KiB", new Request(url, { headers: fields(17, 1024) }), 431],
    ["a malformed Host", new Request(url, { headers: { Host: "a b" } }), 400],
    [
      "two Hosts",
      new Request(url, {
        headers: [
          ["Host", "a"],
          ["Host", "b"],
        ],
      }),
      400,
    ],
    ["a malformed length", new Request(url, { headers: { "Content-Length": "+5" } }), 400],
    [
      "two lengths",
      new Request(url, {
        headers: [
          ["Content-Length", "5"],
          ["Content-Length", "6"],
        ],
      }),
      400,
    ],
    ["another coding", new Request(url, { headers: { "Transfer-Encoding": "gzip" } }), 501],
    ["a target of 8000 characters", new Request(`${url}${"a".repeat(7999)}`), 200],
    ["199 fields", new Request(url, { headers: fields(199) }), 200],
  ])("%s", async (_, request, status) => {
    const response = await handler(ok)(request)
    expect(response.status).toBe(status)
    await response.text()
  })

  test("can be set", async () => {
    const handle = handler(ok, { maxFields: 2, maxTargetLength: 3, maxHeadBytes: 40 })
    expect((await handle(new Request("http://h/abc"))).status).toBe(414)
    expect((await handle(new Request("http://h/", { headers: { a: "1", b: "2" } }))).status).toBe(431)
    expect((await handle(new Request("http://h/", { headers: { a: "1".repeat(40) } }))).status).toBe(431)
    expect((await handle(new Request("http://h/", { headers: { a: "1" } }))).status).toBe(200)
  })

  test("a refusal of HEAD has no body", async () => {
    const response = await handler(ok, { maxTargetLength: 1 })(new Request("http://h/ab", { method: "HEAD" }))
    expect([response.status, response.body]).toEqual([414, null])
  })
})

describe("a stream", () => {
  /** Counts the chunks that were made. */
  function counting(): { app: Application; made: () => number; ended: Promise<string> } {
    let made = 0
    let end!: (how: string) => void
    const ended = new Promise<string>((resolve) => {
      end = resolve
    })
    const app: Application = (_environ, start) => {
      start("200 OK", [])
      return (async function* () {
        try {
          for (;;) {
            made++
            yield encode("tick\n")
          }
        } finally {
          end("finally")
        }
      })()
    }
    return { app, made: () => made, ended }
  }

  test("makes a chunk when one is asked for", async () => {
    const { app, made } = counting()
    const reader = (await handler(app)(new Request(url))).body?.getReader()
    for (let count = 0; count < 5; count++) await reader?.read()
    expect(made()).toBeLessThanOrEqual(6)
    await reader?.cancel()
  })

  test("goes on for a reader that asks for several at once", async () => {
    const app: Application = (_environ, start) => {
      start("200 OK", [])
      return (async function* () {
        for (const text of ["a", "b", "c", "d"]) yield encode(text)
      })()
    }
    const reader = (await handler(app)(new Request(url))).body?.getReader()
    const steps = await Promise.all(Array.from({ length: 5 }, () => reader?.read()))
    expect(steps.map((step) => (step?.done ? "end" : new TextDecoder().decode(step?.value))).join("")).toBe("abcdend")
  })

  test("that is cancelled ends the body, and cancel lasts until the body is closed", async () => {
    const events: string[] = []
    const app: Application = (_environ, start) => {
      start("200 OK", [])
      const body = (async function* () {
        try {
          for (;;) yield encode("tick\n")
        } finally {
          await new Promise((resolve) => setTimeout(resolve, 20))
          events.push("finally")
        }
      })()
      return Object.assign(body, { close: () => void events.push("close") })
    }
    const reader = (await handler(app)(new Request(url))).body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(events).toEqual(["finally", "close"])
  })

  test("ends when the request is aborted while it waits", async () => {
    const controller = new AbortController()
    let reason: unknown
    const app: Application = (environ, start) => {
      start("200 OK", [])
      const signal = environ["wsgi.signal"] as AbortSignal
      return (async function* () {
        yield encode("a")
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
        reason = signal.reason
      })()
    }
    const response = await handler(app)(new Request(url, { signal: controller.signal }))
    const reader = response.body?.getReader()
    await reader?.read()
    const next = reader?.read()
    await new Promise((resolve) => setTimeout(resolve, 1))
    controller.abort()
    await expect(next).rejects.toThrow("aborted")
    while (reason === undefined) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(reason).toBeInstanceOf(ClientDisconnected)
  })

  test("that fails is an error for its reader", async () => {
    const app: Application = (_environ, start) => {
      start("200 OK", [])
      return (async function* () {
        yield encode("a")
        throw new Error("late")
      })()
    }
    const response = await handler(app)(new Request(url))
    await expect(response.text()).rejects.toThrow("broken off")
  })
})

describe("a client that leaves", () => {
  test("before the answer is told to the application, and answered with 499", async () => {
    const controller = new AbortController()
    let told: unknown
    const app: Application = async (environ, start) => {
      start("200 OK", [])
      const signal = environ["wsgi.signal"] as AbortSignal
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
      told = signal.reason
      return []
    }
    const answer = handler(app)(new Request(url, { signal: controller.signal }))
    controller.abort()
    expect((await answer).status).toBe(499)
    expect(told).toBeInstanceOf(ClientDisconnected)
  })

  test("before the request was seen is told too", async () => {
    const app: Application = () => new Promise(() => {})
    const request = new Request(url, { signal: AbortSignal.abort() })
    expect((await toFetch(app, { errors: silent })(request)).status).toBe(499)
  })

  test("while it sends its body makes the read fail", async () => {
    const controller = new AbortController()
    let failure: unknown
    const app: Application = async (environ) => {
      try {
        await environ["wsgi.input"].read()
      } catch (error) {
        failure = error
        throw error
      }
      return []
    }
    const body = new ReadableStream({ pull: () => new Promise(() => {}) })
    const init = { method: "POST", body, duplex: "half", signal: controller.signal } as RequestInit
    const answer = handler(app)(new Request(url, init))
    controller.abort()
    await answer
    while (failure === undefined) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(failure).toBeInstanceOf(ClientDisconnected)
  })

  test.each([
    ["at once", (() => [encode("ok")]) as () => Uint8Array[] | Promise<Uint8Array[]>],
    ["without waiting for anything outside", async () => await Promise.resolve([encode("ok")])],
  ])("is not watched for by a request that is answered %s, since a runtime's signal is dear", async (_how, body) => {
    const request = new Request(url)
    let asked = 0
    const { signal } = request
    const get = () => {
      asked++
      return signal
    }
    Object.defineProperty(request, "signal", { get })
    const app: Application = (_environ, start) => {
      start("200 OK", [])
      return body()
    }
    expect(await (await handler(app)(request)).text()).toBe("ok")
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toBe(0)
  })

  test("is no news once the response is over, as when Deno aborts the signal of each success", async () => {
    const controller = new AbortController()
    const signals: AbortSignal[] = []
    const errors: string[] = []
    const app: Application = async (environ, start) => {
      signals.push(environ["wsgi.signal"] as AbortSignal)
      environ["wsgi.response_finished"]?.push((_environ, status, _headers, error) => {
        errors.push(`${status} ${error}`)
      })
      start("200 OK", [])
      return [encode("hi")]
    }
    const response = await handler(app)(new Request(url, { signal: controller.signal }))
    expect(await response.text()).toBe("hi")
    controller.abort()
    expect([signals[0]?.aborted, errors]).toEqual([false, ["200 OK undefined"]])
  })
})

describe("the request body", () => {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    new Request(url, { method: "POST", body, headers, duplex: "half" } as RequestInit)
  const echo: Application = async (environ, start) => {
    start("200 OK", [])
    return [await environ["wsgi.input"].read()]
  }

  test("is read as it comes", async () => {
    const app: Application = (environ, start) => {
      start("200 OK", [])
      return (async function* () {
        for await (const chunk of environ["wsgi.input"]) yield chunk
      })()
    }
    let controller!: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({
      start: (own) => {
        controller = own
      },
    })
    const answer = handler(app)(post(body))
    controller.enqueue(encode("one"))
    const reader = (await answer).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("one")
    controller.enqueue(encode("two"))
    controller.close()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("two")
    expect((await reader?.read())?.done).toBe(true)
  })

  test("that is shorter than its length is a client that left", async () => {
    expect((await handler(echo)(post("abc", { "Content-Length": "9" }))).status).toBe(500)
    const view = OurRequest.application(async (request) => new OurResponse(await request.text()))
    expect((await handler(view)(post("abc", { "Content-Length": "9" }))).status).toBe(400)
  })

  test("that fails is a client that left", async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) })
    const view = OurRequest.application(async (request) => new OurResponse(await request.text()))
    expect((await handler(view)(post(body))).status).toBe(400)
  })

  test("that was read before is an error that says so", async () => {
    const request = post("abc")
    await request.text()
    const reported: string[] = []
    const handle = toFetch(echo, { errors: { ...silent, write: (text) => void reported.push(text) } })
    expect((await handle(request)).status).toBe(500)
    expect(reported.join("")).toContain("was read before")
  })

  test("that was read in part is let go of", async () => {
    let cancelled = false
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(encode("x".repeat(100))),
      cancel: () => {
        cancelled = true
      },
    })
    const app: Application = async (environ, start) => {
      await environ["wsgi.input"].read(10)
      start("200 OK", [])
      return []
    }
    await handler(app)(post(body))
    expect(cancelled).toBe(true)
  })

  test("of text is a mistake of the code that made the request", async () => {
    const body = new ReadableStream({
      pull: (controller) => {
        controller.enqueue("text")
        controller.close()
      },
    })
    expect((await handler(echo)(post(body))).status).toBe(500)
  })
})

describe("the end", () => {
  test("waitUntil of the runtime is told of what outlasts the response", async () => {
    let isClosed = false
    const app: Application = async (_environ, start) => {
      start("200 OK", [])
      const close = async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        isClosed = true
      }
      return Object.assign([encode("hi")], { close })
    }
    const waits: Promise<unknown>[] = []
    const context = {
      waitUntil(promise: Promise<unknown>) {
        waits.push(promise)
      },
    }
    const response = await handler(app)(new Request(url), {}, context)
    expect(await response.text()).toBe("hi")
    expect(isClosed).toBe(false)
    await Promise.all(waits)
    expect(isClosed).toBe(true)
  })

  test("onFinished is called once, with code and bytes", async () => {
    const finished: [number | undefined, number][] = []
    const app: Application = (_environ, start) => {
      start("201 Created", [])
      return [encode("hi")]
    }
    const handle = handler(app, { onFinished: ({ code, bytes }) => void finished.push([code, bytes]) })
    await (await handle(new Request(url))).text()
    expect(finished).toEqual([[201, 2]])
  })

  test("a status above 599, which a Response can't have, is a 500 that is reported", async () => {
    const reported: string[] = []
    const app: Application = (_environ, start) => {
      start("799 Odd", [])
      return [encode("hi")]
    }
    const handle = toFetch(app, { errors: { ...silent, write: (text) => void reported.push(text) } })
    expect((await handle(new Request(url))).status).toBe(500)
    expect(reported.join("")).toContain("cannot say")
  })

  test("a signal that many requests share keeps none of them", async () => {
    const controller = new AbortController()
    const app: Application = async (_environ, start) => {
      start("200 OK", [])
      return []
    }
    const request = new Request(url, { signal: controller.signal })
    let listeners = 0
    const { signal } = request
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    await handler(app)(request)
    expect(listeners).toBe(0)
  })
})
