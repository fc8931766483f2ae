// The dates of cookies, which RFC 6265 reads in a way of its own: anything that has a time, a day, a month and a year in it.

// RFC 6265 section 5.1.1
//   delimiter    = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
//   time         = time-field ":" time-field ":" time-field ; each 1*2DIGIT, then anything behind a non-digit
//   day-of-month = 1*2DIGIT [ non-digit *OCTET ]
//   month        = ( "jan" / "feb" / … ) *OCTET
//   year         = 2*4DIGIT [ non-digit *OCTET ]
const DELIMITERS = /[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/
const TIME = /^([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])/
const DAY = /^([0-9]{1,2})(?![0-9])/
const YEAR = /^([0-9]{2,4})(?![0-9])/
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

/**
 * The instant that an `Expires` attribute names; undefined when it names none (RFC 6265 section 5.1.1).
 *
 * @example
 * parseCookieDate("Wed, 09 Jun 2021 10:18:14 GMT") // => new Date("2021-06-09T10:18:14Z")
 * parseCookieDate("9-Jun-21 10:18:14 and more") // => new Date("2021-06-09T10:18:14Z")
 * parseCookieDate("31 Feb 2021 00:00:00") // => undefined
 */
export function parseCookieDate(text: string): Date | undefined {
  let time: number[] | undefined
  let day: number | undefined
  let month: number | undefined
  let year: number | undefined
  for (const token of text.split(DELIMITERS)) {
    const clock: RegExpExecArray | null = time ? null : TIME.exec(token)
    const monthIndex: number = month === undefined ? MONTHS.indexOf(token.slice(0, 3).toLowerCase()) : -1
    const days: RegExpExecArray | null = day === undefined ? DAY.exec(token) : null
    const years: RegExpExecArray | null = year === undefined ? YEAR.exec(token) : null
    if (clock) time = clock.slice(1).map(Number)
    else if (days) day = Number(days[1])
    else if (monthIndex !== -1) month = monthIndex
    else if (years) year = Number(years[1])
  }
  if (!time || day === undefined || month === undefined || year === undefined) return undefined
  if (year >= 70 && year <= 99) year += 1900
  else if (year <= 69) year += 2000
  const [hour, minute, second] = time as [number, number, number]
  if (year < 1601 || hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(Date.UTC(year, month, day, hour, minute, second))
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date : undefined
}
