// An InputStream that is opened when it is first read. What goes wrong in opening it is the failure of each read.

import type { InputStream } from "../gateway.ts"
import { GatheredChunks } from "./concatenation.ts"
import { handled } from "./handled.ts"
import { OrderedInput } from "./ordered-input.ts"

/** Reads from what `open` gives. */
export class LateInput implements InputStream {
  readonly #open: () => InputStream
  #input: InputStream | undefined = undefined

  /** @param open called when something is read, again if it threw */
  constructor(open: () => InputStream) {
    this.#open = open
  }

  read(size?: number): Promise<Uint8Array> {
    return this.#with((input) => input.read(size))
  }

  /** All that is left, at once where it is at hand. Throws or rejects with what `tooMuch` makes when that is more than `most` bytes. */
  readAtMost(most: number, tooMuch: () => Error): Uint8Array | Promise<Uint8Array> {
    this.#input ??= this.#open()
    const input = this.#input
    return input instanceof OrderedInput ? input.readAtMost(most, tooMuch) : readPieces(input, most, tooMuch)
  }

  readLine(size?: number): Promise<Uint8Array> {
    return this.#with((input) => input.readLine(size))
  }

  readLines(hint?: number): Promise<Uint8Array[]> {
    return this.#with((input) => input.readLines(hint))
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    let iterator: AsyncIterator<Uint8Array> | undefined
    const next = (input: InputStream) => {
      iterator ??= input[Symbol.asyncIterator]()
      return iterator.next() as Promise<IteratorResult<Uint8Array, undefined>>
    }
    return { next: () => this.#with(next) }
  }

  #with<T>(read: (input: InputStream) => Promise<T>): Promise<T> {
    if (this.#input === undefined) {
      try {
        this.#input = this.#open()
      } catch (error) {
        return handled(Promise.reject(error))
      }
    }
    return handled(read(this.#input))
  }
}

/** Bytes that are asked for at once. */
const READ_SIZE = 64 * 1024

async function readPieces(input: InputStream, most: number, tooMuch: () => Error): Promise<Uint8Array> {
  const chunks = new GatheredChunks()
  for (let size = 0; ; ) {
    const chunk = await input.read(READ_SIZE)
    if (chunk.length === 0) return chunks.whole()
    size += chunk.length
    if (size > most) throw tooMuch()
    chunks.push(chunk)
  }
}
