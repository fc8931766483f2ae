// An InputStream that is opened when it is first read. What goes wrong in opening it is the failure of each read.

import type { InputStream } from "../gateway.ts"
import { handled } from "./handled.ts"

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
