// The listening sockets of a parent: each connection is handed over as it was accepted, with nothing read from it.

import { createServer, type Server } from "node:net"
import { type Address, listen } from "../address.ts"
import type { HeldConnection } from "./member.ts"

/** Listens at an address; `index` tells the processes which of several it was. */
export async function listenFor(
  address: Address,
  index: number,
  deliver: (connection: HeldConnection) => void,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on("error", () => socket.destroy())
    deliver({ socket, address: index })
  })
  await listen(server, address)
  return server
}
