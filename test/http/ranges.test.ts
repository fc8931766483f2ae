import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  dumpContentRange,
  dumpRange,
  isByteRangeValid,
  parseContentRange,
  parseRange,
  type RangePair,
  selectRange,
} from "../../src/http/ranges.ts"

const MAX = Number.MAX_SAFE_INTEGER

describe("Range", () => {
  test.each<[string, string, RangePair[]]>([
    // RFC 9110 section 14.1.2
    ["bytes=0-499", "bytes", [[0, 500]]],
    ["bytes=500-999", "bytes", [[500, 1000]]],
    ["bytes=-500", "bytes", [[-500, undefined]]],
    ["bytes=9500-", "bytes", [[9500, undefined]]],
    [
      "bytes=0-0,-1",
      "bytes",
      [
        [0, 1],
        [-1, undefined],
      ],
    ],
    [
      " bytes= 0-999, 4500-5499, -1000",
      "bytes",
      [
        [0, 1000],
        [4500, 5500],
        [-1000, undefined],
      ],
    ],
    ["Items=1-2", "items", [[1, 3]]],
    ["bytes = 0 - 1", "bytes", [[0, 2]]],
    [
      "bytes=3-3,4-4",
      "bytes",
      [
        [3, 4],
        [4, 5],
      ],
    ],
    ["bytes=-0", "bytes", [[-0, undefined]]],
    ["bytes=0-99999999999999999999", "bytes", [[0, MAX + 1]]],
    ["bytes=-99999999999999999999", "bytes", [[-MAX, undefined]]],
  ])("%s asks for %s %j", (text, units, ranges) => {
    expect(parseRange(text)).toEqual({ units, ranges })
  })

  test.each([
    "",
    "bytes",
    "bytes=",
    "bytes=,",
    "bytes=0-1,",
    "bytes=a-b",
    "bytes=1-a",
    "bytes=1",
    "bytes=-",
    "bytes=--1",
    "bytes=0--1",
    "bytes=1-2-3",
    "bytes=5-4",
    "bytes=+1-2",
    "bytes=0x1-0x2",
    "bytes=1.0-2",
    "bytes=1e1-20",
    "bytes=٣-٤",
    "bytes=1_0-20",
    "bytes=0-1,5-,10-11",
    "bytes=-5,0-1",
    "bytes=-5,-3",
    "bytes=0-5,3-7",
    "bytes=5-9,0-1",
    "bytes=0-,0-",
  ])("%j asks for nothing", (text) => {
    expect(parseRange(text)).toBeUndefined()
  })

  test("no header asks for nothing", () => {
    expect(parseRange(undefined)).toBeUndefined()
  })

  test("five thousand overlapping ranges are nothing, five thousand others are that many", () => {
    expect(parseRange(`bytes=${"0-,".repeat(5000)}0-`)).toBeUndefined()
    const many = Array.from({ length: 5000 }, (_, index) => `${index * 2}-${index * 2}`)
    expect(parseRange(`bytes=${many}`)?.ranges).toHaveLength(5000)
  })

  test("ranges come back", () => {
    const gap = fc.integer({ min: 0, max: 1000 })
    const pairs = fc.array(fc.tuple(gap, fc.integer({ min: 1, max: 1000 })), { minLength: 1 })
    const last = fc.option(fc.constantFrom<RangePair>([1e9, undefined], [-5, undefined], [-0, undefined]))
    fc.assert(
      fc.property(pairs, last, (steps, end) => {
        let offset = 0
        const ranges = steps.map(([skip, length]): RangePair => {
          const start = offset + skip
          offset = start + length
          return [start, offset]
        })
        if (end) ranges.push(end)
        expect(parseRange(dumpRange({ units: "bytes", ranges }))).toEqual({ units: "bytes", ranges })
      }),
    )
  })

  test("a unit that is no token is refused", () => {
    expect(() => dumpRange({ units: "a b", ranges: [[0, 1]] })).toThrow(TypeError)
  })
})

describe("selectRange", () => {
  test.each<[RangePair, number, [number, number] | undefined]>([
    [[0, 5], 10, [0, 5]],
    [[0, 50], 10, [0, 10]],
    [[9, undefined], 10, [9, 10]],
    [[10, undefined], 10, undefined],
    [[10, 20], 10, undefined],
    [[-3, undefined], 10, [7, 10]],
    [[-30, undefined], 10, [0, 10]],
    [[-0, undefined], 10, undefined],
    [[0, undefined], 0, undefined],
    [[-5, undefined], 0, undefined],
    [[0, MAX + 1], 10, [0, 10]],
  ])("%j of %i bytes is %j", (range, length, expected) => {
    expect(selectRange(range, length)).toEqual(expected)
  })
})

describe("Content-Range", () => {
  test.each<[string, (number | undefined)[]]>([
    // RFC 9110 section 14.4
    ["bytes 42-1233/1234", [42, 1234, 1234]],
    ["bytes 42-1233/*", [42, 1234, undefined]],
    ["bytes */1234", [undefined, undefined, 1234]],
    [" bytes  0 - 1/2 ", [0, 2, 2]],
    ["bytes */*", [undefined, undefined, undefined]],
  ])("%j says %j", (text, [start, stop, length]) => {
    expect(parseContentRange(text)).toEqual({ units: "bytes", start, stop, length })
  })

  test.each([
    "",
    "bytes",
    "bytes 0-1",
    "bytes/2 0-1",
    "bytes 5-4/10",
    "bytes 0-100/100",
    "bytes 0-98/*junk",
    "bytes -5/10",
    "bytes 5-/10",
    "bytes 0-1/-5",
    "bytes */-5",
    "bytes *-*/*",
    "bytes a-b/2",
    "bytes 0-1/+2",
    "bytes 10-11/10",
  ])("%j says nothing", (text) => {
    expect(parseContentRange(text)).toBeUndefined()
  })

  test("values come back", () => {
    const offsets = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 1e9 }), fc.option(fc.nat(), { nil: undefined }))
    fc.assert(
      fc.property(offsets, ([start, size, more]) => {
        const stop = start + size
        const value = { units: "bytes", start, stop, length: more === undefined ? undefined : stop + more }
        expect(parseContentRange(dumpContentRange(value))).toEqual(value)
      }),
    )
  })

  test("what makes no part is refused", () => {
    expect(() => dumpContentRange({ units: "bytes", start: 5, stop: 5, length: 10 })).toThrow(RangeError)
    expect(() => dumpContentRange({ units: "bytes", start: 5, stop: undefined, length: 10 })).toThrow(RangeError)
    expect(() => dumpContentRange({ units: "a\nb", start: 0, stop: 5, length: 10 })).toThrow(TypeError)
  })
})

test.each<[(number | undefined)[], boolean]>([
  [[undefined, undefined, 0], true],
  [[undefined, undefined, undefined], true],
  [[undefined, undefined, -1], false],
  [[0, undefined, 10], false],
  [[undefined, 5, 10], false],
  [[0, 5, undefined], true],
  [[0, 11, 10], true],
  [[10, 11, 10], false],
  [[5, 5, 10], false],
  [[-5, 5, 10], false],
  [[0, 0, 0], false],
])("start, stop and length %j make a range: %s", ([start, stop, length], valid) => {
  expect(isByteRangeValid(start, stop, length)).toBe(valid)
})
