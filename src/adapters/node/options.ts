// What servers on sockets of Node take, and what they are. Types only.

import type { Server } from "node:http"
import type { Socket } from "node:net"
import type { ServiceOptions } from "../../running/service.ts"

/** How a listener for node:http treats requests. Every limit has a default. */
export interface NodeListenerOptions extends ServiceOptions {
  /** How long a client that has closed its sending side may hear nothing before it counts as gone. Default 1000 ms. */
  halfCloseGraceMs?: number
}

/** How a server made here listens to its clients, with what a listener takes besides. */
export interface NodeServerOptions extends NodeListenerOptions {
  /** A connection on which nothing at all came for so long is closed. Default 20000 ms. */
  firstByteTimeoutMs?: number
  /** Time for a request's head to arrive, else 408. Default 20000 ms. */
  headersTimeoutMs?: number
  /** Time for a whole request to arrive, else 408. Default 300000 ms; 0 for no limit. */
  requestTimeoutMs?: number
  /** How long an idle connection is kept for the next request. Default 5000 ms. */
  keepAliveTimeoutMs?: number
  /** How long a client may take nothing of what waits to be sent to it. Default 60000 ms; 0 for no limit. */
  sendTimeoutMs?: number
  /**
   * When the server stops: how long an idle connection is kept, since a client or a balancer may have sent a request before it
   * learned of the stop. Default 1000 ms.
   */
  idleLingerMs?: number
  /** A longer head is answered with 431. Default 16 KiB. */
  maxHeadBytes?: number
  /**
   * Addresses and networks (CIDR) of balancers that pass connections on with a header of the PROXY protocol, version 1 or 2, and
   * `"unix"` for unix sockets. They have to send it; connections from elsewhere have no such header. Default: no balancers.
   */
  proxyProtocolFrom?: Iterable<string>
}

/** What speaks HTTP/1.1: node:http, or the engine of this package over node:net. */
export type Engine = "http" | "net"

/** A server, and how to stop it without losing a request. */
export interface NodeServer<S = Server> {
  readonly server: S
  /** Serves a connection that was accepted elsewhere. A request is on its way on it, for which `drain` waits. */
  inject(socket: Socket): void
  /**
   * Takes no new connection, answers the requests at work, then ends; resolves when all connections are closed. WebSockets are
   * closed with `closeCode`, 1001 unless given.
   */
  drain(closeCode?: number): Promise<void>
  /** Ends at once: signals abort with `reason`, connections break off. */
  destroy(reason?: unknown): void
}
