import fc from "fast-check"
import { expect, test } from "vitest"
import { withOneSlash, withoutFirstSlashes, withoutLastSlashes } from "../../src/http/slashes.ts"

const path = fc.array(fc.constantFrom("/", "a", "\\", "%2F", "")).map((parts) => parts.join(""))

test("a path has one slash in front, and the rest is as it was", () => {
  fc.assert(
    fc.property(path, (text) => {
      expect(withOneSlash(text)).toMatch(/^\/(?!\/)/)
      expect(withoutFirstSlashes(withOneSlash(text))).toBe(withoutFirstSlashes(text))
      expect(withOneSlash(withOneSlash(text))).toBe(withOneSlash(text))
    }),
  )
})

test("slashes are taken from one side alone", () => {
  fc.assert(
    fc.property(path, (text) => {
      expect(withoutFirstSlashes(text)).toBe(text.replace(/^\/*/, ""))
      expect(withoutLastSlashes(text)).toBe(text.replace(/(?<!\/)\/*$/, ""))
    }),
  )
})
