// The notation of the corpus. JSON has no bytes, dates or sets, so the corpus writes them as objects with one key that
// starts with `$`. `read` turns an input into what a JavaScript programmer would pass; `record` turns an outcome into the
// notation; `alike` compares two outcomes. None of them knows a suite, a case, or what is tested.

import { Buffer } from "node:buffer"

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Pairs of a multi-dict or of headers, as an argument. */
export class Pairs extends Array<[string, unknown]> {}

/** A slice, as an argument. */
export class Slice {
  readonly start: number | undefined
  readonly stop: number | undefined
  readonly step: number | undefined
  constructor([start, stop, step]: (number | null)[]) {
    this.start = start ?? undefined
    this.stop = stop ?? undefined
    this.step = step ?? undefined
  }
}

/** Makes an object of the library: `{"$new": "Headers", "args": [...], "kwargs": {...}}`. */
export type Construct = (name: string, args: unknown[], kwargs: Record<string, unknown>) => unknown

/** Gives an object of the library in the notation, or `undefined` when it is none of its kind. */
export type Describe = (value: object) => Json | undefined

const CONVERSIONS: Record<string, (text: string) => unknown> = {
  str: (text) => String(text),
  int: (text) => {
    if (!/^ *-?[0-9]+ *$/.test(text)) throw new RangeError(`Not an integer: ${text}`)
    return Number(text)
  },
  float: (text) => {
    if (!/^ *-?[0-9]+(\.[0-9]+)? *$/.test(text)) throw new RangeError(`Not a number: ${text}`)
    return Number(text)
  },
}

const unknown: Construct = (name) => {
  throw new Error(`This suite's adapter cannot make a ${name}`)
}

/**
 * The value to pass: `null` as `undefined`, a `$dict` as Map, `$multi` as Pairs, bytes as Uint8Array, a date as Date,
 * seconds as number, an enumeration's member as its value, a `$stream` as an iterator, a `$file` as a Blob, a plain object as an object.
 */
export function read(json: Json | undefined, construct: Construct = unknown): unknown {
  const inner = (value: Json | undefined) => read(value, construct)
  if (json === null || json === undefined) return undefined
  if (typeof json !== "object") return json
  if (Array.isArray(json)) return json.map(inner)
  const [key] = Object.keys(json)
  const value = json[key ?? ""] as never
  switch (key) {
    case "$tuple":
      return (value as Json[]).map(inner)
    case "$bytes":
      return new Uint8Array(Buffer.from(value, "base64"))
    case "$repeat": {
      const [prefix, unit, times, suffix] = value as [string, string, number, string]
      return new TextEncoder().encode(prefix + unit.repeat(times) + suffix)
    }
    case "$dict":
      return new Map((value as [Json, Json][]).map(([name, item]) => [inner(name), inner(item)]))
    case "$multi":
      return Pairs.from((value as [string, Json][]).map(([name, item]) => [name, inner(item)] as [string, unknown]))
    case "$set":
      return new Set((value as Json[]).map(inner))
    case "$date":
    case "$day":
      return new Date(instant(value))
    case "$seconds":
    case "$uuid":
      return value
    case "$int":
      return BigInt(value)
    case "$float":
      return Number((value as string).replace("inf", "Infinity"))
    case "$enum":
      return value[1]
    case "$slice":
      return new Slice(value)
    case "$fn":
      return CONVERSIONS[value]
    case "$stream":
      return (value as Json[]).map(inner).values()
    case "$file":
      return new Blob([inner(value) as Uint8Array<ArrayBuffer>])
    case "$new":
      return construct(value, (json["args"] as Json[]).map(inner), readOptions(json["kwargs"], construct))
    default:
      return readOptions(json, construct)
  }
}

/** Keyword arguments: names in camelCase, `null` kept, since it was given. */
export function readOptions(json: Json | undefined, construct: Construct = unknown): Record<string, unknown> {
  const options: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries((json ?? {}) as { [key: string]: Json })) {
    options[camel(name)] = value === null ? null : read(value, construct)
  }
  return options
}

/** `if_none_match` is `ifNoneMatch`. */
export function camel(name: string): string {
  return name.replace(/(?<=[^_])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Unix milliseconds of a date in the notation; without an offset it counts as UTC. */
function instant(text: string): number {
  const withTime = text.includes("T") ? text : `${text}T00:00:00`
  return Date.parse(/(?:[+-]\d\d:\d\d|Z)$/.test(withTime) ? withTime : `${withTime}Z`)
}

/** What became of a call, in the notation. `undefined` is `null`, an iterator is an array of what it gives. */
export function record(value: unknown, describe: Describe = () => undefined): Json {
  const inner = (item: unknown) => record(item, describe)
  if (value === null || value === undefined || typeof value === "function") return null
  if (typeof value === "bigint") return { $int: String(value) }
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { $float: String(value).replace("Infinity", "inf").replace("NaN", "nan") }
  }
  if (typeof value !== "object") return value as Json
  const described = describe(value)
  if (described !== undefined) return described
  if (value instanceof Error) return recordFailure(value)
  if (Array.isArray(value)) return value.map(inner)
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") }
  if (value instanceof Date) return { $date: value.toISOString() }
  if (value instanceof Map) return { $dict: Array.from(value, ([name, item]) => [inner(name), inner(item)]) }
  if (value instanceof Set) return { $set: Array.from(value, inner) }
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, inner)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inner(item)]))
}

// Errors of the lowest layer, which a higher one turns into those that the corpus names.
const ERROR_NAMES: Record<string, string> = { UntrustedHost: "SecurityError" }

function recordFailure(error: Error & { code?: unknown; status?: unknown }): Json {
  const name = error.constructor.name
  const code = typeof error.code === "number" ? error.code : error.status
  // The message is not compared; it is for whoever reads the explanation.
  const failure: { [key: string]: Json } = { $raises: ERROR_NAMES[name] ?? name, message: error.message }
  if (typeof code === "number") failure["code"] = code
  return failure
}

/** Pairs of a multi-dict in the notation. */
export function recordMulti(pairs: Iterable<readonly [string, unknown]>, describe?: Describe): Json {
  return { $multi: Array.from(pairs, ([name, value]) => [name, record(value, describe)]) }
}

/** Headers in the notation, marked as such, since they are compared in another way. */
export function recordHeaders(pairs: Iterable<readonly [string, string]>): Json {
  return { $multi: Array.from(pairs, ([name, value]) => [name, value]), $headers: true }
}

/** Whether the outcomes are the same, as the corpus asks to compare them. */
export function alike(expected: Json | undefined, actual: Json | undefined): boolean {
  if (expected === undefined || actual === undefined) return expected === actual
  if (typeof expected === "number") return typeof actual === "number" && closeTo(expected, actual)
  if (expected === null || typeof expected !== "object") return expected === actual
  if (Array.isArray(expected)) return Array.isArray(actual) && allAlike(expected, actual)
  if ("$seconds" in expected) return alike(expected["$seconds"], actual)
  if ("$uuid" in expected) return expected["$uuid"] === actual
  if ("$enum" in expected) return alike((expected["$enum"] as Json[])[1], actual)
  if (actual === null || typeof actual !== "object" || Array.isArray(actual)) return false
  if ("$raises" in expected) return sameFailure(expected, actual)
  if ("$set" in expected) return sameSet(expected["$set"] as Json[], actual["$set"] as Json[] | undefined)
  if ("$date" in expected) return sameInstant(expected["$date"] as string, actual["$date"] as string | undefined)
  if ("$multi" in expected) return samePairs(expected["$multi"] as Pair[], actual)
  const names = Object.keys(expected)
  return names.length === Object.keys(actual).length && names.every((name) => alike(expected[name], actual[name]))
}

type Pair = [string, Json]

function closeTo(one: number, other: number): boolean {
  return one === other || Math.abs(one - other) <= 1e-9 * Math.max(Math.abs(one), Math.abs(other))
}

function allAlike(expected: Json[], actual: Json[]): boolean {
  return expected.length === actual.length && expected.every((item, index) => alike(item, actual[index]))
}

/** Without a code only the failure counts; with one, code and name, and what else the corpus tells of it. */
function sameFailure(expected: { [key: string]: Json }, actual: { [key: string]: Json }): boolean {
  if (!("$raises" in actual)) return false
  if (!("code" in expected)) return true
  return Object.keys(expected).every((name) => alike(expected[name], actual[name]))
}

function sameSet(expected: Json[], actual: Json[] | undefined): boolean {
  if (actual === undefined || expected.length !== actual.length) return false
  const rest = [...actual]
  return expected.every((item) => {
    const index = rest.findIndex((other) => alike(item, other))
    if (index !== -1) rest.splice(index, 1)
    return index !== -1
  })
}

function sameInstant(expected: string, actual: string | undefined): boolean {
  return actual !== undefined && instant(expected) === instant(actual)
}

function samePairs(expected: Pair[], actual: { [key: string]: Json }): boolean {
  const pairs = actual["$multi"] as Pair[] | undefined
  if (pairs === undefined) return false
  if (!("$headers" in actual)) return allAlike(grouped(expected), grouped(pairs))
  const lowered = (list: Pair[]): Pair[] => list.map(([name, value]) => [name.toLowerCase(), value])
  return allAlike(lowered(expected), lowered(pairs))
}

/** Keys in the order in which they first came, then the values of each. */
function grouped(pairs: Pair[]): Json[] {
  const groups = new Map<string, Json[]>()
  for (const [name, value] of pairs) groups.set(name, [...(groups.get(name) ?? []), value])
  return Array.from(groups)
}

/** Header lists of responses: names alike in any case, and only the order among headers of one name counts. */
export function alikeHeaderLists(expected: [string, string][], actual: [string, string][]): boolean {
  const sorted = (list: [string, string][]): Json[] =>
    grouped(list.map(([name, value]) => [name.toLowerCase(), value])).sort((one, other) =>
      String((one as Pair)[0]) < String((other as Pair)[0]) ? -1 : 1,
    )
  return allAlike(sorted(expected), sorted(actual))
}
