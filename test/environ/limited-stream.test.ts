import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { inputFrom } from "../../src/environ/input.ts"
import { LimitedStream } from "../../src/environ/limited-stream.ts"
import { BadRequest, ClientDisconnected, RequestEntityTooLarge } from "../../src/exceptions/statuses.ts"
import type { InputStream } from "../../src/gateway.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunk: Uint8Array) => new TextDecoder().decode(chunk)

/** Tells how much was asked for, and gives less than that if `most` says so. */
class Source implements InputStream {
  asked: number[] = []
  readonly #rest: { bytes: Uint8Array }
  readonly #most: number

  constructor(content: string, most = Number.POSITIVE_INFINITY) {
    this.#rest = { bytes: bytes(content) }
    this.#most = most
  }

  async read(size = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    this.asked.push(size)
    return this.#take(Math.min(size, this.#most))
  }

  async readLine(size = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    this.asked.push(size)
    const end = this.#rest.bytes.indexOf(10)
    return this.#take(Math.min(size, this.#most, end === -1 ? Number.POSITIVE_INFINITY : end + 1))
  }

  readLines(): Promise<Uint8Array[]> {
    throw new Error("not used")
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    throw new Error("not used")
  }

  #take(size: number): Uint8Array {
    const taken = this.#rest.bytes.subarray(0, size)
    this.#rest.bytes = this.#rest.bytes.subarray(taken.length)
    return taken
  }
}

class Loud extends LimitedStream {
  override onExhausted(): void {
    throw new BadRequest("input stream exhausted")
  }
}

describe("a stream of an announced length", () => {
  test("ends at its limit and tells where it is", async () => {
    const stream = new LimitedStream(inputFrom(bytes("123456")), 3)
    expect([stream.tell(), stream.limit, stream.isExhausted]).toEqual([0, 3, false])
    expect(text(await stream.read(2))).toBe("12")
    expect([stream.tell(), stream.isExhausted]).toEqual([2, false])
    expect(text(await stream.read(2))).toBe("3")
    expect([stream.tell(), stream.isExhausted]).toEqual([3, true])
    expect(text(await stream.read(2))).toBe("")
    expect(text(await stream.read())).toBe("")
  })

  test("calls onExhausted only when something is read behind the limit", async () => {
    const stream = new Loud(inputFrom(bytes("123456")), 3)
    expect(text(await stream.read())).toBe("123")
    await expect(stream.read()).rejects.toThrow("input stream exhausted")
    const again = new Loud(inputFrom(bytes("123456")), 3)
    for (const part of ["1", "2", "3"]) expect(text(await again.read(1))).toBe(part)
    await expect(again.readLine()).rejects.toThrow(BadRequest)
  })

  test("a limit of 0 is a limit", async () => {
    const source = new Source("more")
    const stream = new LimitedStream(source, 0)
    expect((await stream.read()).length + (await stream.readLine()).length).toBe(0)
    expect(source.asked).toEqual([])
  })

  test.each([-1, 1.5, Number.NaN, "3"])("a limit of %s is a programmer's mistake", (limit) => {
    expect(() => new LimitedStream(inputFrom([]), limit as number)).toThrow(RangeError)
  })

  test("asks its source for no more than what is left", async () => {
    const source = new Source("1234567890", 3)
    const stream = new LimitedStream(source, 7)
    expect(text(await stream.read(100))).toBe("123")
    expect(text(await stream.readLine(100))).toBe("4567")
    expect(source.asked).toEqual([7, 4, 1])
    expect(text(await source.read())).toBe("890")
  })

  test("splits lines at line feeds and at the limit", async () => {
    const stream = new LimitedStream(inputFrom(bytes("123456\nabcdefg")), 9)
    expect(text(await stream.readLine())).toBe("123456\n")
    expect(text(await stream.readLine())).toBe("ab")
    expect(text(await stream.readLine())).toBe("")
    const lines = new LimitedStream(inputFrom(bytes("123456\nabcdefg")), 9)
    expect((await lines.readLines()).map(text)).toEqual(["123456\n", "ab"])
    const hinted = new LimitedStream(inputFrom(bytes("a\nb\nc\nd\n")), 8)
    expect((await hinted.readLines(3)).map(text)).toEqual(["a\n", "b\n"])
  })

  test("cuts a line at the size that is asked for", async () => {
    const stream = new LimitedStream(inputFrom(bytes("12345\n")), 6)
    expect(text(await stream.readLine(2))).toBe("12")
    expect(text(await stream.readLine(0))).toBe("")
    expect(text(await stream.readLine(20))).toBe("345\n")
  })

  test("iterates over chunks, reads into arrays, and exhausts itself", async () => {
    const stream = new LimitedStream(inputFrom([bytes("ab"), bytes("cd"), bytes("ef")]), 5)
    const target = new Uint8Array(1)
    expect(await stream.readInto(target)).toBe(1)
    expect(text(target)).toBe("a")
    const chunks: string[] = []
    for await (const chunk of stream) {
      chunks.push(text(chunk))
      if (chunks.length === 2) break
    }
    expect(chunks).toEqual(["b", "cd"])
    await stream.exhaust()
    expect([stream.isExhausted, stream.tell()]).toEqual([true, 5])
    expect(await stream.readInto(target)).toBe(0)
  })

  test("what a subclass makes of read holds for every way to have chunks", async () => {
    class Counted extends LimitedStream {
      seen = 0
      override async read(size?: number): Promise<Uint8Array> {
        const chunk = await super.read(size)
        this.seen += chunk.length
        return chunk
      }
    }
    const stream = new Counted(inputFrom([bytes("ab"), bytes("cd"), bytes("ef"), bytes("gh")]), 8)
    await stream.readInto(new Uint8Array(2))
    for await (const _ of stream) break
    expect(stream.seen).toBe(4)
    await stream.exhaust()
    expect(stream.seen).toBe(8)
  })

  test("a body that ends early has lost its client", async () => {
    for (const read of ["read", "readLine", "readAll", "readLines"] as const) {
      const stream = new LimitedStream(inputFrom(bytes("abc")), 5)
      await expect((async () => [await stream[read](), await stream[read]()])(), read).rejects.toThrow(
        ClientDisconnected,
      )
    }
  })

  test("a source that fails is a client that is gone, and the reason is kept", async () => {
    const reason = new Error("reset")
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytes("a")
      throw reason
    }
    const stream = new LimitedStream(inputFrom(failing()), 5)
    expect(text(await stream.read(1))).toBe("a")
    await expect(stream.read(1)).rejects.toMatchObject({ code: 400, cause: reason })
  })

  test("what onDisconnect lets pass ends the stream", async () => {
    class Tolerant extends LimitedStream {
      override onDisconnect(): void {}
    }
    expect(text(await new Tolerant(inputFrom(bytes("abc")), 5).read())).toBe("abc")
  })
})

describe("a stream of at most so many bytes", () => {
  const read = (content: string, limit: number) => new LimitedStream(new Source(content, 2), limit, true)

  test("exactly the limit passes, in every way to read it", async () => {
    expect(text(await read("12345", 5).read())).toBe("12345")
    expect((await read("12\n45", 5).readLines()).map(text)).toEqual(["12\n", "45"])
    const chunks: string[] = []
    for await (const chunk of read("12345", 5)) chunks.push(text(chunk))
    expect(chunks.join("")).toBe("12345")
    await read("12345", 5).exhaust()
  })

  test("one byte more is a 413, in every way to read it", async () => {
    await expect(read("123456", 5).read()).rejects.toThrow(RequestEntityTooLarge)
    await expect(read("123456", 5).readLines()).rejects.toThrow(RequestEntityTooLarge)
    await expect(read("123456", 5).exhaust()).rejects.toThrow(RequestEntityTooLarge)
    const iterate = async () => {
      for await (const _ of read("123456", 5));
    }
    await expect(iterate()).rejects.toThrow(RequestEntityTooLarge)
  })

  test("goes on refusing after it has refused", async () => {
    const stream = read("123456", 5)
    for (let i = 0; i < 3; i++) await expect(stream.read()).rejects.toThrow(RequestEntityTooLarge)
    await expect(stream.readLine()).rejects.toThrow(RequestEntityTooLarge)
  })

  test("an end before the limit is an end, a failure is not", async () => {
    expect(text(await read("123", 5).read())).toBe("123")
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* []
      throw new Error("reset")
    }
    await expect(new LimitedStream(inputFrom(failing()), 5, true).read()).rejects.toThrow(ClientDisconnected)
  })
})

test("reads that overlap are served in the order of their calls", async () => {
  const stream = new LimitedStream(inputFrom([bytes("abc"), bytes("def\nxyz")]), 8)
  const results = await Promise.all([stream.read(2), stream.readLine(), stream.read()])
  expect(results.map(text)).toEqual(["ab", "cdef\n", "x"])
})

test("however it is cut and read, what comes out is the beginning of what went in", async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 8 })
  const sizes = fc.array(fc.record({ line: fc.boolean(), size: fc.integer({ min: 1, max: 20 }) }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(chunks, sizes, fc.nat(100), async (pieces, reads, wanted) => {
      const whole = pieces.flatMap((piece) => [...piece])
      const limit = Math.min(wanted, whole.length)
      const stream = new LimitedStream(inputFrom(pieces), limit)
      const seen: number[] = []
      for (const { line, size } of reads) {
        const chunk = line ? await stream.readLine(size) : await stream.read(size)
        expect(chunk.length).toBeLessThanOrEqual(size)
        seen.push(...chunk)
        expect(stream.tell()).toBe(seen.length)
      }
      seen.push(...(await stream.read()))
      expect(seen).toEqual(whole.slice(0, limit))
    }),
  )
})
