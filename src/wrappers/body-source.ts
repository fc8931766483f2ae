// What a response body may be made of, and how the pieces of it become bytes. The pieces are asked for one by one; text
// among them is encoded when it comes. Closing tells the source that no more is wanted, in the words that it knows.

import type { Body } from "../gateway.ts"
import { encodeText } from "../http/text-encoding.ts"
import { describe, isPlainObject } from "../mistakes/describe.ts"
import { isThenable } from "../thenable.ts"
import type { WebReadableStream } from "../web-platform.ts"

/** A piece of a body. Text is sent as UTF-8. */
export type Chunk = string | Uint8Array

/** What a response body can be made of: text, bytes, several of them in an array, or what gives them one by one. */
export type BodySource =
  | Chunk
  | readonly Chunk[]
  | Iterable<Chunk>
  | AsyncIterable<Chunk>
  | WebReadableStream<Chunk>
  | null
  | undefined

/** Bytes of a chunk. */
export function encodeChunk(chunk: Chunk): Uint8Array {
  if (typeof chunk === "string") return encodeText(chunk)
  if (chunk instanceof Uint8Array) return chunk
  throw new TypeError(`a chunk of a response body must be a string or a Uint8Array, not ${describe(chunk)}`)
}

/** Whether the source can be asked more than once, and tells its length: anything but a stream of some kind. */
export function isSequence(source: BodySource): source is Chunk | readonly Chunk[] | null | undefined {
  return (
    typeof source === "string" ||
    source === null ||
    source === undefined ||
    source instanceof Uint8Array ||
    Array.isArray(source)
  )
}

/** @throws TypeError unless this is something that a body can be made of */
export function checkSource(source: unknown): asserts source is BodySource {
  if (isSequence(source as BodySource)) return
  if (typeof source === "object" && source !== null && !ArrayBuffer.isView(source)) {
    if (Symbol.asyncIterator in source || Symbol.iterator in source || "getReader" in source) return
  }
  throw new TypeError(
    `a response body must be text, bytes, an iterable of these, a ReadableStream or null, not ${describe(source)}${bodyHint(source)}`,
  )
}

/** What to write in place of a value that is no body. */
function bodyHint(value: unknown): string {
  if (isThenable(value)) return ". Is an await missing?"
  if (value instanceof globalThis.Response) return ". Its body is a ReadableStream: response.body"
  if (value instanceof Blob) return ". Its content is a ReadableStream: blob.stream()"
  if (isPlainObject(value)) return ". For JSON write: Response.json(…)"
  if (typeof value === "number" || typeof value === "boolean") return ". As text: String(…)"
  return ""
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/**
 * The chunks of any source as bytes: a body for the gateway, which is iterated once and closed once. One that never has
 * to wait stays so, and costs no promises.
 *
 * @param onClose how the source is closed
 */
export function encodedBody(source: BodySource, onClose: () => void | Promise<void>): Body {
  const isSync =
    typeof source !== "object" || source === null || !("getReader" in source || Symbol.asyncIterator in source)
  return isSync ? new SyncEncodedChunks(source as Iterable<Chunk>, onClose) : new EncodedChunks(source, onClose)
}

class SyncEncodedChunks implements IterableIterator<Uint8Array, undefined> {
  readonly #source: BodySource
  readonly #onClose: () => void | Promise<void>
  #iterator: Iterator<Chunk> | undefined = undefined
  #done = false
  #closed = false

  constructor(source: BodySource, onClose: () => void | Promise<void>) {
    this.#source = source
    this.#onClose = onClose
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<Uint8Array, undefined> {
    if (this.#done) return DONE
    this.#iterator ??= iterate(this.#source) as Iterator<Chunk>
    const step = this.#iterator.next()
    if (step.done) {
      this.#done = true
      return DONE
    }
    try {
      return encodeStep(step)
    } catch (error) {
      // For the reader of this iterator, an iterator that throws is over; the source's own is not.
      this.return()
      throw error
    }
  }

  return(): IteratorReturnResult<undefined> {
    if (!this.#done) {
      this.#done = true
      this.#iterator?.return?.()
    }
    return DONE
  }

  close(): void | Promise<void> {
    if (this.#closed) return
    this.#closed = true
    return this.#onClose()
  }
}

/** The chunks of any source as bytes, to be iterated and closed once. */
export class EncodedChunks implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: BodySource
  readonly #onClose: () => void | Promise<void>
  #iterator: Iterator<Chunk> | AsyncIterator<Chunk> | undefined = undefined
  #done = false
  #closed = false

  /** @param onClose how the source is closed, unless it is just closed */
  constructor(source: BodySource, onClose: () => void | Promise<void> = () => closeSource(source)) {
    this.#source = source
    this.#onClose = onClose
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  // One promise for each chunk, beside that of the source.
  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#done) return Promise.resolve(DONE)
    try {
      this.#iterator ??= iterate(this.#source)
      const step = this.#iterator.next()
      return (step instanceof Promise ? step : Promise.resolve(step)).then(this.#encode)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  readonly #encode = (
    step: IteratorResult<Chunk>,
  ): IteratorResult<Uint8Array, undefined> | Promise<IteratorResult<Uint8Array, undefined>> => {
    if (step.done) {
      this.#done = true
      return DONE
    }
    try {
      return encodeStep(step)
    } catch (error) {
      // As above.
      return this.return().then(() => Promise.reject(error))
    }
  }

  /** Ends the source's own iteration, as leaving a loop does. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#done) {
      this.#done = true
      await this.#iterator?.return?.()
    }
    return DONE
  }

  close(): void | Promise<void> {
    if (this.#closed) return
    this.#closed = true
    return this.#onClose()
  }
}

function encodeStep(step: IteratorYieldResult<Chunk>): IteratorYieldResult<Uint8Array> {
  const { value } = step
  if (value instanceof Uint8Array) return step as IteratorYieldResult<Uint8Array>
  return { done: false, value: encodeChunk(value) }
}

function iterate(source: BodySource): Iterator<Chunk> | AsyncIterator<Chunk> {
  if (source === null || source === undefined || source === "") return [][Symbol.iterator]()
  if (typeof source === "string" || source instanceof Uint8Array) return [source][Symbol.iterator]()
  // First, since some runtimes can cancel their streams but cannot iterate over them.
  if ("getReader" in source) return new StreamIterator(source)
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}

class StreamIterator implements AsyncIterator<Chunk, undefined> {
  readonly #reader: ReturnType<WebReadableStream<Chunk>["getReader"]>

  constructor(stream: WebReadableStream<Chunk>) {
    this.#reader = stream.getReader()
  }

  async next(): Promise<IteratorResult<Chunk, undefined>> {
    const { done, value } = await this.#reader.read()
    if (!done) return { done, value }
    this.#reader.releaseLock()
    return DONE
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    const cancelled = this.#reader.cancel()
    this.#reader.releaseLock()
    await cancelled
    return DONE
  }
}

/** What sources have for being told that no more is wanted. */
interface ClosableSource {
  close?(): unknown
  destroy?(): unknown
  cancel?(): unknown
  readonly locked?: boolean
}

/**
 * Tells a source that it is not needed any more: `close()` of one that has it, as the gateway asks for, `destroy()` of
 * a stream of Node's, `cancel()` of a web stream. Safe to call on one that was read to its end.
 */
export function closeSource(source: BodySource): void | Promise<void> {
  if (typeof source !== "object" || source === null || source instanceof Uint8Array) return
  const closable = source as ClosableSource
  let closed: unknown
  if ("getReader" in source) {
    // A stream that is still being read from is cancelled by its iterator.
    if (!closable.locked) closed = closable.cancel?.()
  } else if (typeof closable.close === "function") closed = closable.close()
  else if (typeof closable.destroy === "function") closable.destroy()
  if (isThenable(closed)) return Promise.resolve(closed).then(nothing)
}

function nothing(): void {}
