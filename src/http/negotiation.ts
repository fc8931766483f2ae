// The items of Accept, Accept-Encoding and Accept-Language (RFC 9110 section 12.4.2): what a client takes and how gladly.
// Which of them fits what the server has is the affair of datastructures/accept.ts.

import { parseOptionsHeader, splitList } from "./fields.ts"
import { isSpace, isToken, quoteHeaderValue, stripSpace, unquoteHeaderValue } from "./tokens.ts"

// RFC 9110 section 12.4.2
//   weight = OWS ";" OWS "q=" qvalue
//   qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
// More digits are tolerated.
const QVALUE = /^[0-9]+(?:\.[0-9]+)?$/
const SOME_WEIGHT = /;[ \t]*[qQ]=[^;]/

/**
 * Values with their quality from 0 to 1, in the order of the header. Parameters other than `q` stay with the value. An item
 * whose quality is malformed or out of range is dropped.
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
      result.push([item, 1])
      continue
    }
    const start = weightStart(item, semicolon)
    if (start !== -1) {
      const quality = parseQuality(item.slice(start))
      if (quality !== undefined) result.push([stripSpace(item, 0, semicolon), quality])
      continue
    }
    const [value, options] = parseOptionsHeader(item)
    const weight = options.get("q")
    // A weight that is not even a token was passed over; it still is a malformed one. Within quotes there is none.
    if (weight === undefined && SOME_WEIGHT.test(item.slice(item.lastIndexOf('"') + 1))) continue
    const quality = weight === undefined ? 1 : parseQuality(weight)
    if (quality === undefined) continue
    options.delete("q")
    result.push([options.size === 0 ? value : withParameters(value, options), quality])
  }
  return result
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

function withParameters(value: string, parameters: Map<string, string>): string {
  let result = value
  for (const [name, parameter] of parameters) {
    if (isToken(name)) result += `; ${name}=${quoteHeaderValue(parameter)}`
  }
  return result
}

/**
 * Values and qualities as they stand in a header; a quality of 1 is not told.
 *
 * @example
 * dumpAccept([["text/html", 1], ["text/*", 0.5]]) // => "text/html,text/*;q=0.5"
 */
export function dumpAccept(items: Iterable<readonly [value: string, quality: number]>): string {
  return Array.from(items, ([value, quality]) => (quality === 1 ? value : `${value};q=${quality}`)).join(",")
}
