import { describe, expect, test, vi } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { compress } from "../../src/middleware/compress.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import type { EventSourceLike, EventStreamOptions } from "../../src/wrappers/event-stream.ts"
import { Response } from "../../src/wrappers/response.ts"
import { RawClient, serve } from "../support/server.ts"

const streaming = (source: EventSourceLike, options?: EventStreamOptions): Application =>
  application(() => Response.events(source, options))
const clientOf = (source: EventSourceLike, options?: EventStreamOptions) => new Client(streaming(source, options))

const forever = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))

describe("Response.events", () => {
  test("sends events as they come, and the test client reads them", async () => {
    const client = clientOf(async function* () {
      yield "hello"
      yield { event: "tick", id: "7", data: { n: 1 } }
    })
    const response = await client.get("/")
    expect(response.headers.get("Content-Type")).toBe("text/event-stream")
    expect(response.headers.get("Cache-Control")).toBe("no-cache")
    const events = []
    for await (const event of response.events()) events.push(event)
    expect(events).toEqual([
      { event: "message", data: "hello", id: "" },
      { event: "tick", data: '{"n":1}', id: "7" },
    ])
  })

  test("asks for an event when the one before was taken, and tells the source when the client leaves", async () => {
    const notes: string[] = []
    const client = clientOf(async function* (signal) {
      try {
        for (let n = 0; ; n++) {
          notes.push(`asked ${n}`)
          yield `${n}`
        }
      } finally {
        notes.push(`over, aborted: ${signal.aborted}`)
      }
    })
    const response = await client.get("/")
    for await (const { data } of response.events()) if (data === "1") break
    expect(notes.at(-1)).toBe("over, aborted: true")
    expect(notes.length).toBeLessThan(6)
  })

  test.each([15_000, 0])("is open at once, though no event is there yet (heartbeatMs: %i)", async (heartbeatMs) => {
    let letGo = () => {}
    const later = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const source = async function* () {
      await later
      yield "last"
    }
    const { port } = await serve(streaming(source, { heartbeatMs }))
    const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    expect(await client.until((text) => text.endsWith(": \n\n\r\n"), 10_000)).toMatch(/^HTTP\/1\.1 200 OK/)
    letGo()
    expect(await client.end()).toContain("data: last\n\n")
  })

  test("sends no comment ahead of an event that is there", async () => {
    const response = await clientOf(async function* () {
      await Promise.resolve()
      yield "first"
    }).get("/")
    expect(await response.text()).toBe("data: first\n\n")
  })

  test("sends a comment while the stream is quiet", async () => {
    const client = clientOf(
      async function* (signal) {
        await forever(signal)
        yield "never"
      },
      { heartbeatMs: 20 },
    )
    const response = await client.get("/")
    let text = ""
    for await (const chunk of response.iterEncoded()) {
      text += new TextDecoder().decode(chunk)
      if (text.length > 6) break
    }
    expect(text).toBe(": \n\n: \n\n".slice(0, text.length))
  })

  test("keeps the headers that it is given, and takes iterables", async () => {
    const response = Response.events([{ data: 1 }, { data: 2 }], { headers: { "Cache-Control": "no-store" } })
    expect(response.headers.get("Cache-Control")).toBe("no-store")
    expect(await response.text()).toBe("data: 1\n\ndata: 2\n\n")
  })

  test("has no body for HEAD, and closes its source", async () => {
    const response = await clientOf(async function* () {
      yield "a"
    }).head("/")
    expect(await response.text()).toBe("")
  })

  test.each([
    ["a promise", () => Response.events(Promise.resolve() as never), TypeError],
    ["a text", () => Response.events("a" as never), TypeError],
    ["a heartbeat that is none", () => Response.events([], { heartbeatMs: -1 }), RangeError],
  ])("refuses %s", (_, make, type) => {
    expect(make).toThrow(type)
  })

  test("breaks off when the source fails, and the test is told", async () => {
    const response = await clientOf(async function* () {
      yield "a"
      throw new Error("broken")
    }).get("/")
    await expect(response.text()).rejects.toThrow("broken")
  })
})

test("request.lastEventId is what the client got last, as UTF-8", async () => {
  const seen: unknown[] = []
  const client = new Client(
    application((request) => {
      seen.push(request.lastEventId)
      return new Response("")
    }),
  )
  await client.get("/")
  await client.get("/", { headers: { "Last-Event-ID": "7" } })
  await client.get("/", { environOverrides: { HTTP_LAST_EVENT_ID: "\xc3\xa9" } } as never)
  expect(seen).toEqual([undefined, "7", "é"])
})

describe("of a running server", () => {
  test("an event leaves at once, also through compress", async () => {
    let go = () => {}
    const app = compress(
      streaming(async function* () {
        yield "first"
        await new Promise<void>((resolve) => {
          go = resolve
        })
        yield "second"
      }),
    )
    const { port } = await serve(app)
    const client = new RawClient(port)
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    await client.until((text) => text.includes("data: first\n\n"))
    go()
    expect(await client.end()).toContain("data: second\n\n")
  })

  test("a server that stops ends the stream with retry, and waits for no more", async () => {
    const { port, drain } = await serve(
      streaming(
        async function* (signal) {
          yield "a"
          await forever(signal)
        },
        { retryMs: 250 },
      ),
    )
    const client = new RawClient(port)
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await client.until((text) => text.includes("data: a\n\n"))
    const drained = drain()
    expect(await client.until((text) => text.includes("\r\n0\r\n\r\n"))).toContain("retry: 250\n\n")
    client.socket.end()
    await drained
  })

  test("a client that leaves ends the source", async () => {
    let isOver = false
    const { port } = await serve(
      streaming(async function* (signal) {
        try {
          yield "a"
          await forever(signal)
        } finally {
          isOver = true
        }
      }),
    )
    const client = new RawClient(port)
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await client.until((text) => text.includes("data: a\n\n"))
    client.socket.destroy()
    // A client that has only closed its sending side has a second to show that it is there.
    await vi.waitFor(() => expect(isOver).toBe(true), 10_000)
  })
})
