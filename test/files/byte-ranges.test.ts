import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { MAX_RANGES, multipartRanges, selectByteRanges } from "../../src/files/byte-ranges.ts"
import { lengthOf } from "../../src/files/file-body.ts"

describe("a Range header", () => {
  const whole = undefined
  const unsatisfiable: [number, number][] = []
  const table: [header: string, size: number, selected: [number, number][] | undefined][] = [
    ["bytes=0-8", 1000, [[0, 9]]],
    ["bytes=-8", 1000, [[992, 1000]]],
    ["bytes=992-", 1000, [[992, 1000]]],
    ["bytes=992-999", 1000, [[992, 1000]]],
    ["bytes=999-", 1000, [[999, 1000]]],
    ["bytes=999-999", 1000, [[999, 1000]]],
    ["bytes=0-99999", 1000, [[0, 1000]]],
    ["bytes=-1000", 1000, [[0, 1000]]],
    ["bytes=-2000", 1000, [[0, 1000]]],
    ["bytes=1000-", 1000, unsatisfiable],
    ["bytes=1000-1001", 1000, unsatisfiable],
    ["bytes=-0", 1000, unsatisfiable],
    ["bytes=2000-2001,3000-", 1000, unsatisfiable],
    ["bytes=18446744073709551616-", 1000, unsatisfiable],
    ["bytes=0-18446744073709551616", 1000, [[0, 1000]]],
    [
      "bytes=0-8,-8",
      1000,
      [
        [0, 9],
        [992, 1000],
      ],
    ],
    [
      "bytes= 0-8 , 10-11 ",
      1000,
      [
        [0, 9],
        [10, 12],
      ],
    ],
    // One of them lies outside: the others count (RFC 9110 section 15.3.7).
    ["bytes=0-8,1000-1001", 1000, [[0, 9]]],
    ["BYTES=0-8", 1000, [[0, 9]]],
    ["bytes=5-2", 1000, whole],
    ["bytes=0-5,3-8", 1000, whole],
    ["bytes=10-20,0-5", 1000, whole],
    ["bytes=0-5,-999", 1000, whole],
    ["bytes=0-,0-,0-", 1000, whole],
    [`bytes=${Array(5000).fill("0-").join(",")}`, 1000, whole],
    [`bytes=${Array.from({ length: MAX_RANGES + 1 }, (_, i) => `${2 * i}-${2 * i}`).join(",")}`, 1000, whole],
    ["items=0-1", 1000, whole],
    ["bytes", 1000, whole],
    ["bytes=", 1000, whole],
    ["bytes=a-b", 1000, whole],
    ["bytes=0x1-2", 1000, whole],
    ["bytes=0-1;", 1000, whole],
    ["bytes=0-", 0, whole],
    ["bytes=-1", 0, whole],
  ]
  for (const [header, size, selected] of table) {
    const outcome = selected?.map((range) => range.join(" to ")).join(", ") ?? "the whole"
    test(`${header.slice(0, 40)} of ${size} bytes selects ${outcome || "nothing"}`, () => {
      expect(selectByteRanges(header, size)).toEqual(selected)
    })
  }

  test("of any kind selects parts in order that do not overlap, never more than the whole", () => {
    const position = fc.oneof(fc.nat(50), fc.constant(""))
    const spec = fc.tuple(position, position).map(([from, to]) => `${from}-${to}`)
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 8 }), fc.nat(60), (specs, size) => {
        const ranges = selectByteRanges(`bytes=${specs.join(",")}`, size) ?? []
        let end = 0
        for (const [start, stop] of ranges) {
          expect(start).toBeGreaterThanOrEqual(end)
          expect(stop).toBeGreaterThan(start)
          end = stop
        }
        expect(end).toBeLessThanOrEqual(size)
      }),
    )
  })
})

describe("several ranges", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

  test("are parts of one body, each with its type and place", () => {
    const ranges: [number, number][] = [
      [0, 2],
      [990, 1000],
    ]
    const parts = multipartRanges(ranges, 1000, "text/plain")
    const boundary = /^multipart\/byteranges; boundary=([0-9a-f-]{36})$/.exec(parts?.contentType ?? "")?.[1]
    expect(parts?.segments.map((segment) => (segment instanceof Uint8Array ? text(segment) : segment))).toEqual([
      `--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/1000\r\n\r\n`,
      [0, 2],
      `\r\n--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 990-999/1000\r\n\r\n`,
      [990, 1000],
      `\r\n--${boundary}--\r\n`,
    ])
    expect(lengthOf(parts?.segments ?? [])).toBeLessThan(1000)
  })

  test("that would make more than the file are not sent in parts", () => {
    expect(
      multipartRanges(
        [
          [0, 1],
          [2, 3],
        ],
        100,
        "text/plain",
      ),
    ).toBeUndefined()
  })
})
