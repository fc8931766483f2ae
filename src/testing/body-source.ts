// Request bodies that can be had again: for redirects that keep the body, for replays, and for looking at a request whose
// body an application has read. An InputStream made here remembers what it was made of.

import { emptyInput, inputFrom } from "../environ/input.ts"
import type { Environ, InputStream } from "../gateway.ts"

/** What a request body is made of. */
export interface BodySource {
  /** Bytes; undefined when not known. */
  readonly length: number | undefined
  /** Whether `open` may be called again. */
  readonly rewinds: boolean
  /** The bytes from their start. */
  open(): Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** A body as it is sent, with the type that is told; what is undefined is left out. */
export interface SentBody {
  readonly source: BodySource | undefined
  readonly contentType: string | undefined
}

const sources = new WeakMap<InputStream, BodySource>()

/** A stream of the body, from its start. */
export function openSource(source: BodySource | undefined): InputStream {
  if (source === undefined) return emptyInput
  const input = inputFrom(source.open())
  sources.set(input, source)
  return input
}

/** What a stream was made of; undefined for a stream that the caller has made. */
export function sourceOf(input: InputStream): BodySource | undefined {
  return sources.get(input)
}

/** A copy of the environ whose body is to be read from its start, if that can be. */
export function withFreshBody(environ: Environ): Environ {
  const source = sourceOf(environ["wsgi.input"])
  return source?.rewinds !== true ? { ...environ } : { ...environ, "wsgi.input": openSource(source) }
}

const encoder = new TextEncoder()

/** A body of bytes, or of text in UTF-8. */
export function sourceOfBytes(content: string | Uint8Array): BodySource {
  const bytes = typeof content === "string" ? encoder.encode(content) : content
  return { length: bytes.length, rewinds: true, open: () => bytes }
}

/** What a request body can be given as, besides fields and files. */
export type StreamContent = string | Uint8Array | Blob | InputStream | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** A body of bytes, a Blob, or chunks as they come; arrays and the like can be had again, streams not. */
export function sourceOfStream(content: StreamContent): BodySource {
  if (typeof content === "string" || content instanceof Uint8Array) return sourceOfBytes(content)
  if (content instanceof Blob) return { length: content.size, rewinds: true, open: () => content.stream() }
  if ("read" in content) {
    const source = sourceOf(content)
    return source?.rewinds ? source : { length: source?.length, rewinds: false, open: () => content }
  }
  // An iterator gives itself when it is asked for an iterator.
  const rewinds = Symbol.iterator in content && (content[Symbol.iterator]() as unknown) !== content
  return { length: undefined, rewinds, open: () => content }
}
