// Two ends of a WebSocket in one process, without bytes in between: what one end sends, the other receives. For the test
// client, and for programs that run a handler without a network.

import type { WebSocketMessage } from "../gateway.ts"
import { messageBytes } from "./message-bytes.ts"
import type { WebSocketCarrier, WebSocketReceiver } from "./websocket.ts"

interface Held {
  message: WebSocketMessage
  taken: (() => void) | undefined
}

/** Connects two ends; gives the carrier of each. */
export function connectInMemory(
  one: WebSocketReceiver & { readonly maxMessageBytes: number },
  other: WebSocketReceiver & { readonly maxMessageBytes: number },
): [WebSocketCarrier, WebSocketCarrier] {
  const first = new MemoryCarrier(one, other)
  const second = new MemoryCarrier(other, one)
  first.far = second
  second.far = first
  return [first, second]
}

class MemoryCarrier implements WebSocketCarrier {
  readonly #own: WebSocketReceiver
  readonly #other: WebSocketReceiver & { readonly maxMessageBytes: number }
  /** The carrier of the other end. */
  far: MemoryCarrier | undefined = undefined
  #held: Held[] = []
  #isHeld = false
  #isClosed = false
  bufferedBytes = 0

  constructor(own: WebSocketReceiver, other: WebSocketReceiver & { readonly maxMessageBytes: number }) {
    this.#own = own
    this.#other = other
  }

  send(message: WebSocketMessage, taken?: () => void): void {
    if (this.#isClosed) return
    // The sender may use its memory again.
    const sent = typeof message === "string" ? message : message.slice()
    this.#held.push({ message: sent, taken })
    this.bufferedBytes += sent.length
    if (!this.#isHeld) this.#deliver()
  }

  #deliver(): void {
    while (!this.#isHeld && !this.#isClosed) {
      const next = this.#held.shift()
      if (next === undefined) return
      const { message, taken } = next
      this.bufferedBytes -= message.length
      const bytes = messageBytes(message)
      if (bytes > this.#other.maxMessageBytes) {
        this.#end(1009, "")
        return
      }
      this.#other.message(message, bytes)
      taken?.()
    }
  }

  close(code: number, reason: string): void {
    // What was sent before comes before.
    this.#isHeld = false
    this.#deliver()
    this.#end(code, reason)
  }

  terminate(): void {
    this.#end(1006, "")
  }

  #end(code: number, reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.far !== undefined) this.far.#isClosed = true
    queueMicrotask(() => {
      this.#other.closed(code, reason)
      this.#own.closed(code, reason)
    })
  }

  pause(): void {
    if (this.far !== undefined) this.far.#isHeld = true
  }

  resume(): void {
    const { far } = this
    if (far === undefined) return
    far.#isHeld = false
    far.#deliver()
  }
}
