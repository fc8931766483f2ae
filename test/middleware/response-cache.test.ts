import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import type { Application, StartResponse } from "../../src/gateway.ts"
import { type ResponseCacheOptions, responseCache } from "../../src/middleware/response-cache.ts"
import { MemoryStore } from "../../src/stores/memory-store.ts"
import type { Store } from "../../src/stores/store.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import type { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { CLIENTS, type Connected, hasRedis, type RedisServer, startRedis } from "../stores/redis-server.ts"
import { hello } from "./calling.ts"

const NOW = 1_800_000_000
beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000, toFake: ["Date"] })
  return () => void vi.useRealTimers()
})
const at = (seconds: number) => vi.setSystemTime((NOW + seconds) * 1000)

type Sent = NonNullable<Parameters<Client["get"]>[1]>
type Answer = Awaited<ReturnType<Client["get"]>>

/** A cache in front of an application that counts how often it is asked. */
function cached(
  view: (request: Request, asked: number) => Response,
  options: Partial<ResponseCacheOptions> = {},
): { get: (path?: string, sent?: Sent) => Promise<[text: string, did: string, Answer]>; client: Client } {
  let asked = 0
  const app = application((request) => view(request, ++asked))
  const client = new Client(responseCache(app, { store: new MemoryStore(), ...options }))
  const get = async (path = "/", sent: Sent = {}) => {
    const response = await client.get(path, { buffered: true, ...sent })
    return [await response.text(), response.headers.get("Cache-Status") ?? "", response] as never
  }
  return { get, client }
}

const fresh = { headers: { "Cache-Control": "max-age=60" } }
const counting = (_request: Request, asked: number) => new Response(`page ${asked}`, fresh)

test("a response is given again as long as it is fresh, with its age", async () => {
  const { get } = cached(counting)
  expect((await get()).slice(0, 2)).toEqual(["page 1", "werkstatt; fwd=miss; stored"])
  at(30)
  const [text, did, { headers, statusCode }] = await get()
  expect([text, did, statusCode]).toEqual(["page 1", "werkstatt; hit; ttl=30", 200])
  expect([headers.get("Age"), headers.get("Content-Type"), headers.get("Content-Length")]).toEqual([
    "30",
    "text/plain; charset=utf-8",
    "6",
  ])
  expect(headers.get("Date")).toBe(new Date(NOW * 1000).toUTCString())
  at(60)
  expect((await get()).slice(0, 2)).toEqual(["page 2", "werkstatt; fwd=stale; stored"])
})

test("HEAD is answered from what a GET has brought", async () => {
  const { get, client } = cached(counting)
  expect((await client.head("/")).headers.get("Cache-Status")).toBe("werkstatt; fwd=miss")
  await get()
  const head = await client.head("/")
  expect([head.headers.get("Cache-Status"), head.headers.get("Content-Length"), await head.text()]).toEqual([
    "werkstatt; hit; ttl=60",
    "6",
    "",
  ])
})

test("what says nothing of caches is not kept", async () => {
  const { get } = cached((_request, asked) => new Response(`page ${asked}`))
  expect((await get()).slice(0, 2)).toEqual(["page 1", "werkstatt; fwd=miss"])
  expect((await get())[0]).toBe("page 2")
})

test.each<[string, Record<string, string>]>([
  ["a cookie", { "Set-Cookie": "a=b" }],
  ["private", { "Cache-Control": "private, max-age=60" }],
  ["no-store", { "Cache-Control": "no-store" }],
  ["Vary: *", { Vary: "*" }],
])("a response with %s is not kept", async (_name, headers) => {
  const { get } = cached(
    (_request, asked) => new Response(`page ${asked}`, { headers: { ...fresh.headers, ...headers } }),
  )
  await get()
  expect((await get())[0]).toBe("page 2")
})

describe("URLs", () => {
  test("each has its own, by scheme, host, path and query, and the way it was written", async () => {
    const { get } = cached(counting)
    const seen = new Set<string>()
    const requests: [string, Sent][] = [
      ["/a", {}],
      ["/b", {}],
      ["/a?x=1", {}],
      ["/a?x=2", {}],
      ["/a", { baseUrl: "https://localhost/" }],
      ["/a", { baseUrl: "http://other.test/" }],
      ["/a%2Fb", {}],
      ["/a/b", {}],
    ]
    for (const [path, sent] of requests) seen.add((await get(path, sent))[0])
    expect(seen.size).toBe(requests.length)
    for (const [path, sent] of requests) expect((await get(path, sent))[1]).toContain("hit")
  })

  test("a host is the same in any case", async () => {
    const { get } = cached(counting)
    await get("/", { baseUrl: "http://Shop.Test/" })
    expect((await get("/", { baseUrl: "http://shop.test/" }))[1]).toContain("hit")
  })
})

describe("Vary", () => {
  const byLanguage = (request: Request, asked: number) =>
    new Response(`${request.headers.get("Accept-Language") ?? "none"} ${asked}`, {
      headers: { ...fresh.headers, Vary: "Accept-Language, X-B" },
    })

  test("each value has its own response", async () => {
    const { get } = cached(byLanguage)
    const language = (value: string) => ({ headers: { "Accept-Language": value } })
    expect((await get("/", language("de")))[0]).toBe("de 1")
    expect((await get("/", language("fr")))[0]).toBe("fr 2")
    expect((await get("/"))[0]).toBe("none 3")
    expect((await get("/", language("de")))[0]).toBe("de 1")
    expect((await get("/", language("fr")))[0]).toBe("fr 2")
    expect((await get("/"))[0]).toBe("none 3")
    expect((await get("/", { headers: { "Accept-Language": "de", "X-B": "1" } }))[0]).toBe("de 4")
  })

  test("a session that was read keeps visitors apart", async () => {
    const { get } = cached(
      (request) => new Response(`for ${request.cookies.get("id")}`, { headers: { ...fresh.headers, Vary: "Cookie" } }),
    )
    const as = (id: string) => ({ headers: { Cookie: `id=${id}` } })
    await get("/", as("ada"))
    expect((await get("/", as("bob")))[0]).toBe("for bob")
    expect((await get("/", as("ada"))).slice(0, 2)).toEqual(["for ada", "werkstatt; hit; ttl=60"])
  })

  test("what was forgotten does not come back with another variant", async () => {
    const { get, client } = cached(byLanguage)
    const language = (value: string) => ({ headers: { "Accept-Language": value } })
    await get("/", language("de"))
    await get("/", language("fr"))
    await client.post("/")
    await get("/", language("de"))
    expect((await get("/", language("fr")))[1]).toContain("fwd=miss")
  })
})

describe("what a request asks", () => {
  test.each<[Record<string, string>, string]>([
    [{ "Cache-Control": "no-cache" }, "page 2"],
    [{ Pragma: "no-cache" }, "page 2"],
    [{ "Cache-Control": "max-age=10" }, "page 2"],
    [{ "Cache-Control": "min-fresh=50" }, "page 2"],
    [{ "Cache-Control": "no-store" }, "page 2"],
    [{ "Cache-Control": "max-age=40, min-fresh=10" }, "page 1"],
    [{ "Cache-Control": "only-if-cached" }, "page 1"],
  ])("%j", async (headers, text) => {
    const { get } = cached(counting)
    await get()
    at(30)
    expect((await get("/", { headers }))[0]).toBe(text)
  })

  test("only-if-cached is 504 where nothing is kept", async () => {
    const { get } = cached(counting)
    const [, , { statusCode }] = await get("/", { headers: { "Cache-Control": "only-if-cached" } })
    expect(statusCode).toBe(504)
  })

  test("max-stale takes what is stale, unless the response forbids it", async () => {
    const withTag = (extra: string) =>
      cached((_request, asked) => {
        const response = new Response(`page ${asked}`, { headers: { "Cache-Control": `max-age=60${extra}` } })
        response.setEtag(`v${asked}`)
        return response
      })
    for (const [extra, text] of [
      ["", "page 1"],
      [", must-revalidate", "page 2"],
    ] as const) {
      at(0)
      const { get } = withTag(extra)
      await get()
      at(100)
      expect((await get("/", { headers: { "Cache-Control": "max-stale=50" } }))[0]).toBe(text)
    }
  })

  test("a part, a precondition and a request with a body go to the application", async () => {
    const { get } = cached(counting)
    await get()
    for (const headers of [{ Range: "bytes=0-1" }, { "If-Match": '"a"' }, { "If-Unmodified-Since": "x" }]) {
      expect((await get("/", { headers }))[1]).toBe("")
    }
    expect((await get("/", { data: "body", headers: { "Content-Type": "text/plain" } }))[1]).toBe("")
  })
})

describe("validators", () => {
  const tagged = (request: Request, asked: number) => {
    const response = new Response("page", { headers: { "Cache-Control": "max-age=60", "X-Asked": String(asked) } })
    response.setEtag("v1")
    return response.makeConditional(request)
  }

  test("a client that has it is told so, from what is kept", async () => {
    const { get } = cached(tagged)
    await get()
    const [text, did, response] = await get("/", { headers: { "If-None-Match": '"v1"' } })
    expect([response.statusCode, text, did, response.headers.get("ETag")]).toEqual([
      304,
      "",
      "werkstatt; hit; ttl=60",
      '"v1"',
    ])
    expect((await get("/", { headers: { "If-None-Match": '"v0"' } }))[2].statusCode).toBe(200)
  })

  test("what is stale is asked for with its tag, and fresh again after a 304", async () => {
    const { get } = cached(tagged)
    await get()
    at(70)
    const [text, did, response] = await get()
    expect([text, did, response.statusCode]).toEqual(["page", "werkstatt; fwd=stale; fwd-status=304", 200])
    expect([response.headers.get("X-Asked"), response.headers.get("Age")]).toEqual(["2", "0"])
    expect((await get())[1]).toBe("werkstatt; hit; ttl=60")
  })

  test("the client's own condition is for what is kept, not for the application", async () => {
    const { get } = cached(tagged)
    await get()
    at(70)
    const [, , response] = await get("/", { headers: { "If-None-Match": '"v1"' } })
    expect(response.statusCode).toBe(304)
    at(140)
    expect((await get("/", { headers: { "If-None-Match": '"v0"' } }))[2].statusCode).toBe(200)
  })

  test("what has changed takes the place of what was kept", async () => {
    const { get } = cached((request, asked) => {
      const response = new Response(`page ${asked}`, { headers: { "Cache-Control": "max-age=60" } })
      response.setEtag(`v${asked}`)
      return response.makeConditional(request)
    })
    await get()
    at(70)
    expect((await get()).slice(0, 2)).toEqual(["page 2", "werkstatt; fwd=stale; fwd-status=200; stored"])
    expect((await get()).slice(0, 2)).toEqual(["page 2", "werkstatt; hit; ttl=60"])
  })

  test("no-cache is asked for each time, and saves the body", async () => {
    const { get } = cached((request) => {
      const response = new Response("page", { headers: { "Cache-Control": "no-cache" } })
      response.lastModified = NOW - 1000
      return response.makeConditional(request)
    })
    await get()
    for (const _ of [1, 2]) expect((await get()).slice(0, 2)).toEqual(["page", "werkstatt; fwd=stale; fwd-status=304"])
  })
})

describe("requests that change something", () => {
  test.each(["POST", "PUT", "PATCH", "DELETE"])("%s has the URL forgotten", async (method) => {
    const { get, client } = cached(counting)
    await get()
    await client.open("/", { method })
    expect((await get())[0]).toBe("page 3")
  })

  test("unless they fail, or are for another URL", async () => {
    const { get, client } = cached(
      (request, asked) => new Response(`page ${asked}`, { ...fresh, status: request.method === "POST" ? 400 : 200 }),
    )
    await get()
    await client.post("/")
    await client.put("/other")
    expect((await get())[0]).toBe("page 1")
  })
})

describe("bodies", () => {
  const streaming = (chunks: (string | Error)[], headers: [string, string][] = []): Application =>
    async function* (_environ, startResponse) {
      startResponse("200 OK", [["Content-Type", "text/plain"], ["Cache-Control", "max-age=60"], ...headers])
      for (const chunk of chunks) {
        if (chunk instanceof Error) throw chunk
        yield new TextEncoder().encode(chunk)
      }
    } as (environ: unknown, startResponse: StartResponse) => AsyncGenerator<Uint8Array>

  test("a stream is sent as it comes, and kept when it has ended", async () => {
    const client = new Client(responseCache(streaming(["one ", "two ", "", "three"]), { store: new MemoryStore() }))
    expect(await (await client.get("/", { buffered: true })).text()).toBe("one two three")
    const again = await client.get("/", { buffered: true })
    expect([await again.text(), again.headers.get("Cache-Status")]).toEqual(["one two three", "werkstatt; hit; ttl=60"])
  })

  test("one that breaks off, or is shorter than it says, is not kept", async () => {
    for (const app of [streaming(["one", new Error("broken")]), streaming(["one"], [["Content-Length", "5"]])]) {
      const store = new MemoryStore()
      const client = new Client(responseCache(app, { store }), { lint: false })
      await client.get("/", { buffered: true }).catch(() => {})
      expect(store.size).toBe(0)
    }
  })

  test("one that is left early is not kept", async () => {
    const store = new MemoryStore()
    const client = new Client(responseCache(streaming(["one", "two"]), { store }))
    const response = await client.get("/")
    await response.close()
    expect(store.size).toBe(0)
  })

  test("one that is too large is not kept, and sent all the same", async () => {
    const { get } = cached((_request, asked) => new Response(`page ${asked}`.padEnd(2000), fresh), {
      maxBodyBytes: 1000,
    })
    expect((await get())[0].length).toBe(2000)
    expect((await get())[0]).toMatch(/^page 2/)
    const client = new Client(
      responseCache(streaming(["12345678", "12345678"]), { store: new MemoryStore(), maxBodyBytes: 10 }),
    )
    for (const _ of [1, 2]) {
      const response = await client.get("/", { buffered: true })
      expect([await response.text(), response.headers.get("Age")]).toEqual(["1234567812345678", undefined])
    }
  })

  test("any bytes come back, and no body too", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    const { client } = cached(() => new Response(bytes, { ...fresh, mimetype: "application/octet-stream" }))
    for (const _ of [1, 2]) expect(await (await client.get("/", { buffered: true })).data()).toEqual(bytes)
    const empty = cached(() => new Response(undefined, { ...fresh, status: 204 }))
    for (const _ of [1, 2]) expect((await empty.get())[2].statusCode).toBe(204)
  })

  test("what is pushed is not kept", async () => {
    const app: Application = async (_environ, startResponse) => {
      const write = startResponse("200 OK", [
        ["Content-Type", "text/plain"],
        ["Cache-Control", "max-age=60"],
      ])
      await write(Buffer.from("pushed "))
      return [Buffer.from("rest")]
    }
    const store = new MemoryStore()
    expect(await (await new Client(responseCache(app, { store })).get("/", { buffered: true })).text()).toBe(
      "pushed rest",
    )
    expect(store.size).toBe(0)
  })
})

test("when the store fails, the application answers, and the log says why", async () => {
  const fail = () => Promise.reject(new Error("no connection"))
  const failing: Store = { get: fail, set: fail, increment: fail, delete: fail }
  const halfway: Store = { ...failing, get: async () => undefined }
  for (const store of [failing, halfway]) {
    const lines: string[] = []
    const errors = { write: (text: string) => void lines.push(text), writeLines: () => {}, flush: () => {} }
    const { get, client } = cached(counting, { store })
    expect((await get("/", { environOverrides: { "wsgi.errors": errors } }))[0]).toBe("page 1")
    expect((await client.post("/", { environOverrides: { "wsgi.errors": errors } })).statusCode).toBe(200)
    expect(lines.length).toBe(2)
    expect(lines.join()).toContain("no connection")
  }
})

describe.skipIf(!hasRedis)("on Redis", () => {
  let server: RedisServer
  let connected: Connected
  beforeAll(async () => {
    server = await startRedis()
    connected = await (CLIENTS["iovalkey"] as (port: number) => Promise<Connected>)(server.port)
  }, 60_000)
  afterAll(async () => {
    await connected?.close()
    await server?.stop()
  })

  test("one machine answers with what another one was asked", async () => {
    const [one, two] = [1, 2].map((machine) =>
      cached(
        () => new Response(`page of ${machine} \u0000é`, { ...fresh, headers: { ...fresh.headers, Vary: "Accept" } }),
        {
          store: connected.store,
        },
      ),
    ) as [ReturnType<typeof cached>, ReturnType<typeof cached>]
    await one.get()
    expect((await two.get()).slice(0, 2)).toEqual(["page of 1 \u0000é", "werkstatt; hit; ttl=60"])
    await two.client.delete("/")
    expect((await one.get())[1]).toContain("fwd=miss")
  })
})

test("options that are none are refused", () => {
  const store = new MemoryStore()
  expect(() => responseCache(hello, {} as ResponseCacheOptions)).toThrow(TypeError)
  expect(() => responseCache(hello, { store, ttl: 5 } as ResponseCacheOptions)).toThrow(TypeError)
  expect(() => responseCache(hello, { store, maxBodyBytes: -1 })).toThrow(RangeError)
  expect(() => responseCache(hello, { store, keepStaleSeconds: Number.NaN })).toThrow(RangeError)
  expect(() => responseCache(hello, { store, name: "a b" })).toThrow(RangeError)
})
