// One connection to an upstream, as undici gets it, which makes it a little more patient than Node and undici are: interim
// responses that came unasked are skipped, and a response is read also when the upstream takes no more of the request.
// Reads of plain connections go into memory that is used again, see upstream-blocks.ts.

import type { Socket } from "node:net"
import type { buildConnector, Client, Dispatcher } from "undici"
import { InterimFilter } from "./interim-filter.ts"
import { loadUndici } from "./undici.ts"
import { blockReader, plainReader } from "./upstream-blocks.ts"
import type { UpstreamExchange } from "./upstream-exchange.ts"

/** A request, as it comes to a client by way of its pool. */
export interface UpstreamRequest extends Dispatcher.DispatchOptions {
  /** The handler, which the pool hands on in a wrapper. */
  exchange: UpstreamExchange
}

/**
 * A client of undici for a pool, which holds one connection at a time.
 *
 * @param options those that the pool has for its clients
 * @param connect those of net.connect or tls.connect, and a timeout
 */
export function upstreamClient(origin: URL, options: object, connect: buildConnector.BuildOptions): Client {
  const { Client, buildConnector } = loadUndici()
  const filter = new InterimFilter()
  const makeReader = origin.protocol === "http:" ? blockReader : plainReader

  const connector: buildConnector.connector = (target, callback) => {
    let socket: Socket
    const onread = makeReader((bytes) => {
      const passed = filter.take(bytes)
      return passed.length === 0 || socket.push(passed)
    })
    // Among the options are those of net.connect and tls.connect.
    const connecting = buildConnector({ ...connect, onread } as buildConnector.BuildOptions)
    connecting(target, (...outcome) => {
      const made = outcome[1]
      // Missing, not null, beside an error.
      if (made) {
        socket = made
        readOn(socket)
      }
      callback(...outcome)
    })
  }

  class UpstreamClient extends Client {
    override dispatch(request: UpstreamRequest, handler: Dispatcher.DispatchHandler): boolean {
      request.exchange.filter = filter
      return super.dispatch(request, handler)
    }
  }
  return new UpstreamClient(origin, { ...options, connect: connector })
}

/** What a write fails with when the other side has closed the connection. */
const CLOSED: ReadonlySet<unknown> = new Set(["EPIPE", "ECONNRESET", "ECONNABORTED"])

type Done = (error?: Error | null) => void

/**
 * Lets a socket be read to its end though the other side takes nothing any more. A server may refuse a request before it has
 * all of it, and close; what it said waits in the kernel then, and Node would throw it away with the first write that fails
 * (RFC 9112 section 9.5). What becomes of the connection is seen by reading: the end of it, or its reset.
 */
function readOn(socket: Socket): void {
  let isClosed = false
  const forgive =
    (done: Done): Done =>
    (error) => {
      isClosed ||= CLOSED.has((error as NodeJS.ErrnoException | undefined)?.code)
      done(isClosed ? null : error)
    }
  const write = socket._write
  const writev = socket._writev
  socket._write = function (chunk, encoding, done) {
    if (isClosed) done()
    else write.call(this, chunk, encoding, forgive(done))
  }
  if (writev === undefined) return
  socket._writev = function (chunks, done) {
    if (isClosed) done()
    else writev.call(this, chunks, forgive(done))
  }
}
