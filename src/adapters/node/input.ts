// wsgi.input over what Node reads a body from, a message or a stream of HTTP/2.
// Nothing is read before somebody asks, and asking sends the 100 Continue.

import type { Readable } from "node:stream"
import { BodyWasReadError } from "../../environ/first-reader.ts"
import { PulledInput } from "../../environ/input.ts"
import { ClientDisconnected } from "../../exceptions/statuses.ts"

export class NodeInput extends PulledInput {
  readonly #message: Readable
  #sendContinue: (() => void) | undefined
  #listening = false
  #over = false
  #wake: (() => void) | undefined = undefined

  constructor(message: Readable, sendContinue: (() => void) | undefined) {
    super()
    this.#message = message
    this.#sendContinue = sendContinue
  }

  /** The response is over: Node throws away what was not read, so reading on would look like an early end. */
  finish(): void {
    this.#over = true
    this.#wake?.()
  }

  protected async pull(): Promise<Uint8Array | undefined> {
    const message = this.#message
    if (!this.#listening) {
      // As a body parser does that stands before this listener.
      if (message.readableDidRead && !this.#over)
        throw new BodyWasReadError("a body parser or other code in front of the application")
      this.#listen()
    }
    for (;;) {
      if (this.#over) throw new Error("the request body was read after the response was over")
      const chunk: Uint8Array | null = message.read()
      if (chunk !== null) return chunk
      if (message.readableEnded) return undefined
      if (message.destroyed || message.errored) throw new ClientDisconnected()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #listen(): void {
    this.#listening = true
    const wake = () => {
      const waiting = this.#wake
      this.#wake = undefined
      waiting?.()
    }
    for (const event of ["readable", "end", "error", "close"]) this.#message.on(event, wake)
    this.#sendContinue?.()
    this.#sendContinue = undefined
  }
}
