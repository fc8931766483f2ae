import fc from "fast-check"
import { expect, test } from "vitest"
import { prefersJson } from "../../src/exceptions/json-preference.ts"

test.each([
  // Programs
  ["application/json", true],
  ["application/problem+json", true],
  ["application/vnd.api+json", true],
  ["application/*", true],
  ["APPLICATION/JSON", true],
  ["application/json, text/plain, */*", true],
  ["application/json;q=0.2, text/html;q=0.1", true],
  ["application/json , text/html;\tq=0.999", true],
  ["text/*, application/json", true],
  ['application/json;v="a,b;q=0"', true],
  // Browsers, and whoever does not care
  ["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", false],
  ["text/html, application/json", false],
  ["text/html, application/json;q=0.9", false],
  ["*/*", false],
  ["", false],
  ["image/png", false],
  ["application/json;q=0", false],
  ["application/json;q=0.5, */*", false],
  // Malformed
  ["json", false],
  ["application/json;q=yes", false],
  ["application/json;q=1e3", false],
  [",,;;=", false],
])("%s: %s", (accept, expected) => {
  expect(prefersJson(accept)).toBe(expected)
})

test("never throws", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => typeof prefersJson(text) === "boolean"))
})
