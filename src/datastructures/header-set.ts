// Names in a header, like those of Vary and Allow: in order, each once, alike in any case.
// A Map from the lowered name to its spelling is both the set and the order.

import { checkFieldValue, isFieldValue, parseListHeader } from "../http/fields.ts"
import { asciiLower, quoteHeaderValue } from "../http/tokens.ts"
import { inspectAs, setInspection } from "./inspection.ts"

/**
 * An ordered set of texts that are alike in any case (ASCII). Of several that are alike the first stays.
 *
 * @example
 * const vary = new HeaderSet(["Accept", "Cookie"])
 * vary.add("ACCEPT")
 * vary.has("cookie") // => true
 * [...vary] // => ["Accept", "Cookie"]
 */
export class HeaderSet implements Iterable<string> {
  readonly #names = new Map<string, string>()
  /** Called with the set after each change. */
  onUpdate: ((set: HeaderSet) => void) | undefined

  /** @throws TypeError for a text that cannot stand in a header */
  constructor(names: Iterable<string> = []) {
    this.update(names)
  }

  /**
   * The items of a comma-separated header, out of their quotes. Nothing, and a quote that is never closed, give an empty set;
   * an item that no header may have is left out.
   *
   * @example
   * [...HeaderSet.fromHeader('Accept, "a, b"')] // => ["Accept", "a, b"]
   */
  static fromHeader(text: string | undefined): HeaderSet {
    const set = new HeaderSet()
    for (const name of parseListHeader(text)) if (isFieldValue(name)) set.#insert(name)
    return set
  }

  /**
   * The set as it stands in a header, quoted where needed; empty when there is nothing in it.
   *
   * @example
   * new HeaderSet(["Accept", "a, b"]).toHeader() // => 'Accept, "a, b"'
   */
  toHeader(): string {
    return Array.from(this, (name) => quoteHeaderValue(name)).join(", ")
  }

  /** The same as `toHeader()`. */
  toString(): string {
    return this.toHeader()
  }

  /** How many there are. */
  get size(): number {
    return this.#names.size
  }

  /** Whether it is in the set. */
  has(name: string): boolean {
    return this.#names.has(asciiLower(name))
  }

  /** Its position, or -1. */
  find(name: string): number {
    return Array.from(this.#names.keys()).indexOf(asciiLower(name))
  }

  /**
   * Its position.
   *
   * @throws RangeError when it is not in the set
   */
  index(name: string): number {
    const index = this.find(name)
    if (index === -1) throw new RangeError(`Not in the set: ${JSON.stringify(name)}`)
    return index
  }

  /** The one at this position, as it was spelled; a negative position counts from the end. */
  at(index: number): string | undefined {
    return Array.from(this).at(index)
  }

  /**
   * Adds it, unless it is there in upper or lower case.
   *
   * @throws TypeError for a text that cannot stand in a header
   */
  add(name: string): void {
    this.update([name])
  }

  /**
   * Adds those that are not there.
   *
   * @throws TypeError for a text that cannot stand in a header
   */
  update(names: Iterable<string>): void {
    const size = this.size
    for (const name of Array.from(names, checkFieldValue)) this.#insert(name)
    if (this.size !== size) this.onUpdate?.(this)
  }

  /** Removes it; tells whether it was there. Werkzeug calls this `discard`. */
  delete(name: string): boolean {
    const there = this.#names.delete(asciiLower(name))
    if (there) this.onUpdate?.(this)
    return there
  }

  /**
   * Removes it.
   *
   * @throws RangeError when it is not in the set
   */
  remove(name: string): void {
    if (!this.delete(name)) throw new RangeError(`Not in the set: ${JSON.stringify(name)}`)
  }

  /**
   * Puts another in the place of the one at this position, which may be negative.
   *
   * @throws RangeError for a position outside; TypeError for a text that cannot stand in a header
   * @example
   * const set = new HeaderSet(["a", "b"])
   * set.replaceAt(0, "C")
   * [...set] // => ["C", "b"]
   */
  replaceAt(index: number, name: string): void {
    this.#splice(index, [checkFieldValue(name)])
  }

  /**
   * Removes the one at this position, which may be negative.
   *
   * @throws RangeError for a position outside
   */
  deleteAt(index: number): void {
    this.#splice(index, [])
  }

  /** Removes all. */
  clear(): void {
    this.#names.clear()
    this.onUpdate?.(this)
  }

  /**
   * A Set of its own: in lower case, or with `preserveCasing` as they were spelled.
   *
   * @example
   * new HeaderSet(["A"]).asSet() // => new Set(["a"])
   */
  asSet(options?: { preserveCasing?: boolean }): Set<string> {
    return new Set(options?.preserveCasing ? this.#names.values() : this.#names.keys())
  }

  /** The texts in order, as they were spelled. */
  values(): MapIterator<string> {
    return this.#names.values()
  }

  /** The texts in order, as they were spelled. */
  [Symbol.iterator](): MapIterator<string> {
    return this.#names.values()
  }

  /** How it looks in a console. */
  static {
    setInspection(HeaderSet.prototype, function (_depth, options, inspect) {
      return inspectAs(this, Array.from(this), options, inspect)
    })
  }

  #insert(name: string): void {
    const lower = asciiLower(name)
    if (!this.#names.has(lower)) this.#names.set(lower, name)
  }

  #splice(index: number, names: string[]): void {
    const all = Array.from(this)
    if (all.at(index) === undefined) throw new RangeError(`Nothing at position ${index}`)
    all.splice(index, 1, ...names)
    this.#names.clear()
    for (const name of all) this.#insert(name)
    this.onUpdate?.(this)
  }
}
