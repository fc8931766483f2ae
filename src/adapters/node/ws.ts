// The package ws, which speaks RFC 6455 on a stream. Optional, and loaded with the first handshake: an application without
// WebSockets does not need it. Only its documented interface is used. What a handshake is was found out before; ws is given
// one of its own form, so that a stream of HTTP/2 will do as well as a socket.

import type { EventEmitter } from "node:events"
import type { Duplex } from "node:stream"
import type { WebSocketMessage } from "../../gateway.ts"
import { deflateOffer } from "../../running/permessage-deflate.ts"
import type { OpenWebSocket, WebSocketCarrier } from "../../running/websocket.ts"
import { CLOSE_HANDSHAKE_MS } from "../../running/websocket.ts"
import type { Handshake } from "../../running/websocket-handshake.ts"

const SOCKET: unique symbol = Symbol("werkstatt.websocket")

/** What is used of a WebSocket of ws. */
interface WsSocket extends EventEmitter {
  [SOCKET]?: OpenWebSocket
  readonly bufferedAmount: number
  send(data: WebSocketMessage, options: { binary: boolean }, taken?: (error?: Error) => void): void
  close(code: number, reason: string): void
  terminate(): void
  ping(): void
  pause(): void
  resume(): void
}

interface WsServer extends EventEmitter {
  handleUpgrade(request: object, stream: Duplex, head: Buffer, callback: (socket: WsSocket) => void): void
}

interface WsPackage {
  WebSocketServer: new (options: object) => WsServer
}

/** What ws is told of a request. */
interface UpgradeRequest {
  readonly method: "GET"
  readonly headers: Record<string, string>
  /** Header lines of the application. */
  readonly lines: readonly string[]
}

let loading: Promise<WsPackage> | undefined

/** @throws Error that names the package when it is not installed */
export function loadWs(): Promise<WsPackage> {
  loading ??= import("ws").then(
    (found) => found as unknown as WsPackage,
    (error: NodeJS.ErrnoException) => {
      loading = undefined
      throw Object.assign(new Error("WebSockets need the package ws: npm install ws", { cause: error }), {
        code: error.code,
      })
    },
  )
  return loading
}

/** One for each limit on messages, with compression or without: ws has these for a whole server. */
const servers = new Map<string, WsServer>()
const MAX_SERVERS = 64

/** Each message is compressed by itself, so that no socket keeps what it takes between two of them. */
const DEFLATE = { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 1024 }

function serverFor({ WebSocketServer }: WsPackage, maxPayload: number, compress: boolean): WsServer {
  const key = `${maxPayload}${compress ? " deflate" : ""}`
  const known = servers.get(key)
  if (known !== undefined) return known
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: compress && DEFLATE,
    // Holds for what is inflated, too. To ws, 0 is no limit.
    maxPayload: Number.isFinite(maxPayload) ? maxPayload : 0,
    closeTimeout: CLOSE_HANDSHAKE_MS,
  })
  server.on("headers", (lines: string[], request: UpgradeRequest) => lines.push(...request.lines))
  if (servers.size < MAX_SERVERS) servers.set(key, server)
  return server
}

/**
 * Answers a handshake on `stream` with a 101 and these fields, names and values in turn, and has `socket` take what comes.
 * `head` is what came behind the request. Undefined when the client has left.
 */
export function openOverWs(
  ws: WsPackage,
  stream: Duplex,
  head: Buffer,
  { key, extensions }: Pick<Handshake, "key" | "extensions">,
  fields: readonly string[],
  socket: OpenWebSocket,
): WebSocketCarrier | undefined {
  const lines: string[] = []
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`)
  const headers: Record<string, string> = {
    upgrade: "websocket",
    "sec-websocket-key": key,
    "sec-websocket-version": "13",
  }
  // ws refuses a handshake whose offers it can't read.
  const offer = socket.compress ? deflateOffer(extensions) : undefined
  if (offer !== undefined) headers["sec-websocket-extensions"] = offer
  const request: UpgradeRequest = { method: "GET", headers, lines }
  let carrier: WsCarrier | undefined
  // Fields are Latin-1, and ws writes its head in the encoding of the stream.
  stream.setDefaultEncoding("latin1")
  serverFor(ws, socket.maxMessageBytes, socket.compress).handleUpgrade(request, stream, head, (opened) => {
    carrier = new WsCarrier(opened, socket)
    // The stream was paused on its way here, and ws takes that for what is wanted.
    opened.resume()
  })
  stream.setDefaultEncoding("utf8")
  return carrier
}

// One listener of each kind for all sockets, of which there are many.

function onMessage(this: WsSocket, data: Buffer, isBinary: boolean): void {
  this[SOCKET]?.message(isBinary ? data : data.toString(), data.length)
}

function onPong(this: WsSocket): void {
  this[SOCKET]?.pong()
}

function onClose(this: WsSocket, code: number, reason: Buffer): void {
  this[SOCKET]?.closed(code, reason.toString())
}

// What the client did wrong shows in the code with which ws closes.
function onError(): void {}

class WsCarrier implements WebSocketCarrier {
  readonly #ws: WsSocket

  constructor(ws: WsSocket, socket: OpenWebSocket) {
    this.#ws = ws
    ws[SOCKET] = socket
    ws.on("message", onMessage)
    ws.on("pong", onPong)
    ws.on("close", onClose)
    ws.on("error", onError)
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount
  }

  send(message: WebSocketMessage, taken?: () => void): void {
    const onSent = taken && ((error?: Error | null) => void (error || taken()))
    this.#ws.send(message, { binary: typeof message !== "string" }, onSent)
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }

  ping(): void {
    this.#ws.ping()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }
}
