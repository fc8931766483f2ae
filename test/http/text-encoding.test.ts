import fc from "fast-check"
import { expect, test } from "vitest"
import { encodeText, isAscii } from "../../src/http/text-encoding.ts"

test("text of any length and script is UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      expect(encodeText(text)).toEqual(new TextEncoder().encode(text))
    }),
  )
})

test.each([1, 24, 25, 64, 65, 200, 5000])("a text of %i characters is in a buffer of its own", (length) => {
  const [one, other] = [encodeText("a".repeat(length)), encodeText("b".repeat(length))]
  expect(one.buffer).not.toBe(other.buffer)
  expect(one.buffer.byteLength).toBe(length)
  // A stream of bytes takes the buffer over, and all views on it are empty from then on.
  const stream = new ReadableStream({ type: "bytes", start: (controller) => controller.enqueue(one) })
  expect(other).toEqual(new TextEncoder().encode("b".repeat(length)))
  return stream.cancel()
})

test("ASCII is told from all other text, wherever the other character stands", () => {
  for (const length of [0, 1, 63, 64, 255, 256, 257, 4096, 4351, 4352, 4353, 20_000]) {
    const ascii = "\u007f".repeat(length)
    expect(isAscii(ascii)).toBe(true)
    for (const other of ["\u0080", "\u20ac", "\ud800"]) {
      expect(isAscii(ascii + other)).toBe(false)
      expect(isAscii(other + ascii)).toBe(false)
    }
  }
})
