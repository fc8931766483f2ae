// wsgi.input over what Node reads a body from, a message or a stream of HTTP/2.
// Nothing is read before somebody asks, and asking sends the 100 Continue.

import type { Readable } from "node:stream"
import { BodyWasReadError } from "../../environ/first-reader.ts"
import { PulledInput } from "../../environ/input.ts"
import { ClientDisconnected } from "../../exceptions/statuses.ts"

const EVENTS = ["readable", "end", "error", "close"] as const

export class NodeInput extends PulledInput {
  readonly #message: Readable
  #sendContinue: (() => void) | undefined
  #isListening = false
  #isOver = false
  #hasFailed = false
  #wakeUp: (() => void) | undefined = undefined
  /** Bytes that were handed on. */
  bytesTaken = 0

  constructor(message: Readable, sendContinue: (() => void) | undefined) {
    super()
    this.#message = message
    this.#sendContinue = sendContinue
  }

  /** Whether nothing was asked for yet. */
  get isUntouched(): boolean {
    return !this.#isListening
  }

  /** The response is over. What was not read is the server's to throw away: reading on would look like an early end. */
  finish(): void {
    this.#isOver = true
    if (this.#message.destroyed && !this.#message.readableEnded) this.#hasFailed = true
    if (!this.#isListening) return
    for (const event of EVENTS) this.#message.removeListener(event, this.#wake)
    this.#message.on("error", () => {})
    this.#wake()
  }

  /** The rest of the body will not come. */
  fail(): void {
    this.#hasFailed = true
    this.#wake()
  }

  protected async pull(): Promise<Uint8Array | undefined> {
    const message = this.#message
    if (!this.#isListening) {
      // As a body parser does that stands before this listener.
      if (message.readableDidRead && !this.#isOver)
        throw new BodyWasReadError("a body parser or other code in front of the application")
      this.#listen()
    }
    for (;;) {
      if (this.#hasFailed) throw new ClientDisconnected()
      if (this.#isOver) throw new Error("the request body was read after the response was over")
      const chunk: Uint8Array | null = message.read()
      if (chunk !== null) {
        this.bytesTaken += chunk.length
        return chunk
      }
      if (message.readableEnded) return undefined
      if (message.destroyed || message.errored) throw new ClientDisconnected()
      await new Promise<void>((resolve) => {
        this.#wakeUp = resolve
      })
    }
  }

  readonly #wake = (): void => {
    const waiting = this.#wakeUp
    this.#wakeUp = undefined
    waiting?.()
  }

  #listen(): void {
    this.#isListening = true
    for (const event of EVENTS) this.#message.on(event, this.#wake)
    this.#sendContinue?.()
    this.#sendContinue = undefined
  }
}
