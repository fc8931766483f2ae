// What SCGI, uwsgi and FastCGI have in common: a server on a socket for front servers that are trusted, with the limits of the
// HTTP servers. Each protocol brings a kind of connection.

import { createServer, type Server, type Socket } from "node:net"
import type { ApplicationLike } from "../../gateway.ts"
import { report } from "../../running/report.ts"
import { Service } from "../../running/service.ts"
import { peerAddressOf } from "../node/addresses.ts"
import { AllowedPeers, LOCAL_PEERS } from "../node/allowed-peers.ts"
import type { NodeServer, NodeServerOptions } from "../node/options.ts"
import { serverParts, silenceLimits } from "../node/parts.ts"
import { takeProxyHeaders } from "../node/proxied-connections.ts"
import { checkScriptName, type VariableSettings } from "./variables.ts"

/** How a server for a front server's protocol treats requests. */
export interface GatewayServerOptions extends NodeServerOptions {
  /**
   * The addresses and networks (CIDR) of front servers, and `"unix"` for unix sockets. A front server decides what
   * REMOTE_ADDR and HTTPS are, so other connections are closed. Default: unix sockets and the machine's own addresses.
   */
  allowFrom?: Iterable<string>
  /**
   * Where the application is mounted: empty for the root, or a path such as `/shop`. The whole path is split there. Unless given,
   * the split between SCRIPT_NAME and PATH_INFO counts; where there is no PATH_INFO, the whole path is below the root.
   */
  scriptName?: string
  /** Variables of more bytes are answered with 431. Default 64 KiB: they tell the target several times. */
  maxHeadBytes?: number
}

/** What the connections of one server share. */
export interface Gateway {
  /** The protocol, as the log calls it. */
  readonly name: string
  readonly service: Service
  readonly variables: VariableSettings
  readonly maxHeadBytes: number
  readonly halfCloseGraceMs: number
}

/** A server whose connections `connect` takes. Not listening yet. */
export function gatewayServer(
  app: ApplicationLike,
  options: GatewayServerOptions,
  protocol: Pick<Gateway, "name"> & Pick<VariableSettings, "unknownLength">,
  connect: (socket: Socket, gateway: Gateway) => { expect(): void },
): NodeServer<Server> {
  const service = new Service(app, options, serverParts(silenceLimits(options)))
  const gateway: Gateway = {
    name: protocol.name,
    service,
    variables: {
      scriptName: checkScriptName(options.scriptName),
      loneScriptName: "path",
      unknownLength: protocol.unknownLength,
    },
    maxHeadBytes: options.maxHeadBytes ?? 64 * 1024,
    halfCloseGraceMs: options.halfCloseGraceMs ?? 1000,
  }
  const allowed = new AllowedPeers(options.allowFrom ?? LOCAL_PEERS)
  const take = (socket: Socket): { expect(): void } | undefined => {
    const remoteAddress = peerAddressOf(socket)
    if (allowed.has(remoteAddress)) return connect(socket, gateway)
    report(
      service,
      undefined,
      `${protocol.name}: a connection from ${remoteAddress} was closed: it is not in allowFrom`,
    )
    socket.destroy()
    return undefined
  }
  const server = createServer({ allowHalfOpen: true })
  let isExpected = false
  server.on("connection", (socket: Socket) => {
    const connection = take(socket)
    if (isExpected) connection?.expect()
  })
  if (options.proxyProtocolFrom !== undefined) takeProxyHeaders(server, options.proxyProtocolFrom, service)
  return {
    server,
    inject: (socket) => {
      isExpected = true
      try {
        server.emit("connection", socket)
      } finally {
        isExpected = false
      }
    },
    drain: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await service.connections.drain()
      await closed
    },
    destroy: (reason = new Error("the server was stopped")) => {
      server.close()
      service.connections.destroy(reason)
    },
  }
}
