// A part of a body: the bytes from one position up to another. A body that can seek starts there; of any other the
// chunks before the part are read and dropped. Chunks keep their boundaries, only the first and the last are trimmed.

import type { Body } from "../gateway.ts"
import { type BodyIterator, closeBody, iterateBody } from "./body.ts"

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** A body whose next chunk can be chosen, as one over a file. */
export interface Seekable {
  /** Whether `seek` works; asked before. */
  seekable(): boolean
  /** Moves to `position`, in bytes from the beginning. */
  seek(position: number): unknown
}

/**
 * `length` bytes of `body` from the byte `start` on, or as many as there are.
 *
 * @example
 * const part = new RangeWrapper([Uint8Array.of(1, 2), Uint8Array.of(3, 4)], 1, 2)
 * [(await part.next()).value[0], (await part.next()).value[0]] // => [2, 3]
 */
export class RangeWrapper implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: Body & Partial<Seekable>
  readonly #start: number
  readonly #end: number
  #position = 0
  #iterator: BodyIterator | undefined = undefined
  #over = false

  /** @param length bytes; up to the end unless given */
  constructor(body: Body & Partial<Seekable>, start = 0, length: number = Number.POSITIVE_INFINITY) {
    this.#body = body
    this.#start = start
    this.#end = start + length
  }

  /** The body is its own iterator: it can be iterated once. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next chunk that lies in the range, without what is outside of it. */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#over) return DONE
    if (this.#position >= this.#end || this.#start >= this.#end) return this.return()
    this.#iterator ??= await this.#open()
    for (;;) {
      const step = await this.#iterator.next()
      if (step.done) {
        this.#over = true
        return DONE
      }
      const from = this.#position
      this.#position += step.value.length
      if (this.#position > this.#start) {
        return { done: false, value: step.value.subarray(Math.max(0, this.#start - from), this.#end - from) }
      }
    }
  }

  /** Ends the iteration of the body too, since nothing more of it is wanted. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#over) {
      this.#over = true
      await this.#iterator?.return?.()
    }
    return DONE
  }

  /** Closes the body. */
  close(): void | Promise<void> {
    return closeBody(this.#body)
  }

  async #open(): Promise<BodyIterator> {
    const body = this.#body
    if (this.#start > 0 && body.seekable?.() && body.seek !== undefined) {
      await body.seek(this.#start)
      this.#position = this.#start
    }
    return iterateBody(body)
  }
}
