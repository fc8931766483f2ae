// The listening sockets of a parent: each connection is handed over as it was accepted, with nothing read from it.

import { createServer, type Server } from "node:net"
import { type Address, listen } from "../address.ts"
import type { HeldConnection } from "./member.ts"

/** A server that listens for the processes of a group; `index` tells them at which of several addresses. */
export function frontServer(index: number, deliver: (connection: HeldConnection) => void): Server {
  return createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on("error", () => socket.destroy())
    deliver({ socket, address: index })
  })
}

/** The same, listening at an address. */
export async function listenFor(
  address: Address,
  index: number,
  deliver: (connection: HeldConnection) => void,
): Promise<Server> {
  const server = frontServer(index, deliver)
  await listen(server, address)
  return server
}
