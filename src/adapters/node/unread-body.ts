// What is left of a request body when the response is over. Node reads and throws away all of it, however long;
// here there is a cap. A client that is still sending gets its answer all the same: the connection is closed in
// steps (RFC 9112 section 9.6), since closing it at once would reset it and could take the answer along.

import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"

/** How much of an unread body is taken in, and how long. */
export interface DiscardLimits {
  readonly maxDiscardBytes: number
  readonly lingerMs: number
}

const CHECK_MS = 50

/** How many bytes of the body have not come yet; undefined when its length is not known. Counts the whole body. */
export function unreadBytes(message: IncomingMessage): number | undefined {
  const length = message.headers["content-length"]
  return length === undefined ? undefined : Number(length)
}

/** Watches Node throw away the rest of a body; closes the connection when the rest is longer than the cap. */
export function discardRest(message: IncomingMessage, socket: Socket, limits: DiscardLimits): void {
  const before = socket.bytesRead
  const timer = setInterval(() => {
    if (message.complete || socket.destroyed) clearInterval(timer)
    else if (socket.bytesRead - before > limits.maxDiscardBytes) {
      clearInterval(timer)
      linger(socket, limits)
    }
  }, CHECK_MS)
  timer.unref()
}

/** Makes Node's closing of this connection, once the response was written, a closing in steps. */
export function lingerOnClose(socket: Socket, limits: DiscardLimits): void {
  socket.destroySoon = () => linger(socket, limits)
}

function linger(socket: Socket, limits: DiscardLimits): void {
  socket.end()
  socket.resume()
  const before = socket.bytesRead
  const deadline = setTimeout(() => socket.destroy(), limits.lingerMs)
  const watch = setInterval(() => {
    if (socket.bytesRead - before > limits.maxDiscardBytes) socket.destroy()
  }, CHECK_MS)
  const stop = () => {
    clearTimeout(deadline)
    clearInterval(watch)
  }
  socket.once("end", () => socket.destroy())
  socket.once("close", stop)
}
