// Points in time and spans of seconds, as headers write them (RFC 9110 section 5.6.7, RFC 9111 section 1.2.2).
// `Date.parse` guesses, and guesses differently on every platform; here is what the RFC lists and what mail adds to it.

import { parseCount } from "./numbers.ts"
import { asciiLower, stripSpace } from "./tokens.ts"

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The months by their three letters packed into a number, lower case. */
const MONTH_CODES: ReadonlyMap<number, number> = new Map(MONTHS.map((name, index) => [threeLetters(name, 0), index]))

function threeLetters(text: string, index: number): number {
  const code = (text.charCodeAt(index) << 16) | (text.charCodeAt(index + 1) << 8) | text.charCodeAt(index + 2)
  return code | 0x202020
}

// No form is longer. The bound also keeps the expressions below from any worth-while backtracking.
const MAX_LENGTH = 64

const WEEKDAY = "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
const TIME = "(\\d{1,2}):(\\d{2})(?::(\\d{2}))?"
const ZONE = "(gmt|utc?|z|[+-]\\d{4})"
const YEAR = "(\\d{4}|\\d{2})"

// IMF-fixdate   Sun, 06 Nov 1994 08:49:37 GMT
// rfc850-date   Sunday, 06-Nov-94 08:49:37 GMT
// and the date-time of RFC 5322 section 3.3, where the day of the week may be left out and the zone is an offset
const DAY_FIRST = new RegExp(`^(?:${WEEKDAY},? *)?(\\d{1,2})[ -]+([a-z]{3})[ -]+${YEAR} +${TIME}(?: *${ZONE})?$`)
// asctime-date  Sun Nov  6 08:49:37 1994
const MONTH_FIRST = new RegExp(`^(?:${WEEKDAY},? *)?([a-z]{3}) +(\\d{1,2}) +${TIME} +(?:${ZONE} +)?${YEAR}$`)

/**
 * The time that an HTTP date names, or `undefined` for anything else. Without a zone it is UTC, an offset is applied,
 * a year of two digits is the one within 50 years of now. Quotes and spaces around it are ignored.
 *
 * @example
 * parseDate("Sun, 06 Nov 1994 08:49:37 GMT") // => new Date(784111777000)
 * parseDate("Sunday, 06-Nov-94 08:49:37 GMT") // => new Date(784111777000)
 * parseDate("Sun Nov  6 08:49:37 1994") // => new Date(784111777000)
 * parseDate("1994-11-06T08:49:37Z") // => undefined
 */
export function parseDate(text: string | undefined): Date | undefined {
  const time = parseTime(text)
  return time === undefined ? undefined : new Date(time)
}

/** What `parseDate` gives, in Unix milliseconds. */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined || text.length < 8) return undefined
  return parseFixdate(text) ?? (text.length <= MAX_LENGTH ? parseOldDate(text) : undefined)
}

/** The one form that is sent today, read digit by digit; other forms take the slow way. */
function parseFixdate(text: string): number | undefined {
  if (text.length !== 29 || text.charCodeAt(3) !== 0x2c || !text.endsWith(" GMT")) return undefined
  if (text.charCodeAt(19) !== 0x3a || text.charCodeAt(22) !== 0x3a) return undefined
  const month = MONTH_CODES.get(threeLetters(text, 8))
  const day = twoDigits(text, 5)
  const century = twoDigits(text, 12)
  const year = twoDigits(text, 14)
  const hour = twoDigits(text, 17)
  const minute = twoDigits(text, 20)
  const second = twoDigits(text, 23)
  if (month === undefined || day + century + year + hour + minute + second >= 1000) return undefined
  return timeOf(century * 100 + year, month, day, hour, minute, second)
}

/** Two digits as a number; 1000 when there are none. */
function twoDigits(text: string, index: number): number {
  const tens = text.charCodeAt(index) - 0x30
  const ones = text.charCodeAt(index + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 1000
}

function parseOldDate(text: string): number | undefined {
  let bare = stripSpace(text)
  if (bare.startsWith('"') && bare.endsWith('"')) bare = stripSpace(bare.slice(1, -1))
  bare = asciiLower(bare)
  let [, day, month, year, hour, minute, second, zone] = DAY_FIRST.exec(bare) ?? []
  if (day === undefined) [, month, day, hour, minute, second, zone, year] = MONTH_FIRST.exec(bare) ?? []
  if (day === undefined || month === undefined || year === undefined) return undefined
  const monthIndex = MONTHS.indexOf(month)
  if (monthIndex === -1) return undefined
  const inYear: TimeInYear = [monthIndex, Number(day), Number(hour), Number(minute), Number(second ?? 0)]
  const time = timeOf(year.length === 2 ? fullYear(Number(year), inYear) : Number(year), ...inYear)
  const offset = offsetOf(zone)
  if (time === undefined || offset === undefined) return undefined
  // Near the first and the last year of four digits, the offset may lead to another number of digits.
  return time - offset >= EARLIEST_TIME && time - offset <= LATEST_TIME ? time - offset : undefined
}

const EARLIEST_TIME = Date.parse("0000-01-01T00:00:00Z")
/** In Unix milliseconds, the last time that HTTP can write. */
export const LATEST_TIME: number = Date.parse("9999-12-31T23:59:59Z")

// RFC 9110 section 5.6.7: what appears to be more than 50 years in the future is past.
/** The year with these last two digits that puts the time within 50 years of now, to the second. */
function fullYear(year: number, inYear: TimeInYear): number {
  const now = new Date()
  const thisYear = now.getUTCFullYear()
  // Whether the time comes later in its year than now in this one.
  const isLater = Date.UTC(thisYear, ...inYear) > now.getTime()
  const full = thisYear - (thisYear % 100) + year
  const ahead = full - thisYear
  if (ahead > 50 || (ahead === 50 && isLater)) return full - 100
  return ahead < -50 || (ahead === -50 && !isLater) ? full + 100 : full
}

/** Milliseconds east of Greenwich. */
function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined || zone.length < 5) return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3))]
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

type TimeInYear = [month: number, day: number, hour: number, minute: number, second: number]

function timeOf(year: number, month: number, day: number, hour: number, minute: number, second: number) {
  if (day < 1 || day > daysOf(month, year) || hour > 23 || minute > 59 || second > 59) return undefined
  const time = Date.UTC(year, month, day, hour, minute, second)
  // Date.UTC takes years below 100 for years of the twentieth century.
  return year < 100 ? new Date(time).setUTCFullYear(year, month, day) : time
}

function daysOf(month: number, year: number): number {
  const isLeap = month === 1 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return isLeap ? 29 : (DAYS[month] as number)
}

// Every response has a date, and thousands of them have the same; that of a file has a second one besides. What was asked
// for last stays, so that the files do not push out the current second.
let last = { second: Number.NaN, text: "" }
let lastButOne = last

/**
 * The time as an IMF-fixdate, the only form that may be sent. Fractions of a second are dropped.
 *
 * @param value a Date, or Unix seconds; now when left out
 * @throws RangeError for an invalid date and for years beyond 9999
 * @example
 * httpDate(784111777.9) // => "Sun, 06 Nov 1994 08:49:37 GMT"
 * httpDate(new Date(0)) // => "Thu, 01 Jan 1970 00:00:00 GMT"
 * httpDate(new Date(Number.NaN)) // throws RangeError
 */
export function httpDate(value: Date | number = Date.now() / 1000): string {
  const second = Math.floor(typeof value === "number" ? value : value.getTime() / 1000)
  if (second === last.second) return last.text
  const entry = second === lastButOne.second ? lastButOne : { second, text: fixdate(second, value) }
  lastButOne = last
  last = entry
  return entry.text
}

function fixdate(second: number, value: Date | number): string {
  const date = new Date(second * 1000)
  const year = date.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`Not a time that HTTP can write: ${String(value)}`)
  return date.toUTCString()
}

/**
 * A number of seconds, as in `Age`, or `undefined` when it is malformed or negative. Beyond 2^53 - 1 it is that
 * (RFC 9111 section 1.2.2).
 *
 * @example
 * parseAge("3600") // => 3600
 * parseAge("-1") // => undefined
 */
export function parseAge(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseCount(text)
}

/**
 * The seconds as text, fractions dropped; `undefined` stays `undefined`.
 *
 * @throws RangeError when negative or beyond the safe range
 * @example
 * dumpAge(3600) // => "3600"
 * dumpAge(-1) // throws RangeError
 */
export function dumpAge(seconds: number): string
export function dumpAge(seconds: number | undefined): string | undefined
export function dumpAge(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined
  const whole = Math.trunc(seconds)
  if (!Number.isSafeInteger(whole) || seconds < 0) throw new RangeError(`Not an age in seconds: ${seconds}`)
  return String(whole)
}
