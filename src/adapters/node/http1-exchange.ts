// One request over node:http, written to a ServerResponse. What Node leaves undone is done here: a body that was not read,
// a 103 that is checked, a response that others have touched.

import { type IncomingMessage, ServerResponse } from "node:http"
import type { Body, HeaderList, InputStream } from "../../gateway.ts"
import { encodeText } from "../../http/text-encoding.ts"
import { Refusal, type WireRequestHead } from "../../running/environ.ts"
import { Exchange } from "../../running/exchange.ts"
import { canLend } from "../../running/lending.ts"
import type { Service } from "../../running/service.ts"
import type { WireHead } from "../../running/wire-head.ts"
import { noteBodiless } from "./bodiless.ts"
import type { NodeConnection } from "./connection.ts"
import { setFields } from "./fields.ts"
import { NodeInput } from "./input.ts"
import { isUpgradeRefused } from "./lean-message.ts"
import { LeanResponse } from "./lean-response.ts"
import type { Mounting } from "./mounting.ts"
import { earlyHintsText, type PartWriter } from "./response-bytes.ts"
import { discardRest, lingerOnClose, restOfBody } from "./unread-body.ts"

const { write } = ServerResponse.prototype

const BAD_REQUEST = new Refusal("400 Bad Request")
const VERSION_NOT_SUPPORTED = new Refusal("505 HTTP Version Not Supported")

export class Http1Exchange extends Exchange implements WireRequestHead {
  readonly method: string
  readonly target: string
  readonly protocol: "HTTP/1.0" | "HTTP/1.1"
  readonly fields: readonly string[]
  readonly #service: Service
  readonly #connection: NodeConnection
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #expectsContinue: boolean
  readonly #mounting: Mounting | undefined
  /** Other code answers in our place. */
  #isPassedOn = false
  #input: NodeInput | undefined = undefined
  #parts: PartWriter | undefined = undefined
  /** The body's memory is used again: a chunk is taken when the kernel has it. */
  #isLent = false
  #listensForDrain = false
  #isDrained = false

  constructor(
    service: Service,
    connection: NodeConnection,
    message: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
    mounting: Mounting | undefined,
  ) {
    super(service)
    this.method = message.method as string
    this.target = message.url as string
    this.protocol = message.httpVersionMinor === 0 ? "HTTP/1.0" : "HTTP/1.1"
    this.fields = mounting?.fields ?? connection.saidFields ?? message.rawHeaders
    this.#service = service
    this.#connection = connection
    this.#message = message
    this.#response = response
    this.#expectsContinue = expectsContinue
    this.#mounting = mounting
  }

  /** Why the request can't be taken, as far as its version tells. */
  get refusal(): Refusal | undefined {
    const { httpVersionMajor: major, httpVersionMinor: minor } = this.#message
    if (major === 1 && (minor === 1 || minor === 0)) return undefined
    return major === 0 ? BAD_REQUEST : VERSION_NOT_SUPPORTED
  }

  // ---- the response

  // Node answers a write to a response whose socket is gone with an 'error' event, which would end the process;
  // so nothing is written then.
  override get isGone(): boolean {
    return this.#isPassedOn || this.#connection.socket.destroyed
  }

  /** Whether others answer in place of this response. */
  #passesOn(head: WireHead): boolean {
    this.#isPassedOn = this.#mounting?.passOn?.has(head.code) === true && !this.#response.headersSent
    return this.#isPassedOn
  }

  override adopt(body: Body): void {
    if (!canLend(body) || this.#leanResponse() === undefined) return
    body.lend()
    this.#isLent = true
  }

  override respond(head: WireHead, chunks: readonly Uint8Array[]): void {
    this.#respondWith(head, chunks)
  }

  #respondWith(head: WireHead, content: readonly Uint8Array[] | string): void {
    if (this.isGone || this.#passesOn(head)) return
    if (this.#input === undefined) noteBodiless(this.#message)
    const response = this.#response
    if (this.#leanResponse()?.sendWhole(head, content, this.#service.keepAliveHint)) return
    this.#writeHead(head)
    response.cork()
    // For text, Node would write the head in the encoding of the body.
    for (const chunk of typeof content === "string" ? [encodeText(content)] : content) response.write(chunk)
    response.end()
    response.uncork()
  }

  override get sendsText(): boolean {
    return true
  }

  override respondText(head: WireHead, text: string): void {
    this.#respondWith(head, text)
  }

  override start(head: WireHead): void {
    if (this.isGone || this.#passesOn(head)) return
    if (this.#input === undefined) noteBodiless(this.#message)
    this.#parts = this.#leanResponse()?.sendInParts(head, this.#service.keepAliveHint)
    if (this.#parts === undefined) this.#writeHead(head)
  }

  override write(chunk: Uint8Array): boolean {
    if (this.isGone) return true
    if (this.#isLent) {
      const onTaken = (error?: Error | null) => {
        if (!error) this.resume()
      }
      if (this.#parts === undefined) this.#response.write(chunk, onTaken)
      else this.#parts.lend(chunk, onTaken)
      return false
    }
    return this.#parts === undefined ? this.#writeCorked(chunk) : this.#writePart(this.#parts, chunk)
  }

  #writePart(parts: PartWriter, chunk: Uint8Array): boolean {
    const hasRoom = parts.write(chunk)
    if (!hasRoom) this.#connection.socket.once("drain", () => this.resume())
    return hasRoom
  }

  // By itself Node would keep the chunk for the rest of this turn. 'drain' tells, and not the callback of the write, which a
  // stream that others have put before the response may lose.
  #writeCorked(chunk: Uint8Array): boolean {
    const response = this.#response
    this.#isDrained = false
    response.cork()
    const hasRoom = response.write(chunk)
    // One listener for all chunks: a stream that others have put before the response may not take it back.
    if (!hasRoom && !this.#listensForDrain) {
      this.#listensForDrain = true
      response.on("drain", () => {
        this.#isDrained = true
        this.resume()
      })
    }
    response.uncork()
    if (hasRoom || this.#isDrained) return true
    // What was too much for the corked response may not be too much for its socket, which then has no 'drain' to tell of.
    return response.write === write && this.#connection.socket.writableNeedDrain === false
  }

  override end(): void {
    if (this.isGone) return
    if (this.#parts === undefined) {
      this.#response.end()
      return
    }
    this.#parts.end()
    ;(this.#response as LeanResponse).finishDirectly()
  }

  override destroy(): void {
    // The part that was sent may be of use to the client.
    this.#parts?.flush()
    this.#connection.socket.destroy()
  }

  override finished(head: WireHead | undefined): void {
    if (this.#isPassedOn) {
      this.#connection.release()
      this.#mounting?.next()
      return
    }
    this.#input?.finish()
    if (this.#hasUnreadBody() && !this.isGone)
      discardRest(this.#message, this.#connection.socket, this.#service.discard)
    this.#service.finished(this, head?.code)
    if (this.#service.isClosing) this.#connection.socket.destroySoon()
    this.#connection.release()
  }

  /** The response, if it may be sent directly: the connection goes on after it, as far as this side is concerned. */
  #leanResponse(): LeanResponse | undefined {
    const response = this.#response
    return response instanceof LeanResponse && !this.#mustClose() ? response : undefined
  }

  #writeHead(head: WireHead): void {
    const response = this.#response
    const mustClose = this.#mustClose()
    // RFC 9110 section 7.8: the Upgrade of a 426 is a matter of the connection.
    if (head.code === 426) {
      head.fields.push("Connection", mustClose || !response.shouldKeepAlive ? "close, Upgrade" : "Upgrade")
    } else if (mustClose) head.fields.push("Connection", "close")
    if (mustClose) this.#connection.isClosing = true
    const isLast = this.#connection.isClosing || !response.shouldKeepAlive
    if (isLast && this.#hasUnreadBody()) lingerOnClose(this.#connection.socket, this.#service.discard)
    const fields = this.#withHint(head.fields)
    if (response.getHeaderNames().length === 0) response.writeHead(head.code, head.reason, fields)
    else {
      // Beside fields that others have set, Node takes a list for one value a name.
      setFields(response, fields)
      response.writeHead(head.code, head.reason)
    }
  }

  // Not part of what the application said, so its own list stays as it is.
  #withHint(fields: string[]): string[] {
    const { keepAliveHint } = this.#service
    const goesOn = this.#response.shouldKeepAlive && this.protocol === "HTTP/1.1" && !this.#connection.isClosing
    return keepAliveHint === "" || !goesOn ? fields : [...fields, "Keep-Alive", keepAliveHint]
  }

  /**
   * Whether the connection ends with this response: the server stops, or too much of a body is unread to be thrown away, or
   * the client was never told to send it and may send something else instead (RFC 9110 section 10.1.1).
   */
  #mustClose(): boolean {
    if (this.#service.isClosing || isUpgradeRefused(this.#message)) return true
    if (!this.#hasUnreadBody()) return false
    if (this.#expectsContinue && this.#input?.isUntouched === true) return true
    const rest = restOfBody(this.#message, this.#input)
    return rest !== undefined && rest > this.#service.discard.maxDiscardBytes
  }

  // ---- the request

  override input(): InputStream {
    if (this.#mounting?.input !== undefined) return this.#mounting.input
    this.#input = new NodeInput(this.#message, this.#expectsContinue ? () => this.#sendContinue() : undefined)
    return this.#input
  }

  override earlyHints(headers: HeaderList): void {
    const text = earlyHintsText(headers)
    // HTTP/1.0 has no 1xx (RFC 9110 section 15.2); a response that waits for an earlier one has no socket yet.
    if (this.isStarted || this.protocol === "HTTP/1.0") return
    this.#response.socket?.write(text, "latin1")
  }

  // Of a request without a body Node says that it is complete only after its listeners ran.
  #hasUnreadBody(): boolean {
    return this.#input !== undefined && !this.#message.complete
  }

  #sendContinue(): void {
    if (!this.isStarted && !this.isGone) this.#response.writeContinue()
  }
}
