// The server's WebSocket as the linter hands it to an application: what it sends, and how it closes, is told to the rules.

import type { ServerWebSocket, WebSocketMessage } from "../gateway.ts"
import type { Inspection } from "./lint-inspection.ts"

export class CheckedWebSocket implements ServerWebSocket {
  readonly #inspection: Inspection
  readonly #socket: ServerWebSocket

  constructor(inspection: Inspection, socket: ServerWebSocket) {
    this.#inspection = inspection
    this.#socket = socket
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  get signal(): AbortSignal {
    return this.#socket.signal
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes
  }

  get messagesReceived(): number {
    return this.#socket.messagesReceived
  }

  get bytesReceived(): number {
    return this.#socket.bytesReceived
  }

  get bytesSent(): number {
    return this.#socket.bytesSent
  }

  get messagesSent(): number {
    return this.#socket.messagesSent
  }

  get closeCode(): number | undefined {
    return this.#socket.closeCode
  }

  get closeReason(): string {
    return this.#socket.closeReason
  }

  receive(): Promise<WebSocketMessage | undefined> {
    return this.#socket.receive()
  }

  [Symbol.asyncIterator](): AsyncIterator<WebSocketMessage> {
    return this.#socket[Symbol.asyncIterator]()
  }

  send(message: WebSocketMessage): Promise<void> {
    this.#inspection.judge("message", message)
    return this.#socket.send(message)
  }

  close(code?: number, reason?: string): Promise<void> {
    this.#inspection.judge("closing", { code, reason })
    return this.#socket.close(code, reason)
  }
}
