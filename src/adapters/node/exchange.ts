// One request over node:http: the driver's Exchange, written to a ServerResponse, and the hooks of its environ.
// What Node leaves undone is done here: a way to see that the client left, a body that nobody read, a 103 that is checked.

import type { IncomingMessage, ServerResponse } from "node:http"
import { inspect } from "node:util"
import { LendingBody } from "../../environ/blocks.ts"
import { ClientDisconnected } from "../../exceptions/statuses.ts"
import type { Application, Body, Environ, ErrorStream, HeaderList, InputStream } from "../../gateway.ts"
import { checkFieldName, checkFieldValue } from "../../http/fields.ts"
import { drive, type Exchange } from "../driver.ts"
import type { ResponseHead } from "../response-head.ts"
import type { Connection } from "./connection.ts"
import type { EnvironHooks } from "./environ.ts"
import { NodeInput } from "./input.ts"
import { LeanResponse, type PartWriter } from "./lean-response.ts"
import { type DiscardLimits, discardRest, lingerOnClose, unreadBytes } from "./unread-body.ts"

/** What the requests of one listener share. */
export interface Host {
  readonly errors: ErrorStream
  readonly limits: DiscardLimits
  /** The server is about to stop: every response says that its connection ends with it. */
  readonly draining: boolean
  /** What clients are told of how long an idle connection is kept, as `timeout=5`; may be empty. */
  readonly keepAliveHint: string
  /** The application asked for the signal of a request. */
  signalled(exchange: object, controller: AbortController): void
  /** A request is over. */
  finished(exchange: { bodyBytes: number }, environ: Environ, code: number | undefined): void
}

export class NodeExchange implements Exchange, EnvironHooks {
  readonly #host: Host
  readonly #connection: Connection
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #expectsContinue: boolean
  #environ: Environ | undefined = undefined
  #input: NodeInput | undefined = undefined
  #controller: AbortController | undefined = undefined
  #parts: PartWriter | undefined = undefined
  #started = false
  /** Bytes of the body that were handed to Node. */
  bodyBytes = 0

  constructor(
    host: Host,
    connection: Connection,
    message: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ) {
    this.#host = host
    this.#connection = connection
    this.#message = message
    this.#response = response
    this.#expectsContinue = expectsContinue
  }

  run(app: Application, environ: Environ): void {
    this.#environ = environ
    drive(app, environ, this)
  }

  // ---- Exchange

  // A write of Node's is taken when the kernel has its bytes: the same memory may be used again.
  adopt(body: Body): void {
    if (body instanceof LendingBody) body.lend()
  }

  get gone(): boolean {
    return this.#connection.socket.destroyed
  }

  watch(onGone: () => void): void {
    this.#response.once("close", () => {
      if (!this.#response.writableFinished) onGone()
    })
  }

  // Node answers a write to a response whose socket is gone with an 'error' event, which would end the process;
  // so nothing is written then.

  respond(head: ResponseHead, chunks: readonly Uint8Array[]): void {
    this.#started = true
    if (this.gone) return
    for (let i = 0; i < chunks.length; i++) this.bodyBytes += (chunks[i] as Uint8Array).length
    const response = this.#response
    if (this.#leanResponse()?.sendWhole(head, chunks, this.#host.keepAliveHint)) return
    this.#writeHead(head)
    response.cork()
    for (const chunk of chunks) response.write(chunk)
    response.end()
    response.uncork()
  }

  start(head: ResponseHead): void {
    this.#started = true
    if (this.gone) return
    this.#parts = this.#leanResponse()?.sendInParts(head, this.#host.keepAliveHint)
    if (this.#parts === undefined) this.#writeHead(head)
  }

  /** The response, if it may be sent directly: the connection goes on after it, as far as this side is concerned. */
  #leanResponse(): LeanResponse | undefined {
    const response = this.#response
    const goesOn = !this.#hasUnreadBody() && !this.#expectsContinue && !this.#host.draining
    return goesOn && response instanceof LeanResponse ? response : undefined
  }

  #writeHead(head: ResponseHead): void {
    if (this.#hasUnreadBody() || this.#host.draining) this.#closeIfNeeded(head)
    this.#response.writeHead(head.code, head.reason, this.#withHint(head.fields))
  }

  // Not part of what the application said, so its own list stays as it is.
  #withHint(fields: string[]): string[] {
    const { keepAliveHint } = this.#host
    const goesOn = this.#response.shouldKeepAlive && this.#message.httpVersionMinor === 1 && !this.#connection.closing
    return keepAliveHint === "" || !goesOn ? fields : [...fields, "Keep-Alive", keepAliveHint]
  }

  write(chunk: Uint8Array, taken: () => void): void {
    if (this.gone) return
    this.bodyBytes += chunk.length
    const onTaken = (error?: Error | null) => {
      if (!error) taken()
    }
    if (this.#parts === undefined) this.#response.write(chunk, onTaken)
    else this.#parts.write(chunk, onTaken)
  }

  end(): void {
    if (this.gone) return
    if (this.#parts === undefined) this.#response.end()
    else this.#parts.end()
  }

  destroy(): void {
    this.#connection.socket.destroy()
  }

  report(message: string, error?: unknown): void {
    const errors = this.#environ?.["wsgi.errors"] ?? this.#host.errors
    const request = `${this.#message.method} ${this.#message.url}`
    const detail = error === undefined ? "" : `\n${display(error)}`
    try {
      errors.write(`${request}: ${message}${detail}\n`)
    } catch {
      this.#host.errors.write(`${request}: ${message}${detail}\n`)
    }
  }

  finished(head: ResponseHead | undefined): void {
    this.#input?.finish()
    if (this.#hasUnreadBody() && !this.gone) discardRest(this.#message, this.#connection.socket, this.#host.limits)
    this.#host.finished(this, this.#environ as Environ, head?.code)
    if (this.#host.draining) this.#connection.socket.destroySoon()
    this.#connection.release()
  }

  // ---- EnvironHooks

  input(): InputStream {
    this.#input = new NodeInput(this.#message, this.#expectsContinue ? () => this.#sendContinue() : undefined)
    return this.#input
  }

  earlyHints(headers: HeaderList): void {
    let head = "HTTP/1.1 103 Early Hints\r\n"
    for (const [name, value] of headers) head += `${checkFieldName(name)}: ${checkFieldValue(value)}\r\n`
    // HTTP/1.0 has no 1xx (RFC 9110 section 15.2); a response that waits for an earlier one has no socket yet.
    if (this.#started || this.#message.httpVersionMinor === 0) return
    this.#response.socket?.write(`${head}\r\n`, "latin1")
  }

  headersSent(): boolean {
    return this.#started
  }

  signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal
    const controller = new AbortController()
    this.#controller = controller
    const abort = () => {
      if (!this.#response.writableFinished) controller.abort(new ClientDisconnected())
    }
    if (this.gone) abort()
    else this.#response.once("close", abort)
    this.#host.signalled(this, controller)
    return controller.signal
  }

  // ---- what Node leaves undone

  // Of a request without a body Node says that it is complete only after its listeners ran.
  #hasUnreadBody(): boolean {
    return this.#input !== undefined && !this.#message.complete
  }

  #sendContinue(): void {
    if (!this.#started && !this.gone) this.#response.writeContinue()
  }

  /**
   * A body that the application left unread, too long to be thrown away before the next request, ends the connection.
   * So does a server that is about to stop.
   */
  #closeIfNeeded(head: ResponseHead): void {
    const unread = this.#hasUnreadBody() ? unreadBytes(this.#message) : 0
    const tooLong = unread !== undefined && unread > this.#host.limits.maxDiscardBytes
    if (!tooLong && !this.#host.draining) return
    head.fields.push("Connection", "close")
    this.#connection.closing = true
    if (tooLong) lingerOnClose(this.#connection.socket, this.#host.limits)
  }
}

/** An error for the log; the stack, its causes, and whatever was thrown instead of an error. Never throws. */
export function display(error: unknown): string {
  try {
    return inspect(error)
  } catch {
    return "(what was thrown cannot be shown)"
  }
}
