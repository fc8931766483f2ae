// A response body as the linter hands it to the server: of the same kind (array, iterable, async iterable), with every
// step, return() and close() told to the rules. When a rule refuses a chunk, what is inside is still closed once.

import type { Body, ServerWebSocket } from "../gateway.ts"
import type { Inspection } from "./lint-inspection.ts"
import { CheckedWebSocket } from "./lint-websocket.ts"

type AnyIterator = Iterator<Uint8Array> | AsyncIterator<Uint8Array>
type Step = IteratorResult<Uint8Array>

/**
 * Judges what an application returned and wraps it. Arrays are judged as a whole, here and now, and copied with a close(): a
 * server may read them by index, which can't be watched. On a breach the body is closed, since no server will get to see it.
 */
export function checkedBody(inspection: Inspection, body: Body): Body {
  try {
    inspection.judge("result", body)
    inspection.innerChunks = Math.min(inspection.innerChunks, 1)
    if (!Array.isArray(body)) return watched(inspection, body)
    for (const chunk of body) {
      inspection.judge("chunk", chunk)
      inspection.bytes += chunk.length
    }
    inspection.judge("end", undefined)
  } catch (error) {
    inspection.over = true
    closeQuietly(body)
    throw error
  }
  inspection.done = true
  const close = () => closed(inspection, undefined, body)
  return Object.defineProperty(body.slice(), "close", { value: close })
}

/** Promises of other realms count, too: test runners have such. */
export function isPromise<T>(value: T): value is T & Promise<Awaited<T>> {
  return typeof (value as { then?: unknown } | undefined)?.then === "function"
}

/** Closes a body whose application has already been found at fault; what close() throws would only hide that. */
function closeQuietly(body: unknown): void {
  try {
    const closing: unknown = (body as Body | undefined)?.close?.()
    if (isPromise(closing)) closing.catch(() => undefined)
  } catch {
    // The LintError is the better message.
  }
}

/** A body in the making. */
type CheckedBody = Pick<Body, "websocket" | "websocketLimits"> &
  Partial<Record<"close" | typeof Symbol.iterator | typeof Symbol.asyncIterator, () => unknown>>

function watched(inspection: Inspection, body: Body): Body {
  let inner: AnyIterator | undefined
  const checked: CheckedBody = { close: () => closed(inspection, inner, body) }
  if (typeof body.websocket === "function") {
    checked.websocketLimits = body.websocketLimits
    checked.websocket = (socket) => opened(inspection, body, socket)
  }
  const begin = (open: () => AnyIterator): AnyIterator => {
    inspection.judge("iterate", undefined)
    inspection.iterations += 1
    inner = open()
    return inner
  }
  if (Symbol.asyncIterator in body) {
    const open = () => body[Symbol.asyncIterator]()
    checked[Symbol.asyncIterator] = () => watchedAsync(inspection, begin(open) as AsyncIterator<Uint8Array>)
  }
  if (Symbol.iterator in body) {
    const open = () => body[Symbol.iterator]()
    checked[Symbol.iterator] = () => watchedSync(inspection, begin(open) as Iterator<Uint8Array>)
  }
  return checked as Body
}

function watchedSync(inspection: Inspection, iterator: Iterator<Uint8Array>): Iterator<Uint8Array> {
  const pull = () => {
    try {
      return iterator.next()
    } catch (error) {
      inspection.done = true
      throw error
    }
  }
  return {
    next: () => {
      inspection.judge("next", undefined)
      return taken(inspection, pull())
    },
    return: (value?: unknown) => {
      returned(inspection)
      return iterator.return ? iterator.return(value) : { done: true, value }
    },
  }
}

function watchedAsync(inspection: Inspection, iterator: AsyncIterator<Uint8Array>): AsyncIterator<Uint8Array> {
  const pull = async () => {
    inspection.waiting = true
    try {
      return await iterator.next()
    } catch (error) {
      inspection.done = true
      throw error
    } finally {
      inspection.waiting = false
    }
  }
  return {
    next: async () => {
      inspection.judge("next", undefined)
      return taken(inspection, await pull())
    },
    return: async (value?: unknown) => {
      returned(inspection)
      return iterator.return ? iterator.return(value) : { done: true, value }
    },
  }
}

function taken(inspection: Inspection, step: Step): Step {
  try {
    if (step.done) {
      inspection.done = true
      inspection.judge("end", undefined)
      return step
    }
    if (inspection.outer) inspection.outer.innerChunks += 1
    inspection.judge("chunk", step.value)
    inspection.innerChunks = 0
    inspection.bytes += step.value.length
    return step
  } catch (error) {
    inspection.refused = true
    throw error
  }
}

function opened(inspection: Inspection, body: Body, socket: ServerWebSocket): Promise<void> {
  inspection.judge("open", undefined)
  inspection.opens += 1
  const result: unknown = body.websocket?.(new CheckedWebSocket(inspection, socket))
  inspection.judge("opened", result)
  return result as Promise<void>
}

function returned(inspection: Inspection): void {
  inspection.judge("return", undefined)
  inspection.returns += 1
}

function closed(inspection: Inspection, inner: AnyIterator | undefined, body: Body): void | Promise<void> {
  let breach: { error: unknown } | undefined
  try {
    inspection.judge("close", undefined)
  } catch (error) {
    breach = { error }
  }
  inspection.closes += 1
  if (inspection.closes > 1) throw breach?.error
  // While a chunk is awaited, application code runs on and cannot know that the client has gone.
  inspection.over = !inspection.waiting
  inspection.atClose()
  // To the server, an iterator whose chunk a rule refused has thrown, so it will not call return(): made up for here.
  const unwinding =
    inspection.iterations > 0 && !inspection.done && inspection.returns === 0 && !inspection.waiting
      ? inner?.return?.()
      : undefined
  if (isPromise(unwinding)) {
    return unwinding.then(async () => {
      await body.close?.()
      if (breach) throw breach.error
    })
  }
  const closing = body.close?.()
  if (breach) {
    if (isPromise(closing)) closing.catch(() => undefined)
    throw breach.error
  }
  return closing
}
