// Requests of node:http2. Each is a stream of its own, so that many are at work on one connection, which is a peer among the
// server's connections like any other. It must not know how HTTP/1.1 is framed.

import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2"
import type { Connections, Peer, SilenceLimits } from "../../running/connections.ts"
import type { Addresses } from "../../running/environ.ts"
import type { Service } from "../../running/service.ts"
import { addressesOf } from "./addresses.ts"
import { Http2Exchange } from "./http2-exchange.ts"

export class Http2 {
  readonly #service: Service
  readonly #sessions = new WeakMap<ServerHttp2Session, Session>()

  constructor(service: Service) {
    this.#service = service
  }

  /**
   * Takes the sessions and streams of a server. `listen` adds the listener for requests of HTTP/1.1. A server that has one
   * makes a message and a response of each stream of HTTP/2, too; these are not needed, so its listener goes.
   */
  attach(server: Http2SecureServer, listen: () => void): void {
    // RFC 8441 section 3: clients may open WebSockets on their connections.
    server.updateSettings({ enableConnectProtocol: true })
    const before = server.listeners("stream")
    listen()
    for (const listener of server.listeners("stream")) {
      if (!before.includes(listener)) server.removeListener("stream", listener as () => void)
    }
    server.on("session", (session) => {
      this.#sessions.set(session, new Session(session, this.#service.connections))
    })
    // The types of Node leave the fields out that it gives as its last argument.
    const onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, fields: string[]) =>
      this.#handle(stream, headers, fields)
    server.on("stream", onStream as unknown as () => void)
  }

  #handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, fields: readonly string[]): void {
    const session = this.#sessions.get(stream.session as ServerHttp2Session)
    if (stream.destroyed || session === undefined) return
    const exchange = new Http2Exchange(this.#service, stream, headers, fields)
    session.begin(exchange)
    const refusal = exchange.refusal ?? this.#service.serve(exchange, session.addresses, exchange)
    if (refusal !== undefined) exchange.refuse(refusal)
  }
}

/** How long a session that was told to end may take before it is ended. */
const GOODBYE_MS = 1000

class Session implements Peer {
  readonly addresses: Addresses
  readonly #session: ServerHttp2Session
  readonly #exchanges = new Set<Http2Exchange>()
  #isGreeted = false
  /** How long no stream was at work. */
  #idleMs = 0
  #bytesAtRest = 0

  constructor(session: ServerHttp2Session, connections: Connections) {
    this.#session = session
    this.addresses = addressesOf(session.socket)
    connections.add(this)
    session.on("error", () => session.destroy())
    session.once("close", () => {
      connections.delete(this)
      for (const exchange of [...this.#exchanges]) exchange.leave()
    })
  }

  /** A request has come. */
  begin(exchange: Http2Exchange): void {
    this.#isGreeted = true
    this.#exchanges.add(exchange)
    exchange.onClosed = () => {
      this.#exchanges.delete(exchange)
      this.#idleMs = 0
      this.#bytesAtRest = this.#bytesRead
    }
  }

  get #bytesRead(): number {
    return this.#session.destroyed ? 0 : this.#session.socket.bytesRead
  }

  sweep(elapsedMs: number, limits: SilenceLimits, isStopping: boolean): void {
    for (const exchange of this.#exchanges) exchange.sweep(elapsedMs, limits)
    if (this.#exchanges.size > 0) return
    this.#idleMs += elapsedMs
    const usual = this.#isGreeted ? limits.keepAliveMs : limits.firstByteMs
    // Pings and heads that never end may go on for ever, so time counts, and bytes only add what a head may take.
    const hasBegun = !this.#isGreeted && this.#bytesRead !== this.#bytesAtRest
    const limit = isStopping ? 0 : hasBegun ? usual + limits.headMs : usual
    if (this.#idleMs < limit) return
    if (this.#idleMs < limit + GOODBYE_MS) this.#session.close()
    else this.#session.destroy()
  }

  /**
   * Tells the client to send no further request here. One that crosses this on its way is not lost: the client learns which
   * requests were taken, and may send the others again (RFC 9113 section 6.8).
   */
  retire(): void {
    if (this.#session.destroyed) return
    this.#idleMs = 0
    this.#session.close()
  }

  destroy(reason: unknown): void {
    for (const exchange of this.#exchanges) exchange.abort(reason)
    this.#session.destroy()
  }
}
