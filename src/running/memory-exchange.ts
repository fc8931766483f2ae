// An exchange without a network: what an application answers is handed to a caller in the same process, as it is asked for.
// The test client stands on it, and it shows what an adapter has to do. Unlike a server it does not answer for an application
// that fails: the error goes to the caller.

import { ClientDisconnected } from "../exceptions/statuses.ts"
import type { Application, Body, Environ, HeaderList } from "../gateway.ts"
import { isInstance } from "../mistakes/thrown.ts"
import { drive } from "./driver.ts"
import { Exchange } from "./exchange.ts"
import { connectInMemory } from "./memory-websocket.ts"
import { OpenWebSocket, type WebSocketCarrier } from "./websocket.ts"
import { agreedProtocol } from "./websocket-handshake.ts"
import { fieldPairs, type WireHead } from "./wire-head.ts"

/** What a client would see of an application's answer. */
export interface MemoryAnswer {
  /** Code and reason phrase: `"200 OK"`. */
  status: string
  headers: HeaderList
  /**
   * An array if all of it is there; the application's body was closed then. Else its chunks, each pulled from the application when
   * it is asked for; it is to be read to its end, or closed.
   */
  body: Body
  /** The client's end of the WebSocket, when the status is 101. */
  websocket?: OpenWebSocket
}

/**
 * Has `app` answer a request, as a server does: the head is final with the first chunk that is not empty, the body is dropped
 * where the response has no body, an array gets its length. Resolves when the head is final.
 *
 * @param options with `buffered`, the whole body is read at once
 * @throws what the application throws; its body was closed then
 * @example
 * const app = (environ, startResponse) => { startResponse("200 OK", []); return [new Uint8Array(3)] }
 * const answer = await runInMemory(app, { REQUEST_METHOD: "GET" })
 * answer.headers // => [["Content-Length", "3"]]
 */
export async function runInMemory(
  app: Application,
  environ: Environ,
  options: { buffered?: boolean } = {},
): Promise<MemoryAnswer> {
  const exchange = new MemoryExchange(environ, options.buffered ?? false)
  drive(app, environ, exchange)
  return exchange.answer()
}

class MemoryExchange extends Exchange {
  readonly #isBuffered: boolean
  readonly #chunks: Uint8Array[] = []
  #head: WireHead | undefined = undefined
  #failure: { error: unknown } | undefined = undefined
  #isOver = false
  /** The other end of a WebSocket. */
  #client: OpenWebSocket | undefined = undefined
  #wake: (() => void)[] = []

  constructor(environ: Environ, isBuffered: boolean) {
    super({ errors: environ["wsgi.errors"] })
    this.#isBuffered = isBuffered
    this.offer = environ["wsgi.websocket"]
  }

  // ---- what the driver says

  override start(head: WireHead): void {
    this.#head = head
  }

  override write(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk)
    this.#tell()
    return this.#isBuffered
  }

  override async accept(head: WireHead, socket: OpenWebSocket): Promise<WebSocketCarrier> {
    this.#head = head
    this.#client = new OpenWebSocket(agreedProtocol(head.fields), { maxMessageBytes: Number.POSITIVE_INFINITY })
    const [server, client] = connectInMemory(socket, this.#client)
    this.#client.attach(client)
    this.#tell()
    return server
  }

  override end(): void {}

  override destroy(): void {
    this.#failure ??= { error: new Error("the response was broken off") }
  }

  override report(message: string, error?: unknown): void {
    if (error === undefined) super.report(message)
    else this.#failure ??= { error }
  }

  override finished(_head: WireHead | undefined, error: unknown): void {
    // A WebSocket that fails is over for its client before the server is through with it.
    const isFailure = this.websocket === undefined ? !this.isGone : !isInstance(error, ClientDisconnected)
    if (error !== undefined && isFailure) this.#failure = { error }
    this.#isOver = true
    this.#tell()
  }

  // ---- what the caller says

  async answer(): Promise<MemoryAnswer> {
    while (
      this.#client === undefined &&
      !this.#isOver &&
      (this.#isBuffered || this.isComplete || this.#chunks.length === 0)
    )
      await this.#change()
    if (this.#failure !== undefined && (this.#isOver || this.#chunks.length === 0)) throw this.#failure.error
    const { status, fields } = this.#head as WireHead
    if (this.#client !== undefined) {
      return { status, headers: fieldPairs(fields), body: new PulledBody(this), websocket: this.#client }
    }
    return { status, headers: fieldPairs(fields), body: this.#isOver ? this.#chunks : new PulledBody(this) }
  }

  /** The next chunk; undefined when all is over. */
  async pull(): Promise<Uint8Array | undefined> {
    if (this.#chunks.length === 0 && !this.#isOver) this.resume()
    while (this.#chunks.length === 0 && !this.#isOver) await this.#change()
    const chunk = this.#chunks.shift()
    if (chunk === undefined && this.#failure !== undefined) throw this.#takeFailure()
    return chunk
  }

  /** Wants no more; resolves when the body of the application is closed. */
  async close(): Promise<void> {
    this.#chunks.length = 0
    this.leave()
    while (!this.#isOver) await this.#change()
    if (this.#failure !== undefined) throw this.#takeFailure()
  }

  /** An error is thrown once. */
  #takeFailure(): unknown {
    const error = this.#failure?.error
    this.#failure = undefined
    return error
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve)
    })
  }

  #tell(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** The chunks of a response that is still in the making. */
class PulledBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #exchange: MemoryExchange

  constructor(exchange: MemoryExchange) {
    this.#exchange = exchange
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = await this.#exchange.pull()
    return value === undefined ? { done: true, value } : { done: false, value }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#exchange.close()
    return { done: true, value: undefined }
  }

  close(): Promise<void> {
    return this.#exchange.close()
  }
}
