// Requests of node:http2. Each is a stream of its own, so that many are at work on one connection; the rest is as with
// HTTP/1.1: the environ is built by the same code, from a view in which the pseudo-header fields have become what they
// stand for (RFC 9113 section 8.3.1), and the same driver runs the application. It must not know how HTTP/1.1 is framed.

import type { IncomingMessage, ServerResponse } from "node:http"
import {
  constants,
  type Http2SecureServer,
  type Http2ServerRequest,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2"
import { ClientDisconnected } from "../../exceptions/statuses.ts"
import type { Application, Environ, HeaderList, InputStream } from "../../gateway.ts"
import { checkFieldName, checkFieldValue } from "../../http/fields.ts"
import { drive, type Exchange } from "../driver.ts"
import type { ResponseHead } from "../response-head.ts"
import { type Addresses, addressesOf } from "./connection.ts"
import { type EnvironHooks, type EnvironSource, environOf, Refusal } from "./environ.ts"
import { display, type Host } from "./exchange.ts"
import { NodeInput } from "./input.ts"

/** What the streams of one server share: the limits, the log and the application of its gateway. */
interface Http2Host extends EnvironSource, Host {
  readonly app: Application
}

const BAD_REQUEST = new Refusal("400 Bad Request")

export class Http2Gateway {
  readonly #host: Http2Host
  readonly #sessions = new Map<ServerHttp2Session, Addresses>()

  /** Closes sessions on which nothing happened for `keepAliveTimeoutMs`, once their streams are over. */
  constructor(host: Http2Host, server: Http2SecureServer, keepAliveTimeoutMs = 5000) {
    this.#host = host
    server.on("session", (session) => {
      this.#sessions.set(session, addressesOf(session.socket))
      session.setTimeout(keepAliveTimeoutMs, () => session.close())
      session.on("error", () => session.destroy())
      session.once("close", () => this.#sessions.delete(session))
    })
  }

  /** Takes a request of HTTP/2, as node:http2 hands it over in the form of one of node:http. */
  handle(message: IncomingMessage, _response: ServerResponse, expectsContinue: boolean): void {
    const request = message as unknown as Http2ServerRequest
    const { stream } = request
    const addresses = this.#sessions.get(stream.session as ServerHttp2Session)
    if (stream.destroyed || addresses === undefined) return
    const exchange = new Http2Exchange(this.#host, request, expectsContinue)
    const environ = environOfStream(request, addresses, this.#host, exchange)
    if (environ instanceof Refusal) exchange.refuse(environ)
    else exchange.run(this.#host.app, environ)
  }

  /** Tells all clients to take no further request to these connections, which end with the streams at work. */
  drain(): void {
    for (const session of this.#sessions.keys()) session.close()
  }

  /** Ends all connections. */
  closeAll(): void {
    for (const session of this.#sessions.keys()) session.destroy()
  }
}

function environOfStream(
  request: Http2ServerRequest,
  addresses: Addresses,
  source: EnvironSource,
  hooks: EnvironHooks,
): Environ | Refusal {
  const authority = request.headers[":authority"]
  const rawHeaders: string[] = authority === undefined ? [] : ["host", authority]
  const raw = request.rawHeaders
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    if (name.startsWith(":")) continue
    // Host may repeat the authority, but not contradict it.
    if (name === "host" && authority !== undefined) {
      if (raw[i + 1] !== authority) return BAD_REQUEST
      continue
    }
    rawHeaders.push(name, raw[i + 1] as string)
  }
  const view = { url: request.url, method: request.method, httpVersionMajor: 1, httpVersionMinor: 1, rawHeaders }
  const environ = environOf(view, addresses, source, hooks)
  if (environ instanceof Refusal) return environ
  environ.SERVER_PROTOCOL = "HTTP/2"
  // A body needs no header field here: it is there when the stream did not end with the head.
  if (!request.stream.endAfterHeaders) environ["wsgi.input"] = hooks.input()
  return environ
}

class Http2Exchange implements Exchange, EnvironHooks {
  readonly #host: Http2Host
  readonly #request: Http2ServerRequest
  readonly #stream: ServerHttp2Stream
  readonly #expectsContinue: boolean
  #environ: Environ | undefined = undefined
  #input: NodeInput | undefined = undefined
  #controller: AbortController | undefined = undefined
  /** The response was handed over to its end. */
  #ended = false
  /** Bytes of the body that were handed to Node. */
  bodyBytes = 0

  constructor(host: Http2Host, request: Http2ServerRequest, expectsContinue: boolean) {
    this.#host = host
    this.#request = request
    this.#stream = request.stream
    this.#expectsContinue = expectsContinue
  }

  run(app: Application, environ: Environ): void {
    this.#environ = environ
    drive(app, environ, this)
  }

  refuse(refusal: Refusal): void {
    this.#stream.respond({ ":status": Number(refusal.status.slice(0, 3)), "content-type": "text/plain; charset=utf-8" })
    this.#stream.end(`${refusal.status.slice(4)}\n`)
    this.#stream.close(constants.NGHTTP2_NO_ERROR)
  }

  // ---- Exchange

  get gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  watch(onGone: () => void): void {
    this.#stream.once("close", () => {
      if (this.#isBrokenOff()) onGone()
    })
  }

  respond(head: ResponseHead, chunks: readonly Uint8Array[]): void {
    if (this.gone) return
    this.#stream.respond(fieldsOf(head), { endStream: chunks.length === 0 })
    this.#ended = true
    if (chunks.length === 0) return
    for (const chunk of chunks) this.write(chunk, () => {})
    this.#stream.end()
  }

  start(head: ResponseHead): void {
    if (!this.gone) this.#stream.respond(fieldsOf(head))
  }

  write(chunk: Uint8Array, taken: () => void): void {
    if (this.gone) return
    this.bodyBytes += chunk.length
    this.#stream.write(chunk, (error) => {
      if (!error) taken()
    })
  }

  end(): void {
    this.#ended = true
    if (!this.gone) this.#stream.end()
  }

  destroy(): void {
    // close() would send the end of the body first, and the client would take it for whole.
    this.#stream.destroy(new Error("the response was broken off"))
  }

  report(message: string, error?: unknown): void {
    const errors = this.#environ?.["wsgi.errors"] ?? this.#host.errors
    const detail = error === undefined ? "" : `\n${display(error)}`
    const text = `${this.#request.method} ${this.#request.url}: ${message}${detail}\n`
    try {
      errors.write(text)
    } catch {
      this.#host.errors.write(text)
    }
  }

  finished(head: ResponseHead | undefined): void {
    this.#input?.finish()
    const stream = this.#stream
    // RFC 9113 section 8.1: the client is told to send no more of a body that nobody reads.
    if (this.#input !== undefined && !stream.readableEnded && !this.gone) {
      if (stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR)
      else stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR))
    }
    this.#host.finished(this, this.#environ as Environ, head?.code)
  }

  // ---- EnvironHooks

  input(): InputStream {
    const sendContinue = this.#expectsContinue ? () => this.#inform({ ":status": 100 }) : undefined
    this.#input ??= new NodeInput(this.#stream, sendContinue)
    return this.#input
  }

  earlyHints(headers: HeaderList): void {
    const fields: OutgoingHttpHeaders = { ":status": 103 }
    for (const [name, value] of headers) addField(fields, checkFieldName(name), checkFieldValue(value))
    this.#inform(fields)
  }

  headersSent(): boolean {
    return this.#stream.headersSent
  }

  signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal
    const controller = new AbortController()
    this.#controller = controller
    const abort = () => {
      if (this.#isBrokenOff()) controller.abort(new ClientDisconnected())
    }
    if (this.gone) abort()
    else this.#stream.once("close", abort)
    this.#host.signalled(this, controller)
    return controller.signal
  }

  // A stream that the client resets counts as finished for Node.
  #isBrokenOff(): boolean {
    return !this.#ended || this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR
  }

  #inform(fields: OutgoingHttpHeaders): void {
    if (!this.gone && !this.#stream.headersSent) this.#stream.additionalHeaders(fields)
  }
}

function fieldsOf(head: ResponseHead): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = Object.create(null)
  fields[":status"] = head.code
  for (let i = 0; i < head.fields.length; i += 2)
    addField(fields, head.fields[i] as string, head.fields[i + 1] as string)
  return fields
}

// Names are lower-case (RFC 9113 section 8.2.1); repeated ones become a list.
function addField(fields: OutgoingHttpHeaders, name: string, value: string): void {
  const key = name.toLowerCase()
  const before = fields[key]
  if (before === undefined) fields[key] = value
  else fields[key] = Array.isArray(before) ? [...before, value] : [String(before), value]
}
