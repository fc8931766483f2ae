// WebSockets of Bun's server, which has one set of handlers for all of its sockets, given when the server is made. What a socket is
// attached to stands in its `data`.

import type { WebSocketMessage } from "../../gateway.ts"
import type { OpenWebSocket, WebSocketCarrier } from "../../running/websocket.ts"

/** What Bun calls a handler with, besides the Request. */
export interface BunServer {
  upgrade(request: Request, options: { data: unknown; headers: readonly [string, string][] }): boolean
}

/** What is used of a socket of Bun. */
export interface BunSocket {
  readonly data: unknown
  send(message: WebSocketMessage): number
  close(code: number, reason: string): void
  terminate(): void
  getBufferedAmount(): number
}

/** The handlers that `Bun.serve` takes as `websocket`. */
export interface BunWebSocketHandlers {
  /** A handshake is done. */
  open(socket: BunSocket): void
  /** A message has come. */
  message(socket: BunSocket, message: string | Uint8Array): void
  /** What waited to be sent has left. */
  drain(socket: BunSocket): void
  /** All is over. */
  close(socket: BunSocket, code: number, reason: string): void
  /** The longest message that Bun takes, in bytes: the limits of the application are below it. */
  maxPayloadLength: number
  /** Beyond so many bytes that wait for a client Bun drops messages: the limits of the application are below it. */
  backpressureLimit: number
}

const MAX_BYTES = 64 * 1024 * 1024

/**
 * What `Bun.serve` needs besides `fetch` to take WebSockets.
 *
 * @example
 * // Bun.serve({ fetch: toFetch(app), websocket: bunWebSocket })
 * Object.keys(bunWebSocket) // => ["open", "message", "drain", "close", "maxPayloadLength", "backpressureLimit"]
 */
export const bunWebSocket: BunWebSocketHandlers = {
  open: (socket) => carrierOf(socket)?.opened(socket),
  message: (socket, message) => carrierOf(socket)?.message(message),
  drain: (socket) => carrierOf(socket)?.drained(),
  close: (socket, code, reason) => carrierOf(socket)?.closed(code, reason),
  maxPayloadLength: MAX_BYTES,
  backpressureLimit: MAX_BYTES,
}

function carrierOf({ data }: BunSocket): BunCarrier | undefined {
  return data instanceof BunCarrier ? data : undefined
}

const WIRING =
  "Bun takes WebSockets when its server has their handlers: Bun.serve({ fetch: toFetch(app), websocket: bunWebSocket })"

/** @throws Error that names the handlers when the server lacks them */
export function upgradeOnBun(
  server: BunServer,
  request: Request,
  headers: readonly [string, string][],
  socket: OpenWebSocket,
): WebSocketCarrier {
  const carrier = new BunCarrier(socket)
  let isUpgraded: boolean
  try {
    isUpgraded = server.upgrade(request, { data: carrier, headers })
  } catch (error) {
    throw new Error(WIRING, { cause: error })
  }
  if (!isUpgraded) throw new Error("the client left before its WebSocket was opened")
  return carrier
}

class BunCarrier implements WebSocketCarrier {
  readonly #socket: OpenWebSocket
  #own: BunSocket | undefined = undefined
  #waiting: (() => void)[] = []

  constructor(socket: OpenWebSocket) {
    this.#socket = socket
  }

  // ---- what Bun says

  opened(own: BunSocket): void {
    this.#own = own
  }

  message(message: string | Uint8Array): void {
    this.#socket.messageOfAnySize(message)
  }

  drained(): void {
    for (const taken of this.#waiting.splice(0)) taken()
  }

  closed(code: number, reason: string): void {
    this.#waiting.length = 0
    this.#socket.closed(code, reason)
  }

  // ---- what the socket says

  get bufferedBytes(): number {
    return this.#own?.getBufferedAmount() ?? 0
  }

  send(message: WebSocketMessage, taken?: () => void): void {
    const sent = this.#own?.send(message)
    // 0: dropped, -1: waits until `drain`; else bytes.
    if (sent === 0 && message.length > 0) this.terminate()
    else if (taken === undefined) return
    else if (sent === -1) this.#waiting.push(taken)
    else taken()
  }

  close(code: number, reason: string): void {
    this.#own?.close(code, reason)
  }

  terminate(): void {
    this.#own?.terminate()
  }
}
