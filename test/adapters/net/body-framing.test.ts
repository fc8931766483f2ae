import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  type BodyFraming,
  ChunkedFraming,
  FramingFault,
  LengthFraming,
} from "../../../src/adapters/net/body-framing.ts"

/** Gives `text` in these pieces; what was taken, and what was left behind the body. */
function readAll(framing: BodyFraming, pieces: readonly string[]): { body: string; rest: string } {
  let body = ""
  let rest = ""
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, "latin1")
    let at = 0
    while (!framing.isComplete && at < bytes.length) {
      body += framing.take(bytes, at)?.toString("latin1") ?? ""
      expect(framing.at).toBeGreaterThan(at)
      at = framing.at
    }
    rest += bytes.toString("latin1", at)
  }
  return { body, rest }
}

const chunked = () => new ChunkedFraming(100)

/** A text cut at any places. */
const cut = (text: fc.Arbitrary<string>) =>
  text.chain((whole) =>
    fc.array(fc.nat(whole.length), { maxLength: 6 }).map((places) => {
      const ends = [...places, whole.length].sort((a, b) => a - b)
      return ends.map((end, index) => whole.slice(index === 0 ? 0 : ends[index - 1], end))
    }),
  )
const bytes = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each).toString("latin1"))

describe("a body of a known length", () => {
  test("is the first bytes, in pieces of any size they come", () => {
    fc.assert(
      fc.property(cut(bytes), fc.nat(40), (pieces, length) => {
        const framing = new LengthFraming(length)
        const whole = pieces.join("")
        expect(readAll(framing, pieces)).toEqual({ body: whole.slice(0, length), rest: whole.slice(length) })
        expect(framing.isComplete).toBe(whole.length >= length)
        expect(framing.left).toBe(Math.max(0, length - whole.length))
      }),
    )
  })
})

describe("a body in chunks", () => {
  test("is what the chunks hold, in pieces of any size they come, and ends behind the trailers", () => {
    const chunk = bytes.filter((each) => each !== "")
    const coded = fc
      .tuple(
        fc.array(chunk),
        fc.constantFrom("", ";a", ';a="b"'),
        fc.constantFrom("", "X: y\r\n", "A: b\r\nC: d\r\n"),
        bytes,
      )
      .map(([chunks, extension, trailers, rest]) => ({
        body: chunks.join(""),
        rest,
        text: `${chunks.map((each) => `${each.length.toString(16)}${extension}\r\n${each}\r\n`).join("")}000\r\n${trailers}\r\n${rest}`,
      }))
    fc.assert(
      fc.property(
        coded.chain((each) => cut(fc.constant(each.text)).map((pieces) => ({ ...each, pieces }))),
        ({ body, rest, pieces }) => {
          const framing = chunked()
          expect(readAll(framing, pieces)).toEqual({ body, rest })
          expect(framing.isComplete).toBe(true)
        },
      ),
    )
  })

  test.each([
    ["no size", "\r\nx"],
    ["a sign", "+1\r\nx"],
    ["a prefix", "0x1\r\nx"],
    ["a space before the size", " 1\r\nx"],
    ["a space behind the size", "1 \r\nx"],
    ["a size beyond what is exact", "10000000000000\r\nx"],
    ["a size line ended by LF", "1\nx"],
    ["a CR alone behind the size", "1\rx"],
    ["a control in an extension", "1;\0\r\nx"],
    ["data that is longer than the size", "1\r\nxy\r\n"],
    ["data ended by LF", "1\r\nx\n"],
    ["a trailer without a colon", "0\r\nbad\r\n\r\n"],
    ["a trailer without a name", "0\r\n: x\r\n\r\n"],
    ["a trailer whose name is no token", "0\r\na b: x\r\n\r\n"],
    ["a folded trailer", "0\r\nA: b\r\n c\r\n\r\n"],
    ["a control in a trailer", "0\r\nA: \x01\r\n\r\n"],
    ["Content-Length among the trailers", "0\r\ncontent-LENGTH: 1\r\n\r\n"],
    ["Transfer-Encoding among the trailers", "0\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ])("%s is a fault", (_what, text) => {
    for (const pieces of [[text], [...text]]) {
      expect(() => readAll(chunked(), pieces)).toThrow(new FramingFault("400 Bad Request"))
    }
  })

  test("a body in chunks of one byte is one piece for the bytes that came together", () => {
    const bytes = Buffer.from("1\r\nx\r\n".repeat(1000))
    const framing = chunked()
    expect(framing.take(bytes, 0)?.toString()).toBe("x".repeat(1000))
    expect(framing.at).toBe(bytes.length)
  })

  test("extensions are bounded in sum over all chunks", () => {
    const text = `1;${"a".repeat(100)}\r\nx\r\n`.repeat(200)
    expect(() => readAll(chunked(), [text])).toThrow(new FramingFault("413 Content Too Large"))
  })

  test("trailers are bounded in sum", () => {
    const text = `0\r\n${"A: b\r\n".repeat(30)}`
    expect(() => readAll(chunked(), [text])).toThrow(new FramingFault("431 Request Header Fields Too Large"))
  })
})
