// Reads that overlap, malformed sizes, lines that are put together: what is the same for every InputStream, settled once. A
// subclass takes bytes from their source, and is asked for the next ones only when the ones before have come.
// Knows no buffer and no limit: see input.ts for the one, limited-stream.ts for the other.

import type { InputStream } from "../gateway.ts"
import { concatenate, GatheredChunks } from "./concatenation.ts"
import { DIRECT_READER } from "./first-reader.ts"

const NOTHING: Promise<Uint8Array> = Promise.resolve(new Uint8Array(0))
const LINE_FEED = 10

/** An InputStream whose reads are served in the order of their calls. */
export abstract class OrderedInput implements InputStream {
  #last: Promise<unknown> | undefined = undefined
  /** Reads that have not come to their end. */
  #busy = 0
  #settled: (() => void) | undefined = undefined
  #takeStep: (() => Promise<IteratorResult<Uint8Array, undefined>>) | undefined = undefined
  #firstReader: string | undefined = undefined

  /** What has begun to read it; `undefined` while nothing was read. Set by a reader that has a name, before it reads. */
  get firstReader(): string | undefined {
    return this.#firstReader
  }

  set firstReader(reader: string | undefined) {
    this.#firstReader = reader
  }

  /** Takes at most `size` bytes, from 1, or a chunk as it comes; at least one byte unless it is over. */
  protected abstract takeSome(size?: number): Promise<Uint8Array>

  /** Takes at most `size` bytes, as far as they are at hand and of one line; at least one byte unless it is over. */
  protected abstract takeOfLine(size: number): Promise<Uint8Array>

  /** Whether it is over as far as one can tell without another look. A read that has something stops there. */
  protected isOver(): boolean {
    return false
  }

  /** Takes all that is left if it is at hand to the end; undefined when some of it has to be waited for. */
  protected takeRest(): Uint8Array | undefined {
    return undefined
  }

  /** Takes all that is left; throws what `tooMuch` makes when that is more than `most` bytes. */
  protected async takeAll(most: number = Number.POSITIVE_INFINITY, tooMuch?: () => Error): Promise<Uint8Array> {
    const chunks = new GatheredChunks()
    let size = 0
    do {
      const chunk = await this.takeSome()
      if (chunk.length === 0) break
      size += chunk.length
      if (size > most) throw tooMuch?.()
      chunks.push(chunk)
    } while (!this.isOver())
    return chunks.whole()
  }

  /** Resolves to at most `size` bytes, or all the rest; empty at the end. Throws RangeError unless `size` is a whole number from 0. */
  read(size?: number): Promise<Uint8Array> {
    checkSize(size)
    const rest = size === undefined ? this.#restAtOnce() : undefined
    if (rest !== undefined) return Promise.resolve(rest)
    return this.#inTurn(() => {
      if (size === undefined) return this.takeAll()
      return size === 0 ? NOTHING : this.takeSome(size)
    })
  }

  /** All that is left, at once where it is at hand. Throws or rejects with what `tooMuch` makes when that is more than `most` bytes. */
  readAtMost(most: number, tooMuch: () => Error): Uint8Array | Promise<Uint8Array> {
    const rest = this.#restAtOnce()
    if (rest === undefined) return this.#inTurn(() => this.takeAll(most, tooMuch))
    if (rest.length > most) throw tooMuch()
    return rest
  }

  #restAtOnce(): Uint8Array | undefined {
    const rest = this.#busy === 0 ? this.takeRest() : undefined
    if (rest !== undefined) this.#firstReader ??= DIRECT_READER
    return rest
  }

  /** Resolves to one line with its `\n`, or to `size` bytes of it; empty at the end. */
  readLine(size?: number): Promise<Uint8Array> {
    checkSize(size)
    return this.#inTurn(() => this.#takeLine(size ?? Number.POSITIVE_INFINITY))
  }

  /** Resolves to the lines that are left; with `hint`, stops behind the line that reaches so many bytes in sum. */
  readLines(hint?: number): Promise<Uint8Array[]> {
    checkSize(hint)
    return this.#inTurn(async () => {
      const lines: Uint8Array[] = []
      let total = 0
      while (!hint || total < hint) {
        const line = await this.#takeLine(Number.POSITIVE_INFINITY)
        if (line.length === 0) break
        lines.push(line)
        total += line.length
      }
      return lines
    })
  }

  /** Chunks as they come. Stopping early leaves the rest to be read. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return { next: () => this.nextStep() }
  }

  /** The next step of an iteration. */
  protected nextStep(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#takeStep ??= () => this.takeStep()
    return this.#inTurn(this.#takeStep)
  }

  /** Takes a chunk as it comes, as a step. */
  protected takeStep(): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.takeSome().then(stepOf)
  }

  // What waits its turn counts as busy, too.
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#firstReader ??= DIRECT_READER
    const result = this.#busy === 0 ? work() : (this.#last as Promise<unknown>).then(work, work)
    this.#last = result
    this.#busy++
    this.#settled ??= () => {
      this.#busy--
    }
    // It is handled by this as well.
    result.then(this.#settled, this.#settled)
    return result
  }

  async #takeLine(size: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let wanted = size
    while (wanted > 0) {
      const piece = await this.takeOfLine(wanted)
      if (piece.length === 0) break
      pieces.push(piece)
      wanted -= piece.length
      if (piece[piece.length - 1] === LINE_FEED || this.isOver()) break
    }
    return concatenate(pieces)
  }
}

/** The step that a chunk is; an empty one is the end. */
export function stepOf(chunk: Uint8Array): IteratorResult<Uint8Array, undefined> {
  return chunk.length === 0 ? { done: true, value: undefined } : { done: false, value: chunk }
}

function checkSize(size: number | undefined): void {
  if (size !== undefined && !(Number.isInteger(size) && size >= 0)) {
    throw new RangeError(`size must be a whole number from 0, not ${String(size)}`)
  }
}
