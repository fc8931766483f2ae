import fc from "fast-check"
import { expect, test } from "vitest"
import { parseCount, parseInteger } from "../../src/http/numbers.ts"

test.each([
  ["0", 0],
  ["-0", 0],
  ["42", 42],
  [" 42\t", 42],
  ["-42", -42],
  ["007", 7],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ["-9007199254740991", -Number.MAX_SAFE_INTEGER],
])("%j is the number %i", (text, expected) => {
  expect(parseInteger(text)).toBe(expected)
})

test.each([
  "",
  " ",
  "-",
  "+1",
  "--1",
  "- 1",
  "1 0",
  "1_0",
  "1.0",
  "1e3",
  "0x10",
  "0b1",
  "Infinity",
  "NaN",
  "٣",
  "１",
  "1\u00a0",
  "9007199254740992",
  "9".repeat(400),
])("%j is no number", (text) => {
  expect(parseInteger(text)).toBeUndefined()
})

test("base 16 takes both cases and no prefix", () => {
  expect(parseInteger("fF", 16)).toBe(255)
  expect(parseInteger("-a", 16)).toBe(-10)
  expect(parseInteger("0x1", 16)).toBeUndefined()
  expect(parseInteger("g", 16)).toBeUndefined()
})

test("every safe integer comes back from its text", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), (value) => parseInteger(String(value)) === value))
})

test.each([
  ["0", 0],
  [" 42\t", 42],
  ["007", 7],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ["9007199254740992", Number.MAX_SAFE_INTEGER],
  ["9".repeat(400), Number.MAX_SAFE_INTEGER],
  ["", undefined],
  ["-0", undefined],
  ["-1", undefined],
  ["+1", undefined],
  ["1.0", undefined],
  ["1e3", undefined],
  ["-".concat("9".repeat(40)), undefined],
  ["٣", undefined],
])("%j counts as %j", (text, expected) => {
  expect(parseCount(text)).toBe(expected)
})
