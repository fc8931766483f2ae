// Values as trees that can be shown: what they are in a line, and what is inside, to a depth. Looking changes nothing: no getter
// is called, no trap of a proxy runs, and an object that misbehaves when it is shown cannot break the page. What goes by a secret
// name is masked, and so is all that lies in it. Knows nothing of HTML.

import { types } from "node:util"
import { isSecretName, MASK, maskText } from "../http/secrets.ts"
import {
  brief,
  guarded,
  isHeaderName,
  isSecretKey,
  isSecretPair,
  keyName,
  pairsOf,
  primitiveText,
  sizeOf,
  summaryOf,
} from "./summary.ts"

/** A value to be shown. */
export interface Representation {
  /** What it is, for its colour: string, number, boolean, nullish, symbol, function, object, masked, missing. */
  readonly kind: RepresentationKind
  /** One line. */
  readonly summary: string
  /** A text that is longer than its line. */
  readonly full?: string
  /** What is inside; undefined for a value that has no inside. */
  readonly members?: readonly RepresentationMember[]
  /** How many members are not listed. */
  readonly more?: number
  /** The object itself, to look further into. */
  readonly target?: object
}

/** What a value is, which says how it is shown. */
export type RepresentationKind =
  | "string"
  | "number"
  | "boolean"
  | "nullish"
  | "symbol"
  | "function"
  | "object"
  | "masked"
  | "missing"

/** Something inside of a value. */
export interface RepresentationMember {
  /** As it is shown: `a`, `"two words"`, `[Symbol(x)]`, `#own`, `[[Target]]`. */
  readonly name: string
  readonly kind: "property" | "index" | "entry" | "getter" | "private" | "internal" | "prototype"
  /** undefined for a getter, which is not called. */
  readonly value: Representation | undefined
  /** The key of a getter. */
  readonly key?: PropertyKey
}

/** How far to look. */
export interface RepresentationOptions {
  /** How many levels of members. Default 2. */
  readonly depth?: number
  /** How many members of one value. Default 100. */
  readonly maxMembers?: number
  /** The name that the value goes by: one of a secret masks it. */
  readonly name?: string
}

/** A longer text is folded. */
const MAX_LINE = 70
/** No more than this of a text is ever shown. */
const MAX_TEXT = 100_000
/** Longer arrays are not asked for properties with a name: the language lists them all with the elements. */
const MAX_NAMED_LENGTH = 10_000
/** So many objects are opened for one tree. */
const MAX_OBJECTS = 400

/** A value that cannot be read any more. */
export const MISSING: Representation = { kind: "missing", summary: "not available" }

/**
 * The tree of a value.
 *
 * @example
 * represent(7n).summary // => "7n"
 * represent([1, [2]]).summary // => "Array(2) [1, Array(1)]"
 * represent("secret", { name: "password" }).summary // => "***"
 */
export function represent(value: unknown, options: RepresentationOptions = {}): Representation {
  const { depth = 2, maxMembers = 100, name = "" } = options
  return new Describer(maxMembers).describe(value, depth, isSecretName(name))
}

/** The members of an object alone, with those that only the inspector sees. */
export function membersOf(
  target: object,
  hidden: { privates: readonly [string, unknown][]; internals: readonly [string, unknown][] },
  options: RepresentationOptions = {},
): { members: readonly RepresentationMember[]; more: number } {
  const { depth = 1, maxMembers = 100, name = "" } = options
  const isSecret = isSecretName(name)
  const describer = new Describer(maxMembers)
  const { members, more } = describer.members(target, depth, isSecret)
  const further = (kind: "private" | "internal", pairs: readonly [string, unknown][]) =>
    pairs.map(
      ([name, value]): RepresentationMember => ({
        name,
        kind,
        value: describer.describe(value, depth - 1, isSecret || isSecretName(name)),
      }),
    )
  return {
    members: [...members, ...further("private", hidden.privates), ...further("internal", hidden.internals)],
    more,
  }
}

class Describer {
  readonly #maxMembers: number
  readonly #path: object[] = []
  #objects = 0

  constructor(maxMembers: number) {
    this.#maxMembers = maxMembers
  }

  describe(value: unknown, depth: number, isSecret: boolean): Representation {
    if ((typeof value === "object" && value !== null) || typeof value === "function")
      return this.#object(value as object, depth, isSecret)
    if (isSecret && (typeof value === "string" || typeof value === "number" || typeof value === "bigint"))
      return { kind: "masked", summary: MASK }
    return primitive(value)
  }

  #object(value: object, depth: number, isSecret: boolean): Representation {
    const kind = typeof value === "function" ? "function" : "object"
    if (this.#path.includes(value)) return { kind, summary: "[Circular]", target: value }
    if (isSecret && (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)))
      return { kind: "masked", summary: MASK }
    const summary = guarded(() => summaryOf(value, isSecret), "(cannot be shown)")
    if (depth <= 0 || this.#objects >= MAX_OBJECTS) return { kind, summary, target: value }
    this.#objects++
    const { members, more } = this.members(value, depth, isSecret)
    return { kind, summary, members, target: value, ...(more > 0 && { more }) }
  }

  members(value: object, depth: number, isSecret: boolean): { members: RepresentationMember[]; more: number } {
    this.#path.push(value)
    try {
      return this.#listed(value, depth - 1, isSecret)
    } catch {
      return { members: [], more: 0 }
    } finally {
      this.#path.pop()
    }
  }

  #listed(value: object, depth: number, isSecret: boolean): { members: RepresentationMember[]; more: number } {
    // A trap of a proxy is code of the application; the inspector sees what is behind it.
    if (types.isProxy(value)) return { members: [], more: 0 }
    const members: RepresentationMember[] = []
    let more = 0
    const add = (member: () => RepresentationMember) => {
      if (members.length >= this.#maxMembers) more++
      else members.push(member())
    }
    const entry = (name: string, inner: unknown, kind: RepresentationMember["kind"], secret: boolean) =>
      add(() => ({ name, kind, value: this.describe(inner, depth, secret) }))

    const pairs = pairsOf(value)
    let skipIndexes = false
    if (types.isMap(value)) {
      for (const [key, inner] of Map.prototype.entries.call(value) as Iterable<[unknown, unknown]>) {
        if (members.length >= this.#maxMembers) break
        entry(entryName(key), inner, "entry", isSecret || isSecretKey(key))
      }
      more += sizeOf(Map.prototype, value) - members.length
    } else if (types.isSet(value)) {
      for (const inner of Set.prototype.values.call(value) as Iterable<unknown>) {
        if (members.length >= this.#maxMembers) break
        entry("", inner, "entry", isSecret)
      }
      more += sizeOf(Set.prototype, value) - members.length
    } else if (pairs !== undefined) {
      for (const [key, inner] of pairs) entry(entryName(key), inner, "entry", isSecret || isSecretKey(key))
      // Other properties of such an object are how it keeps its members.
      return { members, more }
    } else if (Array.isArray(value) || types.isTypedArray(value)) {
      skipIndexes = true
      const { length } = value as ArrayLike<unknown>
      more += Math.max(0, length - this.#maxMembers)
      let before: unknown
      for (let index = 0; index < Math.min(length, this.#maxMembers); index++) {
        const own = Object.getOwnPropertyDescriptor(value, index)
        // A hole in the array.
        if (own === undefined) continue
        if (!("value" in own)) add(() => ({ name: String(index), kind: "getter", value: undefined, key: index }))
        // Raw headers: a name, and then its value.
        else entry(String(index), own.value, "index", isSecret || isHeaderName(before) || isSecretPair(value, index))
        before = own.value
      }
    } else if (types.isBoxedPrimitive(value)) {
      entry(
        "[[PrimitiveValue]]",
        guarded(() => (value as { valueOf(): unknown }).valueOf(), undefined),
        "internal",
        isSecret,
      )
      skipIndexes = true
    }
    const keys = skipIndexes && (value as ArrayLike<unknown>).length > MAX_NAMED_LENGTH ? [] : Reflect.ownKeys(value)
    for (const [index, key] of keys.entries()) {
      if (members.length >= this.#maxMembers && index >= MAX_NAMED_LENGTH) {
        more += keys.length - index
        break
      }
      if (skipIndexes && typeof key === "string" && (key === "length" || /^\d+$/.test(key))) continue
      if (typeof value === "function" && UNTOLD.has(key)) continue
      const own = Object.getOwnPropertyDescriptor(value, key)
      if (own === undefined) continue
      const name = keyName(key)
      if ("value" in own) entry(name, own.value, "property", isSecret || isSecretKey(key))
      else if (own.get !== undefined) add(() => ({ name, kind: "getter", value: undefined, key }))
    }
    for (const [key, name] of inheritedGetters(value)) add(() => ({ name, kind: "getter", value: undefined, key }))
    return { members, more }
  }
}

/** What every function has. */
const UNTOLD = new Set<PropertyKey>(["length", "name", "prototype", "arguments", "caller"])

function primitive(value: unknown): Representation {
  if (typeof value === "string") return text(value)
  const summary = primitiveText(value)
  switch (typeof value) {
    case "number":
    case "bigint":
      return { kind: "number", summary }
    case "boolean":
      return { kind: "boolean", summary }
    case "symbol":
      return { kind: "symbol", summary }
    default:
      return { kind: "nullish", summary }
  }
}

function text(value: string): Representation {
  const shown = maskText(value.slice(0, MAX_TEXT), isSecretName)
  const more = value.length > MAX_TEXT ? `… (${value.length} characters)` : ""
  const line = JSON.stringify(shown)
  if (line.length <= MAX_LINE + 2 && more === "") return { kind: "string", summary: line }
  return { kind: "string", summary: `${JSON.stringify(shown.slice(0, MAX_LINE)).slice(0, -1)}…"`, full: shown + more }
}

/** Accessors that the class of an object has: those of Node and the language are not listed. */
function inheritedGetters(value: object): [PropertyKey, string][] {
  const found: [PropertyKey, string][] = []
  if (typeof value === "function" || Array.isArray(value) || types.isNativeError(value)) return found
  for (
    let at = Object.getPrototypeOf(value) as object | null;
    at !== null && found.length < 40;
    at = Object.getPrototypeOf(at)
  ) {
    if (types.isProxy(at) || at === Object.prototype || isBuiltIn(at)) break
    for (const [key, own] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (own.get !== undefined && key !== "__proto__") found.push([key, keyName(key)])
  }
  return found
}

function isBuiltIn(prototype: object): boolean {
  const own = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value as unknown
  return typeof own === "function" && Function.prototype.toString.call(own).includes("[native code]")
}

/** The key of a map as a name. */
function entryName(key: unknown): string {
  return typeof key === "string" ? JSON.stringify(key) : brief(key, false)
}
