// A body that is sent as it comes, and handed over when it has come to its end: not when it breaks off, is left early, or is
// larger than the limit.

import { closeBody } from "../environ/body.ts"
import { concatenate } from "../environ/concatenation.ts"
import type { Body } from "../gateway.ts"
import { wrapBody } from "../running/wrap-body.ts"

/** What becomes of a whole body. */
export interface Recorded {
  /** Whether it is no longer the whole. */
  spoiled: boolean
  /** Called once, when the body is closed. Does not reject. */
  whole(body: Uint8Array): Promise<void>
}

/** The same body. `recorded` is asked for when it has come to its end: a response may begin as late as that. */
export function recordedBody(body: Body, maxBytes: number, recorded: () => Recorded | undefined): Body {
  if (!Array.isArray(body)) return recordedStream(body, maxBytes, recorded)
  const record = recorded()
  const chunks = body as readonly Uint8Array[]
  if (record === undefined || record.spoiled || lengthOf(chunks) > maxBytes) return body
  // Taken at once: the server may hand the buffers on.
  const whole = concatenate(chunks).slice()
  const close = async () => {
    await closeBody(body)
    await record.whole(whole)
  }
  return Object.assign([...chunks], { close })
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0)
}

function recordedStream(body: Body, maxBytes: number, recorded: () => Recorded | undefined): Body {
  let chunks: Uint8Array[] | undefined = []
  let bytes = 0
  return wrapBody(body, {
    sent(chunk) {
      const record = recorded()
      bytes += chunk.length
      if (record === undefined || record.spoiled || bytes > maxBytes) chunks = undefined
      // A copy: the application may fill the same buffer again.
      else chunks?.push(chunk.slice())
    },
    async close(isComplete) {
      const record = recorded()
      if (isComplete && chunks !== undefined && record !== undefined && !record.spoiled) {
        await record.whole(concatenate(chunks))
      }
    },
  })
}
