/// <reference lib="esnext.disposable" preserve="true" />
// Response bodies from the outside: iterated by hand, closed once. Code that wraps a body hands on both: return() to the
// iterator, when iteration began and stops early, and close() to the body itself, in every case.
// `for await` and generators are of no use here: a generator that was never started closes nothing.

import type { Body } from "../gateway.ts"

/** The iterator of a body, of either kind. */
export type BodyIterator = Iterator<Uint8Array> | AsyncIterator<Uint8Array>

/** A function to call when a body is closed. */
export type CloseCallback = () => void | Promise<void>

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** An iterator over the chunks of a body. */
export function iterateBody(body: Body): BodyIterator {
  return Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]()
}

/** Calls `close()` of a body that has one. */
export function closeBody(body: Body): void | Promise<void> {
  if (typeof body.close === "function") return body.close()
}

/** Gives a body around `body` the WebSocket of that one, if it has one. */
export function withWebSocketOf<B extends object>(around: B, body: Body): B {
  if (typeof body.websocket !== "function") return around
  const websocket: Body["websocket"] = (socket) => (body.websocket as NonNullable<Body["websocket"]>)(socket)
  return Object.assign(around, { websocket, websocketLimits: body.websocketLimits })
}

/** Reads a body to its end and closes it, also after an error; resolves to its chunks. */
export async function collectBody(body: Body): Promise<Uint8Array[]> {
  try {
    if (Array.isArray(body)) return [...body]
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return chunks
  } finally {
    await closeBody(body)
  }
}

/** Calls every one of `callbacks`, in order, waiting for each; afterwards throws what the first that failed has thrown. */
export async function callAll(callbacks: Iterable<CloseCallback>): Promise<void> {
  const errors: unknown[] = []
  for (const callback of callbacks) {
    try {
      await callback()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, "several functions failed while a body was closed")
}

/**
 * A body with functions that are called when it is closed, after the `close()` of the body itself. That happens once,
 * by `close()`, or by `return()` as a `for await` calls it on leaving early; what fails does not keep the rest from running.
 *
 * @example
 * const body = new ClosingIterator([new Uint8Array(2)], () => {})
 * (await body.next()).value.length // => 2
 */
export class ClosingIterator implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: Body
  readonly #callbacks: readonly CloseCallback[]
  #iterator: BodyIterator | undefined = undefined
  #closed = false

  /** @param callbacks one function or several */
  constructor(body: Body, callbacks: CloseCallback | Iterable<CloseCallback> = []) {
    this.#body = body
    this.#callbacks = typeof callbacks === "function" ? [callbacks] : [...callbacks]
    withWebSocketOf(this, body)
  }

  /** The body is its own iterator: it can be iterated once. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next chunk; the end, once it was closed. */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#closed) return DONE
    this.#iterator ??= iterateBody(this.#body)
    const step = await this.#iterator.next()
    return step.done ? DONE : step
  }

  /** Ends an iteration early, and closes. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    try {
      await this.#iterator?.return?.()
    } finally {
      await this.close()
    }
    return DONE
  }

  /** Closes the body, then calls the functions. Does nothing the second time. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await callAll([() => closeBody(this.#body), ...this.#callbacks])
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
