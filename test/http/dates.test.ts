import fc from "fast-check"
import { describe, expect, test, vi } from "vitest"
import { dumpAge, httpDate, parseAge, parseDate } from "../../src/http/dates.ts"

const TIME = Date.UTC(1994, 10, 6, 8, 49, 37)

describe("parseDate", () => {
  test.each([
    // RFC 9110 section 5.6.7
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    // and what else is met
    " Sun, 06 Nov 1994 08:49:37 GMT ",
    '"Sun, 06 Nov 1994 08:49:37 GMT"',
    "Sun 06 Nov 1994 08:49:37 GMT",
    "sun, 06 nov 1994 08:49:37 gmt",
    "Sun,06 Nov 1994 08:49:37 GMT",
    "06 Nov 1994 08:49:37",
    "6 Nov 1994 8:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 Z",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 06 Nov 1994 10:49:37 +0200",
    "Sun, 06 Nov 1994 03:19:37 -0530",
    "Sun, 06  Nov  1994  08:49:37  GMT",
    "Sun, 06-Nov-1994 08:49:37 GMT",
  ])("reads %j", (text) => {
    expect(parseDate(text)?.getTime()).toBe(TIME)
  })

  test.each([
    "",
    " ",
    "*",
    "now",
    "784111777",
    "1994-11-06T08:49:37Z",
    "11/06/1994",
    "Sun, 33 Nov 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Mon, 30 Feb 2020 12:00:00 GMT",
    "Sun, 29 Feb 2021 12:00:00 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:60 GMT",
    "Sun, 06 Nov 1994 08:49:37 +2400",
    "Sun, 06 Nov 1994 08:49:37 PST",
    "Sun, 06 Abc 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37.5 GMT",
    "Sun, 06 Nov 1994",
    "Foo, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 199x 08:49:37 GMT",
    "Sun, 06 Nov ١٩٩٤ 08:49:37 GMT",
    'W/"abc"',
  ])("takes %j for no date", (text) => {
    expect(parseDate(text)).toBeUndefined()
  })

  test("no header is no date", () => {
    expect(parseDate(undefined)).toBeUndefined()
  })

  // RFC 9110 section 5.6.7
  test.each([
    ["2026-11-29T10:00:00Z", "06-Nov-94 08:49:37", 1994],
    ["2026-11-29T10:00:00Z", "06-Nov-69 08:49:37", 2069],
    ["2026-11-29T10:00:00Z", "29-Nov-76 10:00:00", 2076],
    ["2026-11-29T10:00:00Z", "29-Nov-76 10:00:01", 1976],
    ["2026-11-29T10:00:00Z", "29-Nov-77 10:00:00", 1977],
    ["2026-11-29T10:00:00Z", "06-Nov-00 08:49:37", 2000],
    ["2090-06-15T00:00:00Z", "06-Nov-10 08:49:37", 2110],
    ["2090-06-15T00:00:00Z", "06-Nov-41 08:49:37", 2041],
    ["2090-06-15T00:00:00Z", "14-Jun-40 23:59:59", 2140],
    ["2090-06-15T00:00:00Z", "15-Jun-40 00:00:01", 2040],
  ])("at %s a year of two digits is within 50 years: %s is in %d", (now, text, year) => {
    vi.useFakeTimers({ now: new Date(now) })
    try {
      expect(parseDate(`Sunday, ${text} GMT`)?.getUTCFullYear()).toBe(year)
    } finally {
      vi.useRealTimers()
    }
  })

  test("any year of two digits is within 50 years of now", () => {
    const now = fc.date({ min: new Date("1970-01-01"), max: new Date("2899-01-01"), noInvalidDate: true })
    fc.assert(
      fc.property(now, fc.integer({ min: 0, max: 99 }), (date, digits) => {
        vi.useFakeTimers({ now: date })
        const parsed = parseDate(`Sunday, 06-Nov-${String(digits).padStart(2, "0")} 08:49:37 GMT`) as Date
        vi.useRealTimers()
        expect(parsed.getUTCFullYear() % 100).toBe(digits)
        const earliest = new Date(date).setUTCFullYear(date.getUTCFullYear() - 50)
        const latest = new Date(date).setUTCFullYear(date.getUTCFullYear() + 50)
        expect(parsed.getTime()).toBeGreaterThanOrEqual(Math.floor(earliest / 1000) * 1000 - 86_400_000)
        expect(parsed.getTime()).toBeLessThanOrEqual(latest + 86_400_000)
      }),
    )
  })

  test("what HTTP cannot write is no date", () => {
    expect(parseDate("Sat, 01 Jan 0000 00:00:00 +2359")).toBeUndefined()
    expect(parseDate("Fri, 31 Dec 9999 23:59:59 -0001")).toBeUndefined()
    expect(httpDate(parseDate("Sat, 01 Jan 0000 00:00:00 -0000") as Date)).toBe("Sat, 01 Jan 0000 00:00:00 GMT")
  })

  test("old years are themselves", () => {
    expect(parseDate("Mon, 20 Nov 1343 00:00:00 GMT")?.getUTCFullYear()).toBe(1343)
    expect(parseDate("Mon, 20 Nov 0094 00:00:00 GMT")?.getUTCFullYear()).toBe(94)
    expect(parseDate("Sat, 29 Feb 0096 00:00:00 GMT")?.getUTCMonth()).toBe(1)
  })
})

describe("httpDate", () => {
  test("tells times that come in turns apart", () => {
    const seconds = [0, 1, 0, 2, 0, 1, 1, 2, 3, 0]
    expect(seconds.map((second) => httpDate(second))).toEqual(
      seconds.map((second) => new Date(second * 1000).toUTCString()),
    )
  })

  test.each<[Date | number, string]>([
    [new Date(TIME), "Sun, 06 Nov 1994 08:49:37 GMT"],
    [new Date(TIME + 999), "Sun, 06 Nov 1994 08:49:37 GMT"],
    [784111777.9, "Sun, 06 Nov 1994 08:49:37 GMT"],
    [0, "Thu, 01 Jan 1970 00:00:00 GMT"],
    [-1, "Wed, 31 Dec 1969 23:59:59 GMT"],
    [new Date("0999-01-01T00:00:00Z"), "Tue, 01 Jan 0999 00:00:00 GMT"],
    [new Date("9999-12-31T23:59:59Z"), "Fri, 31 Dec 9999 23:59:59 GMT"],
  ])("writes %s as %s", (value, expected) => {
    expect(httpDate(value)).toBe(expected)
    expect(httpDate(value)).toBe(expected)
  })

  test("now is the default", () => {
    const before = Math.floor(Date.now() / 1000)
    const written = (parseDate(httpDate()) as Date).getTime() / 1000
    expect(written).toBeGreaterThanOrEqual(before)
    expect(written).toBeLessThanOrEqual(Date.now() / 1000)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e12, -1e12, new Date(Number.NaN)])("refuses %s", (value) => {
    expect(() => httpDate(value)).toThrow(RangeError)
  })

  test("any second comes back", () => {
    const date = fc.date({
      min: new Date("0000-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(date, (value) => {
        const seconds = Math.floor(value.getTime() / 1000)
        expect(parseDate(httpDate(value))?.getTime()).toBe(seconds * 1000)
        expect(parseDate(httpDate(seconds))?.getTime()).toBe(seconds * 1000)
      }),
    )
  })
})

describe("ages", () => {
  test.each<[string | undefined, number | undefined]>([
    ["0", 0],
    [" 3600 ", 3600],
    ["-1", undefined],
    ["", undefined],
    ["1.5", undefined],
    ["99999999999999999999", Number.MAX_SAFE_INTEGER],
    ["-99999999999999999999", undefined],
    [undefined, undefined],
  ])("%j is %j seconds", (text, seconds) => {
    expect(parseAge(text)).toBe(seconds)
  })

  test("an age is written without its fraction, and refused below zero", () => {
    expect(dumpAge(1.9)).toBe("1")
    expect(dumpAge(undefined)).toBeUndefined()
    for (const value of [-1, -0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => dumpAge(value)).toThrow(RangeError)
    }
  })

  test("any age comes back", () => {
    fc.assert(fc.property(fc.maxSafeNat(), (seconds) => parseAge(dumpAge(seconds)) === seconds))
  })
})
