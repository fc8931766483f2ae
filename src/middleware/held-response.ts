// A response that must not go out before something is done, which begins when the response is started: a session is saved,
// a stored response is forgotten. What needs no waiting stays synchronous, and an array stays an array.

import { type BodyIterator, closeBody, iterateBody } from "../environ/body.ts"
import type { Body, Write } from "../gateway.ts"

/** For layers: hold what is sent until `hold` settles, and fail it if that fails. */
export class HeldResponse {
  #isStarted = false
  #held: Promise<unknown> | undefined = undefined

  /** To be called when startResponse is, with what has to be waited for. */
  start(held?: Promise<unknown>): void {
    this.#isStarted = true
    if (held === undefined || held === this.#held) return
    this.#held = held
    // Waited for below; until then a failure is nobody's.
    held.catch(() => {})
  }

  /** A `write` that waits. */
  writing(write: Write): Write {
    const held = this.#held
    if (held === undefined) return write
    return async (chunk) => {
      await held
      return write(chunk)
    }
  }

  /** The body, to be sent afterwards; closed, if that fails. */
  body(body: Body): Body | Promise<Body> {
    if (!this.#isStarted) return new HeldBody(body, () => this.#held)
    if (this.#held === undefined) return body
    return this.#held.then(
      () => body,
      async (error) => {
        await closeBody(body)
        throw error
      },
    )
  }
}

/** A body that starts its response when it is iterated: what it gives waits. */
class HeldBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: Body
  readonly #held: () => Promise<unknown> | undefined
  #iterator: BodyIterator | undefined = undefined

  constructor(body: Body, held: () => Promise<unknown> | undefined) {
    this.#body = body
    this.#held = held
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#iterator ??= iterateBody(this.#body)
    const step = await this.#iterator.next()
    await this.#held()
    return step.done ? { done: true, value: undefined } : step
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#iterator?.return?.()
    return { done: true, value: undefined }
  }

  close(): void | Promise<void> {
    return closeBody(this.#body)
  }
}
