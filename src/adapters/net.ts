// A server of HTTP/1.1 over node:net and node:tls, without node:http in between. What runs the application is in running/; what
// takes requests apart is in the folder beside this file.

import type { Http2SecureServer } from "node:http2"
import { createServer, type Server, type Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import type { ApplicationLike } from "../gateway.ts"
import { Service } from "../running/service.ts"
import { connectionOf, type EngineSettings, NetConnection } from "./net/connection.ts"
import { Http2 } from "./node/http2.ts"
import type { NodeServer, NodeServerOptions } from "./node/options.ts"
import { serverParts, silenceLimits } from "./node/parts.ts"
import { takeProxyHeaders } from "./node/proxied-connections.ts"
import { runningServer } from "./node/running-server.ts"
import { secureCarriers } from "./node/secure-carriers.ts"

/** A server for `app` that speaks HTTP/1.1 without node:http, not yet listening. */
export function createNetServer(app: ApplicationLike, options: NodeServerOptions = {}): NodeServer<Server> {
  return setUpNetServer(createServer({ allowHalfOpen: true, noDelay: true }), app, options)
}

/**
 * Makes a server of `node:net` or `node:tls` serve `app` over HTTP/1.1: `setUpNetServer(tls.createServer({ key, cert, noDelay: true }), app)`.
 * One of `node:net` is to be made with `allowHalfOpen`: a client may close its sending side behind its request.
 *
 * @param http2 takes the connections of a server of `node:tls` on which both sides have agreed on `h2`; it does not listen itself
 */
export function setUpNetServer<S extends Server>(
  server: S,
  app: ApplicationLike,
  options: NodeServerOptions = {},
  http2?: Http2SecureServer,
): NodeServer<S> {
  const service = new Service(app, options, serverParts(silenceLimits(options)))
  const settings: EngineSettings = {
    service,
    halfCloseGraceMs: options.halfCloseGraceMs ?? 1000,
    maxHeadBytes: options.maxHeadBytes ?? 16 * 1024,
  }
  const isSecure = "setSecureContext" in server
  const carriers = isSecure ? secureCarriers(server) : undefined
  const connect = (socket: Socket) => connectionOf(socket) ?? new NetConnection(socket, settings)
  if (http2 !== undefined) new Http2(service).attach(http2, () => {})
  server.on(isSecure ? "secureConnection" : "connection", (socket: Socket | TLSSocket) => {
    if ("alpnProtocol" in socket && socket.alpnProtocol === "h2") http2?.emit("secureConnection", socket)
    else connect(socket)
  })
  const { proxyProtocolFrom } = options
  // With TLS it is a connection when its handshake is over, and one that is passed on, behind its header.
  const isDirect = !isSecure && proxyProtocolFrom === undefined
  if (proxyProtocolFrom !== undefined) takeProxyHeaders(server, proxyProtocolFrom, service)
  return runningServer(server, { service, carriers, connect: isDirect ? connect : undefined })
}
