// What Node's parser must not go on with, and gets later. A client may send any number of requests ahead. Node makes a message
// and a response of each as soon as it has come, and starts to read again by itself; and behind a request with an `Upgrade`
// that the server does not take it loses what came in the same packet.
//
// Node hands a request over with all that came behind it when it may leave HTTP. Up to Node 24 that stops the parser, so
// that a request too many can be handed over too. It is written out again, and given back with the rest when the
// requests before it are done. From then on Node gets the bytes of that connection in small pieces, and none while enough
// requests wait; the rest stays in the kernel. Newer versions get all that is read at once, 64 KiB, before this begins.

import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import type { NodeConnection } from "./connection.ts"

/** Bytes that Node's parser gets at once. */
const PIECE = 1024

/** The bytes of a request's head, less the field that asked for an upgrade. */
export function headBytes(message: IncomingMessage, withUpgrade: boolean): Buffer {
  let text = `${message.method} ${message.url} HTTP/${message.httpVersion}\r\n`
  const { rawHeaders } = message
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!withUpgrade && rawHeaders[i]?.toLowerCase() === "upgrade") continue
    text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
  }
  return Buffer.from(`${text}\r\n`, "latin1")
}

/** Has the server take `bytes` of a connection that it had let go of. The response before must have left its socket. */
export function giveBack(server: Server, socket: Socket, connection: NodeConnection, bytes: Buffer): void {
  const isSecure = (socket as Partial<TLSSocket>).encrypted === true
  server.emit(isSecure ? "secureConnection" : "connection", socket)
  feed(socket, connection, bytes)
}

/** Puts a Feeder between a socket and Node's parser. Only a socket that reads when its bytes come to us goes on to read. */
export function feed(socket: Socket, connection: NodeConnection, rest?: Buffer): void {
  socket.once("resume", () => {
    if (!socket.destroyed) new Feeder(socket, connection, rest)
  })
  socket.resume()
}

/** Calls `callback` when a response has left its socket: then the next one can get it. */
export function whenDetached(response: ServerResponse | undefined, callback: () => void): void {
  if (response === undefined || response.socket === null || response.closed) callback()
  else response.once("close", callback)
}

/** Stands between a socket and Node's parser. */
class Feeder {
  readonly #socket: Socket
  readonly #connection: NodeConnection
  readonly #parse: (chunk: Buffer) => void
  #rest: Buffer
  #isPaused = false
  #isFeeding = false
  #isStopped = false
  readonly #onReadable = (): void => this.feed()

  /** @param rest bytes that came before those that the socket has */
  constructor(socket: Socket, connection: NodeConnection, rest: Buffer = Buffer.alloc(0)) {
    this.#socket = socket
    this.#connection = connection
    this.#rest = rest
    const [listener] = socket.listeners("data") as ((chunk: Buffer) => void)[]
    if (listener === undefined) throw new Error("the server has not taken the connection")
    this.#parse = listener
    connection.feeder = this
    socket.removeListener("data", listener)
    // Without the 'data' of a stream that flows, so that bytes are taken when there is use for them.
    socket.on("readable", this.#onReadable)
    // Node pauses the socket for a body that is not read, and resumes it.
    socket.pause = () => {
      this.#isPaused = true
      return socket
    }
    socket.resume = () => {
      this.#isPaused = false
      queueMicrotask(() => this.feed())
      return socket
    }
    queueMicrotask(() => this.feed())
  }

  /** Stands there no longer; gives what the parser has not had. */
  stop(): Buffer {
    this.#isStopped = true
    this.#socket.removeListener("readable", this.#onReadable)
    // From now on they are the socket's own again.
    Reflect.deleteProperty(this.#socket, "pause")
    Reflect.deleteProperty(this.#socket, "resume")
    const rest = this.#rest
    this.#rest = Buffer.alloc(0)
    return rest
  }

  /** Gives the parser what it may have now. */
  feed(): void {
    if (this.#isFeeding) return
    this.#isFeeding = true
    try {
      this.#feedAll()
    } finally {
      this.#isFeeding = false
    }
  }

  #feedAll(): void {
    while (
      !this.#isStopped &&
      !this.#isPaused &&
      !this.#connection.isCrowded &&
      !this.#connection.isClosing &&
      !this.#socket.destroyed
    ) {
      const piece = this.#take()
      if (piece === undefined) break
      this.#parse.call(this.#socket, piece)
    }
  }

  #take(): Buffer | undefined {
    if (this.#rest.length === 0) {
      const { readableLength } = this.#socket
      const chunk: Buffer | null = this.#socket.read(Math.min(readableLength, PIECE) || undefined)
      return chunk ?? undefined
    }
    const piece = this.#rest.subarray(0, PIECE)
    this.#rest = this.#rest.subarray(piece.length)
    return piece
  }
}
