import { describe, expect, test } from "vitest"
import {
  checkSource,
  closeSource,
  EncodedChunks,
  encodeChunk,
  encodedBody,
  isSequence,
} from "../../src/wrappers/body-source.ts"
import { bytes, text } from "../support/requests.ts"

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string[]> {
  const seen: string[] = []
  for await (const chunk of chunks) seen.push(text(chunk))
  return seen
}

test("text becomes UTF-8, bytes stay the same object, anything else is refused", () => {
  const chunk = bytes("x")
  expect(encodeChunk(chunk)).toBe(chunk)
  expect(encodeChunk("é")).toEqual(bytes("é"))
  for (const wrong of [5, null, undefined, [1], new Uint16Array(1), Promise.resolve("x")]) {
    expect(() => encodeChunk(wrong as never)).toThrow(TypeError)
  }
})

test("a sequence is what can be sent again", () => {
  for (const source of ["", "a", bytes("a"), [], ["a"], null, undefined]) expect(isSequence(source)).toBe(true)
  for (const source of [new Set(["a"]), ["a"].values(), new ReadableStream<string>()])
    expect(isSequence(source)).toBe(false)
  expect(() => checkSource({})).toThrow("not a plain object. For JSON write: Response.json(…)")
  expect(() => checkSource(new DataView(new ArrayBuffer(1)))).toThrow(TypeError)
})

describe("chunks", () => {
  test("are asked for one by one, and encoded when they come", async () => {
    const asked: number[] = []
    function* source() {
      for (let i = 0; i < 3; i++) {
        asked.push(i)
        yield `${i}`
      }
    }
    const chunks = new EncodedChunks(source())
    expect(asked).toEqual([])
    expect(text((await chunks.next()).value as Uint8Array)).toBe("0")
    expect(asked).toEqual([0])
    expect(await collect(chunks)).toEqual(["1", "2"])
    expect((await chunks.next()).done).toBe(true)
  })

  test("of every kind of source", async () => {
    const sources = ["ab", bytes("ab"), ["a", bytes("b")], new Set(["a", "b"]), ReadableStream.from(["a", "b"])]
    for (const source of sources) expect((await collect(new EncodedChunks(source as never))).join("")).toBe("ab")
    for (const nothing of ["", null, undefined, []]) expect(await collect(new EncodedChunks(nothing))).toEqual([])
  })

  test("are closed once, from either side", () => {
    let closed = 0
    const chunks = new EncodedChunks("a", () => void closed++)
    chunks.close()
    chunks.close()
    expect(closed).toBe(1)
  })

  test("end when the stream that they come from fails", async () => {
    const stream = new ReadableStream<string>({
      start: (controller) => controller.enqueue("a"),
      pull: (controller) => controller.error(new Error("broken")),
    })
    const chunks = new EncodedChunks(stream)
    await chunks.next()
    await expect(chunks.next()).rejects.toThrow("broken")
    await Promise.resolve(closeSource(stream)).catch(() => {})
  })
})

test("closing says so in the words of the source, and is nothing for what cannot be closed", async () => {
  const said: string[] = []
  const source = (words: string[]) => ({
    *[Symbol.iterator]() {},
    ...Object.fromEntries(words.map((word) => [word, () => void said.push(word)])),
  })
  await closeSource(source(["close", "destroy"]))
  await closeSource(source(["destroy"]))
  for (const nothing of ["a", bytes("a"), ["a"], null, undefined, new Set(["a"])]) await closeSource(nothing)
  expect(said).toEqual(["close", "destroy"])
})

describe("a body for the gateway", () => {
  test("is synchronous where its source is", () => {
    const body = encodedBody(new Set(["a", "é"]), () => {}) as Iterable<Uint8Array>
    expect(Symbol.asyncIterator in body).toBe(false)
    expect([...body].map(text)).toEqual(["a", "é"])
    for (const source of [ReadableStream.from(["a"]), (async function* () {})()])
      expect(Symbol.asyncIterator in encodedBody(source, () => {})).toBe(true)
  })

  test("returns the source's iterator when it is left early or has a chunk that is none", () => {
    const returned: string[] = []
    function* source(name: string, value: unknown) {
      try {
        yield value as string
        yield "more"
      } finally {
        returned.push(name)
      }
    }
    for (const _ of encodedBody(source("left", "a"), () => {}) as Iterable<Uint8Array>) break
    const wrong = encodedBody(source("wrong", 5), () => {}) as Iterable<Uint8Array> & Iterator<Uint8Array>
    expect(() => wrong.next()).toThrow(TypeError)
    expect(wrong.next().done).toBe(true)
    expect(returned).toEqual(["left", "wrong"])
  })

  test("is closed once", () => {
    let closed = 0
    const body = encodedBody(new Set(["a"]), () => void closed++)
    body.close?.()
    body.close?.()
    expect(closed).toBe(1)
  })
})
