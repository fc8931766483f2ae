// Several parts of a file as one body (RFC 9110 section 14.6). With their heads they are not longer than the file: what a client
// asks for can cost no more than the whole.

import { dumpContentRange } from "../http/ranges.ts"
import type { ByteRange } from "../http/selection.ts"
import { lengthOf, type Segment } from "./file-body.ts"

/** More ranges than this in one request get the whole file. */
export const MAX_RANGES = 16

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
