// Runs an application for one request by the contract of gateway.ts: calls it, takes the head through startResponse,
// sends the chunks of the body one after the other, closes the body once, and turns what goes wrong into one log entry
// and either a plain 500 or a connection that is broken off.
//
// It knows no protocol and no runtime: an Exchange stands for the other side. Where the response is, one value tells, and
// states.ts says what may follow. What the driver waits for, another one tells: it waits for one thing at a time, and when
// the client leaves it stops to wait. A step that needs no waiting is taken at once, so that an application that
// answers with an array is done when `drive` returns, and no promise is made. The body is iterated by hand, since
// `for await` neither closes an iterator that yields a rejected promise nor lets go of one that hangs.

import type { BodyIterator } from "../environ/body.ts"
import { ClientDisconnected } from "../exceptions/statuses.ts"
import type { Application, Body, Environ, HeaderList, ResponseFinished, StartResponse, Write } from "../gateway.ts"
import { hasContent } from "../http/status.ts"
import { TextBody } from "../http/text-body.ts"
import { describe } from "../mistakes/describe.ts"
import { isAbortError, isInstance, thrownHint } from "../mistakes/thrown.ts"
import { isThenable } from "../thenable.ts"
import { bounded, checkChunk, cut, isClosable, iteratorOf, sizeOf, withLimit } from "./body-iteration.ts"
import { type CallContext, currentContext } from "./context.ts"
import type { Attendant, Exchange } from "./exchange.ts"
import { type Event, isSent, nextState, type State } from "./states.ts"
import { nextTurn } from "./turns.ts"
import { CLOSE_HANDSHAKE_MS, isBrokenOff, OpenWebSocket, type WebSocketCarrier } from "./websocket.ts"
import { agreedProtocol } from "./websocket-handshake.ts"
import { declareLength, dropContentLength, fieldPairs, type WireHead, wireHead } from "./wire-head.ts"

/**
 * Runs `app` for one request and sends what it answers into `exchange`. Never throws and never rejects;
 * the request is over when `exchange.finished` was called.
 */
export function drive(app: Application, environ: Environ, exchange: Exchange): void {
  exchange.environ = environ
  const driver = new Driver(environ, exchange)
  exchange.attend(driver)
  driver.run(app)
}

/** After so many steps in one go other requests get their turn. */
const STEPS_PER_TURN = 32

const FAILURE_TEXT = new TextEncoder().encode("Internal Server Error\n")
const FAILURE_FIELDS: HeaderList = [
  ["Content-Type", "text/plain; charset=utf-8"],
  ["Content-Length", String(FAILURE_TEXT.length)],
]

/** The reason with which a response ends when the client left. Never shown to an application. */
const GONE: Error = new Error("the client has gone")

const MISSING_WEBSOCKET = "an application that answers 101 returns a body with websocket()"

const SENT: Promise<void> = Promise.resolve()

/** What the driver waits for. */
type Wait = "nothing" | "body" | "step" | "room" | "turn" | "handshake"

/** A call of `write` that waits for room. */
interface Writer {
  resolve(): void
  reject(error: Error): void
}

class Driver implements Attendant {
  readonly #environ: Environ
  readonly #exchange: Exchange
  readonly #callbacks: ResponseFinished[] | undefined
  #state: State = "silent"
  #wait: Wait = "nothing"
  #head: WireHead | undefined = undefined
  /** What startResponse refused; the application may have caught the error and gone on. */
  #refused: unknown = undefined
  #failure: unknown = undefined
  #context: CallContext | undefined = undefined
  #body: unknown = undefined
  /** Set while there is something to return(). */
  #iterator: BodyIterator | undefined = undefined
  #steps = 0
  #bytes = 0
  /** The exchange takes a chunk now. */
  #hasRoom = true
  #writers: Writer[] | undefined = undefined

  constructor(environ: Environ, exchange: Exchange) {
    this.#environ = environ
    this.#exchange = exchange
    this.#callbacks = environ["wsgi.response_finished"]
  }

  run(app: Application): void {
    let result: Body | Promise<Body>
    try {
      result = app(this.#environ, this.#startResponse)
    } catch (error) {
      this.#abort(error)
      return
    }
    if (isThenable<Body>(result)) this.#awaitBody(result)
    else this.#take(result)
  }

  // ---- startResponse and write

  readonly #startResponse: StartResponse = (status, headers, error) => {
    const isError = error !== undefined && error !== null
    this.#go(isError ? "restart" : "start")
    if (this.#state === "doomed") throw error
    // Stored first, then checked: after a refusal only a call with an error may follow.
    this.#head = undefined
    this.#context = currentContext()
    try {
      this.#head = wireHead(status, headers, this.#exchange.offer)
    } catch (refused) {
      this.#refused = refused
      this.#go("refuse")
      throw refused
    }
    return this.#write
  }

  readonly #write: Write = (chunk) => {
    const sent = this.#push(chunk)
    // An application that does not wait for its writes must not end the process with them.
    if (sent !== SENT) sent.catch(ignore)
    return sent
  }

  #push(chunk: Uint8Array): Promise<void> {
    if (this.#state === "settled" || this.#state === "over") {
      return Promise.reject(new Error("write was called after the response was over"))
    }
    if (this.#exchange.isGone) return Promise.reject(new ClientDisconnected())
    try {
      this.#send(chunk)
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.#hasRoom) return SENT
    return new Promise((resolve, reject) => {
      this.#writers ??= []
      this.#writers.push({ resolve, reject })
    })
  }

  // ---- what the exchange says

  resume(): void {
    this.#hasRoom = true
    if (this.#writers !== undefined) this.#release((writer) => writer.resolve())
    if (this.#wait === "room") this.#iterate()
  }

  leave(): void {
    if (this.#writers !== undefined) this.#release((writer) => writer.reject(new ClientDisconnected()))
    if (this.#wait === "nothing") return
    if (this.#wait === "body") this.#go("abandon")
    this.#wait = "nothing"
    this.#abort(GONE)
  }

  #release(tell: (writer: Writer) => void): void {
    const writers = this.#writers ?? []
    this.#writers = undefined
    for (const writer of writers) tell(writer)
  }

  /** Waits, unless the client is not there any more. */
  #waitFor(what: Wait): void {
    this.#wait = what
    if (this.#exchange.isGone) this.leave()
  }

  // ---- the body

  #awaitBody(promise: PromiseLike<Body>): void {
    this.#waitFor("body")
    settlingOnce(promise).then(
      (body) => {
        if (this.#wait === "body") this.#take(body)
        else this.#closeLate(body)
      },
      (error: unknown) => {
        if (this.#wait === "body") this.#abort(error)
        else this.#reportUnlessGone(error)
      },
    )
  }

  /** An array is sent as a whole, everything else chunk by chunk. */
  #take(body: Body): void {
    this.#wait = "nothing"
    this.#body = body
    try {
      if (this.#head?.code === 101) {
        this.#accept(body)
        return
      }
      if (!Array.isArray(body) || isSent(this.#state)) {
        this.#iterator = iteratorOf(body)
        this.#exchange.adopt(body)
        this.#iterate()
        return
      }
      this.#respond(body)
    } catch (error) {
      this.#abort(error)
      return
    }
    this.#settle()
  }

  #iterate(): void {
    this.#wait = "nothing"
    try {
      if (!this.#walk()) return
      this.#complete()
    } catch (error) {
      this.#abort(error)
      return
    }
    this.#settle()
  }

  /** Takes steps until the response is over, or one has to be waited for: then false. */
  #walk(): boolean {
    while (this.#state !== "full") {
      if (this.#exchange.isGone) throw GONE
      if (!this.#hasRoom) {
        this.#waitFor("room")
        return false
      }
      if (++this.#steps % STEPS_PER_TURN === 0) {
        this.#letOthers()
        return false
      }
      const step = this.#pull()
      if (isThenable(step)) {
        this.#awaitStep(step)
        return false
      }
      if (!this.#takeStep(step)) return true
    }
    return true
  }

  #pull(): IteratorResult<Uint8Array> | Promise<IteratorResult<Uint8Array>> {
    const iterator = this.#iterator as BodyIterator
    try {
      return this.#context === undefined
        ? iterator.next()
        : this.#context.runInAsyncScope(iterator.next as () => IteratorResult<Uint8Array>, iterator)
    } catch (error) {
      this.#iterator = undefined
      throw error
    }
  }

  // One pair of functions serves all steps of a response.
  #onStep: ((step: IteratorResult<Uint8Array>) => void) | undefined = undefined
  #onStepFailed: ((error: unknown) => void) | undefined = undefined

  #awaitStep(promise: PromiseLike<IteratorResult<Uint8Array>>): void {
    this.#onStep ??= (step) => {
      if (this.#wait !== "step") return
      this.#wait = "nothing"
      try {
        if (this.#exchange.isGone) throw GONE
        if (!this.#takeStep(step)) this.#complete()
      } catch (error) {
        this.#abort(error)
        return
      }
      if (this.#iterator === undefined) this.#settle()
      else this.#iterate()
    }
    this.#onStepFailed ??= (error) => {
      if (this.#wait !== "step") return
      this.#iterator = undefined
      this.#abort(error)
    }
    this.#waitFor("step")
    settlingOnce(promise).then(this.#onStep, this.#onStepFailed)
  }

  /** Sends the chunk of a step. False at the end of the body. */
  #takeStep(step: IteratorResult<Uint8Array>): boolean {
    if (step.done) {
      this.#iterator = undefined
      return false
    }
    this.#send(step.value)
    return true
  }

  /** A body that never has to wait, of short chunks or of empty ones, must not keep other requests from being served. */
  #letOthers(): void {
    this.#waitFor("turn")
    nextTurn(() => {
      if (this.#wait === "turn") this.#iterate()
    })
  }

  /** Sends a chunk, and the head before the first one with bytes. */
  #send(value: unknown): void {
    const chunk = checkChunk(value)
    this.#mustNotBeDoomed()
    if (chunk.length === 0 || this.#state === "full") return
    const head = isSent(this.#state) ? (this.#head as WireHead) : this.#sendHead()
    if (!this.#hasContent(head)) {
      this.#go("fill")
      return
    }
    let part = chunk
    const { contentLength } = head
    if (contentLength !== undefined && this.#bytes + chunk.length > contentLength) {
      this.#reportSurplus(contentLength)
      this.#go("fill")
      part = chunk.subarray(0, contentLength - this.#bytes)
      if (part.length === 0) return
    }
    this.#bytes += part.length
    this.#exchange.bodyBytes += part.length
    this.#hasRoom = this.#exchange.write(part)
  }

  #sendHead(): WireHead {
    const head = this.#readyHead()
    this.#go("send")
    this.#exchange.isStarted = true
    this.#exchange.start(head)
    return head
  }

  /** Sends all of an array, or a response without content. */
  #respond(body: readonly Uint8Array[]): void {
    const text = body instanceof TextBody ? body.text : undefined
    const total = text === undefined ? sizeOf(body) : text.length
    const head = this.#readyHead()
    if (!this.#hasContent(head)) {
      this.#sendWhole(head, [])
      return
    }
    if (head.contentLength === undefined) {
      declareLength(head, total)
    } else if (total > head.contentLength) {
      this.#reportSurplus(head.contentLength)
      this.#exchange.bodyBytes += head.contentLength
      this.#sendWhole(head, cut(body, head.contentLength))
      return
    } else if (total < head.contentLength) {
      for (const chunk of body) this.#send(chunk)
      if (!isSent(this.#state)) this.#sendHead()
      this.#breakOffShort(head.contentLength)
      return
    }
    this.#exchange.bodyBytes += total
    this.#sendWhole(head, text ?? body)
  }

  #sendWhole(head: WireHead, content: readonly Uint8Array[] | string): void {
    this.#go("send")
    this.#exchange.isStarted = true
    this.#exchange.isComplete = true
    if (typeof content === "string") this.#exchange.respondText(head, content)
    else this.#exchange.respond(head, content)
  }

  /** The body has come to its end, or nothing more of it is wanted. */
  #complete(): void {
    this.#mustNotBeDoomed()
    if (!isSent(this.#state)) {
      this.#respond([])
      return
    }
    const head = this.#head as WireHead
    if (head.contentLength !== undefined && this.#bytes < head.contentLength && this.#hasContent(head)) {
      this.#breakOffShort(head.contentLength)
      return
    }
    this.#exchange.isComplete = true
    this.#exchange.end()
  }

  #readyHead(): WireHead {
    const head = this.#head
    if (head === undefined) {
      if (this.#refused !== undefined) throw this.#refused
      throw new Error("the application did not call startResponse")
    }
    if (head.code === 101) throw new TypeError(`${MISSING_WEBSOCKET}, and startResponse is called before it returns`)
    // RFC 9110 section 8.6: no Content-Length in a 204. Section 15.3.6: a 205 has no content, and says so.
    if (head.code === 204 && head.contentLength !== undefined) dropContentLength(head)
    if (head.code === 205 && head.contentLength !== 0) {
      dropContentLength(head)
      declareLength(head, 0)
    }
    return head
  }

  #hasContent(head: WireHead): boolean {
    return hasContent(head.code, this.#environ.REQUEST_METHOD)
  }

  #go(event: Event): void {
    this.#state = nextState(this.#state, event)
  }

  #mustNotBeDoomed(): void {
    if (this.#state === "doomed") {
      throw new Error("the application went on after startResponse had thrown its error back")
    }
  }

  // ---- a WebSocket

  /** The application accepts the handshake. */
  #accept(body: Body): void {
    const head = this.#head as WireHead
    if (typeof body?.websocket !== "function") throw new TypeError(`${MISSING_WEBSOCKET}, not ${describe(body)}`)
    const socket = new OpenWebSocket(agreedProtocol(head.fields), body.websocketLimits)
    const accepted = this.#exchange.accept(head, socket)
    this.#waitFor("handshake")
    accepted.then(
      (carrier) => this.#begin(body, socket, carrier),
      (error: unknown) => {
        if (this.#wait === "handshake") this.#abort(error)
      },
    )
  }

  /** The handshake is done: the application has the socket until it is through with it. */
  #begin(body: Body, socket: OpenWebSocket, carrier: WebSocketCarrier): void {
    socket.attach(carrier)
    if (this.#wait !== "handshake") {
      socket.terminate()
      return
    }
    this.#wait = "nothing"
    this.#go("send")
    this.#exchange.isStarted = true
    this.#exchange.websocket = socket
    let result: unknown
    try {
      const run = body.websocket as (socket: OpenWebSocket) => unknown
      result = this.#context === undefined ? run.call(body, socket) : this.#context.runInAsyncScope(run, body, socket)
      if (!isThenable(result))
        throw new TypeError(`websocket() of a body must return a promise, not ${describe(result)}`)
    } catch (error) {
      result = Promise.reject(error)
    }
    this.#attendSocket(socket, Promise.resolve(result))
  }

  /** Closes the socket when the application is through, and is through itself soon after the socket is closed. */
  #attendSocket(socket: OpenWebSocket, result: Promise<unknown>): void {
    let isEnding = false
    const end = (): void => {
      if (!isEnding) void this.#endSocket(socket, isThrough)
      isEnding = true
    }
    const isThrough = result.then(
      () => socket.isOpen && void socket.close(1000),
      (error: unknown) => this.#failSocket(socket, error),
    )
    void isThrough.then(end)
    socket.afterClose(end)
  }

  /** Never rejects. */
  async #endSocket(socket: OpenWebSocket, isThrough: Promise<unknown>): Promise<void> {
    // A call that still waits for the client learns that it has gone.
    if (socket.closeCode !== undefined) this.#exchange.leave()
    await bounded(isThrough, "websocket() of the body", (message) => this.#exchange.report(message))
    await withLimit(socket.whenClosed, CLOSE_HANDSHAKE_MS, () => socket.terminate())
    this.#exchange.isComplete = true
    if (this.#failure === undefined && isBrokenOff(socket.closeCode)) this.#failure = new ClientDisconnected()
    this.#exchange.leave()
    this.#settle()
  }

  #failSocket(socket: OpenWebSocket, error: unknown): void {
    const isGone = socket.closeCode !== undefined
    const isSilent = !socket.isOpen && (isInstance(error, ClientDisconnected) || isAbort(error, socket))
    if (!isSilent) {
      this.#failure = error ?? new Error(`${error} was thrown`)
      const when = isGone ? " after the WebSocket was closed" : ""
      this.#exchange.report(`the application failed${when}${thrownHint(error)}`, error)
    }
    if (!isGone && socket.isOpen) void socket.close(1011)
  }

  // ---- the end

  /** The response is through, well or not: lets go of the body, and calls all that wait for it. */
  #settle(): void {
    this.#wait = "nothing"
    if (this.#state !== "abandoned") this.#go("settle")
    const iterator = this.#iterator
    this.#iterator = undefined
    const onError = (error: unknown) => this.#reportUnlessGone(error)
    if (iterator === undefined || typeof iterator.return !== "function") this.#close()
    else {
      this.#finishing(iterator.return as () => unknown, iterator, "return() of the body's iterator", onError, () =>
        this.#close(),
      )
    }
  }

  #close(): void {
    if (isClosable(this.#body)) this.#closing(this.#body, () => this.#finish())
    else this.#finish()
  }

  /** A body that comes when the client has left already. */
  #closeLate(body: unknown): void {
    if (isClosable(body)) this.#closing(body, ignore)
  }

  #closing(body: { close(): unknown }, then: () => void): void {
    const onError = (error: unknown) => this.#exchange.report("closing the response body failed", error)
    this.#finishing(body.close, body, "close() of the body", onError, then)
  }

  /** Calls what ends something, and goes on when it is done, in bounded time. */
  #finishing(
    method: () => unknown,
    owner: object,
    what: string,
    onError: (error: unknown) => void,
    then: () => void,
  ): void {
    let result: unknown
    try {
      result = this.#context === undefined ? method.call(owner) : this.#context.runInAsyncScope(method, owner)
    } catch (error) {
      onError(error)
    }
    if (!isThenable(result)) then()
    else
      bounded(result, what, (message) => this.#exchange.report(message))
        .then(undefined, onError)
        .then(then)
  }

  #finish(): void {
    const head = this.#exchange.isStarted ? this.#head : undefined
    this.#go("finish")
    const callbacks = this.#callbacks
    if (callbacks !== undefined && callbacks.length > 0) this.#callBack(callbacks, head)
    this.#exchange.finished(head, this.#failure)
  }

  #callBack(callbacks: ResponseFinished[], head: WireHead | undefined): void {
    const onError = (error: unknown) => this.#exchange.report("a callback of wsgi.response_finished failed", error)
    for (let i = callbacks.length - 1; i >= 0; i--) {
      const call = (): unknown =>
        callbacks[i]?.(this.#environ, head?.status, head && fieldPairs(head.fields), this.#failure)
      try {
        const result = this.#context === undefined ? call() : this.#context.runInAsyncScope(call)
        if (isThenable(result)) result.then(undefined, onError)
      } catch (error) {
        onError(error)
      }
    }
  }

  // ---- what went wrong

  #abort(error: unknown): void {
    this.#wait = "nothing"
    this.#fail(error)
    this.#settle()
  }

  #fail(error: unknown): void {
    this.#failure = error === GONE ? new ClientDisconnected() : (error ?? new Error(`${error} was thrown`))
    if (this.#exchange.isGone || error === GONE) {
      this.#reportUnlessGone(error)
      return
    }
    this.#exchange.report(`the application failed${thrownHint(error)}`, error)
    if (this.#exchange.isStarted) {
      this.#exchange.destroy()
      return
    }
    this.#head = wireHead("500 Internal Server Error", FAILURE_FIELDS)
    const chunks = this.#hasContent(this.#head) ? [FAILURE_TEXT] : []
    if (chunks.length > 0) this.#exchange.bodyBytes = FAILURE_TEXT.length
    this.#sendWhole(this.#head, chunks)
  }

  /** It is no error that a client left; another failure at that time is one. */
  #reportUnlessGone(error: unknown): void {
    if (error === GONE || isInstance(error, ClientDisconnected)) return
    if (isAbortError(error)) return
    this.#exchange.report(`the application failed after the client had gone${thrownHint(error)}`, error)
  }

  #reportSurplus(limit: number): void {
    this.#exchange.report(`the body is longer than its Content-Length of ${limit} bytes; the surplus was cut off`)
  }

  #breakOffShort(limit: number): void {
    const message = `the body has ${this.#bytes} bytes, its Content-Length says ${limit}; the connection was broken off`
    this.#failure = new Error(message)
    this.#exchange.report(message)
    this.#exchange.destroy()
  }
}

function ignore(): void {}

/** An error that says no more than that the socket was closed. */
function isAbort(error: unknown, socket: OpenWebSocket): boolean {
  return isAbortError(error) || (isInstance(error, Error) && error === socket.signal.reason)
}

/** Other objects with a `then` may call back as often as they like. */
function settlingOnce<T>(promise: PromiseLike<T>): Promise<T> {
  return promise instanceof Promise ? promise : Promise.resolve(promise)
}
