// A connection of node:http: its socket as the carrier of a Connection, and its addresses.

import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { Connection } from "../../running/connection.ts"
import type { Connections } from "../../running/connections.ts"
import type { Addresses } from "../../running/environ.ts"
import { addressesOf } from "./addresses.ts"
import { hasBody } from "./bodiless.ts"
import { SocketCarrier } from "./socket-carrier.ts"

const CONNECTION: unique symbol = Symbol("werkstatt.connection")

type ConnectedSocket = Socket & { [CONNECTION]?: NodeConnection }

export class NodeConnection extends Connection {
  readonly socket: Socket
  readonly addresses: Addresses
  declare readonly carrier: SocketCarrier
  /** The request that came last, until it is over. */
  lastMessage: IncomingMessage | undefined = undefined
  /** The response that was begun last, until it is over. */
  lastResponse: ServerResponse | undefined = undefined
  /** What gives Node's parser its bytes, when it must not have them all. */
  feeder: { stop(): Buffer } | "soon" | undefined = undefined
  /** The fields of the next request as the client said them, where Node got to see others. */
  saidFields: readonly string[] | undefined = undefined

  constructor(socket: Socket, connections: Connections, halfCloseGraceMs: number) {
    super(new SocketCarrier(socket, halfCloseGraceMs), connections)
    this.socket = socket
    this.addresses = addressesOf(socket)
    ;(socket as ConnectedSocket)[CONNECTION] = this
    // Listeners without closures, and of events that others listen to only when they are needed: there are many connections.
    socket.on("close", onClose)
    socket.on("end", onEnd)
  }

  // An idle connection keeps nothing of its last request.
  override release(): void {
    const last = this.lastMessage
    if (last !== undefined && (last.complete || !hasBody(last))) this.lastMessage = undefined
    if (this.lastResponse?.socket === null) this.lastResponse = undefined
    super.release()
  }

  override detach(): void {
    super.detach()
    this.carrier.release()
  }
}

/** The connection of a socket, if it was seen before. */
export function connectionOf(socket: Socket): NodeConnection | undefined {
  return (socket as ConnectedSocket)[CONNECTION]
}

function onClose(this: Socket): void {
  connectionOf(this)?.closed()
}

function onEnd(this: Socket): void {
  connectionOf(this)?.carrier.halfClose()
}
