// A server of Node's with a service behind it, as both engines give it to their callers: how it takes connections that were accepted
// elsewhere, and how it stops without losing a request.

import type { Server, Socket } from "node:net"
import type { Connection } from "../../running/connection.ts"
import type { Service } from "../../running/service.ts"
import type { NodeServer } from "./options.ts"
import type { SecureCarriers } from "./secure-carriers.ts"

/** What an engine tells of its server. */
export interface RunningServer {
  readonly service: Service
  /** The sockets below those of TLS. */
  readonly carriers: SecureCarriers | undefined
  /** Takes a connection in before the server sees it; undefined where that has to wait, as for a handshake or a header. */
  readonly connect: ((socket: Socket) => Connection) | undefined
}

/** @param server a `Server` of any kind: the compiler knows no common type of those with TLS */
export function runningServer<S>(
  server: S & Pick<Server, "emit" | "close">,
  { service, carriers, connect }: RunningServer,
): NodeServer<S> {
  return {
    server,
    inject: (socket) => {
      connect?.(socket).expect()
      server.emit("connection", socket)
    },
    drain: async (closeCode) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await service.connections.drain(closeCode)
      await carriers?.whenClosed()
      await service.connections.empty()
      await closed
    },
    destroy: (reason = new Error("the server was stopped")) => {
      server.close()
      service.connections.destroy(reason)
      carriers?.destroy()
    },
  }
}
