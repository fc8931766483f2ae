// A connection that has one request at work at a time, as in HTTP/1.1. Requests that the client sends ahead (pipelining)
// wait here, a few of them; the rest is left with the carrier, and so in the kernel's buffers and the client's.

import type { Connections, Peer, SilenceLimits } from "./connections.ts"
import type { Exchange } from "./exchange.ts"
import { nextTurn } from "./turns.ts"

/** The transport below a connection, as a socket. */
export interface Carrier {
  /** Bytes that came, in sum. */
  readonly bytesRead: number
  /** Whether bytes wait to be sent. */
  readonly isSending: boolean
  readonly isDestroyed: boolean
  /** Closes when the client takes none of what waits to be sent for so long; 0: no more. */
  limitSending(ms: number): void
  /** Takes no more from the client, until `resume`. */
  pause(): void
  resume(): void
  /** Closes when what waits to be sent has left. */
  close(): void
  destroy(): void
}

/** So many requests of a client wait behind the one at work. */
export const MAX_WAITING = 16

/** A connection with one request at work at a time. */
export class Connection implements Peer {
  /** The transport below. */
  readonly carrier: Carrier
  readonly #connections: Connections
  /** The request that is in the application now. */
  active: Exchange | undefined = undefined
  /** No further request is to be taken from this connection. */
  isClosing = false
  /** Whether a request has come on it yet. */
  #isGreeted = false
  /** A request is known to be on its way: the connection is not idle, even if it has not said anything yet. */
  #isExpected = false
  /** How long no request was at work and none waited to be sent. */
  #idleMs = 0
  /** Bytes that had come when the connection became idle. */
  #bytesAtRest = 0
  #isLimited = false
  /** Undefined while nothing waits. */
  #waiting: (() => void)[] | undefined = undefined

  constructor(carrier: Carrier, connections: Connections) {
    this.carrier = carrier
    this.#connections = connections
    connections.add(this)
  }

  /** Whether so many requests wait that no further one should be read. */
  get isCrowded(): boolean {
    return this.#waiting !== undefined && this.#waiting.length >= MAX_WAITING
  }

  /** A request is on its way on a connection that was accepted elsewhere. */
  expect(): void {
    this.#isExpected = true
  }

  /** A request has come. True when it may be served now; else it is to be given to `wait`. */
  greet(): boolean {
    this.#isGreeted = true
    this.#isExpected = false
    return this.active === undefined && this.#waiting === undefined
  }

  /** Runs `work`, which has a request, when those that came before are done. */
  wait(work: () => void): void {
    this.#waiting ??= []
    this.#waiting.push(work)
    this.carrier.pause()
  }

  /** Runs `work` when there is no request left to answer. */
  whenFree(work: () => void): void {
    if (this.active === undefined && this.#waiting === undefined) work()
    else this.wait(work)
  }

  /** The request that came last is not to be served. False when it is already. */
  dropLast(): boolean {
    if (this.#waiting?.pop() === undefined) return false
    if (this.#waiting.length === 0) this.#waiting = undefined
    return true
  }

  /** Bytes that came and were used; those that a kind of connection keeps for the next request are not. */
  protected get bytesUsed(): number {
    return this.carrier.bytesRead
  }

  /** The active request is over: the next one, if any. */
  release(): void {
    this.active = undefined
    this.#idleMs = 0
    this.#bytesAtRest = this.bytesUsed
    if (this.#waiting === undefined) return
    if (this.isClosing || this.carrier.isDestroyed) this.#waiting = undefined
    // In a turn of its own, so that a long line of requests is no long chain of calls, and others have their turn.
    else nextTurn(() => this.#next())
  }

  #next(): void {
    if (this.isClosing || this.carrier.isDestroyed || this.active !== undefined) return
    const work = this.#waiting?.shift()
    if (this.#waiting?.length === 0) this.#waiting = undefined
    if (this.#waiting === undefined) this.carrier.resume()
    work?.()
  }

  /** The carrier was closed. */
  closed(): void {
    this.#waiting = undefined
    this.#connections.delete(this)
    this.active?.leave()
  }

  /** The carrier is used in another way from now on, as after an upgrade. */
  detach(): void {
    this.carrier.limitSending(0)
    this.#connections.delete(this)
  }

  // ---- Peer

  /** Lets go of a client that was silent for too long, or takes nothing. */
  sweep(elapsedMs: number, limits: SilenceLimits, isStopping: boolean): void {
    const { isSending, bytesRead } = this.carrier
    this.#limitSending(isSending, limits.sendMs)
    if (this.active !== undefined || isSending) {
      this.#idleMs = 0
      this.#bytesAtRest = bytesRead
      return
    }
    this.#idleMs += elapsedMs
    // Bytes that came since may be a head; how long that may take is bounded too, so that they can't hold the connection.
    const hasBegun = bytesRead !== this.#bytesAtRest
    if (this.#idleMs < this.#idleLimit(limits, isStopping, hasBegun)) return
    // Timers come before new bytes are read: a request may wait in the kernel already.
    nextTurn(() => {
      if (this.active !== undefined || this.carrier.bytesRead !== bytesRead) return
      if (isStopping) this.carrier.close()
      else this.carrier.destroy()
    })
  }

  #idleLimit(limits: SilenceLimits, isStopping: boolean, hasBegun: boolean): number {
    const usual = this.#isGreeted ? limits.keepAliveMs : limits.firstByteMs
    if (hasBegun) return usual + limits.headMs
    return isStopping && !this.#isExpected ? Math.min(usual, limits.idleLingerMs) : usual
  }

  // Watching bytes move within one chunk costs something with each write, so only slow connections are watched.
  #limitSending(isSending: boolean, sendMs: number): void {
    if (isSending === this.#isLimited || sendMs === 0) return
    this.#isLimited = isSending
    this.carrier.limitSending(isSending ? sendMs : 0)
  }

  /** The server stops: the time that an idle connection is kept begins. */
  retire(): void {
    // Also when it has been idle for a long time.
    this.#idleMs = 0
  }

  /** Breaks off, and aborts the signal of the request at work. */
  destroy(reason: unknown): void {
    this.active?.abort(reason)
    this.carrier.destroy()
  }
}
