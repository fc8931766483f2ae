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
import { hasContent } from "../../http/status.ts"
import type { WireHead } from "../../running/wire-head.ts"
import { headText, PartWriter, sendTogether } from "./response-bytes.ts"
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
   * @param content the body, which is ASCII if it is text
   * @param keepAliveHint the field Keep-Alive, as `timeout=5`; none when it is empty
   */
  sendWhole(head: WireHead, content: readonly Uint8Array[] | string, keepAliveHint: string): boolean {
    const socket = this.socket
    if (socket === null || !isUntouched(this)) return false
    const text = headText(head, "keep-alive", keepAliveHint, false)
    begin(this, head, text)
    sendTogether(socket, text, content)
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
    const text = headText(head, "keep-alive", keepAliveHint, isChunked)
    begin(this, head, text)
    return new PartWriter(socket, text, isChunked)
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
