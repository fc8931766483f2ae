import { expect, test } from "vitest"
import { settleLimits, tooLarge } from "../../src/forms/limits.ts"

test("limits have defaults, and Infinity is none", () => {
  expect(settleLimits({})).toEqual({
    maxContentLength: 134_217_728,
    maxFormMemorySize: 500_000,
    maxFormParts: 1000,
    maxPartHeaderSize: 16_384,
  })
  expect(
    settleLimits({
      maxContentLength: 5,
      maxFormParts: 0,
      maxFormMemorySize: Number.POSITIVE_INFINITY,
      maxPartHeaderSize: 1e9,
    }),
  ).toEqual({
    maxContentLength: 5,
    maxFormMemorySize: Number.POSITIVE_INFINITY,
    maxFormParts: 0,
    maxPartHeaderSize: 16_384,
  })
})

test.each([-1, Number.NaN, "many"])("%j is no limit", (limit) => {
  expect(() => settleLimits({ maxFormParts: limit as number })).toThrow(RangeError)
})

test("an error tells which limit was met", () => {
  expect(tooLarge("maxFormParts", 7).description).toBe("The form is larger than maxFormParts allows, which is 7.")
})
