// The body of a request as a stream that is safe to read to its end, and within the limit that the application has set.
// What makes it safe differs: the server says so, or the announced length does, or else there is nothing to read.

import type { Environ, InputStream } from "../gateway.ts"
import { bodyLength } from "../http/content-length.ts"
import { emptyInput } from "./input.ts"
import { type BodyLimit, LimitedStream, limitOfBody, tooLarge } from "./limited-stream.ts"
import { OrderedInput } from "./ordered-input.ts"

/** Where to find the length of the body in an environ. */
export type LengthEnviron = Pick<Environ, "CONTENT_LENGTH"> & { HTTP_TRANSFER_ENCODING?: unknown }

/**
 * The announced length of the body in bytes; `undefined` when there is none, as with a chunked body. What is not a number counts
 * as 0: the end of such a body is not known.
 *
 * @example
 * getContentLength({ CONTENT_LENGTH: "12" }) // => 12
 * getContentLength({ CONTENT_LENGTH: "+12" }) // => 0
 * getContentLength({ CONTENT_LENGTH: "12", HTTP_TRANSFER_ENCODING: "chunked" }) // => undefined
 */
export function getContentLength(environ: LengthEnviron): number | undefined {
  const coding = environ.HTTP_TRANSFER_ENCODING
  return bodyLength(environ.CONTENT_LENGTH, typeof coding === "string" ? coding : undefined)
}

/** How much to trust, and how much to take. */
export interface InputOptions {
  /** Whether a body of unknown length that does not end by itself is taken for empty. True unless given. */
  safeFallback?: boolean | undefined
  /** The most bytes that are taken; no limit unless given. */
  maxContentLength?: number | undefined
}

/**
 * The request body as a stream that ends where the body ends, on any server.
 *
 * With `maxContentLength`, a body of exactly so many bytes is read, and one that is larger is an error: here, when
 * its length was announced, and otherwise in the read that meets the surplus.
 *
 * @throws RequestEntityTooLarge (413) when the announced length is above the limit; nothing was read then. RangeError for a
 *   limit that is not a whole number from 0 or Infinity
 */
export function getInputStream(environ: Environ, options: InputOptions = {}): InputStream {
  const { safeFallback, maxContentLength: bytes } = options
  return openInput(environ, limitOfBody("maxContentLength", bytes), safeFallback)
}

/** The same for a limit of any name. */
export function openInput(environ: Environ, limit: BodyLimit | undefined, safeFallback = true): InputStream {
  return opened(environ, limit, safeFallback, limitInput)
}

/** What is read into memory as a whole. */
export interface WholeInput {
  /** The bytes, at once where they are at hand. */
  read(): Uint8Array | Promise<Uint8Array>
}

/** The same for a body that is read so. */
export function openWhole(environ: Environ, limit: BodyLimit | undefined): WholeInput {
  return opened<WholeInput>(environ, limit, true, limitWhole)
}

function opened<I extends WholeInput>(
  environ: Environ,
  limit: BodyLimit | undefined,
  safeFallback: boolean,
  limited: (stream: InputStream, limit: BodyLimit | undefined) => I,
): I | InputStream {
  const length = getContentLength(environ)
  if (length !== undefined && limit !== undefined && length > limit.bytes) throw tooLarge(limit)
  const stream = environ["wsgi.input"] ?? emptyInput
  if (environ["wsgi.input_terminated"]) return limited(stream, limit)
  if (length !== undefined) return length === 0 ? emptyInput : new LimitedStream(stream, length)
  return safeFallback ? emptyInput : limited(stream, limit)
}

/** The stream, which fails with a 413 when it has more bytes than that. */
export function limitInput(stream: InputStream, limit: BodyLimit | undefined): InputStream {
  if (limit === undefined) return stream
  return new LimitedStream(stream, limit.bytes, true, limit.name)
}

/** The same for a stream that is read as a whole: one of our own counts its bytes itself. */
export function limitWhole(stream: InputStream, limit: BodyLimit | undefined): WholeInput {
  if (limit === undefined || !(stream instanceof OrderedInput)) return limitInput(stream, limit)
  return new CountedInput(stream, limit)
}

class CountedInput implements WholeInput {
  readonly #stream: OrderedInput
  readonly #limit: BodyLimit

  constructor(stream: OrderedInput, limit: BodyLimit) {
    this.#stream = stream
    this.#limit = limit
  }

  read(): Uint8Array | Promise<Uint8Array> {
    return this.#stream.readAtMost(this.#limit.bytes, () => tooLarge(this.#limit))
  }
}
