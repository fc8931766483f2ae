import { expect, test } from "vitest"
import { quoteEtag, unquoteEtag } from "../../src/http/etags.ts"
import { generateEtag } from "../../src/http/generate-etag.ts"

test("a tag is made of the bytes and of nothing else", () => {
  const tag = generateEtag(Uint8Array.of(1, 2, 3))
  expect(generateEtag(Uint8Array.of(1, 2, 3))).toBe(tag)
  expect(generateEtag(Uint8Array.of(1, 2, 4))).not.toBe(tag)
  expect(generateEtag(new Uint8Array())).not.toBe("")
  expect(unquoteEtag(quoteEtag(tag))).toEqual([tag, false])
})
