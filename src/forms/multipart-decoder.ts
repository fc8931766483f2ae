// A multipart decoder of our own behind the seam of multipart.ts, for runtimes without Node's streams and for bodies that
// busboy refuses: lines that end with LF alone, spaces behind a boundary, lines that merely begin like a boundary.
// It looks for the boundary first (Horspool: most bytes are never looked at) and for the line breaks around it then.
// What may still become a boundary is held back, all else is passed on without a copy.

import { isToken, stripSpace } from "../http/tokens.ts"
import { type FormLimits, malformed, type SettledLimits, settleLimits, tooLarge } from "./limits.ts"
import type { MultipartEvent, PartHeaders } from "./multipart-events.ts"
import { beginPart } from "./part-head.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
const encoder = new TextEncoder()
const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const DASH = 45
/** Spaces behind a boundary, which mail gateways used to add. */
const MOST_PADDING = 256
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

/** Where a boundary was found. */
interface Delimiter {
  /** Where the line break before it begins, and with it the data ends. */
  readonly start: number
  readonly boundary: number
  /** Behind the boundary's line, or behind the two dashes of the last boundary. */
  readonly end: number
  readonly isLast: boolean
}

/** What there is to do with the bytes at hand. */
type State = "preamble" | "head" | "data" | "end" | "epilogue"

/**
 * Turns the bytes of a multipart body into events: bytes are pushed in, events are pulled out, nobody waits for anybody.
 * Lines end with CRLF or LF. How much text a form may hold is for its reader to say.
 *
 * @row MP-3, MP-4, MP-5, MP-6, MP-7, MP-8, MP-9, MP-10, MP-11, MP-12, MP-13, MP-14, MP-15, MP-16, MP-18, CVE-7
 */
export class MultipartDecoder {
  readonly #limits: SettledLimits
  readonly #boundary: Uint8Array
  /** For each byte, how far the search may go on when it stands under the end of the boundary. */
  readonly #skip = new Uint8Array(256)
  #state: State = "preamble"
  #buffer: Uint8Array = EMPTY
  /** Up to here the buffer was searched for a boundary. */
  #searched = 0
  /** Whether the buffer begins where a line does without a line break in it: with the body, or behind a head. */
  #atStart = true
  #ended = false
  #parts = 0
  #failure: Error | undefined

  /** @param boundary 1 to 70 characters of ASCII */
  constructor(boundary: string, limits: FormLimits = {}) {
    this.#limits = settleLimits(limits)
    this.#boundary = encoder.encode(`--${boundary}`)
    const last = this.#boundary.length - 1
    this.#skip.fill(last + 1)
    for (let index = 0; index < last; index++) this.#skip[this.#boundary[index] as number] = last - index
  }

  /** Takes bytes, which must not change afterwards; `undefined` when the body is over. */
  receiveData(data: Uint8Array | undefined): void {
    if (data === undefined) {
      this.#ended = true
    } else if (this.#buffer.length === 0) {
      this.#buffer = data
    } else {
      const joined = new Uint8Array(this.#buffer.length + data.length)
      joined.set(this.#buffer)
      joined.set(data, this.#buffer.length)
      this.#buffer = joined
    }
  }

  /**
   * The next event; `undefined` when more data is needed first, or, once the body is over, when that was all.
   *
   * @throws BadRequest (400) when the body is malformed, or over too early; RequestEntityTooLarge (413) for a limit
   */
  nextEvent(): MultipartEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#step()
    } catch (error) {
      this.#failure = error as Error
      this.#buffer = EMPTY
      throw error
    }
  }

  #step(): MultipartEvent | undefined {
    switch (this.#state) {
      case "preamble":
        return this.#preamble()
      case "head":
        return this.#head()
      case "data":
        return this.#data()
      case "end":
        this.#state = "epilogue"
        return { type: "epilogue", data: this.#take(this.#buffer.length) }
      case "epilogue":
        return this.#buffer.length === 0 ? undefined : { type: "epilogue", data: this.#take(this.#buffer.length) }
    }
  }

  #preamble(): MultipartEvent | undefined {
    const delimiter = this.#findDelimiter()
    if (delimiter === undefined) {
      if (this.#searched > 0) return { type: "preamble", data: this.#take(this.#searched) }
      this.#needMore()
      return undefined
    }
    // The line break before the first boundary counts as preamble, so that nothing of the body is missing.
    const data = this.#buffer.subarray(0, delimiter.boundary)
    this.#pass(delimiter)
    return data.length > 0 ? { type: "preamble", data } : this.#step()
  }

  #data(): MultipartEvent | undefined {
    const delimiter = this.#findDelimiter()
    if (delimiter !== undefined) {
      const data = this.#buffer.subarray(0, delimiter.start)
      this.#pass(delimiter)
      return { type: "data", data, moreData: false }
    }
    if (this.#searched === 0) {
      this.#needMore()
      return undefined
    }
    return { type: "data", data: this.#take(this.#searched), moreData: true }
  }

  #take(size: number): Uint8Array {
    const taken = this.#buffer.subarray(0, size)
    this.#buffer = size === this.#buffer.length ? EMPTY : this.#buffer.subarray(size)
    this.#searched = 0
    this.#atStart &&= size === 0
    return taken
  }

  #pass(delimiter: Delimiter): void {
    this.#take(delimiter.end)
    this.#state = delimiter.isLast ? "end" : "head"
    if (delimiter.isLast) return
    this.#parts++
    if (this.#parts > this.#limits.maxFormParts) throw tooLarge("maxFormParts", this.#limits.maxFormParts)
  }

  #needMore(): void {
    if (this.#ended) throw malformed("it ends before its last boundary")
  }

  // delimiter = CRLF "--" boundary; behind it transport-padding CRLF, or "--" (RFC 2046 section 5.1.1)
  /** The next boundary in the buffer. Where there is none, `#searched` is up to where there can be none. */
  #findDelimiter(): Delimiter | undefined {
    const buffer = this.#buffer
    const last = this.#boundary.length - 1
    const lastByte = this.#boundary[last]
    let at = this.#searched
    while (at + last < buffer.length) {
      const byte = buffer[at + last] as number
      if (byte === lastByte && this.#matchesAt(at, last)) {
        const delimiter = this.#delimiterAt(at)
        if (delimiter === "undecided") {
          this.#searched = this.#lineBreakBefore(at)
          return undefined
        }
        if (delimiter !== undefined) return delimiter
      }
      at += this.#skip[byte] as number
    }
    // What is left is shorter than a boundary; the end of it may be the beginning of one.
    for (; at < buffer.length; at++) if (this.#matchesAt(at, buffer.length - at)) break
    this.#searched = this.#lineBreakBefore(at)
    return undefined
  }

  #matchesAt(at: number, count: number): boolean {
    const [buffer, boundary] = [this.#buffer, this.#boundary]
    for (let index = 0; index < count; index++) if (buffer[at + index] !== boundary[index]) return false
    return true
  }

  /** Where the line break that ends right before `at` begins; `at` itself when there is none. */
  #lineBreakBefore(at: number): number {
    if (at > 0 && this.#buffer[at - 1] === LF) return at > 1 && this.#buffer[at - 2] === CR ? at - 2 : at - 1
    // A CR at the very end may be half of a line break.
    return at === this.#buffer.length && at > 0 && this.#buffer[at - 1] === CR ? at - 1 : at
  }

  #delimiterAt(at: number): Delimiter | "undecided" | undefined {
    const buffer = this.#buffer
    const start = this.#lineBreakBefore(at)
    // Else it is no line of its own.
    if (start === at && !(at === 0 && this.#atStart)) return undefined
    let end = at + this.#boundary.length
    if (buffer[end] === DASH) {
      if (end + 1 === buffer.length) return this.#ended ? undefined : "undecided"
      if (buffer[end + 1] === DASH) return { start, boundary: at, end: end + 2, isLast: true }
      return undefined
    }
    while (buffer[end] === SPACE || buffer[end] === TAB) end++
    if (end - at > this.#boundary.length + MOST_PADDING) throw malformed("there is too much behind a boundary")
    if (end === buffer.length) return this.#ended ? undefined : "undecided"
    if (buffer[end] === LF) return { start, boundary: at, end: end + 1, isLast: false }
    if (buffer[end] !== CR) return undefined
    if (end + 1 === buffer.length) return this.#ended ? undefined : "undecided"
    return buffer[end + 1] === LF ? { start, boundary: at, end: end + 2, isLast: false } : undefined
  }

  #head(): MultipartEvent | undefined {
    const { maxPartHeaderSize } = this.#limits
    // Every line is looked at once: `#searched` is where the line begins that is not complete yet.
    for (;;) {
      const end = this.#buffer.indexOf(LF, this.#searched)
      if (Math.max(end, this.#searched) > maxPartHeaderSize) throw tooLarge("maxPartHeaderSize", maxPartHeaderSize)
      if (end === -1) break
      const isEmpty = end === this.#searched || (end === this.#searched + 1 && this.#buffer[end - 1] === CR)
      if (isEmpty) {
        const head = this.#buffer.subarray(0, this.#searched)
        this.#take(end + 1)
        this.#state = "data"
        this.#atStart = true
        return beginPart(parseHead(byteStringOf(head)))
      }
      this.#searched = end + 1
    }
    if (this.#buffer.length > maxPartHeaderSize) throw tooLarge("maxPartHeaderSize", maxPartHeaderSize)
    this.#needMore()
    return undefined
  }
}

const ascii = new TextDecoder("utf-8", { ignoreBOM: true })
const BEYOND_ASCII = /[^\x00-\x7f]/

function byteStringOf(bytes: Uint8Array): string {
  const text = ascii.decode(bytes)
  return BEYOND_ASCII.test(text) ? String.fromCharCode(...bytes) : text
}

/** The headers of a head, which is a byte string, folded lines put together. @throws BadRequest when a line is no header */
function parseHead(head: string): PartHeaders {
  const headers: [string, string][] = []
  let start = 0
  while (start < head.length) {
    let end = head.indexOf("\n", start)
    if (end === -1) end = head.length
    const line = head.slice(start, head.charCodeAt(end - 1) === CR ? end - 1 : end)
    start = end + 1
    if (CONTROL.test(line)) throw malformed("the headers of a part are malformed")
    const previous = headers.at(-1)
    if ((line.startsWith(" ") || line.startsWith("\t")) && previous !== undefined) {
      previous[1] += ` ${line.slice(1)}`
      continue
    }
    const colon = line.indexOf(":")
    const name = line.slice(0, Math.max(colon, 0))
    if (!isToken(name)) throw malformed("the headers of a part are malformed")
    headers.push([name, line.slice(colon + 1)])
  }
  return headers.map(([name, value]) => [name, stripSpace(value)])
}
