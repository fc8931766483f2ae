// Which parts of a file a Range header gets, and how several of them are put into one body (RFC 9110 section 14).
// What a client asks for can cost no more than the whole file: few ranges, ascending, none overlapping, and with their heads
// not longer than the file; whatever else is asked for gets the whole, which the RFC allows.

import { dumpContentRange, parseRange, type RangePair, selectRange } from "../http/ranges.ts"
import { lengthOf, type Segment } from "./file-body.ts"

/** More ranges than this in one request get the whole file. */
export const MAX_RANGES = 16

/** Offsets, the second one behind the last byte. */
export type ByteRange = readonly [start: number, stop: number]

/**
 * What a `Range` header gets of `size` bytes: ranges, or `undefined` for the whole; no ranges at all when none of those
 * asked for lies within the file (416). An empty file has no parts: it is always sent as the whole.
 *
 * @example
 * selectByteRanges("bytes=0-4", 10) // => [[0, 5]]
 * selectByteRanges("bytes=0-0,-1", 10) // => [[0, 1], [9, 10]]
 * selectByteRanges("bytes=10-", 10) // => []
 * selectByteRanges("bytes=0-,0-,0-", 10) // => undefined
 * selectByteRanges("lines=1-2", 10) // => undefined
 */
export function selectByteRanges(header: string | undefined, size: number): ByteRange[] | undefined {
  if (header === undefined || size === 0) return undefined
  const request = parseRange(header)
  if (request?.units !== "bytes" || request.ranges.length > MAX_RANGES) return undefined
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

/** Several ranges as one body. */
export interface MultipartRanges {
  contentType: string
  segments: Segment[]
}

const encoder = new TextEncoder()

// RFC 9110 section 14.6, RFC 2046 section 5.1.1
/**
 * The ranges as `multipart/byteranges`; `undefined` when that would be longer than the file itself.
 *
 * @param contentType of the file, told with each part
 */
export function multipartRanges(
  ranges: readonly ByteRange[],
  size: number,
  contentType: string | undefined,
): MultipartRanges | undefined {
  // Random, so that no file can hold it in advance.
  const boundary = crypto.randomUUID()
  const type = contentType === undefined ? "" : `Content-Type: ${contentType}\r\n`
  const segments: Segment[] = []
  for (const [index, range] of ranges.entries()) {
    const [start, stop] = range
    const place = dumpContentRange({ units: "bytes", start, stop, length: size })
    const mark = `${index === 0 ? "" : "\r\n"}--${boundary}\r\n`
    segments.push(encoder.encode(`${mark}${type}Content-Range: ${place}\r\n\r\n`), range)
  }
  segments.push(encoder.encode(`\r\n--${boundary}--\r\n`))
  if (lengthOf(segments) > size) return undefined
  return { contentType: `multipart/byteranges; boundary=${boundary}`, segments }
}
