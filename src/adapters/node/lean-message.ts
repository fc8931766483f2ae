// The message of node:http, less what nobody asked for: Node reads each request to its end as a stream, also one
// that has no body.

import { IncomingMessage } from "node:http"

/** What Node keeps on a message and its types do not tell. Where a version of Node lacks one, only speed is lost. */
interface Internals {
  _dump(): void
  _dumped: boolean
  _consuming: boolean
  _readableState: Record<"ended" | "endEmitted" | "destroyed" | "closed" | "closeEmitted", boolean>
}

const { _dump: dump } = IncomingMessage.prototype as unknown as Internals

/** A message whose body, when there is none, is over without having been read. */
export class LeanMessage extends IncomingMessage {
  // Node calls this when the response is over, to get an unread body out of the way. Newer versions have an option for
  // the same, optimizeEmptyRequests.
  _dump(): void {
    const internals = this as unknown as Internals
    const { headers } = this
    if (internals._consuming || "content-length" in headers || "transfer-encoding" in headers) {
      dump.call(this)
      return
    }
    internals._dumped = true
    const state = internals._readableState
    state.ended = true
    state.endEmitted = true
    state.destroyed = true
    state.closed = true
    state.closeEmitted = true
  }
}
