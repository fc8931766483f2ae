/// <reference lib="esnext.disposable" preserve="true" />
// Promises whose failure waits until the caller awaits them. Methods that read a body return such: `const body = request.json();
// await other(); await body` must not end the process when the body turned out bad while another promise was awaited.

import { isThenable } from "../thenable.ts"

/** The same promise. It may reject before anything awaits it; the error reaches each one that does, whenever that is. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.then(undefined, ignore)
  return promise
}

function ignore(): void {}

/** What `compute` gives or throws, as such a promise. */
export function settled<T>(compute: () => T | PromiseLike<T>): Promise<T> {
  try {
    const value = compute()
    return isThenable(value) ? handled(Promise.resolve(value)) : Promise.resolve(value)
  } catch (error) {
    return handled(Promise.reject(error))
  }
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/**
 * An iteration whose steps are such promises, and come one after the other even where they are asked for at once. What fails
 * does not end it: `step` decides whether it goes on.
 */
export class HandledIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #step: () => Promise<IteratorResult<T, undefined>>
  readonly #settled: () => void
  #last: Promise<unknown> | undefined = undefined
  /** Steps that have not come to their end. */
  #busy = 0
  #ended = false

  /** @param step makes the next step */
  constructor(step: () => Promise<IteratorResult<T, undefined>>) {
    this.#step = () => (this.#ended ? Promise.resolve(DONE) : step())
    this.#settled = () => {
      this.#busy--
    }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const step = this.#busy === 0 ? this.#step() : (this.#last as Promise<unknown>).then(this.#step, this.#step)
    this.#last = step
    this.#busy++
    step.then(this.#settled, this.#settled)
    return step
  }

  /** Ends the iteration, as leaving a loop does. */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.#ended = true
    return Promise.resolve(DONE)
  }

  /** For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
  }
}
