// Ends requests that take too long to be answered. Stands outside of the slow part, inside accessLog.
// JavaScript can't be stopped from outside: `wsgi.signal` is aborted, and an application that does not look at it runs on, but it
// is not waited for. What it gives later is closed, not sent.

import { asApplication } from "../as-application.ts"
import { type BodyIterator, closeBody, iterateBody, withWebSocketOf } from "../environ/body.ts"
import { ServiceUnavailable } from "../exceptions/statuses.ts"
import type { Application, ApplicationLike, Body, Environ, StartResponse } from "../gateway.ts"
import { type OptionNames, requireOptions } from "../mistakes/options.ts"
import { giveSignal, type SignalSource } from "../running/environ.ts"
import { isThenable } from "../thenable.ts"

/** How long an application may take. */
export interface TimeoutOptions {
  /** How long an application may take to give the first chunk of its body. */
  timeoutMs: number
  /** What the client is told to wait before it tries again; it is not told unless given. */
  retryAfterSeconds?: number | undefined
}

/** The reason with which `wsgi.signal` is aborted, and what an application gets that starts its response too late. */
export class RequestTimedOut extends Error {
  override readonly name: string = "RequestTimedOut"
  /** The time that was too short. */
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super(`the application has not answered within ${timeoutMs} ms`)
    this.timeoutMs = timeoutMs
  }
}

const OPTIONS: OptionNames<TimeoutOptions> = { timeoutMs: true, retryAfterSeconds: true }

/**
 * Answers 503 when `app` has not given the first chunk of its body in time, and aborts `wsgi.signal` with a RequestTimedOut.
 * A response that has begun may take as long as it needs. An array that is returned without a promise is not waited for,
 * so it costs nothing.
 *
 * @throws RangeError when `timeoutMs` is no number above 0
 */
export function timeout(app: ApplicationLike, options: TimeoutOptions): Application {
  const inner = asApplication(app, "timeout")
  requireOptions("timeout", options, OPTIONS)
  const { timeoutMs, retryAfterSeconds } = options
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS)) {
    throw new RangeError(`timeoutMs must be above 0 and at most ${MAX_TIMER_MS}, not ${String(timeoutMs)}`)
  }
  const refusal = new ServiceUnavailable({ retryAfter: retryAfterSeconds })
  return (environ, startResponse) => new TimedRequest(environ, startResponse, timeoutMs, refusal).run(inner)
}

/** What a timer of JavaScript can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1
/** How long an abandoned body may take to end its iteration before it is closed all the same. */
const ABANDON_MS = 1000

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

class TimedRequest implements SignalSource {
  readonly #environ: Environ
  readonly #startResponse: StartResponse
  readonly #refusal: ServiceUnavailable
  readonly #deadline: number
  readonly #timeoutMs: number
  #expired: RequestTimedOut | undefined = undefined
  #controller: AbortController | undefined = undefined
  #signal: AbortSignal | undefined = undefined
  /** What gave the signal before. */
  #outer: SignalSource | undefined = undefined

  constructor(environ: Environ, startResponse: StartResponse, timeoutMs: number, refusal: ServiceUnavailable) {
    this.#environ = environ
    this.#startResponse = startResponse
    this.#refusal = refusal
    this.#timeoutMs = timeoutMs
    this.#deadline = performance.now() + timeoutMs
  }

  run(app: Application): Body | Promise<Body> {
    // No signal is made unless the application asks for it.
    this.#outer = giveSignal(this.#environ, this)
    const result = app(this.#environ, this.#start)
    return isThenable(result) ? this.#await(result) : this.#watch(result)
  }

  readonly #start: StartResponse = (status, headers, error) => {
    if (this.#expired !== undefined) throw this.#expired
    const write = this.#startResponse(status, headers, error)
    return (chunk) => (this.#expired === undefined ? write(chunk) : Promise.reject(this.#expired))
  }

  async #await(result: Promise<Body>): Promise<Body> {
    const body = await this.inTime(result)
    if (body !== undefined) return this.#watch(body)
    // All that comes now comes too late.
    result.then(closeBody).catch(() => undefined)
    return this.refuse()
  }

  /** An array is here already; anything else still has to give its first chunk. */
  #watch(body: Body): Body {
    return Array.isArray(body) ? body : withWebSocketOf(new TimedBody(body, this), body)
  }

  /** What a promise gives, or `undefined` and an aborted signal when the time is over first. */
  async inTime<T>(promise: Promise<T>): Promise<T | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const over = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.#expired = new RequestTimedOut(this.#timeoutMs)
        this.#controller?.abort(this.#expired)
        resolve(undefined)
      }, this.#deadline - performance.now())
    })
    try {
      return await Promise.race([promise, over])
    } finally {
      clearTimeout(timer)
    }
  }

  /** The answer in place of the one that did not come. The head can be replaced as long as it was not sent. */
  async refuse(): Promise<Body> {
    return this.#refusal.respond(this.#environ, (status, headers) =>
      this.#startResponse(status, headers, this.#expired),
    )
  }

  /** `wsgi.signal`: one that the timeout aborts, too. */
  signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal
    this.#controller = new AbortController()
    if (this.#expired) this.#controller.abort(this.#expired)
    const before = this.#outer?.signal() as AbortSignal | undefined
    const { signal } = this.#controller
    this.#signal = before === undefined ? signal : AbortSignal.any([before, signal])
    return this.#signal
  }
}

/** Where the accessor finds the request. */
/** A body whose first chunk has to come in time; then the page of the 503 is its only chunk. */
class TimedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: Body
  readonly #request: TimedRequest
  #iterator: BodyIterator | undefined = undefined
  #begun = false
  #ended = false
  #page: Uint8Array[] | undefined = undefined
  #abandoned: Promise<void> | undefined = undefined

  constructor(body: Body, request: TimedRequest) {
    this.#body = body
    this.#request = request
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#page !== undefined) {
      const value = this.#page.shift()
      return value === undefined ? DONE : { done: false, value }
    }
    if (this.#ended) return DONE
    this.#iterator ??= iterateBody(this.#body)
    let step: IteratorResult<Uint8Array> | undefined
    try {
      const next = this.#iterator.next()
      step = this.#begun || !isThenable(next) ? await next : await this.#request.inTime(next)
    } catch (error) {
      this.#ended = true
      throw error
    }
    if (step === undefined) return this.#giveUp(this.#iterator)
    if (step.done) {
      this.#ended = true
      return DONE
    }
    if (step.value.length > 0) this.#begun = true
    return step
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#ended) {
      this.#ended = true
      await this.#iterator?.return?.()
    }
    this.#page = []
    return DONE
  }

  async close(): Promise<void> {
    // An iterator that hangs may never return; its body is closed all the same.
    await this.#abandoned
    await closeBody(this.#body)
  }

  async #giveUp(iterator: BodyIterator): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#ended = true
    this.#abandoned = abandon(iterator)
    const page = await this.#request.refuse()
    this.#page = Array.isArray(page) ? [...(page as Uint8Array[])] : []
    return this.next()
  }
}

async function abandon(iterator: BodyIterator): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ABANDON_MS)
  })
  try {
    await Promise.race([iterator.return?.(), enough])
  } catch {
    // The application failed when it was told to stop, which is one way to stop.
  } finally {
    clearTimeout(timer)
  }
}
