import { describe, expect, test } from "vitest"
import { parseCookieDate } from "../../src/testing/cookie-date.ts"

describe("parseCookieDate", () => {
  // RFC 6265 section 5.1.1, and what browsers are tested with.
  test.each([
    ["Wed, 09 Jun 2021 10:18:14 GMT", "2021-06-09T10:18:14Z"],
    ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"],
    ["Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"],
    ["Mon, 10-Dec-2007 17:02:24 GMT", "2007-12-10T17:02:24Z"],
    ["Mon, 10-Dec-07 17:02:24 GMT", "2007-12-10T17:02:24Z"],
    ["Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"],
    ["Wed, 09 Jun 69 10:18:14", "2069-06-09T10:18:14Z"],
    ["Wed, 09 Jun 70 10:18:14", "1970-06-09T10:18:14Z"],
    ["2021 jun 9 1:2:3", "2021-06-09T01:02:03Z"],
    ["9junk JUNE 2021x 10:18:14foo", "2021-06-09T10:18:14Z"],
    ["10:18:14 9 Jun 2021 11 Jul 2022 1:1:1", "2021-06-09T10:18:14Z"],
    ["Tue, 29 Feb 2000 23:59:59 GMT", "2000-02-29T23:59:59Z"],
  ])("reads %j", (text, expected) => {
    expect(parseCookieDate(text)).toEqual(new Date(expected))
  })

  test.each([
    "",
    "never",
    "09 Jun 2021",
    "10:18:14 Jun 2021",
    "10:18:14 9 2021",
    "10:18:14 9 Jun",
    "10:18 9 Jun 2021",
    "24:00:00 9 Jun 2021",
    "10:60:00 9 Jun 2021",
    "10:18:60 9 Jun 2021",
    "10:18:14 32 Jun 2021",
    "10:18:14 0 Jun 2021",
    "10:18:14 31 Apr 2021",
    "10:18:14 29 Feb 2001",
    "10:18:14 9 Jun 1600",
    "010:18:14 9 Jun 2021",
  ])("takes %j for no date", (text) => {
    expect(parseCookieDate(text)).toBeUndefined()
  })
})
