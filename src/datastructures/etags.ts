// The tags of If-Match and If-None-Match as a set (RFC 9110 section 13.1).
// Strong and weak tags are kept apart, since one header compares strongly and the other weakly.

import { dumpEtags, parseEtags, unquoteEtag } from "../http/etags.ts"
import { inspectAs, setInspection } from "./inspection.ts"

/**
 * A set of entity tags, without their quotes, or `*` for any tag. Iteration and `size` are about the strong ones.
 *
 * @example
 * const tags = ETags.fromHeader('"a", W/"b"')
 * tags.contains("a") // => true
 * tags.contains("b") // => false
 * tags.containsWeak("b") // => true
 * ETags.fromHeader("*").contains("x") // => true
 */
export class ETags implements Iterable<string> {
  readonly #strong: ReadonlySet<string>
  readonly #weak: ReadonlySet<string>
  /** Whether any tag is meant; then there are no others. */
  readonly starTag: boolean

  /** @param starTag any tag; the others do not matter then */
  constructor(strong?: Iterable<string> | null, weak?: Iterable<string> | null, starTag = false) {
    this.#strong = new Set(starTag ? [] : strong)
    this.#weak = new Set(starTag ? [] : weak)
    this.starTag = starTag
  }

  /**
   * The tags of a header. Those that lack quotes are taken too; without a header there are none.
   */
  static fromHeader(text: string | undefined): ETags {
    const { strong, weak, star } = parseEtags(text)
    return new ETags(strong, weak, star)
  }

  /** The tags as they stand in a header; empty when there are none. */
  toHeader(): string {
    return dumpEtags({ strong: this.#strong, weak: this.#weak, star: this.starTag })
  }

  /** The same as `toHeader()`. */
  toString(): string {
    return this.toHeader()
  }

  /** The number of strong tags. */
  get size(): number {
    return this.#strong.size
  }

  /** Whether there is neither a tag, strong or weak, nor the star. */
  get isEmpty(): boolean {
    return !this.starTag && this.#strong.size === 0 && this.#weak.size === 0
  }

  /** Whether the tag is among the weak ones. */
  isWeak(tag: string): boolean {
    return this.#weak.has(tag)
  }

  /** Whether the tag is among the strong ones, or any tag is meant. */
  isStrong(tag: string): boolean {
    return this.starTag || this.#strong.has(tag)
  }

  /** Whether a strong tag matches in strong comparison, as for `If-Match`. */
  contains(tag: string): boolean {
    return this.isStrong(tag)
  }

  /** The same as `contains`, or with `includeWeak` as `containsWeak`. */
  has(tag: string, options?: { includeWeak?: boolean }): boolean {
    return options?.includeWeak ? this.containsWeak(tag) : this.contains(tag)
  }

  /** Whether a tag matches in weak comparison, as for `If-None-Match`: it does not matter which of them is weak. */
  containsWeak(tag: string): boolean {
    return this.isStrong(tag) || this.isWeak(tag)
  }

  /**
   * Whether a tag matches that is still quoted as in a header: a weak one weakly, a strong one strongly.
   *
   * @example
   * ETags.fromHeader('"a"').containsRaw('W/"a"') // => true
   */
  containsRaw(text: string): boolean {
    const [tag, weak] = unquoteEtag(text)
    if (tag === undefined) return false
    return weak ? this.containsWeak(tag) : this.contains(tag)
  }

  /** A Set of the strong tags, or of all. */
  asSet(options?: { includeWeak?: boolean }): Set<string> {
    return new Set(options?.includeWeak ? [...this.#strong, ...this.#weak] : this.#strong)
  }

  /** The strong tags. */
  [Symbol.iterator](): SetIterator<string> {
    return this.#strong.values()
  }

  /** How it looks in a console. */
  static {
    setInspection(ETags.prototype, function (_depth, options, inspect) {
      return inspectAs(this, this.toHeader(), options, inspect)
    })
  }
}
