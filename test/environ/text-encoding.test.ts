import fc from "fast-check"
import { expect, test } from "vitest"
import { encodeText } from "../../src/environ/text-encoding.ts"

test("text of any length and script is UTF-8, in an array that nobody shares", () => {
  const texts = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.string({ maxLength: 80 }))
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const first = encodeText(one)
      const second = encodeText(other)
      expect(first).toEqual(new TextEncoder().encode(one))
      expect(second).toEqual(new TextEncoder().encode(other))
      expect(first.byteLength === 0 || first.buffer !== second.buffer).toBe(true)
    }),
  )
})
