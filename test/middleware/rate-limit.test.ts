import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { type RateLimitOptions, rateLimit } from "../../src/middleware/rate-limit.ts"
import { MemoryStore } from "../../src/stores/memory-store.ts"
import type { Store } from "../../src/stores/store.ts"
import { Client } from "../../src/testing/client.ts"
import { CLIENTS, type Connected, hasRedis, type RedisServer, startRedis } from "../stores/redis-server.ts"
import { call, hello } from "./calling.ts"

const NOW = 1_800_000_000

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000, toFake: ["Date"] })
  return () => void vi.useRealTimers()
})
const at = (seconds: number) => vi.setSystemTime((NOW + seconds) * 1000)

async function ask(
  app: Application,
  address: string | undefined = "10.0.0.1",
): Promise<[number, string, string | undefined]> {
  const { statusCode, headers } = await new Client(app).get("/", { environOverrides: { REMOTE_ADDR: address } })
  return [statusCode, headers.get("RateLimit") ?? "", headers.get("Retry-After")]
}

const codes = async (app: Application, count: number): Promise<number[]> => {
  const found: number[] = []
  for (let n = 0; n < count; n++) found.push((await ask(app))[0])
  return found
}

test("so many requests pass in a window, and each response tells what is left", async () => {
  const app = rateLimit(hello, { limit: 3, windowSeconds: 60 })
  expect(await ask(app)).toEqual([200, '"default";r=2;t=60', undefined])
  expect(await ask(app)).toEqual([200, '"default";r=1;t=60', undefined])
  at(30)
  expect(await ask(app)).toEqual([200, '"default";r=0;t=30', undefined])
  expect((await ask(app)).slice(0, 2)).toEqual([429, '"default";r=0;t=30'])
})

test("the policy is told, under its name", async () => {
  const { headers } = await call((app) => rateLimit(app, { limit: 100, windowSeconds: 60, name: "per minute" }))
  expect(headers).toContainEqual(["RateLimit-Policy", '"per minute";q=100;w=60'])
  expect(headers).toContainEqual(["RateLimit", '"per minute";r=99;t=60'])
})

test("waiting for the next window gains nothing: that before counts as far as it is in sight", async () => {
  const app = rateLimit(hello, { limit: 10, windowSeconds: 60 })
  at(59)
  expect(await codes(app, 11)).toEqual([...Array(10).fill(200), 429])
  at(60)
  expect(await codes(app, 1)).toEqual([429])
  at(60 + 30)
  expect(await codes(app, 6)).toEqual([...Array(5).fill(200), 429])
})

test("Retry-After is right: a client that waits so long gets in, and one that waits less does not", async () => {
  for (const [limit, first, again] of [
    [10, 0, 0],
    [10, 59, 60],
    [10, 30, 70],
    [1, 0, 30],
    [7, 15, 61],
  ] as const) {
    const app = rateLimit(hello, { limit, windowSeconds: 60 })
    at(first)
    await codes(app, limit)
    at(again)
    for (let n = 0; n < 2 * limit; n++) await ask(app)
    const [code, , retryAfter] = await ask(app)
    if (code === 200) continue
    const wait = Number(retryAfter)
    at(again + wait)
    expect((await ask(app))[0], `${limit} at ${first}, again at ${again}, after ${wait}`).toBe(200)
  }
})

test("a client that is refused does not make it longer by asking on", async () => {
  const app = rateLimit(hello, { limit: 2, windowSeconds: 60 })
  expect(await codes(app, 50)).toEqual([200, 200, ...Array(48).fill(429)])
  at(120)
  expect(await codes(app, 3)).toEqual([200, 200, 429])
})

describe("the client that asks", () => {
  test("is an address, of IPv6 the network that one client has", async () => {
    const app = rateLimit(hello, { limit: 1, windowSeconds: 60 })
    const code = async (address: string | undefined) => (await ask(app, address))[0]
    expect(await code("10.0.0.1")).toBe(200)
    expect(await code("::ffff:10.0.0.1")).toBe(429)
    expect(await code("10.0.0.2")).toBe(200)
    expect(await code("2001:db8::1")).toBe(200)
    expect(await code("2001:db8::ffff:1")).toBe(429)
    expect(await code("2001:db8:0:1::1")).toBe(200)
  })

  test("is all of them together where there are no addresses", async () => {
    const app = rateLimit(hello, { limit: 1, windowSeconds: 60 })
    const onSocket: Application = (environ, startResponse) => {
      delete environ.REMOTE_ADDR
      return app(environ, startResponse)
    }
    expect(await codes(onSocket, 2)).toEqual([200, 429])
  })

  test("can be something else, and undefined", async () => {
    const app = rateLimit(hello, {
      limit: 1,
      windowSeconds: 60,
      key: ({ HTTP_X_KEY }) => (HTTP_X_KEY === "free" ? undefined : String(HTTP_X_KEY)),
    })
    const code = async (key: string) => (await new Client(app).get("/", { headers: { "X-Key": key } })).statusCode
    expect([await code("a"), await code("a"), await code("b")]).toEqual([200, 429, 200])
    expect([await code("free"), await code("free")]).toEqual([200, 200])
  })
})

test("two limits count each for itself, and are both told", async () => {
  const store = new MemoryStore()
  const inner = rateLimit(hello, { limit: 2, windowSeconds: 1, name: "second", store })
  const app = rateLimit(inner, { limit: 3, windowSeconds: 60, name: "minute", store })
  const { headers } = await new Client(app).get("/")
  expect(headers.getAll("RateLimit")).toEqual(['"second";r=1;t=1', '"minute";r=2;t=60'])
  expect(await codes(app, 2)).toEqual([200, 200])
})

describe("a store that fails", () => {
  const failing: Store = {
    get: () => Promise.reject(new Error("no connection")),
    set: () => Promise.reject(new Error("no connection")),
    increment: () => Promise.reject(new Error("no connection")),
    delete: () => Promise.reject(new Error("no connection")),
  }
  const open = async (options: Partial<RateLimitOptions>) => {
    const lines: string[] = []
    const errors = { write: (text: string) => void lines.push(text), writeLines: () => {}, flush: () => {} }
    const app = rateLimit(hello, { limit: 1, windowSeconds: 60, store: failing, ...options })
    const { statusCode } = await new Client(app).get("/", { environOverrides: { "wsgi.errors": errors } })
    return [statusCode, lines.join()]
  }

  test("lets everything through, or nothing, and says so", async () => {
    expect(await open({})).toEqual([200, expect.stringContaining("no connection")])
    expect(await open({ onStoreError: "refuse" })).toEqual([503, expect.stringContaining("no connection")])
  })
})

describe.skipIf(!hasRedis)("on Redis", () => {
  let server: RedisServer
  let connected: Connected
  beforeAll(async () => {
    server = await startRedis()
    connected = await (CLIENTS["redis"] as (port: number) => Promise<Connected>)(server.port)
  }, 60_000)
  afterAll(async () => {
    await connected?.close()
    await server?.stop()
  })

  test("several machines count together, and let through exactly what is allowed", async () => {
    const machines = [1, 2, 3].map(() => rateLimit(hello, { limit: 20, windowSeconds: 3600, store: connected.store }))
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => ask(machines[n % 3] as Application)))
    expect(answers.filter(([code]) => code === 200).length).toBeLessThanOrEqual(20)
    // Requests that come at once may refuse one another; none that comes later is lost by that.
    const later = await codes(machines[0] as Application, 30)
    expect(answers.filter(([code]) => code === 200).length + later.filter((code) => code === 200).length).toBe(20)
  })
})

test.each([
  { limit: 0, windowSeconds: 60 },
  { limit: 1.5, windowSeconds: 60 },
  { limit: 1, windowSeconds: 0 },
  { limit: 1, windowSeconds: Number.NaN },
  { limit: 1, windowSeconds: 1, name: "" },
  { limit: 1, windowSeconds: 1, name: 'a"b' },
  { limit: 1, windowSeconds: 1, name: "é" },
])("an option that is none is refused: %j", (options) => {
  expect(() => rateLimit(hello, options)).toThrow(RangeError)
  expect(() => rateLimit(hello, { limit: 1, windowSeconds: 1, window: 1 } as RateLimitOptions)).toThrow(TypeError)
})
