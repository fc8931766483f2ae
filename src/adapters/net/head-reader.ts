// Finds the end of a head that comes in pieces. Each piece is looked at once. What can't become a head is refused before
// its end, so that the server does not wait for the rest of it.

import { Refusal } from "../../running/environ.ts"
import { BAD_REQUEST } from "./request-head.ts"

const TOO_LARGE = new Refusal("431 Request Header Fields Too Large")

const CR = 0x0d
const LF = 0x0a
const END = "\r\n\r\n"

/** What no head has, however it goes on. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]|(?<!\r)\n/
/** How a head begins: with the first letter of a method. */
const BEGINNING = /^[A-Z]/

export class HeadReader {
  /** Up to where the last call has used its bytes. */
  at = 0
  readonly #maxBytes: number
  #pieces: string[] = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether part of a head has come. */
  get hasBegun(): boolean {
    return this.#size > 0
  }

  /** How many bytes of a head have come. */
  get size(): number {
    return this.#size
  }

  /** Takes bytes from `start` on. The head without the empty line behind it, once it is whole; or why it is refused. */
  take(bytes: Buffer, start: number): string | Refusal | undefined {
    let from = start
    // RFC 9112 section 2.2: empty lines before a request do not belong to it.
    if (this.#size === 0) {
      while (bytes[from] === CR && bytes[from + 1] === LF) from += 2
    }
    this.at = from
    if (from === bytes.length) return undefined
    const text = bytes.toString("latin1", from, from + this.#maxBytes + END.length - this.#size)
    if (this.#size > 0) return this.#join(text)
    const end = text.indexOf(END)
    if (end === -1) return this.#keep(text)
    this.at = from + end + END.length
    return text.slice(0, end)
  }

  #join(text: string): string | Refusal | undefined {
    const tail = this.#tail()
    const seen = tail + text
    const end = seen.indexOf(END)
    if (end === -1) return this.#keep(text)
    const own = end + END.length - tail.length
    this.at += own
    const head = this.#pieces.join("") + text.slice(0, own)
    this.#clear()
    // Empty lines before a request may have come in pieces, too.
    return head === END ? undefined : head.slice(head.startsWith("\r\n") ? 2 : 0, -END.length)
  }

  #keep(text: string): Refusal | undefined {
    const isFirst = this.#size === 0
    const seen = this.#pieces.at(-1)?.endsWith("\r") ? `\r${text}` : text
    this.at += text.length
    this.#size += text.length
    this.#pieces.push(text)
    if (FORBIDDEN.test(seen) || (isFirst && text !== "\r" && !BEGINNING.test(text))) return this.#refuse(BAD_REQUEST)
    return this.#size >= this.#maxBytes + END.length ? this.#refuse(TOO_LARGE) : undefined
  }

  #refuse(refusal: Refusal): Refusal {
    this.#clear()
    return refusal
  }

  #clear(): void {
    this.#pieces = []
    this.#size = 0
  }

  /** The last characters that have come, as many as the end of a head may have among them. */
  #tail(): string {
    let tail = ""
    for (let i = this.#pieces.length - 1; i >= 0 && tail.length < END.length - 1; i--) tail = this.#pieces[i] + tail
    return tail.slice(1 - END.length)
  }
}
