// wsgi.input over bytes that come by themselves: they wait here until the application reads, and when many wait, the source is
// told to stop. It does not know where they come from.

import { PulledInput } from "../../environ/input.ts"
import { ClientDisconnected } from "../../exceptions/statuses.ts"

/** What the bytes come from. */
export interface Source {
  pause(): void
  resume(): void
}

/** So many bytes wait before the source is told to stop. */
const HIGH_WATER = 64 * 1024

export class QueuedInput extends PulledInput {
  readonly #source: Source
  #chunks: Uint8Array[] = []
  #next = 0
  #waitingBytes = 0
  #isPaused = false
  #state: "open" | "ended" | "failed" | "over" = "open"
  #wakeUp: (() => void) | undefined = undefined

  constructor(source: Source) {
    super()
    this.#source = source
  }

  /** Whether bytes of the body may still come. */
  get isOpen(): boolean {
    return this.#state === "open"
  }

  /** Bytes have come. They stay as they are until they are read. */
  push(chunk: Uint8Array): void {
    if (this.#state !== "open") return
    this.#chunks.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes >= HIGH_WATER && !this.#isPaused) {
      this.#isPaused = true
      this.#source.pause()
    }
    this.#wake()
  }

  /** The body is complete. */
  end(): void {
    if (this.#state !== "open") return
    this.#state = "ended"
    this.#wake()
  }

  /** The rest of the body will not come. */
  fail(): void {
    if (this.#state !== "open") return
    this.#state = "failed"
    this.#wake()
  }

  /** The response is over: what was not read is let go of, and the source may go on. */
  finish(): void {
    if (this.#state !== "failed") this.#state = "over"
    this.#chunks = []
    this.#resume()
    this.#wake()
  }

  protected async pull(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#state === "failed") throw new ClientDisconnected()
      if (this.#state === "over") throw new Error("the request body was read after the response was over")
      const chunk = this.#take()
      if (chunk !== undefined) return chunk
      if (this.#state === "ended") return undefined
      await new Promise<void>((resolve) => {
        this.#wakeUp = resolve
      })
    }
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#next]
    if (chunk === undefined) return undefined
    this.#next++
    this.#waitingBytes -= chunk.length
    if (this.#next === this.#chunks.length) {
      this.#chunks = []
      this.#next = 0
      this.#resume()
    }
    return chunk
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#source.resume()
  }

  #wake(): void {
    const waiting = this.#wakeUp
    this.#wakeUp = undefined
    waiting?.()
  }
}
