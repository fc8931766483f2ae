import fc from "fast-check"
import { expect, test } from "vitest"
import { HeadReader } from "../../../src/adapters/net/head-reader.ts"
import { Refusal } from "../../../src/running/environ.ts"

/** Gives `pieces` to a reader; the heads that were found, the last as `Refusal` where it was refused. */
function read(pieces: readonly string[], maxBytes = 1000): (string | number)[] {
  const reader = new HeadReader(maxBytes)
  const found: (string | number)[] = []
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, "latin1")
    let at = 0
    while (at < bytes.length) {
      const head = reader.take(bytes, at)
      expect(reader.at).toBeGreaterThan(at)
      at = reader.at
      if (head instanceof Refusal) return [...found, head.code]
      if (head !== undefined) found.push(head)
    }
  }
  return found
}

test("heads are found in pieces of any size they come", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "B", "-"), minLength: 1, maxLength: 9 })
  const line = fc.tuple(name, name).map(([key, value]) => `${key}: ${value}`)
  const head = fc.array(line, { maxLength: 4 }).map((lines) => ["GET / HTTP/1.1", ...lines].join("\r\n"))
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("", "\r\n", "\r\n\r\n"), head), { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(300), { maxLength: 300 }),
      (heads, cuts) => {
        const text = heads.map(([before, each]) => `${before}${each}\r\n\r\n`).join("")
        const ends = [...cuts.filter((cut) => cut < text.length), text.length].sort((a, b) => a - b)
        const pieces = ends.map((end, index) => text.slice(index === 0 ? 0 : ends[index - 1], end))
        expect(read(pieces)).toEqual(heads.map(([, each]) => each))
      },
    ),
  )
})

test.each([
  ["a NUL", "GET / HTTP/1.1\r\nA: \0"],
  ["a LF alone", "GET / HTTP/1.1\n"],
  ["a LF alone in a piece of its own", "GET / HTTP/1.1", "\n"],
  ["a CR alone", "GET / HTTP/1.1\rX"],
  ["a CR alone over two pieces", "GET / HTTP/1.1\r", "X"],
  ["what is no method", "{"],
  ["TLS", "\x16\x03\x01"],
])("%s is refused before the head is at its end", (_what, ...pieces) => {
  expect(read(pieces)).toEqual([400])
})

test("a head that is too large is refused, however it comes", () => {
  const text = `GET / HTTP/1.1\r\nA: ${"b".repeat(200)}\r\n\r\n`
  const sized = (maxBytes: number) => [read([text], maxBytes), read([...text], maxBytes)]
  expect(sized(text.length - 5)).toEqual([[431], [431]])
  expect(sized(text.length - 4)).toEqual([[text.slice(0, -4)], [text.slice(0, -4)]])
})
