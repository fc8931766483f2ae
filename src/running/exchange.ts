// The server's half of one request: where the driver sends the response, and what the environ asks of its server.
// A server or an adapter extends Exchange with the six steps that its protocol takes; what is the same for every
// protocol is here: the report to the operator, the signal, the count of bytes, and the news that the client left.

import { emptyInput } from "../environ/input.ts"
import { ClientDisconnected } from "../exceptions/statuses.ts"
import type { Body, Environ, ErrorStream, HeaderList, InputStream, WebSocketOffer } from "../gateway.ts"
import { encodeText } from "../http/text-encoding.ts"
import type { WebAbortSignal } from "../web-platform.ts"
import { type OnError, report } from "./report.ts"
import type { OpenWebSocket, WebSocketCarrier } from "./websocket.ts"
import type { WireHead } from "./wire-head.ts"

/** Where errors of a server's requests go. */
export interface Log {
  /** For what happens before there is an environ. */
  readonly errors: ErrorStream
  readonly onError?: OnError | undefined
  /** Aborts when the server is to stop. */
  readonly stopSignal?: WebAbortSignal | undefined
}

/** The driver, as the exchange sees it. */
export interface Attendant {
  /** The next chunk may come. */
  resume(): void
  /** The client left before the response was complete. */
  leave(): void
}

/**
 * One request and its response, on the side of the server.
 *
 * The driver calls `respond` once, or `start`, `write` as often as there are chunks, and `end`; then `finished`. When it cannot
 * complete the response, `destroy` comes in place of `end`. None of these waits, and none throws.
 * A subclass calls `leave()` when the client has gone, and `resume()` after a `write` that returned false.
 */
export abstract class Exchange {
  /** The request, once there is one. */
  environ: Environ | undefined = undefined
  /** Bytes of the body that were handed over for sending. */
  bodyBytes = 0
  /** The head of the response is on its way. */
  isStarted = false
  /** The response was handed over to its end. */
  isComplete = false
  /** The WebSocket handshake that the request is, if `accept` can take it: `wsgi.websocket`. Set before there is an environ. */
  offer: WebSocketOffer | undefined = undefined
  /** The socket, once the application has accepted. */
  websocket: OpenWebSocket | undefined = undefined
  readonly #log: Log
  #attendant: Attendant | undefined = undefined
  #isLeft = false
  #controller: AbortController | undefined = undefined

  constructor(log: Log) {
    this.#log = log
  }

  // ---- what a protocol does

  /** Sends the head. Chunks follow, `head.contentLength` bytes in sum or an unknown number, and then the end. */
  abstract start(head: WireHead): void
  /** Sends a chunk. True when the next one may follow at once; else `resume()` is called when it may. */
  abstract write(chunk: Uint8Array): boolean
  /** The response is complete. */
  abstract end(): void
  /** Breaks off, so that the client sees that the response is not complete. */
  abstract destroy(): void

  /**
   * Sends a whole response in one go. `head.contentLength` is its length, or it has no body and `chunks` is empty.
   * To be overridden where the protocol has a faster way.
   */
  respond(head: WireHead, chunks: readonly Uint8Array[]): void {
    this.start(head)
    for (const chunk of chunks) this.write(chunk)
    this.end()
  }

  /** Whether `respondText` is a faster way than `respond`. The environ tells the application. */
  get sendsText(): boolean {
    return false
  }

  /**
   * The same for a body of ASCII text. To be overridden, with `sendsText`, where text can be sent without making bytes of it first.
   */
  respondText(head: WireHead, text: string): void {
    this.respond(head, [encodeText(text)])
  }

  /**
   * Accepts the handshake, with these fields and those of the protocol, in place of the steps above; resolves with what
   * carries the messages. Called only where there is an `offer`. The carrier tells `socket` what comes from the first message on.
   * It is up to the exchange to add the socket to the server's connections.
   */
  accept(_head: WireHead, _socket: OpenWebSocket): Promise<WebSocketCarrier> {
    return Promise.reject(new Error("this server takes no WebSockets"))
  }

  /** Called with a body that is about to be iterated, which may be of a kind that the server knows a faster way for. */
  adopt(_body: Body): void {}

  /** The request is over: the body is closed and nothing will be sent any more. `error` is set when it did not end well. */
  finished(_head: WireHead | undefined, _error: unknown): void {}

  /** The request body. Asked for only when the request has one. */
  input(): InputStream {
    return emptyInput
  }

  /** Sends a 103 with these headers, where the protocol can. */
  earlyHints(_headers: HeaderList): void {}

  /** A name for the request in the log. */
  get title(): string {
    const { environ } = this
    return environ === undefined ? "a request" : `${environ.REQUEST_METHOD} ${environ.REQUEST_URI ?? environ.PATH_INFO}`
  }

  // ---- what the server says

  /** True once there is no client any more to take a response. */
  get isGone(): boolean {
    return this.#isLeft
  }

  /** Aborts when the server is to stop; undefined where none tells. */
  get stopSignal(): WebAbortSignal | undefined {
    return this.#log.stopSignal
  }

  /** To be called when the client has left. What is waited for ends; the signal aborts unless the response is complete. */
  leave(): void {
    if (this.#isLeft) return
    this.#isLeft = true
    if (!this.isComplete) this.#controller?.abort(new ClientDisconnected())
    this.#attendant?.leave()
  }

  /** To be called after a `write` that returned false, when the next chunk may come. */
  resume(): void {
    this.#attendant?.resume()
  }

  /** Aborts the signal, as when the server stops. */
  abort(reason: unknown): void {
    this.#controller?.abort(reason)
  }

  // ---- what the driver and the environ say

  /** Called by the driver, which from then on is told what happens. */
  attend(attendant: Attendant): void {
    this.#attendant = attendant
  }

  /** `wsgi.signal`, made when it is first asked for. */
  signal(): WebAbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.isGone && !this.isComplete) this.#controller.abort(new ClientDisconnected())
    }
    return this.#controller.signal
  }

  /** `wsgi.headers_sent`. */
  headersSent(): boolean {
    return this.isStarted
  }

  /** Tells the operator, once for each thing that went wrong. Never throws. */
  report(message: string, error?: unknown): void {
    report(this.#log, this.environ, `${this.title}: ${message}`, error)
  }
}
