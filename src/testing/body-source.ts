// Request bodies that can be had again: for redirects that keep the body, for replays, and for looking at a request whose
// body an application has read. An InputStream made here remembers what it was made of.

import { emptyInput, inputFrom } from "../environ/input.ts"
import type { Environ, InputStream } from "../gateway.ts"

/** What a request body is made of. */
export interface BodySource {
  /** Bytes; undefined when nobody knows. */
  readonly length: number | undefined
  /** The bytes from their start. A stream gives them only once. */
  open(): Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

const sources = new WeakMap<InputStream, BodySource>()

/** A stream of the body, from its start. */
export function openSource(source: BodySource | undefined): InputStream {
  if (source === undefined) return emptyInput
  const input = inputFrom(source.open())
  sources.set(input, source)
  return input
}

/** What a stream was made of, unless somebody else has made it. */
export function sourceOf(input: InputStream): BodySource | undefined {
  return sources.get(input)
}

/** A copy of the environ whose body is to be read from its start, if that can be. */
export function withFreshBody(environ: Environ): Environ {
  const source = sourceOf(environ["wsgi.input"])
  return source === undefined ? { ...environ } : { ...environ, "wsgi.input": openSource(source) }
}

const encoder = new TextEncoder()

/** A body of bytes, or of text in UTF-8. */
export function sourceOfBytes(content: string | Uint8Array): BodySource {
  const bytes = typeof content === "string" ? encoder.encode(content) : content
  return { length: bytes.length, open: () => bytes }
}

/** What a request body can be given as, besides fields and files. */
export type StreamContent = string | Uint8Array | Blob | InputStream | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** A body of bytes, a Blob, or chunks as they come; arrays and Sets of chunks can be had again, other iterables not. */
export function sourceOfStream(content: StreamContent): BodySource {
  if (typeof content === "string" || content instanceof Uint8Array) return sourceOfBytes(content)
  if (content instanceof Blob) return { length: content.size, open: () => content.stream() }
  if ("read" in content) return sourceOf(content) ?? { length: undefined, open: () => content }
  return { length: undefined, open: () => content }
}
