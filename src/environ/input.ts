// The request body as an InputStream, over anything that gives chunks one after the other.
// A subclass says how the next chunk is had; what is left of one that was read in part, and an error that stays, are settled
// here. Knows no socket and no limit: see limited-stream.ts for the latter.

import type { InputStream } from "../gateway.ts"
import { OrderedInput, stepOf } from "./ordered-input.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
const LINE_FEED = 10

/** An InputStream that pulls its chunks when it is read. Reads that overlap are served in the order of their calls. */
export abstract class PulledInput extends OrderedInput {
  #rest: Uint8Array
  #ended: boolean
  #failure: { reason: unknown } | undefined = undefined

  /** @param whole all that there is to read, where it is there already: nothing is pulled then */
  constructor(whole?: Uint8Array) {
    super()
    this.#rest = whole ?? EMPTY
    this.#ended = whole !== undefined
  }

  /** The next chunk, or undefined at the end. Called again only after it settled; a rejection is final. */
  protected abstract pull(): Uint8Array | undefined | Promise<Uint8Array | undefined>

  protected override takeRest(): Uint8Array | undefined {
    return this.#ended ? this.#take(Number.POSITIVE_INFINITY) : undefined
  }

  protected override takeSome(size: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    return this.#filled(() => this.#take(size))
  }

  protected override takeStep(): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.#filled(() => stepOf(this.#take(Number.POSITIVE_INFINITY)))
  }

  protected override takeOfLine(size: number): Promise<Uint8Array> {
    return this.#filled(() => {
      const end = this.#rest.indexOf(LINE_FEED)
      return this.#take(end === -1 ? size : Math.min(size, end + 1))
    })
  }

  /** Takes something when a byte is at hand, or when it is over. */
  async #filled<T>(take: () => T): Promise<T> {
    while (this.#rest.length === 0 && !this.#ended) {
      if (this.#failure) throw this.#failure.reason
      let chunk: Uint8Array | undefined
      try {
        const pulled = this.pull()
        chunk = pulled instanceof Promise ? await pulled : pulled
      } catch (reason) {
        this.#failure = { reason }
        throw reason
      }
      if (chunk === undefined) this.#ended = true
      else this.#rest = chunk
    }
    return take()
  }

  #take(size: number): Uint8Array {
    const taken = this.#rest
    if (size >= taken.length) {
      this.#rest = EMPTY
      return taken
    }
    this.#rest = taken.subarray(size)
    return taken.subarray(0, size)
  }
}

class IteratedInput extends PulledInput {
  #iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>

  constructor(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    super()
    this.#iterator =
      Symbol.asyncIterator in source
        ? source[Symbol.asyncIterator]()
        : (source as Iterable<Uint8Array>)[Symbol.iterator]()
  }

  // The promise of an iterator may be of any kind.
  protected pull(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const step = this.#iterator.next()
    return "then" in step ? Promise.resolve(step).then(chunkOf) : chunkOf(step)
  }
}

/** Bytes that are all there. */
class WholeInput extends PulledInput {
  protected pull(): undefined {}
}

function chunkOf(step: IteratorResult<Uint8Array>): Uint8Array | undefined {
  return step.done ? undefined : step.value
}

/**
 * An InputStream over bytes, or over chunks as they come from an iterable.
 *
 * @example
 * new TextDecoder().decode(await inputFrom(new TextEncoder().encode("a=1")).read(2)) // => "a="
 */
export function inputFrom(source: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>): InputStream {
  return source instanceof Uint8Array ? new WholeInput(source) : new IteratedInput(source)
}

const NOTHING = Promise.resolve(EMPTY)
const NO_LINES: Promise<Uint8Array[]> = Promise.resolve([])

/** The body of a request without a body. One object serves all requests, since it holds no state. */
export const emptyInput: InputStream = Object.freeze({
  read: () => NOTHING,
  readLine: () => NOTHING,
  readLines: () => NO_LINES.then(() => []),
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true as const, value: undefined }) }),
})
