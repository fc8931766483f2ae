// Values in one line each: their class, how much is in them, and what of it has room. No getter is called and no trap of a
// proxy runs, but for classes that say themselves how they look. Secrets are masked by their names.

import { inspect, types } from "node:util"
import { ReadonlyDict } from "../datastructures/dict.ts"
import { ReadonlyHeaders } from "../datastructures/headers.ts"
import { ReadonlyMultiDict } from "../datastructures/multi-dict.ts"
import { isSecretName, MASK, maskText } from "../http/secrets.ts"

/** A longer text is cut. */
const MAX_LINE = 70
const MAX_SUMMARY = 96
/** Classes of this package that give pairs when they are iterated. */
const OWN_COLLECTIONS = [ReadonlyDict, ReadonlyHeaders, ReadonlyMultiDict]

/** What is no object, as it is written; texts in quotes. */
export function primitiveText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(maskText(value.slice(0, 2 * MAX_LINE), isSecretName))
  if (typeof value === "bigint") return `${value}n`
  return Object.is(value, -0) ? "-0" : String(value)
}

/** An object in one line. */
export function summaryOf(value: object, isSecret: boolean): string {
  if (types.isProxy(value)) return "Proxy"
  if (typeof value === "function") return functionSummary(value as (...args: unknown[]) => unknown)
  const name = className(value)
  if (Array.isArray(value)) return `${name}(${value.length})${preview(value, "[", "]", isSecret)}`
  if (types.isTypedArray(value)) return `${name}(${value.length})${bytes(value, isSecret)}`
  if (types.isAnyArrayBuffer(value)) return `${name}(${value.byteLength})`
  if (types.isMap(value)) return `${name}(${sizeOf(Map.prototype, value)})`
  if (types.isSet(value)) return `${name}(${sizeOf(Set.prototype, value)})`
  if (types.isDate(value))
    return `${name} ${Number.isNaN(Date.prototype.getTime.call(value)) ? "Invalid Date" : Date.prototype.toISOString.call(value)}`
  if (types.isRegExp(value)) return RegExp.prototype.toString.call(value)
  if (types.isNativeError(value)) return cut(maskText(`${name}: ${ownText(value, "message")}`, isSecretName))
  if (types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value)) return name
  if (types.isBoxedPrimitive(value)) return name
  const pairs = pairsOf(value)
  if (pairs !== undefined) return `${name}(${pairs.length})`
  return ownDescription(value) ?? `${name === "Object" ? "" : `${name} `}${preview(value, "{", "}", isSecret).trim()}`
}

function functionSummary(value: (...args: unknown[]) => unknown): string {
  const name = ownText(value, "name") || "(anonymous)"
  const source = Function.prototype.toString.call(value)
  if (/^class\b/.test(source)) return `class ${name}`
  const parameters = /^(?:async\s*)?(?:function\b\s*\*?\s*)?(?:[\w$#]*|\[[^\]]*\])\s*(\([^()]{0,60}\))/.exec(
    source,
  )?.[1]
  const isAsync = types.isAsyncFunction(value)
  const star = types.isGeneratorFunction(value) ? "*" : ""
  return `${isAsync ? "async " : ""}function${star} ${name}${parameters ?? "()"}`.replace(/\s+/g, " ")
}

/** The values of an object's own properties, as far as they have room in a line. */
function preview(value: object, open: string, close: string, isSecret: boolean): string {
  const parts: string[] = []
  let length = 0
  const keys = Array.isArray(value)
    ? Array.from({ length: Math.min(value.length, 9) }, (_, index) => String(index))
    : Object.keys(value)
  let before: unknown
  for (const key of keys) {
    const own = Object.getOwnPropertyDescriptor(value, key)
    if (own === undefined && !Array.isArray(value)) continue
    const secret =
      isSecret || (Array.isArray(value) ? isHeaderName(before) || isSecretPair(value, Number(key)) : isSecretKey(key))
    const inner = own === undefined ? "empty" : "value" in own ? brief(own.value, secret) : "(…)"
    before = own?.value
    const part = Array.isArray(value) ? inner : `${keyName(key)}: ${inner}`
    length += part.length + 2
    if (parts.length >= 8 || length > MAX_SUMMARY) {
      parts.push("…")
      break
    }
    parts.push(part)
  }
  const padding = open === "{" && parts.length > 0 ? " " : ""
  return ` ${open}${padding}${parts.join(", ")}${padding}${close}`
}

/** A value inside of another one's line. */
export function brief(value: unknown, isSecret: boolean): string {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") {
    if (isSecret && value !== undefined && value !== null && typeof value !== "boolean") return MASK
    const summary = primitiveText(value)
    return summary.length > 32 ? `${summary.slice(0, 30)}…"` : summary
  }
  return guarded(() => {
    if (types.isProxy(value)) return "Proxy"
    if (typeof value === "function") return functionSummary(value as (...args: unknown[]) => unknown).slice(0, 32)
    const name = className(value)
    if (Array.isArray(value)) return `${name}(${value.length})`
    if (types.isTypedArray(value)) return `${name}(${value.length})`
    if (types.isMap(value)) return `${name}(${sizeOf(Map.prototype, value)})`
    if (types.isSet(value)) return `${name}(${sizeOf(Set.prototype, value)})`
    if (types.isDate(value) || types.isRegExp(value)) return summaryOf(value, isSecret)
    return name === "Object" ? "{…}" : name
  }, "(…)")
}

function bytes(value: NodeJS.TypedArray, isSecret: boolean): string {
  if (isSecret) return ` ${MASK}`
  const shown: string[] = []
  for (let index = 0; index < Math.min(value.length, 8); index++) shown.push(brief(value[index], false))
  if (value.length > 8) shown.push("…")
  return ` [${shown.join(", ")}]`
}

/** How an object wants to look, where a class says so: its content may be private. Code of the application runs here. */
function ownDescription(value: object): string | undefined {
  const method: unknown = (value as Record<PropertyKey, unknown>)[inspect.custom]
  if (typeof method !== "function") return undefined
  const shown = inspect(value, {
    depth: 1,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 8,
    maxStringLength: MAX_LINE,
  })
  return cut(maskText(shown.replace(/\s+/g, " "), isSecretName))
}

/** The content of header and form objects, those of the web platform and of this package: pairs of a name and a value. */
export function pairsOf(value: object): [string, unknown][] | undefined {
  const isWeb = value instanceof URLSearchParams || value instanceof globalThis.Headers || value instanceof FormData
  if (!isWeb && !isOwnCollection(value)) return undefined
  return guarded(() => {
    const pairs = Array.from(value as Iterable<unknown>)
    return pairs.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string")
      ? (pairs as [string, unknown][])
      : undefined
  }, undefined)
}

function isOwnCollection(value: object): boolean {
  return OWN_COLLECTIONS.some((each) => value instanceof each)
}

/** A function of the class that an object is of, or the nearest one that has a name. */
function className(value: object): string {
  return guarded(() => {
    for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
      if (types.isProxy(at)) return "Object"
      const own = Object.getOwnPropertyDescriptor(at, "constructor")
      const name = own !== undefined && typeof own.value === "function" ? ownText(own.value as object, "name") : ""
      if (name !== "") return name
    }
    return Object.getPrototypeOf(value) === null ? "[null prototype]" : "Object"
  }, "Object")
}

/** How much is in a Map or a Set, even if its class says something else. */
export function sizeOf(prototype: object, value: object): number {
  return Object.getOwnPropertyDescriptor(prototype, "size")?.get?.call(value) as number
}

function ownText(value: object, key: string): string {
  const own = Object.getOwnPropertyDescriptor(value, key)
  return own !== undefined && typeof own.value === "string" ? own.value : ""
}

export function isSecretKey(key: unknown): boolean {
  return typeof key === "string" && isSecretName(key)
}

/** The name of a header, as it stands in a list before its value. */
export function isHeaderName(value: unknown): boolean {
  return typeof value === "string" && value.length < 64 && /^[\w-]+$/.test(value) && isSecretName(value)
}

/** The second of a pair whose first is a secret name. */
export function isSecretPair(value: object, index: number): boolean {
  return (
    index === 1 &&
    Array.isArray(value) &&
    value.length === 2 &&
    isHeaderName(Object.getOwnPropertyDescriptor(value, 0)?.value)
  )
}

export function keyName(key: PropertyKey): string {
  if (typeof key === "symbol") return `[${String(key)}]`
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(String(key)) ? String(key) : JSON.stringify(String(key))
}

function cut(line: string): string {
  return line.length > MAX_SUMMARY ? `${line.slice(0, MAX_SUMMARY)}…` : line
}

export function guarded<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
