// Content negotiation: what a client takes, and which of the server's offers suits it best (RFC 9110 section 12).
// Each item is brought into a form in which matching is comparing texts, once; a match is then one walk over the items,
// the specific ones first. Nothing backtracks, and the walk is as long as the header.

import { parseOptionsHeader } from "../http/fields.ts"
import { dumpAccept, parseAccept } from "../http/negotiation.ts"
import { asciiLower, stripSpace } from "../http/tokens.ts"
import { inspectAs, setInspection } from "./inspection.ts"

const STAR = 0x2a

// RFC 9110 section 8.4.1: a recipient takes these for the same.
const CODINGS: ReadonlyMap<string, string> = new Map([
  ["x-gzip", "gzip"],
  ["x-compress", "compress"],
])

/** A value with its quality from 0 to 1. */
export type AcceptItem = readonly [value: string, quality: number]

interface Choice {
  item: AcceptItem
  /** The form in which it is compared; `undefined` when it is malformed and matches nothing. */
  key: string | undefined
  specificity: number
}

function compare(one: Choice, other: Choice): number {
  return other.specificity - one.specificity || other.item[1] - one.item[1]
}

function isSorted(choices: readonly Choice[]): boolean {
  for (let index = 1; index < choices.length; index++) {
    if (compare(choices[index - 1] as Choice, choices[index] as Choice) > 0) return false
  }
  return true
}

/**
 * What a client takes, as in `Accept-Encoding`: values with a quality, the specific ones first, then the better ones, then
 * as in the header. `*` stands for any value, and `x-gzip` is `gzip`. It can't be changed.
 *
 * @example
 * const accept = Accept.fromHeader("gzip;q=0.5, br, *;q=0.1")
 * accept.bestMatch(["gzip", "br"]) // => "br"
 * accept.quality("zstd") // => 0.1
 * [...accept] // => [["br", 1], ["gzip", 0.5], ["*", 0.1]]
 */
export class Accept implements Iterable<AcceptItem> {
  readonly #choices: readonly Choice[]
  /**
   * Whether there was a header at all. Without one a client takes anything, but nothing is known to be better than
   * anything else, and nothing matches here.
   */
  readonly provided: boolean

  constructor(items?: Iterable<AcceptItem> | null) {
    this.provided = items instanceof Accept ? items.provided : items !== undefined && items !== null
    const choices: Choice[] = []
    for (const item of items ?? []) {
      choices.push({ item, key: this.key(item[0]), specificity: this.specificity(item[0]) })
    }
    if (!isSorted(choices)) choices.sort(compare)
    this.#choices = choices
  }

  /**
   * What a header says. An item whose quality is not a plain number from 0 to 1 is left out; parameters other than the
   * quality belong to the value.
   *
   * @example
   * Accept.fromHeader("a;q=0.5, b;q=5").values() // => ["a"]
   * Accept.fromHeader(undefined).provided // => false
   */
  static fromHeader<A extends Accept>(
    this: new (
      items?: Iterable<AcceptItem> | null,
    ) => A,
    text: string | undefined,
  ): A {
    return new this(text ? parseAccept(text) : undefined)
  }

  /** The items as they stand in a header. */
  toHeader(): string {
    return dumpAccept(this)
  }

  /** The same as `toHeader()`. */
  toString(): string {
    return this.toHeader()
  }

  /** The number of items. */
  get size(): number {
    return this.#choices.length
  }

  /**
   * The value of the first item, which need not be the one with the best quality; `undefined` when there is none.
   */
  get best(): string | undefined {
    return this.#choices[0]?.item[0]
  }

  /** The values in order. */
  values(): string[] {
    return this.#choices.map(({ item }) => item[0])
  }

  /** The item at this position; a negative one counts from the end. */
  at(index: number): AcceptItem | undefined {
    return this.#choices.at(index)?.item
  }

  /** The item at this position; a negative one counts from the end. @throws RangeError for a position outside */
  getOrThrow(index: number): AcceptItem {
    const item = this.at(index)
    if (item === undefined) throw new RangeError(`No item at position ${index}`)
    return item
  }

  /** Values with their qualities, in order. */
  *[Symbol.iterator](): Generator<AcceptItem, void, undefined> {
    for (const { item } of this.#choices) yield item
  }

  /** The quality of the most specific item that matches; 0 when none does. */
  quality(value: string): number {
    return this.#match(value)?.item[1] ?? 0
  }

  /** Whether an item matches, be its quality 0. */
  has(value: string): boolean {
    return this.#match(value) !== undefined
  }

  /** The position of the first item that matches, or -1. */
  find(value: string): number {
    const match = this.#match(value)
    return match === undefined ? -1 : this.#choices.indexOf(match)
  }

  /** The position of the first item that matches. @throws RangeError when none does */
  index(value: string): number {
    const index = this.find(value)
    if (index === -1) throw new RangeError(`Not accepted: ${JSON.stringify(value)}`)
    return index
  }

  /**
   * Which of these the client likes best: by quality, then by how specifically it asked, then what it named exactly, then in
   * the order given here. What has the quality 0 is never chosen.
   *
   * Without a header nothing is chosen, though the client then takes anything (RFC 9110 section 12.5.1): give what you would
   * send then as the fallback. Nor is `identity`, unless the header has it or `*`, though section 12.5.3 allows it always.
   *
   * @param fallback what comes back when nothing matches
   * @example
   * Accept.fromHeader("gzip, br;q=0").bestMatch(["br", "gzip"]) // => "gzip"
   * Accept.fromHeader("gzip").bestMatch(["br"], "identity") // => "identity"
   */
  bestMatch<const V extends string, D = undefined>(values: Iterable<V>, fallback?: D): V | D {
    let best: Choice | undefined
    let result: V | undefined
    for (const value of values) {
      const match = this.#match(value)
      if (match === undefined || match.item[1] <= 0) continue
      if (best === undefined || this.#isBetter(match, value, best, result as V)) {
        best = match
        result = value
      }
    }
    return best === undefined ? (fallback as D) : (result as V)
  }

  #isBetter(match: Choice, value: string, best: Choice, result: string): boolean {
    const gain = match.item[1] - best.item[1] || match.specificity - best.specificity
    if (gain !== 0) return gain > 0
    return this.isExact(match.item[0], value) && !this.isExact(best.item[0], result)
  }

  /** How it looks in a console. */
  static {
    setInspection(Accept.prototype, function (_depth, options, inspect) {
      return inspectAs(this, [...this], options, inspect)
    })
  }

  /** The form in which a value is compared; `undefined` for one that is malformed. */
  protected key(value: string): string | undefined {
    const name = asciiLower(value)
    return CODINGS.get(name) ?? name
  }

  /** How much an item says; the greater comes first. */
  protected specificity(value: string): number {
    return value === "*" ? 0 : 1
  }

  /** Whether an item takes a value, given their keys. */
  protected takes(itemKey: string, valueKey: string, _item: string, _value: string): boolean {
    return itemKey === valueKey || itemKey === "*"
  }

  /** Whether an item that takes the value names it exactly. */
  protected isExact(item: string, value: string): boolean {
    return this.key(item) === this.key(value)
  }

  #match(value: string): Choice | undefined {
    const choices = this.#choices
    if (choices.length === 0) return undefined
    const key = this.key(value)
    if (key === undefined) throw new TypeError(`Not a value that could be accepted: ${JSON.stringify(value)}`)
    for (const choice of choices) {
      if (choice.key !== undefined && this.takes(choice.key, key, choice.item[0], value)) return choice
    }
    return undefined
  }
}

/**
 * What media types a client takes, as in `Accept`. Ranges like `text/*` match on either side; else type and subtype have to
 * be equal, and the value has to have the parameters that the client named; it may have more. Case and order do not matter.
 *
 * A value to be matched that is no media type is a mistake of the program and throws; a client's is passed over.
 *
 * @example
 * const accept = MIMEAccept.fromHeader("text/html, application/*;q=0.5")
 * accept.bestMatch(["application/json", "text/html; charset=utf-8"]) // => "text/html; charset=utf-8"
 * accept.quality("application/json") // => 0.5
 * accept.quality("html") // throws TypeError
 */
export class MIMEAccept extends Accept {
  /** Whether the client takes HTML, or what is written like it. */
  get acceptHtml(): boolean {
    return this.quality("text/html") > 0 || this.acceptXhtml
  }

  /** Whether the client takes XHTML or XML. */
  get acceptXhtml(): boolean {
    return this.quality("application/xhtml+xml") > 0 || this.quality("application/xml") > 0
  }

  /** Whether the client takes JSON. */
  get acceptJson(): boolean {
    return this.quality("application/json") > 0
  }

  /** `type/subtype` in lower case. Parameters are looked at only where that is equal. */
  protected override key(value: string): string | undefined {
    const semicolon = value.indexOf(";")
    const type = asciiLower(semicolon === -1 ? value : stripSpace(value, 0, semicolon))
    return !type.includes("/") || (type.startsWith("*/") && type !== "*/*") ? undefined : type
  }

  protected override specificity(value: string): number {
    const slash = value.indexOf("/")
    if (slash === -1) return value === "*" ? 0 : 3000
    const semicolon = value.indexOf(";")
    const type = value.startsWith("*/") ? 0 : 3000
    const isRange =
      value.charCodeAt(slash + 1) === STAR &&
      (semicolon === -1 ? value : stripSpace(value, 0, semicolon)).endsWith("/*")
    const subtype = isRange ? 1000 : 2000
    const parameters = semicolon === -1 ? 0 : parseOptionsHeader(value)[1].size
    return type + subtype + Math.min(parameters, 999)
  }

  protected override takes(itemKey: string, valueKey: string, item: string, value: string): boolean {
    if (itemKey === "*/*" || valueKey === "*/*") return true
    if (itemKey.endsWith("/*")) return valueKey.startsWith(itemKey.slice(0, -1))
    if (valueKey.endsWith("/*")) return itemKey.startsWith(valueKey.slice(0, -1))
    return itemKey === valueKey && (!item.includes(";") || hasParameters(value, item))
  }

  protected override isExact(item: string, value: string): boolean {
    return this.key(item) === this.key(value) && (!value.includes(";") || hasParameters(item, value))
  }
}

/** Whether a media type has all the parameters of another, their values alike in any case. */
function hasParameters(type: string, other: string): boolean {
  const parameters = parseOptionsHeader(type)[1]
  for (const [name, value] of parseOptionsHeader(other)[1]) {
    if (asciiLower(parameters.get(name) ?? "") !== asciiLower(value) || !parameters.has(name)) return false
  }
  return true
}

/**
 * What languages a client's user reads, as in `Accept-Language`. `_` is the same as `-`.
 *
 * @example
 * const accept = LanguageAccept.fromHeader("de-AT, en;q=0.5")
 * accept.bestMatch(["en_GB", "de"]) // => "de"
 * accept.bestMatch(["en_GB", "fr"]) // => "en_GB"
 * LanguageAccept.fromHeader("en-GB").bestMatch(["en-US"]) // => undefined
 */
export class LanguageAccept extends Accept {
  /**
   * Which of these the user reads best. Where no tag matches as a whole, the client's primary tags are looked for (`de` for
   * `de-AT`), and then those of the values here (`en` for `en-GB`); subtags that differ never match.
   */
  override bestMatch<const V extends string, D = undefined>(values: Iterable<V>, fallback?: D): V | D {
    const refused = this.#refused()
    const list = Array.from(values).filter((value) => !refused.has(this.key(value)))
    const exact = super.bestMatch(list)
    if (exact !== undefined) return exact
    const primary = new LanguageAccept(Array.from(this, ([tag, quality]) => [primaryTag(tag), quality] as const))
    const general = primary.#exactMatch(list)
    if (general !== undefined) return general
    const best = super.bestMatch(list.map(primaryTag))
    return list.find((value) => primaryTag(value) === best) ?? (fallback as D)
  }

  /**
   * The value that RFC 4647 section 3.4 looks up: for each range of the client, the best first, the value that is equal to it, or
   * to what is left when its subtags are taken away from the end. `bestMatch` tries each range as a whole and by its first
   * subtag only, in that order for all of them, and takes `en-GB` where `en` is asked for; this never gives more than was asked.
   *
   * `*` stands for no value in particular, so it leads to the fallback; a value with the quality 0 is never chosen.
   *
   * @param fallback what comes back when nothing is found
   * @example
   * LanguageAccept.fromHeader("zh-Hans-CN, en").lookup(["en", "zh-Hant", "zh-Hans"]) // => "zh-Hans"
   * LanguageAccept.fromHeader("de-CH, en;q=0.5").lookup(["en", "de"]) // => "de"
   * LanguageAccept.fromHeader("en").lookup(["en-GB"], "de") // => "de"
   */
  lookup<const V extends string, D = undefined>(values: Iterable<V>, fallback?: D): V | D {
    const offers = new Map<string, V>()
    let longest = 0
    for (const value of values) {
      const tag = this.key(value)
      if (!offers.has(tag)) offers.set(tag, value)
      longest = Math.max(longest, tag.length)
    }
    const refused = this.#refused()
    for (const [range, quality] of this) {
      if (quality <= 0 || range.startsWith("*")) continue
      const tag = this.key(range).replaceAll("-*", "")
      for (let end = tag.length; end > 0; end = truncated(tag, end)) {
        const found = end > longest ? "" : tag.slice(0, end)
        const offer = offers.get(found)
        if (offer !== undefined && !refused.has(found)) return offer
      }
    }
    return fallback as D
  }

  /** The tags that the header has with the quality 0 and with no other. */
  #refused(): Set<string> {
    const refused = new Set<string>()
    for (const [range, quality] of this) if (quality <= 0) refused.add(this.key(range))
    for (const [range, quality] of this) if (quality > 0) refused.delete(this.key(range))
    return refused
  }

  #exactMatch<V extends string>(values: readonly V[]): V | undefined {
    return super.bestMatch(values)
  }

  protected override key(value: string): string {
    const tag = asciiLower(value)
    return tag.includes("_") ? tag.replaceAll("_", "-") : tag
  }
}

/** Where the tag ends that is one subtag shorter; a single letter or digit says what follows it, and goes with it. */
function truncated(tag: string, end: number): number {
  const dash = tag.lastIndexOf("-", end - 1)
  return tag.charCodeAt(dash - 2) === 0x2d ? dash - 2 : dash
}

function primaryTag(tag: string): string {
  const end = tag.search(/[-_]/)
  return end === -1 ? tag : tag.slice(0, end)
}
