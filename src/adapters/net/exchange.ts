// One request of HTTP/1.1 on a connection of this engine, and its response: which framing it has, whether the connection
// survives it, and when the bytes go. It reads nothing by itself: the connection gives it its body.

import type { Socket } from "node:net"
import type { Body, HeaderList, InputStream } from "../../gateway.ts"
import { hasContent } from "../../http/status.ts"
import { Exchange } from "../../running/exchange.ts"
import { canLend } from "../../running/lending.ts"
import type { Service } from "../../running/service.ts"
import type { WireHead } from "../../running/wire-head.ts"
import { earlyHintsText, headText, PartWriter, sendTogether } from "../node/response-bytes.ts"
import { type BodyFraming, ChunkedFraming, LengthFraming } from "./body-framing.ts"
import { type BodySource, NetInput } from "./input.ts"
import type { ParsedHead } from "./request-head.ts"

/** The connection of a request. */
export interface RequestConnection extends BodySource {
  readonly socket: Socket
  /** Nothing can be answered any more. */
  readonly isBroken: boolean
  /** The trailers of a body may have so many bytes. */
  readonly maxHeadBytes: number
  /** The response is over. */
  finished(exchange: NetExchange): void
}

export class NetExchange extends Exchange {
  readonly #service: Service
  readonly #connection: RequestConnection
  readonly #request: ParsedHead
  #input: NetInput | undefined = undefined
  #parts: PartWriter | undefined = undefined
  /** The body's memory is used again: a chunk is taken when the kernel has it. */
  #isLent = false
  /** What of the request is body; undefined when there is none. */
  framing: BodyFraming | undefined = undefined
  /** The connection ends behind this response. */
  isLast: boolean

  constructor(service: Service, connection: RequestConnection, request: ParsedHead) {
    super(service)
    this.#service = service
    this.#connection = connection
    this.#request = request
    this.isLast = !request.isKeptAlive
  }

  override get isGone(): boolean {
    return this.#connection.socket.destroyed || this.#connection.isBroken
  }

  // ---- the request

  override input(): InputStream {
    const { contentLength, isChunked, expectsContinue } = this.#request
    this.framing = isChunked
      ? new ChunkedFraming(this.#connection.maxHeadBytes)
      : new LengthFraming(Number(contentLength))
    const sendContinue = expectsContinue ? () => this.#sendContinue() : undefined
    this.#input = new NetInput(this.#connection, this.framing, sendContinue)
    return this.#input
  }

  /** The rest of the body will not come. */
  failBody(): void {
    this.#input?.fail()
  }

  override earlyHints(headers: HeaderList): void {
    const text = earlyHintsText(headers)
    // HTTP/1.0 has no 1xx (RFC 9110 section 15.2).
    if (this.isStarted || this.isGone || this.#request.protocol === "HTTP/1.0") return
    this.#connection.socket.write(text, "latin1")
  }

  #sendContinue(): void {
    if (!this.isStarted && !this.isGone) this.#connection.socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1")
  }

  // ---- the response

  override adopt(body: Body): void {
    if (!canLend(body)) return
    body.lend()
    this.#isLent = true
  }

  override respond(head: WireHead, chunks: readonly Uint8Array[]): void {
    this.#sendWhole(head, chunks)
  }

  override get sendsText(): boolean {
    return true
  }

  override respondText(head: WireHead, text: string): void {
    this.#sendWhole(head, text)
  }

  #sendWhole(head: WireHead, content: readonly Uint8Array[] | string): void {
    if (this.isGone) return
    sendTogether(this.#connection.socket, this.#headText(head, false), content)
  }

  override start(head: WireHead): void {
    if (this.isGone) return
    const isUntold = head.contentLength === undefined && hasContent(head.code, this.#request.method)
    const isChunked = isUntold && this.#request.protocol === "HTTP/1.1"
    // Where there are no chunks, the end of the connection is that of the body.
    if (isUntold && !isChunked) this.isLast = true
    this.#parts = new PartWriter(this.#connection.socket, this.#headText(head, isChunked), isChunked)
  }

  override write(chunk: Uint8Array): boolean {
    const parts = this.#parts
    if (parts === undefined || this.isGone) return true
    if (this.#isLent) {
      parts.lend(chunk, (error) => {
        if (!error) this.resume()
      })
      return false
    }
    const hasRoom = parts.write(chunk)
    if (!hasRoom) this.#connection.socket.once("drain", () => this.resume())
    return hasRoom
  }

  override end(): void {
    if (!this.isGone) this.#parts?.end()
  }

  override destroy(): void {
    // What was sent before may be of use to the client.
    this.#parts?.flush()
    this.#connection.socket.destroy()
  }

  override finished(head: WireHead | undefined): void {
    this.#input?.finish()
    this.#service.finished(this, head?.code)
    this.#connection.finished(this)
  }

  #headText(head: WireHead, isChunked: boolean): string {
    this.isLast ||= this.#mustClose()
    if (this.isLast) return headText(head, "close", "", isChunked)
    return headText(head, "keep-alive", this.#service.keepAliveHint, isChunked)
  }

  /**
   * Whether the connection ends with this response: the server stops, or too much of a body is unread to be thrown away, or
   * the client was never told to send it and may send something else instead (RFC 9110 section 10.1.1).
   */
  #mustClose(): boolean {
    if (this.#service.isClosing) return true
    const { framing } = this
    if (framing === undefined || framing.isComplete) return false
    if (this.#input?.isAwaited === true) return true
    return framing.left !== undefined && framing.left > this.#service.discard.maxDiscardBytes
  }
}
