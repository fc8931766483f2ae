// An application whose errors are answered by a handler: those of the call, and those of the iteration of its body, as
// long as nothing was sent. What comes later is thrown on, and the server reports it.

import { type BodyIterator, closeBody, iterateBody, withWebSocketOf } from "../environ/body.ts"
import { ClientDisconnected } from "../exceptions/statuses.ts"
import type { Application, Body, Environ, StartResponse } from "../gateway.ts"
import { isAbortError, isInstance } from "../mistakes/thrown.ts"
import { canLend } from "../running/lending.ts"
import { isThenable } from "../thenable.ts"

/** Answers in place of the application. */
export interface ErrorHandler<State> {
  /** Called before the application; what it gives comes back with an error. */
  begin(environ: Environ): State
  answer(error: unknown, environ: Environ, startResponse: StartResponse, state: State): Promise<Body>
}

/** `app`, whose errors `handler` answers. */
export function withErrors<State>(app: Application, handler: ErrorHandler<State>): Application {
  return (environ, startResponse) => {
    const state = handler.begin(environ)
    const answer: Answer = (error) => {
      if (isDeparture(error, environ) || environ["wsgi.headers_sent"]?.() === true) throw error
      return handler.answer(error, environ, startResponse, state)
    }
    let result: Body | Promise<Body>
    try {
      result = app(environ, startResponse)
    } catch (error) {
      return answer(error)
    }
    return isThenable(result) ? result.then((body) => watched(body, answer), answer) : watched(result, answer)
  }
}

/** Gives another body, or throws the error on. */
type Answer = (error: unknown) => Promise<Body>

/** That a client has left is no error of the application, nor what it breaks off for that. */
function isDeparture(error: unknown, environ: Environ): boolean {
  if (isInstance(error, ClientDisconnected)) return true
  return isAbortError(error) && environ["wsgi.signal"]?.aborted === true
}

function watched(body: Body, answer: Answer): Body {
  // An array cannot fail.
  if (Array.isArray(body)) return body
  const watching = new WatchedBody(body, answer)
  if (typeof body.websocket === "function") return withWebSocketOf(watching, body)
  return canLend(body) ? Object.assign(watching, { lend: () => body.lend() }) : watching
}

class WatchedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: Body
  readonly #answer: Answer
  #iterator: BodyIterator | undefined = undefined
  #hasSent = false

  constructor(body: Body, answer: Answer) {
    this.#body = body
    this.#answer = answer
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      this.#iterator ??= iterateBody(this.#body)
      const step = await this.#iterator.next()
      if (step.done !== true && step.value?.length > 0) this.#hasSent = true
      return step
    } catch (error) {
      if (this.#hasSent) throw error
      this.#iterator = iterateBody(await this.#answer(error))
      this.#hasSent = true
      return this.#iterator.next()
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#iterator?.return?.()
    return { done: true, value: undefined }
  }

  close(): void | Promise<void> {
    return closeBody(this.#body)
  }
}
