// What a Store promises, held against the one in memory and, through two packages, against a real Redis.

import { setTimeout as sleep } from "node:timers/promises"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { MemoryStore } from "../../src/stores/memory-store.ts"
import { RedisStore } from "../../src/stores/redis-store.ts"
import type { Store } from "../../src/stores/store.ts"
import { CLIENTS, type Connected, hasRedis, type RedisServer, startRedis } from "./redis-server.ts"

let counter = 0
/** No test meets the keys of another one. */
const freshKey = () => `key ${++counter} é 日本`

function keepsItsPromises(open: () => Store): void {
  test("a value is there until it is deleted, and any text is one", async () => {
    const store = open()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), async (value) => {
        const key = freshKey()
        expect(await store.get(key)).toBe(undefined)
        expect(await store.set(key, value)).toBe(true)
        expect(await store.get(key)).toBe(value)
        expect(await store.set(key, `${value}!`)).toBe(true)
        expect(await store.get(key)).toBe(`${value}!`)
        expect(await store.delete(key)).toBe(true)
        expect(await store.delete(key)).toBe(false)
        expect(await store.get(key)).toBe(undefined)
      }),
      { numRuns: 30 },
    )
  })

  test("keys that objects inherit are keys like any other", async () => {
    const store = open()
    for (const key of ["__proto__", "constructor", "toString", ""]) {
      await store.delete(key)
      expect(await store.get(key)).toBe(undefined)
      await store.set(key, key)
      expect(await store.get(key)).toBe(key)
    }
  })

  test("an entry is gone when its time is over; setting it anew sets the time anew", async () => {
    const store = open()
    const [short, long, renewed] = [freshKey(), freshKey(), freshKey()]
    await store.set(short, "x", { ttlSeconds: 0.05 })
    await store.set(long, "x", { ttlSeconds: 1000 })
    await store.set(renewed, "x", { ttlSeconds: 0.05 })
    await store.set(renewed, "y")
    await sleep(80)
    expect(await store.get(short)).toBe(undefined)
    expect(await store.get(long)).toBe("x")
    expect(await store.get(renewed)).toBe("y")
    expect(await store.set(short, "new", { ifAbsent: true })).toBe(true)
  })

  test("a value is set on a condition", async () => {
    const store = open()
    const key = freshKey()
    expect(await store.set(key, "b", { ifEquals: "a" })).toBe(false)
    expect(await store.set(key, "a", { ifAbsent: true })).toBe(true)
    expect(await store.set(key, "x", { ifAbsent: true })).toBe(false)
    expect(await store.set(key, "x", { ifEquals: "b" })).toBe(false)
    expect(await store.set(key, "b", { ifEquals: "a", ttlSeconds: 1000 })).toBe(true)
    expect(await store.set(key, "x", { ifEquals: "b", ifAbsent: true })).toBe(false)
    expect(await store.get(key)).toBe("b")
    expect(await store.set(key, "c", { ifEquals: "b", ttlSeconds: 0.05 })).toBe(true)
    await sleep(80)
    expect(await store.get(key)).toBe(undefined)
  })

  test("of many that set on the same condition, one does", async () => {
    const store = open()
    const key = freshKey()
    await store.set(key, "start")
    const won = await Promise.all(
      Array.from({ length: 50 }, (_, index) => store.set(key, String(index), { ifEquals: "start" })),
    )
    expect(won.filter(Boolean)).toEqual([true])
  })

  test("no increment is lost", async () => {
    const store = open()
    const key = freshKey()
    const sums = await Promise.all(Array.from({ length: 50 }, () => store.increment(key)))
    expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    expect(await store.increment(key, { by: -60 })).toBe(-10)
    expect(await store.increment(key, { by: 0 })).toBe(-10)
    expect(await store.get(key)).toBe("-10")
  })

  test("a number that is there keeps its time", async () => {
    const store = open()
    const key = freshKey()
    await store.increment(key, { ttlSeconds: 0.5 })
    await store.increment(key, { ttlSeconds: 1000 })
    await sleep(700)
    expect(await store.increment(key)).toBe(1)
  })

  test("nothing can be added to text", async () => {
    const store = open()
    const key = freshKey()
    await store.set(key, "text")
    await expect(store.increment(key)).rejects.toThrow()
    expect(await store.get(key)).toBe("text")
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("a time to live of %d is refused", async (ttlSeconds) => {
    const store = open()
    await expect(store.set("x", "x", { ttlSeconds })).rejects.toThrow(RangeError)
    await expect(store.increment("x", { ttlSeconds })).rejects.toThrow(RangeError)
    await expect(store.increment("x", { by: ttlSeconds + 0.5 })).rejects.toThrow(RangeError)
  })
}

describe("MemoryStore", () => {
  const store = new MemoryStore()
  keepsItsPromises(() => store)

  test("what was not used for the longest time makes room", async () => {
    const small = new MemoryStore({ maxBytes: 1000 })
    for (const key of ["a", "b", "c", "d"]) await small.set(key, "x".repeat(40))
    await small.get("a")
    await small.set("e", "x".repeat(40))
    expect(await Promise.all(["a", "b", "c", "d", "e"].map((key) => small.get(key)))).toEqual([
      "x".repeat(40),
      undefined,
      "x".repeat(40),
      "x".repeat(40),
      "x".repeat(40),
    ])
  })

  test("a value that is larger than the store is refused, and nothing goes for it", async () => {
    const small = new MemoryStore({ maxBytes: 1000 })
    await small.set("a", "1")
    await expect(small.set("b", "x".repeat(1000))).rejects.toThrow(RangeError)
    expect(await small.get("a")).toBe("1")
    expect(() => new MemoryStore({ maxBytes: 0 })).toThrow(RangeError)
  })

  test("entries whose time is over do not pile up", async () => {
    const own = new MemoryStore()
    for (let index = 0; index < 1500; index++) await own.set(`old ${index}`, "x", { ttlSeconds: 0.001 })
    await sleep(5)
    for (let index = 0; index < 1500; index++) await own.set(`new ${index}`, "x")
    expect(own.size).toBeLessThanOrEqual(2500)
    for (let index = 0; index < 1500; index++) await own.set(`newer ${index}`, "x")
    expect(own.size).toBeLessThan(3500)
  })
})

describe.skipIf(!hasRedis)("RedisStore", () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  }, 60_000)
  afterAll(() => server?.stop())

  describe.each(Object.keys(CLIENTS))("over the package %s", (name) => {
    let connected: Connected
    beforeAll(async () => {
      connected = await (CLIENTS[name] as (port: number) => Promise<Connected>)(server.port)
    })
    afterAll(() => connected?.close())
    keepsItsPromises(() => connected.store)
  })

  test("its keys have a prefix", async () => {
    const sent: string[][] = []
    const sendCommand = async (args: string[]) => {
      sent.push(args)
      return null
    }
    await new RedisStore({ sendCommand }, { prefix: "app:" }).get("a")
    await new RedisStore({ sendCommand }).get("a")
    expect(sent).toEqual([
      ["GET", "app:a"],
      ["GET", "werkstatt:a"],
    ])
  })
})
