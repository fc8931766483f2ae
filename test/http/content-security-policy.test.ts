import fc from "fast-check"
import { expect, test } from "vitest"
import { dumpContentSecurityPolicy, parseContentSecurityPolicy } from "../../src/http/content-security-policy.ts"

test.each<[string | undefined, [string, string][]]>([
  [undefined, []],
  ["", []],
  [";;", []],
  [
    "default-src 'self'; img-src *",
    [
      ["default-src", "'self'"],
      ["img-src", "*"],
    ],
  ],
  [
    "sandbox; upgrade-insecure-requests;",
    [
      ["sandbox", ""],
      ["upgrade-insecure-requests", ""],
    ],
  ],
  ["IMG-src\ta  b ; img-src c", [["img-src", "a  b"]]],
  ["constructor x", [["constructor", "x"]]],
  ["%41#text/html; x; __proto__ y; a\u20ac; img-src \u20ac; b \0", [["x", ""]]],
])("%j says %j", (text, directives) => {
  expect(Array.from(parseContentSecurityPolicy(text))).toEqual(directives)
})

test("policies come back", () => {
  const name = fc.stringMatching(/^[a-z][a-z-]{0,10}$/)
  const value = fc.stringMatching(/^([!-:<-~]+( [!-:<-~]+)*)?$/)
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key }), (directives) => {
      expect(Array.from(parseContentSecurityPolicy(dumpContentSecurityPolicy(directives)))).toEqual(directives)
    }),
  )
})

test.each<[string, string]>([
  ["img-src", "a; script-src *"],
  ["img-src", "a\r\nX: y"],
  ["img src", "a"],
  ["", "a"],
  ["a;b", "c"],
])("the directive %j with %j is refused", (name, value) => {
  expect(() => dumpContentSecurityPolicy([[name, value]])).toThrow(TypeError)
})
