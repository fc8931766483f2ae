// A connection of HTTP/1.1 over a socket: it takes the bytes that come apart into requests, one after the other, and gives each
// request its body. Bytes that have no use yet stay in the socket, the kernel and the client, so that what a client sends ahead
// can't grow here. It makes no stream and no parser, and an idle connection keeps nothing of its requests.

import type { Socket } from "node:net"
import { hasContent } from "../../http/status.ts"
import { Connection } from "../../running/connection.ts"
import type { SilenceLimits } from "../../running/connections.ts"
import { type Addresses, Refusal } from "../../running/environ.ts"
import type { Service } from "../../running/service.ts"
import { type Handshake, handshakeOf } from "../../running/websocket-handshake.ts"
import { addressesOf } from "../node/addresses.ts"
import { HandshakeExchange } from "../node/handshake-exchange.ts"
import { refusalAnswer } from "../node/refusal-answer.ts"
import { faultText, headText } from "../node/response-bytes.ts"
import { SocketCarrier } from "../node/socket-carrier.ts"
import { linger } from "../node/unread-body.ts"
import { ArrivedBytes } from "./arrived-bytes.ts"
import { type BodyFraming, FramingFault } from "./body-framing.ts"
import { NetExchange, type RequestConnection } from "./exchange.ts"
import { HeadReader } from "./head-reader.ts"
import { BAD_REQUEST, type ParsedHead, parseHead } from "./request-head.ts"

/** After so many requests in one go other connections get their turn. */
const REQUESTS_PER_TURN = 16

const REQUEST_TIMEOUT = new Refusal("408 Request Timeout")

const CONNECTION: unique symbol = Symbol("werkstatt.net-connection")
type ConnectedSocket = Socket & { [CONNECTION]?: NetConnection }

/** The connection of a socket, if it was taken in before. */
export function connectionOf(socket: Socket): NetConnection | undefined {
  return (socket as ConnectedSocket)[CONNECTION]
}

// Listeners without closures: there are many connections.
function onData(this: ConnectedSocket, chunk: Buffer): void {
  this[CONNECTION]?.receive(chunk)
}
function onEnd(this: ConnectedSocket): void {
  this[CONNECTION]?.halfClosed()
}
function onClose(this: ConnectedSocket): void {
  this[CONNECTION]?.closed()
}
function onError(this: Socket): void {
  this.destroy()
}

/** What all connections of a server have in common. */
export interface EngineSettings {
  readonly service: Service
  readonly halfCloseGraceMs: number
  /** A longer head is answered with 431. */
  readonly maxHeadBytes: number
}

export class NetConnection extends Connection implements RequestConnection {
  readonly socket: Socket
  readonly addresses: Addresses
  declare readonly carrier: SocketCarrier
  readonly #settings: EngineSettings
  readonly #arrived = new ArrivedBytes()
  /** Reads a head that has come in part. */
  #headReader: HeadReader | undefined = undefined
  /** How long the head or the body of a request has been on its way. */
  #arrivingMs = 0
  /** The request at work. */
  #exchange: NetExchange | undefined = undefined
  /** The body of the request before, which the application has not read to its end. */
  #unread: BodyFraming | undefined = undefined
  #discardedBytes = 0
  #whenMore: (() => void) | undefined = undefined
  /** The client sends nothing any more. */
  #isEnded = false
  #isPaused = false
  #isAdvancing = false
  /** The answer at work is not wanted any more. */
  isBroken = false

  constructor(socket: Socket, settings: EngineSettings) {
    super(new SocketCarrier(socket, settings.halfCloseGraceMs), settings.service.connections)
    this.socket = socket
    this.addresses = addressesOf(socket)
    this.#settings = settings
    ;(socket as ConnectedSocket)[CONNECTION] = this
    socket.on("data", onData)
    socket.on("end", onEnd)
    socket.on("close", onClose)
    socket.on("error", onError)
  }

  get maxHeadBytes(): number {
    return this.#settings.maxHeadBytes
  }

  // ---- bytes

  /** Takes what has come. */
  receive(chunk: Buffer): void {
    // Behind the last request of a connection anything may come (RFC 9112 section 9.6).
    if (this.isClosing) return
    this.#arrived.push(chunk)
    this.#advance()
  }

  /** The client has closed its sending side. */
  halfClosed(): void {
    this.#isEnded = true
    if (this.#headReader?.hasBegun) this.#breakOff(BAD_REQUEST)
    else if (this.active === undefined) this.carrier.close()
    else {
      this.carrier.halfClose()
      this.#wake()
    }
  }

  /** Goes on as far as the bytes that are there lead. */
  #advance(): void {
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    const arrived = this.#arrived
    let requests = 0
    while (arrived.first !== undefined && !this.isClosing && !this.socket.destroyed) {
      if (this.#unread !== undefined) this.#discard(this.#unread)
      else if (this.#whenMore !== undefined) this.#wake()
      else if (this.active !== undefined) break
      else if (requests === REQUESTS_PER_TURN) {
        setImmediate(() => this.#advance())
        break
      } else {
        // Answers to requests that came together leave together.
        if (requests++ === 1) this.socket.cork()
        this.#takeHead(arrived.first)
      }
    }
    if (requests > 1) this.socket.uncork()
    this.#isAdvancing = false
    this.#holdBack()
  }

  /** Reads no further while enough waits to be used. */
  #holdBack(): void {
    const isFull = this.#arrived.isFull && !this.isClosing
    if (isFull === this.#isPaused || this.socket.destroyed) return
    this.#isPaused = isFull
    if (isFull) this.socket.pause()
    else this.socket.resume()
  }

  // ---- requests

  #takeHead(bytes: Buffer): void {
    this.#headReader ??= new HeadReader(this.#settings.maxHeadBytes)
    const reader = this.#headReader
    if (!reader.hasBegun) this.#arrivingMs = 0
    const found = reader.take(bytes, this.#arrived.at)
    this.#arrived.useTo(reader.at)
    if (found === undefined) return
    const head = typeof found === "string" ? parseHead(found) : found
    if (head instanceof Refusal) this.#breakOff(head)
    else if (head.method === "CONNECT") this.#breakOff(BAD_REQUEST)
    else this.#serve(head)
  }

  #serve(head: ParsedHead): void {
    this.greet()
    const handshake = head.hasUpgrade ? handshakeOf(head) : undefined
    if (handshake !== undefined) {
      this.#serveHandshake(head, handshake)
      return
    }
    const { service } = this.#settings
    const exchange = new NetExchange(service, this, head)
    this.active = exchange
    this.#exchange = exchange
    const refusal = service.serve(head, this.addresses, exchange)
    if (refusal !== undefined) this.#refuse(refusal, head.method)
  }

  #serveHandshake(head: ParsedHead, handshake: Handshake): void {
    const { service } = this.#settings
    this.socket.removeListener("data", onData)
    const exchange = new HandshakeExchange(service, this, head, handshake, this.#arrived.takeAll())
    this.active = exchange
    const refusal = service.serve(exchange, this.addresses, exchange)
    if (refusal !== undefined) exchange.refuse(refusal)
  }

  /** The response to a request is over, or its client is gone. */
  finished(exchange: NetExchange): void {
    const { framing } = exchange
    this.#exchange = undefined
    this.#wake()
    const isLast = exchange.isLast || this.#settings.service.isClosing || (this.#isEnded && this.#arrived.size === 0)
    const isUnread = framing !== undefined && !framing.isComplete
    if (isLast && !this.socket.destroyed && !this.isBroken) {
      this.isClosing = true
      if (isUnread) this.#linger()
      else this.carrier.close()
    } else if (isUnread) {
      this.#unread = framing
      this.#discardedBytes = 0
    }
    this.release()
    this.#advance()
  }

  override detach(): void {
    super.detach()
    this.carrier.release()
    this.socket.removeListener("end", onEnd)
  }

  // Bytes that wait here have not been used by a request.
  protected override get bytesUsed(): number {
    return this.socket.bytesRead - this.#arrived.size - (this.#headReader?.size ?? 0)
  }

  // ---- bodies

  takePiece(): Uint8Array | undefined {
    const framing = this.#exchange?.framing
    if (framing === undefined) return undefined
    const piece = this.#takeOf(framing)
    if (piece === undefined && !framing.isComplete && this.#isEnded) this.#breakOff(BAD_REQUEST)
    if (!this.#isAdvancing) this.#holdBack()
    return piece
  }

  whenMore(callback: () => void): void {
    this.#whenMore = callback
  }

  #wake(): void {
    const callback = this.#whenMore
    this.#whenMore = undefined
    callback?.()
  }

  #takeOf(framing: BodyFraming): Uint8Array | undefined {
    const arrived = this.#arrived
    try {
      while (arrived.first !== undefined && !framing.isComplete) {
        const piece = framing.take(arrived.first, arrived.at)
        arrived.useTo(framing.at)
        if (piece !== undefined) return piece
      }
    } catch (fault) {
      if (!(fault instanceof FramingFault)) throw fault
      this.#breakOff(new Refusal(fault.status))
    }
    return undefined
  }

  /** Throws away what the application left unread, up to a limit. */
  #discard(framing: BodyFraming): void {
    const piece = this.#takeOf(framing)
    if (framing.isComplete) {
      this.#unread = undefined
      return
    }
    this.#discardedBytes += piece?.length ?? 0
    if (this.#discardedBytes <= this.#settings.service.discard.maxDiscardBytes) return
    this.isClosing = true
    this.#linger()
  }

  // ---- the end

  /** Answers a request that no application gets to see. */
  #refuse(refusal: Refusal, method: string): void {
    const { head, text } = refusalAnswer(refusal)
    this.active = undefined
    this.#exchange = undefined
    this.isClosing = true
    const bytes = headText(head, "close", "", false) + (hasContent(refusal.code, method) ? text : "")
    this.socket.write(bytes, "latin1")
    this.#linger()
  }

  /** What came, or did not come in time, is no request, and nothing behind it can be read. */
  #breakOff(refusal: Refusal): void {
    if (this.isClosing) return
    const isBegun = this.active?.isStarted === true
    this.isClosing = true
    this.isBroken = true
    this.#exchange?.failBody()
    this.#wake()
    if (isBegun) this.socket.destroy()
    else {
      this.socket.write(faultText(refusal.status), "latin1")
      this.#linger()
    }
    this.active?.leave()
  }

  #linger(): void {
    this.#arrived.takeAll()
    linger(this.socket, this.#settings.service.discard)
  }

  override closed(): void {
    this.#exchange?.failBody()
    this.#wake()
    super.closed()
  }

  override sweep(elapsedMs: number, limits: SilenceLimits, isStopping: boolean): void {
    const isInHead = this.#headReader?.hasBegun === true
    const isInBody = this.#exchange?.framing?.isComplete === false
    const limitMs = isInHead ? limits.headMs : isInBody ? limits.requestMs : 0
    this.#arrivingMs += elapsedMs
    if (limitMs > 0 && this.#arrivingMs >= limitMs) this.#breakOff(REQUEST_TIMEOUT)
    else super.sweep(elapsedMs, limits, isStopping)
  }
}
