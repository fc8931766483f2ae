import { expect, test } from "vitest"
import { settleLimits, tooLarge } from "../../src/forms/limits.ts"

test("limits have defaults, and Infinity is none", () => {
  expect(settleLimits({})).toEqual({
    maxContentLength: 134_217_728,
    maxFileSize: Number.POSITIVE_INFINITY,
    maxFiles: Number.POSITIVE_INFINITY,
    maxFormMemorySize: 500_000,
    maxFormParts: 1000,
    maxPartHeaderSize: 16_384,
  })
  expect(
    settleLimits({
      maxContentLength: 5,
      maxFileSize: 6,
      maxFiles: 7,
      maxFormParts: 0,
      maxFormMemorySize: Number.POSITIVE_INFINITY,
      maxPartHeaderSize: 1e9,
    }),
  ).toEqual({
    maxContentLength: 5,
    maxFileSize: 6,
    maxFiles: 7,
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
  expect(tooLarge("maxFileSize", 7, { name: "f", filename: 'a"b' }).description).toBe(
    'The form is larger than maxFileSize allows, which is 7, with the file "a\\"b" in the field "f".',
  )
  expect(tooLarge("maxFormParts", 7, { name: "x".repeat(1000) }).description?.toString().length).toBeLessThan(250)
})
