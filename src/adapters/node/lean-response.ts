// The response of node:http, less what was not asked for. Our servers are made with it (option ServerResponse of node:http); a
// listener on a server of the user's gets Node's own.
//
// Node sends a response in steps that other code may come between, and each step costs: a head that is built and looked
// through, two writes, a wait for the next tick. The driver knows the head and has the bytes, so that they can go to
// the socket as they are, which saves a quarter of a small request. Only on a connection that goes on, and only when no other
// code has touched the response; every other response goes Node's own way.

import type { EventEmitter } from "node:events"
import { type IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { httpDate } from "../../http/dates.ts"
import { hasContent } from "../../http/status.ts"
import type { WireHead } from "../../running/wire-head.ts"
import { isTested } from "./versions.ts"

/** What Node keeps on a response and its types do not tell. */
interface Internals {
  /** Set when a server answers only so many requests on a connection. */
  maxRequestsOnConnectionReached?: boolean
  /** The head that was sent; `headersSent` looks at it. */
  _header: string
  /** Tells Node's own observers that the response is over. */
  _finish?(): void
}

const { writeHead, write, end } = ServerResponse.prototype

/** Up to this size a chunk is cheaper to copy into the write of what stands before it than to be handed over beside it. */
const COPY_LIMIT = 4096

/** A response that can be sent directly. */
export class LeanResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  declare private isDone: boolean | undefined

  static {
    // Some versions of Node note it only where their own way ends. To the types it is no getter.
    Object.defineProperty(LeanResponse.prototype, "writableFinished", {
      get(this: LeanResponse): boolean {
        return this.isDone === true || Reflect.get(ServerResponse.prototype, "writableFinished", this)
      },
      configurable: true,
    })
  }

  /**
   * Sends all of a response and is done. Returns false, with nothing sent, when that must be left to Node.
   *
   * @param content the body; text of `head.contentLength` bytes in UTF-8
   * @param keepAliveHint the field Keep-Alive, as `timeout=5`; none when it is empty
   */
  sendWhole(head: WireHead, content: readonly Uint8Array[] | string, keepAliveHint: string): boolean {
    const socket = this.socket
    if (socket === null || !isUntouched(this)) return false
    const text = headText(head, keepAliveHint)
    begin(this, head, text)
    if (typeof content === "string") sendWithText(socket, text, content, head.contentLength)
    else sendTogether(socket, text, content)
    this.finishDirectly()
    return true
  }

  /**
   * Begins a response with a body in parts: of a length that the head tells, or chunked. Undefined, with nothing sent,
   * when that must be left to Node, as for a response without a body.
   */
  sendInParts(head: WireHead, keepAliveHint: string): PartWriter | undefined {
    const socket = this.socket
    if (socket === null || !hasContent(head.code, this.req.method) || !isUntouched(this)) return undefined
    const isChunked = head.contentLength === undefined
    const text = headText(head, keepAliveHint, isChunked ? "Transfer-Encoding: chunked\r\n" : "")
    begin(this, head, text)
    return new PartWriter(this, socket, text, isChunked)
  }

  /** What Node does when it is done itself: the connection goes on to its next request. */
  finishDirectly(): void {
    this.finished = true
    this.isDone = true
    ;(this as unknown as Internals)._finish?.()
    const { server } = this.req.socket as Socket & { server?: EventEmitter }
    if (server === undefined || server.listenerCount("request") === 1) this.emit("finish")
    // A listener behind ours may have yet to ask for it.
    else process.nextTick(() => this.emit("finish"))
  }
}

/** Called when the kernel has what was written, or with an error. */
type Taken = (error?: Error | null) => void

/** So many bytes gather before they are written, also in the middle of a turn. */
const GATHER_LIMIT = 32 * 1024

/**
 * Writes the parts of a body, each with what frames it (RFC 9112 section 7.1). Short parts that come in one turn of the event
 * loop go to the socket together when the turn ends: a write costs more than what is in it. They are copied on their way.
 */
export class PartWriter {
  readonly #response: LeanResponse
  readonly #socket: Socket
  readonly #isChunked: boolean
  /** What has gathered: the head at first, then parts with their frames. */
  #gathered: string
  #isFlushDue = false

  constructor(response: LeanResponse, socket: Socket, head: string, isChunked: boolean) {
    this.#response = response
    this.#socket = socket
    this.#gathered = head
    this.#isChunked = isChunked
  }

  /** Sends a part, in this turn. True while the socket takes more at once; else its `drain` tells when it does. */
  write(chunk: Uint8Array): boolean {
    if (chunk.length > COPY_LIMIT) this.#writeLong(chunk)
    else {
      this.#gathered += this.#isChunked ? `${frame(chunk)}${latin1Text(chunk)}\r\n` : latin1Text(chunk)
      if (this.#gathered.length >= GATHER_LIMIT) this.flush()
      else if (!this.#isFlushDue) {
        this.#isFlushDue = true
        process.nextTick(flush, this)
      }
    }
    return !this.#socket.writableNeedDrain
  }

  /** Sends a part without a copy; calls `taken` when the kernel has it, or with an error. */
  lend(chunk: Uint8Array, taken: Taken): void {
    this.#writeLong(chunk, taken)
  }

  #writeLong(chunk: Uint8Array, taken?: Taken): void {
    const before = this.#isChunked ? this.#gathered + frame(chunk) : this.#gathered
    this.#gathered = ""
    writeAround(this.#socket, before, chunk, this.#isChunked ? "\r\n" : "", taken)
  }

  /** Writes what has gathered. */
  flush(): void {
    const text = this.#gathered
    this.#isFlushDue = false
    if (text === "" || this.#socket.destroyed) return
    this.#gathered = ""
    this.#socket.write(text, "latin1")
  }

  end(): void {
    if (this.#isChunked) this.#gathered += "0\r\n\r\n"
    this.flush()
    this.#response.finishDirectly()
  }
}

function flush(parts: PartWriter): void {
  parts.flush()
}

function frame(chunk: Uint8Array): string {
  return `${chunk.length.toString(16)}\r\n`
}

function begin(response: ServerResponse, head: WireHead, text: string): void {
  response.statusCode = head.code
  response.statusMessage = head.reason
  ;(response as unknown as Internals)._header = text
}

function isUntouched(response: ServerResponse): boolean {
  return (
    isTested &&
    response.shouldKeepAlive &&
    response.req.httpVersionMinor === 1 &&
    response.writeHead === writeHead &&
    response.write === write &&
    response.end === end &&
    response.sendDate &&
    (response as unknown as Internals).maxRequestsOnConnectionReached !== true &&
    response.getHeaderNames().length === 0
  )
}

function headText(head: WireHead, keepAliveHint: string, framing = ""): string {
  const { fields } = head
  let text = `HTTP/1.1 ${head.status}\r\n`
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  // RFC 9110 section 6.6.1
  if (!head.hasDate) text += `Date: ${httpDate()}\r\n`
  if (keepAliveHint !== "") text += `Keep-Alive: ${keepAliveHint}\r\n`
  // RFC 9110 section 7.8: the Upgrade of a 426 is a matter of the connection.
  return `${text}Connection: keep-alive${head.code === 426 ? ", Upgrade" : ""}\r\n${framing}\r\n`
}

/** The head is Latin-1, and so is ASCII text, which has as many bytes as characters; other text is UTF-8. */
function sendWithText(socket: Socket, head: string, text: string, bytes: number | undefined): void {
  if (text.length === bytes) {
    socket.write(head + text, "latin1")
    return
  }
  socket.cork()
  socket.write(head, "latin1")
  socket.write(text, "utf8")
  socket.uncork()
}

function sendTogether(socket: Socket, head: string, chunks: readonly Uint8Array[]): void {
  const first = chunks[0]
  if (first === undefined) socket.write(head, "latin1")
  else if (chunks.length === 1) writeAround(socket, head, first, "")
  else {
    socket.cork()
    writeAround(socket, head, first, "")
    for (let i = 1; i < chunks.length; i++) socket.write(chunks[i] as Uint8Array)
    socket.uncork()
  }
}

/** Writes a chunk and the text around it in one go. */
function writeAround(socket: Socket, before: string, chunk: Uint8Array, after: string, taken?: Taken): boolean {
  // Where nothing stands before it, nothing stands behind it.
  if (before === "") return socket.write(chunk, taken)
  if (chunk.length <= COPY_LIMIT) return socket.write(before + latin1Text(chunk) + after, "latin1", taken)
  socket.cork()
  socket.write(before, "latin1")
  let hasRoom: boolean
  if (after === "") hasRoom = socket.write(chunk, taken)
  else {
    socket.write(chunk)
    hasRoom = socket.write(after, "latin1", taken)
  }
  socket.uncork()
  return hasRoom
}

/** Up to this size V8 keeps an array on its own heap; Node's functions would first move it out of there. */
const ON_HEAP_LIMIT = 64

// Takes any Uint8Array, without a copy first.
const { latin1Slice } = Buffer.prototype

/** Bytes as a text of one character a byte. */
function latin1Text(bytes: Uint8Array): string {
  if (bytes.length > ON_HEAP_LIMIT) return latin1Slice.call(bytes, 0, bytes.length)
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}
