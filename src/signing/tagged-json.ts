// JSON that keeps a few more types, in the format of Flask's TaggedJSONSerializer: a value of such a type is an object with
// one key, its tag. Flask's session cookies are written this way. A plain object that looks like one is marked as such.

import { httpDate, parseDate } from "../http/dates.ts"
import { SafeHtml } from "../http/html.ts"
import { byteStringOf, bytesOf } from "./base64url.ts"
import type { PayloadSerializer } from "./payload.ts"

const BYTES = " b"
const DATE = " d"
const DICT = " di"
const HTML = " m"
const TUPLE = " t"
const UUID = " u"
const KEPT = "plain objects, arrays, text, numbers, booleans, null, Date, Uint8Array and SafeHtml can be"
const TAGS: ReadonlySet<string> = new Set([BYTES, DATE, DICT, HTML, TUPLE, UUID])

/**
 * Writes and reads JSON with Date (to the second), Uint8Array and SafeHtml besides. Arrays stand for Python's tuples too,
 * and text for its UUIDs, when they are read.
 *
 * @throws TypeError from `stringify` for a value that would be read as another one: a function, a Map, NaN
 * @example
 * taggedJson.stringify({ at: new Date(0) }) // => '{"at":{" d":"Thu, 01 Jan 1970 00:00:00 GMT"}}'
 * taggedJson.parse('{"pair":{" t":[1,2]}}') // => { pair: [1, 2] }
 * taggedJson.stringify(new Map()) // throws TypeError
 */
export const taggedJson: PayloadSerializer = {
  parse(text) {
    const value: unknown = JSON.parse(text)
    // The common case has no tag in it, which one search can tell.
    return /\{\s*" /.test(text) ? untag(value) : value
  },
  stringify: (value) => JSON.stringify(tag(value, "the value")),
}

function tag(value: unknown, place: string): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      if (Number.isFinite(value)) return value
      break
    case "object":
      if (value === null) return null
      if (Array.isArray(value)) return Array.from(value, (item, index) => tag(item, `${place}[${index}]`))
      if (value instanceof Date) return { [DATE]: httpDate(value) }
      if (value instanceof Uint8Array) return { [BYTES]: btoa(byteStringOf(value)) }
      if (value instanceof SafeHtml) return { [HTML]: value.toString() }
      if (isPlain(value)) return tagObject(value, place)
  }
  throw new TypeError(`${place} is ${describe(value)}, which can't be kept; ${KEPT}`)
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function tagObject(value: Record<string, unknown>, place: string): unknown {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  const tagged = entries.map(([key, item]) => [key, tag(item, `${place}.${key}`)] as const)
  const only = tagged.length === 1 ? tagged[0] : undefined
  if (only !== undefined && TAGS.has(only[0])) return { [DICT]: { [`${only[0]}__`]: only[1] } }
  return Object.fromEntries(tagged)
}

function untag(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(untag)
  // fromEntries defines properties: a key `__proto__` stays a key.
  const object = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, untag(item)]))
  const [key, second] = Object.keys(object)
  return key === undefined || second !== undefined || !TAGS.has(key) ? object : typed(key, object[key], object)
}

function typed(tagName: string, value: unknown, object: object): unknown {
  if (tagName === TUPLE && Array.isArray(value)) return value
  if (tagName === DICT && typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.replace(/__$/, ""), item]))
  }
  if (typeof value !== "string") return object
  if (tagName === DATE) return parseDate(value) ?? object
  if (tagName === BYTES) return bytesOf(atob(value))
  if (tagName === HTML) return new SafeHtml(value)
  return value.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null)
    return typeof value === "number" ? String(value) : `a ${typeof value}`
  return `an instance of ${value.constructor?.name ?? "a class"}`
}
