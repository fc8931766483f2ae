// The body of a request as a stream that is safe to read to its end, and within the limit that one has set.
// What makes it safe differs: the server says so, or the announced length does, or else there is nothing to read.

import type { Environ, InputStream } from "../gateway.ts"
import { getContentLength as plainContentLength } from "../http/content-length.ts"
import { emptyInput } from "./input.ts"
import { type BodyLimit, LimitedStream, tooLarge } from "./limited-stream.ts"

/** Where to find the length of the body in an environ. */
export type LengthEnviron = Pick<Environ, "CONTENT_LENGTH"> & { HTTP_TRANSFER_ENCODING?: unknown }

/**
 * The announced length of the body in bytes; `undefined` when there is none, as with a chunked body. What is not a
 * number counts as 0: nobody knows where such a body ends.
 *
 * @row WSGI-5
 * @example
 * getContentLength({ CONTENT_LENGTH: "12" }) // => 12
 * getContentLength({ CONTENT_LENGTH: "+12" }) // => 0
 * getContentLength({ CONTENT_LENGTH: "12", HTTP_TRANSFER_ENCODING: "chunked" }) // => undefined
 */
export function getContentLength(environ: LengthEnviron): number | undefined {
  const coding = environ.HTTP_TRANSFER_ENCODING
  return plainContentLength(environ.CONTENT_LENGTH, typeof coding === "string" ? coding : undefined)
}

/** How much to trust, and how much to take. */
export interface InputOptions {
  /** Whether a body of unknown length that does not end by itself is taken for empty. True unless given. */
  safeFallback?: boolean | undefined
  /** The most bytes that are taken; no limit unless given. */
  maxContentLength?: number | undefined
}

/**
 * The request body as a stream that ends where the body ends, whatever the server gives.
 *
 * With `maxContentLength`, a body of exactly so many bytes is read, and one that is larger is an error: here, when
 * its length was announced, and otherwise in the read that meets the surplus.
 *
 * @throws RequestEntityTooLarge (413) when the announced length is above the limit; nothing was read then
 * @row WSGI-6
 */
export function getInputStream(environ: Environ, options: InputOptions = {}): InputStream {
  const { safeFallback, maxContentLength: bytes } = options
  return openInput(environ, bytes === undefined ? undefined : { name: "maxContentLength", bytes }, safeFallback)
}

/** The same for a limit of any name. One that is Infinity is none. */
export function openInput(environ: Environ, limit: BodyLimit | undefined, safeFallback = true): InputStream {
  const length = getContentLength(environ)
  if (limit !== undefined) checkLimit(limit)
  if (length !== undefined && limit !== undefined && length > limit.bytes) throw tooLarge(limit)
  const stream = environ["wsgi.input"] ?? emptyInput
  if (environ["wsgi.input_terminated"]) return limitInput(stream, limit)
  if (length !== undefined) return length === 0 ? emptyInput : new LimitedStream(stream, length)
  return safeFallback ? emptyInput : limitInput(stream, limit)
}

/** The stream, which fails with a 413 when it has more bytes than that. */
export function limitInput(stream: InputStream, limit: BodyLimit | undefined): InputStream {
  if (limit === undefined || limit.bytes === Number.POSITIVE_INFINITY) return stream
  return new LimitedStream(stream, limit.bytes, true, limit.name)
}

function checkLimit({ name, bytes }: BodyLimit): void {
  if (bytes !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(bytes) && bytes >= 0)) {
    throw new RangeError(`${name} must be a whole number from 0, not ${String(bytes)}`)
  }
}
