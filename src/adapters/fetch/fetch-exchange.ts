// One web Request, answered with a web Response. A response that is there as a whole is made in one go; any other is a
// ReadableStream that takes a chunk when the runtime asks for one. It must not know which runtime that is: what a runtime
// needs besides is looked up by name.

import { concatenate } from "../../environ/concatenation.ts"
import type { InputStream } from "../../gateway.ts"
import { hasContent } from "../../http/status.ts"
import { Refusal, type WireRequestHead } from "../../running/environ.ts"
import { Exchange } from "../../running/exchange.ts"
import type { Service } from "../../running/service.ts"
import { nextTurn } from "../../running/turns.ts"
import type { OpenWebSocket, WebSocketCarrier } from "../../running/websocket.ts"
import { handshakeOf } from "../../running/websocket-handshake.ts"
import { fieldPairs, type WireHead } from "../../running/wire-head.ts"
import { FetchInput } from "./fetch-input.ts"
import { type Upgrade, upgradeOf } from "./upgrade.ts"

const HEAD_TOO_LARGE = new Refusal("431 Request Header Fields Too Large")

/** Of a client that has left before there was anything to send. Servers use it in logs; no client receives it. */
const CLIENT_CLOSED_REQUEST = 499

/** Deno writes the length of a whole body itself, and is slower by a third when it is given more headers than one. */
const IS_LENGTH_WRITTEN = "Deno" in globalThis

/** Workers' stream of a known length: without it a stream has no Content-Length there. */
type FixedLengthStream = new (bytes: number) => { readable: ReadableStream; writable: WritableStream }

export class FetchExchange extends Exchange implements WireRequestHead {
  readonly method: string
  readonly target: string
  // A Request does not tell the version.
  readonly protocol = "HTTP/1.1"
  readonly fields: readonly string[]
  readonly hasBody: boolean
  /** Why the request can't be taken, as far as its size tells. */
  readonly refusal: Refusal | undefined
  readonly #upgrade: Upgrade | undefined
  /** All is done: the body is closed. */
  isOver = false
  readonly #service: Service
  readonly #request: Request
  #isAnswered = false
  /** Undefined on Bun, too, where it took a WebSocket. */
  #response: Response | undefined = undefined
  #resolve: ((response: Response) => void) | undefined = undefined
  #input: FetchInput | undefined = undefined
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined
  /** The runtime asks for a chunk. */
  #isWanted = false
  #signal: AbortSignal | undefined = undefined
  #onOver: (() => void)[] | undefined = undefined

  /**
   * @param origin the URL up to the path
   * @param maxHeadBytes the most that method, target and fields may have
   * @param rest what else the runtime calls the handler with, which may take a WebSocket
   */
  constructor(service: Service, request: Request, origin: string, maxHeadBytes: number, rest: readonly unknown[]) {
    super(service)
    this.#service = service
    this.#request = request
    this.method = request.method
    this.target = targetOf(request.url, origin.length)
    const fields: string[] = []
    let hasHost = false
    let asksForUpgrade = false
    let isFramed = this.method !== "GET" && this.method !== "HEAD"
    // As HTTP/1.1 writes them, so that the limit is that of the other servers.
    let bytes = this.method.length + this.target.length
    request.headers.forEach((value, name) => {
      if (name === "host") hasHost = true
      else if (name === "content-length" || name === "transfer-encoding") isFramed = true
      else if (name === "upgrade") asksForUpgrade = true
      bytes += name.length + value.length + 4
      fields.push(name, value)
    })
    if (!hasHost) fields.push("host", origin.slice(origin.indexOf("://") + 3))
    this.fields = fields
    // A GET without framing has no body, and a runtime makes the stream when it is asked for.
    this.hasBody = isFramed && request.body !== null
    this.refusal = bytes > maxHeadBytes ? HEAD_TOO_LARGE : undefined
    this.#upgrade = asksForUpgrade ? upgradeOf(rest) : undefined
    if (this.#upgrade !== undefined) this.offer = handshakeOf(this)?.offer
  }

  /** The answer; it is asked for once. Never rejects. */
  response(): Promise<Response> {
    if (this.#isAnswered) return Promise.resolve(this.#response as Response)
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Answers a request that no application gets to see. */
  refuse(refusal: Refusal): void {
    this.isOver = true
    const headers = { "Content-Type": "text/plain; charset=utf-8" }
    const text = hasContent(refusal.code, this.method) ? `${refusal.reason}\n` : null
    this.#answer(new Response(text, { status: refusal.code, statusText: refusal.reason, headers }))
  }

  /**
   * Heeds the signal by which the runtime tells that the client has left, from the next turn on: a request that is over by then
   * does without it. A runtime makes the signal when it is asked for, and Deno aborts it after each success too, which takes longer
   * than all the rest of a short response.
   */
  watch(): void {
    nextTurn(() => {
      // Behind a handshake it says nothing of the socket.
      if (!this.isOver && this.websocket === undefined) this.#listen()
    })
  }

  #listen(): void {
    const { signal } = this.#request
    if (signal.aborted) {
      this.leave()
      return
    }
    this.#signal = signal
    signal.addEventListener("abort", this.#onAbort)
  }

  readonly #onAbort = (): void => this.leave()

  /** Resolves when the body is closed and all callbacks were called. */
  over(): Promise<void> {
    if (this.isOver) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onOver ??= []
      this.#onOver.push(resolve)
    })
  }

  override leave(): void {
    super.leave()
    if (this.isComplete) return
    this.#input?.fail()
    // A runtime cancels the stream at about the same time, and then this does nothing. Another reader would wait for ever.
    nextTurn(() => this.#controller?.error(this.#request.signal.reason))
  }

  // ---- the response

  override respond(head: WireHead, chunks: readonly Uint8Array[]): void {
    if (!this.isGone) this.#send(head, chunks.length === 0 ? null : concatenate(chunks))
  }

  override start(head: WireHead): void {
    if (this.isGone) return
    this.#send(head, hasContent(head.code, this.method) ? this.#stream(head.contentLength) : null)
  }

  #send(head: WireHead, body: Uint8Array | ReadableStream | null): void {
    const isLengthWritten = IS_LENGTH_WRITTEN && body instanceof Uint8Array && body.length === head.contentLength
    const pairs = fieldPairs(head.fields)
    const headers = isLengthWritten ? pairs.filter(([name]) => name.toLowerCase() !== "content-length") : pairs
    try {
      const init = { status: head.code, statusText: head.reason, headers }
      this.#answer(new Response(body as ConstructorParameters<typeof Response>[0], init))
    } catch (error) {
      // As for a status above 599, which HTTP has and a Response has not.
      this.report("a web Response cannot say what the application answered", error)
      this.#answer(new Response("Internal Server Error\n", { status: 500 }))
      this.leave()
    }
  }

  #answer(response: Response): void {
    this.#isAnswered = true
    this.#response = response
    this.#resolve?.(response)
  }

  // No chunk is held in stock: the next one is asked for when the one before has left.
  #stream(contentLength: number | undefined): ReadableStream {
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => {
          this.#isWanted = true
          this.resume()
        },
        // Workers ends what belongs to a request when this has settled, and would leave the body open.
        cancel: () => {
          this.leave()
          return this.over()
        },
      },
      { highWaterMark: 0 },
    )
    const { FixedLengthStream } = globalThis as { FixedLengthStream?: FixedLengthStream }
    if (contentLength === undefined || FixedLengthStream === undefined) return stream
    const { readable, writable } = new FixedLengthStream(contentLength)
    // The response's reader is told by the stream.
    stream.pipeTo(writable).catch(() => {})
    return readable
  }

  override write(chunk: Uint8Array): boolean {
    if (this.isGone) return true
    this.#isWanted = false
    this.#controller?.enqueue(chunk)
    // Asked for again in the meantime, by a reader that reads ahead.
    return this.#isWanted
  }

  override end(): void {
    if (!this.isGone) this.#controller?.close()
  }

  override destroy(): void {
    this.#controller?.error(new Error("the response was broken off"))
  }

  override finished(head: WireHead | undefined): void {
    this.isOver = true
    this.#input?.finish()
    this.#signal?.removeEventListener("abort", this.#onAbort)
    if (!this.#isAnswered) this.#answer(new Response(null, { status: CLIENT_CLOSED_REQUEST }))
    this.#service.finished(this, head?.code)
    if (this.#onOver === undefined) return
    for (const tell of this.#onOver) tell()
  }

  // ---- a handshake that is accepted

  override async accept(head: WireHead, socket: OpenWebSocket): Promise<WebSocketCarrier> {
    const upgrade = this.#upgrade as Upgrade
    const { response, carrier } = upgrade(this.#request, fieldPairs(head.fields), socket)
    this.#signal?.removeEventListener("abort", this.#onAbort)
    this.websocket = socket
    this.#service.attendWebSocket(this, socket)
    this.#answer(response)
    return carrier
  }

  // ---- the request

  override input(): InputStream {
    this.#input ??= new FetchInput(this.#request)
    return this.#input
  }
}

/** Path and query of a URL, without the fragment, which stays with the client. */
function targetOf(url: string, start: number): string {
  const hash = url.indexOf("#", start)
  return hash === -1 ? url.slice(start) : url.slice(start, hash)
}
