import { describe, expect, expectTypeOf, test } from "vitest"
import { convert, float, int } from "../../src/datastructures/conversion.ts"

describe("convert", () => {
  test("takes an error about the value, undefined and NaN for a refusal", () => {
    expect(convert("x", BigInt)).toBeUndefined()
    expect(convert("x", JSON.parse)).toBeUndefined()
    expect(convert("x", Number)).toBeUndefined()
    expect(convert("x", () => undefined)).toBeUndefined()
    expect(convert(null as unknown as string, (text) => text.trim())).toBeUndefined()
    expect(convert("x", (text) => "a".repeat(-text.length))).toBeUndefined()
  })

  test("lets every other error through", () => {
    const broken = () => {
      throw new Error("the database is gone")
    }
    expect(() => convert("x", broken)).toThrow("the database is gone")
  })

  test("gives what the converter gives, falsy or not", () => {
    expect(convert("0", Number)).toBe(0)
    expect(convert("", String)).toBe("")
    expect(convert("null", JSON.parse)).toBeNull()
    expect(convert("x", () => false)).toBe(false)
    expectTypeOf(convert("1", int)).toEqualTypeOf<number | undefined>()
  })
})

test.each([
  ["0", 0],
  ["-7", -7],
  [" 42 ", 42],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ["9007199254740992", undefined],
  ["+1", undefined],
  ["1_0", undefined],
  ["0x10", undefined],
  ["1e3", undefined],
  ["1.0", undefined],
  ["١", undefined],
  ["", undefined],
])("int reads %j as %j", (text, value) => {
  expect(int(text)).toBe(value)
})

test.each([
  ["0.5", 0.5],
  ["-4", -4],
  [" 1.25 ", 1.25],
  [".5", undefined],
  ["5.", undefined],
  ["1e3", undefined],
  ["Infinity", undefined],
  ["9".repeat(400), undefined],
  ["NaN", undefined],
  ["", undefined],
])("float reads %j as %j", (text, value) => {
  expect(float(text)).toBe(value)
})
