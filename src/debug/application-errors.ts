// An application whose errors are seen: in the call, in the iteration of its body, in close. Each is handed on once; as long
// as nothing was sent, another response may take the place of what would have been one.

import { closeBody, iterateBody } from "../environ/body.ts"
import { isPromise } from "../environ/responder.ts"
import { ClientDisconnected } from "../exceptions/statuses.ts"
import type { Application, Body, Environ, StartResponse } from "../gateway.ts"

/** What is done with an error. */
export interface ErrorHandler<State> {
  /** Called before the application; what it gives comes back with an error. */
  begin(environ: Environ): State
  /** Nothing was sent yet: answers in place of the application. */
  answer(error: unknown, environ: Environ, startResponse: StartResponse, state: State): Promise<Body>
  /** It is too late to answer. */
  late(error: unknown, environ: Environ, circumstance: string, state: State): void
}

/** `app`, whose errors `handler` gets to see. What is too late to be answered is thrown on. */
export function withErrors<State>(app: Application, handler: ErrorHandler<State>): Application {
  return (environ, startResponse) => {
    const state = handler.begin(environ)
    const fail = (error: unknown): Promise<Body> => {
      if (isDeparture(error)) throw error
      if (isSent(environ)) {
        handler.late(error, environ, "after the response had begun", state)
        throw error
      }
      return handler.answer(error, environ, startResponse, state)
    }
    let result: Body | Promise<Body>
    try {
      result = app(environ, startResponse)
    } catch (error) {
      return fail(error)
    }
    const watch = (body: Body) => (isPlain(body) ? body : new WatchedBody(body, environ, startResponse, handler, state))
    return isPromise(result) ? result.then(watch, fail) : watch(result)
  }
}

/** An array cannot fail. */
function isPlain(body: Body): boolean {
  return Array.isArray(body) && (body as Body).close === undefined
}

function isSent(environ: Environ): boolean {
  return environ["wsgi.headers_sent"]?.() === true
}

/** That a client has left is no error of the application. */
export function isDeparture(error: unknown): boolean {
  return error instanceof ClientDisconnected || (error instanceof Error && error.name === "AbortError")
}

class WatchedBody<State> implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: Body
  readonly #environ: Environ
  readonly #startResponse: StartResponse
  readonly #handler: ErrorHandler<State>
  readonly #state: State
  #iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array> | undefined = undefined
  #replacement: Iterator<Uint8Array> | AsyncIterator<Uint8Array> | undefined = undefined
  #hasSent = false

  constructor(body: Body, environ: Environ, startResponse: StartResponse, handler: ErrorHandler<State>, state: State) {
    this.#body = body
    this.#environ = environ
    this.#startResponse = startResponse
    this.#handler = handler
    this.#state = state
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#replacement !== undefined) return this.#replacement.next()
    try {
      this.#iterator ??= iterateBody(this.#body)
      const step = await this.#iterator.next()
      if (step.done !== true && step.value?.length > 0) this.#hasSent = true
      return step
    } catch (error) {
      if (isDeparture(error)) throw error
      if (this.#hasSent || isSent(this.#environ)) {
        this.#handler.late(error, this.#environ, "while the body was sent", this.#state)
        throw error
      }
      const body = await this.#handler.answer(error, this.#environ, this.#startResponse, this.#state)
      this.#replacement = iterateBody(body)
      return this.#replacement.next()
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (this.#replacement === undefined) await this.#iterator?.return?.()
    return { done: true, value: undefined }
  }

  async close(): Promise<void> {
    try {
      await closeBody(this.#body)
    } catch (error) {
      if (!isDeparture(error)) this.#handler.late(error, this.#environ, "when the body was closed", this.#state)
      throw error
    }
  }
}
