// Serves an application with node:http: a listener for any server of Node's, and a server that is set up as it must be.
// The loop that runs the application is driver.ts; what is particular to node:http is in the folder beside this file.

import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { createServer as createHttpServer } from "node:http"
import type { Http2SecureServer } from "node:http2"
import type { Server as HttpsServer } from "node:https"
import type { Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import type { ApplicationLike } from "../gateway.ts"
import type { SilenceLimits } from "./node/connection.ts"
import { Gateway, type NodeListenerOptions } from "./node/gateway.ts"
import { Http2Gateway } from "./node/http2.ts"
import { LeanMessage } from "./node/lean-message.ts"
import { LeanResponse } from "./node/lean-response.ts"

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
  /** How long a client may take nothing of what waits to be sent to it. Default 60000 ms; 0 for no limit. */
  sendTimeoutMs?: number
  /** A longer head is answered with 431. Default 16 KiB. */
  maxHeadBytes?: number
}

/** A server, and how to stop it without losing a request. */
export interface NodeServer<S = Server> {
  readonly server: S
  /** Serves a connection that was accepted elsewhere. A request is on its way on it, for which `drain` waits. */
  inject(socket: Socket): void
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
  app: ApplicationLike,
  options: NodeListenerOptions = {},
): (message: IncomingMessage, response: ServerResponse) => void {
  const gateway = new Gateway(app, options)
  return (message, response) => gateway.handle(message, response, false)
}

/**
 * An HTTP server for `app`, not yet listening.
 *
 * @row SRV-13, SRV-14, SRV-15, SRV-16, SRV-17, SRV-18, CVE-10, SECX-6, SECX-14
 */
export function createServer(app: ApplicationLike, options: NodeServerOptions = {}): NodeServer {
  return setUpServer(createHttpServer(serverSettings(options)), app, options)
}

/**
 * The settings for a server that is made elsewhere, as with `https.createServer({ ...serverSettings(), key, cert })`,
 * and given to `setUpServer`.
 */
export function serverSettings(options: NodeServerOptions = {}): {
  maxHeaderSize: number
  headersTimeout: number
  requestTimeout: number
  keepAliveTimeout: number
  connectionsCheckingInterval: number
  IncomingMessage: typeof IncomingMessage
  ServerResponse: typeof ServerResponse
  Http1IncomingMessage: typeof IncomingMessage
  Http1ServerResponse: typeof ServerResponse
} {
  return {
    maxHeaderSize: options.maxHeadBytes ?? 16 * 1024,
    headersTimeout: options.headersTimeoutMs ?? 20_000,
    requestTimeout: options.requestTimeoutMs ?? 300_000,
    // Idle connections are swept; Node would set and clear a timer with every request.
    keepAliveTimeout: 0,
    connectionsCheckingInterval: 2000,
    IncomingMessage: LeanMessage,
    ServerResponse: LeanResponse,
    Http1IncomingMessage: LeanMessage,
    Http1ServerResponse: LeanResponse,
  }
}

/**
 * Makes a server of Node's serve `app`: one of `node:http`, of `node:https`, or a secure one of `node:http2`,
 * which serves HTTP/1.1 as well when it was made with `allowHTTP1`.
 */
export function setUpServer<S extends Server | HttpsServer | Http2SecureServer>(
  server: S,
  app: ApplicationLike,
  options: NodeServerOptions = {},
): NodeServer<S> {
  const limits: SilenceLimits = {
    firstByteMs: options.firstByteTimeoutMs ?? 20_000,
    keepAliveMs: options.keepAliveTimeoutMs ?? 5000,
    sendMs: options.sendTimeoutMs ?? 60_000,
  }
  const gateway = new Gateway(app, options, limits.keepAliveMs)
  const http2 = attach(server, gateway, options)
  sweep(server, gateway, limits)
  return {
    server,
    inject: (socket) => {
      gateway.expect(socket)
      server.emit("connection", socket)
    },
    drain: () => drain(server, gateway, http2),
    destroy: (reason = new Error("the server was stopped")) => {
      server.close()
      gateway.closeAll(reason)
      http2?.closeAll()
    },
  }
}

function attach(
  server: Server | HttpsServer | Http2SecureServer,
  gateway: Gateway,
  options: NodeServerOptions,
): Http2Gateway | undefined {
  // Of several kinds of server the compiler knows no common events.
  const common = server as Server
  // Fields past Node's own limit would be hidden and still steer the framing; the environ counts them instead.
  common.maxHeadersCount = 0
  // A client that closes its sending side behind its request still gets the answer.
  ;(common as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true
  // Node calls this when a server is to close, and would cut what waits to be sent.
  common.closeIdleConnections = () => gateway.closeIdle()
  // Only secure servers of node:http2 know how to take new settings.
  const http2 = "updateSettings" in server ? new Http2Gateway(gateway, server, options.keepAliveTimeoutMs) : undefined
  const onRequest = (message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void => {
    if (http2 !== undefined && message.httpVersionMajor === 2) http2.handle(message, response, expectsContinue)
    else gateway.handle(message, response, expectsContinue)
  }
  common.on("request", (message, response) => onRequest(message, response, false))
  // The 100 is sent when the application first reads (RFC 9110 section 10.1.1).
  common.on("checkContinue", (message, response) => onRequest(message, response, true))
  common.on("connect", (message, socket) => {
    // In HTTP/2 there is no socket to get, but a response.
    if (message.httpVersionMajor === 2) return void (socket as unknown as ServerResponse).writeHead(400).end()
    socket.on("error", () => socket.destroy())
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
  })
  // With TLS a connection is one when its handshake is over; what speaks HTTP/2 is kept by its session.
  const isSecure = "setSecureContext" in server
  if (isSecure) server.on("connection", (socket: Socket) => gateway.carry(socket))
  const event = isSecure ? "secureConnection" : "connection"
  common.on(event, (socket: Socket | TLSSocket) => {
    if (!("alpnProtocol" in socket) || socket.alpnProtocol !== "h2") gateway.connect(socket)
  })
  return http2
}

function sweep(server: Server | HttpsServer | Http2SecureServer, gateway: Gateway, limits: SilenceLimits): void {
  const shortest = Math.min(limits.firstByteMs, limits.keepAliveMs, limits.sendMs || Number.POSITIVE_INFINITY)
  const everyMs = Math.min(1000, Math.max(10, shortest / 4))
  const timer = setInterval(() => gateway.sweep(everyMs, limits), everyMs)
  timer.unref()
  server.once("close", () => clearInterval(timer))
}

async function drain(
  server: Server | HttpsServer | Http2SecureServer,
  gateway: Gateway,
  http2: Http2Gateway | undefined,
): Promise<void> {
  gateway.draining = true
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  http2?.drain()
  await closed
  await gateway.empty()
}
