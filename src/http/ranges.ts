// Byte ranges: what a client asks for, and which part it gets (RFC 9110 section 14). Offsets are half-open, as with slice.
// No number here ever allocates anything, however large the client wrote it.

import { parseCount } from "./numbers.ts"
import { asciiLower, isToken, stripSpace } from "./tokens.ts"

/** From the first offset up to, not including, the second. A negative start, or -0, counts from the end and has no stop. */
export type RangePair = [start: number, stop: number | undefined]

/** What a `Range` header asks for. */
export interface RangeRequest {
  /** The unit in lower case: `bytes`, or one that we do not know. */
  units: string
  /** At least one, ascending, none overlapping; only the last may be open or count from the end. */
  ranges: RangePair[]
}

// RFC 9110 section 14.1.1
//   ranges-specifier = range-unit "=" range-set
//   range-set        = 1#range-spec
//   int-range        = first-pos "-" [ last-pos ]
//   suffix-range     = "-" suffix-length
/**
 * The ranges that a `Range` header asks for; `undefined` for anything malformed, overlapping or out of order, which the
 * RFC lets us treat as no header at all. Positions beyond the safe range count as the end of the safe range.
 *
 * @example
 * parseRange("bytes=0-499") // => { units: "bytes", ranges: [[0, 500]] }
 * parseRange("bytes=0-0, -500") // => { units: "bytes", ranges: [[0, 1], [-500, undefined]] }
 * parseRange("bytes=9-1") // => undefined
 */
export function parseRange(text: string | undefined): RangeRequest | undefined {
  if (text === undefined) return undefined
  const equals = text.indexOf("=")
  if (equals === -1) return undefined
  const units = asciiLower(stripSpace(text, 0, equals))
  if (!isToken(units)) return undefined
  const ranges: RangePair[] = []
  let lastStop: number | undefined = 0
  let start = equals + 1
  while (start <= text.length) {
    const comma = text.indexOf(",", start)
    const end = comma === -1 ? text.length : comma
    const pair = parsePair(text, start, end)
    // After an open range or a suffix nothing can come.
    if (pair === undefined || lastStop === undefined || (!isSuffix(pair[0]) && pair[0] < lastStop)) return undefined
    ranges.push(pair)
    lastStop = pair[1]
    start = end + 1
  }
  return { units, ranges }
}

function parsePair(text: string, from: number, to: number): RangePair | undefined {
  const dash = text.indexOf("-", from)
  if (dash === -1 || dash >= to) return undefined
  const [first, last] = [stripSpace(text, from, dash), stripSpace(text, dash + 1, to)]
  if (first === "") {
    const suffix = parseCount(last)
    return suffix === undefined ? undefined : [-suffix, undefined]
  }
  const start = parseCount(first)
  if (start === undefined || last === "") return start === undefined ? undefined : [start, undefined]
  const stop = parseCount(last)
  return stop === undefined || stop < start ? undefined : [start, stop + 1]
}

/** Whether the start of a range counts from the end. */
function isSuffix(start: number): boolean {
  return start < 0 || Object.is(start, -0)
}

/**
 * The ranges as they stand in a header.
 *
 * @throws TypeError when the unit is not a token
 * @example
 * dumpRange({ units: "bytes", ranges: [[0, 500], [600, undefined]] }) // => "bytes=0-499,600-"
 * dumpRange({ units: "bytes", ranges: [[-500, undefined]] }) // => "bytes=-500"
 */
export function dumpRange({ units, ranges }: { units: string; ranges: readonly Readonly<RangePair>[] }): string {
  if (!isToken(units)) throw new TypeError(`Not a range unit: ${JSON.stringify(units)}`)
  const items = ranges.map(([start, stop]) => {
    if (isSuffix(start)) return `-${-start}`
    return `${start}-${stop === undefined ? "" : stop - 1}`
  })
  return `${units}=${items.join(",")}`
}

/**
 * Which part of a body of this length the range selects: clipped to the length, `undefined` when nothing is left. A suffix
 * longer than the body is the whole of it (RFC 9110 section 14.1.2).
 *
 * @example
 * selectRange([2, 100], 10) // => [2, 10]
 * selectRange([-3, undefined], 10) // => [7, 10]
 * selectRange([-100, undefined], 10) // => [0, 10]
 * selectRange([10, undefined], 10) // => undefined
 */
export function selectRange(
  [start, stop]: Readonly<RangePair>,
  length: number,
): [start: number, stop: number] | undefined {
  const from = isSuffix(start) ? Math.max(0, length + start) : start
  const to = stop === undefined ? length : Math.min(stop, length)
  return from < to ? [from, to] : undefined
}

/**
 * Whether start and stop, both or neither given, make a part of something that long; an unknown length fits all.
 * A stop beyond the length is allowed here, as in a range that is asked for.
 *
 * @example
 * isByteRangeValid(0, 10, 10) // => true
 * isByteRangeValid(10, 20, 10) // => false
 * isByteRangeValid(undefined, undefined, 10) // => true
 */
export function isByteRangeValid(
  start: number | undefined,
  stop: number | undefined,
  length: number | undefined,
): boolean {
  if (start === undefined || stop === undefined) return start === stop && (length === undefined || length >= 0)
  if (start < 0 || start >= stop) return false
  return length === undefined || start < length
}

/** What a `Content-Range` header says: which part this is, and of how much. */
export interface ContentRangeValue {
  units: string
  /** First offset; `undefined` together with `stop` says that no part could be given. */
  start: number | undefined
  /** The offset behind the last. */
  stop: number | undefined
  /** Of the whole; `undefined` when unknown. */
  length: number | undefined
}

// RFC 9110 section 14.4
//   Content-Range       = range-unit SP ( range-resp / unsatisfied-range )
//   range-resp          = first-pos "-" last-pos "/" ( complete-length / "*" )
//   unsatisfied-range   = "*/" complete-length
/**
 * What a `Content-Range` header says; `undefined` when it is malformed or says something impossible.
 *
 * @example
 * parseContentRange("bytes 0-9/100") // => { units: "bytes", start: 0, stop: 10, length: 100 }
 * parseContentRange("bytes 0-9/5") // => undefined
 */
export function parseContentRange(text: string | undefined): ContentRangeValue | undefined {
  if (text === undefined) return undefined
  const bare = stripSpace(text)
  const slash = bare.indexOf("/")
  const space = bare.search(/[ \t]/)
  if (space === -1 || slash < space) return undefined
  const units = bare.slice(0, space)
  if (!isToken(units)) return undefined
  const total = stripSpace(bare, slash + 1)
  const length = total === "*" ? undefined : parseCount(total)
  if (total !== "*" && length === undefined) return undefined
  const range = stripSpace(bare, space, slash)
  if (range === "*") return { units, start: undefined, stop: undefined, length }
  const [start, stop] = parsePair(range, 0, range.length) ?? []
  if (start === undefined || stop === undefined || !isByteRangeValid(start, stop, length)) return undefined
  return length !== undefined && stop > length ? undefined : { units, start, stop, length }
}

/**
 * The value of a `Content-Range` header.
 *
 * @throws TypeError when the unit is not a token, RangeError when the offsets make no part of the length
 * @example
 * dumpContentRange({ units: "bytes", start: 0, stop: 10, length: undefined }) // => "bytes 0-9/*"
 * dumpContentRange({ units: "bytes", start: undefined, stop: undefined, length: 10 }) // => "bytes *\u002f10"
 */
export function dumpContentRange({ units, start, stop, length }: ContentRangeValue): string {
  if (!isToken(units)) throw new TypeError(`Not a range unit: ${JSON.stringify(units)}`)
  if (!isByteRangeValid(start, stop, length)) throw new RangeError(`Not a range: ${start} to ${stop} of ${length}`)
  const range = start === undefined || stop === undefined ? "*" : `${start}-${stop - 1}`
  return `${units} ${range}/${length ?? "*"}`
}
