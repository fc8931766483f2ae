// A stream that ends at a number of bytes: at the announced length of a body, which must then be all there, or at the
// most that one is willing to take, beyond which the answer is 413. It holds no bytes back and asks its source for no
// more than what is left, so whoever reads on behind it, from the source, misses nothing.

import { ClientDisconnected, RequestEntityTooLarge } from "../exceptions/statuses.ts"
import type { InputStream } from "../gateway.ts"
import { checkSize, concatenate } from "./input.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
/** What one read of the source asks for when the caller named no size. */
const READ_SIZE = 64 * 1024
const LINE_FEED = 10

/**
 * An InputStream over at most `limit` bytes of another one. Reads that overlap are served in the order of their calls.
 *
 * Without `isMax` the source has to give exactly so many bytes: one that ends earlier has lost its client.
 * With `isMax` it may end earlier, and it is an error when it has more.
 *
 * @row WSGI-12, WSGI-16
 */
export class LimitedStream implements InputStream {
  readonly #source: InputStream
  readonly #isMax: boolean
  /** How many bytes there are to be read at most. @row WSGI-13 */
  readonly limit: number
  #position = 0
  #hasMore = false
  #last: Promise<unknown> | undefined = undefined

  /**
   * @param limit bytes, a whole number from 0
   * @param isMax whether `limit` is the most that is allowed, instead of the length that was announced
   * @throws RangeError when `limit` is not such a number
   */
  constructor(source: InputStream, limit: number, isMax = false) {
    if (!(Number.isSafeInteger(limit) && limit >= 0)) {
      throw new RangeError(`limit must be a whole number from 0, not ${String(limit)}`)
    }
    this.#source = source
    this.limit = limit
    this.#isMax = isMax
  }

  /** Whether all bytes up to the limit were read. @row WSGI-13 */
  get isExhausted(): boolean {
    return this.#position >= this.limit
  }

  /** How many bytes were read. @row WSGI-13 */
  tell(): number {
    return this.#position
  }

  /** True: it can be read. @row WSGI-13 */
  readable(): boolean {
    return true
  }

  /**
   * Called when something is read behind the limit; with `isMax`, only when there is more to read.
   * Does nothing unless `isMax`, where it throws. May be overridden to throw something else, or never.
   *
   * @throws RequestEntityTooLarge (413)
   * @row WSGI-14
   */
  onExhausted(): void {
    if (this.#isMax) throw tooLarge(this.limit)
  }

  /**
   * Called when the source ends before the limit, and when it fails, with the error. With `isMax` an early end is
   * none of these. May be overridden; what was read up to there counts as all when it does not throw.
   *
   * @throws ClientDisconnected (400)
   * @row WSGI-15
   */
  onDisconnect(error?: unknown): void {
    if (error === undefined && this.#isMax) return
    if (error instanceof ClientDisconnected) throw error
    throw new ClientDisconnected(error === undefined ? undefined : { cause: error })
  }

  /** Resolves to at most `size` bytes, at least one unless it is over; to all that is left when there is no `size`. */
  read(size?: number): Promise<Uint8Array> {
    checkSize(size)
    return this.#inTurn(() => (size === undefined ? this.#readAll() : this.#readSome(size)))
  }

  /** Resolves to all that is left. */
  readAll(): Promise<Uint8Array> {
    return this.read()
  }

  /** Reads into `target`, from its beginning; resolves to the number of bytes, 0 at the end. */
  async readInto(target: Uint8Array): Promise<number> {
    const chunk = await this.read(target.length)
    target.set(chunk)
    return chunk.length
  }

  /** Resolves to one line with its `\n`, cut at `size` bytes and at the limit; empty at the end. */
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

  /** Reads all that is left and throws it away, in pieces of at most `chunkSize` bytes. */
  async exhaust(chunkSize: number = READ_SIZE): Promise<void> {
    while ((await this.read(chunkSize)).length > 0);
  }

  /** Chunks as they come. Stopping early leaves the rest to be read. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: async () => {
        const chunk = await this.read(READ_SIZE)
        return chunk.length === 0 ? { done: true, value: undefined } : { done: false, value: chunk }
      },
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

  async #readSome(size: number): Promise<Uint8Array> {
    if (size === 0) return EMPTY
    if (this.isExhausted) return this.#readBehind()
    return this.#pull(Math.min(size, this.limit - this.#position))
  }

  async #readAll(): Promise<Uint8Array> {
    if (this.isExhausted) return this.#readBehind()
    const chunks: Uint8Array[] = []
    while (!this.isExhausted) {
      const chunk = await this.#pull(Math.min(READ_SIZE, this.limit - this.#position))
      if (chunk.length === 0) break
      chunks.push(chunk)
    }
    // Only a reader that meets the end can tell a body of just the allowed size from a larger one.
    if (this.#isMax && this.isExhausted) await this.#readBehind()
    return concatenate(chunks)
  }

  async #readLine(size: number): Promise<Uint8Array> {
    if (size === 0) return EMPTY
    if (this.isExhausted) return this.#readBehind()
    const pieces: Uint8Array[] = []
    let wanted = size
    while (wanted > 0 && !this.isExhausted) {
      const most = Math.min(wanted, this.limit - this.#position)
      const piece = await this.#take(() => this.#source.readLine(most))
      if (piece.length === 0) break
      pieces.push(piece)
      wanted -= piece.length
      if (piece[piece.length - 1] === LINE_FEED) break
    }
    return concatenate(pieces)
  }

  #pull(size: number): Promise<Uint8Array> {
    return this.#take(() => this.#source.read(size))
  }

  async #take(read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    let chunk: Uint8Array
    try {
      chunk = await read()
    } catch (error) {
      this.onDisconnect(error)
      return EMPTY
    }
    if (chunk.length === 0) this.onDisconnect()
    this.#position += chunk.length
    return chunk
  }

  async #readBehind(): Promise<Uint8Array> {
    if (this.#isMax && !this.#hasMore) {
      this.#hasMore = (await this.#take(() => this.#source.read(1))).length > 0
      if (!this.#hasMore) return EMPTY
    }
    this.onExhausted()
    return EMPTY
  }
}

/** A 413 for a body of more bytes than are taken. */
export function tooLarge(most: number): RequestEntityTooLarge {
  return new RequestEntityTooLarge(`The body is larger than maxContentLength allows, which is ${most} bytes.`)
}
