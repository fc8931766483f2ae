import fc from "fast-check"
import { expect, test } from "vitest"
import {
  asciiLower,
  closingQuote,
  isToken,
  quoteHeaderValue,
  stripSpace,
  unquoteHeaderValue,
} from "../../src/http/tokens.ts"

test("a token is one or more of the characters that RFC 9110 lists, and of no others", () => {
  const tchar = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  for (let code = 0; code < 0x180; code++) {
    const character = String.fromCharCode(code)
    expect(isToken(`a${character}b`), JSON.stringify(character)).toBe(tchar.includes(character))
  }
  expect(isToken("")).toBe(false)
})

test.each([
  ["token", "token"],
  ["", '""'],
  ["a b", '"a b"'],
  ['say "hi"', '"say \\"hi\\""'],
  ["back\\slash", '"back\\\\slash"'],
  ["ümlaut", '"ümlaut"'],
])("quotes %j as %s, and unquotes it again", (text, quoted) => {
  expect(quoteHeaderValue(text)).toBe(quoted)
  expect(unquoteHeaderValue(quoted)).toBe(text)
})

test("numbers are written out, and tokens quoted when asked to", () => {
  expect(quoteHeaderValue(5)).toBe("5")
  expect(quoteHeaderValue("token", { allowToken: false })).toBe('"token"')
})

test.each([
  ['"', '"'],
  ['"open', '"open'],
  ['shut"', 'shut"'],
  ['"\\x"', "x"],
  ['"C:\\Temp"', "C:Temp"],
  ['"\\\n"', "\\\n"],
])("unquotes %j as %j", (text, expected) => {
  expect(unquoteHeaderValue(text)).toBe(expected)
})

test("all that is quoted comes back, if it could stand in a header", () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab"\\ \t,;=%é€'.split("")) })
  fc.assert(fc.property(text, (value) => unquoteHeaderValue(quoteHeaderValue(value)) === value))
})

test("the closing quote is the first that no backslash quotes", () => {
  expect(closingQuote('"a"', 0)).toBe(2)
  expect(closingQuote('"a\\"b" c"', 0)).toBe(5)
  expect(closingQuote('"a\\"', 0)).toBe(-1)
})

test("U+00A0, U+FEFF and the like are no white space", () => {
  expect(stripSpace(" \t\r\n\v\fa ")).toBe("a")
  for (const character of "\u00a0\ufeff\u2028\u3000\u0085") expect(stripSpace(`${character}a`)).toBe(`${character}a`)
})

test("only A to Z are lowered: the Kelvin sign is no k and the dotted I no i", () => {
  expect(asciiLower("ABC-Xyz")).toBe("abc-xyz")
  expect(asciiLower("\u212a\u0130É")).toBe("\u212a\u0130É")
})
