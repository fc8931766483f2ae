// The message of node:http, less what was not asked for: Node reads each request to its end as a stream, also one
// that has no body, and one whose body is wanted as a whole. It also decides what becomes of requests that Node's parser should
// not go on behind.

import type { EventEmitter } from "node:events"
import { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { hasBody } from "./bodiless.ts"
import { connectionOf } from "./connection.ts"
import { isTested, stopsAtUpgrade } from "./versions.ts"

/** What Node keeps on a message and its types do not tell. Where a version of Node lacks one, only speed is lost. */
interface Internals {
  _dump(): void
  _dumped: boolean
  _consuming: boolean
  _readableState: Record<"ended" | "endEmitted" | "destroyed" | "closed" | "closeEmitted", boolean>
}

/** A listener to one of these reads a message. */
const READING = ["data", "readable", "end", "close"]

const { _dump: dump } = IncomingMessage.prototype as unknown as Internals

/** What takes a body as it comes. */
export interface BodyTaker {
  take(chunk: Uint8Array): void
  /** The whole body was given. */
  end(): void
  /** The rest of the body will not come. */
  fail(): void
}

/** A message that is over without having been read, if it has no body. */
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

  declare private taker: BodyTaker | undefined

  /**
   * From now on `taker` gets what Node's parser gives, without a stream in between, and says itself when it wants no more.
   * False when that must go the way of the stream, as when others read it.
   */
  giveTo(taker: BodyTaker): boolean {
    if (!isTested || this.complete || this.destroyed || this.readableFlowing !== null || this.readableDidRead)
      return false
    if (this.readableLength > 0 || this.isSharedWithOthers || READING.some((event) => this.listenerCount(event) > 0))
      return false
    this.taker = taker
    // Node must not take it for an unwanted body.
    this._read(0)
    return true
  }

  /** What comes from now on goes the way of the stream. */
  takeBack(): void {
    this.taker = undefined
  }

  /** Another listener of the server may read it, too. */
  private get isSharedWithOthers(): boolean {
    const { server } = this.socket as Socket & { server?: EventEmitter }
    return server !== undefined && server.listenerCount("request") !== 1
  }

  // Node's parser calls it with what has come, and with null at the end.
  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    const { taker } = this
    if (taker === undefined) return super.push(chunk, encoding)
    if (chunk !== null) taker.take(chunk)
    else {
      this.taker = undefined
      this.markRead()
      taker.end()
    }
    return true
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { taker } = this
    this.taker = undefined
    super._destroy(error, callback)
    taker?.fail()
  }

  // Node calls this when the response is over, to get an unread body out of the way. Newer versions have an option for
  // the same, optimizeEmptyRequests.
  _dump(): void {
    const internals = this as unknown as Internals
    if (!isTested || internals._consuming || hasBody(this)) dump.call(this)
    else {
      internals._dumped = true
      this.markRead()
    }
  }

  /** As a stream it is at its end, and closed. */
  private markRead(): void {
    const state = (this as unknown as Internals)._readableState
    state.ended = true
    state.endEmitted = true
    state.destroyed = true
    state.closed = true
    state.closeEmitted = true
  }
}

/** Whether the client asked for an upgrade that the server did not take. */
export function isUpgradeRefused(message: IncomingMessage): boolean {
  return (message as LeanMessage).isUpgradeRefused === true
}
