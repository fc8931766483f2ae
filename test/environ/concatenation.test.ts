import { expect, test } from "vitest"
import { concatenate } from "../../src/environ/concatenation.ts"

test("chunks become one piece in their order, and none an empty one", () => {
  expect(concatenate([new Uint8Array([1, 2]), new Uint8Array(0), new Uint8Array([3])])).toEqual(
    new Uint8Array([1, 2, 3]),
  )
  expect(concatenate([])).toEqual(new Uint8Array(0))
})

test("a single chunk is not copied", () => {
  const chunk = new Uint8Array([1])
  expect(concatenate([chunk])).toBe(chunk)
})
