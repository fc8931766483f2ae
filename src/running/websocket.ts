// An open WebSocket, between an application that pulls and a carrier that pushes: messages wait here until the application asks
// for them, and the carrier is paused while many wait. The limits, the pings and the rules of closing are here, the same for
// every carrier; a carrier brings the protocol: node:http with `ws`, a runtime's own, or memory.

import { handled } from "../environ/handled.ts"
import { ClientDisconnected } from "../exceptions/statuses.ts"
import type { ServerWebSocket, WebSocketLimits, WebSocketMessage } from "../gateway.ts"
import { describe } from "../mistakes/describe.ts"
import type { WebAbortSignal } from "../web-platform.ts"
import type { Peer, SilenceLimits } from "./connections.ts"
import { messageBytes } from "./message-bytes.ts"

/** The transport of a WebSocket, whose handshake is done. None of these waits, and none throws. */
export interface WebSocketCarrier {
  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number
  /** Sends a message; calls `taken` when it has left, or never when it is lost. */
  send(message: WebSocketMessage, taken?: () => void): void
  /** Begins the closing handshake. `closed` of the receiver is called when it is over. */
  close(code: number, reason: string): void
  /** Breaks off. `closed` of the receiver is called all the same. */
  terminate(): void
  /** Asks the client whether it is there; left out where a runtime does that itself, or can't. */
  ping?(): void
  /**
   * Takes no messages from the client, until `resume`; left out where a runtime can't: then a client that is more than
   * `maxBufferedBytes` ahead of the application is closed with 1008.
   */
  pause?(): void
  resume?(): void
}

/** What a carrier tells. */
export interface WebSocketReceiver {
  /** A whole message has come, of so many bytes on the wire, no more than `maxMessageBytes`. */
  message(message: WebSocketMessage, bytes: number): void
  /** The client has answered a ping. */
  pong(): void
  /** All is over: the code with which the client closed, 1006 when the connection broke off, 1005 for a close without a code. */
  closed(code: number, reason: string): void
}

/** A carrier with so many bytes that wait to be sent has no room for the next message. */
const SEND_AHEAD_BYTES = 64 * 1024
/** Nor is a client read from whose messages fill so much, or are so many. */
const READ_AHEAD_BYTES = 64 * 1024
const READ_AHEAD_MESSAGES = 256

/** How long the closing handshake may take. */
export const CLOSE_HANDSHAKE_MS = 5000

export const DEFAULT_MAX_MESSAGE_BYTES: number = 1024 * 1024
const DEFAULT_MAX_BUFFERED_BYTES = 4 * 1024 * 1024
const DEFAULT_PING_MS = 30_000

/** Codes of RFC 6455 section 7.4 and of its registry. */
const NORMAL = 1000
const GOING_AWAY = 1001
const BROKEN_OFF = 1006
const POLICY = 1008
const TOO_BIG = 1009

const CLOSED = "The WebSocket is closed."
const TOO_FAST = "The client sends faster than the application reads."

type Reader = (message: WebSocketMessage | undefined) => void

const SENT: Promise<void> = Promise.resolve()
const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** A socket whose handshake is done. `attach` gives it its carrier. */
export class OpenWebSocket implements ServerWebSocket, WebSocketReceiver, Peer {
  /** The subprotocol that was agreed on; empty when there is none. */
  readonly protocol: string
  /** What the carrier enforces. */
  readonly maxMessageBytes: number
  /** Whether the carrier agrees on compression. */
  readonly compress: boolean
  /** Messages that came. */
  messagesReceived = 0
  /** Bytes of the messages that came. */
  bytesReceived = 0
  /** Messages that were handed over for sending. */
  messagesSent = 0
  /** Bytes of the messages that were handed over for sending. */
  bytesSent = 0
  /** The code with which the socket was closed, 1006 when it broke off; undefined while it is open. */
  closeCode: number | undefined = undefined
  /** What the other side gave as reason. */
  closeReason = ""
  /** Told when the carrier is closed. */
  #onClosed: (() => void)[] | undefined = undefined
  readonly #maxBufferedBytes: number
  #carrier: WebSocketCarrier | undefined = undefined
  /** Messages that were not asked for yet, from `#at` on. */
  #waiting: WebSocketMessage[] = []
  #at = 0
  #waitingBytes = 0
  #isPaused = false
  #reader: Reader | undefined = undefined
  /** Those behind it, of whom there are seldom any. */
  #readersBehind: Reader[] | undefined = undefined
  #senders: Set<(error: Error) => void> | undefined = undefined
  /** This side has closed: nothing is sent and nothing is read any more. */
  #isClosing = false
  #deadline: ReturnType<typeof setTimeout> | undefined = undefined
  #controller: AbortController | undefined = undefined
  #abortReason: unknown = undefined
  #sincePingMs = 0
  #isPinged = false
  #stuckMs = 0
  #bufferedBefore = 0

  /** @throws RangeError for limits that are out of range */
  constructor(protocol: string, limits: WebSocketLimits = {}) {
    this.protocol = protocol
    this.compress = limits.compress ?? false
    this.maxMessageBytes = limit("maxMessageBytes", limits.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES)
    this.#maxBufferedBytes = limit("maxBufferedBytes", limits.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES)
  }

  /** Called once, when the handshake is done. */
  attach(carrier: WebSocketCarrier): void {
    this.#carrier = carrier
    if (this.#isPaused) carrier.pause?.()
  }

  // ---- what the application says

  /** Aborts when either side closes, or when the client has gone. */
  get signal(): WebAbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#isEnding) this.#controller.abort(this.#abortReason)
    }
    return this.#controller.signal
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#carrier?.bufferedBytes ?? 0
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return !this.#isEnding
  }

  get #isEnding(): boolean {
    return this.#isClosing || this.closeCode !== undefined
  }

  /** The next message; undefined when no more will come. */
  receive(): Promise<WebSocketMessage | undefined> {
    const message = this.#take()
    if (message !== undefined || this.#isEnding) return Promise.resolve(message)
    return new Promise((resolve) => {
      this.#await(resolve)
    })
  }

  /** May be left and begun again: what was not read stays. */
  [Symbol.asyncIterator](): AsyncIterator<WebSocketMessage, undefined> {
    return {
      next: () => {
        const message = this.#take()
        if (message !== undefined) return Promise.resolve({ done: false, value: message })
        if (this.#isEnding) return Promise.resolve(DONE)
        return new Promise((resolve) => {
          this.#await((value) => resolve(value === undefined ? DONE : { done: false, value }))
        })
      },
    }
  }

  #await(read: Reader): void {
    if (this.#reader === undefined) this.#reader = read
    else {
      this.#readersBehind ??= []
      this.#readersBehind.push(read)
    }
  }

  #nextReader(): Reader | undefined {
    const reader = this.#reader
    if (reader !== undefined) this.#reader = this.#readersBehind?.shift()
    return reader
  }

  #take(): WebSocketMessage | undefined {
    const message = this.#waiting[this.#at]
    if (message === undefined) return undefined
    this.#at++
    this.#waitingBytes -= message.length
    // A list whose reader is always one message behind would never be emptied.
    if (this.#at > READ_AHEAD_MESSAGES) {
      this.#waiting.splice(0, this.#at)
      this.#at = 0
    }
    if (this.#at === this.#waiting.length) {
      this.#waiting.length = 0
      this.#at = 0
      if (this.#isPaused) {
        this.#isPaused = false
        this.#carrier?.resume?.()
      }
    }
    return message
  }

  /** Sends a message; settles when there is room for the next, rejects when the socket is closed. */
  send(message: WebSocketMessage): Promise<void> {
    if (typeof message !== "string" && !(message instanceof Uint8Array)) {
      throw new TypeError(`a WebSocket sends text or a Uint8Array, not ${describe(message)}`)
    }
    const carrier = this.#carrier
    if (carrier === undefined || this.#isEnding) return handled(Promise.reject(new ClientDisconnected(CLOSED)))
    const ahead = carrier.bufferedBytes
    if (ahead > this.#maxBufferedBytes) {
      const error = new ClientDisconnected(`The client takes too little: ${ahead} bytes wait to be sent.`)
      this.destroy(error)
      return handled(Promise.reject(error))
    }
    this.messagesSent++
    this.bytesSent += messageBytes(message)
    if (ahead < SEND_AHEAD_BYTES) {
      carrier.send(message)
      return SENT
    }
    const sent = new Promise<void>((resolve, reject) => {
      this.#senders ??= new Set()
      const senders = this.#senders
      senders.add(reject)
      carrier.send(message, () => {
        senders.delete(reject)
        resolve()
      })
    })
    return handled(sent)
  }

  /** Closes; settles when the other side has closed too, or after a limit. */
  close(code: number = NORMAL, reason = ""): Promise<void> {
    checkClose(code, reason)
    if (this.closeCode !== undefined) return SENT
    this.#beginClosing(code, reason, new ClientDisconnected(CLOSED))
    return this.whenClosed
  }

  #beginClosing(code: number, reason: string, why: unknown): void {
    if (this.#isEnding) return
    this.#isClosing = true
    this.#waiting.length = 0
    this.#at = 0
    this.#end(why)
    const carrier = this.#carrier
    if (carrier === undefined) return
    // The answer to the close must get through.
    if (this.#isPaused) carrier.resume?.()
    carrier.close(code, reason)
    this.#deadline = setTimeout(() => this.terminate(), CLOSE_HANDSHAKE_MS)
  }

  /** No more is read or sent. */
  #end(why: unknown): void {
    this.#abortReason = why
    for (let read = this.#nextReader(); read !== undefined; read = this.#nextReader()) read(undefined)
    this.#controller?.abort(why)
  }

  /** Breaks off. */
  terminate(): void {
    if (this.closeCode === undefined) this.#carrier?.terminate()
  }

  // ---- what the carrier says

  /** A whole message has come. */
  message(message: WebSocketMessage, bytes: number): void {
    this.#isPinged = false
    if (this.#isEnding) return
    this.messagesReceived++
    this.bytesReceived += bytes
    const reader = this.#nextReader()
    if (reader !== undefined) {
      reader(message)
      return
    }
    this.#waiting.push(message)
    this.#waitingBytes += message.length
    const isFull = this.#waitingBytes > READ_AHEAD_BYTES || this.#waiting.length - this.#at > READ_AHEAD_MESSAGES
    if (!isFull) return
    if (!this.#isPaused) {
      this.#isPaused = true
      this.#carrier?.pause?.()
    }
    const carrier = this.#carrier
    const cannotPause = carrier !== undefined && carrier.pause === undefined
    if (cannotPause && this.#waitingBytes > this.#maxBufferedBytes) {
      this.#beginClosing(POLICY, "sent faster than read", new ClientDisconnected(TOO_FAST))
    }
  }

  /** A message of a carrier that has no limit of its own. One that is too long closes. */
  messageOfAnySize(message: WebSocketMessage): void {
    const bytes = messageBytes(message)
    if (bytes <= this.maxMessageBytes) this.message(message, bytes)
    else this.#beginClosing(TOO_BIG, "", new ClientDisconnected(CLOSED))
  }

  /** The client has answered a ping. */
  pong(): void {
    this.#isPinged = false
  }

  /** All is over. */
  closed(code: number, reason: string): void {
    if (this.closeCode !== undefined) return
    this.closeCode = code
    this.closeReason = reason
    if (!this.#isClosing) this.#end(new ClientDisconnected())
    const senders = this.#senders
    this.#senders = undefined
    if (senders !== undefined) for (const reject of senders) reject(new ClientDisconnected(CLOSED))
    clearTimeout(this.#deadline)
    const tell = this.#onClosed
    this.#onClosed = undefined
    if (tell !== undefined) for (const each of tell) each()
  }

  /** Calls `callback` when the carrier is closed. */
  afterClose(callback: () => void): void {
    if (this.closeCode !== undefined) callback()
    else {
      this.#onClosed ??= []
      this.#onClosed.push(callback)
    }
  }

  /** Resolves when the carrier is closed. */
  get whenClosed(): Promise<void> {
    return new Promise((resolve) => this.afterClose(resolve))
  }

  // ---- Peer

  /** Finds clients that have gone without closing, or take nothing. */
  sweep(elapsedMs: number, limits: SilenceLimits): void {
    const carrier = this.#carrier
    if (carrier === undefined || this.#isEnding) return
    const buffered = carrier.bufferedBytes
    if (buffered === 0 || buffered < this.#bufferedBefore) this.#stuckMs = 0
    else this.#stuckMs += elapsedMs
    this.#bufferedBefore = buffered
    if (limits.sendMs > 0 && this.#stuckMs >= limits.sendMs) this.terminate()
    else this.#ping(carrier, elapsedMs, limits.pingMs ?? DEFAULT_PING_MS)
  }

  #ping(carrier: WebSocketCarrier, elapsedMs: number, everyMs: number): void {
    if (everyMs === 0 || carrier.ping === undefined) return
    this.#sincePingMs += elapsedMs
    if (this.#sincePingMs < everyMs) return
    this.#sincePingMs = 0
    // While nothing is read the answer can't be seen.
    if (this.#isPaused) this.#isPinged = false
    else if (this.#isPinged) this.terminate()
    else {
      this.#isPinged = true
      carrier.ping()
    }
  }

  /** The server stops. */
  retire(closeCode: number = GOING_AWAY): void {
    this.#beginClosing(closeCode, "", new Error("the server stops"))
  }

  /** Breaks off; the signal aborts with `reason`. */
  destroy(reason: unknown): void {
    if (!this.#isEnding) {
      this.#isClosing = true
      this.#end(reason)
    }
    this.terminate()
  }
}

/** Whether the socket ended without a closing handshake. */
export function isBrokenOff(code: number | undefined): boolean {
  return code === undefined || code === BROKEN_OFF
}

const encoder = new TextEncoder()

/** RFC 6455 sections 5.5 and 7.4. */
function checkClose(code: number, reason: string): void {
  const isSendable = (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999)
  if (!Number.isInteger(code) || !isSendable) {
    throw new RangeError(
      `a WebSocket is closed with a code of 1000 to 1003, 1007 to 1014, or 3000 to 4999, not ${String(code)}`,
    )
  }
  if (typeof reason !== "string") throw new TypeError(`the reason must be a text, not ${describe(reason)}`)
  const { length } = encoder.encode(reason)
  if (length > 123) throw new RangeError(`the reason of a close has at most 123 bytes, not ${length}`)
}

function limit(name: string, value: number): number {
  if (typeof value === "number" && value > 0) return value
  throw new RangeError(`${name} must be a number above 0, not ${describe(value)}`)
}
