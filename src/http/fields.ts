// Header fields: which names and values may be sent, the three shapes that most values have (list, dictionary,
// options), and which names belong to the connection or to the body rather than to the message.
// Parsers walk the text once by character code; for malformed text they give less and never throw. Functions that dump do throw.

import type { HeaderList } from "../gateway.ts"
import { dumpExtendedValue, knowsCharset, parseExtendedValue } from "./extended-values.ts"
import { ParameterValues } from "./parameter-values.ts"
import {
  asciiLower,
  closingQuote,
  isSpace,
  isToken,
  quoteHeaderValue,
  stripSpace,
  tokenEnd,
  unquoteHeaderValue,
} from "./tokens.ts"

/** What a parameter or an item of a header may be set to. */
export type HeaderScalar = string | number | boolean | null | undefined

// Names come from a small set, again and again; remembering the good ones is cheaper than reading them.
const knownNames = new Set<string>()
const MAX_KNOWN_NAMES = 500
const MAX_KNOWN_LENGTH = 64

/**
 * The name itself, if it may name a header field.
 *
 * @throws TypeError when it is not a token (RFC 9110 section 5.1)
 * @example
 * checkFieldName("X-Request-Id") // => "X-Request-Id"
 * checkFieldName("X Y") // throws TypeError
 * checkFieldName("") // throws TypeError
 */
export function checkFieldName(name: string): string {
  if (knownNames.has(name)) return name
  if (typeof name !== "string" || !isToken(name)) throw new TypeError(`Not a header name: ${show(name)}`)
  if (knownNames.size < MAX_KNOWN_NAMES && name.length <= MAX_KNOWN_LENGTH) knownNames.add(name)
  return name
}

// RFC 9110 section 5.5   field-content may hold SP, HTAB, VCHAR and obs-text
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/**
 * The value itself, if it may be the value of a header field: Latin-1, and no control character but TAB.
 *
 * @throws TypeError for anything else; CR and LF would begin another header (RFC 9110 section 5.5)
 * @example
 * checkFieldValue("text/html") // => "text/html"
 * checkFieldValue("a\r\nSet-Cookie: b") // throws TypeError
 */
export function checkFieldValue(value: string): string {
  if (typeof value !== "string" || NOT_IN_VALUE.test(value)) throw new TypeError(`Not a header value: ${show(value)}`)
  return value
}

/** Whether `checkFieldValue` lets the text pass. */
export function isFieldValue(text: string): boolean {
  return !NOT_IN_VALUE.test(text)
}

function show(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 80)}...` : text
}

/**
 * The items of a comma-separated list. Empty items are dropped, commas inside quotes do not separate, and the quotes
 * around a whole item are taken off. A quote that is never closed makes the whole list empty.
 *
 * @example
 * parseListHeader('a, "b, c", d="e, f"') // => ["a", "b, c", 'd="e, f"']
 * parseListHeader('a, "b') // => []
 */
export function parseListHeader(text: string | undefined): string[] {
  return splitList(text)?.map(unquoteHeaderValue) ?? []
}

// RFC 9110 section 5.6.1   #element => [ element ] *( OWS "," OWS [ element ] )
/** The items of a list as they stand, quotes and all; `undefined` when a quote is never closed. */
export function splitList(text: string | undefined): string[] | undefined {
  const items: string[] = []
  if (text === undefined) return items
  let start = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x22) {
      index = closingQuote(text, index)
      if (index === -1) return undefined
    } else if (code === 0x2c) {
      pushItem(items, text, start, index)
      start = index + 1
    }
  }
  pushItem(items, text, start, text.length)
  return items
}

function pushItem(items: string[], text: string, start: number, end: number): void {
  const item = stripSpace(text, start, end)
  if (item !== "") items.push(item)
}

/**
 * The `key=value` items of a list. A key without `=` has the value `undefined`, an empty key is dropped, the last of
 * several equal keys counts. `key*=UTF-8''...` is decoded and named `key` (RFC 8187).
 *
 * @example
 * parseDictHeader('realm="a, b", stale') // => new Map([["realm", "a, b"], ["stale", undefined]])
 * parseDictHeader("name*=UTF-8''%E2%82%AC") // => new Map([["name", "€"]])
 */
export function parseDictHeader(text: string | undefined): Map<string, string | undefined> {
  const result = new Map<string, string | undefined>()
  /** Keys whose value was decoded; `key` does not take the place of `key*` (RFC 6266 section 4.3). */
  let decoded: Set<string> | undefined
  for (const item of parseListHeader(text)) {
    const equals = item.indexOf("=")
    const key = equals === -1 ? item : stripSpace(item, 0, equals)
    if (key === "") continue
    const value = equals === -1 ? undefined : unquoteHeaderValue(stripSpace(item, equals + 1))
    if (value === undefined || !key.endsWith("*")) {
      if (!decoded?.has(key)) result.set(key, value)
      continue
    }
    if (key === "*") continue
    const name = key.slice(0, -1)
    const extended = parseExtendedValue(value)
    if (extended !== undefined && knowsCharset(extended.charset)) {
      decoded ??= new Set()
      decoded.add(name)
      result.set(name, extended.value)
    } else if (!result.has(name)) {
      result.set(name, extended?.value ?? value)
    }
  }
  return result
}

/**
 * A value and its parameters, as in `Content-Type` and `Content-Disposition`. Parameter names are in lower case; one that
 * is malformed is skipped and the others are kept; the last of several equal ones counts. Without a value there are no
 * parameters. Parameters in parts and with a charset (RFC 2231, RFC 8187) are put together and decoded, and `filename*` goes
 * before `filename` wherever it stands. Of two headers that were merged with a comma, the second says nothing.
 *
 * In quotes, `\"` and `\\` are unescaped and other backslashes kept, since browsers send `C:\x.txt`;
 * and `%22` is a quote, as HTML prescribes for form data.
 *
 * @example
 * parseOptionsHeader("text/html; Charset=UTF-8") // => ["text/html", new Map([["charset", "UTF-8"]])]
 * parseOptionsHeader("a; b*0=c; b*1=d; e; f=g") // => ["a", new Map([["b", "cd"], ["f", "g"]])]
 * parseOptionsHeader("attachment; filename*=UTF-8''%E2%82%AC.txt") // => ["attachment", new Map([["filename", "€.txt"]])]
 * parseOptionsHeader("text/plain; charset=gbk(; format=flowed") // => ["text/plain", new Map([["format", "flowed"]])]
 */
export function parseOptionsHeader(text: string | undefined): [value: string, options: Map<string, string>] {
  if (text === undefined) return ["", new Map()]
  const semicolon = text.indexOf(";")
  if (semicolon === -1) return [stripSpace(text), new Map()]
  const value = stripSpace(text, 0, semicolon)
  if (value === "") return ["", new Map()]
  const values = new Map<string, string>()
  readParameters(text, semicolon + 1, values)
  return [value, values]
}

// RFC 9110 section 5.6.6
//   parameters      = *( OWS ";" OWS [ parameter ] )
//   parameter       = parameter-name "=" parameter-value
//   parameter-value = ( token / quoted-string )
function readParameters(text: string, start: number, values: Map<string, string>): void {
  let parameters: ParameterValues | undefined
  let index = start
  while (index < text.length) {
    index = spaceEnd(text, index)
    const equals = tokenEnd(text, index)
    if (equals > index && text.charCodeAt(equals) === EQUALS) {
      const end = parameterEnd(text, equals + 1)
      const next = spaceEnd(text, end)
      // A value with other text behind it is no value: its beginning alone would be a silent cut.
      if (end > equals + 1 && (next >= text.length || text.charCodeAt(next) === SEMICOLON)) {
        const isQuoted = text.charCodeAt(equals + 1) === QUOTE
        const value = isQuoted ? unescapeParameter(text.slice(equals + 2, end - 1)) : text.slice(equals + 1, end)
        const name = lowerSlice(text, index, equals)
        if (parameters === undefined && !name.includes("*")) values.set(name, value)
        else {
          parameters ??= new ParameterValues(values)
          parameters.add(name, value)
        }
        index = next + 1
        continue
      }
      index = end
    }
    // Other text before the next semicolon is passed over. Behind a comma another header begins.
    while (index < text.length && text.charCodeAt(index) !== SEMICOLON) {
      if (text.charCodeAt(index) === COMMA) return
      index++
    }
    index++
  }
}

const QUOTE = 0x22
const PERCENT = 0x25
const BACKSLASH = 0x5c
const COMMA = 0x2c
const SEMICOLON = 0x3b
const EQUALS = 0x3d

function spaceEnd(text: string, start: number): number {
  let index = start
  while (index < text.length && isSpace(text.charCodeAt(index))) index++
  return index
}

/** Behind the token or quoted-string at `start`; `start` when there is neither. */
function parameterEnd(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) return tokenEnd(text, start)
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) return index + 1
    if (code === BACKSLASH && isEscapable(text.charCodeAt(index + 1))) index++
  }
  return start
}

/** A short name in lower case; an expression would take longer for it. */
function lowerSlice(text: string, start: number, end: number): string {
  const name = text.slice(start, end)
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index)
    if (code >= 0x41 && code <= 0x5a) return asciiLower(name)
  }
  return name
}

function isEscapable(code: number): boolean {
  return code === QUOTE || code === BACKSLASH
}

/** What stood in quotes. */
function unescapeParameter(text: string): string {
  if (!text.includes("\\") && !text.includes("%22")) return text
  let result = ""
  let from = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === BACKSLASH && isEscapable(text.charCodeAt(index + 1))) {
      result += text.slice(from, index)
      from = ++index
    } else if (code === PERCENT && text.startsWith("22", index + 1)) {
      result += `${text.slice(from, index)}"`
      index += 2
      from = index + 1
    }
  }
  return result + text.slice(from)
}

/**
 * A value with its parameters: `value; name=parameter`. Parameters that are `null` or `undefined` are left out. One that
 * is beyond Latin-1 is sent as `name*=UTF-8''...` (RFC 8187); one whose name ends in `*` is taken as already encoded so.
 *
 * @throws TypeError when a name is not a token, or an encoded value holds anything else
 * @example
 * dumpOptionsHeader("attachment", [["filename", "a b.txt"], ["size", null]]) // => 'attachment; filename="a b.txt"'
 * dumpOptionsHeader("text/html", [["charset\n", "x"]]) // throws TypeError
 */
export function dumpOptionsHeader(
  header: string | undefined,
  options: Iterable<readonly [name: string, value: HeaderScalar]>,
): string {
  const parts = header === undefined ? [] : [header]
  for (const [name, value] of options) {
    if (value !== null && value !== undefined) parts.push(dumpParameter(name, value))
  }
  return parts.join("; ")
}

/** A pair, except that a value with `%22` is not put in quotes, where it would be read as a quote. */
function dumpParameter(name: string, value: string | number | boolean): string {
  const text = String(value)
  if (!text.includes("%22") || isToken(text) || isBeyondLatin1(text) || name.endsWith("*")) return dumpPair(name, text)
  return `${checkKey(name)}*=${dumpExtendedValue(checkFieldValue(text))}`
}

/**
 * A comma-separated list of items or of `key=value` pairs, quoted where needed. In pairs, a value that is `null` or
 * `undefined` leaves the bare key, and extended values are written as `dumpOptionsHeader` does it.
 *
 * @throws TypeError when a key is not a token, or an encoded value holds anything else
 * @example
 * dumpHeader(["a", "b c"]) // => 'a, "b c"'
 * dumpHeader(new Map([["realm", "x y"], ["stale", null]])) // => 'realm="x y", stale'
 */
export function dumpHeader(items: Iterable<string | number | boolean> | ReadonlyMap<string, HeaderScalar>): string {
  const parts: string[] = []
  if (items instanceof Map) {
    for (const [name, value] of items as ReadonlyMap<string, HeaderScalar>) {
      parts.push(value === null || value === undefined ? checkKey(name) : dumpPair(name, value))
    }
  } else {
    for (const item of items as Iterable<string | number | boolean>) parts.push(quoteHeaderValue(item))
  }
  return parts.join(", ")
}

function dumpPair(name: string, value: string | number | boolean): string {
  checkKey(name)
  const text = String(value)
  if (!name.endsWith("*")) {
    return isBeyondLatin1(text) ? `${name}*=${dumpExtendedValue(text)}` : `${name}=${quoteHeaderValue(text)}`
  }
  if (!isToken(text)) throw new TypeError(`Not an encoded value of ${show(name)}: ${show(text)}`)
  return `${name}=${text}`
}

/** Whether only an extended value can hold the text. */
export function isBeyondLatin1(text: string): boolean {
  return /[^\x00-\xff]/.test(text)
}

/** Whether `dumpHeader` writes the pair so that it can be sent, and `parseDictHeader` reads it as it was. */
export function isWritablePair(name: string, value: string | undefined): boolean {
  if (!isToken(name)) return false
  return value === undefined || !(name.endsWith("*") || UNWRITABLE.test(value))
}

const UNWRITABLE = /[\x00-\x08\x0a-\x1f\x7f\p{Surrogate}]/u

function checkKey(name: string): string {
  if (!isToken(name)) throw new TypeError(`Not a parameter name: ${show(name)}`)
  return name
}

const ENTITY_HEADERS: ReadonlySet<string> = new Set([
  "allow",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "expires",
  "last-modified",
])

// RFC 2616 section 13.5.1, which still is the list that PEP 3333 means.
const HOP_BY_HOP_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

/** What servers and proxies keep to the connection, in lower case: that list, and what RFC 9110 section 7.6.1 adds to it. */
export const CONNECTION_FIELDS: ReadonlySet<string> = new Set([...HOP_BY_HOP_HEADERS, "proxy-connection"])

/**
 * Whether the field describes a body, and has no place in a 304.
 *
 * @example
 * isEntityHeader("Content-Type") // => true
 */
export function isEntityHeader(name: string): boolean {
  return ENTITY_HEADERS.has(asciiLower(name))
}

/**
 * Whether the field belongs to one connection, and is not passed on.
 *
 * @example
 * isHopByHopHeader("Keep-Alive") // => true
 */
export function isHopByHopHeader(name: string): boolean {
  return HOP_BY_HOP_HEADERS.has(asciiLower(name))
}

// RFC 9110 section 15.4.5
const REPEATED_IN_304: ReadonlySet<string> = new Set(["expires", "content-location"])

/** Headers that can lose fields: a list of pairs, or an object such as our `Headers` or the platform's. */
export type MutableHeaders =
  | HeaderList
  | (Iterable<readonly [name: string, value: string]> & { delete(name: string): unknown })

/**
 * Takes the fields that describe a body out of the headers, in place.
 *
 * @param allowed names in any case that stay; those that a 304 has to repeat, unless given
 * @throws TypeError for headers that can't be changed
 * @example
 * const headers = new Headers({ "Content-Type": "text/html", ETag: '"v1"' })
 * removeEntityHeaders(headers)
 * [...headers.keys()] // => ["etag"]
 */
export function removeEntityHeaders(headers: MutableHeaders, allowed: Iterable<string> = REPEATED_IN_304): void {
  const kept = allowed === REPEATED_IN_304 ? REPEATED_IN_304 : new Set(Array.from(allowed, asciiLower))
  retain(headers, (name) => kept.has(name) || !ENTITY_HEADERS.has(name))
}

/**
 * Takes the fields that belong to one connection out of the headers, in place, those that `Connection` names included
 * (RFC 9110 section 7.6.1).
 *
 * @throws TypeError for headers that can't be changed
 */
export function removeHopByHopHeaders(headers: MutableHeaders): void {
  const named = new Set<string>()
  for (const [name, value] of headers) {
    if (asciiLower(name) === "connection") for (const item of parseListHeader(value)) named.add(asciiLower(item))
  }
  retain(headers, (name) => !HOP_BY_HOP_HEADERS.has(name) && !named.has(name))
}

function retain(headers: MutableHeaders, keep: (lowerName: string) => boolean): void {
  if (!Array.isArray(headers)) {
    if (!("delete" in headers)) throw new TypeError(`Not headers that can be changed: ${String(headers)}`)
    // A copy, since what is iterated must not change.
    for (const [name] of Array.from(headers)) if (!keep(asciiLower(name))) headers.delete(name)
    return
  }
  let count = 0
  for (const header of headers) {
    if (keep(asciiLower(header[0]))) headers[count++] = header
  }
  headers.length = count
}
