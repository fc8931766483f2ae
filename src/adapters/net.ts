// A server of HTTP/1.1 over node:net, without node:http in between. What runs the application is in running/; what takes requests
// apart is in the folder beside this file.

import { createServer, type Server, type Socket } from "node:net"
import type { ApplicationLike } from "../gateway.ts"
import { Service } from "../running/service.ts"
import { type EngineSettings, NetConnection } from "./net/connection.ts"
import type { NodeServer, NodeServerOptions } from "./node/options.ts"
import { serverParts, silenceLimits } from "./node/parts.ts"
import { takeProxyHeaders } from "./node/proxied-connections.ts"

/** A server for `app`, not yet listening. */
export function createNetServer(app: ApplicationLike, options: NodeServerOptions = {}): NodeServer<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  const service = new Service(app, options, serverParts(silenceLimits(options)))
  const settings: EngineSettings = {
    service,
    halfCloseGraceMs: options.halfCloseGraceMs ?? 1000,
    maxHeadBytes: options.maxHeadBytes ?? 16 * 1024,
  }
  const connect = (socket: Socket) => new NetConnection(socket, settings)
  server.on("connection", connect)
  const { proxyProtocolFrom } = options
  if (proxyProtocolFrom !== undefined) takeProxyHeaders(server, proxyProtocolFrom, service)
  return {
    server,
    inject: (socket) => {
      if (proxyProtocolFrom === undefined) connect(socket).expect()
      else server.emit("connection", socket)
    },
    drain: async (closeCode) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await service.connections.drain(closeCode)
      await closed
    },
    destroy: (reason = new Error("the server was stopped")) => {
      server.close()
      service.connections.destroy(reason)
    },
  }
}
