import { describe, expect, test } from "vitest"
import { closestRule, similarity } from "../../src/routing/closest-rule.ts"
import { rule } from "../../src/routing/index.ts"

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

describe("the closest rule", () => {
  const values = (...names: string[]) => new Map(names.map((name) => [name, 1]))
  const rules = [
    rule("/a/<x>", "item"),
    rule("/a/<x>/<y>", "item"),
    rule("/b", "item.edit", { methods: ["GET"] }),
    rule("/c", "item.edit", { methods: ["POST"] }),
    rule("/d", function view() {}),
  ]

  test.each([
    ["itme", [], undefined, "/a/<x>"],
    ["item", ["x", "y"], undefined, "/a/<x>/<y>"],
    ["item.edti", [], "POST", "/c"],
    ["vie", [], undefined, "/d"],
  ])("to %s with %j and %s is %s", (endpoint, names, method, expected) => {
    expect(closestRule(rules, endpoint, values(...names), method)?.rule).toBe(expected)
  })

  test("is none where there are no rules", () => {
    expect(closestRule([], "x", values(), undefined)).toBeUndefined()
  })
})
