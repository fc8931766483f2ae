// A stream that ends at a number of bytes: at the announced length of a body, which must then be all there, or at the
// most that the application takes, beyond which the answer is 413. It holds no bytes back and asks its source for no
// more than what is left, so a reader that goes on with the source behind it misses nothing.

import { HTTPException } from "../exceptions/http-exception.ts"
import { ClientDisconnected, RequestEntityTooLarge } from "../exceptions/statuses.ts"
import type { InputStream } from "../gateway.ts"
import { BodyWasReadError, firstReaderOf } from "./first-reader.ts"
import { handled } from "./handled.ts"
import { OrderedInput, stepOf } from "./ordered-input.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
/** What one read of the source asks for when the caller named no size. */
const READ_SIZE = 64 * 1024

/**
 * An InputStream over at most `limit` bytes of another one. Reads that overlap are served in the order of their calls.
 *
 * Without `isMax` the source has to give exactly so many bytes: when it ends earlier, the client has gone.
 * With `isMax` it may end earlier, and it is an error when it has more.
 */
export class LimitedStream extends OrderedInput {
  readonly #source: InputStream
  readonly #isMax: boolean
  readonly #limitName: string
  /** How many bytes there are to be read at most. */
  readonly limit: number
  #position = 0
  #hasMore = false

  /**
   * @param limit bytes, a whole number from 0
   * @param isMax whether `limit` is the most that is allowed, instead of the length that was announced
   * @param limitName what the 413 calls the limit
   * @throws RangeError when `limit` is not such a number
   */
  constructor(source: InputStream, limit: number, isMax = false, limitName = "maxContentLength") {
    if (!(Number.isSafeInteger(limit) && limit >= 0)) {
      throw new RangeError(`limit must be a whole number from 0, not ${String(limit)}`)
    }
    super()
    this.#source = source
    this.limit = limit
    this.#isMax = isMax
    this.#limitName = limitName
  }

  /** Whether all bytes up to the limit were read. */
  get isExhausted(): boolean {
    return this.#position >= this.limit
  }

  /** What has begun to read it, or its source before. */
  override get firstReader(): string | undefined {
    return super.firstReader ?? firstReaderOf(this.#source)
  }

  override set firstReader(reader: string | undefined) {
    super.firstReader = reader
  }

  /** How many bytes were read. */
  tell(): number {
    return this.#position
  }

  /**
   * Called when something is read behind the limit; with `isMax`, only when there is more to read.
   * Does nothing unless `isMax`, where it throws. May be overridden to throw something else, or never.
   *
   * @throws RequestEntityTooLarge (413)
   */
  onExhausted(): void {
    if (this.#isMax) throw tooLarge({ name: this.#limitName, bytes: this.limit })
  }

  /**
   * Called when the source ends before the limit, and when it fails, with the error. With `isMax` an early end is
   * none of these. An HTTPException of the source, as for a limit of its own, goes on as it is.
   * May be overridden; what was read up to there counts as all when it does not throw.
   *
   * @throws ClientDisconnected (400)
   */
  onDisconnect(error?: unknown): void {
    if (error === undefined && this.#isMax) return
    if (error instanceof HTTPException || error instanceof BodyWasReadError) throw error
    throw new ClientDisconnected(error === undefined ? undefined : { cause: error })
  }

  /** Resolves to all that is left. */
  readAll(): Promise<Uint8Array> {
    return this.read()
  }

  /** Reads into `target`, from its beginning; resolves to the number of bytes, 0 at the end. */
  readInto(target: Uint8Array): Promise<number> {
    return handled(
      this.read(target.length).then((chunk) => {
        target.set(chunk)
        return chunk.length
      }),
    )
  }

  /** Reads all that is left and throws it away, in pieces of at most `chunkSize` bytes. */
  exhaust(chunkSize: number = READ_SIZE): Promise<void> {
    return handled(this.#exhaust(chunkSize))
  }

  async #exhaust(chunkSize: number): Promise<void> {
    while ((await this.read(chunkSize)).length > 0);
  }

  // By way of read, which a subclass may have made its own.
  protected override nextStep(): Promise<IteratorResult<Uint8Array, undefined>> {
    return handled(this.read(READ_SIZE).then(stepOf))
  }

  protected override isOver(): boolean {
    return this.isExhausted
  }

  protected override takeSome(size: number = READ_SIZE): Promise<Uint8Array> {
    return this.#within("read", size)
  }

  protected override takeOfLine(size: number): Promise<Uint8Array> {
    return this.#within("readLine", size)
  }

  protected override async takeAll(most?: number, tooMuch?: () => Error): Promise<Uint8Array> {
    if (this.isExhausted) return this.#readBehind()
    const all = await super.takeAll(most, tooMuch)
    // Only a reader that meets the end can tell a body of just the allowed size from a larger one.
    if (this.#isMax && this.isExhausted) await this.#readBehind()
    return all
  }

  #within(method: "read" | "readLine", size: number): Promise<Uint8Array> {
    return this.isExhausted ? this.#readBehind() : this.#ask(method, Math.min(size, this.limit - this.#position))
  }

  async #ask(method: "read" | "readLine", size: number): Promise<Uint8Array> {
    let chunk: Uint8Array
    try {
      chunk = await this.#source[method](size)
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
      this.#hasMore = (await this.#ask("read", 1)).length > 0
      if (!this.#hasMore) return EMPTY
    }
    this.onExhausted()
    return EMPTY
  }
}

/** The most bytes that a body may have, and what says so. */
export interface BodyLimit {
  readonly name: string
  readonly bytes: number
}

/** That limit, if it is one. @throws RangeError for what is neither a whole number from 0 nor Infinity */
export function limitOfBody(name: string, bytes: number | undefined): BodyLimit | undefined {
  if (bytes === undefined || bytes === Number.POSITIVE_INFINITY) return undefined
  if (Number.isSafeInteger(bytes) && bytes >= 0) return { name, bytes }
  throw new RangeError(`${name} must be a whole number from 0, not ${String(bytes)}`)
}

/** A 413 for a body of more bytes than are taken. */
export function tooLarge({ name, bytes }: BodyLimit): RequestEntityTooLarge {
  return new RequestEntityTooLarge(`The body is larger than ${name} allows, which is ${bytes} bytes.`)
}
