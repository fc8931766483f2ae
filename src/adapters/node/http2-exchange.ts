// One request over node:http2: a stream, whose pseudo-header fields stand for method, target and host
// (RFC 9113 section 8.3.1), and which frames bodies by itself.

import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2"
import type { HeaderList, InputStream } from "../../gateway.ts"
import { checkFieldName, checkFieldValue } from "../../http/fields.ts"
import type { SilenceLimits } from "../../running/connections.ts"
import { Refusal, type WireRequestHead } from "../../running/environ.ts"
import { Exchange } from "../../running/exchange.ts"
import type { Service } from "../../running/service.ts"
import type { OpenWebSocket, WebSocketCarrier } from "../../running/websocket.ts"
import { extendedConnectOf } from "../../running/websocket-handshake.ts"
import type { WireHead } from "../../running/wire-head.ts"
import { Http2Tunnel } from "./http2-tunnel.ts"
import { NodeInput } from "./input.ts"
import { loadWs, openOverWs } from "./ws.ts"

const BAD_REQUEST = new Refusal("400 Bad Request")
const NOT_IMPLEMENTED = new Refusal("501 Not Implemented")
const REQUEST_TIMEOUT = new Refusal("408 Request Timeout")

/** Error codes of RFC 9113 section 7. */
const NO_ERROR = 0x0
const CANCEL = 0x8

/** What ws asks for, and HTTP/2 has not (RFC 8441 section 5). */
const NO_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="

const LEFT = "the client left before its WebSocket was opened"

/** A longer chunk is sent in pieces, so that one can see whether the client takes any of it. */
const PIECE = 64 * 1024

export class Http2Exchange extends Exchange implements WireRequestHead {
  readonly method: string
  readonly target: string
  readonly protocol = "HTTP/2"
  readonly fields: readonly string[]
  readonly hasBody: boolean
  /** Why the request can't be taken, as far as the stream alone tells. */
  readonly refusal: Refusal | undefined
  /** Called when the stream is over, on both sides. */
  onClosed: () => void = () => {}
  readonly #service: Service
  readonly #stream: ServerHttp2Stream
  readonly #expectsContinue: boolean
  /** The client may send until the stream is closed, without there being a body. */
  readonly #isTunnel: boolean
  /** Those of WebSocket that the client offers. */
  #extensions: string | undefined = undefined
  #input: NodeInput | undefined = undefined
  /** How long the client has been sending its request. */
  #requestMs = 0
  /** How long it has taken nothing of what waits to be sent. */
  #stuckMs = 0
  #piecesTaken = 0
  #piecesSeen = 0

  constructor(service: Service, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, fields: readonly string[]) {
    super(service)
    this.#service = service
    this.#stream = stream
    const plain = plainFields(fields, headers[":authority"])
    const isConnect = headers[":method"] === "CONNECT"
    this.fields = plain ?? []
    this.target = headers[":path"] ?? ""
    this.#isTunnel = isConnect
    if (isConnect && headers[":protocol"] === "websocket" && !stream.endAfterHeaders) {
      const handshake = extendedConnectOf(this.fields)
      this.offer = handshake?.offer
      this.#extensions = handshake?.extensions
    }
    // Applications see of a handshake what they see of one in HTTP/1.1.
    this.method = this.offer === undefined ? (headers[":method"] ?? "") : "GET"
    this.refusal =
      plain === undefined ? BAD_REQUEST : isConnect ? this.#connectRefusal(headers[":protocol"]) : undefined
    this.hasBody = !stream.endAfterHeaders && !isConnect
    this.#expectsContinue = headers.expect?.toLowerCase() === "100-continue"
    // Both, since a stream that was reset closes only when what came of the request was read.
    stream.once("aborted", () => this.#over())
    stream.once("close", () => this.#over())
    // The reason is seen elsewhere: the stream is gone.
    stream.on("error", () => {})
  }

  #over(): void {
    this.onClosed()
    // A WebSocket reports its own end.
    if (this.websocket === undefined) this.leave()
  }

  /** A tunnel is made for WebSockets alone; RFC 9220 section 3 has 501 for other protocols. */
  #connectRefusal(protocol: unknown): Refusal | undefined {
    if (this.offer !== undefined) return undefined
    return protocol === undefined || protocol === "websocket" ? BAD_REQUEST : NOT_IMPLEMENTED
  }

  /** Answers a request that no application gets to see. */
  refuse(refusal: Refusal): void {
    if (this.isGone) return
    this.#stream.respond({ ":status": refusal.code, "content-type": "text/plain; charset=utf-8" })
    this.#stream.end(`${refusal.reason}\n`, () => this.#stream.close(NO_ERROR))
  }

  /** Called every `elapsedMs`: ends a stream whose client has had its time to send the request, or to take the response. */
  sweep(elapsedMs: number, limits: SilenceLimits): void {
    // A WebSocket is looked after as one of the server's connections.
    if (this.websocket !== undefined) return
    const stream = this.#stream
    if (this.hasBody && !stream.readableEnded && limits.requestMs > 0) {
      this.#requestMs += elapsedMs
      if (this.#requestMs >= limits.requestMs) this.#giveUp()
    }
    if (stream.writableLength === 0 || this.#piecesTaken !== this.#piecesSeen) this.#stuckMs = 0
    else this.#stuckMs += elapsedMs
    this.#piecesSeen = this.#piecesTaken
    if (limits.sendMs > 0 && this.#stuckMs >= limits.sendMs) stream.close(CANCEL)
  }

  #giveUp(): void {
    const wasStarted = this.isStarted
    // What waits for the body learns that no body will come.
    this.#input?.fail()
    if (wasStarted || this.isStarted) this.#stream.close(CANCEL)
    else {
      this.refuse(REQUEST_TIMEOUT)
      this.leave()
    }
  }

  // ---- the response

  override get isGone(): boolean {
    if (super.isGone) return true
    return this.websocket === undefined && (this.#stream.destroyed || this.#stream.closed)
  }

  override respond(head: WireHead, chunks: readonly Uint8Array[]): void {
    if (this.isGone) return
    this.#stream.respond(fieldsOf(head), { endStream: chunks.length === 0 })
    if (chunks.length === 0) return
    for (let i = 0; i < chunks.length - 1; i++) this.#send(chunks[i] as Uint8Array)
    const last = chunks[chunks.length - 1] as Uint8Array
    if (last.length <= PIECE) this.#stream.end(last)
    else {
      this.#send(last)
      this.#stream.end()
    }
  }

  override start(head: WireHead): void {
    if (!this.isGone) this.#stream.respond(fieldsOf(head))
  }

  override write(chunk: Uint8Array): boolean {
    if (this.isGone) return true
    const hasRoom = this.#send(chunk)
    if (!hasRoom) this.#stream.once("drain", () => this.resume())
    return hasRoom
  }

  #send(chunk: Uint8Array): boolean {
    let hasRoom = true
    for (let at = 0; at < chunk.length; at += PIECE)
      hasRoom = this.#stream.write(chunk.subarray(at, at + PIECE), this.#taken)
    return hasRoom
  }

  readonly #taken = (): void => {
    this.#piecesTaken++
  }

  override end(): void {
    if (!this.isGone) this.#stream.end()
  }

  override destroy(): void {
    // close() would send the end of the body first, and the client would take it for whole.
    this.#stream.destroy(new Error("the response was broken off"))
  }

  override finished(head: WireHead | undefined): void {
    this.#input?.finish()
    const stream = this.#stream
    // RFC 9113 section 8.1: the client is told to send no more of a body that is not read.
    const isSending = (this.hasBody || this.#isTunnel) && !stream.readableEnded
    if (isSending && this.websocket === undefined && !this.isGone) {
      if (stream.writableFinished) stream.close(NO_ERROR)
      else stream.once("finish", () => stream.close(NO_ERROR))
    }
    this.#service.finished(this, head?.code)
  }

  // ---- a handshake that is accepted

  override async accept(head: WireHead, socket: OpenWebSocket): Promise<WebSocketCarrier> {
    const ws = await loadWs()
    if (this.isGone) throw new Error(LEFT)
    const tunnel = new Http2Tunnel(this.#stream, (extensions) => {
      const fields = { ...fieldsOf(head), ":status": 200 }
      this.#stream.respond(extensions === undefined ? fields : { ...fields, "sec-websocket-extensions": extensions })
    })
    const handshake = { key: NO_KEY, extensions: this.#extensions }
    const carrier = openOverWs(ws, tunnel, Buffer.alloc(0), handshake, [], socket)
    if (carrier === undefined) throw new Error(LEFT)
    this.websocket = socket
    this.#service.attendWebSocket(this, socket)
    return carrier
  }

  // ---- the request

  override input(): InputStream {
    const sendContinue = this.#expectsContinue ? () => this.#inform({ ":status": 100 }) : undefined
    this.#input ??= new NodeInput(this.#stream, sendContinue)
    return this.#input
  }

  override earlyHints(headers: HeaderList): void {
    const fields: OutgoingHttpHeaders = { ":status": 103 }
    for (const [name, value] of headers) addField(fields, checkFieldName(name), checkFieldValue(value))
    this.#inform(fields)
  }

  #inform(fields: OutgoingHttpHeaders): void {
    if (!this.isGone && !this.#stream.headersSent) this.#stream.additionalHeaders(fields)
  }
}

/** The fields without the pseudo ones, the authority as Host; undefined when two hosts contradict each other. */
function plainFields(fields: readonly string[], authority: string | undefined): string[] | undefined {
  const plain: string[] = authority === undefined ? [] : ["host", authority]
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (name.charCodeAt(0) === 0x3a) continue
    const value = fields[i + 1] as string
    // Host may repeat the authority, but not contradict it.
    if (name === "host" && authority !== undefined) {
      if (value !== authority) return undefined
      continue
    }
    plain.push(name, value)
  }
  return plain
}

function fieldsOf(head: WireHead): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = Object.create(null)
  fields[":status"] = head.code
  for (let i = 0; i < head.fields.length; i += 2)
    addField(fields, head.fields[i] as string, head.fields[i + 1] as string)
  // That of a 426, which HTTP/2 does not have (RFC 9113 section 8.6).
  if (head.code === 426) delete fields["upgrade"]
  return fields
}

// Names are lower-case (RFC 9113 section 8.2.1); repeated ones become a list.
function addField(fields: OutgoingHttpHeaders, name: string, value: string): void {
  const key = name.toLowerCase()
  const before = fields[key]
  if (before === undefined) fields[key] = value
  else fields[key] = Array.isArray(before) ? [...before, value] : [String(before), value]
}
