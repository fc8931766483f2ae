// What is left of a request body when the response is over. Node reads and throws away all of it, however long;
// here there is a cap. A client that is still sending gets its answer all the same: the connection is closed in
// steps (RFC 9112 section 9.6), since closing it at once would reset it and could take the answer along.

import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import type { DiscardLimits } from "../../running/service.ts"
import type { NodeInput } from "./input.ts"

const CHECK_MS = 50

/** A client that sends nothing for this long after its answer has no more to send. */
const SILENCE_MS = 2000

/** How many bytes of the body have not come yet; undefined when its length is not known. */
export function restOfBody(message: IncomingMessage, input: NodeInput | undefined): number | undefined {
  const length = message.headers["content-length"]
  if (length === undefined) return undefined
  return Number(length) - (input?.bytesTaken ?? 0) - message.readableLength
}

/** Throws away the rest of a body; closes the connection when the rest is longer than the cap. */
export function discardRest(message: IncomingMessage, socket: Socket, limits: DiscardLimits): void {
  message.resume()
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

/**
 * Closes the sending side, and takes in what still comes: for `lingerMs` at most, and no longer than the client goes on
 * sending. Time is the limit here and not size: a client that writes all of a large body before it reads gets to its answer.
 */
export function linger(socket: Socket, { lingerMs }: DiscardLimits): void {
  socket.end()
  socket.resume()
  let left = lingerMs
  let before = socket.bytesRead
  const everyMs = Math.min(SILENCE_MS, lingerMs)
  const timer = setInterval(() => {
    left -= everyMs
    if (left <= 0 || socket.bytesRead === before) socket.destroy()
    before = socket.bytesRead
  }, everyMs)
  socket.once("end", () => socket.destroy())
  socket.once("close", () => clearInterval(timer))
}
