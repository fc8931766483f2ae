import { describe, expect, test } from "vitest"
import { closestRule } from "../../src/routing/closest-rule.ts"
import { rule } from "../../src/routing/index.ts"

describe("the closest rule", () => {
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
    expect(closestRule(rules, endpoint, names, method)?.rule).toBe(expected)
  })

  test("is none where there are no rules", () => {
    expect(closestRule([], "x", [], undefined)).toBeUndefined()
  })
})
