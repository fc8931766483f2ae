import { describe, expect, test } from "vitest"
import type { HeaderList } from "../../src/gateway.ts"
import { cachePolicy, mayBeUsed, readRequest } from "../../src/middleware/cache-policy.ts"

const environ = (variables: Record<string, string> = {}) => variables as never
const policy = (headers: HeaderList, variables?: Record<string, string>, status = "200 OK") =>
  cachePolicy(environ(variables), status, headers)
const control = (value: string, variables?: Record<string, string>) => policy([["Cache-Control", value]], variables)

describe("what is stored", () => {
  test.each<[string, number]>([
    ["max-age=60", 60],
    ["Max-Age=60", 60],
    ['max-age="60"', 60],
    ["public, max-age=60", 60],
    ["max-age=60, s-maxage=10", 10],
    ["s-maxage=10", 10],
    ["max-age=0", 0],
    ["no-cache", 0],
    ["no-cache, max-age=60", 0],
    ['no-cache="set-cookie", max-age=60', 0],
    ["max-age=x", 0],
    ["max-age", 0],
    ["max-age=-1", 0],
    ["max-age=1.5", 0],
    ["max-age=60, max-age=70", 0],
    ["max-age=99999999999999999999", 2 ** 31],
    ["max-age=60, unknown=1", 60],
  ])("%s is fresh for %d seconds", (value, seconds) => expect(control(value)?.lifetimeSeconds).toBe(seconds))

  test.each([
    "no-store",
    "no-store, max-age=60",
    "private, max-age=60",
    'private="x", max-age=60',
    "public",
    "",
    "foo",
  ])("%j is not stored", (value) => expect(control(value)).toBe(undefined))

  test("Expires counts where there is no age, from Date on", () => {
    const expires: [string, string] = ["Expires", "Thu, 01 Jan 2026 00:01:00 GMT"]
    const date: [string, string] = ["Date", "Thu, 01 Jan 2026 00:00:00 GMT"]
    expect(policy([expires, date])?.lifetimeSeconds).toBe(60)
    expect(policy([expires, date, ["Cache-Control", "max-age=5"]])?.lifetimeSeconds).toBe(5)
    expect(policy([["Expires", "0"], date])?.lifetimeSeconds).toBe(0)
    expect(policy([["Expires", "Thu, 01 Jan 2025 00:00:00 GMT"], date])?.lifetimeSeconds).toBe(0)
  })

  test("of a response to credentials only what is said to be for all", () => {
    const HTTP_AUTHORIZATION = "Bearer x"
    expect(control("max-age=60", { HTTP_AUTHORIZATION })).toBe(undefined)
    for (const value of ["public, max-age=60", "s-maxage=60", "must-revalidate, max-age=60"]) {
      expect(control(value, { HTTP_AUTHORIZATION })).not.toBe(undefined)
    }
  })

  test("never one with a cookie, one that depends on everything, a part, a 304 or a 1xx", () => {
    const fresh: [string, string] = ["Cache-Control", "public, max-age=60"]
    expect(policy([fresh, ["set-cookie", "a=b"]])).toBe(undefined)
    expect(policy([fresh, ["Vary", "*"]])).toBe(undefined)
    expect(policy([fresh, ["Vary", "Accept"], ["Vary", "*"]])).toBe(undefined)
    expect(policy([fresh, ["Vary", "a b"]])).toBe(undefined)
    for (const status of ["206 Partial Content", "304 Not Modified", "103 Early Hints"]) {
      expect(policy([fresh], {}, status)).toBe(undefined)
    }
    expect(policy([fresh], { HTTP_CACHE_CONTROL: "no-store" })).toBe(undefined)
    for (const status of ["200 OK", "301 Moved Permanently", "404 Not Found", "500 Internal Server Error"]) {
      expect(policy([fresh], {}, status)).not.toBe(undefined)
    }
  })

  test("Vary is read from all lines, in one order", () => {
    const lines: HeaderList = [
      ["Cache-Control", "max-age=1"],
      ["Vary", "Cookie, accept"],
      ["vary", "Accept, ACCEPT-Language"],
    ]
    expect(policy(lines)?.vary).toEqual(["accept", "accept-language", "cookie"])
  })
})

test.each<[string, number, number, boolean]>([
  // request, age, lifetime, used
  ["", 0, 60, true],
  ["", 59, 60, true],
  ["", 60, 60, false],
  ["no-cache", 0, 60, false],
  ["max-age=0", 0, 60, false],
  ["max-age=30", 30, 60, true],
  ["max-age=30", 31, 60, false],
  ["max-age=x", 1, 60, false],
  ["min-fresh=30", 30, 60, true],
  ["min-fresh=30", 31, 60, false],
  ["max-stale", 600, 60, true],
  ["max-stale=10", 69, 60, true],
  ["max-stale=10", 70, 60, false],
  ["max-stale, max-age=60", 61, 60, false],
])("a request with %j uses what is %d s old and fresh for %d s: %s", (value, age, lifetimeSeconds, used) => {
  const request = readRequest(environ(value === "" ? {} : { HTTP_CACHE_CONTROL: value }))
  expect(mayBeUsed({ lifetimeSeconds, mustRevalidate: false }, age, request)).toBe(used)
  if (age >= lifetimeSeconds) expect(mayBeUsed({ lifetimeSeconds, mustRevalidate: true }, age, request)).toBe(false)
})

test("Pragma counts where there is no Cache-Control", () => {
  expect(readRequest(environ({ HTTP_PRAGMA: "no-cache" })).maxAge).toBe(0)
  expect(readRequest(environ({ HTTP_PRAGMA: "no-cache", HTTP_CACHE_CONTROL: "max-age=5" })).maxAge).toBe(5)
})
