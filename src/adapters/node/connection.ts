// What is known of one client connection: its addresses, looked up once, and which request is in the application now.
// Requests that a client sends ahead (pipelining) wait here, so that one connection has one request at work.

import type { Socket } from "node:net"
import type { TLSSocket } from "node:tls"

const CONNECTION: unique symbol = Symbol("werkstatt.connection")

type ConnectedSocket = Socket & { [CONNECTION]?: Connection }

/** The CGI variables that are the same for all requests of a connection. */
export interface Addresses {
  serverName: string | undefined
  serverPort: string | undefined
  remoteAddress: string | undefined
  remotePort: string | undefined
  scheme: "http" | "https"
  /** `HTTPS`, `SSL_PROTOCOL`, `SSL_CIPHER` and `SSL_CLIENT_CERT`, with TLS. */
  tls: Record<string, string> | undefined
}

/** How long a client may be silent. */
export interface SilenceLimits {
  /** Before its first request. */
  firstByteMs: number
  /** Between two requests. */
  keepAliveMs: number
  /** While bytes wait to be sent, none of which it takes; 0 for no limit. */
  sendMs: number
}

export class Connection {
  readonly socket: Socket
  readonly addresses: Addresses
  /** The request that is in the application now. */
  active: object | undefined = undefined
  /** No further request is to be taken from this connection. */
  closing = false
  /** Whether a request has come on it yet. */
  greeted = false
  /** How long no request was at work, no byte came in, and none waited to be sent. */
  #idleMs = 0
  #bytesRead = 0
  /** Whether the socket's timer runs for bytes that wait to be sent. */
  #isWatched = false
  #isHalfClosed = false
  readonly #waiting: (() => void)[] = []

  constructor(socket: Socket, halfCloseGraceMs: number) {
    this.socket = socket
    ;(socket as ConnectedSocket)[CONNECTION] = this
    this.addresses = addressesOf(socket)
    // A client that closed its sending side may still wait for its answer, or be gone altogether; only writing to it
    // tells. So silence decides: when no byte was taken by it for the time of grace, it counts as gone.
    socket.on("end", () => {
      this.#isHalfClosed = true
      socket.setTimeout(halfCloseGraceMs)
    })
    socket.on("timeout", () => {
      if (this.#isHalfClosed || this.#isWatched) socket.destroy()
    })
  }

  /** Runs `work` when the requests that came before it are done. */
  enqueue(work: () => void): void {
    this.#waiting.push(work)
    // What was sent ahead waits in the client's buffers and the kernel's, not in ours.
    this.socket.pause()
  }

  /** The active request is over: the next one, if any. */
  release(): void {
    this.active = undefined
    const next = this.#waiting.shift()
    if (next === undefined) return
    if (this.#waiting.length === 0) this.socket.resume()
    if (!this.closing && !this.socket.destroyed) setImmediate(next)
  }

  /** Called every `elapsedMs`: lets go of a client that has had its time to say something, or to take what it asked for. */
  sweep(elapsedMs: number, limits: SilenceLimits): void {
    const { bytesRead, writableLength } = this.socket
    this.#watchSending(writableLength > 0, limits.sendMs)
    if (this.active !== undefined || writableLength > 0 || bytesRead !== this.#bytesRead) this.#idleMs = 0
    else this.#idleMs += elapsedMs
    this.#bytesRead = bytesRead
    if (this.#idleMs >= (this.greeted ? limits.keepAliveMs : limits.firstByteMs)) this.socket.destroy()
  }

  // The socket's own timer sees bytes move within one chunk; it costs something with each write, so only those have one
  // that are slow.
  #watchSending(isSending: boolean, sendMs: number): void {
    if (isSending === this.#isWatched || this.#isHalfClosed || sendMs === 0) return
    this.#isWatched = isSending
    this.socket.setTimeout(isSending ? sendMs : 0)
  }
}

/** The connection of a socket, if it was seen before. */
export function connectionOf(socket: Socket): Connection | undefined {
  return (socket as ConnectedSocket)[CONNECTION]
}

/** The addresses of both ends of a socket. */
export function addressesOf(socket: Socket): Addresses {
  const encrypted = (socket as Partial<TLSSocket>).encrypted === true
  return {
    serverName: plainAddress(socket.localAddress),
    serverPort: socket.localPort === undefined ? undefined : String(socket.localPort),
    remoteAddress: plainAddress(socket.remoteAddress),
    remotePort: socket.remotePort === undefined ? undefined : String(socket.remotePort),
    scheme: encrypted ? "https" : "http",
    tls: encrypted ? tlsVariables(socket as TLSSocket) : undefined,
  }
}

// An IPv4 client of a socket that listens on IPv6 shows as ::ffff:192.0.2.1 (RFC 4291 section 2.5.5.2).
function plainAddress(address: string | undefined): string | undefined {
  return address?.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address
}

function tlsVariables(socket: TLSSocket): Record<string, string> {
  const variables: Record<string, string> = { HTTPS: "on" }
  const protocol = socket.getProtocol()
  if (protocol) variables["SSL_PROTOCOL"] = protocol
  const cipher = socket.getCipher()?.name
  if (cipher) variables["SSL_CIPHER"] = cipher
  const raw = socket.getPeerCertificate()?.raw
  if (raw) {
    const lines = raw.toString("base64").match(/.{1,64}/g) ?? []
    variables["SSL_CLIENT_CERT"] = `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`
  }
  return variables
}
