// Header fields: ordered, several of a name, names alike in any case and kept as they were spelled.
// Every response goes through here, so the fields lie in one flat array (lowered name, name, value, ...) and a name that
// was seen before is neither checked nor lowered again. Everything is checked when it is set: what is in here may be sent.
// Must not know what a header means.

import { BadRequestKeyError } from "../exceptions/statuses.ts"
import type { HeaderList } from "../gateway.ts"
import { checkFieldName, checkFieldValue, dumpOptionsHeader, type HeaderScalar } from "../http/fields.ts"
import { asciiLower, isToken } from "../http/tokens.ts"
import { withoutKeys } from "../mistakes/keyed-access.ts"
import { convert, type GetAllOptions, type GetOptions } from "./conversion.ts"
import { inspectAs, setInspection } from "./inspection.ts"
import { checkMergeable } from "./merging.ts"
import { iterLists, iterMultiItems, type MultiItems } from "./multi-dict.ts"

/** What a header can be set to: text, a number, or an object that has a text for headers. */
export type HeaderValue = string | number | { toHeader(): string }

/** Anything that gives names with values: headers (the platform's too), pairs, a multi-dict, a Map, a plain object. */
export type HeadersInit = ReadonlyHeaders | MultiItems<HeaderValue>

/** Parameters behind a value: `; name=value`. `_` in a name stands for `-`; `null` and `undefined` are left out. */
export type HeaderParameters = { readonly [name: string]: HeaderScalar }

/** How names are given back. */
export interface HeaderNameOptions {
  /** Names in lower case, instead of as they are spelled. */
  lower?: boolean
}

// Names come from a small set again and again, so their lower case is remembered. What is in here passed the check.
const lowered = new Map<string, string>()
const MAX_LOWERED = 500
const MAX_LOWERED_LENGTH = 64

function remember(name: string, lower: string): string {
  if (lowered.size < MAX_LOWERED && name.length <= MAX_LOWERED_LENGTH) lowered.set(name, lower)
  return lower
}

/** The name in lower case, to look it up. */
function lowerName(name: string): string {
  const known = lowered.get(name)
  if (known !== undefined) return known
  const lower = asciiLower(String(name))
  return isToken(lower) ? remember(name, lower) : lower
}

/** The name in lower case, to set it. */
function checkedLowerName(name: string): string {
  return lowered.get(name) ?? remember(name, asciiLower(checkFieldName(name)))
}

function asText(value: HeaderValue, parameters?: HeaderParameters): string {
  let text: string
  if (typeof value === "string") text = value
  else if (typeof value === "number") text = String(value)
  else if (typeof value?.toHeader === "function") text = value.toHeader()
  else throw new TypeError(`Not a header value: ${String(value)}`)
  if (parameters !== undefined) {
    text = dumpOptionsHeader(
      text,
      Object.entries(parameters).map(([name, parameter]) => [name.replaceAll("_", "-"), parameter]),
    )
  }
  return checkFieldValue(text)
}

/**
 * What can be read from headers of every kind. Names are alike in any case (ASCII). Iteration gives a pair for each
 * field, in order and in the spelling that was given; it goes over a copy, so that the headers may change meanwhile.
 */
export abstract class ReadonlyHeaders implements Iterable<[name: string, value: string]> {
  /**
   * A new list of pairs, as `startResponse` takes it.
   */
  abstract toList(): HeaderList

  /** The first value of the name. */
  protected abstract first(name: string): string | undefined

  /** All values of the name, in a new array. */
  protected abstract all(name: string): string[]

  /** The number of fields. */
  get size(): number {
    return this.toList().length
  }

  /**
   * The first value of the name, converted if asked for.
   *
   * @example
   * new Headers({ Age: "60" }).get("age") // => "60"
   * new Headers({ Age: "60" }).get("age", { type: Number }) // => 60
   * new Headers({ Age: "x" }).get("age", { type: Number, default: 0 }) // => 0
   */
  get<T = string, D = undefined>(name: string, options?: GetOptions<string, T, D>): Exclude<T, undefined> | D {
    const value = this.first(name)
    if (options === undefined) return value as Exclude<T, undefined> | D
    const type = options.type
    const result = value === undefined || type === undefined ? value : convert(value, type)
    return (result ?? options.default) as Exclude<T, undefined> | D
  }

  /**
   * The first value of the name, or the field at a position.
   *
   * @throws BadRequestKeyError (400) when the name is missing, RangeError for a position outside
   */
  getOrThrow(name: string): string
  getOrThrow(index: number): [name: string, value: string]
  getOrThrow(name: string | number): string | [name: string, value: string] {
    if (typeof name === "number") {
      const field = this.at(name)
      if (field === undefined) throw new RangeError(`No header at position ${name}`)
      return field
    }
    const value = this.first(name)
    if (value === undefined) throw new BadRequestKeyError(name)
    return value
  }

  /**
   * All values of the name, converted if asked for; empty when it is missing.
   */
  getAll<T = string>(name: string, options?: GetAllOptions<string, T>): Exclude<T, undefined>[] {
    const values = this.all(name)
    const type = options?.type
    if (type === undefined) return values as unknown[] as Exclude<T, undefined>[]
    const result: Exclude<T, undefined>[] = []
    for (const value of values) {
      const converted = convert(value, type)
      if (converted !== undefined) result.push(converted)
    }
    return result
  }

  /** The values of `Set-Cookie`, as the platform's Headers has it. */
  getSetCookie(): string[] {
    return this.all("set-cookie")
  }

  /** Whether there is a field of this name. */
  has(name: string): boolean {
    return this.first(name) !== undefined
  }

  /**
   * The field at this position; a negative one counts from the end.
   *
   * @example
   * new Headers({ A: "1", B: "2" }).at(-1) // => ["B", "2"]
   */
  at(index: number): [name: string, value: string] | undefined {
    return this.toList().at(index)
  }

  /**
   * The fields from one position to another, as Headers of their own.
   */
  slice(start?: number, end?: number): Headers {
    return new Headers(this.toList().slice(start, end))
  }

  /** Pairs of name and value. */
  entries(options?: HeaderNameOptions): IterableIterator<[name: string, value: string]> {
    const list = this.toList()
    if (options?.lower) for (const field of list) field[0] = lowerName(field[0])
    return list.values()
  }

  /** The names, repeated ones repeatedly. */
  *keys(options?: HeaderNameOptions): Generator<string, void, undefined> {
    for (const [name] of this.entries(options)) yield name
  }

  /** The values, in the order of `entries`. */
  *values(): Generator<string, void, undefined> {
    for (const [, value] of this.toList()) yield value
  }

  /** Every pair of name and value. */
  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.toList().values()
  }

  /** Calls a function with each value and name, as the platform's Headers does. */
  forEach(callback: (value: string, name: string, headers: this) => void): void {
    for (const [name, value] of this.toList()) callback(value, name, this)
  }

  /**
   * The fields as they stand in a message, with the empty line behind them.
   *
   * @example
   * String(new Headers({ Allow: "GET" })) // => "Allow: GET\r\n\r\n"
   */
  toString(): string {
    return `${this.toList()
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}\r\n`
  }

  /**
   * Whether the other has the same fields: names alike in any case, the values of each name in the same order.
   * The order among different names does not matter.
   *
   * @example
   * new Headers({ A: "1", B: "2" }).equals(new Headers({ b: "2", a: "1" })) // => true
   */
  equals(other: unknown): boolean {
    if (!(other instanceof ReadonlyHeaders) || other.size !== this.size) return false
    for (const name of new Set(this.keys({ lower: true }))) {
      const [ours, theirs] = [this.all(name), other.all(name)]
      if (ours.length !== theirs.length || ours.some((value, index) => value !== theirs[index])) return false
    }
    return true
  }

  static {
    const isClosed = (type: unknown): boolean => type === Headers
    Object.setPrototypeOf(ReadonlyHeaders.prototype, withoutKeys("headers", isClosed))
  }

  /** How they look in a console. */
  static {
    setInspection(ReadonlyHeaders.prototype, function (_depth, options, inspect) {
      return inspectAs(this, this.toList(), options, inspect)
    })
  }
}

const LOWER = 0
const NAME = 1
const VALUE = 2
const STRIDE = 3

/**
 * Headers that can be changed. All that is set is checked: a name has to be a token, a value Latin-1 without control characters
 * but TAB (RFC 9110 section 5.5). Numbers become text, and objects with a `toHeader` method that text.
 *
 * Unlike the platform's class of this name it keeps order and spelling, joins nothing, and lets every name pass. Each takes
 * the other in its constructor.
 *
 * @example
 * const headers = new Headers([["Content-Type", "text/html"], ["Vary", "Accept"]])
 * headers.append("Vary", "Cookie")
 * headers.get("content-type") // => "text/html"
 * headers.getAll("vary") // => ["Accept", "Cookie"]
 * headers.set("X", "a\r\nb: c") // throws TypeError
 */
export class Headers extends ReadonlyHeaders {
  // Lowered name, name, value; lowered name, name, value; ...
  readonly #fields: string[] = []

  constructor(init?: HeadersInit | null) {
    super()
    this.extend(init)
  }

  override get size(): number {
    return this.#fields.length / STRIDE
  }

  protected override first(name: string): string | undefined {
    const index = this.#find(lowerName(name), 0)
    return index === -1 ? undefined : this.#fields[index + VALUE]
  }

  protected override all(name: string): string[] {
    const fields = this.#fields
    const lower = lowerName(name)
    const values: string[] = []
    for (let index = LOWER; index < fields.length; index += STRIDE) {
      if (fields[index] === lower) values.push(fields[index + VALUE] as string)
    }
    return values
  }

  override has(name: string): boolean {
    return this.#find(lowerName(name), 0) !== -1
  }

  override toList(): HeaderList {
    const fields = this.#fields
    const list: HeaderList = []
    for (let index = 0; index < fields.length; index += STRIDE) {
      list.push([fields[index + NAME] as string, fields[index + VALUE] as string])
    }
    return list
  }

  /**
   * Adds a field behind all others.
   *
   * @throws TypeError for a name or value that no header may have
   * @example
   * const headers = new Headers()
   * headers.append("Content-Disposition", "attachment", { filename: "a b.txt" })
   * headers.get("content-disposition") // => 'attachment; filename="a b.txt"'
   */
  append(name: string, value: HeaderValue, parameters?: HeaderParameters): void {
    this.#fields.push(checkedLowerName(name), name, asText(value, parameters))
  }

  /**
   * Replaces all fields of this name by one: in the place of the first of them, in this spelling.
   *
   * @throws TypeError for a name or value that no header may have
   * @example
   * const headers = new Headers([["A", "1"], ["B", "2"], ["a", "3"]])
   * headers.set("a", 4)
   * headers.toList() // => [["a", "4"], ["B", "2"]]
   */
  set(name: string, value: HeaderValue, parameters?: HeaderParameters): void {
    this.#set(checkedLowerName(name), name, asText(value, parameters))
  }

  /**
   * Replaces all fields of this name by several: the first in the place of the first, the others at the end.
   * Without any, the name is removed.
   *
   * @throws TypeError for a name or value that no header may have
   */
  setList(name: string, values: Iterable<HeaderValue>): void {
    const lower = checkedLowerName(name)
    const [first, ...rest] = Array.from(values, (value) => asText(value))
    if (first === undefined) this.#remove(lower, 0)
    else this.#set(lower, name, first)
    for (const value of rest) this.#fields.push(lower, name, value)
  }

  /**
   * The first value of the name; if it is missing, this field is added.
   */
  setDefault(name: string, value: HeaderValue): string {
    const index = this.#find(checkedLowerName(name), 0)
    if (index !== -1) return this.#fields[index + VALUE] as string
    this.append(name, value)
    return this.#fields.at(-1) as string
  }

  /**
   * All values of the name, in a new array; if it is missing, these fields are added.
   */
  setListDefault(name: string, values: Iterable<HeaderValue>): string[] {
    if (!this.has(name)) this.setList(name, values)
    return this.all(name)
  }

  /**
   * Adds all of these behind the fields that are there.
   */
  extend(init: HeadersInit | null | undefined): void {
    if (init === null || init === undefined) return
    if (init instanceof Headers) {
      // By its length, since these may be the same headers.
      const { length } = init.#fields
      for (let index = 0; index < length; index++) this.#fields.push(init.#fields[index] as string)
      return
    }
    for (const [name, value] of iterMultiItems(init as MultiItems<HeaderValue>)) this.append(name, value)
  }

  /**
   * Replaces the fields of each name that occurs in these by the new ones; a name with an empty list is removed. From bare
   * pairs the last of a name counts.
   *
   * @example
   * const headers = new Headers({ A: "1", B: "2" })
   * headers.update({ a: ["3", "4"] })
   * headers.toList() // => [["a", "3"], ["B", "2"], ["a", "4"]]
   */
  update(init: HeadersInit | null | undefined): void {
    if (init === null || init === undefined) return
    if (Array.isArray(init)) {
      for (const [name, value] of iterMultiItems<HeaderValue>(init)) this.set(name, value)
      return
    }
    // Grouped by name in any case, under the spelling that came first.
    const groups = new Map<string, [name: string, values: HeaderValue[]]>()
    for (const [name, values] of iterLists(init as MultiItems<HeaderValue>)) {
      const lower = checkedLowerName(name)
      const group = groups.get(lower)
      if (group === undefined) groups.set(lower, [name, values])
      else group[1].push(...values)
    }
    for (const [name, values] of groups.values()) this.setList(name, values)
  }

  /**
   * Headers of their own: these, updated with the others.
   *
   * @throws TypeError for an array: what is merged has names, as this has; `update` takes pairs too
   */
  merge(init: HeadersInit): Headers {
    checkMergeable(init)
    const result = this.copy()
    result.update(init)
    return result
  }

  /**
   * Removes all fields of this name; tells whether there was any.
   */
  delete(name: string): boolean {
    return this.#remove(lowerName(name), 0)
  }

  /**
   * Removes fields and gives what was there: by name all of them and the first value, by position one and the pair,
   * without either the last one.
   *
   * @throws BadRequestKeyError (400) when the name is missing and there is no default; RangeError for a position outside
   * @example
   * new Headers({ A: "1" }).pop("a") // => "1"
   * new Headers({ A: "1" }).pop(0) // => ["A", "1"]
   * new Headers().pop("a", { default: "2" }) // => "2"
   */
  pop<D = never>(name: string, options?: { default: D }): string | D
  pop(index?: number): [name: string, value: string]
  pop<D>(key: string | number = -1, options?: { default: D }): string | [name: string, value: string] | D {
    if (typeof key === "number") {
      const field = this.getOrThrow(key)
      this.splice(key, 1)
      return field
    }
    const value = this.first(key)
    if (value === undefined) {
      if (options === undefined) throw new BadRequestKeyError(key)
      return options.default
    }
    this.delete(key)
    return value
  }

  /**
   * Removes the last field and gives it.
   *
   * @throws RangeError when there is none
   */
  popItem(): [name: string, value: string] {
    return this.pop()
  }

  /**
   * Removes fields from a position on, puts others there, and gives those removed, all as an array's `splice` does.
   *
   * @param deleteCount all that follow, unless given
   * @throws TypeError for a name or value that no header may have; then nothing has changed
   * @example
   * const headers = new Headers({ A: "1", B: "2" })
   * headers.splice(0, 1, ["C", "3"]) // => [["A", "1"]]
   */
  splice(start: number, deleteCount?: number, ...fields: (readonly [name: string, value: HeaderValue])[]): HeaderList {
    const list = this.toList()
    const removed = list.splice(start, deleteCount ?? list.length, ...new Headers(fields).toList())
    const result = new Headers(list)
    this.clear()
    this.extend(result)
    return removed
  }

  /** Removes everything. */
  clear(): void {
    this.#fields.length = 0
  }

  /** Headers of their own with the same fields. */
  copy(): Headers {
    return new Headers(this)
  }

  #find(lower: string, start: number): number {
    const fields = this.#fields
    for (let index = start; index < fields.length; index += STRIDE) {
      if (fields[index] === lower) return index
    }
    return -1
  }

  #set(lower: string, name: string, value: string): void {
    const fields = this.#fields
    const index = this.#find(lower, 0)
    if (index === -1) {
      fields.push(lower, name, value)
      return
    }
    fields[index + NAME] = name
    fields[index + VALUE] = value
    this.#remove(lower, index + STRIDE)
  }

  /** Closes the gaps in one pass. */
  #remove(lower: string, start: number): boolean {
    const fields = this.#fields
    let kept = this.#find(lower, start)
    if (kept === -1) return false
    for (let index = kept + STRIDE; index < fields.length; index += STRIDE) {
      if (fields[index] === lower) continue
      fields[kept++] = fields[index] as string
      fields[kept++] = fields[index + NAME] as string
      fields[kept++] = fields[index + VALUE] as string
    }
    fields.length = kept
    return true
  }
}
