import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  PARAMS,
  pairBytes,
  pairsOf,
  RecordReader,
  record,
  STDIN,
  streamParts,
} from "../../../src/adapters/fastcgi/records.ts"
import { pieces, variablePairs } from "../../support/chunks.ts"
import { fastCgiPairs, fastCgiRecord, fastCgiRecords } from "../../support/front-server.ts"
import { expectLinear } from "../../support/growth.ts"

const bytes = (text: string) => Buffer.from(text, "latin1")

type Taken = [type: number, id: number, content: string]

/** All that a reader takes; pieces of one stream joined, their ends kept. */
function read(chunks: readonly Buffer[], stopAt?: number): { taken: Taken[]; fault: string | undefined } {
  const taken: Taken[] = []
  const reader = new RecordReader((type, id, content) => {
    const last = taken.at(-1)
    const text = content.toString("latin1")
    const isStream = type === STDIN || type === PARAMS
    if (isStream && last?.[0] === type && last[1] === id && last[2] !== "" && text !== "") last[2] += text
    else taken.push([type, id, text])
    return type === stopAt
  })
  for (const chunk of chunks) {
    const fault = reader.push(chunk)
    if (fault !== undefined) return { taken, fault }
  }
  return { taken, fault: undefined }
}

test("a record is its header, content and padding", () => {
  const sent = Buffer.concat([fastCgiRecord(1, 7, "12345678", 3), fastCgiRecord(4, 300, "ab", 6), fastCgiRecord(5, 1)])
  expect(read([sent])).toEqual({
    taken: [
      [1, 7, "12345678"],
      [4, 300, "ab"],
      [5, 1, ""],
    ],
    fault: undefined,
  })
})

test("another version is a fault, and nothing more is read", () => {
  expect(read([bytes("\x02\x01\0\x01\0\0\0\0")])).toEqual({ taken: [], fault: "the version of a record is 2, not 1" })
  expect(read([bytes("GET / HTTP/1.1\r\n")]).fault).toBe("the version of a record is 71, not 1")
})

test("a listener that has enough gets nothing more", () => {
  const sent = Buffer.concat([fastCgiRecord(5, 1, "a"), fastCgiRecord(1, 1, "12345678"), fastCgiRecord(5, 1, "b")])
  expect(read([sent], 1).taken).toEqual([
    [5, 1, "a"],
    [1, 1, "12345678"],
  ])
})

describe("in pieces of any size", () => {
  const sent = fc.array(
    fc.tuple(
      fc.constantFrom(1, 2, 4, 5, 9, 77),
      fc.nat(65_535),
      fc.string({ unit: "binary-ascii", maxLength: 60 }),
      fc.nat(20),
    ),
  )

  test("the same records come", () => {
    fc.assert(
      fc.property(sent, pieces, (records, cut) => {
        const all = Buffer.concat(
          records.map(([type, id, content, padding]) => fastCgiRecord(type, id, content, padding)),
        )
        expect(read(cut(all))).toEqual(read([all]))
        const contents = records.map(([, , content]) => content).join("")
        expect(
          read([all])
            .taken.map(([, , content]) => content)
            .join(""),
        ).toBe(contents)
      }),
    )
  })

  test("a byte that is changed is read in the same way in any pieces", () => {
    fc.assert(
      fc.property(sent, fc.nat(), fc.nat(255), pieces, (records, at, byte, cut) => {
        const all = Buffer.concat([
          fastCgiRecord(1, 1, "12345678"),
          ...records.map(([type, id, text]) => fastCgiRecord(type, id, text)),
        ])
        all[at % all.length] = byte
        expect(read(cut(all))).toEqual(read([all]))
      }),
    )
  })

  test("time grows with the length", async () => {
    await expectLinear((size) => {
      const chunks = Array.from(fastCgiRecord(9, 0, "x".repeat(size)), (byte) => Buffer.of(byte))
      return () => read(chunks)
    }, 500)
  })
})

describe("names and values", () => {
  test.each([
    ["", []],
    ["\x01\x02abc", ["a", "bc"]],
    ["\0\0", ["", ""]],
    [`\x01\x80\0\0\x80a${"b".repeat(128)}`, ["a", "b".repeat(128)]],
    ["\x80\0\0\x01\0a", ["a", ""]],
    ["\x01", undefined],
    ["\x01\x02a", undefined],
    ["\x01\x80\0\0", undefined],
    ["\x01\xff\xff\xff\xffa", undefined],
    // A short length may be told in four bytes, and a length may end too early.
    ["\x80\0\0\x01\x80\0\0\x02abc", ["a", "bc"]],
    ["\x01", undefined],
    ["\x80\0\0", undefined],
    ["\x01\x80\0\0", undefined],
  ])("%j: %j", (text, expected) => {
    expect(pairsOf(bytes(text))).toEqual(expected)
  })

  test("are read back as they were written, with short and long lengths", () => {
    fc.assert(
      fc.property(variablePairs, (variables) => {
        expect(pairBytes(variables.flat())).toEqual(fastCgiPairs(variables))
        expect(pairsOf(fastCgiPairs(variables))).toEqual(variables.flat())
      }),
    )
  })

  test("of any bytes, give pairs or nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (content) => {
        const pairs = pairsOf(Buffer.from(content))
        if (pairs !== undefined) expect(pairs.length % 2).toBe(0)
      }),
    )
  })
})

test("what is longer than a record is cut into several", () => {
  const parts = Buffer.concat(streamParts(6, 9, new Uint8Array(150_000).fill(7)))
  const records = fastCgiRecords(parts)
  expect(records.map(({ type, id, content }) => [type, id, content.length])).toEqual([
    [6, 9, 65_535],
    [6, 9, 65_535],
    [6, 9, 18_930],
  ])
  expect(fastCgiRecords(record(3, 1, Uint8Array.of(1)))).toEqual([{ type: 3, id: 1, content: Buffer.of(1) }])
})
