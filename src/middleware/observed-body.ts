// A body that is watched and otherwise left as it is: an array stays an array, what was synchronous stays so.
// For layers that count and time.

import { closeBody } from "../environ/body.ts"
import type { Body } from "../gateway.ts"

export interface BodyObserver {
  /** So many bytes are about to be sent. */
  bytes(count: number): void
  /** The body is closed, once; `complete` unless it failed or was left early. */
  over(complete: boolean): void
}

/**
 * The same body, watched. One that is an array without a close() is over as soon as the server has it, so the observer is
 * told at once and the array is given back as it is.
 */
export function observedBody(body: Body, observer: BodyObserver): Body {
  if (!isArray(body)) return Symbol.asyncIterator in body ? asyncBody(body, observer) : syncBody(body, observer)
  for (const chunk of body) observer.bytes(chunk.length)
  if (typeof body.close !== "function") {
    observer.over(true)
    return body
  }
  const close = () => closing(body, () => observer.over(true))
  return Object.defineProperty(body.slice(), "close", { value: close })
}

function isArray(body: Body): body is Body & Uint8Array[] {
  return Array.isArray(body)
}

function closing(body: Body, over: () => void): void | Promise<void> {
  try {
    const closed = closeBody(body)
    if (closed !== undefined) return Promise.resolve(closed).finally(over)
  } catch (error) {
    over()
    throw error
  }
  over()
}

/** Whether the body came to its end, and the end of it all. */
function watch(body: Body, observer: BodyObserver) {
  let complete = false
  return {
    taken<T extends IteratorResult<Uint8Array>>(step: T): T {
      if (step.done) complete = true
      else observer.bytes(step.value.length)
      return step
    },
    close: () => closing(body, () => observer.over(complete)),
  }
}

function syncBody(body: Iterable<Uint8Array> & Body, observer: BodyObserver): Body {
  const { taken, close } = watch(body, observer)
  return {
    close,
    [Symbol.iterator]: () => {
      const iterator = body[Symbol.iterator]()
      const end = iterator.return && ((value?: unknown) => iterator.return?.(value) as IteratorResult<Uint8Array>)
      return { next: () => taken(iterator.next()), ...(end && { return: end }) }
    },
  }
}

function asyncBody(body: AsyncIterable<Uint8Array> & Body, observer: BodyObserver): Body {
  const { taken, close } = watch(body, observer)
  return {
    close,
    [Symbol.asyncIterator]: () => {
      const iterator = body[Symbol.asyncIterator]()
      const end =
        iterator.return && ((value?: unknown) => iterator.return?.(value) as Promise<IteratorResult<Uint8Array>>)
      return { next: async () => taken(await iterator.next()), ...(end && { return: end }) }
    },
  }
}
