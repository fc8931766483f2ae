// A WebSocket as browsers have it, on the side of the server: Deno's and Workers'. It can't be paused, and tells only by a number
// whether a client takes what is sent; Workers' number stays 0, so that there nothing waits.

import type { WebSocketMessage } from "../../gateway.ts"
import type { OpenWebSocket, WebSocketCarrier } from "../../running/websocket.ts"

/** What is used of the runtime's. */
export interface StandardSocket {
  binaryType: string
  readonly bufferedAmount?: number
  send(message: WebSocketMessage): void
  close(code?: number, reason?: string): void
  addEventListener(type: string, listener: (event: StandardEvent) => void): void
}

interface StandardEvent {
  readonly data: string | ArrayBuffer
  readonly code: number
  readonly reason: string
}

/** With fewer bytes that wait, the next message may be sent. */
const ROOM_BYTES = 64 * 1024
/** No event tells that a message has left. */
const LOOK_AGAIN_MS = 10

const BROKEN_OFF = 1006

/** Has `socket` take what comes. */
export function carryStandard(own: StandardSocket, socket: OpenWebSocket): WebSocketCarrier {
  return new StandardCarrier(own, socket)
}

class StandardCarrier implements WebSocketCarrier {
  readonly #own: StandardSocket
  readonly #socket: OpenWebSocket
  /** Told when there is room. */
  #waiting: (() => void)[] = []
  #timer: ReturnType<typeof setTimeout> | undefined = undefined
  #isOver = false

  constructor(own: StandardSocket, socket: OpenWebSocket) {
    this.#own = own
    this.#socket = socket
    own.binaryType = "arraybuffer"
    own.addEventListener("message", ({ data }) => {
      const message = typeof data === "string" ? data : new Uint8Array(data)
      if (!this.#isOver) socket.messageOfAnySize(message)
    })
    // Deno has 0 for a client that broke off.
    own.addEventListener("close", ({ code, reason }) => this.#end(code === 0 ? BROKEN_OFF : code, reason))
    // Deno and Workers tell of an error, and may leave out the close. Behind a close it says nothing.
    own.addEventListener("error", () => this.#end(BROKEN_OFF, ""))
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#waiting.length = 0
    this.#socket.closed(code, reason)
  }

  get bufferedBytes(): number {
    return this.#own.bufferedAmount ?? 0
  }

  send(message: WebSocketMessage, taken?: () => void): void {
    try {
      this.#own.send(message)
    } catch {
      // Closed in the meantime, of which an event tells.
      return
    }
    if (taken === undefined) return
    this.#waiting.push(taken)
    this.#timer ??= setTimeout(this.#look, LOOK_AGAIN_MS)
  }

  readonly #look = (): void => {
    this.#timer = undefined
    if (this.bufferedBytes < ROOM_BYTES) for (const taken of this.#waiting.splice(0)) taken()
    else this.#timer = setTimeout(this.#look, LOOK_AGAIN_MS)
  }

  close(code: number, reason: string): void {
    try {
      this.#own.close(code, reason)
    } catch {
      this.terminate()
    }
  }

  // There is no way to break off but to close, and to wait no longer.
  terminate(): void {
    if (this.#isOver) return
    try {
      this.#own.close()
    } catch {
      // Closed already.
    }
    queueMicrotask(() => this.#end(BROKEN_OFF, ""))
  }
}
