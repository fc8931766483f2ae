// The request body as an InputStream, over anything that gives chunks one after the other.
// A subclass says how the next chunk is had; sizes, lines, queued reads and sticky errors are settled here once.
// Knows no socket and no limit: see limited-stream.ts for the latter.

import type { InputStream } from "../gateway.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
const LINE_FEED = 10

/** An InputStream that pulls its chunks when somebody reads. Reads that overlap are served in the order of their calls. */
export abstract class PulledInput implements InputStream {
  #rest: Uint8Array = EMPTY
  #ended = false
  #failure: { reason: unknown } | undefined = undefined
  #last: Promise<unknown> | undefined = undefined

  /** The next chunk, or undefined at the end. Called again only after it settled; a rejection is final. */
  protected abstract pull(): Promise<Uint8Array | undefined>

  /** Resolves to at most `size` bytes, or all the rest; empty at the end. Throws RangeError unless `size` is a whole number from 0. */
  read(size?: number): Promise<Uint8Array> {
    checkSize(size)
    return this.#inTurn(() => (size === undefined ? this.#readAll() : this.#readSome(size)))
  }

  /** Resolves to one line with its `\n`, or to `size` bytes of it. */
  readLine(size?: number): Promise<Uint8Array> {
    checkSize(size)
    return this.#inTurn(() => this.#readLine(size ?? Number.POSITIVE_INFINITY))
  }

  /** Resolves to the lines that are left; with `hint`, stops behind the line that reaches so many bytes in sum. */
  readLines(hint?: number): Promise<Uint8Array[]> {
    checkSize(hint)
    return this.#inTurn(async () => {
      const lines: Uint8Array[] = []
      let total = 0
      while (!hint || total < hint) {
        const line = await this.#readLine(Number.POSITIVE_INFINITY)
        if (line.length === 0) break
        lines.push(line)
        total += line.length
      }
      return lines
    })
  }

  /** Chunks as they come. Stopping early leaves the rest to be read. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () =>
        this.#inTurn(async () => {
          if (!(await this.#fill())) return { done: true, value: undefined }
          return { done: false, value: this.#take(this.#rest.length) }
        }),
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last
    const result = before === undefined ? work() : before.then(work, work)
    this.#last = result
    const done = () => {
      if (this.#last === result) this.#last = undefined
    }
    result.then(done, done)
    return result
  }

  /** Makes sure that a byte is at hand; false at the end. */
  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      if (this.#failure) throw this.#failure.reason
      if (this.#ended) return false
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
    return true
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

  async #readSome(size: number): Promise<Uint8Array> {
    if (size === 0 || !(await this.#fill())) return EMPTY
    return this.#take(size)
  }

  async #readAll(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    while (await this.#fill()) chunks.push(this.#take(this.#rest.length))
    return concatenate(chunks)
  }

  async #readLine(size: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let wanted = size
    while (wanted > 0 && (await this.#fill())) {
      const end = this.#rest.indexOf(LINE_FEED)
      const piece = this.#take(Math.min(wanted, end === -1 ? this.#rest.length : end + 1))
      pieces.push(piece)
      wanted -= piece.length
      if (piece[piece.length - 1] === LINE_FEED) break
    }
    return concatenate(pieces)
  }
}

/** @throws RangeError unless `size` is left out or a whole number from 0 */
export function checkSize(size: number | undefined): void {
  if (size !== undefined && !(Number.isInteger(size) && size >= 0)) {
    throw new RangeError(`size must be a whole number from 0, not ${String(size)}`)
  }
}

/** The chunks in one piece. A single chunk is given back as it is, without a copy. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 0) return EMPTY
  if (chunks.length === 1) return chunks[0] as Uint8Array
  let total = 0
  for (const chunk of chunks) total += chunk.length
  const whole = new Uint8Array(total)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
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
