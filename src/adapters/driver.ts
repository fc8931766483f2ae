// Runs an application for one request by the contract of gateway.ts: calls it, takes the head through startResponse,
// sends the chunks of the body one after the other, closes the body once, and turns whatever goes wrong into one log
// entry and either a plain 500 or a connection that is broken off.
//
// It knows no protocol and no runtime: an Exchange stands for the other side, and every server or adapter brings its own.
// Two ways lead through it. An application that answers with an array, without waiting, is done when `drive` returns,
// and no promise is made. Everything else is iterated by hand: `for await` would neither close an iterator that
// yields a rejected promise nor let go of one that hangs, and each wait has to end when the client leaves.

import { ClientDisconnected } from "../exceptions/statuses.ts"
import type { Application, Body, Environ, HeaderList, ResponseFinished, StartResponse, Write } from "../gateway.ts"
import { GONE, ignore, Presence, type Watched } from "./presence.ts"
import {
  type BodyIterator,
  checkChunk,
  closeBody,
  cut,
  isClosable,
  isThenable,
  iteratorOf,
  type Report,
  returnIterator,
} from "./response-body.ts"
import { dropContentLength, fieldPairs, hasNoContent, type ResponseHead, responseHead } from "./response-head.ts"

/** The server's half of one request: where the driver sends the response. Sending never waits and never throws. */
export interface Exchange extends Watched {
  /** True once nobody is there any more to take a response. */
  readonly gone: boolean
  /** Called at most once, when the driver begins to wait: `onGone` is to be called when the client leaves. */
  watch(onGone: () => void): void
  /** Called with a body that is about to be iterated, which may be of a kind that the server knows a faster way for. */
  adopt?(body: Body): void
  /** Sends a whole response. `head.contentLength` is right, or the response has no body. */
  respond(head: ResponseHead, chunks: readonly Uint8Array[]): void
  /** Sends the head alone; chunks follow, `head.contentLength` bytes or an unknown number, and then the end. */
  start(head: ResponseHead): void
  /** Sends a chunk; calls `taken` when it was handed on and the next one may follow. Never when the client has gone. */
  write(chunk: Uint8Array, taken: () => void): void
  /** The response is complete. */
  end(): void
  /** Breaks off, so that the client sees that the response is not complete. */
  destroy(): void
  /** Tells the operator, once for each thing that went wrong. */
  report(message: string, error?: unknown): void
  /** The request is over: body closed, nothing will be sent any more. */
  finished(head: ResponseHead | undefined, error: unknown): void
}

/** After so many chunks in one go other requests get their turn. */
const STEPS_PER_TURN = 32

const FAILURE_TEXT = new TextEncoder().encode("Internal Server Error\n")
const FAILURE_FIELDS: HeaderList = [
  ["Content-Type", "text/plain; charset=utf-8"],
  ["Content-Length", String(FAILURE_TEXT.length)],
]

/**
 * Runs `app` for one request and sends what it answers into `exchange`. Never throws and never rejects;
 * the request is over when `exchange.finished` was called.
 */
export function drive(app: Application, environ: Environ, exchange: Exchange): void {
  new Drive(environ, exchange).run(app)
}

class Drive {
  readonly #environ: Environ
  readonly #exchange: Exchange
  readonly #isHead: boolean
  readonly #callbacks: ResponseFinished[] | undefined

  #head: ResponseHead | undefined = undefined
  /** What startResponse refused; the application may have caught the error and gone on. */
  #refused: unknown = undefined
  #started = false
  #sent = false
  #over = false
  /** The client left before the application had answered. */
  #abandoned = false
  /** startResponse threw an error back after the head was sent: the response can't be completed any more. */
  #doomed = false
  #bytes = 0
  /** Nothing more will be taken: a HEAD response, or all of Content-Length was sent. */
  #enough = false
  /** The iterator of the body came to its end or threw: there is nothing to return(). */
  #iteratorDone = false
  #presence: Presence | undefined = undefined
  #pendingWrite: Promise<void> | undefined = undefined

  constructor(environ: Environ, exchange: Exchange) {
    this.#environ = environ
    this.#exchange = exchange
    this.#isHead = environ.REQUEST_METHOD === "HEAD"
    this.#callbacks = environ["wsgi.response_finished"]
  }

  run(app: Application): void {
    let result: Body | Promise<Body>
    try {
      result = app(this.#environ, this.#startResponse)
    } catch (error) {
      this.#fail(error)
      this.#finish(error)
      return
    }
    if (Array.isArray(result) && !this.#sent) {
      this.#sendArray(result)
    } else {
      // Everything inside settles its own errors; this guards against a mistake here, not against one in the application.
      this.#runSlowly(result).catch((error: unknown) => {
        this.#fail(error)
        this.#finish(error)
      })
    }
  }

  // ---- startResponse and write

  readonly #startResponse: StartResponse = (status, headers, error) => {
    // To an application that has not noticed yet that the client left, all is as before: its body is closed when it comes.
    if (this.#over && !this.#abandoned) throw new Error("startResponse was called after the response was over")
    if (error !== undefined && error !== null) {
      if (this.#sent) {
        this.#doomed = true
        throw error
      }
    } else if (this.#started) {
      throw new Error("startResponse was called a second time, without an error")
    }
    // Stored first, then checked: after a refusal only a call with an error may follow.
    this.#started = true
    this.#head = undefined
    try {
      this.#head = responseHead(status, headers)
    } catch (refused) {
      this.#refused = refused
      throw refused
    }
    return this.#write
  }

  readonly #write: Write = (chunk) => {
    const taken = this.#over
      ? Promise.reject(new Error("write was called after the response was over"))
      : this.#push(chunk)
    // An application that does not wait for its writes must not end the process with them.
    taken.catch(ignore)
    this.#pendingWrite = taken
    return taken
  }

  #push(chunk: Uint8Array): Promise<void> {
    if (this.#exchange.gone) return Promise.reject(new ClientDisconnected())
    try {
      const part = this.#admit(chunk)
      if (part === undefined) return Promise.resolve()
      return this.#race(new Promise<void>((taken) => this.#exchange.write(part, taken))).catch((error: unknown) => {
        throw error === GONE ? new ClientDisconnected() : error
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  // ---- the short way: an array, at once

  #sendArray(body: readonly Uint8Array[] & { close?(): void | Promise<void> }): void {
    let failure: unknown
    try {
      this.#respond(body)
    } catch (error) {
      failure = error
      this.#fail(error)
    }
    if (isClosable(body)) closeBody(body, this.#reporter()).then(() => this.#finish(failure))
    else this.#finish(failure)
  }

  #respond(body: readonly Uint8Array[]): void {
    let total = 0
    for (let i = 0; i < body.length; i++) total += checkChunk(body[i]).length
    const head = this.#readyHead()
    if (this.#hasNoBody(head)) {
      this.#sent = true
      this.#exchange.respond(head, [])
      return
    }
    let chunks = body
    if (head.contentLength === undefined) {
      head.contentLength = total
      head.fields.push("Content-Length", String(total))
    } else if (total > head.contentLength) {
      this.#reportSurplus(head.contentLength)
      chunks = cut(body, head.contentLength)
    } else if (total < head.contentLength) {
      this.#sent = true
      this.#exchange.start(head)
      for (const chunk of body) this.#exchange.write(chunk, ignore)
      this.#bytes = total
      this.#breakOffShort(head.contentLength)
      return
    }
    this.#sent = true
    this.#exchange.respond(head, chunks)
  }

  // ---- the long way: whatever has to be waited for

  async #runSlowly(result: Body | Promise<Body>): Promise<void> {
    let body: Body | undefined
    let iterator: BodyIterator | undefined
    let failure: unknown
    try {
      body = isThenable<Body>(result) ? await this.#awaitBody(result) : result
      if (Array.isArray(body) && !this.#sent) {
        this.#respond(body)
      } else {
        iterator = iteratorOf(body)
        this.#exchange.adopt?.(body)
        await this.#iterate(iterator)
        this.#complete()
      }
    } catch (error) {
      failure = error
      this.#fail(error)
    }
    if (iterator !== undefined && !this.#iteratorDone)
      await returnIterator(iterator, this.#reporter(), (error) => this.#reportUnlessGone(error))
    await closeBody(body, this.#reporter())
    this.#finish(failure === GONE ? new ClientDisconnected() : failure)
  }

  /** The application's body, unless the client leaves first; then a body that comes late is closed all the same. */
  async #awaitBody(promise: PromiseLike<Body>): Promise<Body> {
    let late = false
    const arrival = Promise.resolve(promise)
    arrival.then(
      (body) => {
        if (late) void closeBody(body, this.#reporter())
      },
      (error) => {
        if (late) this.#reportUnlessGone(error)
      },
    )
    try {
      return await this.#race(arrival)
    } catch (error) {
      late = error === GONE
      this.#abandoned = late
      throw error
    }
  }

  /** Sends chunk by chunk, until the iterator comes to its end or nothing more is wanted from it. */
  async #iterate(iterator: BodyIterator): Promise<void> {
    for (let steps = 1; !this.#enough; steps++) {
      // A body that never has to wait, full or of nothing but empty chunks, must not keep the others from being served.
      if (steps % STEPS_PER_TURN === 0) await this.#race(nextTurn())
      if (this.#pendingWrite !== undefined) await this.#race(this.#pendingWrite)
      let step: IteratorResult<Uint8Array>
      try {
        const next = iterator.next()
        step = isThenable<IteratorResult<Uint8Array>>(next) ? await this.#race(next) : next
      } catch (error) {
        this.#iteratorDone = error !== GONE
        throw error
      }
      if (step.done) {
        this.#iteratorDone = true
        return
      }
      if (this.#exchange.gone) throw GONE
      const part = this.#admit(step.value)
      if (part !== undefined) await this.#race(new Promise<void>((taken) => this.#exchange.write(part, taken)))
    }
  }

  /** Takes a chunk in: sends the head before the first one with bytes, and gives what of it may be sent. */
  #admit(value: unknown): Uint8Array | undefined {
    const chunk = checkChunk(value)
    if (this.#doomed) throw new Error("the application went on after startResponse had thrown its error back")
    if (chunk.length === 0 || this.#enough) return undefined
    const head = this.#sent ? (this.#head as ResponseHead) : this.#sendHead()
    if (this.#hasNoBody(head)) {
      this.#enough = true
      return undefined
    }
    const limit = head.contentLength
    if (limit !== undefined && this.#bytes + chunk.length > limit) {
      this.#reportSurplus(limit)
      this.#enough = true
      const part = chunk.subarray(0, limit - this.#bytes)
      this.#bytes = limit
      return part.length === 0 ? undefined : part
    }
    this.#bytes += chunk.length
    return chunk
  }

  /** The body is over. */
  #complete(): void {
    if (this.#doomed) throw new Error("the application went on after startResponse had thrown its error back")
    if (!this.#sent) {
      const head = this.#readyHead()
      if (!this.#hasNoBody(head)) {
        if (head.contentLength === undefined) {
          head.contentLength = 0
          head.fields.push("Content-Length", "0")
        } else if (head.contentLength > 0) {
          this.#sendHead()
          this.#breakOffShort(head.contentLength)
          return
        }
      }
      this.#sent = true
      this.#exchange.respond(head, [])
      return
    }
    const head = this.#head as ResponseHead
    if (head.contentLength !== undefined && this.#bytes < head.contentLength && !this.#hasNoBody(head)) {
      this.#breakOffShort(head.contentLength)
    } else {
      this.#exchange.end()
    }
  }

  // ---- the head

  #readyHead(): ResponseHead {
    const head = this.#head
    if (head === undefined) {
      if (this.#refused !== undefined) throw this.#refused
      throw new Error("the application did not call startResponse")
    }
    // RFC 9110 section 8.6: no Content-Length in a 204. Section 15.3.6: a 205 has no content, and says so.
    if (head.code === 204 && head.contentLength !== undefined) dropContentLength(head)
    if (head.code === 205 && head.contentLength !== 0) {
      dropContentLength(head)
      head.contentLength = 0
      head.fields.push("Content-Length", "0")
    }
    return head
  }

  #sendHead(): ResponseHead {
    const head = this.#readyHead()
    this.#sent = true
    this.#exchange.start(head)
    return head
  }

  #hasNoBody(head: ResponseHead): boolean {
    return this.#isHead || hasNoContent(head.code)
  }

  #race<T>(promise: PromiseLike<T>): Promise<T> {
    this.#presence ??= new Presence(this.#exchange)
    return this.#presence.race(promise)
  }

  // ---- the end

  #finish(failure: unknown): void {
    if (this.#over) return
    this.#over = true
    const head = this.#sent ? this.#head : undefined
    const callbacks = this.#callbacks
    if (callbacks !== undefined && callbacks.length > 0) this.#callBack(callbacks, head, failure)
    this.#exchange.finished(head, failure)
  }

  #callBack(callbacks: ResponseFinished[], head: ResponseHead | undefined, failure: unknown): void {
    for (let i = callbacks.length - 1; i >= 0; i--) {
      try {
        const result: unknown = callbacks[i]?.(this.#environ, head?.status, head && fieldPairs(head.fields), failure)
        if (isThenable(result)) {
          result.then(undefined, (error: unknown) =>
            this.#exchange.report("a callback of wsgi.response_finished failed", error),
          )
        }
      } catch (error) {
        this.#exchange.report("a callback of wsgi.response_finished failed", error)
      }
    }
  }

  // ---- what went wrong

  #reporter(): Report {
    return (message, error) => this.#exchange.report(message, error)
  }

  #fail(error: unknown): void {
    if (this.#exchange.gone || error === GONE) {
      this.#reportUnlessGone(error)
      return
    }
    this.#exchange.report("the application failed", error)
    if (this.#sent) {
      this.#exchange.destroy()
      return
    }
    this.#sent = true
    this.#head = responseHead("500 Internal Server Error", FAILURE_FIELDS)
    this.#exchange.respond(this.#head, this.#isHead ? [] : [FAILURE_TEXT])
  }

  /** That a client left is no error; what else went wrong at the time is. */
  #reportUnlessGone(error: unknown): void {
    if (error === GONE || error instanceof ClientDisconnected) return
    if (error instanceof Error && error.name === "AbortError") return
    this.#exchange.report("the application failed after the client had gone", error)
  }

  #reportSurplus(limit: number): void {
    this.#exchange.report(`the body is longer than its Content-Length of ${limit} bytes; the surplus was cut off`)
  }

  #breakOffShort(limit: number): void {
    this.#exchange.report(
      `the body has ${this.#bytes} bytes, its Content-Length says ${limit}; the connection was broken off`,
    )
    this.#exchange.destroy()
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
