// A connection of a front server, for every protocol: its socket, the times that are limited besides those of every connection,
// and how faults are told. A protocol brings what is done with the bytes.

import type { Socket } from "node:net"
import { Connection } from "../../running/connection.ts"
import type { SilenceLimits } from "../../running/connections.ts"
import { report } from "../../running/report.ts"
import { peerAddressOf } from "../node/addresses.ts"
import { SocketCarrier } from "../node/socket-carrier.ts"
import { linger } from "../node/unread-body.ts"
import type { Gateway } from "./gateway.ts"
import type { GatewayExchange } from "./gateway-exchange.ts"

export abstract class GatewayConnection<E extends GatewayExchange> extends Connection {
  declare readonly carrier: SocketCarrier
  readonly socket: Socket
  readonly gateway: Gateway
  declare active: E | undefined
  readonly #peer: string
  /** How long the body of the request at work has been coming. */
  #bodyMs = 0

  constructor(socket: Socket, gateway: Gateway) {
    super(new SocketCarrier(socket, gateway.halfCloseGraceMs), gateway.service.connections)
    this.socket = socket
    this.gateway = gateway
    this.#peer = peerAddressOf(socket) ?? "a unix socket"
    socket.on("error", () => socket.destroy())
    socket.once("close", () => this.closed())
    socket.on("end", () => {
      this.active?.bodyEnded(false)
      this.carrier.halfClose()
      this.ended()
    })
    socket.on("data", (chunk: Buffer) => this.received(chunk))
  }

  /** Bytes have come. */
  protected abstract received(chunk: Buffer): void

  /** The front server has closed its sending side. */
  protected abstract ended(): void

  /** Writes what a front server did wrong to the log. */
  say(fault: string): void {
    report(this.gateway.service, undefined, `${this.gateway.name} from ${this.#peer}: ${fault}`)
  }

  /** Ends this connection for a fault after which no byte can be told from another. */
  breakOff(fault: string): void {
    this.say(`${fault}; the connection was closed`)
    this.socket.destroy()
  }

  /** Closes when what waits to be sent has left, in steps where more may still come from the other side. */
  closeAfter(isUnread: boolean): void {
    this.isClosing = true
    if (isUnread) linger(this.socket, this.gateway.service.discard)
    // What the kernel has it sends; closing the sending side first would take a turn of the event loop more.
    else if (this.socket.writableLength === 0) this.socket.destroy()
    else this.socket.destroySoon()
  }

  override closed(): void {
    this.active?.bodyEnded(false)
    super.closed()
  }

  override sweep(elapsedMs: number, limits: SilenceLimits, isStopping: boolean): void {
    super.sweep(elapsedMs, limits, isStopping)
    if (this.active?.isBodyOpen !== true) {
      this.#bodyMs = 0
      return
    }
    this.#bodyMs += elapsedMs
    if (limits.requestMs > 0 && this.#bodyMs >= limits.requestMs)
      this.breakOff(`the body of ${this.active.title} did not come within ${limits.requestMs} ms`)
  }
}
