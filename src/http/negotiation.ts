// The items of Accept, Accept-Encoding and Accept-Language (RFC 9110 section 12.4.2): what a client takes, and how much it likes
// it.
// datastructures/accept.ts decides which of them fits what the server has.

import { checkFieldValue, dumpOptionsHeader, isWritablePair, parseOptionsHeader, splitList } from "./fields.ts"
import { closingQuote, isSpace, stripSpace, unquoteHeaderValue } from "./tokens.ts"

// RFC 9110 section 12.4.2
//   weight = OWS ";" OWS "q=" qvalue
//   qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
// More digits are tolerated, and none before the point: `q=.2` is what Java's own client sends.
const QVALUE = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/

/**
 * Values with their quality from 0 to 1, in the order of the header. Parameters other than `q` stay with the value. An item
 * is dropped when its quality is malformed or out of range, and when it has no value that could stand in a header.
 *
 * @example
 * parseAccept("text/html;level=1, text/*;q=0.5, x;q=2") // => [["text/html; level=1", 1], ["text/*", 0.5]]
 */
export function parseAccept(text: string | undefined): [value: string, quality: number][] {
  const result: [string, number][] = []
  for (const raw of splitList(text) ?? []) {
    const item = unquoteHeaderValue(raw)
    const semicolon = item.indexOf(";")
    if (semicolon === -1) {
      if (isRange(item)) result.push([item, 1])
      continue
    }
    const start = weightStart(item, semicolon)
    if (start !== -1) {
      const range = stripSpace(item, 0, semicolon)
      const quality = parseQuality(item.slice(start))
      if (quality !== undefined && isRange(range)) result.push([range, quality])
      continue
    }
    const [range, options] = parseOptionsHeader(item)
    const weight = options.get("q")
    // A weight that is not even a token was passed over; it still is a malformed one.
    const quality = weight !== undefined ? parseQuality(weight) : hasWeight(item, semicolon) ? undefined : 1
    if (quality === undefined || !isRange(range)) continue
    options.delete("q")
    options.delete("")
    if (Array.from(options).every(([name, value]) => isWritablePair(name, value))) {
      result.push([dumpOptionsHeader(range, options), quality])
    }
  }
  return result
}

const NOT_IN_RANGE = /[^\t\x20-\x7e\x80-\xff]|[",;]/

/** Whether this is one value. What a value of its kind may be is not known here. */
function isRange(text: string): boolean {
  return (
    text !== "" &&
    !NOT_IN_RANGE.test(text) &&
    !isSpace(text.charCodeAt(0)) &&
    !isSpace(text.charCodeAt(text.length - 1))
  )
}

/** Whether one of the parameters is a `q` with something behind its equals sign. */
function hasWeight(item: string, semicolon: number): boolean {
  for (let index = semicolon; index < item.length; index++) {
    const code = item.charCodeAt(index)
    if (code === 0x22) {
      const end = closingQuote(item, index)
      if (end === -1) return false
      index = end
    } else if (code === 0x3b) {
      while (isSpace(item.charCodeAt(index + 1))) index++
      if ((item.charCodeAt(index + 1) | 0x20) !== 0x71 || item.charCodeAt(index + 2) !== 0x3d) continue
      if (index + 3 < item.length && item.charCodeAt(index + 3) !== 0x3b) return true
    }
  }
  return false
}

/** Where the digits begin in `value;q=0.8`, as nearly all items are that have parameters; -1 for any other item. */
function weightStart(item: string, semicolon: number): number {
  let index = semicolon + 1
  while (isSpace(item.charCodeAt(index))) index++
  if ((item.charCodeAt(index) | 0x20) !== 0x71 || item.charCodeAt(index + 1) !== 0x3d) return -1
  const start = index + 2
  index = start
  while (isDigitOrDot(item.charCodeAt(index))) index++
  return index === item.length && index > start && semicolon > 0 ? start : -1
}

function isDigitOrDot(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2e
}

function parseQuality(text: string): number | undefined {
  const quality = QVALUE.test(text) ? Number(text) : Number.NaN
  return quality <= 1 ? quality : undefined
}

/**
 * Values and qualities as they stand in a header; a quality of 1 is not told.
 *
 * @throws RangeError for a quality that is not from 0 to 1; TypeError for a value that cannot stand in a header
 * @example
 * dumpAccept([["text/html", 1], ["text/*", 0.5]]) // => "text/html,text/*;q=0.5"
 */
export function dumpAccept(items: Iterable<readonly [value: string, quality: number]>): string {
  const parts = Array.from(items, ([value, quality]) => (quality === 1 ? value : `${value};q=${qualityText(quality)}`))
  return checkFieldValue(parts.join(","))
}

/** The shortest text for the number, without an exponent. */
function qualityText(quality: number): string {
  if (!(quality >= 0 && quality <= 1)) throw new RangeError(`Not a quality from 0 to 1: ${quality}`)
  const [digits = "", exponent] = String(quality).split("e-")
  return exponent === undefined ? digits : `0.${"0".repeat(Number(exponent) - 1)}${digits.replace(".", "")}`
}
