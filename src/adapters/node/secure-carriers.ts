// The sockets below those of TLS. Until its handshake is over a connection is none of the server's connections, and a server that
// stops waits for it all the same.

import { once } from "node:events"
import type { Server, Socket } from "node:net"

/** The sockets of a server with TLS. */
export interface SecureCarriers {
  /** Resolves when those that are there now are closed. */
  whenClosed(): Promise<void>
  destroy(): void
}

/** Takes in the sockets that come from now on. */
export function secureCarriers(server: Server): SecureCarriers {
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  return {
    whenClosed: async () => {
      for (const socket of sockets) if (!socket.closed) await once(socket, "close")
    },
    destroy: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}
