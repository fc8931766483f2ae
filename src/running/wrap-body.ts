// A body around another body: for a layer that looks at chunks, changes them, or wants to know when all is over.
// What the body was it stays: an array stays an array (the server tells its length), what was synchronous stays so, and a
// body that can lend its memory still can, unless chunks are changed.

import { type BodyIterator, closeBody, iterateBody, withWebSocketOf } from "../environ/body.ts"
import type { Body, ServerWebSocket, WebSocketLimits } from "../gateway.ts"
import { isThenable } from "../thenable.ts"
import { canLend } from "./lending.ts"

/** What a layer wants of a body. */
export interface BodyHooks {
  /** What is sent in place of a chunk. May give a promise, but for an array it must not. */
  chunk?: ((chunk: Uint8Array) => Uint8Array | Promise<Uint8Array>) | undefined
  /** Is told of each chunk that is sent, which it must neither change nor keep. */
  sent?: ((chunk: Uint8Array) => void) | undefined
  /** Called when the body has come to its end, before it is closed. What it gives is sent behind the last chunk. */
  end?: (() => Uint8Array | undefined | Promise<Uint8Array | undefined>) | undefined
  /** Called once, after the body was closed, also after an error. `isComplete` unless the body failed or was left early. */
  close?: ((isComplete: boolean) => void | Promise<void>) | undefined
}

/**
 * A body around `body`. It is iterated once and closed once, as any body.
 *
 * @example
 * const lengths = []
 * const body = wrapBody([Uint8Array.of(1, 2)], { sent: (chunk) => lengths.push(chunk.length) })
 * [Array.isArray(body), lengths] // => [true, [2]]
 */
export function wrapBody(body: Body, hooks: BodyHooks): Body {
  if (Array.isArray(body)) return wrapArray(body, hooks)
  const isSync = !(Symbol.asyncIterator in body) && hooks.chunk === undefined && hooks.end === undefined
  const wrapped = isSync ? new SyncBody(body, hooks) : new AsyncBody(body, hooks)
  if (typeof body.websocket === "function") return wrapped.carryWebSocket()
  return canLend(body) && hooks.chunk === undefined ? Object.assign(wrapped, { lend: () => body.lend() }) : wrapped
}

/**
 * A body that is iterated as `body` is, with no layer between, and calls `close` once when it was closed.
 *
 * @example
 * const steps = []
 * const body = closingAfter([Uint8Array.of(1)], () => { steps.push("closed") })
 * body.close()
 * steps // => ["closed"]
 */
export function closingAfter(body: Body, close: () => void | Promise<void>): Body {
  if (Array.isArray(body)) return wrapArray(body, { close })
  const wrapped = Symbol.asyncIterator in body ? new AsyncClosing(body, close) : new SyncClosing(body, close)
  if (typeof body.websocket === "function") return withWebSocketOf(wrapped, body)
  return canLend(body) ? Object.assign(wrapped, { lend: () => body.lend() }) : wrapped
}

/** What both kinds of it have. */
abstract class Closing<B extends Body> {
  protected readonly body: B
  readonly #hook: () => void | Promise<void>
  #isClosed = false

  constructor(body: B, hook: () => void | Promise<void>) {
    this.body = body
    this.#hook = hook
  }

  close(): void | Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    return closeThen(this.body, this.#hook)
  }
}

class AsyncClosing extends Closing<AsyncIterable<Uint8Array> & Body> {
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.body[Symbol.asyncIterator]()
  }
}

class SyncClosing extends Closing<Iterable<Uint8Array> & Body> {
  [Symbol.iterator](): Iterator<Uint8Array> {
    return this.body[Symbol.iterator]()
  }
}

function wrapArray(body: readonly Uint8Array[] & Body, { chunk, sent, end, close }: BodyHooks): Body {
  let chunks: Uint8Array[] = [...body]
  if (chunk !== undefined) chunks = chunks.map((each) => atOnce(chunk(each)))
  const last = end === undefined ? undefined : atOnce(end())
  if (last !== undefined && last.length > 0) chunks.push(last)
  if (sent !== undefined) for (const each of chunks) sent(each)
  if (close === undefined && typeof body.close !== "function") return chunks
  let isClosed = false
  const value = (): void | Promise<void> => {
    if (isClosed) return
    isClosed = true
    return closeThen(body, () => close?.(true))
  }
  return Object.defineProperty(chunks, "close", { value })
}

function atOnce<T>(value: T | PromiseLike<T>): T {
  if (isThenable(value)) throw new TypeError("the chunks of an array must not be waited for")
  return value
}

/** Closes the body, and calls the hook, also when closing fails. */
function closeThen(body: Body, hook: () => void | Promise<void>): void | Promise<void> {
  let closed: void | Promise<void>
  try {
    closed = closeBody(body)
  } catch (error) {
    const told = hook()
    if (isThenable(told)) return told.then(() => Promise.reject(error))
    throw error
  }
  return isThenable(closed) ? Promise.resolve(closed).finally(hook) : hook()
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** What both kinds of body have: the iterator inside, whether it is at its end, and the one close. */
abstract class WrappedBody {
  readonly body: Body
  readonly hooks: BodyHooks
  protected iterator: BodyIterator | undefined = undefined
  /** The iterator inside came to its end or threw: there is nothing to return(). */
  protected isOver = false
  protected isComplete = false
  #isClosed = false

  constructor(body: Body, hooks: BodyHooks) {
    this.body = body
    this.hooks = hooks
  }

  /** That of the body inside, if it has one; then it is complete when the handler is through. */
  declare websocket?: (socket: ServerWebSocket) => Promise<void>
  declare websocketLimits?: WebSocketLimits | undefined

  carryWebSocket(): this & Body {
    this.websocketLimits = this.body.websocketLimits
    this.websocket = async (socket) => {
      await this.body.websocket?.(socket)
      this.isComplete = true
    }
    return this as this & Body
  }

  close(): void | Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    return closeThen(this.body, () => this.hooks.close?.(this.isComplete))
  }
}

class SyncBody extends WrappedBody implements IterableIterator<Uint8Array, undefined> {
  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<Uint8Array, undefined> {
    if (this.isOver) return DONE
    this.iterator ??= (this.body as Iterable<Uint8Array>)[Symbol.iterator]()
    let step: IteratorResult<Uint8Array>
    try {
      step = (this.iterator as Iterator<Uint8Array>).next()
    } catch (error) {
      this.isOver = true
      throw error
    }
    if (!step.done) {
      this.hooks.sent?.(step.value)
      return step
    }
    this.isOver = true
    this.isComplete = true
    return DONE
  }

  return(): IteratorReturnResult<undefined> {
    if (this.isOver) return DONE
    this.isOver = true
    ;(this.iterator as Iterator<Uint8Array> | undefined)?.return?.()
    return DONE
  }
}

class AsyncBody extends WrappedBody implements AsyncIterableIterator<Uint8Array, undefined> {
  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.isOver) return DONE
    const { chunk, sent, end } = this.hooks
    this.iterator ??= iterateBody(this.body)
    let step: IteratorResult<Uint8Array>
    try {
      step = await this.iterator.next()
    } catch (error) {
      this.isOver = true
      throw error
    }
    if (!step.done) {
      const value = chunk === undefined ? step.value : await chunk(step.value)
      sent?.(value)
      return { done: false, value }
    }
    this.isOver = true
    const last = await end?.()
    this.isComplete = true
    if (last === undefined || last.length === 0) return DONE
    sent?.(last)
    return { done: false, value: last }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (this.isOver) return DONE
    this.isOver = true
    await this.iterator?.return?.()
    return DONE
  }
}
