// Which part of a resource a request gets: all of it, ranges of it, a 304, or a failed condition. Preconditions come
// first, then If-Range and Range (RFC 9110 section 13.2.2). For everything that is sent with an entity tag, a date or a length.
// The caller sends the answer and puts the parts together.

import { type ConditionalHeaders, evaluatePreconditions, ifRangeMatches, type Validators } from "./conditions.ts"
import { parseRange, type RangePair, selectRange } from "./ranges.ts"

/** What a request says of the parts that it wants, and of what it has. */
export interface SelectionHeaders extends ConditionalHeaders {
  method: string
  range?: string | undefined
}

/** What can be selected from. */
export interface Selectable extends Validators {
  /** The length in bytes; without one, there are no parts of it. */
  length?: number | undefined
  /** More ranges than that in one request get the whole. */
  maxRanges: number
  /** Whether a malformed range of bytes is refused (416) instead of being ignored; RFC 9110 section 14.2 allows both. */
  refusesMalformed?: boolean | undefined
}

/** Offsets, the second one behind the last byte. */
export type ByteRange = readonly [start: number, stop: number]

/** The whole, nothing since the client has it, a failed condition, ranges of which none lies within, or parts. */
export type Selection =
  | { readonly status: 200 | 304 | 412 | 416; readonly ranges?: undefined }
  | { readonly status: 206; readonly ranges: readonly [ByteRange, ...ByteRange[]] }

const WHOLE: Selection = Object.freeze({ status: 200 })
const NOT_MODIFIED: Selection = Object.freeze({ status: 304 })
const PRECONDITION_FAILED: Selection = Object.freeze({ status: 412 })
const UNSATISFIABLE: Selection = Object.freeze({ status: 416 })

/**
 * What a GET or HEAD gets; every other method gets the whole.
 *
 * @example
 * selectContent({ method: "GET", ifNoneMatch: '"a"' }, { etag: '"a"', maxRanges: 1 }) // => { status: 304 }
 * selectContent({ method: "GET", range: "bytes=0-1" }, { length: 10, maxRanges: 1 }) // => { status: 206, ranges: [[0, 2]] }
 * selectContent({ method: "HEAD", range: "bytes=0-1" }, { length: 10, maxRanges: 1 }) // => { status: 200 }
 */
export function selectContent(request: SelectionHeaders, resource: Selectable): Selection {
  const { method, range } = request
  if (method !== "GET" && method !== "HEAD") return WHOLE
  const decision = evaluatePreconditions(request, resource)
  if (decision === "precondition-failed") return PRECONDITION_FAILED
  if (decision === "not-modified") return NOT_MODIFIED
  // RFC 9110 section 14.2: Range means something with GET only. Of nothing there are no parts.
  if (method !== "GET" || range === undefined || !resource.length) return WHOLE
  if (!ifRangeMatches(request.ifRange, resource)) return WHOLE
  if (resource.refusesMalformed && BYTES.test(range) && parseRange(range) === undefined) return UNSATISFIABLE
  const ranges = selectByteRanges(range, resource.length, resource.maxRanges)
  if (ranges === undefined) return WHOLE
  const [first, ...others] = ranges
  return first === undefined ? UNSATISFIABLE : { status: 206, ranges: [first, ...others] }
}

const BYTES = /^[ \t]*bytes[ \t]*=/i

/**
 * What a `Range` header gets of `size` bytes: ranges, or `undefined` for the whole; no ranges at all when none of those
 * asked for lies within (416). What a client asks for can cost no more than the whole: few ranges, ascending, none overlapping.
 * Of no bytes there are no parts: always the whole.
 *
 * @example
 * selectByteRanges("bytes=0-4", 10, 16) // => [[0, 5]]
 * selectByteRanges("bytes=0-0,-1", 10, 16) // => [[0, 1], [9, 10]]
 * selectByteRanges("bytes=10-", 10, 16) // => []
 * selectByteRanges("bytes=0-,0-,0-", 10, 16) // => undefined
 * selectByteRanges("lines=1-2", 10, 16) // => undefined
 */
export function selectByteRanges(header: string | undefined, size: number, maxRanges: number): ByteRange[] | undefined {
  if (header === undefined || size === 0) return undefined
  const request = parseRange(header)
  if (request?.units !== "bytes" || request.ranges.length > maxRanges) return undefined
  const selected: ByteRange[] = []
  for (const range of request.ranges) {
    const part = selectRange(range as RangePair, size)
    if (part === undefined) continue
    // A suffix may reach back into the range before it.
    if (part[0] < (selected.at(-1)?.[1] ?? 0)) return undefined
    selected.push(part)
  }
  return selected
}

/**
 * The last change as it may be told now: a date in the future is left out (RFC 9110 section 8.8.2.1).
 *
 * @example
 * pastDate(new Date(5000), 3000).getTime() // => 3000
 * pastDate(new Date(2000), 3000).getTime() // => 2000
 */
export function pastDate(date: Date, now: number = Date.now()): Date {
  return date.getTime() > now ? new Date(now) : date
}
