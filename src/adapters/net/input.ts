// wsgi.input over a connection of this engine. It takes bytes from the connection only when the application reads, and the first
// read sends the 100 Continue. What the application does not read stays with the client.

import { GatheredChunks } from "../../environ/concatenation.ts"
import { PulledInput } from "../../environ/input.ts"
import { ClientDisconnected } from "../../exceptions/statuses.ts"
import type { BodyFraming } from "./body-framing.ts"

const EMPTY: Uint8Array = new Uint8Array(0)

/** Where the bytes of a body come from. */
export interface BodySource {
  /** The next piece that is at hand. */
  takePiece(): Uint8Array | undefined
  /** Calls back once when there is more to take, or will be no more. */
  whenMore(callback: () => void): void
}

export class NetInput extends PulledInput {
  readonly #source: BodySource
  readonly #framing: Pick<BodyFraming, "isComplete">
  #sendContinue: (() => void) | undefined
  #isOver = false
  #hasFailed = false
  /** Some of it was taken piece by piece, and of a piece something may be left. */
  #isInPieces = false
  /** A piece that was taken in the hope that it is all. */
  #first: Uint8Array | undefined = undefined

  /** @param framing tells whether the body is complete. The source does not: it goes on to the next request */
  constructor(source: BodySource, framing: Pick<BodyFraming, "isComplete">, sendContinue: (() => void) | undefined) {
    super()
    this.#source = source
    this.#framing = framing
    this.#sendContinue = sendContinue
  }

  /** Whether nothing was asked for yet, and the client still waits for that. */
  get isAwaited(): boolean {
    return this.#sendContinue !== undefined
  }

  /** The response is over: what was not read is thrown away. */
  finish(): void {
    this.#isOver = true
  }

  /** The rest of the body will not come. */
  fail(): void {
    this.#hasFailed = true
  }

  // Most bodies are short and have come with the head.
  protected override takeRest(): Uint8Array | undefined {
    if (this.#isInPieces || this.#fault !== undefined) return super.takeRest()
    this.#askFor()
    this.#first = this.#take()
    if (!this.#framing.isComplete) return undefined
    const rest = this.#first ?? EMPTY
    this.#first = undefined
    return rest
  }

  protected override takeAll(most: number = Number.POSITIVE_INFINITY, tooMuch?: () => Error): Promise<Uint8Array> {
    if (this.#isInPieces) return super.takeAll(most, tooMuch)
    this.#askFor()
    return new Promise((resolve, reject) => {
      const pieces = new GatheredChunks()
      let size = 0
      const takeMore = (): void => {
        let piece = this.#first ?? this.#take()
        this.#first = undefined
        while (piece !== undefined) {
          size += piece.length
          pieces.push(piece)
          piece = size > most ? undefined : this.#take()
        }
        const fault = size > most ? tooMuch?.() : this.#fault
        if (fault !== undefined) reject(fault)
        else if (this.#framing.isComplete) resolve(pieces.whole())
        else this.#source.whenMore(takeMore)
      }
      takeMore()
    })
  }

  protected pull(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    this.#isInPieces = true
    this.#askFor()
    const piece = this.#take()
    if (piece !== undefined) return piece
    const fault = this.#fault
    if (fault !== undefined) throw fault
    if (this.#framing.isComplete) return undefined
    return new Promise<void>((resolve) => this.#source.whenMore(resolve)).then(() => this.pull())
  }

  #take(): Uint8Array | undefined {
    return this.#isOver ? undefined : this.#source.takePiece()
  }

  get #fault(): Error | undefined {
    if (this.#hasFailed) return new ClientDisconnected()
    return this.#isOver ? new Error("the request body was read after the response was over") : undefined
  }

  /** Tells a client that waits for it that the body is wanted. */
  #askFor(): void {
    const sendContinue = this.#sendContinue
    this.#sendContinue = undefined
    sendContinue?.()
  }
}
