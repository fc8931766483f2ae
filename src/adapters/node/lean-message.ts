// The message of node:http, less what nobody asked for: Node reads each request to its end as a stream, also one
// that has no body. It also decides what becomes of requests that Node's parser should not go on behind.

import { IncomingMessage } from "node:http"
import { connectionOf } from "./connection.ts"
import { isTested, stopsAtUpgrade } from "./versions.ts"

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
  declare private handOver: boolean | undefined
  /** The client asked for an upgrade, and Node goes on with this request as with any, but loses what came right behind it. */
  declare isUpgradeRefused: boolean | undefined

  static {
    // Node's parser says here whether the request wants to leave HTTP; then the server says whether it may. One that may is
    // handed over with all that has come behind it. So is a request too many: see handing-back.ts. To the types it is no accessor.
    Object.defineProperty(LeanMessage.prototype, "upgrade", {
      get(this: LeanMessage): boolean {
        return this.handOver === true
      },
      set(this: LeanMessage, wanted: boolean | null) {
        if (wanted === null) return
        if (this.handOver === true && !wanted) this.isUpgradeRefused = true
        this.handOver = wanted || (this.handOver === undefined && stopsAtUpgrade && this.isTooMuch)
      },
      configurable: true,
    })
  }

  private get isTooMuch(): boolean {
    const connection = connectionOf(this.socket)
    return connection?.isCrowded === true && connection.feeder === undefined
  }

  // Node calls this when the response is over, to get an unread body out of the way. Newer versions have an option for
  // the same, optimizeEmptyRequests.
  _dump(): void {
    const internals = this as unknown as Internals
    if (!isTested || internals._consuming || hasBody(this)) {
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

/** Whether a body comes with the request, be it an empty one (RFC 9112 section 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return "content-length" in headers || "transfer-encoding" in headers
}

/** Whether the client asked for an upgrade that the server did not take. */
export function isUpgradeRefused(message: IncomingMessage): boolean {
  return (message as LeanMessage).isUpgradeRefused === true
}
