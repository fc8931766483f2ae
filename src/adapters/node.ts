// Serves an application with node:http: a listener for any server of Node's, and a server that is set up as it must be.
// The loop that runs the application is driver.ts; what is particular to node:http is in the folder beside this file.

import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Application } from "../gateway.ts"
import { Gateway, type NodeListenerOptions } from "./node/gateway.ts"

export type { FinishedRequest, NodeListenerOptions } from "./node/gateway.ts"

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
  /** A longer head is answered with 431. Default 16 KiB. */
  maxHeadBytes?: number
}

/** A server, and how to stop it without losing a request. */
export interface NodeServer {
  readonly server: Server
  /** Takes no new connection, answers the requests at work, then ends; resolves when all connections are closed. */
  drain(): Promise<void>
  /** Ends at once: signals abort with `reason`, connections break off. */
  destroy(reason?: unknown): void
}

/**
 * A listener for the `request` event of a server of your own.
 *
 * Node's servers let some requests pass that have two meanings, or are silent about clients that leave; `createServer`
 * sets the server up so that this does not happen, which a listener alone cannot.
 */
export function nodeListener(
  app: Application,
  options: NodeListenerOptions = {},
): (message: IncomingMessage, response: ServerResponse) => void {
  const gateway = new Gateway(app, options)
  return (message, response) => gateway.handle(message, response, false)
}

/** An HTTP server for `app`, not yet listening. */
export function createServer(app: Application, options: NodeServerOptions = {}): NodeServer {
  const gateway = new Gateway(app, options)
  const server = createHttpServer({
    maxHeaderSize: options.maxHeadBytes ?? 16 * 1024,
    headersTimeout: options.headersTimeoutMs ?? 20_000,
    requestTimeout: options.requestTimeoutMs ?? 300_000,
    // Idle connections are swept; Node would set and clear a timer with every request.
    keepAliveTimeout: 0,
    connectionsCheckingInterval: 2000,
  })
  attach(server, gateway)
  sweep(server, gateway, options.firstByteTimeoutMs ?? 20_000, options.keepAliveTimeoutMs ?? 5000)
  return {
    server,
    drain: () => drain(server, gateway),
    destroy: (reason) => {
      server.close()
      gateway.closeAll(reason ?? new Error("the server was stopped"))
    },
  }
}

function attach(server: Server, gateway: Gateway): void {
  // Fields past Node's own limit would be hidden and still steer the framing; the environ counts them instead.
  server.maxHeadersCount = 0
  // A client that closes its sending side behind its request still gets the answer.
  ;(server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true
  server.on("request", (message, response) => gateway.handle(message, response, false))
  // The 100 is sent when the application first reads (RFC 9110 section 10.1.1).
  server.on("checkContinue", (message, response) => gateway.handle(message, response, true))
  server.on("connection", (socket: Socket) => gateway.connect(socket))
  server.on("connect", (_message, socket) => {
    socket.on("error", () => socket.destroy())
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
  })
}

function sweep(server: Server, gateway: Gateway, firstByteMs: number, keepAliveMs: number): void {
  const everyMs = Math.min(1000, Math.max(10, Math.min(firstByteMs, keepAliveMs) / 4))
  const timer = setInterval(() => gateway.sweep(everyMs, firstByteMs, keepAliveMs), everyMs)
  timer.unref()
  server.once("close", () => clearInterval(timer))
}

async function drain(server: Server, gateway: Gateway): Promise<void> {
  gateway.draining = true
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  gateway.closeIdle()
  await closed
}
