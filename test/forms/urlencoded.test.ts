import fc from "fast-check"
import { expect, test } from "vitest"
import { inputFrom } from "../../src/environ/input.ts"
import { RequestEntityTooLarge } from "../../src/exceptions/statuses.ts"
import { encodeUrlencoded } from "../../src/forms/encode.ts"
import { type FormLimits, settleLimits } from "../../src/forms/limits.ts"
import { readUrlencoded } from "../../src/forms/urlencoded.ts"
import { bytes, pieces, recorded } from "./decoding.ts"

const read = (body: string | Uint8Array, limits: FormLimits = {}, size = 3) =>
  readUrlencoded(inputFrom(pieces(typeof body === "string" ? bytes(body) : body, size)), settleLimits(limits))

test.each<[body: string, fields: [string, string][]]>([
  ["", []],
  [
    "a=1&b=2&a=3",
    [
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
    ],
  ],
  [
    "a&b=&=c&&",
    [
      ["a", ""],
      ["b", ""],
      ["", "c"],
    ],
  ],
  ["a+b=c%20d%2B", [["a b", "c d+"]]],
  ["a=1;b=2", [["a", "1;b=2"]]],
  [
    "a=%zz&b=%&c=%E9",
    [
      ["a", "%zz"],
      ["b", "%"],
      ["c", "%E9"],
    ],
  ],
  ["é=日本", [["é", "日本"]]],
  ["a=\ufeff", [["a", "\ufeff"]]],
  [
    "__proto__=1&a[b]=2&a.b=3",
    [
      ["__proto__", "1"],
      ["a[b]", "2"],
      ["a.b", "3"],
    ],
  ],
])("%j is %j", async (body, fields) => {
  expect(await read(body)).toEqual(fields)
})

test("raw bytes that are not UTF-8 are replaced", async () => {
  expect(await read(bytes("a=\xff", "latin1"))).toEqual([["a", "\ufffd"]])
})

test("the size is limited as it comes, and exactly", async () => {
  expect(await read("a=1&b", { maxFormMemorySize: 5 })).toHaveLength(2)
  await expect(read("a=1&b", { maxFormMemorySize: 4 })).rejects.toThrow(RequestEntityTooLarge)
  await expect(read("a=1&b", { maxFormMemorySize: 4 })).rejects.toThrow("maxFormMemorySize")
  let taken = 0
  async function* endless() {
    for (;;) {
      taken += 1000
      yield bytes("x".repeat(1000))
    }
  }
  const reading = readUrlencoded(inputFrom(endless()), settleLimits({ maxFormMemorySize: 5000 }))
  await expect(reading).rejects.toThrow(RequestEntityTooLarge)
  expect(taken).toBe(6000)
})

test("the number of fields is limited, empty ones not counted", async () => {
  expect(await read("&&a=1&&b=2&&", { maxFormParts: 2 })).toHaveLength(2)
  await expect(read("a=1&b=2&c", { maxFormParts: 2 })).rejects.toThrow("maxFormParts")
  await expect(read("a=1&".repeat(100_000), {}, 65536)).rejects.toThrow("maxFormParts")
})

test("what Chromium sends is read", async () => {
  expect(await read(recorded("chromium-urlencoded").body)).toEqual([
    ["plain", "text"],
    ["näme 日本 😀", "välue ☃ + & = ; % ~ *-._ '()!"],
    ["lines", "first\r\nsecond"],
    ["empty", ""],
    ["tag", "a"],
    ["tag", "b"],
    ["file", ""],
  ])
})

test("reading gives back what was encoded, wherever it is cut", async () => {
  const word = fc.string({ unit: "binary" }).filter((text) => !/\p{Surrogate}/u.test(text))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(word, word)), fc.integer({ min: 1, max: 20 }), async (fields, size) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of encodeUrlencoded(fields).body) chunks.push(chunk)
      expect(await read(Buffer.concat(chunks), { maxFormMemorySize: Number.POSITIVE_INFINITY }, size)).toEqual(fields)
    }),
  )
})
