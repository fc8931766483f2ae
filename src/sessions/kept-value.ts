// What is put into a session is what the next request finds in it: values go through the format in which they are kept
// at once, and are frozen. A change inside of an object would not be saved, so it throws instead.

import { taggedJson } from "../signing/tagged-json.ts"

/** A value as a session gives it out. */
export type Kept<Value> = Value extends Date | Uint8Array | ((...args: never[]) => unknown)
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly Kept<Item>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: Kept<Value[Key]> }
      : Value

/** @throws TypeError for what a session cannot keep */
export function kept(value: unknown): unknown {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value
  if (value === undefined) throw new TypeError("undefined can't be kept in a session; delete removes a key")
  return frozen(taggedJson.parse(taggedJson.stringify(value) as string))
}

/** The value, frozen as deep as it goes. It must have come out of `taggedJson`, so that it is a tree. */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Date) return value
  for (const item of Object.values(value)) frozen(item)
  return Object.freeze(value)
}

/** The keys of what was read; `undefined` unless it is an object with keys. */
export function keptValues(data: unknown): Map<string, unknown> | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data) || data instanceof Date) return undefined
  return new Map(Object.entries(data).map(([key, value]) => [key, frozen(value)]))
}
