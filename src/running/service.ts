// What all requests of one server share: the application, the limits, where errors go, and the connections.
// A server makes one of it and hands it to each of its exchanges.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Environ, ErrorStream, FileWrapperFactory } from "../gateway.ts"
import type { WebSocketRecord } from "../http/common-log.ts"
import type { WebAbortSignal } from "../web-platform.ts"
import { Connections, type SilenceLimits } from "./connections.ts"
import { drive } from "./driver.ts"
import { type Addresses, type EnvironSettings, environOf, Refusal, type WireRequestHead } from "./environ.ts"
import type { Exchange, Log } from "./exchange.ts"
import type { OnError } from "./report.ts"
import type { OpenWebSocket } from "./websocket.ts"

/** How a server treats requests. Every limit has a default. */
export interface ServiceOptions {
  /** Where `wsgi.errors` goes; the error output of the process unless given, or the console where a runtime has no process. */
  errors?: ErrorStream
  /**
   * Called with each error that the server or a middleware reports, beside the text in `wsgi.errors`. `environ` is that of the
   * request; undefined when there is none yet.
   */
  onError?: OnError
  /** Keys that every environ has in addition. */
  environ?: Record<string, unknown>
  /** Whether other processes serve the same application; false unless given. */
  multiprocess?: boolean
  /** More header fields than this are answered with 431. Default 200. */
  maxFields?: number
  /** A longer request target is answered with 414. Default 8000 characters (RFC 9110 section 4.1 asks for as many). */
  maxTargetLength?: number
  /** How much of a request body that the application left unread is thrown away to keep the connection. Default 16 MiB. */
  maxDiscardBytes?: number
  /** How long a connection stays half open for a client that goes on sending after its answer. Default 30 000 ms; 2 s of silence end it. */
  lingerMs?: number
  /** Whether a connection is kept for further requests; true unless given. HTTP/2 keeps it in any case. */
  keepAlive?: boolean
  /** Called when a response is over; `code` is undefined when none was sent. */
  onFinished?: (request: FinishedRequest) => void
  /** Called when the application has accepted a WebSocket; `onFinished` follows when it is closed. */
  onWebSocket?: (request: FinishedRequest) => void
  /** How often a WebSocket is pinged, and how long its client may take to answer; 0 for no pings. Default 30000 ms. */
  pingIntervalMs?: number
}

/** A request that is over, for an access log. */
export interface FinishedRequest {
  environ: Environ
  code: number | undefined
  /** Bytes of the body; of a WebSocket, those of the messages that were sent. */
  bytes: number
  /** The WebSocket that it was. */
  websocket?: WebSocketRecord | undefined
}

/** What a server brings along itself. */
export interface ServerParts {
  limits: SilenceLimits
  /** `wsgi.file_wrapper`, where the server has one. */
  fileWrapper?: FileWrapperFactory | undefined
  /** Where uploads go: an UploadStore. Memory by default. */
  uploadStore?: object | undefined
}

/** How much of an unread body is taken in, and how long. */
export interface DiscardLimits {
  readonly maxDiscardBytes: number
  readonly lingerMs: number
}

/** What all requests of one server share. */
export class Service implements EnvironSettings, Log {
  /** The application that answers. */
  readonly app: Application
  /** All connections, for a stop without loss. */
  readonly connections: Connections
  /** `wsgi.errors` of each environ. */
  readonly errors: ErrorStream
  /** Is told of errors, beside the text. */
  readonly onError: OnError | undefined
  /** Further keys of each environ. */
  readonly extra: Record<string, unknown> | undefined
  /** `wsgi.multiprocess` of each environ. */
  readonly multiprocess: boolean
  /** More header fields than this are refused. */
  readonly maxFields: number
  /** A longer target is refused. */
  readonly maxTargetLength: number
  /** `wsgi.file_wrapper` of each environ, if there is one. */
  readonly fileWrapper: FileWrapperFactory | undefined
  /** Where uploads go, if not into memory. */
  readonly uploadStore: object | undefined
  /** What becomes of request bodies that were not read. */
  readonly discard: DiscardLimits
  /** What clients are told of how long an idle connection is kept, as `timeout=5`; may be empty. */
  readonly keepAliveHint: string
  readonly #keepAlive: boolean
  readonly #onFinished: ((request: FinishedRequest) => void) | undefined
  readonly #onWebSocket: ((request: FinishedRequest) => void) | undefined

  constructor(app: ApplicationLike, options: ServiceOptions, parts: ServerParts) {
    this.app = asApplication(app)
    const { pingIntervalMs } = options
    this.connections = new Connections(
      pingIntervalMs === undefined ? parts.limits : { ...parts.limits, pingMs: pingIntervalMs },
    )
    this.errors = options.errors ?? errorOutput
    this.onError = options.onError
    this.extra = options.environ
    this.multiprocess = options.multiprocess ?? false
    this.maxFields = options.maxFields ?? 200
    this.maxTargetLength = options.maxTargetLength ?? 8000
    this.fileWrapper = parts.fileWrapper
    this.uploadStore = parts.uploadStore
    this.discard = {
      maxDiscardBytes: options.maxDiscardBytes ?? 16 * 1024 * 1024,
      lingerMs: options.lingerMs ?? 30_000,
    }
    const seconds = Math.floor(parts.limits.keepAliveMs / 1000)
    this.keepAliveHint = seconds > 0 && Number.isFinite(seconds) ? `timeout=${seconds}` : ""
    this.#keepAlive = options.keepAlive ?? true
    this.#onFinished = options.onFinished
    this.#onWebSocket = options.onWebSocket
  }

  /** Aborts when the server is to stop. */
  get stopSignal(): WebAbortSignal {
    return this.connections.stopSignal
  }

  /** Every response says that its connection ends with it. */
  get isClosing(): boolean {
    return !this.#keepAlive || this.connections.isStopping
  }

  /** Has the application answer a request, or gives the reason why it must not. */
  serve(request: WireRequestHead, addresses: Addresses, exchange: Exchange): Refusal | undefined {
    const environ = environOf(request, addresses, this, exchange)
    if (environ instanceof Refusal) return environ
    drive(this.app, environ, exchange)
    return undefined
  }

  /** Takes in a WebSocket whose handshake `exchange` has accepted: it is pinged, and closed when the server stops. */
  attendWebSocket(exchange: Exchange, socket: OpenWebSocket): void {
    this.connections.add(socket)
    socket.afterClose(() => this.connections.delete(socket))
    if (this.#onWebSocket !== undefined) this.#tell(this.#onWebSocket, "onWebSocket", exchange, 101)
  }

  /** Tells that a request is over. */
  finished(exchange: Exchange, code: number | undefined): void {
    if (this.#onFinished !== undefined) this.#tell(this.#onFinished, "onFinished", exchange, code)
  }

  #tell(
    listener: (request: FinishedRequest) => void,
    name: string,
    exchange: Exchange,
    code: number | undefined,
  ): void {
    const { websocket } = exchange
    const bytes = websocket?.bytesSent ?? exchange.bodyBytes
    const request: FinishedRequest = { environ: exchange.environ as Environ, code, bytes }
    if (websocket !== undefined) request.websocket = websocket
    try {
      listener(request)
    } catch (error) {
      exchange.report(`${name} failed`, error)
    }
  }
}

/** The error output of the process, looked up for each write, so that what a test puts in its place is heeded. */
export const errorOutput: ErrorStream = {
  write: (text) => {
    const { process } = globalThis as { process?: { stderr?: { write(text: string): unknown } } }
    if (process?.stderr === undefined) console.error(text.endsWith("\n") ? text.slice(0, -1) : text)
    else process.stderr.write(text)
  },
  writeLines: (lines) => errorOutput.write([...lines].join("")),
  flush: () => undefined,
}
