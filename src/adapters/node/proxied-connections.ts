// Connections that a balancer passes on with a header of the PROXY protocol: it is taken off before anything else sees the
// connection, TLS included, and the addresses in it are those of the connection from then on. Only named balancers are believed, and
// they have to send it: whether there is a header is never guessed.

import type { Server, Socket } from "node:net"
import type { Peer, SilenceLimits } from "../../running/connections.ts"
import { report } from "../../running/report.ts"
import type { Service } from "../../running/service.ts"
import { addressesOf, setProxied } from "./addresses.ts"
import { AllowedPeers } from "./allowed-peers.ts"
import { type ProxiedAddresses, parseProxyHeader } from "./proxy-protocol.ts"

/**
 * Makes the listeners for connections that `server` has now wait for the header.
 *
 * @param from the addresses and networks of balancers, and `"unix"`; connections from elsewhere go on as they are
 * @throws RangeError for an entry that is no address and no network
 */
export function takeProxyHeaders(server: Server, from: Iterable<string>, service: Service): void {
  const named = new AllowedPeers(from)
  const isSecure = "setSecureContext" in server
  const listeners = server.listeners("connection")
  server.removeAllListeners("connection")
  server.on("connection", (socket: Socket) => {
    const { remoteAddress } = addressesOf(socket)
    const pass = () => {
      for (const listener of listeners) listener.call(server, socket)
    }
    if (!named.has(remoteAddress)) {
      pass()
      return
    }
    new HeadlessConnection(socket, remoteAddress ?? "a unix socket", service, (addresses) => {
      if (addresses === undefined) pass()
      else setProxied(socket, addresses, isSecure, pass)
    })
  })
}

/** A connection whose header has not come. */
class HeadlessConnection implements Peer {
  readonly #socket: Socket
  readonly #peer: string
  readonly #service: Service
  readonly #pass: (addresses: ProxiedAddresses | undefined) => void
  #bytes: Buffer = Buffer.alloc(0)
  #waitedMs = 0

  constructor(socket: Socket, peer: string, service: Service, pass: (addresses: ProxiedAddresses | undefined) => void) {
    this.#socket = socket
    this.#peer = peer
    this.#service = service
    this.#pass = pass
    service.connections.add(this)
    socket.on("error", this.#onError)
    socket.on("readable", this.#onReadable)
    socket.on("end", this.#onEnd)
    socket.on("close", this.#onClose)
  }

  readonly #onError = (): void => void this.#socket.destroy()

  readonly #onReadable = (): void => {
    const chunk: Buffer | null = this.#socket.read()
    if (chunk === null) return
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const header = parseProxyHeader(this.#bytes)
    if (header === undefined) return
    if (typeof header === "string") {
      this.#breakOff(header)
      return
    }
    this.#letGo()
    if (header.length < this.#bytes.length) this.#socket.unshift(this.#bytes.subarray(header.length))
    this.#pass(header.addresses)
    // Not before: where no connection is left, a server that stops is at its end.
    this.#service.connections.delete(this)
  }

  // A balancer may look whether the port is open.
  readonly #onEnd = (): void => {
    if (this.#bytes.length > 0) this.#breakOff("it ended in the middle of its PROXY header")
    else this.#socket.destroy()
  }

  readonly #onClose = (): void => this.#service.connections.delete(this)

  #letGo(): void {
    const socket = this.#socket
    socket.removeListener("readable", this.#onReadable)
    socket.removeListener("end", this.#onEnd)
    socket.removeListener("close", this.#onClose)
    socket.removeListener("error", this.#onError)
  }

  #breakOff(fault: string): void {
    report(this.#service, undefined, `a connection from ${this.#peer} was closed: ${fault}`)
    this.#letGo()
    this.#socket.on("error", this.#onError)
    this.#socket.destroy()
    this.#service.connections.delete(this)
  }

  sweep(elapsedMs: number, limits: SilenceLimits, isStopping: boolean): void {
    this.#waitedMs += elapsedMs
    const limitMs = isStopping ? Math.min(limits.firstByteMs, limits.idleLingerMs) : limits.firstByteMs
    if (this.#waitedMs < limitMs) return
    if (isStopping) this.#socket.destroy()
    else this.#breakOff(`no PROXY header came within ${limits.firstByteMs} ms`)
  }

  retire(): void {
    this.#waitedMs = 0
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
