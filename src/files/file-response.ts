// The one way in which a file becomes a response: preconditions, then ranges (RFC 9110 section 13.2.2), then the body.
// Helpers and middleware decide which file and which headers; this decides what of it is sent.
//
// The file belongs to this function, which closes it on every way out. What fits into one block is read here, so that head
// and body go out in one write and nothing is left open; more than that is a FileBody, closed by the server.

import { Headers } from "../datastructures/headers.ts"
import { selectionHeaders } from "../environ/selection-headers.ts"
import { PreconditionFailed, RequestedRangeNotSatisfiable } from "../exceptions/statuses.ts"
import type { Environ, HeaderList } from "../gateway.ts"
import { httpDate } from "../http/dates.ts"
import { quoteEtag } from "../http/etags.ts"
import { getContentType } from "../http/media-types.ts"
import { dumpContentRange } from "../http/ranges.ts"
import { pastDate, selectContent } from "../http/selection.ts"
import { isThenable } from "../thenable.ts"
import type { Response, ResponseClass } from "../wrappers/response.ts"
import { MAX_RANGES, multipartRanges } from "./byte-ranges.ts"
import { FileBody, lengthOf, readSegments, type Segment } from "./file-body.ts"
import type { FileSource } from "./file-source.ts"

/** A body up to this size is read before the response is made; beyond it, new memory costs more than a block that is lent. */
const SMALL = 32 * 1024

/** What is told about a file, and how. */
export interface FileFacts {
  /** The media type; text types get `; charset=utf-8`, unless they come with one. */
  mimetype: string
  /** The entity tag, without quotes. */
  etag?: string | undefined
  /** The last change; one that lies in the future becomes now. */
  lastModified?: Date | undefined
  /** Further headers. */
  headers?: HeaderList | undefined
  /** Whether preconditions and ranges are looked at. True unless given. */
  conditional?: boolean | undefined
  /** A header that has the server in front send the file; the body stays empty, and ranges are left to that server. */
  handOver?: [name: string, value: string] | undefined
}

/**
 * The response with a file: the whole, parts of it (206), or that it has not changed (304). Adds `Date` and `Accept-Ranges` to a
 * conditional answer to GET or HEAD, and looks at no condition of other methods. Comes at once unless the file is read.
 *
 * @param source closed when the response is, or before, also when this throws
 * @throws PreconditionFailed (412), RequestedRangeNotSatisfiable (416)
 */
export function fileResponse<R extends Response>(
  source: FileSource,
  environ: Environ,
  facts: FileFacts,
  responseClass: ResponseClass<R>,
): R | Promise<R> {
  let response: R
  try {
    const answer = answerTo(source.size, environ, facts)
    if (needsContent(answer, environ)) return withContent(source, answer, responseClass)
    response = withoutContent(answer, responseClass)
  } catch (error) {
    return afterClosing(source, () => {
      throw error
    })
  }
  return afterClosing(source, () => response)
}

/**
 * What `fileResponse` gives, for a file that is not open: a 304, or an answer to HEAD; `undefined` for what needs the content.
 *
 * @throws PreconditionFailed (412), RequestedRangeNotSatisfiable (416)
 */
export function bodilessResponse<R extends Response>(
  size: number,
  environ: Environ,
  facts: FileFacts,
  responseClass: ResponseClass<R>,
): R | undefined {
  const answer = answerTo(size, environ, facts)
  return needsContent(answer, environ) ? undefined : withoutContent(answer, responseClass)
}

function needsContent({ status }: FileAnswer, environ: Environ): boolean {
  return environ.REQUEST_METHOD !== "HEAD" && status !== 304
}

function withContent<R extends Response>(
  source: FileSource,
  { status, mimetype, headers, segments }: FileAnswer,
  responseClass: ResponseClass<R>,
): R | Promise<R> {
  const length = lengthOf(segments)
  headers.append("Content-Length", length)
  if (length > SMALL) {
    const body = new FileBody(source, segments)
    return new responseClass(body, { status, headers, mimetype, directPassthrough: true })
  }
  return readThenClose(source, segments).then((body) => new responseClass(body, { status, headers, mimetype }))
}

function withoutContent<R extends Response>(
  { status, mimetype, headers, segments }: FileAnswer,
  responseClass: ResponseClass<R>,
): R {
  if (status !== 304) headers.append("Content-Length", lengthOf(segments))
  return new responseClass(undefined, { status, headers, mimetype })
}

async function readThenClose(source: FileSource, segments: readonly Segment[]): Promise<Uint8Array[]> {
  try {
    return await readSegments(source, segments)
  } finally {
    await source.close()
  }
}

/** What `next` gives, at once if closing does not take its time. */
export function afterClosing<T>(source: FileSource, next: () => T): T | Promise<T> {
  const closing = source.close()
  return isThenable(closing) ? closing.then(next) : next()
}

interface FileAnswer {
  status: number
  mimetype: string
  headers: Headers
  segments: readonly Segment[]
}

function answerTo(size: number, environ: Environ, facts: FileFacts): FileAnswer {
  const { mimetype } = facts
  const lastModified = facts.lastModified && pastDate(facts.lastModified)
  const headers = new Headers()
  for (const [name, value] of facts.headers ?? []) headers.append(name, value)
  const etag = facts.etag === undefined ? undefined : quoteEtag(facts.etag)
  if (etag !== undefined) headers.append("ETag", etag)
  if (lastModified !== undefined) headers.append("Last-Modified", httpDate(lastModified))
  const whole: FileAnswer = { status: 200, mimetype, headers, segments: [[0, size]] }

  const method = environ.REQUEST_METHOD
  if (facts.conditional === false || (method !== "GET" && method !== "HEAD")) {
    return facts.handOver === undefined ? whole : handedOver(whole, facts.handOver)
  }
  headers.append("Date", httpDate())
  headers.append("Accept-Ranges", "bytes")
  const selection = selectContent(selectionHeaders(environ), {
    etag,
    lastModified,
    // Ranges are left to the server that sends the file.
    length: facts.handOver === undefined ? size : undefined,
    maxRanges: MAX_RANGES,
  })
  if (selection.status === 412) throw new PreconditionFailed()
  if (selection.status === 416) throw new RequestedRangeNotSatisfiable(size)
  if (selection.status === 304) return { ...whole, status: 304, segments: [] }
  if (facts.handOver !== undefined) return handedOver(whole, facts.handOver)
  if (selection.status !== 206) return whole
  const { ranges } = selection
  const [first, second] = ranges
  if (second === undefined) {
    const [start, stop] = first
    headers.append("Content-Range", dumpContentRange({ units: "bytes", start, stop, length: size }))
    return { ...whole, status: 206, segments: [first] }
  }
  const parts = multipartRanges(ranges, size, getContentType(mimetype, "utf-8"))
  if (parts === undefined) return whole
  return { status: 206, mimetype: parts.contentType, headers, segments: parts.segments }
}

function handedOver(whole: FileAnswer, header: [name: string, value: string]): FileAnswer {
  whole.headers.append(...header)
  return { ...whole, segments: [] }
}
