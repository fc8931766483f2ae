// A WebSocket handshake over HTTP/1.1 that Node's server has handed over: it has no parser and no response any more. One that the
// application accepts goes on with ws; to refuse it, a response is written here, and the connection ends with it.

import type { Socket } from "node:net"
import { httpDate } from "../../http/dates.ts"
import { hasContent } from "../../http/status.ts"
import type { Connection } from "../../running/connection.ts"
import type { Refusal, WireRequestHead } from "../../running/environ.ts"
import { Exchange } from "../../running/exchange.ts"
import type { Service } from "../../running/service.ts"
import type { OpenWebSocket, WebSocketCarrier } from "../../running/websocket.ts"
import type { Handshake } from "../../running/websocket-handshake.ts"
import type { WireHead } from "../../running/wire-head.ts"
import { refusalAnswer } from "./refusal-answer.ts"
import { lingerOnClose } from "./unread-body.ts"
import { loadWs, openOverWs } from "./ws.ts"

/** A client that sends more before it has its answer has to wait. */
const MAX_AHEAD = 64 * 1024

/** A connection whose socket can be used in another way. */
export type SocketConnection = Connection & { readonly socket: Socket }

export class HandshakeExchange extends Exchange implements WireRequestHead {
  readonly method = "GET"
  readonly target: string
  readonly protocol = "HTTP/1.1"
  readonly fields: readonly string[]
  readonly #service: Service
  readonly #connection: SocketConnection
  #handshake: Handshake | undefined
  /** What the client sent behind its request. */
  #ahead: Buffer[]
  #aheadBytes = 0
  #isChunked = false

  constructor(
    service: Service,
    connection: SocketConnection,
    request: { target: string; fields: readonly string[] },
    handshake: Handshake,
    ahead: Buffer,
  ) {
    super(service)
    this.target = request.target
    this.fields = request.fields
    this.offer = handshake.offer
    this.#service = service
    this.#connection = connection
    this.#handshake = handshake
    this.#ahead = [ahead]
    // Only a socket that is read tells that its client has left.
    connection.socket.on("data", this.#onData)
    connection.socket.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#ahead.push(chunk)
    this.#aheadBytes += chunk.length
    if (this.#aheadBytes > MAX_AHEAD) this.#connection.socket.pause()
  }

  override get isGone(): boolean {
    return super.isGone || (this.websocket === undefined && this.#connection.socket.destroyed)
  }

  // ---- a handshake that is accepted

  override async accept(head: WireHead, socket: OpenWebSocket): Promise<WebSocketCarrier> {
    const ws = await loadWs()
    const connection = this.#connection
    if (this.isGone) throw new Error("the client left before its WebSocket was opened")
    this.#stopReading()
    connection.detach()
    const fields = head.hasDate ? head.fields : [...head.fields, "Date", httpDate()]
    const stream = connection.socket
    const ahead = Buffer.concat(this.#ahead)
    const carrier = openOverWs(ws, stream, ahead, this.#handshake as Handshake, fields, socket)
    // Not kept for as long as the socket is open.
    this.#ahead = []
    this.#handshake = undefined
    if (carrier === undefined) throw new Error("the client left before its WebSocket was opened")
    this.websocket = socket
    this.#service.attendWebSocket(this, socket)
    return carrier
  }

  #stopReading(): void {
    this.#connection.socket.removeListener("data", this.#onData)
    this.#connection.socket.pause()
  }

  // ---- one that is refused

  /** Answers a request that no application gets to see. */
  refuse(refusal: Refusal): void {
    const { head, text } = refusalAnswer(refusal)
    this.respond(head, [Buffer.from(text)])
    this.#end()
  }

  override start(head: WireHead): void {
    if (this.isGone) return
    const { fields } = head
    let text = `HTTP/1.1 ${head.status}\r\n`
    let isUpgrade = false
    for (let i = 0; i < fields.length; i += 2) {
      text += `${fields[i]}: ${fields[i + 1]}\r\n`
      isUpgrade ||= fields[i]?.toLowerCase() === "upgrade"
    }
    if (!head.hasDate) text += `Date: ${httpDate()}\r\n`
    this.#isChunked = head.contentLength === undefined && hasContent(head.code)
    if (this.#isChunked) text += "Transfer-Encoding: chunked\r\n"
    text += `Connection: close${isUpgrade ? ", Upgrade" : ""}\r\n\r\n`
    this.#connection.isClosing = true
    this.#connection.socket.write(text, "latin1")
  }

  override write(chunk: Uint8Array): boolean {
    if (this.isGone) return true
    const { socket } = this.#connection
    if (this.#isChunked) socket.write(`${chunk.length.toString(16)}\r\n`, "latin1")
    let hasRoom = socket.write(chunk)
    if (this.#isChunked) hasRoom = socket.write("\r\n", "latin1")
    if (!hasRoom) socket.once("drain", () => this.resume())
    return hasRoom
  }

  override end(): void {
    if (!this.isGone && this.#isChunked) this.#connection.socket.write("0\r\n\r\n", "latin1")
  }

  override destroy(): void {
    this.#connection.socket.destroy()
  }

  override finished(head: WireHead | undefined): void {
    this.#service.finished(this, head?.code)
    if (this.websocket === undefined) this.#end()
  }

  #end(): void {
    const { socket } = this.#connection
    this.#connection.active = undefined
    this.#stopReading()
    lingerOnClose(socket, this.#service.discard)
    socket.destroySoon()
  }
}
