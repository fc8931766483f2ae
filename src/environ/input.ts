// The request body as an InputStream, over anything that gives chunks one after the other.
// A subclass says how the next chunk is had; what is left of one that was read in part, and an error that stays, are settled
// here. Knows no socket and no limit: see limited-stream.ts for the latter.

import type { InputStream } from "../gateway.ts"
import { OrderedInput } from "./ordered-input.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
const LINE_FEED = 10

/** An InputStream that pulls its chunks when somebody reads. Reads that overlap are served in the order of their calls. */
export abstract class PulledInput extends OrderedInput {
  #rest: Uint8Array = EMPTY
  #ended = false
  #failure: { reason: unknown } | undefined = undefined

  /** The next chunk, or undefined at the end. Called again only after it settled; a rejection is final. */
  protected abstract pull(): Promise<Uint8Array | undefined>

  protected override async takeSome(size: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    if (this.#rest.length === 0) await this.#fill()
    return this.#take(size)
  }

  protected override async takeOfLine(size: number): Promise<Uint8Array> {
    if (this.#rest.length === 0) await this.#fill()
    const end = this.#rest.indexOf(LINE_FEED)
    return this.#take(end === -1 ? size : Math.min(size, end + 1))
  }

  /** Makes sure that a byte is at hand, unless it is over. */
  async #fill(): Promise<void> {
    while (this.#rest.length === 0 && !this.#ended) {
      if (this.#failure) throw this.#failure.reason
      let chunk: Uint8Array | undefined
      try {
        chunk = await this.pull()
      } catch (reason) {
        this.#failure = { reason }
        throw reason
      }
      if (chunk === undefined) this.#ended = true
      else this.#rest = chunk
    }
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

  protected async pull(): Promise<Uint8Array | undefined> {
    const step = await this.#iterator.next()
    return step.done ? undefined : step.value
  }
}

/**
 * An InputStream over bytes, or over chunks as they come from an iterable.
 *
 * @example
 * new TextDecoder().decode(await inputFrom(new TextEncoder().encode("a=1")).read(2)) // => "a="
 */
export function inputFrom(source: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>): InputStream {
  return new IteratedInput(source instanceof Uint8Array ? [source] : source)
}

const NOTHING = Promise.resolve(EMPTY)
const NO_LINES: Promise<Uint8Array[]> = Promise.resolve([])

/** The body of a request that has none. One object serves all requests, since it holds no state. */
export const emptyInput: InputStream = Object.freeze({
  read: () => NOTHING,
  readLine: () => NOTHING,
  readLines: () => NO_LINES.then(() => []),
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true as const, value: undefined }) }),
})
