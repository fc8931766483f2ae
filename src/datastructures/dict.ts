// A value for each text key, with the converting `get` of the multi-dicts: what parameters and directives are kept in.
// A Map inside, not a Map by inheritance, so that the frozen kind has no `set` that could be called.
// One hook, `changed`, runs after each change; a subclass that has to hear of changes overrides it.

import { convert, type GetOptions } from "./conversion.ts"
import { inspectAs, setInspection } from "./inspection.ts"
import { checkMergeable } from "./merging.ts"

/** Anything that gives keys with values: a dict, a Map, pairs, a plain object. */
export type DictItems<V> = Iterable<readonly [key: string, value: V]> | { readonly [key: string]: V }

function pairs<V>(items: DictItems<V>): Iterable<readonly [string, V]> {
  return Symbol.iterator in items ? (items as Iterable<readonly [string, V]>) : Object.entries(items)
}

/** What can be read from dicts of every kind, as from a ReadonlyMap. */
export abstract class ReadonlyDict<V = string> implements ReadonlyMap<string, V> {
  /** The content. */
  protected readonly stored: Map<string, V>

  constructor(items: DictItems<V> | null = []) {
    this.stored = new Map(pairs(items ?? []))
  }

  /** The number of keys. */
  get size(): number {
    return this.stored.size
  }

  /**
   * The value of the key, converted if asked for.
   *
   * @example
   * new ImmutableDict({ n: "42" }).get("n", { type: Number }) // => 42
   * new ImmutableDict({ n: "x" }).get("n", { type: Number, default: 0 }) // => 0
   */
  get<T = V, D = undefined>(key: string, options?: GetOptions<V, T, D>): Exclude<T, undefined> | D {
    const value = this.stored.get(key)
    // A key that is there may have `undefined` as its value.
    if (options === undefined || (options.type === undefined && this.stored.has(key))) {
      return value as Exclude<T, undefined> | D
    }
    const { type } = options
    const converted = type === undefined || value === undefined ? undefined : convert(value, type)
    return converted === undefined ? (options.default as D) : converted
  }

  /** Whether the key is there. */
  has(key: string): boolean {
    return this.stored.has(key)
  }

  /** The keys, in order. */
  keys(): MapIterator<string> {
    return this.stored.keys()
  }

  /** The values, in order. */
  values(): MapIterator<V> {
    return this.stored.values()
  }

  /** Pairs of key and value, in order. */
  entries(): MapIterator<[string, V]> {
    return this.stored.entries()
  }

  /** Pairs of key and value, in order. */
  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.stored.entries()
  }

  /** Calls a function with each value and key, as a Map does. */
  forEach(callback: (value: V, key: string, dict: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this.stored) callback(value, key, this)
  }

  /**
   * One of its own with the same content, that can be changed.
   */
  copy(): TypeConversionDict<V> {
    return new TypeConversionDict(this.stored)
  }

  /**
   * One of its own with the content of both; where both have a key, the other's value counts.
   *
   * @throws TypeError for an array: what is merged has keys, as this has; `update` takes pairs too
   */
  merge(items: DictItems<V>): TypeConversionDict<V> {
    checkMergeable(items)
    const result = new TypeConversionDict(this.stored)
    result.update(items)
    return result
  }

  /** Whether the other is a dict with the same values for the same keys, in any order. */
  equals(other: unknown): boolean {
    if (!(other instanceof ReadonlyDict) || other.size !== this.size) return false
    for (const [key, value] of this.stored) if (!other.has(key) || !Object.is(other.get(key), value)) return false
    return true
  }

  /** How it looks in a console. */
  static {
    setInspection(ReadonlyDict.prototype, function (_depth, options, inspect) {
      return inspectAs(this, this.stored, options, inspect)
    })
  }
}

/**
 * A dict that never changes. It has no methods that would; `copy()` gives one that can be changed.
 */
export class ImmutableDict<V = string> extends ReadonlyDict<V> {}

/**
 * A dict that can be changed.
 *
 * @example
 * const dict = new TypeConversionDict({ n: "42" })
 * dict.set("m", "x")
 * [...dict] // => [["n", "42"], ["m", "x"]]
 */
export class TypeConversionDict<V = string> extends ReadonlyDict<V> {
  /** Runs after each change; does nothing here. */
  protected changed(): void {}

  /** Sets the value of the key. */
  set(key: string, value: V): void {
    this.stored.set(key, value)
    this.changed()
  }

  /** Removes the key; tells whether it was there. */
  delete(key: string): boolean {
    const there = this.stored.delete(key)
    if (there) this.changed()
    return there
  }

  /** Removes everything. */
  clear(): void {
    this.stored.clear()
    this.changed()
  }

  /**
   * Removes the key, and gives its value.
   *
   * @throws RangeError when it is missing and there is no default
   * @example
   * new TypeConversionDict({ a: "1" }).pop("a") // => "1"
   * new TypeConversionDict().pop("a", { default: "2" }) // => "2"
   * new TypeConversionDict().pop("a") // throws RangeError
   */
  pop<D = never>(key: string, options?: { default: D }): V | D {
    if (this.stored.has(key)) {
      const value = this.stored.get(key) as V
      this.delete(key)
      return value
    }
    if (options === undefined) throw new RangeError(`No such key: ${JSON.stringify(key)}`)
    return options.default
  }

  /**
   * Removes the key that came last, and gives it with its value.
   *
   * @throws RangeError when there is none
   */
  popItem(): [key: string, value: V] {
    const item = Array.from(this.stored).at(-1)
    if (item === undefined) throw new RangeError("No key is left")
    this.delete(item[0])
    return item
  }

  /** The value of the key; if it is missing, it gets this one. */
  setDefault(key: string, value: V): V {
    if (this.stored.has(key)) return this.stored.get(key) as V
    this.set(key, value)
    return value
  }

  /** Sets all of these; one change, however many they are. */
  update(items: DictItems<V>): void {
    for (const [key, value] of pairs(items)) this.stored.set(key, value)
    this.changed()
  }
}
