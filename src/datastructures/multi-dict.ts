// Keys with several values each, in order: what a query string, a form and its files are.
// A Map from key to list holds them, so that `__proto__` is a key like any other. All reading is derived from two
// questions (which keys, which list), which a dictionary answers from its Map and a combination from its parts. One that
// never changes makes its Map when that is needed: most queries are few pairs, of which one or two are looked at.
// Must not know what the values mean or where they came from.

import { BadRequestKeyError } from "../exceptions/statuses.ts"
import { convert, type GetAllOptions, type GetOptions } from "./conversion.ts"
import { inspectAs, setInspection } from "./inspection.ts"
import { checkMergeable } from "./merging.ts"

/** One value, or several in an array or a set. */
export type OneOrMany<V> = V | readonly V[] | ReadonlySet<V>

/** Anything that gives keys with values: a multi-dict, pairs (of a Map, URLSearchParams, FormData ...), a plain object. */
export type MultiItems<V> =
  | ReadonlyMultiDict<V>
  | ReadonlyMap<string, OneOrMany<V>>
  | Iterable<readonly [key: string, value: V]>
  | { readonly [key: string]: OneOrMany<V> }

/** Whether each pair or only the first of each key is meant. */
export interface MultiOptions {
  /** `false` gives the first value of each key only. */
  multi?: boolean
}

/**
 * All pairs of a multi-dict, of other pairs, of a Map or of a plain object. Where the last two have an array or a Set as
 * value, each of its members makes a pair; anything else, text and bytes included, is one value.
 *
 * @throws TypeError for what does not consist of pairs
 * @example
 * [...iterMultiItems({ a: ["1", "2"], b: "3" })] // => [["a", "1"], ["a", "2"], ["b", "3"]]
 * [...iterMultiItems(new URLSearchParams("a=1&a=2"))] // => [["a", "1"], ["a", "2"]]
 * [...iterMultiItems("a=1")] // throws TypeError
 */
export function* iterMultiItems<V>(items: MultiItems<V>): Generator<[key: string, value: V]> {
  if (items instanceof Map || !(Symbol.iterator in Object(items))) {
    const mapping = (items instanceof Map ? items : Object.entries(items)) as Iterable<[string, OneOrMany<V>]>
    for (const [key, value] of mapping) {
      if (Array.isArray(value) || value instanceof Set) for (const one of value as Iterable<V>) yield [key, one]
      else yield [key, value as V]
    }
    return
  }
  for (const pair of items as Iterable<readonly [string, V]>) {
    checkPair(pair)
    yield [pair[0], pair[1]]
  }
}

/**
 * Pairs of key and values: of a mapping each key with all values that it has, perhaps an empty list; of other items one by one.
 */
export function* iterLists<V>(items: MultiItems<V>): Generator<[key: string, values: V[]]> {
  if (items instanceof Map || !(Symbol.iterator in Object(items))) {
    for (const [key, value] of items instanceof Map ? items : Object.entries(items)) {
      yield [key, Array.isArray(value) || value instanceof Set ? [...value] : [value]]
    }
    return
  }
  for (const [key, value] of iterMultiItems(items)) yield [key, [value]]
}

function checkPair(pair: unknown): void {
  if (!Array.isArray(pair) || pair.length !== 2) throw new TypeError(`Not a pair of key and value: ${String(pair)}`)
}

/**
 * What can be read from every multi-dict. `size`, `keys` and `has` are about keys, each of them once; iteration, `entries`
 * and `values` give every value, grouped by key, keys in the order in which they first came (in a combination, that of
 * each part).
 * A key without any value counts as missing.
 */
export abstract class ReadonlyMultiDict<V = string> implements Iterable<[key: string, value: V]> {
  /** The keys, each of them once. */
  abstract keys(): IterableIterator<string>

  /** The values of the key itself, not a copy; empty when it is missing. */
  protected abstract list(key: string): readonly V[]

  /** The number of keys. */
  get size(): number {
    let size = 0
    for (const _ of this.keys()) size++
    return size
  }

  /**
   * The first value of the key, converted if asked for.
   *
   * @example
   * new MultiDict({ page: "2" }).get("page", { type: Number }) // => 2
   * new MultiDict({ page: "x" }).get("page", { type: Number, default: 1 }) // => 1
   * new MultiDict().get("page") // => undefined
   */
  get<T = V, D = undefined>(key: string, options?: GetOptions<V, T, D>): Exclude<T, undefined> | D {
    const list = this.list(key)
    if (list.length !== 0) {
      const value = list[0] as V
      if (options?.type === undefined) return value as unknown as Exclude<T, undefined>
      const converted = convert(value, options.type)
      if (converted !== undefined) return converted
    }
    return options?.default as D
  }

  /**
   * The first value of the key.
   *
   * @throws BadRequestKeyError (400) when it is missing
   */
  getOrThrow(key: string): V {
    const list = this.list(key)
    if (list.length === 0) throw new BadRequestKeyError(key)
    return list[0] as V
  }

  /**
   * All values of the key, converted if asked for; a new array, empty when it is missing.
   *
   * @example
   * new MultiDict({ n: ["1", "x", "3"] }).getAll("n", { type: Number }) // => [1, 3]
   */
  getAll<T = V>(key: string, options?: GetAllOptions<V, T>): Exclude<T, undefined>[] {
    const list = this.list(key)
    const type = options?.type
    if (type === undefined) return list.slice() as unknown[] as Exclude<T, undefined>[]
    const result: Exclude<T, undefined>[] = []
    for (const value of list) {
      const converted = convert(value, type)
      if (converted !== undefined) result.push(converted)
    }
    return result
  }

  /** Whether the key has a value. */
  has(key: string): boolean {
    return this.list(key).length !== 0
  }

  /**
   * Pairs of key and value.
   *
   * @example
   * [...new MultiDict({ a: ["1", "2"], b: "3" }).entries({ multi: false })] // => [["a", "1"], ["b", "3"]]
   */
  *entries(options?: MultiOptions): Generator<[key: string, value: V], void, undefined> {
    const all = options?.multi !== false
    for (const key of this.keys()) {
      const list = this.list(key)
      if (!all) yield [key, list[0] as V]
      else for (const value of list) yield [key, value]
    }
  }

  /**
   * The values, in the order of `entries`.
   */
  *values(options?: MultiOptions): Generator<V, void, undefined> {
    for (const [, value] of this.entries(options)) yield value
  }

  /** Every pair of key and value. */
  [Symbol.iterator](): Generator<[key: string, value: V], void, undefined> {
    return this.entries()
  }

  /**
   * Each key with all its values, in a new array.
   */
  *lists(): Generator<[key: string, values: V[]], void, undefined> {
    for (const key of this.keys()) yield [key, this.list(key).slice()]
  }

  /**
   * The values of each key, in a new array.
   */
  *listValues(): Generator<V[], void, undefined> {
    for (const key of this.keys()) yield this.list(key).slice()
  }

  /**
   * A plain object without prototype, with the first value of each key; with `flat: false`, with all of them in arrays.
   *
   * @example
   * new MultiDict({ a: ["1", "2"] }).toDict() // => { a: "1" }
   * new MultiDict({ a: ["1", "2"] }).toDict({ flat: false }) // => { a: ["1", "2"] }
   */
  toDict(options?: { flat?: true }): Record<string, V>
  toDict(options: { flat: false }): Record<string, V[]>
  toDict(options?: { flat?: boolean }): Record<string, V> | Record<string, V[]>
  toDict(options?: { flat?: boolean }): Record<string, V> | Record<string, V[]> {
    const result: Record<string, V | V[]> = Object.create(null)
    for (const [key, list] of this.lists()) result[key] = options?.flat === false ? list : (list[0] as V)
    return result as Record<string, V>
  }

  /**
   * A dictionary of its own with the same values.
   */
  copy(): MultiDict<V> {
    return new MultiDict(this)
  }

  /**
   * A dictionary of its own with copies of the values, as `structuredClone` makes them.
   *
   * @throws DataCloneError for values that cannot be cloned
   */
  deepCopy(): MultiDict<V> {
    const result = new MultiDict<V>()
    for (const [key, list] of this.lists()) result.setList(key, structuredClone(list))
    return result
  }

  /**
   * A dictionary of its own with the values of both.
   *
   * @throws TypeError for an array: what is merged has keys, as this has; `update` takes pairs too
   * @example
   * [...new MultiDict({ a: "1" }).merge({ a: "2" })] // => [["a", "1"], ["a", "2"]]
   * new MultiDict({ a: "1" }).merge([["a", "2"]]) // throws TypeError
   */
  merge(items: MultiItems<V>): MultiDict<V> {
    checkMergeable(items)
    const result = this.copy()
    result.update(items)
    return result
  }

  /**
   * Whether the other is a multi-dict with the same keys and for each of them the same values in the same order.
   * The order of the keys does not matter.
   */
  equals(other: unknown): boolean {
    if (!(other instanceof ReadonlyMultiDict) || other.size !== this.size) return false
    for (const [key, list] of this.lists()) {
      const theirs = other.list(key)
      if (theirs.length !== list.length || !list.every((value, index) => Object.is(value, theirs[index]))) return false
    }
    return true
  }

  /** How it looks in a console. */
  static {
    setInspection(ReadonlyMultiDict.prototype, function (_depth, options, inspect) {
      return inspectAs(this, new Map(this.lists()), options, inspect)
    })
  }
}

const NONE: readonly never[] = Object.freeze([])

function addTo<V>(stored: Map<string, V[]>, key: string, value: V): void {
  const list = stored.get(key)
  if (list === undefined) stored.set(key, [value])
  else list.push(value)
}

/**
 * A multi-dict that can be changed.
 *
 * @example
 * const tags = new MultiDict([["tag", "a"], ["page", "1"], ["tag", "b"]])
 * tags.get("tag") // => "a"
 * tags.getAll("tag") // => ["a", "b"]
 * tags.size // => 2
 * [...tags] // => [["tag", "a"], ["tag", "b"], ["page", "1"]]
 */
export class MultiDict<V = string> extends ReadonlyMultiDict<V> {
  /** The values of each key. A list in it is empty only where `setListDefault` gave it away empty. */
  protected readonly stored: Map<string, V[]> = new Map()

  // What V is can be told from a Map or from pairs, but not from something that might be either: URLSearchParams would be
  // taken for a map whose `get` gives null.
  constructor(items?: Map<string, OneOrMany<V>> | null)
  constructor(items: Iterable<readonly [key: string, value: V]>)
  constructor(items: MultiItems<V> | null | undefined)
  constructor(items?: MultiItems<V> | null) {
    super()
    if (items) this.store(items)
  }

  override *keys(): Generator<string, void, undefined> {
    for (const [key, list] of this.stored) if (list.length !== 0) yield key
  }

  protected override list(key: string): readonly V[] {
    return this.stored.get(key) ?? NONE
  }

  /** Adds all of these. */
  protected store(items: MultiItems<V>): void {
    if (Array.isArray(items)) {
      for (const pair of items as readonly (readonly [string, V])[]) {
        checkPair(pair)
        addTo(this.stored, pair[0], pair[1])
      }
      return
    }
    for (const [key, value] of iterMultiItems(items)) addTo(this.stored, key, value)
  }

  /**
   * Adds a value behind those that the key has.
   */
  append(key: string, value: V): void {
    addTo(this.stored, key, value)
  }

  /**
   * Replaces all values of the key by this one.
   */
  set(key: string, value: V): void {
    this.stored.set(key, [value])
  }

  /**
   * Replaces all values of the key by these, which are copied. Without any, the key is removed.
   */
  setList(key: string, values: Iterable<V>): void {
    const list = Array.from(values)
    if (list.length === 0) this.stored.delete(key)
    else this.stored.set(key, list)
  }

  /**
   * The first value of the key; if it is missing, it gets this one.
   */
  setDefault(key: string, value: V): V {
    const list = this.stored.get(key)
    if (list !== undefined && list.length !== 0) return list[0] as V
    this.set(key, value)
    return value
  }

  /**
   * The values of the key; if it is missing, it gets these. What comes back is live: pushing to it adds values.
   *
   * @example
   * const form = new MultiDict()
   * form.setListDefault("tag").push("a", "b")
   * form.getAll("tag") // => ["a", "b"]
   */
  setListDefault(key: string, values: Iterable<V> = []): V[] {
    let list = this.stored.get(key)
    if (list === undefined || list.length === 0) {
      list = Array.from(values)
      this.stored.set(key, list)
    }
    return list
  }

  /**
   * Adds all of these; never replaces a value.
   */
  update(items: MultiItems<V>): void {
    this.store(items)
  }

  /** Removes the key with all its values; tells whether it was there. */
  delete(key: string): boolean {
    const there = this.has(key)
    this.stored.delete(key)
    return there
  }

  /** Removes everything. */
  clear(): void {
    this.stored.clear()
  }

  /**
   * Removes the key with all its values, and gives the first.
   *
   * @throws BadRequestKeyError (400) when it is missing and there is no default
   * @example
   * new MultiDict({ a: ["1", "2"] }).pop("a") // => "1"
   * new MultiDict().pop("a", { default: "0" }) // => "0"
   * new MultiDict().pop("a") // throws BadRequestKeyError
   */
  pop<D = never>(key: string, options?: { default: D }): V | D {
    const list = this.popList(key)
    if (list.length !== 0) return list[0] as V
    if (options === undefined) throw new BadRequestKeyError(key)
    return options.default
  }

  /**
   * Removes the key that came last, and gives it with its first value.
   *
   * @throws BadRequestKeyError (400) when there is none
   */
  popItem(): [key: string, value: V] {
    const [key, list] = this.popItemList()
    return [key, list[0] as V]
  }

  /**
   * Removes the key with all its values, and gives them; empty when it is missing.
   */
  popList(key: string): V[] {
    const list = this.stored.get(key) ?? []
    this.stored.delete(key)
    return list
  }

  /**
   * Removes the key that came last, and gives it with all its values.
   *
   * @throws BadRequestKeyError (400) when there is none
   */
  popItemList(): [key: string, values: V[]] {
    const key = Array.from(this.keys()).at(-1)
    if (key === undefined) throw new BadRequestKeyError()
    return [key, this.popList(key)]
  }
}

/** Pairs of their own. Those in an array come from parsers, and a generator would take more time than all else. */
function pairsOf<V>(items: MultiItems<V>): [key: string, value: V][] {
  if (!Array.isArray(items)) return Array.from(iterMultiItems(items))
  return items.map((pair) => {
    checkPair(pair)
    return [pair[0], pair[1]]
  })
}

/** So many pairs are looked through faster than they are put into a Map. */
const FEW = 32

/** An ImmutableMultiDict of pairs that nothing else refers to, which are not copied. */
export let dictOfPairs: <V>(pairs: readonly (readonly [key: string, value: V])[]) => ImmutableMultiDict<V>

/**
 * A multi-dict that never changes. It has no methods that would; `copy()` gives a MultiDict.
 *
 * @example
 * const query = new ImmutableMultiDict([["tag", "a"], ["tag", "b"]])
 * query.getAll("tag") // => ["a", "b"]
 * query.append // => undefined
 */
export class ImmutableMultiDict<V = string> extends ReadonlyMultiDict<V> {
  #pairs: readonly (readonly [key: string, value: V])[]
  #lists: Map<string, V[]> | undefined = undefined

  constructor(items?: Map<string, OneOrMany<V>> | null)
  constructor(items: Iterable<readonly [key: string, value: V]>)
  constructor(items: MultiItems<V> | null | undefined)
  constructor(items?: MultiItems<V> | null) {
    super()
    this.#pairs = items ? pairsOf(items) : NONE
  }

  static {
    dictOfPairs = (pairs) => {
      const dict = new ImmutableMultiDict<(typeof pairs)[number][1]>()
      dict.#pairs = pairs
      return dict
    }
  }

  override get<T = V, D = undefined>(key: string, options?: GetOptions<V, T, D>): Exclude<T, undefined> | D {
    if (options !== undefined || this.#pairs.length > FEW) return super.get(key, options)
    for (const pair of this.#pairs) if (pair[0] === key) return pair[1] as unknown as Exclude<T, undefined>
    return undefined as D
  }

  override keys(): IterableIterator<string> {
    return this.#stored.keys()
  }

  protected override list(key: string): readonly V[] {
    if (this.#lists !== undefined || this.#pairs.length > FEW) return this.#stored.get(key) ?? NONE
    let list: V[] | undefined
    for (const pair of this.#pairs) {
      if (pair[0] !== key) continue
      if (list === undefined) list = [pair[1]]
      else list.push(pair[1])
    }
    return list ?? NONE
  }

  get #stored(): Map<string, V[]> {
    if (this.#lists === undefined) {
      this.#lists = new Map()
      for (const pair of this.#pairs) addTo(this.#lists, pair[0], pair[1])
    }
    return this.#lists
  }
}

/**
 * Several multi-dicts, read as one. The first that has the key gives its value, all of them together give the list.
 * It follows what happens to its parts; `copy()` gives an independent MultiDict.
 *
 * @example
 * const values = new CombinedMultiDict([new MultiDict({ a: "1" }), new MultiDict({ a: "2", b: "3" })])
 * values.get("a") // => "1"
 * values.getAll("a") // => ["1", "2"]
 * [...values.keys()] // => ["a", "b"]
 */
export class CombinedMultiDict<V = string> extends ReadonlyMultiDict<V> {
  readonly #dicts: readonly ReadonlyMultiDict<V>[]

  constructor(dicts: Iterable<ReadonlyMultiDict<V>> = []) {
    super()
    this.#dicts = Array.from(dicts)
  }

  override keys(): IterableIterator<string> {
    return new Set(this.#dicts.flatMap((dict) => [...dict.keys()])).values()
  }

  protected override list(key: string): readonly V[] {
    return this.#dicts.flatMap((dict) => dict.getAll(key))
  }

  /** Pairs of key and value, all those of one dictionary before those of the next. */
  override *entries(options?: MultiOptions): Generator<[key: string, value: V], void, undefined> {
    if (options?.multi === false) yield* super.entries(options)
    else for (const dict of this.#dicts) yield* dict.entries()
  }

  /** The first value of the key that can be converted, one of each dictionary being tried. */
  override get<T = V, D = undefined>(key: string, options?: GetOptions<V, T, D>): Exclude<T, undefined> | D {
    for (const dict of this.#dicts) {
      const value = dict.has(key) ? dict.get(key, { type: options?.type }) : undefined
      if (value !== undefined) return value
    }
    return options?.default as D
  }
}
