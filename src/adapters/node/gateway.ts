// Brings requests of node:http to an application, one at a time for each connection, and keeps what they share.

import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { asApplication } from "../../as-application.ts"
import type { Application, ApplicationLike, Environ, ErrorStream } from "../../gateway.ts"
import { Connection, connectionOf, type SilenceLimits } from "./connection.ts"
import { type EnvironSource, environOf, Refusal } from "./environ.ts"
import { type Host, NodeExchange } from "./exchange.ts"
import { type DiscardLimits, lingerOnClose } from "./unread-body.ts"

/** How a listener for node:http treats requests. Every limit has a default. */
export interface NodeListenerOptions {
  /** Where `wsgi.errors` goes; standard error unless given. */
  errors?: ErrorStream
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
  /** How long a connection stays half open for a client that still sends after its answer. Default 2000 ms. */
  lingerMs?: number
  /** How long a client that has closed its sending side may hear nothing before it counts as gone. Default 1000 ms. */
  halfCloseGraceMs?: number
  /** Whether a connection is kept for further requests; true unless given. HTTP/2 keeps it in any case. */
  keepAlive?: boolean
  /** Called when a response is over; `code` is undefined when none was sent. */
  onFinished?: (request: FinishedRequest) => void
}

/** A request that is over, for an access log. */
export interface FinishedRequest {
  environ: Environ
  code: number | undefined
  /** Bytes of the body. */
  bytes: number
}

const standardError: ErrorStream = {
  write: (text) => void process.stderr.write(text),
  writeLines: (lines) => void process.stderr.write([...lines].join("")),
  flush: () => {},
}

export class Gateway implements EnvironSource, Host {
  readonly app: Application
  readonly #halfCloseGraceMs: number
  readonly #onFinished: ((request: FinishedRequest) => void) | undefined
  readonly #signals = new Map<object, AbortController>()
  readonly #connections = new Set<Connection>()
  /** What is below TLS, from before the handshake. */
  readonly #carriers = new Set<Socket>()
  /** Connections that were accepted elsewhere, from the first byte to the last. */
  readonly #expected = new Set<Socket>()
  #onEmpty: (() => void) | undefined = undefined
  readonly errors: ErrorStream
  readonly extra: Record<string, unknown> | undefined
  readonly multiprocess: boolean
  readonly maxFields: number
  readonly maxTargetLength: number
  readonly limits: DiscardLimits
  readonly keepAliveHint: string
  /** Set while the server stops, or from the start: every response says that its connection ends with it. */
  draining: boolean

  /** @param keepAliveMs how long the server keeps an idle connection, which clients like to know */
  constructor(app: ApplicationLike, options: NodeListenerOptions = {}, keepAliveMs = 0) {
    this.app = asApplication(app)
    this.#halfCloseGraceMs = options.halfCloseGraceMs ?? 1000
    this.#onFinished = options.onFinished
    this.errors = options.errors ?? standardError
    this.extra = options.environ
    this.multiprocess = options.multiprocess ?? false
    this.draining = options.keepAlive === false
    this.maxFields = options.maxFields ?? 200
    this.maxTargetLength = options.maxTargetLength ?? 8000
    const seconds = Math.floor(keepAliveMs / 1000)
    this.keepAliveHint = seconds > 0 ? `timeout=${seconds}` : ""
    this.limits = { maxDiscardBytes: options.maxDiscardBytes ?? 16 * 1024 * 1024, lingerMs: options.lingerMs ?? 2000 }
  }

  /** Takes a connection in. */
  connect(socket: Socket): Connection {
    const connection = new Connection(socket, this.#halfCloseGraceMs)
    this.#connections.add(connection)
    socket.once("close", () => this.#connections.delete(connection))
    return connection
  }

  /** A connection that is to become one by a handshake. */
  carry(socket: Socket): void {
    this.#carriers.add(socket)
    socket.once("close", () => this.#carriers.delete(socket))
  }

  /** A connection with a request on its way: it is not idle, even if it has not said anything yet. */
  expect(socket: Socket): void {
    this.#expected.add(socket)
    socket.once("close", () => {
      this.#expected.delete(socket)
      if (this.#expected.size === 0) this.#onEmpty?.()
    })
  }

  /** Resolves when the connections that were accepted elsewhere are closed; the server knows of the others. */
  async empty(): Promise<void> {
    if (this.#expected.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
  }

  /** Takes a request of node:http. */
  handle(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const connection = connectionOf(message.socket) ?? this.connect(message.socket)
    if (connection.closing) return
    connection.greeted = true
    if (connection.active === undefined) this.#serve(connection, message, response, expectsContinue)
    else connection.enqueue(() => this.#serve(connection, message, response, expectsContinue))
  }

  /** One look at all connections now and then, in place of timers that are set and cleared with every request. */
  sweep(elapsedMs: number, limits: SilenceLimits): void {
    for (const connection of this.#connections) connection.sweep(elapsedMs, limits)
  }

  /** Ends the connections on which no request is at work, when what was sent on them has left. */
  closeIdle(): void {
    for (const { active, greeted, socket } of this.#connections)
      if (active === undefined && (greeted || this.#expected.size === 0)) socket.destroySoon()
  }

  /** Ends all connections; signals of requests at work abort with `reason`. */
  closeAll(reason: unknown): void {
    for (const controller of this.#signals.values()) controller.abort(reason)
    for (const { socket } of this.#connections) socket.destroy()
    for (const socket of this.#expected) socket.destroy()
    for (const socket of this.#carriers) socket.destroy()
  }

  /** A request at work has given out its signal. */
  signalled(exchange: object, controller: AbortController): void {
    this.#signals.set(exchange, controller)
  }

  finished(exchange: { bodyBytes: number }, environ: Environ, code: number | undefined): void {
    if (this.#signals.size > 0) this.#signals.delete(exchange)
    this.#onFinished?.({ environ, code, bytes: exchange.bodyBytes })
  }

  #serve(connection: Connection, message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const exchange = new NodeExchange(this, connection, message, response, expectsContinue)
    const environ = environOf(message, connection.addresses, this, exchange)
    if (environ instanceof Refusal) {
      if (!message.complete) lingerOnClose(connection.socket, this.limits)
      refuse(environ, connection, response)
      return
    }
    connection.active = exchange
    exchange.run(this.app, environ)
  }
}

/** An answer to a request that no application gets to see; whatever else the client sent is not read. */
function refuse(refusal: Refusal, connection: Connection, response: ServerResponse): void {
  const text = `${refusal.status.slice(4)}\n`
  connection.closing = true
  response.writeHead(Number(refusal.status.slice(0, 3)), refusal.status.slice(4), [
    "Content-Type",
    "text/plain; charset=utf-8",
    "Content-Length",
    String(text.length),
    "Connection",
    "close",
  ])
  response.end(text)
}
