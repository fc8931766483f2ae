import fc from "fast-check"
import { expect, test } from "vitest"
import { concatenate, GatheredChunks } from "../../src/environ/concatenation.ts"

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

test("gathered chunks become one piece in their order, whatever their sizes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(0, 1, 511, 512, 513, 20_000), fc.nat(600)), { maxLength: 80 }),
      (sizes) => {
        const gathered = new GatheredChunks()
        const chunks = sizes.map((size, index) => new Uint8Array(size).fill(index))
        for (const chunk of chunks) gathered.push(chunk)
        expect(Buffer.compare(gathered.whole(), concatenate(chunks))).toBe(0)
      },
    ),
  )
})

test("a single gathered chunk is not copied", () => {
  const gathered = new GatheredChunks()
  const chunk = new Uint8Array([1])
  gathered.push(chunk)
  expect(gathered.whole()).toBe(chunk)
})

test("a million bytes, each a chunk of its own, are held in few pieces", () => {
  const gathered = new GatheredChunks()
  for (let i = 0; i < 1_000_000; i++) gathered.push(new Uint8Array([i % 256]))
  expect(gathered.count).toBeLessThan(100)
  expect(gathered.whole()).toHaveLength(1_000_000)
})
