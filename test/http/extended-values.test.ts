import fc from "fast-check"
import { expect, test } from "vitest"
import { dumpExtendedValue, parseExtendedValue } from "../../src/http/extended-values.ts"

// The examples of RFC 8187 section 3.2.2 and 3.2.3.
test.each([
  ["iso-8859-1'en'%A3%20rates", "£ rates"],
  ["UTF-8''%c2%a3%20and%20%e2%82%ac%20rates", "£ and € rates"],
])("%s is %j", (text, value) => {
  expect(parseExtendedValue(text)?.value).toBe(value)
})

test.each(["", "plain", "UTF-8''", "UTF-8'x", "\"UTF-8''x\"", "UTF-8''a b"])("%j is no extended value", (text) => {
  expect(parseExtendedValue(text)).toBeUndefined()
})

test("only four charsets are decoded; others stay as they are", () => {
  expect(parseExtendedValue("us-ascii''%41%ff")).toEqual({ charset: "us-ascii", value: "A\ufffd" })
  for (const charset of ["utf-16", "windows-1252", "shift_jis", "__proto__", "constructor"]) {
    expect(parseExtendedValue(`${charset}''%41`)).toEqual({ charset, value: "%41" })
  }
})

test("a value without a charset has the one it inherits", () => {
  expect(parseExtendedValue("%E2%82%AC", "utf-8")).toEqual({ charset: "utf-8", value: "€" })
  expect(parseExtendedValue("''%E2%82%AC", "utf-8")).toEqual({ charset: "utf-8", value: "€" })
})

test("any text comes back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
      expect(parseExtendedValue(dumpExtendedValue(text))).toEqual({ charset: "utf-8", value: text })
    }),
  )
})
