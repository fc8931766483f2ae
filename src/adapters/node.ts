// Serves an application with node:http: a listener for any server of Node's, and a server that is set up as it must be.
// What runs the application is in running/; what is particular to node:http is in the folder beside this file.

import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { createServer as createHttpServer } from "node:http"
import type { Http2SecureServer } from "node:http2"
import type { Server as HttpsServer } from "node:https"
import type { Server as NetServer, Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import type { ApplicationLike } from "../gateway.ts"
import type { SilenceLimits } from "../running/connections.ts"
import { Service } from "../running/service.ts"
import { createNetServer } from "./net.ts"
import { hasBody } from "./node/bodiless.ts"
import { Http1 } from "./node/http1.ts"
import { Http2 } from "./node/http2.ts"
import { LeanMessage } from "./node/lean-message.ts"
import { LeanResponse } from "./node/lean-response.ts"
import { listening } from "./node/listening.ts"
import type { Engine, NodeListenerOptions, NodeServer, NodeServerOptions } from "./node/options.ts"
import { serverParts, silenceLimits } from "./node/parts.ts"
import { takeProxyHeaders } from "./node/proxied-connections.ts"
import { faultText } from "./node/response-bytes.ts"
import { runningServer } from "./node/running-server.ts"
import { secureCarriers } from "./node/secure-carriers.ts"
import { stopsAtUpgrade, warnIfUntested } from "./node/versions.ts"

export type { FinishedRequest } from "../running/service.ts"
export type { Engine, NodeListenerOptions, NodeServer, NodeServerOptions } from "./node/options.ts"

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
  const http1 = listening(app, options)
  return (message, response) => http1.handle(message, response, false)
}

/**
 * An HTTP server for `app`, not yet listening. With `engine: "net"` it is a server of `node:net`.
 */
export function createServer(
  app: ApplicationLike,
  options: NodeServerOptions & { engine: "net" },
): NodeServer<NetServer>
export function createServer(app: ApplicationLike, options?: NodeServerOptions & { engine?: "http" }): NodeServer
export function createServer(
  app: ApplicationLike,
  options: NodeServerOptions & { engine?: Engine } = {},
): NodeServer<NetServer> {
  if (options.engine === "net") return createNetServer(app, options)
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
  handshakeTimeout: number
  keepAliveTimeout: number
  connectionsCheckingInterval: number
  IncomingMessage: typeof IncomingMessage
  ServerResponse: typeof ServerResponse
  Http1IncomingMessage: typeof IncomingMessage
  Http1ServerResponse: typeof ServerResponse
  shouldUpgradeCallback: (this: Server, message: IncomingMessage) => boolean
} {
  const headersTimeout = options.headersTimeoutMs ?? 20_000
  const requestTimeout = options.requestTimeoutMs ?? 300_000
  return {
    maxHeaderSize: options.maxHeadBytes ?? 16 * 1024,
    headersTimeout,
    requestTimeout,
    handshakeTimeout: options.firstByteTimeoutMs ?? 20_000,
    // Idle connections are swept; Node would set and clear a timer with every request.
    keepAliveTimeout: 0,
    connectionsCheckingInterval: checkingInterval(headersTimeout, requestTimeout),
    IncomingMessage: LeanMessage,
    ServerResponse: LeanResponse,
    Http1IncomingMessage: LeanMessage,
    Http1ServerResponse: LeanResponse,
    shouldUpgradeCallback(message) {
      // Since Node 25 the body of a request that is handed over can't be given back.
      return this.listenerCount("upgrade") > 1 || stopsAtUpgrade || !hasBody(message)
    },
  }
}

/** A server of node:http2 has its own times for clients of HTTP/1.1, and takes others only afterwards. */
function takeTimeouts(server: Http2SecureServer, { headMs, requestMs }: SilenceLimits): void {
  const timed = server as Http2SecureServer & {
    headersTimeout: number
    requestTimeout: number
    connectionsCheckingInterval: number
  }
  timed.headersTimeout = headMs
  timed.requestTimeout = requestMs
  timed.connectionsCheckingInterval = checkingInterval(headMs, requestMs)
}

/** How often Node looks for requests that do not come in time. */
function checkingInterval(headMs: number, requestMs: number): number {
  return Math.min(2000, Math.max(50, Math.min(headMs, requestMs || headMs) / 4))
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
  warnIfUntested()
  const service = new Service(app, options, serverParts(silenceLimits(options)))
  const http1 = new Http1(service, options.halfCloseGraceMs ?? 1000, true)
  const isSecure = "setSecureContext" in server
  const carriers = isSecure ? secureCarriers(server) : undefined
  attach(server, service, http1)
  const { proxyProtocolFrom } = options
  if (proxyProtocolFrom !== undefined) takeProxyHeaders(server, proxyProtocolFrom, service)
  // With TLS it is a connection when its handshake is over, and one that is passed on, behind its header.
  const isDirect = !isSecure && proxyProtocolFrom === undefined
  return runningServer(server, { service, carriers, connect: isDirect ? (socket) => http1.connect(socket) : undefined })
}

function attach(server: Server | HttpsServer | Http2SecureServer, service: Service, http1: Http1): void {
  // Of several kinds of server the compiler knows no common events.
  const common = server as Server
  // Fields past Node's own limit would be hidden and still steer the framing; the environ counts them instead.
  common.maxHeadersCount = 0
  // A client that closes its sending side behind its request still gets the answer.
  ;(common as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true
  // Node calls this when a server is to close, and would cut requests that are on their way, and what waits to be sent.
  common.closeIdleConnections = () => {}
  const listen = () =>
    common.on("request", (message, response) => {
      http1.handle(message, response, false)
    })
  // Only secure servers of node:http2 know how to take new settings.
  if (!("updateSettings" in server)) listen()
  else {
    new Http2(service).attach(server, listen)
    takeTimeouts(server, service.connections.limits)
  }
  // The 100 is sent when the application first reads (RFC 9110 section 10.1.1).
  common.on("checkContinue", (message, response) => http1.handle(message, response, true))
  common.on("clientError", (error, socket) => http1.malformed(error, socket as Socket))
  common.on("upgrade", (message, socket, head) => http1.handedOver(common, message, socket as Socket, head))
  common.on("connect", (_message, socket) => {
    socket.on("error", () => socket.destroy())
    socket.end(faultText("400 Bad Request"))
  })
  // With TLS a connection is one when its handshake is over; what speaks HTTP/2 is kept by its session.
  common.on("setSecureContext" in server ? "secureConnection" : "connection", (socket: Socket | TLSSocket) => {
    if (!("alpnProtocol" in socket) || socket.alpnProtocol !== "h2") http1.connect(socket)
  })
}
