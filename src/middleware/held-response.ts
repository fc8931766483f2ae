// A response that must not go out before something is done, which begins when the response is started: a session is saved,
// a stored response is forgotten. What needs no waiting stays synchronous, and an array stays an array.

import { closeBody } from "../environ/body.ts"
import type { Body, Write } from "../gateway.ts"
import { wrapBody } from "../running/wrap-body.ts"

/** For layers: hold what is sent until `hold` settles, and fail it if that fails. */
export class HeldResponse {
  #isStarted = false
  #held: Promise<unknown> | undefined = undefined

  /** To be called when startResponse is, with what has to be waited for. */
  start(held?: Promise<unknown>): void {
    this.#isStarted = true
    if (held === undefined || held === this.#held) return
    this.#held = held
    // Waited for below; a failure before that is not an unhandled rejection.
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
    if (!this.#isStarted) {
      // It starts its response when it is iterated: what it gives waits.
      const waiting = async <T>(value: T) => {
        await this.#held
        return value
      }
      return wrapBody(body, { chunk: waiting, end: () => waiting(undefined) })
    }
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
