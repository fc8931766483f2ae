import { describe, expect, test } from "vitest"
import { closest, similarity } from "../../src/mistakes/similarity.ts"

describe("similarity", () => {
  test.each([
    ["", "", 1],
    ["abc", "abc", 1],
    ["abc", "xyz", 0],
    ["abcd", "bcde", 0.75],
    ["user.show", "user.shwo", 16 / 18],
    ["ab", "", 0],
  ])("of %j and %j is %d", (a, b, expected) => {
    expect(similarity(a, b)).toBeCloseTo(expected)
  })

  test("of long texts is found in bounded time", () => {
    expect(similarity("ab".repeat(50_000), "ba".repeat(50_000))).toBeLessThan(1)
  })
})

describe("the closest name", () => {
  const names = ["origins", "methods", "headers", "exposedHeaders", "credentials", "maxAgeSeconds"]

  test.each([
    ["origin", "origins"],
    ["Origins", "origins"],
    ["credential", "credentials"],
    ["maxAge", "maxAgeSeconds"],
    ["exposeHeaders", "exposedHeaders"],
    ["timeout", undefined],
    ["", undefined],
  ])("to %j is %j", (name, expected) => {
    expect(closest(name, names)).toBe(expected)
  })

  test("is none where there are no names", () => {
    expect(closest("a", [])).toBeUndefined()
  })
})
