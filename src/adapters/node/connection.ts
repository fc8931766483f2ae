// A connection of node:http: its socket as the carrier of a Connection, and its addresses.

import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { type Carrier, Connection } from "../../running/connection.ts"
import type { Connections } from "../../running/connections.ts"
import type { Addresses } from "../../running/environ.ts"
import { addressesOf } from "./addresses.ts"

const CONNECTION: unique symbol = Symbol("werkstatt.connection")

type ConnectedSocket = Socket & { [CONNECTION]?: NodeConnection }

export class NodeConnection extends Connection {
  readonly socket: Socket
  readonly addresses: Addresses
  readonly #carrier: SocketCarrier
  /** The request that came last. */
  lastMessage: IncomingMessage | undefined = undefined
  /** The response that was begun last. */
  lastResponse: ServerResponse | undefined = undefined
  /** What gives Node's parser its bytes, when it must not have them all. */
  feeder: { stop(): Buffer } | "soon" | undefined = undefined
  /** The fields of the next request as the client said them, where Node got to see others. */
  saidFields: readonly string[] | undefined = undefined

  constructor(socket: Socket, connections: Connections, halfCloseGraceMs: number) {
    const carrier = new SocketCarrier(socket, halfCloseGraceMs)
    super(carrier, connections)
    this.socket = socket
    this.#carrier = carrier
    this.addresses = addressesOf(socket)
    ;(socket as ConnectedSocket)[CONNECTION] = this
    socket.once("close", () => this.closed())
  }

  override detach(): void {
    super.detach()
    this.#carrier.release()
  }
}

/** The connection of a socket, if it was seen before. */
export function connectionOf(socket: Socket): NodeConnection | undefined {
  return (socket as ConnectedSocket)[CONNECTION]
}

class SocketCarrier implements Carrier {
  readonly #socket: Socket
  /** Whether the socket's timer runs for bytes that wait to be sent. */
  #isLimited = false
  #isHalfClosed = false
  #isReleased = false

  constructor(socket: Socket, halfCloseGraceMs: number) {
    this.#socket = socket
    // A client that closed its sending side may still wait for its answer, or be gone altogether; only writing to it
    // tells. So silence decides: when no byte was taken by it for the time of grace, it counts as gone.
    socket.on("end", () => {
      if (this.#isReleased) return
      this.#isHalfClosed = true
      socket.setTimeout(halfCloseGraceMs)
    })
    socket.on("timeout", () => {
      if (this.#isHalfClosed || this.#isLimited) socket.destroy()
    })
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
    this.#socket.setTimeout(ms)
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
