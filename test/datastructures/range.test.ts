import fc from "fast-check"
import { describe, expect, expectTypeOf, test } from "vitest"
import { ContentRange, IfRange, Range } from "../../src/datastructures/range.ts"

describe("IfRange", () => {
  const date = new Date(784111777000)

  test.each([
    [undefined, undefined, undefined, ""],
    ["", undefined, undefined, ""],
    ['"a"', "a", undefined, '"a"'],
    ["a", "a", undefined, '"a"'],
    ['W/"a"', undefined, undefined, ""],
    ["Sun, 06 Nov 1994 08:49:37 GMT", undefined, date, "Sun, 06 Nov 1994 08:49:37 GMT"],
    ["Sunday, 06-Nov-94 08:49:37 GMT", undefined, date, "Sun, 06 Nov 1994 08:49:37 GMT"],
  ])("%j has the tag %j and the date %j", (text, etag, when, written) => {
    const ifRange = IfRange.fromHeader(text)
    expect(ifRange.etag).toBe(etag)
    expect(ifRange.date).toEqual(when)
    expect(ifRange.toHeader()).toBe(written)
    expect(String(ifRange)).toBe(written)
  })

  test("refuses to write a tag that has a quote", () => {
    expect(() => new IfRange({ etag: 'a"b' }).toHeader()).toThrow(TypeError)
  })
})

describe("Range", () => {
  test.each([
    ["bytes=0-499", [[0, 500]], "bytes=0-499"],
    [" Bytes = 0 - 1 ", [[0, 2]], "bytes=0-1"],
    [
      "bytes=0-0,-500",
      [
        [0, 1],
        [-500, undefined],
      ],
      "bytes=0-0,-500",
    ],
    ["bytes=9-", [[9, undefined]], "bytes=9-"],
    [
      "items=1-2,4-5",
      [
        [1, 3],
        [4, 6],
      ],
      "items=1-2,4-5",
    ],
  ])("%j asks for %j", (text, ranges, written) => {
    const range = Range.fromHeader(text)
    expect(range?.ranges).toEqual(ranges)
    expect(range?.toHeader()).toBe(written)
    expect(String(range)).toBe(written)
  })

  test.each([undefined, "", "bytes", "bytes=", "bytes=5-4", "bytes=0-1,", "bytes=0--1", "bytes=+1-2", "bytes=3-,0-1"])(
    "%j asks for nothing",
    (text) => {
      expect(Range.fromHeader(text)).toBeUndefined()
    },
  )

  test.each([
    ["bytes=0-499", 100, [0, 100], "bytes 0-99/100"],
    ["bytes=5-5", 10, [5, 6], "bytes 5-5/10"],
    ["bytes=10-", 10, undefined, undefined],
    ["bytes=-3", 10, [7, 10], "bytes 7-9/10"],
    ["bytes=-300", 10, [0, 10], "bytes 0-9/10"],
    ["bytes=-0", 10, undefined, undefined],
    ["bytes=0-", 0, undefined, undefined],
    ["bytes=0-1,3-4", 10, undefined, undefined],
    ["items=0-1", 10, undefined, undefined],
    ["bytes=0-1", undefined, undefined, undefined],
    ["bytes=0-99999999999999999999", 10, [0, 10], "bytes 0-9/10"],
  ])("%s of %j bytes is %j", (text, length, part, header) => {
    const range = Range.fromHeader(text) as Range
    expect(range.rangeForLength(length)).toEqual(part)
    expect(range.toContentRangeHeader(length)).toBe(header)
    expect(range.makeContentRange(length)?.toHeader()).toBe(header)
  })

  test.each([[[[1, 0]]], [[[1, 1]]], [[[-1, 5]]], [[[0.5, undefined]]], [[[Number.NaN, 3]]]])(
    "can't be made of %j",
    (ranges) => {
      expect(() => new Range("bytes", ranges as [number, number][])).toThrow(RangeError)
    },
  )

  test("reads what it wrote", () => {
    const steps = fc.array(fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 1000 })), { minLength: 1 })
    const last = fc.constantFrom<[number, undefined] | undefined>(undefined, [1e9, undefined], [-5, undefined])
    fc.assert(
      fc.property(steps, last, (gaps, open) => {
        let position = 0
        const ranges: [number, number | undefined][] = gaps.map(([gap, size]) => {
          const start = position + gap
          position = start + size
          return [start, position]
        })
        if (open) ranges.push(open)
        const range = new Range("bytes", ranges)
        expect(Range.fromHeader(range.toHeader())).toEqual(range)
      }),
    )
  })
})

describe("ContentRange", () => {
  test.each([
    ["bytes 0-9/100", 0, 10, 100],
    ["bytes 0-9/*", 0, 10, undefined],
    ["bytes */100", undefined, undefined, 100],
    ["items 0-1/2", 0, 2, 2],
  ])("%j is from %j to %j of %j", (text, start, stop, length) => {
    const range = ContentRange.fromHeader(text) as ContentRange
    expect([range.start, range.stop, range.length]).toEqual([start, stop, length])
    expect(range.isSet).toBe(true)
    expect(range.toHeader()).toBe(text)
    expect(String(range)).toBe(text)
  })

  test.each([
    undefined,
    "",
    "bytes",
    "bytes 0-9",
    "bytes 0-9/5",
    "bytes 5-4/10",
    "bytes -5/10",
    "bytes 0-1/-5",
    "bytes 0-1/x",
    "a@b 0-1/5",
    "*/c 0-1/5",
  ])("%j says nothing", (text) => {
    expect(ContentRange.fromHeader(text)).toBeUndefined()
  })

  test("tells its owner of each change", () => {
    const range = new ContentRange("bytes", 0, 10, 100)
    const written: string[] = []
    range.onUpdate = (changed) => written.push(changed.toHeader())
    range.start = 3
    range.stop = 5
    range.length = null
    range.units = "items"
    range.unset()
    expect(range.isSet).toBe(false)
    expect(written).toEqual(["bytes 3-9/100", "bytes 3-4/100", "bytes 3-4/*", "items 3-4/*", ""])
  })

  test.each(["start", "stop"] as const)("without a %s there is no part", (end) => {
    for (const nothing of [undefined, null]) {
      const range = new ContentRange("bytes", 0, 10, 100)
      range[end] = nothing
      expect([range.start, range.stop, range.toHeader()]).toEqual([undefined, undefined, "bytes */100"])
      range.length = nothing
      expect(range.toHeader()).toBe("bytes */*")
      range.units = nothing
      expect(range.toHeader()).toBe("")
    }
  })

  test("refuses what makes no sense, and stays as it was", () => {
    const range = new ContentRange("bytes", 0, 10, 100)
    let calls = 0
    range.onUpdate = () => calls++
    expect(() => {
      range.stop = 101
    }).toThrow(RangeError)
    expect(() => {
      range.start = 10
    }).toThrow(RangeError)
    expect(() => {
      range.units = "a b"
    }).toThrow(TypeError)
    expect(() => new ContentRange("bytes", 5, 5, 10)).toThrow(RangeError)
    expect(() => new ContentRange("bytes", 0, null, 10)).toThrow(RangeError)
    expect(() => new ContentRange("a b", 0, 1, 2)).toThrow(TypeError)
    expect(() => new ContentRange("bytes", 0, 20, 10)).toThrow(RangeError)
    expect(() => new ContentRange("bytes", Number.NaN, 5, 10)).toThrow(RangeError)
    expect(() => new ContentRange("bytes", 0, 0.5, 10)).toThrow(RangeError)
    expect(() => new ContentRange("a\r\nb")).toThrow(TypeError)
    expect(range.toHeader()).toBe("bytes 0-9/100")
    expect(calls).toBe(0)
  })

  test("reads what it wrote", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1 }), fc.option(fc.nat()), (start, size, rest) => {
        const stop = start + size
        const range = new ContentRange("bytes", start, stop, rest === null ? null : stop + rest)
        expect(ContentRange.fromHeader(range.toHeader())?.toHeader()).toBe(range.toHeader())
        expect(ContentRange.fromHeader(range.toHeader())?.stop).toBe(stop)
      }),
    )
  })

  test("types allow null to be set", () => {
    expectTypeOf(new ContentRange().start).toEqualTypeOf<number | undefined>()
    expectTypeOf(Range.fromHeader("")).toEqualTypeOf<Range | undefined>()
  })
})
