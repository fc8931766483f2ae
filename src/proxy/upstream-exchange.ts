// One request at an upstream, over undici: its response as head and body, with back-pressure both ways. After an error, and when
// a side leaves early, the connection is destroyed and not used again: the rest of its bytes belongs to no response. Knows
// nothing of routes and health.

import type { Dispatcher } from "undici"
import type { Body, HeaderList } from "../gateway.ts"
import type { LendingBody } from "../running/lending.ts"
import { type InterimFilter, MAX_INTERIM } from "./interim-filter.ts"
import { clientHeaders } from "./proxy-request.ts"
import { isInBlock, releaseChunk } from "./upstream-blocks.ts"

/** The head of an upstream's response, and its body. */
export interface UpstreamResponse {
  status: string
  headers: HeaderList
  body: Body
}

/** An upstream was given up for being slow. */
export class UpstreamTimeout extends Error {
  override readonly name: string = "UpstreamTimeout"
}

/** Why there is no response. */
export class UpstreamError extends Error {
  override readonly name: string = "UpstreamError"
  /** Whether the upstream may have seen the request. */
  readonly sent: boolean

  constructor(cause: unknown, sent: boolean) {
    super(`the upstream failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.sent = sent
  }

  /** Whether it took too long. */
  get isTimeout(): boolean {
    const { code } = this.cause as { code?: unknown }
    return this.cause instanceof UpstreamTimeout || code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT"
  }
}

/** So many bytes may wait for the client before the upstream is told to pause. */
const HIGH_WATER = 128 * 1024

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

type Step = IteratorResult<Uint8Array, undefined>

/** Takes the events of one exchange, and is the body of its response. */
export class UpstreamExchange
  implements LendingBody, Dispatcher.DispatchHandler, AsyncIterableIterator<Uint8Array, undefined>
{
  readonly response: Promise<UpstreamResponse>
  /** What the connection is read through; set when the request has one. */
  filter: InterimFilter | undefined = undefined
  readonly #method: string
  #resolve!: (response: UpstreamResponse) => void
  #reject!: (error: UpstreamError) => void
  #controller: Dispatcher.DispatchController | undefined = undefined
  #sent = false
  #interim = 0
  #started = false
  /** Why it was given up from this side. */
  #abandoned: Error | undefined = undefined
  #over = false
  #failure: UpstreamError | undefined = undefined
  #chunks: Uint8Array[] = []
  /** Bytes that the client does not have yet. */
  #waiting = 0
  #isLent = false
  /** The chunk that was given out last. */
  #given: Uint8Array | undefined = undefined
  #next: { resolve: (step: Step) => void; reject: (error: unknown) => void } | undefined = undefined

  /** @param method of the request */
  constructor(method: string) {
    this.#method = method
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** The response is not waited for any more; the connection is destroyed. */
  abandon(reason: Error): void {
    if (this.#abandoned !== undefined || this.#over) return
    this.#abandoned = reason
    this.#reject(new UpstreamError(reason, this.#sent))
    this.#controller?.abort(reason)
  }

  /** Whether the exchange needs no more of the request's body. */
  get isOver(): boolean {
    return this.#over || this.#abandoned !== undefined
  }

  // ---- what undici tells

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#sent = true
    this.#controller = controller
    this.filter?.expectHead()
    if (this.#abandoned !== undefined) controller.abort(this.#abandoned)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    _headers: unknown,
    statusMessage?: string,
  ): void {
    if (statusCode < 200) {
      if (statusCode === 101 || ++this.#interim > MAX_INTERIM) {
        controller.abort(
          new Error(statusCode === 101 ? "an upgrade that was not asked for" : "too many interim responses"),
        )
      }
      return
    }
    const raw = (controller.rawHeaders as Buffer[]).map((text) => text.toString("latin1"))
    this.#started = true
    // Over with its head (RFC 9112 section 6.3). undici waits for as many bytes as Content-Length says, and fails.
    if (this.#method === "HEAD" || statusCode === 204 || statusCode === 304) this.#over = true
    // Settled now and taken later, when the rest of what arrived with the head is here, too.
    this.#resolve({
      status: `${statusCode} ${reasonOf(statusMessage)}`,
      headers: clientHeaders(raw, statusCode),
      body: this,
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#waiting += chunk.length
    if (this.#waiting >= HIGH_WATER) controller.pause()
    const next = this.#next
    if (next === undefined) {
      this.#chunks.push(chunk)
      return
    }
    this.#next = undefined
    next.resolve({ done: false, value: this.#giveOut(chunk) })
  }

  onResponseEnd(): void {
    this.#over = true
    this.#next?.resolve(DONE)
    this.#next = undefined
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#failure = new UpstreamError(error, this.#sent)
    if (!this.#started) this.#reject(this.#failure)
    this.#next?.reject(this.#failure)
    this.#next = undefined
  }

  // ---- the body

  /** The chunks of a response that is complete already. */
  get complete(): Uint8Array[] | undefined {
    if (!this.#over || this.#failure !== undefined) return undefined
    return this.#chunks.map((chunk) => this.#giveOut(chunk))
  }

  lend(): void {
    this.#isLent = true
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Step> {
    this.#takeBack()
    const chunk = this.#chunks.shift()
    if (chunk !== undefined) return Promise.resolve({ done: false, value: this.#giveOut(chunk) })
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#over) return Promise.resolve(DONE)
    return new Promise((resolve, reject) => {
      this.#next = { resolve, reject }
    })
  }

  /** The chunk, or a copy for a reader that may keep it. */
  #giveOut(chunk: Uint8Array): Uint8Array {
    this.#given = chunk
    if (this.#isLent || !isInBlock(chunk)) return chunk
    const copy = new Uint8Array(chunk)
    releaseChunk(chunk)
    return copy
  }

  /** A reader that asks for more is done with what it has. */
  #takeBack(): void {
    const given = this.#given
    if (given === undefined) return
    this.#given = undefined
    this.#waiting -= given.length
    if (this.#isLent) releaseChunk(given)
    if (this.#waiting < HIGH_WATER && this.#controller?.paused) this.#controller.resume()
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.close()
    return DONE
  }

  /** Lets go of the upstream; one that has not finished is cut off. */
  close(): void {
    this.#chunks = []
    this.abandon(new Error("the client has left"))
  }
}

/** The reason phrase; undefined when its bytes can't be told any more: undici has read them as UTF-8. */
function reasonOf(statusMessage = ""): string {
  return /[^\t\x20-\x7e\x80-\xff]/.test(statusMessage) ? "" : statusMessage
}
