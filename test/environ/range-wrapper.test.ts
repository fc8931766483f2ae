import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { RangeWrapper } from "../../src/environ/range-wrapper.ts"
import type { Body } from "../../src/gateway.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const lines = (...texts: string[]) => texts.map(bytes)

async function chunks(body: AsyncIterable<Uint8Array>): Promise<string[]> {
  const seen: string[] = []
  for await (const chunk of body) seen.push(new TextDecoder().decode(chunk))
  return seen
}

test.each([
  ["the beginning", 0, 3, ["foo"]],
  ["nothing at all", 0, 0, []],
  ["across chunks, an empty one too", 1, 5, ["oo", "", "bar"]],
  ["a whole chunk", 3, 3, ["bar"]],
  ["the inside of a chunk", 4, 1, ["a"]],
  ["past the end", 7, 100, ["az"]],
  ["behind the end", 100, 1, []],
  ["without a length", 4, undefined, ["ar", "baz"]],
])("%s: %i and %s bytes from there", async (_, start, length, expected) => {
  expect(await chunks(new RangeWrapper(lines("foo", "", "bar", "baz"), start, length))).toEqual(expected)
})

class File implements AsyncIterable<Uint8Array> {
  readonly log: string[] = []
  readonly #content: string
  readonly #seekable: boolean
  #position = 0

  constructor(content: string, seekable = true) {
    this.#content = content
    this.#seekable = seekable
  }

  seekable(): boolean {
    return this.#seekable
  }

  async seek(position: number): Promise<void> {
    this.log.push(`seek ${position}`)
    this.#position = position
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (; this.#position < this.#content.length; this.#position += 2) {
        yield bytes(this.#content.slice(this.#position, this.#position + 2))
      }
    } finally {
      this.log.push("iterator over")
    }
  }

  close(): void {
    this.log.push("close")
  }
}

describe("a body that can seek", () => {
  test("is read from the start of the range", async () => {
    const file = new File("abcdefgh")
    expect(await chunks(new RangeWrapper(file, 3, 3))).toEqual(["de", "f"])
    expect(file.log).toEqual(["seek 3", "iterator over"])
  })

  test("that says it cannot is read from its beginning", async () => {
    const file = new File("abcdefgh", false)
    expect(await chunks(new RangeWrapper(file, 3, 3))).toEqual(["d", "ef"])
    expect(file.log).toEqual(["iterator over"])
  })
})

test("the iterator is ended as soon as the range is, and the body closed when the wrapper is", async () => {
  const file = new File("abcdefgh")
  const part = new RangeWrapper(file, 0, 2)
  expect(await chunks(part)).toEqual(["ab"])
  expect(file.log).toEqual(["iterator over"])
  await part.close()
  expect(file.log).toEqual(["iterator over", "close"])
})

test("a range that is never read is closed without being iterated", async () => {
  const file = new File("abcdefgh")
  await new RangeWrapper(file, 0, 2).close()
  expect(file.log).toEqual(["close"])
})

test("every range of every body is the slice of the whole", async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(40), fc.nat(40), async (parts, start, length) => {
      const seen: number[] = []
      for await (const chunk of new RangeWrapper(parts as Body, start, length)) seen.push(...chunk)
      expect(seen).toEqual(parts.flatMap((part) => [...part]).slice(start, start + length))
    }),
  )
})
