import { expect, test } from "vitest"
import { NotFound } from "../../src/exceptions/statuses.ts"
import { withoutStack } from "../../src/exceptions/without-stack.ts"
import { RuleMap } from "../../src/routing/rule-map.ts"

test("an error is made without looking where, and the next one with that again", () => {
  expect(withoutStack(() => new Error("no")).stack).not.toContain("without-stack.test")
  expect(new Error("yes").stack).toContain("without-stack.test")
})

test("what `make` throws goes on, and later errors have their stack", () => {
  expect(() =>
    withoutStack(() => {
      throw new TypeError("x")
    }),
  ).toThrow(TypeError)
  expect(new Error("yes").stack).toContain("without-stack.test")
})

test("a URL that nothing is at costs no stack trace, an error of a view's own has one", () => {
  try {
    new RuleMap([]).bind("a").match("/missing")
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(NotFound)
    expect((error as Error).stack).not.toContain(" at ")
    expect(String(error)).toMatch(/^404 Not Found/)
  }
  expect(new NotFound().stack).toContain(" at ")
})
