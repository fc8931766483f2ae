// Range, If-Range and Content-Range as objects (RFC 9110 section 14). Offsets are half-open, as with `slice`.
// Grammar and arithmetic are http/ranges.ts; here they get a home, checks when something is set, and liveness.

import { parseIfRange } from "../http/conditions.ts"
import { httpDate } from "../http/dates.ts"
import { quoteEtag } from "../http/etags.ts"
import {
  dumpContentRange,
  dumpRange,
  isByteRangeValid,
  parseContentRange,
  parseRange,
  type RangePair,
  selectRange,
} from "../http/ranges.ts"
import { isToken } from "../http/tokens.ts"

function isNothing(value: unknown): boolean {
  return value === undefined || value === null
}

function areOffsets(...values: (number | undefined)[]): boolean {
  return values.every((value) => value === undefined || Number.isInteger(value))
}

/**
 * What `If-Range` says that the client has: a tag or a date, or neither.
 *
 * @example
 * IfRange.fromHeader('"v1"').etag // => "v1"
 * IfRange.fromHeader('W/"v1"').etag // => undefined
 * new IfRange({ date: new Date(784111777000) }).toHeader() // => "Sun, 06 Nov 1994 08:49:37 GMT"
 */
export class IfRange {
  /** The tag without its quotes. A weak one does not count here (RFC 9110 section 13.1.5). */
  readonly etag: string | undefined
  /** The date. */
  readonly date: Date | undefined

  constructor(value: { etag?: string | undefined; date?: Date | undefined } = {}) {
    this.etag = value.etag
    this.date = value.date
  }

  /** What the header says; the tag may lack its quotes. */
  static fromHeader(text: string | undefined): IfRange {
    return new IfRange(parseIfRange(text))
  }

  /** The date or the tag as it stands in a header; empty when there is neither. */
  toHeader(): string {
    if (this.date !== undefined) return httpDate(this.date)
    return this.etag === undefined ? "" : quoteEtag(this.etag)
  }

  /** The same as `toHeader()`. */
  toString(): string {
    return this.toHeader()
  }
}

/**
 * The ranges that a client asks for. A range begins at an offset and ends before another, or has no end; a negative begin
 * counts from the end.
 *
 * @example
 * const range = Range.fromHeader("bytes=0-499")
 * range.ranges // => [[0, 500]]
 * range.rangeForLength(100) // => [0, 100]
 * range.toContentRangeHeader(100) // => "bytes 0-99/100"
 * Range.fromHeader("bytes=9-1") // => undefined
 */
export class Range {
  /** The unit in lower case; only `bytes` has a meaning here. */
  readonly units: string
  /** The ranges in order. */
  readonly ranges: readonly Readonly<RangePair>[]

  /**
   * @throws RangeError for a range that ends before it begins, or that counts from the end and has an end; TypeError when the
   *   unit is not a token
   */
  constructor(units: string, ranges: Iterable<readonly [start: number, stop?: number | null | undefined]>) {
    if (!isToken(units)) throw new TypeError(`Not a range unit: ${JSON.stringify(units)}`)
    this.units = units
    this.ranges = Array.from(ranges, ([start, stop]) => {
      const isOpen = stop === undefined || stop === null
      const valid = isOpen
        ? Number.isInteger(start)
        : areOffsets(start, stop) && isByteRangeValid(start, stop, undefined)
      if (!valid) throw new RangeError(`Not a range: ${start} to ${stop}`)
      return [start, stop ?? undefined] as const
    })
  }

  /** The ranges of a header; `undefined` when it is malformed, out of order or missing. */
  static fromHeader(text: string | undefined): Range | undefined {
    const parsed = parseRange(text)
    return parsed === undefined ? undefined : new Range(parsed.units, parsed.ranges)
  }

  /** The ranges as they stand in a header. */
  toHeader(): string {
    return dumpRange(this)
  }

  /** The same as `toHeader()`. */
  toString(): string {
    return this.toHeader()
  }

  /**
   * Which part of something of this length in bytes is asked for. `undefined` when it can't be given, when nothing
   * is left, or when several ranges or another unit than bytes are asked for.
   */
  rangeForLength(length: number | null | undefined): [start: number, stop: number] | undefined {
    const [range, second] = this.ranges
    if (this.units !== "bytes" || length === undefined || length === null) return undefined
    return range === undefined || second !== undefined ? undefined : selectRange(range, length)
  }

  /** The `Content-Range` for something of this length; `undefined` where `rangeForLength` is. */
  makeContentRange(length: number | null | undefined): ContentRange | undefined {
    const part = this.rangeForLength(length)
    return part === undefined ? undefined : new ContentRange(this.units, part[0], part[1], length)
  }

  /** The same as `makeContentRange`, as text. */
  toContentRangeHeader(length: number | null | undefined): string | undefined {
    return this.makeContentRange(length)?.toHeader()
  }
}

/**
 * Which part of what a response is. Without a unit it says nothing, and `toHeader` is empty; without offsets it says
 * that the part asked for can't be given.
 *
 * @example
 * const range = new ContentRange("bytes", 0, 10, 100)
 * range.toHeader() // => "bytes 0-9/100"
 * range.stop = 200 // throws RangeError
 * range.unset()
 * range.toHeader() // => ""
 */
export class ContentRange {
  #units: string | undefined
  #start: number | undefined
  #stop: number | undefined
  #length: number | undefined
  /** Called with the object after each change. */
  onUpdate: ((range: ContentRange) => void) | undefined

  /** @throws RangeError when the offsets make no part of the length, TypeError when the unit is not a token */
  constructor(units?: string | null, start?: number | null, stop?: number | null, length?: number | null) {
    this.#assign(units, start, stop, length)
  }

  /** What a header says; `undefined` when it is malformed, says something impossible or is missing. */
  static fromHeader(text: string | undefined): ContentRange | undefined {
    const parsed = parseContentRange(text)
    return parsed && new ContentRange(parsed.units, parsed.start, parsed.stop, parsed.length)
  }

  /** The value as it stands in a header; empty without a unit. */
  toHeader(): string {
    const [units, start, stop, length] = [this.#units, this.#start, this.#stop, this.#length]
    return units === undefined ? "" : dumpContentRange({ units, start, stop, length })
  }

  /** The same as `toHeader()`. */
  toString(): string {
    return this.toHeader()
  }

  /** Whether it says anything: whether there is a unit. */
  get isSet(): boolean {
    return this.#units !== undefined
  }

  /** The unit, usually `bytes`. */
  get units(): string | undefined {
    return this.#units
  }

  set units(units: string | null | undefined) {
    this.#set(units, this.#start, this.#stop, this.#length)
  }

  /** The first offset. Set to `undefined` or `null`, there is no part any more: `stop` goes with it. */
  get start(): number | undefined {
    return this.#start
  }

  set start(start: number | null | undefined) {
    this.#set(this.#units, start, isNothing(start) ? undefined : this.#stop, this.#length)
  }

  /** The offset behind the last. Set to `undefined` or `null`, there is no part any more: `start` goes with it. */
  get stop(): number | undefined {
    return this.#stop
  }

  set stop(stop: number | null | undefined) {
    this.#set(this.#units, isNothing(stop) ? undefined : this.#start, stop, this.#length)
  }

  /** The length of the whole; `undefined` when it is not known. */
  get length(): number | undefined {
    return this.#length
  }

  set length(length: number | null | undefined) {
    this.#set(this.#units, this.#start, this.#stop, length)
  }

  #set(units?: string | null, start?: number | null, stop?: number | null, length?: number | null): void {
    this.#assign(units, start, stop, length)
    this.onUpdate?.(this)
  }

  /** Removes everything; a live one removes its header. */
  unset(): void {
    this.#set()
  }

  #assign(units?: string | null, start?: number | null, stop?: number | null, length?: number | null): void {
    const [from, to, total] = [start ?? undefined, stop ?? undefined, length ?? undefined]
    if (typeof units === "string" && !isToken(units)) throw new TypeError(`Not a range unit: ${JSON.stringify(units)}`)
    if (
      !areOffsets(from, to, total) ||
      !isByteRangeValid(from, to, total) ||
      (to !== undefined && total !== undefined && to > total)
    ) {
      throw new RangeError(`Not a range: ${start} to ${stop} of ${length}`)
    }
    ;[this.#units, this.#start, this.#stop, this.#length] = [units ?? undefined, from, to, total]
  }
}
