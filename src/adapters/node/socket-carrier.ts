// A socket as the carrier of a connection of any protocol: what waits to be sent, silence, and clients that have closed
// their sending side.

import type { Socket } from "node:net"
import type { Carrier } from "../../running/connection.ts"

const CARRIER: unique symbol = Symbol("werkstatt.carrier")

// One listener for all sockets: there are many, and few need it.
function onTimeout(this: Socket & { [CARRIER]?: SocketCarrier }): void {
  this[CARRIER]?.timeOut()
}

/** What uses it calls `halfClose` when the socket tells its end. */
export class SocketCarrier implements Carrier {
  readonly #socket: Socket
  readonly #halfCloseGraceMs: number
  /** Whether the socket's timer runs for bytes that wait to be sent. */
  #isLimited = false
  #isHalfClosed = false
  #isReleased = false

  constructor(socket: Socket, halfCloseGraceMs: number) {
    this.#socket = socket
    ;(socket as Socket & { [CARRIER]?: SocketCarrier })[CARRIER] = this
    this.#halfCloseGraceMs = halfCloseGraceMs
  }

  /**
   * A client that closed its sending side may still wait for its answer, or be gone altogether; only writing to it tells. So
   * silence decides: when no byte was taken by it for the time of grace, it counts as gone.
   */
  halfClose(): void {
    if (this.#isReleased) return
    this.#isHalfClosed = true
    this.#setTimeout(this.#halfCloseGraceMs)
  }

  /** The socket was silent for the time that it was given. */
  timeOut(): void {
    if (this.#isHalfClosed || this.#isLimited) this.#socket.destroy()
  }

  #setTimeout(ms: number): void {
    const socket = this.#socket
    if (!socket.listeners("timeout").includes(onTimeout)) socket.on("timeout", onTimeout)
    socket.setTimeout(ms)
  }

  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  get isSending(): boolean {
    return this.#socket.writableLength > 0
  }

  get isDestroyed(): boolean {
    return this.#socket.destroyed
  }

  // The socket's own timer sees bytes move within one chunk.
  limitSending(ms: number): void {
    if (this.#isHalfClosed) return
    this.#isLimited = ms > 0
    this.#setTimeout(ms)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroySoon()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Has nothing more to do with the socket. */
  release(): void {
    this.#isReleased = true
    this.#isLimited = false
  }
}
