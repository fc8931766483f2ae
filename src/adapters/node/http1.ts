// Brings requests of node:http to an application, one at a time for each connection.

import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Refusal } from "../../running/environ.ts"
import type { Service } from "../../running/service.ts"
import { type Handshake, handshakeOf } from "../../running/websocket-handshake.ts"
import { hasBody } from "./bodiless.ts"
import { connectionOf, NodeConnection } from "./connection.ts"
import { feed, giveBack, headBytes, whenDetached } from "./handing-back.ts"
import { HandshakeExchange } from "./handshake-exchange.ts"
import { Http1Exchange } from "./http1-exchange.ts"
import type { Mounting } from "./mounting.ts"
import { refusalAnswer } from "./refusal-answer.ts"
import { faultText } from "./response-bytes.ts"
import { lingerOnClose } from "./unread-body.ts"
import { stopsAtUpgrade } from "./versions.ts"

export class Http1 {
  readonly #service: Service
  readonly #halfCloseGraceMs: number
  readonly #isOwn: boolean

  /** @param isOwn whether the server was set up here, so that its connections may be handled in other ways than Node's */
  constructor(service: Service, halfCloseGraceMs: number, isOwn: boolean) {
    this.#service = service
    this.#halfCloseGraceMs = halfCloseGraceMs
    this.#isOwn = isOwn
  }

  /** Takes a connection in. */
  connect(socket: Socket): NodeConnection {
    return connectionOf(socket) ?? new NodeConnection(socket, this.#service.connections, this.#halfCloseGraceMs)
  }

  /** Takes a request. */
  handle(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean, mounting?: Mounting): void {
    const connection = this.connect(message.socket)
    if (connection.isClosing) return
    connection.lastMessage = message
    if (connection.greet()) {
      this.#serve(connection, message, response, expectsContinue, mounting)
      return
    }
    connection.wait(() => this.#serve(connection, message, response, expectsContinue, mounting))
    if (!stopsAtUpgrade && this.#isOwn && connection.isCrowded && connection.feeder === undefined) {
      this.#feedSoon(connection)
    }
  }

  /** From now on Node's parser gets less at once. Not in the middle of what it parses now. */
  #feedSoon(connection: NodeConnection): void {
    connection.feeder = "soon"
    const { socket } = connection
    // Node starts to read again behind each request that it has parsed.
    const hold = () => void socket.pause()
    socket.on("resume", hold)
    setImmediate(() => {
      socket.removeListener("resume", hold)
      if (!socket.destroyed && connection.feeder === "soon") feed(socket, connection)
    })
  }

  /** Takes what Node's server hands over: a request that wants to leave HTTP, or is one too many. */
  handedOver(server: Server, message: IncomingMessage, socket: Socket, rest: Buffer): void {
    const connection = this.connect(socket)
    const isUpgrade = message.headers.upgrade !== undefined
    if (isUpgrade && server.listenerCount("upgrade") > 1) {
      // It belongs to another listener, from now on.
      connection.detach()
      return
    }
    const { feeder } = connection
    const left = typeof feeder === "object" ? feeder.stop() : Buffer.alloc(0)
    connection.feeder = "soon"
    socket.pause()
    // A closure would keep all that is known here for as long as a WebSocket is open.
    socket.on("error", destroySocket)
    const handshake = isUpgrade ? handshakeOfMessage(message) : undefined
    if (handshake !== undefined) {
      connection.whenFree(() => {
        whenDetached(connection.lastResponse, () => {
          this.#serveHandshake(connection, message, handshake, Buffer.concat([rest, left]))
        })
      })
      return
    }
    const bytes = Buffer.concat([headBytes(message, !isUpgrade), rest, left])
    connection.whenFree(() => {
      whenDetached(connection.lastResponse, () => {
        if (socket.destroyed) return
        // The application is told what the client said.
        if (isUpgrade) connection.saidFields = message.rawHeaders
        giveBack(server, socket, connection, bytes)
      })
    })
  }

  #serveHandshake(connection: NodeConnection, message: IncomingMessage, handshake: Handshake, ahead: Buffer): void {
    if (connection.socket.destroyed) return
    connection.greet()
    const request = { target: message.url as string, fields: message.rawHeaders }
    const exchange = new HandshakeExchange(this.#service, connection, request, handshake, ahead)
    connection.active = exchange
    const refusal = this.#service.serve(exchange, connection.addresses, exchange)
    if (refusal !== undefined) exchange.refuse(refusal)
  }

  /** Answers what Node's parser could not read, or what did not come in time, when the requests before it are done. */
  malformed(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = connectionOf(socket)
    if (!socket.writable) return void socket.destroy()
    // The last answer of this connection is on its way already.
    if (connection?.isClosing) return
    // Behind the last request of a connection anything may come (RFC 9112 section 9.6).
    const answer = error.code === "HPE_CLOSED_CONNECTION" ? "" : malformedAnswer(error.code)
    const end = () => {
      if (connection !== undefined) connection.isClosing = true
      // A second response must not follow half of the first.
      const isBegun = connection?.active?.isStarted === true
      if (isBegun) return void socket.destroy()
      if (answer !== "") socket.write(answer, "latin1")
      lingerOnClose(socket, this.#service.discard)
      socket.destroySoon()
    }
    const last = connection?.lastMessage
    const isInBody = last !== undefined && !last.complete && hasBody(last)
    // The request at work waits for a body that will not come any more.
    if (connection === undefined || (isInBody && !connection.dropLast())) end()
    else connection.whenFree(() => whenDetached(connection.lastResponse, end))
  }

  #serve(
    connection: NodeConnection,
    message: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
    mounting: Mounting | undefined,
  ): void {
    const exchange = new Http1Exchange(this.#service, connection, message, response, expectsContinue, mounting)
    connection.saidFields = undefined
    connection.active = exchange
    connection.lastResponse = response
    let { addresses } = connection
    if (mounting !== undefined) {
      addresses = { ...addresses, further: { ...addresses.further, ...mounting.variables } }
    }
    const refusal = exchange.refusal ?? this.#service.serve(exchange, addresses, exchange)
    if (refusal === undefined) return
    connection.active = undefined
    if (!message.complete) lingerOnClose(connection.socket, this.#service.discard)
    refuse(refusal, connection, response)
  }
}

function destroySocket(this: Socket): void {
  this.destroy()
}

function handshakeOfMessage({ method, httpVersion, rawHeaders }: IncomingMessage): Handshake | undefined {
  return handshakeOf({ method: method as string, protocol: `HTTP/${httpVersion}`, fields: rawHeaders })
}

/** An answer to a request that no application gets to see; what else the client sent is not read. */
function refuse(refusal: Refusal, connection: NodeConnection, response: ServerResponse): void {
  const { head, text } = refusalAnswer(refusal)
  connection.isClosing = true
  response.writeHead(head.code, head.reason, [...head.fields, "Connection", "close"])
  response.end(text)
}

function malformedAnswer(code: string | undefined): string {
  const status =
    code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : code === "HPE_CHUNK_EXTENSIONS_OVERFLOW"
        ? "413 Content Too Large"
        : code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? "408 Request Timeout"
          : "400 Bad Request"
  return faultText(status)
}
