// A body that is watched and otherwise left as it is, for layers that count and time.

import type { Body } from "../gateway.ts"
import { TextBody } from "../http/text-body.ts"
import { wrapBody } from "../running/wrap-body.ts"

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
  if (!Array.isArray(body) || typeof (body as Body).close === "function") {
    return wrapBody(body, {
      sent: (chunk) => observer.bytes(chunk.length),
      close: (isComplete) => observer.over(isComplete),
    })
  }
  const text = body instanceof TextBody ? body.text : undefined
  if (text !== undefined) observer.bytes(text.length)
  else for (const chunk of body) observer.bytes(chunk.length)
  observer.over(true)
  return body
}
