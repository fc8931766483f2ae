// Cache-Control as properties (RFC 9111 section 5.2): what a request asks of caches, what a response allows them.
// The directives are a dict, so that unknown ones are kept. A directive without a value has the value `undefined`. Properties
// read and write the known ones.

import { checkFieldValue, dumpHeader, isWritablePair, parseDictHeader } from "../http/fields.ts"
import { parseCount } from "../http/numbers.ts"
import { asciiLower } from "../http/tokens.ts"
import { CallbackDict } from "./callback-dict.ts"
import { int } from "./conversion.ts"
import { type DictItems, ImmutableDict, type ReadonlyDict } from "./dict.ts"
import { type Inspect, inspectAs, setInspection } from "./inspection.ts"

/** Directives and their values; `undefined` for those without. */
export type CacheDirectives = DictItems<string | undefined>

/**
 * The directives of a header, names in lower case since case does not matter; `undefined` when there is no header. Those that
 * are malformed are left out.
 */
function parseDirectives(text: string | undefined): CacheDirectives | undefined {
  if (text === undefined || text === "") return undefined
  const directives: [string, string | undefined][] = []
  for (const [name, value] of parseDictHeader(text)) {
    if (isWritablePair(name, value)) directives.push([asciiLower(name), value])
  }
  return directives
}

/** Too many seconds to count are the most that can be (RFC 9111 section 1.2.2). */
function seconds(directives: ReadonlyDict<string | undefined>, name: string): number | undefined {
  const value = directives.get(name)
  return value === undefined ? undefined : (parseCount(value) ?? int(value))
}

function inspectSorted(directives: ReadonlyDict<string | undefined>, options: object, inspect: Inspect): string {
  const sorted = [...directives].sort(([a], [b]) => (a < b ? -1 : 1))
  return inspectAs(
    directives,
    Object.fromEntries(sorted.map(([name, value]) => [name, value ?? true])),
    options,
    inspect,
  )
}

/**
 * The `Cache-Control` of a request. It can't be changed. Numbers are seconds, and `undefined` when missing or malformed.
 *
 * @example
 * const control = RequestCacheControl.fromHeader("no-cache, max-age=60, community=UCI")
 * control.noCache // => true
 * control.maxAge // => 60
 * control.get("community") // => "UCI"
 */
export class RequestCacheControl extends ImmutableDict<string | undefined> {
  /**
   * Whether there was a header at all.
   */
  readonly provided: boolean

  constructor(directives?: CacheDirectives | null) {
    super(directives)
    this.provided = directives !== undefined && directives !== null
  }

  /**
   * The directives of a header.
   */
  static fromHeader(text: string | undefined): RequestCacheControl {
    return new RequestCacheControl(parseDirectives(text))
  }

  /**
   * The directives as they stand in a header; empty when there are none.
   */
  toHeader(): string {
    return dumpHeader(this.stored)
  }

  /** The same as `toHeader()`. */
  override toString(): string {
    return this.toHeader()
  }

  /** Ask the origin before anything stored is used. */
  get noCache(): boolean {
    return this.has("no-cache")
  }

  /** Store nothing of the answer. */
  get noStore(): boolean {
    return this.has("no-store")
  }

  /** Seconds that an answer may be old. */
  get maxAge(): number | undefined {
    return seconds(this, "max-age")
  }

  /** Seconds that an answer may be stale, `true` for any number of them. */
  get maxStale(): number | true | undefined {
    return this.has("max-stale") && this.get("max-stale") === undefined ? true : seconds(this, "max-stale")
  }

  /** Seconds that an answer has to stay fresh. */
  get minFresh(): number | undefined {
    return seconds(this, "min-fresh")
  }

  /** Leave the content as it is. */
  get noTransform(): boolean {
    return this.has("no-transform")
  }

  /** Answer from what is stored or not at all. */
  get onlyIfCached(): boolean {
    return this.has("only-if-cached")
  }

  /** Seconds that an answer may be stale if only an error could be sent instead (RFC 5861). */
  get staleIfError(): number | undefined {
    return seconds(this, "stale-if-error")
  }

  /** How it looks in a console: sorted. */
  static {
    setInspection(RequestCacheControl.prototype, function (_depth, options, inspect) {
      return inspectSorted(this, options, inspect)
    })
  }
}

/**
 * The `Cache-Control` of a response. Each property writes its directive; `undefined`, `null` and `false` remove it. Numbers are
 * seconds, fractions dropped.
 *
 * For directives of your own, `get`, `has` and `setDirective` are there to build properties on.
 *
 * @example
 * const control = new ResponseCacheControl()
 * control.public = true
 * control.maxAge = 3600.5
 * control.setDirective("community", "U C I")
 * control.toHeader() // => 'public, max-age=3600, community="U C I"'
 */
export class ResponseCacheControl extends CallbackDict<string | undefined> {
  /**
   * Whether there was a header at all; once the object of a response has changed, whether there is one now.
   */
  provided: boolean

  constructor(directives?: CacheDirectives | null) {
    super(directives)
    this.provided = directives !== undefined && directives !== null
  }

  /**
   * The directives of a header.
   */
  static fromHeader(text: string | undefined): ResponseCacheControl {
    return new ResponseCacheControl(parseDirectives(text))
  }

  /**
   * The directives as they stand in a header; empty when there are none.
   */
  toHeader(): string {
    return dumpHeader(this.stored)
  }

  /** The same as `toHeader()`. */
  override toString(): string {
    return this.toHeader()
  }

  /**
   * Sets a directive to a text or a number of seconds, or without a value (`true`), or removes it.
   *
   * @throws TypeError for a name or value that cannot stand in the header, RangeError for a number that is not finite or beyond the safe range
   */
  setDirective(name: string, value: string | number | boolean | null | undefined): void {
    if (value === undefined || value === null || value === false) this.delete(name)
    else if (value === true) this.set(name, undefined)
    else if (typeof value === "string") this.set(name, value)
    else if (Number.isSafeInteger(Math.trunc(value))) this.set(name, String(Math.trunc(value)))
    else throw new RangeError(`Not a number of seconds for ${name}: ${value}`)
  }

  /** @throws TypeError for a name or value that cannot stand in the header */
  override set(name: string, value: string | undefined): void {
    if (value !== undefined) checkFieldValue(value)
    if (!isWritablePair(name, value)) throw new TypeError(`Not a directive: ${JSON.stringify(name)}`)
    super.set(name, value)
  }

  /** Ask the origin before this is used again; as text, only for these header fields. */
  get noCache(): string | true | undefined {
    return this.#textOrTrue("no-cache")
  }

  set noCache(value: string | boolean | null | undefined) {
    this.setDirective("no-cache", value)
  }

  /** Store nothing of this. */
  get noStore(): boolean {
    return this.has("no-store")
  }

  set noStore(value: boolean | null | undefined) {
    this.#setFlag("no-store", value)
  }

  /** Seconds that this stays fresh. */
  get maxAge(): number | undefined {
    return seconds(this, "max-age")
  }

  set maxAge(value: number | false | null | undefined) {
    this.#setSeconds("max-age", value)
  }

  /** Leave the content as it is. */
  get noTransform(): boolean {
    return this.has("no-transform")
  }

  set noTransform(value: boolean | null | undefined) {
    this.#setFlag("no-transform", value)
  }

  /** Once it is stale, ask the origin before it is used again. */
  get mustRevalidate(): boolean {
    return this.has("must-revalidate")
  }

  set mustRevalidate(value: boolean | null | undefined) {
    this.#setFlag("must-revalidate", value)
  }

  /** As `mustRevalidate`, for shared caches only. */
  get proxyRevalidate(): boolean {
    return this.has("proxy-revalidate")
  }

  set proxyRevalidate(value: boolean | null | undefined) {
    this.#setFlag("proxy-revalidate", value)
  }

  /** Seconds that this stays fresh in shared caches. */
  get sMaxage(): number | undefined {
    return seconds(this, "s-maxage")
  }

  set sMaxage(value: number | false | null | undefined) {
    this.#setSeconds("s-maxage", value)
  }

  /** Any cache may store this. */
  get public(): boolean {
    return this.has("public")
  }

  set public(value: boolean | null | undefined) {
    this.#setFlag("public", value)
  }

  /** Only the user's own cache may store this; as text, so may others, but for these header fields. */
  get private(): string | true | undefined {
    return this.#textOrTrue("private")
  }

  set private(value: string | boolean | null | undefined) {
    this.setDirective("private", value)
  }

  /** It will not change while it is fresh (RFC 8246). */
  get immutable(): boolean {
    return this.has("immutable")
  }

  set immutable(value: boolean | null | undefined) {
    this.#setFlag("immutable", value)
  }

  /** Store this only if the status code is understood. */
  get mustUnderstand(): boolean {
    return this.has("must-understand")
  }

  set mustUnderstand(value: boolean | null | undefined) {
    this.#setFlag("must-understand", value)
  }

  /** Seconds that this may be used stale while a fresh one is fetched (RFC 5861). */
  get staleWhileRevalidate(): number | undefined {
    return seconds(this, "stale-while-revalidate")
  }

  set staleWhileRevalidate(value: number | false | null | undefined) {
    this.#setSeconds("stale-while-revalidate", value)
  }

  /** Seconds that this may be used stale if only an error could be sent instead (RFC 5861). */
  get staleIfError(): number | undefined {
    return seconds(this, "stale-if-error")
  }

  set staleIfError(value: number | false | null | undefined) {
    this.#setSeconds("stale-if-error", value)
  }

  /** How it looks in a console: sorted. */
  static {
    setInspection(ResponseCacheControl.prototype, function (_depth, options, inspect) {
      return inspectSorted(this, options, inspect)
    })
  }

  #textOrTrue(name: string): string | true | undefined {
    return this.has(name) ? (this.get(name) ?? true) : undefined
  }

  #setFlag(name: string, value: unknown): void {
    this.setDirective(name, Boolean(value))
  }

  #setSeconds(name: string, value: number | false | null | undefined): void {
    if (value !== undefined && value !== null && value !== false && typeof value !== "number") {
      throw new TypeError(`Not a number of seconds for ${name}: ${String(value)}`)
    }
    this.setDirective(name, value)
  }
}
