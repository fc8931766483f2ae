import fc from "fast-check"
import { expect, test } from "vitest"
import { escapeHtml, SafeHtml } from "../../src/http/html.ts"

test("nothing that is escaped can open a tag or leave an attribute", () => {
  fc.assert(fc.property(fc.string(), (text) => !/[<>"']|&(?!amp;|lt;|gt;|#34;|#39;)/.test(escapeHtml(text))))
})

test("numbers are text and safe HTML stays as it is", () => {
  expect(escapeHtml(5)).toBe("5")
  expect(escapeHtml(new SafeHtml("<b>&</b>"))).toBe("<b>&</b>")
})
