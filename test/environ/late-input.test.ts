import { expect, test } from "vitest"
import { inputFrom } from "../../src/environ/input.ts"
import { LateInput } from "../../src/environ/late-input.ts"
import type { InputStream } from "../../src/gateway.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunk: Uint8Array) => new TextDecoder().decode(chunk)

/** An input of another make. */
function foreign(chunks: string[]): InputStream {
  const inner = inputFrom(chunks.map(bytes))
  return {
    read: (size) => inner.read(size),
    readLine: (size) => inner.readLine(size),
    readLines: (hint) => inner.readLines(hint),
    [Symbol.asyncIterator]: () => inner[Symbol.asyncIterator](),
  }
}

test.each([
  ["our own", (chunks: string[]) => inputFrom(chunks.map(bytes))],
  ["another", foreign],
])("all of %s input is read up to a number of bytes, and one more is an error", async (_whose, input) => {
  const tooMuch = () => new RangeError("more than 4")
  expect(text(await new LateInput(() => input(["ab", "cd"])).readAtMost(4, tooMuch))).toBe("abcd")
  expect(await new LateInput(() => input([])).readAtMost(4, tooMuch)).toHaveLength(0)
  await expect(new LateInput(() => input(["ab", "cde"])).readAtMost(4, tooMuch)).rejects.toThrow("more than 4")
})

test("what is at hand is given at once, and more than may be is thrown", () => {
  const tooMuch = () => new RangeError("more than 4")
  expect(new LateInput(() => inputFrom(bytes("abcd"))).readAtMost(4, tooMuch)).toEqual(bytes("abcd"))
  expect(() => new LateInput(() => inputFrom(bytes("abcde"))).readAtMost(4, tooMuch)).toThrow("more than 4")
})

test("what goes wrong in opening is the failure of each read", async () => {
  const input = new LateInput(() => {
    throw new TypeError("closed")
  })
  await expect(async () => input.readAtMost(1, () => new Error())).rejects.toThrow("closed")
  await expect(input.read()).rejects.toThrow("closed")
})
