// wsgi.input over what Node reads a body from, a message or a stream of HTTP/2.
// Nothing is read before the application asks, and asking sends the 100 Continue. A body that is wanted as a whole is taken from
// Node's parser, where it is our own message that has it: a promise in place of a stream with its events.

import type { Readable } from "node:stream"
import { GatheredChunks } from "../../environ/concatenation.ts"
import { BodyWasReadError } from "../../environ/first-reader.ts"
import { PulledInput } from "../../environ/input.ts"
import { ClientDisconnected } from "../../exceptions/statuses.ts"
import { type BodyTaker, LeanMessage } from "./lean-message.ts"

const EVENTS = ["readable", "end", "error", "close"] as const

export class NodeInput extends PulledInput {
  readonly #message: Readable
  #sendContinue: (() => void) | undefined
  #isListening = false
  #isOver = false
  #hasFailed = false
  #wakeUp: (() => void) | undefined = undefined
  #whole: WholeBody | undefined = undefined
  /** Bytes that were handed on. */
  bytesTaken = 0

  constructor(message: Readable, sendContinue: (() => void) | undefined) {
    super()
    this.#message = message
    this.#sendContinue = sendContinue
  }

  /** Whether nothing was asked for yet. */
  get isUntouched(): boolean {
    return !this.#isListening && this.#whole === undefined
  }

  /** The response is over. What was not read is the server's to throw away: reading on would look like an early end. */
  finish(): void {
    this.#isOver = true
    if (this.#message.destroyed && !this.#message.readableEnded) this.#hasFailed = true
    if (this.#whole?.isWaiting) this.#whole.abandon(this.#hasFailed ? new ClientDisconnected() : lateReader())
    if (!this.#isListening) return
    for (const event of EVENTS) this.#message.removeListener(event, this.#wake)
    this.#message.on("error", () => {})
    this.#wake()
  }

  /** The rest of the body will not come. */
  fail(): void {
    this.#hasFailed = true
    if (this.#whole?.isWaiting) this.#whole.abandon(new ClientDisconnected())
    this.#wake()
  }

  protected override takeAll(most: number = Number.POSITIVE_INFINITY, tooMuch?: () => Error): Promise<Uint8Array> {
    const message = this.#message
    if (!this.isUntouched || this.#isOver || this.#hasFailed || !(message instanceof LeanMessage))
      return super.takeAll(most, tooMuch)
    const whole = new WholeBody(message, most, tooMuch, (size) => {
      this.bytesTaken += size
    })
    if (!message.giveTo(whole)) return super.takeAll(most, tooMuch)
    this.#whole = whole
    this.#askFor()
    return whole.promise
  }

  protected async pull(): Promise<Uint8Array | undefined> {
    const message = this.#message
    if (!this.#isListening) {
      // As a body parser does that stands before this listener.
      if (message.readableDidRead && !this.#isOver && this.#whole === undefined)
        throw new BodyWasReadError("a body parser or other code in front of the application")
      this.#listen()
    }
    for (;;) {
      if (this.#hasFailed) throw new ClientDisconnected()
      if (this.#isOver) throw lateReader()
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
    this.#askFor()
  }

  /** Tells a client that waits for it that the body is wanted. */
  #askFor(): void {
    this.#sendContinue?.()
    this.#sendContinue = undefined
  }
}

function lateReader(): Error {
  return new Error("the request body was read after the response was over")
}

/** A body that is taken as a whole. */
class WholeBody implements BodyTaker {
  readonly promise: Promise<Uint8Array>
  readonly #message: LeanMessage
  readonly #most: number
  readonly #tooMuch: (() => Error) | undefined
  readonly #count: (size: number) => void
  readonly #chunks = new GatheredChunks()
  /** More may come. */
  isWaiting = true
  #size = 0
  #resolve: (bytes: Uint8Array) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor(message: LeanMessage, most: number, tooMuch: (() => Error) | undefined, count: (size: number) => void) {
    this.#message = message
    this.#most = most
    this.#tooMuch = tooMuch
    this.#count = count
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  take(chunk: Uint8Array): void {
    this.#size += chunk.length
    this.#count(chunk.length)
    if (this.#size > this.#most) this.abandon(this.#tooMuch?.())
    else this.#chunks.push(chunk)
  }

  end(): void {
    this.isWaiting = false
    this.#resolve(this.#chunks.whole())
  }

  fail(): void {
    this.isWaiting = false
    this.#reject(new ClientDisconnected())
  }

  /** Takes nothing more. */
  abandon(error: unknown): void {
    this.isWaiting = false
    this.#message.takeBack()
    this.#reject(error)
  }
}
