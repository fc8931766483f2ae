// The body of a response with server-sent events: each event is on its way when the next is asked for, a comment keeps quiet
// streams from being taken for dead, and a server that stops ends the stream, so that clients come again elsewhere.

import type { Environ } from "../gateway.ts"
import { formatEvent, type ServerSentEvent } from "../http/server-sent-events.ts"
import { encodeText } from "../http/text-encoding.ts"
import { describe } from "../mistakes/describe.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { stopSignalOf } from "../running/environ.ts"
import type { WebAbortSignal } from "../web-platform.ts"

/** What gives the events: an iterable, or a function that makes one. The signal aborts when the stream is over. */
export type EventSourceLike =
  | AsyncIterable<ServerSentEvent | string>
  | Iterable<ServerSentEvent>
  | ((signal: WebAbortSignal) => AsyncIterable<ServerSentEvent | string> | Iterable<ServerSentEvent | string>)

/** How events are sent. */
export interface EventStreamOptions {
  /** How long a stream may be quiet before a comment is sent; 0 for never. Default 15000 ms. */
  heartbeatMs?: number | undefined
  /** How long clients wait before they connect again when the server stops. Default 1000 ms. */
  retryMs?: number | undefined
}

const OPTIONS: OptionNames<EventStreamOptions> = { heartbeatMs: true, retryMs: true }
const HEARTBEAT = encodeText(formatEvent({ comment: "" }))
/** How long the first event may take before a comment goes ahead of it. */
const OPENING_MS = 1
const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

type Source = AsyncIterator<ServerSentEvent | string> | Iterator<ServerSentEvent | string>

export class EventStream implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: EventSourceLike
  readonly #heartbeatMs: number
  readonly #retryMs: number
  readonly #controller = new AbortController()
  #stop: WebAbortSignal | undefined = undefined
  #iterator: Source | undefined = undefined
  #pending: Promise<IteratorResult<ServerSentEvent | string>> | undefined = undefined
  #isOpen = false
  #isOver = false

  /** @throws TypeError for a source of another kind; RangeError for times that are out of range */
  constructor(source: EventSourceLike, options: EventStreamOptions = {}) {
    const isIterable =
      typeof source === "object" && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source)
    if (typeof source !== "function" && !isIterable) {
      throw new TypeError(
        `Response.events takes a generator function or an iterable of events, not ${describe(source)}`,
      )
    }
    checkOptions("Response.events", options, OPTIONS)
    this.#source = source
    this.#heartbeatMs = milliseconds("heartbeatMs", options.heartbeatMs ?? 15_000)
    this.#retryMs = milliseconds("retryMs", options.retryMs ?? 1000)
  }

  /** Ends when the server of this request stops. */
  attend(environ: Environ): this {
    this.#stop = stopSignalOf(environ)
    return this
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#isOver) return DONE
    if (this.#stop?.aborted) return this.#goodbye()
    this.#iterator ??= this.#begin()
    this.#pending ??= Promise.resolve(this.#iterator.next())
    // A head is sent with the first chunk: where no event is there yet a comment brings it, so that the client knows it is connected.
    const quietMs = this.#isOpen ? this.#heartbeatMs : OPENING_MS
    const step = await this.#wait(this.#pending, quietMs)
    this.#isOpen = true
    if (step === "quiet") return { done: false, value: HEARTBEAT }
    if (step === "stopped") return this.#goodbye()
    this.#pending = undefined
    if (step.done) {
      this.#isOver = true
      this.#controller.abort()
      return DONE
    }
    return { done: false, value: encodeText(formatEvent(step.value)) }
  }

  #begin(): Source {
    const source = typeof this.#source === "function" ? this.#source(this.#controller.signal) : this.#source
    return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  }

  #wait(
    pending: Promise<IteratorResult<ServerSentEvent | string>>,
    quietMs: number,
  ): Promise<IteratorResult<ServerSentEvent | string> | "quiet" | "stopped"> {
    return new Promise((resolve, reject) => {
      const stop = this.#stop
      const timer = quietMs === 0 ? undefined : setTimeout(() => settle("quiet"), quietMs)
      const onStop = () => settle("stopped")
      const release = () => {
        clearTimeout(timer)
        stop?.removeEventListener("abort", onStop)
      }
      const settle = (step: IteratorResult<ServerSentEvent | string> | "quiet" | "stopped") => {
        release()
        resolve(step)
      }
      stop?.addEventListener("abort", onStop)
      pending.then(settle, (error: unknown) => {
        release()
        this.#isOver = true
        reject(error)
      })
    })
  }

  /** The last chunk: the client connects again, to a server that is not about to stop. */
  async #goodbye(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#end()
    return { done: false, value: encodeText(formatEvent({ retry: this.#retryMs })) }
  }

  async #end(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    this.#controller.abort()
    // A generator that waits for something else than the signal returns when that comes; it is not waited for.
    const returned = this.#iterator?.return?.()
    if (this.#pending === undefined) await returned
    else Promise.resolve(returned).catch(() => {})
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#end()
    return DONE
  }

  close(): Promise<void> {
    return this.#end()
  }
}

function milliseconds(name: string, value: number): number {
  if (typeof value === "number" && value >= 0 && value < 2 ** 31) return value
  throw new RangeError(`${name} must be a number of milliseconds from 0, not ${describe(value)}`)
}
