// The two objects that node:http makes for each request, less what nobody asked for. Our servers are made with them
// (options IncomingMessage and ServerResponse of node:http); a listener on somebody else's server gets Node's own.
//
// Node sends a response in steps that an application may come between, and reads every request to its end as a stream,
// also one without a body. When a whole response is at hand and nobody has touched the objects, both can be left out,
// which is a quarter of what a small request costs. Whatever is not like that goes Node's own way.

import { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { ResponseHead } from "../response-head.ts"

/** What Node keeps on a message and its types do not tell. Where a version of Node lacks one, only speed is lost. */
interface MessageInternals {
  _dump(): void
  _dumped: boolean
  _consuming: boolean
  _readableState: Record<"ended" | "endEmitted" | "destroyed" | "closed" | "closeEmitted", boolean>
}

const { _dump: dump } = IncomingMessage.prototype as unknown as MessageInternals

/** A message whose body, when there is none, is over without having been read. */
export class LeanMessage extends IncomingMessage {
  // Node calls this when the response is over, to get an unread body out of the way. Newer versions have an option for
  // the same, optimizeEmptyRequests.
  _dump(): void {
    const internals = this as unknown as MessageInternals
    const { headers } = this
    if (internals._consuming || "content-length" in headers || "transfer-encoding" in headers) {
      dump.call(this)
      return
    }
    internals._dumped = true
    const state = internals._readableState
    state.ended = true
    state.endEmitted = true
    state.destroyed = true
    state.closed = true
    state.closeEmitted = true
  }
}

/** What Node keeps on a response and its types do not tell. */
interface ResponseInternals {
  /** Set when a server answers only so many requests on a connection. */
  maxRequestsOnConnectionReached?: boolean
  /** The head that was sent; `headersSent` looks at it. */
  _header: string
  /** Tells Node's own observers that the response is over. */
  _finish?(): void
}

const { writeHead, write, end } = ServerResponse.prototype

/** Up to this size a chunk is cheaper to copy into the head's write than to hand to the kernel beside it. */
const COPY_LIMIT = 4096

/** Up to this size V8 keeps an array on its own heap; Node's functions would first move it out of there. */
const ON_HEAP_LIMIT = 64

// Takes any Uint8Array, without a copy first.
const { latin1Slice } = Buffer.prototype

/** Bytes as a text of one character a byte. */
function latin1Text(bytes: Uint8Array): string {
  if (bytes.length > ON_HEAP_LIMIT) return latin1Slice.call(bytes, 0, bytes.length)
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}

/** A response that can be sent at once. */
export class LeanResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  declare private isSentWhole: boolean | undefined

  static {
    // Some versions of Node note it only where their own way ends. To the types it is no getter.
    Object.defineProperty(LeanResponse.prototype, "writableFinished", {
      get(this: LeanResponse): boolean {
        return this.isSentWhole === true || Reflect.get(ServerResponse.prototype, "writableFinished", this)
      },
      configurable: true,
    })
  }

  /**
   * Sends all of a response on a connection that goes on, and is done. Returns false, with nothing sent, when the
   * connection is to end or waits for an earlier response, or when somebody has set fields or put functions in place.
   *
   * @param keepAliveHint the field Keep-Alive, as `timeout=5`; none when it is empty
   */
  sendWhole(head: ResponseHead, chunks: readonly Uint8Array[], keepAliveHint: string): boolean {
    const socket = this.socket
    if (socket === null || !isUntouched(this)) return false
    const text = headText(head, keepAliveHint)
    this.statusCode = head.code
    this.statusMessage = head.reason
    const internals = this as unknown as ResponseInternals
    internals._header = text
    this.finished = true
    this.isSentWhole = true
    sendTogether(socket, text, chunks)
    internals._finish?.()
    // What Node does when it is done itself: the connection goes on to its next request.
    this.emit("finish")
    return true
  }
}

function isUntouched(response: ServerResponse): boolean {
  return (
    response.shouldKeepAlive &&
    response.req.httpVersionMinor === 1 &&
    response.writeHead === writeHead &&
    response.write === write &&
    response.end === end &&
    response.sendDate &&
    (response as unknown as ResponseInternals).maxRequestsOnConnectionReached !== true &&
    response.getHeaderNames().length === 0
  )
}

function headText(head: ResponseHead, keepAliveHint: string): string {
  const { fields } = head
  let text = `HTTP/1.1 ${head.status}\r\n`
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  if (!head.hasDate) text += dateField()
  if (keepAliveHint !== "") text += `Keep-Alive: ${keepAliveHint}\r\n`
  return `${text}Connection: keep-alive\r\n\r\n`
}

function sendTogether(socket: Socket, head: string, chunks: readonly Uint8Array[]): void {
  if (chunks.length === 0) {
    socket.write(head, "latin1")
    return
  }
  const first = chunks[0] as Uint8Array
  if (chunks.length === 1 && first.length <= COPY_LIMIT) {
    socket.write(head + latin1Text(first), "latin1")
    return
  }
  socket.cork()
  socket.write(head, "latin1")
  for (const chunk of chunks) socket.write(chunk)
  socket.uncork()
}

let dateSecond = -1
let dateLine = ""

/** The field Date of now (RFC 9110 section 6.6.1); it changes once a second. */
function dateField(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateLine = `Date: ${new Date(second * 1000).toUTCString()}\r\n`
  }
  return dateLine
}
