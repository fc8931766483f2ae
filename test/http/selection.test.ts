// One decision for all that is sent under conditions and in parts: responses and files.

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  pastDate,
  type Selectable,
  type SelectionHeaders,
  selectByteRanges,
  selectContent,
} from "../../src/http/selection.ts"

const MAX_RANGES = 16

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
      expect(selectByteRanges(header, size, MAX_RANGES)).toEqual(selected)
    })
  }

  test("of any kind selects parts in order that do not overlap, never more than the whole", () => {
    const position = fc.oneof(fc.nat(50), fc.constant(""))
    const spec = fc.tuple(position, position).map(([from, to]) => `${from}-${to}`)
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 8 }), fc.nat(60), (specs, size) => {
        const ranges = selectByteRanges(`bytes=${specs.join(",")}`, size, MAX_RANGES) ?? []
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

describe("a request", () => {
  const DATE = "Tue, 15 Nov 1994 12:45:26 GMT"
  const LATER = "Wed, 16 Nov 1994 12:45:26 GMT"
  const resource: Selectable = { etag: '"a"', lastModified: new Date(DATE), length: 10, maxRanges: 2 }

  test.each<[Partial<SelectionHeaders>, number, ([number, number][] | undefined)?, Partial<Selectable>?]>([
    [{}, 200],
    [{ ifNoneMatch: '"a"' }, 304],
    [{ ifNoneMatch: '"a"', method: "HEAD" }, 304],
    [{ ifNoneMatch: '"a"', method: "POST" }, 200],
    [{ ifNoneMatch: '"a"', ifMatch: '"b"' }, 412],
    [{ ifMatch: '"b"', range: "bytes=90-" }, 412],
    [{ ifMatch: '"b"', method: "PUT" }, 200],
    [{ ifModifiedSince: DATE }, 304],
    [{ ifUnmodifiedSince: "Mon, 14 Nov 1994 12:45:26 GMT" }, 412],
    [{ range: "bytes=2-4" }, 206, [[2, 5]]],
    [{ range: "bytes=2-4", method: "HEAD" }, 200],
    [{ range: "bytes=2-4", method: "POST" }, 200],
    [{ range: "bytes=2-4", ifNoneMatch: '"a"' }, 304],
    [{ range: "bytes=2-4", ifRange: '"a"' }, 206, [[2, 5]]],
    [{ range: "bytes=2-4", ifRange: '"b"' }, 200],
    [{ range: "bytes=2-4", ifRange: LATER }, 200],
    [{ range: "bytes=90-", ifRange: '"b"' }, 200],
    [{ range: "bytes=90-" }, 416],
    [
      { range: "bytes=0-0,-1" },
      206,
      [
        [0, 1],
        [9, 10],
      ],
    ],
    [{ range: "bytes=0-0,-1" }, 200, undefined, { maxRanges: 1 }],
    [{ range: "bytes=a" }, 200],
    [{ range: "bytes=a" }, 416, undefined, { refusesMalformed: true }],
    [{ range: "lines=a" }, 200, undefined, { refusesMalformed: true }],
    [{ range: "bytes=0-0" }, 200, undefined, { length: undefined }],
    [{ range: "bytes=0-0" }, 200, undefined, { length: 0 }],
  ])("%j gets %d %j", (headers, status, ranges, facts) => {
    const selection = selectContent({ method: "GET", ...headers }, { ...resource, ...facts })
    expect(selection).toEqual(ranges === undefined ? { status } : { status, ranges })
  })
})

test("a date that has not come yet is now, every other one is itself", () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), fc.nat(), (date, now) => {
      expect(pastDate(date, now).getTime()).toBe(Math.min(date.getTime(), now))
    }),
  )
})
