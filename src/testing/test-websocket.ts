// A WebSocket as a test has it: the client's end, without a network. What the handler throws comes out here, where the test waits
// for it, as with a response.

import type { Body, WebSocketMessage } from "../gateway.ts"
import type { OpenWebSocket } from "../running/websocket.ts"
import type { Response } from "../wrappers/response.ts"

/** A handshake that the application refused. */
export class WebSocketRefused<R extends Response = Response> extends Error {
  override readonly name: string = "WebSocketRefused"
  /** What it answered instead. */
  readonly response: R

  constructor(response: R) {
    super(`the application refused the WebSocket: ${response.status}`)
    this.response = response
  }
}

/** Open on the client's side. To iterate is to receive, until the application closes. */
export class TestWebSocket<R extends Response = Response> implements AsyncIterable<WebSocketMessage> {
  /** The answer to the handshake, with its headers; it has no body. */
  readonly response: R
  readonly #socket: OpenWebSocket
  readonly #body: Body

  constructor(socket: OpenWebSocket, body: Body, response: R) {
    this.#socket = socket
    this.#body = body
    this.response = response
  }

  /** The subprotocol that the application chose; empty when there is none. */
  get protocol(): string {
    return this.#socket.protocol
  }

  /** The code with which the socket was closed; undefined while it is open. */
  get closeCode(): number | undefined {
    return this.#socket.closeCode
  }

  /** The reason that was given with it. */
  get closeReason(): string {
    return this.#socket.closeReason
  }

  /** Sends a message; settles when the application has room for the next. */
  send(message: WebSocketMessage): Promise<void> {
    return this.#socket.send(message)
  }

  /**
   * The next message; undefined when the application has closed.
   *
   * @throws what the handler has thrown, when it has closed for that
   */
  async receive(): Promise<WebSocketMessage | undefined> {
    const message = await this.#socket.receive()
    if (message === undefined) await this.#end()
    return message
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WebSocketMessage, void> {
    for (;;) {
      const message = await this.receive()
      if (message === undefined) return
      yield message
    }
  }

  /**
   * Closes, and waits until the handler is through.
   *
   * @throws what the handler throws
   */
  async close(code?: number, reason?: string): Promise<void> {
    await this.#socket.close(code, reason)
    await this.#end()
  }

  /** Breaks off, as a client does that loses its network, and waits until the handler is through. */
  async terminate(): Promise<void> {
    this.#socket.terminate()
    await this.#end()
  }

  async #end(): Promise<void> {
    await this.#socket.whenClosed
    await this.#body.close?.()
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
