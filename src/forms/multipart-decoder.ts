// Turns the bytes of a multipart body into events. It looks for the boundary (Horspool: most bytes are never looked at) and
// takes it for one where it begins a line and ends it. What may still become a boundary is held back; all else is passed on
// without a copy. Knows no stream, and nothing of what becomes of the parts.
//
// Each byte is compared once at most: a candidate begins a line, and no boundary holds a line break.

import { type FormLimits, malformed, type SettledLimits, settleLimits, shown, tooLarge } from "./limits.ts"
import type { MultipartEvent } from "./multipart-events.ts"
import { readHead } from "./part-head.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
const encoder = new TextEncoder()
const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const DASH = 45
const DELETE = 127
/** Spaces behind a boundary, which mail gateways used to add. */
const MOST_PADDING = 256

/** What there is to do with the bytes at hand. */
type State = "preamble" | "head" | "data" | "end" | "epilogue"

/** What a line that begins like a boundary may be besides one, as `#lineEnd` tells. */
const OTHER_LINE = -1
const UNDECIDED = -2

/**
 * Turns the bytes of a multipart body into events: bytes are pushed in, events are pulled out, and neither side waits.
 * Lines end with CRLF or LF. How much text a form may hold is for its reader to say.
 */
export class MultipartDecoder {
  readonly #limits: SettledLimits
  readonly #name: string
  /** With the dashes in front. */
  readonly #boundary: Uint8Array
  /** For each byte, how far the search may go on when it stands under the end of the boundary. */
  readonly #skip = new Uint8Array(256)
  #state: State = "preamble"
  #buffer: Uint8Array = EMPTY
  /** Where the bytes end in the buffer, behind which there may be room for more. */
  #end = 0
  #hasRoom = false
  /** Up to here the bytes of the buffer were given away. */
  #start = 0
  /** Up to here they were searched: for a boundary, or for the line breaks of a head. */
  #searched = 0
  /** Where the line of a head begins that is not complete yet. */
  #line = 0
  /** Of the head so far. */
  #isAscii = true
  /** Whether a line begins at `#start` though no line break is in the buffer before: with the body, or behind a head. */
  #atLineStart = true
  /** Data that is to be told before what is in the buffer. */
  #passed: Uint8Array | undefined = undefined
  #ended = false
  #parts = 0
  #failure: Error | undefined
  // Of the boundary that was found last.
  /** Where the line break before it begins, and with it the data ends. */
  #dataEnd = 0
  #boundaryStart = 0
  /** Behind its line, or behind the two dashes of the last one. */
  #boundaryEnd = 0
  #isLast = false

  /** @param boundary 1 to 70 characters of ASCII */
  constructor(boundary: string, limits: FormLimits = {}) {
    this.#limits = settleLimits(limits)
    this.#name = boundary
    this.#boundary = encoder.encode(`--${boundary}`)
    const last = this.#boundary.length - 1
    this.#skip.fill(last + 1)
    for (let index = 0; index < last; index++) this.#skip[this.#boundary[index] as number] = last - index
  }

  /** Takes bytes, which must not change afterwards; `undefined` when the body is over. */
  receiveData(data: Uint8Array | undefined): void {
    if (this.#failure !== undefined) return
    if (data === undefined) {
      this.#ended = true
      return
    }
    if (this.#isPlainNow(data)) this.#passHeld()
    const start = this.#start
    const held = this.#end - start
    if (held === 0) {
      this.#buffer = data
      this.#end = data.length
      this.#hasRoom = false
    } else if (this.#hasRoom && this.#end + data.length <= this.#buffer.length) {
      this.#buffer.set(data, this.#end)
      this.#end += data.length
      return
    } else {
      // A head that comes in small pieces would otherwise be copied with each of them.
      this.#hasRoom = this.#state === "head"
      const size = held + data.length
      const joined = new Uint8Array(this.#hasRoom ? 2 * size : size)
      joined.set(this.#buffer.subarray(start, this.#end))
      joined.set(data, held)
      this.#buffer = joined
      this.#end = size
    }
    this.#searched -= start
    this.#line -= start
    this.#start = 0
  }

  /** Whether a line break that was held back turns out to be data: no boundary follows. Then it is given without a copy. */
  #isPlainNow(data: Uint8Array): boolean {
    const end = this.#end
    const held = end - this.#start
    if (this.#state !== "data" || this.#passed !== undefined || data.length === 0 || (held !== 1 && held !== 2))
      return false
    const last = this.#buffer[end - 1]
    return last === LF ? data[0] !== DASH : last === CR && held === 1 && data[0] !== LF
  }

  #passHeld(): void {
    this.#passed = this.#take(this.#end)
    this.#searched = this.#end
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
        return { type: "epilogue", data: this.#take(this.#end) }
      case "epilogue":
        if (this.#start === this.#end) return undefined
        return { type: "epilogue", data: this.#take(this.#end) }
    }
  }

  #preamble(): MultipartEvent | undefined {
    if (this.#findBoundary(true)) {
      // The line break before the first boundary counts as preamble, so that nothing of the body is missing.
      const data = this.#take(this.#boundaryStart)
      this.#passBoundary()
      return data.length > 0 ? { type: "preamble", data } : this.#step()
    }
    if (this.#searched > this.#start) return { type: "preamble", data: this.#take(this.#searched) }
    if (this.#ended) throw malformed(`the boundary ${shown(this.#name)} of its Content-Type is not in it`)
    return undefined
  }

  #data(): MultipartEvent | undefined {
    const passed = this.#passed
    if (passed !== undefined) {
      this.#passed = undefined
      return { type: "data", data: passed, moreData: true }
    }
    if (this.#findBoundary(false)) {
      const data = this.#take(this.#dataEnd)
      this.#passBoundary()
      return { type: "data", data, moreData: false }
    }
    if (this.#searched > this.#start) return { type: "data", data: this.#take(this.#searched), moreData: true }
    if (this.#ended) throw endsEarly()
    return undefined
  }

  #take(end: number): Uint8Array {
    const start = this.#start
    if (end === start) return EMPTY
    this.#start = end
    this.#atLineStart = false
    return start === 0 && end === this.#buffer.length ? this.#buffer : this.#buffer.subarray(start, end)
  }

  #passBoundary(): void {
    this.#start = this.#boundaryEnd
    this.#searched = this.#boundaryEnd
    this.#line = this.#boundaryEnd
    this.#isAscii = true
    this.#state = this.#isLast ? "end" : "head"
  }

  // delimiter = CRLF "--" boundary; behind it transport-padding CRLF, or "--" (RFC 2046 section 5.1.1)
  /**
   * Whether there is a boundary in the buffer. If so, it is described by the fields for that. If not, `#searched` tells up to
   * where there is certainly no boundary.
   */
  #findBoundary(inPreamble: boolean): boolean {
    const buffer = this.#buffer
    const boundary = this.#boundary
    const skip = this.#skip
    const end = this.#end
    const last = boundary.length - 1
    const lastByte = boundary[last] as number
    let tail = this.#searched + last
    while (tail < end) {
      const byte = buffer[tail] as number
      if (byte === lastByte) {
        const at = tail - last
        if (buffer[at] === DASH && (inPreamble || this.#beginsLine(at)) && this.#matches(at, last)) {
          const lineEnd = this.#lineEnd(tail + 1)
          if (lineEnd === UNDECIDED) {
            this.#searched = this.#lineBreakBefore(at)
            return false
          }
          if (lineEnd !== OTHER_LINE) {
            // Other parsers would take it for a boundary, and read another form.
            if (inPreamble && !this.#beginsLine(at)) throw malformed("its first boundary does not begin a line")
            this.#dataEnd = this.#lineBreakBefore(at)
            this.#boundaryStart = at
            this.#boundaryEnd = lineEnd
            return true
          }
        }
      }
      tail += skip[byte] as number
    }
    // What is left is shorter than a boundary; the end of it may be the beginning of one.
    let at = tail - last
    for (; at < end; at++) {
      if (buffer[at] === DASH && (inPreamble || this.#beginsLine(at)) && this.#matches(at, end - at)) break
    }
    this.#searched = this.#lineBreakBefore(at)
    return false
  }

  #beginsLine(at: number): boolean {
    return at === this.#start ? this.#atLineStart : this.#buffer[at - 1] === LF
  }

  #matches(at: number, count: number): boolean {
    const buffer = this.#buffer
    const boundary = this.#boundary
    for (let index = 1; index < count; index++) if (buffer[at + index] !== boundary[index]) return false
    return true
  }

  /** Where the line break that ends right before `at` begins; `at` itself when there is none. */
  #lineBreakBefore(at: number): number {
    const buffer = this.#buffer
    const start = this.#start
    if (at > start && buffer[at - 1] === LF) return at - 1 > start && buffer[at - 2] === CR ? at - 2 : at - 1
    // A CR at the very end may be half of a line break.
    return at === this.#end && at > start && buffer[at - 1] === CR ? at - 1 : at
  }

  /** Where the line ends that goes on at `index`, behind what looks like a boundary; or that it is another line, or may be. */
  #lineEnd(index: number): number {
    const buffer = this.#buffer
    const undecided = this.#ended ? OTHER_LINE : UNDECIDED
    const most = this.#end
    let end = index
    this.#isLast = end < most && buffer[end] === DASH
    if (this.#isLast) {
      if (end + 1 === most) return undecided
      return buffer[end + 1] === DASH ? end + 2 : OTHER_LINE
    }
    while (end < most && (buffer[end] === SPACE || buffer[end] === TAB)) end++
    if (end - index > MOST_PADDING) throw malformed("there is too much behind a boundary")
    if (end === most) return undecided
    if (buffer[end] === LF) return end + 1
    if (buffer[end] !== CR) return OTHER_LINE
    if (end + 1 === most) return undecided
    return buffer[end + 1] === LF ? end + 2 : OTHER_LINE
  }

  #head(): MultipartEvent | undefined {
    const { maxPartHeaderSize, maxFormParts } = this.#limits
    const buffer = this.#buffer
    const start = this.#start
    const end = this.#end
    // A head of the size that is allowed ends within it, its empty line not counted.
    const most = Math.min(end, start + maxPartHeaderSize + 2)
    let line = this.#line
    let index = this.#searched
    for (; index < most; index++) {
      const byte = buffer[index] as number
      if (byte >= SPACE && byte < DELETE) continue
      if (byte > DELETE) {
        this.#isAscii = false
        continue
      }
      if (byte !== LF) {
        if (byte === TAB) continue
        if (byte !== CR) throw malformed("the headers of a part are malformed")
        // A CR there has to be half of a line break.
        if (index + 1 === end) break
        if (buffer[index + 1] !== LF) throw malformed("the headers of a part are malformed")
        continue
      }
      if (index === line || (index === line + 1 && buffer[line] === CR)) {
        if (line - start > maxPartHeaderSize) break
        const event = readHead(buffer.subarray(start, line), this.#isAscii)
        this.#start = index + 1
        this.#searched = index + 1
        this.#atLineStart = true
        this.#state = "data"
        this.#parts++
        if (this.#parts > maxFormParts) throw tooLarge("maxFormParts", maxFormParts, event)
        return event
      }
      line = index + 1
    }
    if (line - start > maxPartHeaderSize || end - start >= maxPartHeaderSize + 2) {
      throw tooLarge("maxPartHeaderSize", maxPartHeaderSize)
    }
    this.#line = line
    this.#searched = index
    if (this.#ended) throw endsEarly()
    return undefined
  }
}

function endsEarly(): Error {
  return malformed("it ends before its last boundary")
}
