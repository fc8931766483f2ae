import fc from "fast-check"
import { expect, test } from "vitest"
import { concatenate } from "../../src/environ/concatenation.ts"
import { emptyInput, inputFrom, PulledInput } from "../../src/environ/input.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunk: Uint8Array) => new TextDecoder().decode(chunk)

test("read(size) gives at most so many bytes, from one chunk at a time, and nothing at the end", async () => {
  const input = inputFrom([bytes("hello"), bytes(""), bytes("world")])
  const seen: string[] = []
  for (let i = 0; i < 6; i++) seen.push(text(await input.read(3)))
  expect(seen).toEqual(["hel", "lo", "wor", "ld", "", ""])
})

test("read() gives all that is left", async () => {
  const input = inputFrom([bytes("hello "), bytes("world")])
  expect(text(await input.read(2))).toBe("he")
  expect(text(await input.read())).toBe("llo world")
  expect(text(await input.read())).toBe("")
})

test("read(0) gives nothing and consumes nothing", async () => {
  const input = inputFrom(bytes("a"))
  expect((await input.read(0)).length).toBe(0)
  expect(text(await input.read())).toBe("a")
})

test.each([-1, 1.5, Number.NaN, "3"])("a size of %s is a programmer's mistake", (size) => {
  const input = inputFrom(bytes("a"))
  expect(() => input.read(size as number)).toThrow(RangeError)
  expect(() => input.readLine(size as number)).toThrow(RangeError)
  expect(() => input.readLines(size as number)).toThrow(RangeError)
})

test("lines keep their line feed, join across chunks and stop at a size", async () => {
  const input = inputFrom([bytes("on"), bytes("e\ntwo\n\nth"), bytes("ree")])
  expect(text(await input.readLine())).toBe("one\n")
  expect(text(await input.readLine(2))).toBe("tw")
  expect(text(await input.readLine())).toBe("o\n")
  expect(text(await input.readLine())).toBe("\n")
  expect(text(await input.readLine())).toBe("three")
  expect(text(await input.readLine())).toBe("")
})

test("readLines stops behind the line that reaches the hint", async () => {
  const source = [bytes("a\nbb\nccc\n")]
  expect((await inputFrom(source).readLines()).map(text)).toEqual(["a\n", "bb\n", "ccc\n"])
  const input = inputFrom(source)
  expect((await input.readLines(3)).map(text)).toEqual(["a\n", "bb\n"])
  expect((await input.readLines(0)).map(text)).toEqual(["ccc\n"])
})

test("iteration gives chunks, and stopping early leaves the rest", async () => {
  const input = inputFrom([bytes("a"), bytes("b"), bytes("c")])
  for await (const chunk of input) {
    expect(text(chunk)).toBe("a")
    break
  }
  expect(text(await input.read())).toBe("bc")
})

test("reads that overlap are served in order", async () => {
  const input = inputFrom(
    (async function* () {
      for (const letter of "abcdef") {
        await new Promise((resolve) => setImmediate(resolve))
        yield bytes(letter)
      }
    })(),
  )
  const parts = await Promise.all([input.read(1), input.read(2), input.readLine(1), input.read()])
  expect(parts.map(text)).toEqual(["a", "b", "c", "def"])
})

test("a failing source fails this read and all that follow, with the same error, and is asked no more", async () => {
  let asked = 0
  class Failing extends PulledInput {
    protected async pull(): Promise<Uint8Array> {
      asked++
      if (asked === 1) return bytes("ok")
      throw new Error("gone")
    }
  }
  const input = new Failing()
  expect(text(await input.read(5))).toBe("ok")
  await expect(input.read()).rejects.toThrow("gone")
  await expect(input.readLine()).rejects.toThrow("gone")
  expect(asked).toBe(2)
})

test("the empty input is at its end in every way of reading", async () => {
  expect((await emptyInput.read()).length).toBe(0)
  expect((await emptyInput.readLine()).length).toBe(0)
  expect(await emptyInput.readLines()).toEqual([])
  const chunks: Uint8Array[] = []
  for await (const chunk of emptyInput) chunks.push(chunk)
  expect(chunks).toEqual([])
})

test("however the source is cut and however it is read, the bytes are the same", async () => {
  const sizes = fc.array(fc.nat(7), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 9 })), sizes, async (chunks, reads) => {
      const input = inputFrom(chunks)
      const seen: Uint8Array[] = []
      for (const size of reads) seen.push(size === 0 ? await input.readLine() : await input.read(size))
      seen.push(await input.read())
      expect(concatenate(seen)).toEqual(concatenate(chunks))
    }),
  )
})
