// busboy behind the seam of multipart.ts. busboy finds the boundaries and cuts heads into headers; all else is done here,
// since busboy's own events lose things: parts whose Content-Disposition it can't parse, headers, an empty filename, texts
// in charsets that it doesn't know, texts beyond 1 MiB, what follows a line that merely begins like a boundary.
//
// So each head is taken from busboy's head parser, and busboy is given an empty one, for which it skips the part. The bytes
// are taken from its search for boundaries, which reports them piece by piece. Both happen while a chunk is pushed in:
// memory is bounded by the chunk, and back-pressure is not pushing the next.
//
// Line breaks are CRLF for busboy, and nothing may stand behind a boundary in its line; bodies of another kind are refused.
// busboy keeps these things private; one that is built otherwise is refused at once, in `internalsOf`.

import type { Writable } from "node:stream"
import busboy from "busboy"
import { concatenate } from "../environ/concatenation.ts"
import { stripSpace } from "../http/tokens.ts"
import { malformed, type SettledLimits, tooLarge } from "./limits.ts"
import type { MultipartEvent, PartHeaders } from "./multipart-events.ts"
import { beginPart } from "./part-head.ts"

/** What is used of busboy's insides (1.6.0). */
interface Internals {
  /** The head parser while it is at work. */
  readonly _hparser: HeadParser | null
  /** Whether the last boundary was seen. */
  readonly _complete: boolean
  /** Looks for boundaries. */
  readonly _bparser: { _cb: Report }
}

/** Called with bytes that hold no boundary, if there are any, and whether one follows. Unsafe bytes change afterwards. */
type Report = (isMatch: boolean, data: Uint8Array | undefined, start: number, end: number, isSafe: boolean) => void

interface HeadParser {
  /** Called with the whole head. Values are byte strings. */
  cb: (head: BusboyHead) => void
  /** Takes bytes of the head; gives where it ends, or how far it came. */
  push: (data: Uint8Array, start: number, end: number) => number
  /** Of the head so far. */
  readonly byteCount: number
  /** How much of the two line breaks that end the head was seen. */
  readonly crlf: number
}

type BusboyHead = Record<string, string[]>

const SKIPPED: BusboyHead = Object.freeze({})
const EMPTY: Uint8Array = new Uint8Array(0)
const CRLF: Uint8Array = new TextEncoder().encode("\r\n")
const encoder = new TextEncoder()
const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const DASH = 45
/** Both are built into busboy: it gives up beyond the one, and drops headers beyond the other. */
const MOST_HEAD_BYTES = 16 * 1024
const MOST_HEADERS = 2000

/** What busboy makes for a body of this type, and how. */
const Multipart = busboy({ headers: { "content-type": "multipart/form-data; boundary=b" } }).constructor as new (
  settings: MultipartSettings,
) => Writable

interface MultipartSettings {
  conType: { params: { boundary: string } }
  preservePath: boolean
}

/** Tells when its head parser goes to work, and when it is done. Own accessors would make a slow object of each parser. */
class WatchedMultipart extends Multipart {
  declare onHeadParser: ((parser: HeadParser | null, before: HeadParser | null) => void) | undefined
  declare private headParser: HeadParser | null

  get _hparser(): HeadParser | null {
    return this.headParser
  }

  set _hparser(parser: HeadParser | null) {
    const before = this.headParser
    this.headParser = parser
    this.onHeadParser?.(parser, before)
  }
}

export class BusboyDecoder {
  readonly #limits: SettledLimits
  readonly #boundary: Uint8Array
  readonly #parser: WatchedMultipart
  readonly #internals: Internals
  #events: MultipartEvent[] = []
  #next = 0
  #failure: Error | undefined
  /** Where the last head ended in its chunk. */
  #headEnd = 0
  #parts = 0
  /** Whether a part has begun that was not declared complete. */
  #open = false
  /** What came behind a boundary, while that does not tell yet what the boundary is. */
  #suffix: Uint8Array | undefined
  /** The line break before that boundary, unless it belongs to a head. */
  #lineBreak: Uint8Array = EMPTY
  #over = false

  constructor(boundary: string, limits: SettledLimits) {
    this.#limits = limits
    this.#boundary = encoder.encode(`--${boundary}`)
    this.#parser = new WatchedMultipart({ conType: { params: { boundary } }, preservePath: false })
    this.#internals = internalsOf(this.#parser)
    this.#parser.onHeadParser = (parser, before) =>
      parser === null ? this.#headOver(before) : this.#headBegins(parser)
    const search = this.#internals._bparser
    const proceed = search._cb
    search._cb = (isMatch, data, start, end, isSafe) => this.#found(proceed, isMatch, data, start, end, isSafe)
    // More than one error may come for one fault; the first says it.
    this.#parser.on("error", () => this.#fail(malformed("the headers of a part are malformed")))
  }

  receiveData(data: Uint8Array | undefined): void {
    if (this.#failure !== undefined || this.#over) return
    if (data === undefined) {
      this.#fail(malformed("it ends before its last boundary"))
      return
    }
    this.#parser.write(data)
    if (!this.#internals._complete) return
    this.#endPart()
    this.#emit({ type: "epilogue", data: EMPTY })
    this.#over = true
  }

  nextEvent(): MultipartEvent | undefined {
    const event = this.#events[this.#next]
    if (event !== undefined) {
      this.#next++
      return event
    }
    if (this.#failure !== undefined) throw this.#failure
    if (this.#next > 0) {
      this.#events = []
      this.#next = 0
    }
    return undefined
  }

  #emit(event: MultipartEvent): void {
    if (this.#failure === undefined) this.#events.push(event)
  }

  #fail(error: Error): void {
    this.#failure ??= error
  }

  #headBegins(parser: HeadParser): void {
    this.#suffix = undefined
    this.#endPart()
    this.#parts++
    if (this.#parts > this.#limits.maxFormParts) this.#fail(tooLarge("maxFormParts", this.#limits.maxFormParts))
    // The same head parser serves all parts.
    if (this.#parts > 1) return
    const { cb, push } = parser
    parser.cb = (head) => {
      this.#beginPart(head)
      cb(SKIPPED)
    }
    parser.push = (data, start, end) => {
      this.#headEnd = push.call(parser, data, start, end)
      return this.#headEnd
    }
  }

  #headOver(parser: HeadParser | null): void {
    if (parser !== null && parser.byteCount >= MOST_HEAD_BYTES) {
      this.#fail(tooLarge("maxPartHeaderSize", this.#limits.maxPartHeaderSize))
    }
  }

  #beginPart(head: BusboyHead): void {
    if (this.#failure !== undefined) return
    try {
      const headers = headersOf(head)
      let size = 0
      for (const [name, value] of headers) size += name.length + value.length + 4
      const { maxPartHeaderSize } = this.#limits
      if (size > maxPartHeaderSize || headers.length >= MOST_HEADERS - 1) {
        throw tooLarge("maxPartHeaderSize", maxPartHeaderSize)
      }
      this.#emit(beginPart(headers))
      this.#open = true
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #endPart(): void {
    if (!this.#open) return
    this.#open = false
    const last = this.#events.at(-1)
    if (last?.type !== "data" || this.#next === this.#events.length) {
      this.#emit({ type: "data", data: EMPTY, moreData: false })
    } else {
      // Nobody has seen it yet.
      this.#events[this.#events.length - 1] = { type: "data", data: last.data, moreData: false }
    }
  }

  #found(
    proceed: Report,
    isMatch: boolean,
    data: Uint8Array | undefined,
    start: number,
    end: number,
    isSafe: boolean,
  ): void {
    // Within a chunk busboy goes on behind the last boundary, and takes what looks like parts there for parts.
    if (this.#internals._complete || this.#failure !== undefined) return
    const parts = this.#parts
    const inHead = this.#parser._hparser !== null
    proceed(isMatch, data, start, end, isSafe)
    if (this.#internals._complete) return
    if (this.#parser._hparser === null && data !== undefined) {
      const from = inHead || this.#parts > parts ? this.#headEnd : start
      if (from < end) this.#take(isSafe ? data.subarray(from, end) : data.slice(from, end))
    }
    if (!isMatch) return
    if (this.#suffix?.length === 1) {
      // One CR or dash was all that stood behind the boundary before; busboy has missed this one over it.
      proceed(true, undefined, 0, 0, true)
      this.#takeLine(this.#suffix)
    }
    // The empty line behind a head may be the line break before a boundary, and busboy takes it for that.
    const endsHead = this.#parser._hparser?.crlf === 2
    if (endsHead) this.#parser._hparser?.push(CRLF, 0, 2)
    this.#lineBreak = endsHead ? EMPTY : CRLF
    // In the middle of a head, or right behind another boundary, it has lost count.
    if (this.#parser._hparser !== null || this.#suffix !== undefined)
      this.#fail(malformed("a boundary stands in a head"))
    this.#suffix = EMPTY
  }

  /** Bytes outside heads: those of a part, unless a boundary stands before them. */
  #take(data: Uint8Array): void {
    if (this.#suffix === undefined) {
      if (this.#open) this.#emit({ type: "data", data, moreData: true })
      return
    }
    const suffix = concatenate([this.#suffix, data])
    // One CR or dash may still become CRLF or "--".
    if (suffix.length === 1 && (suffix[0] === CR || suffix[0] === DASH)) this.#suffix = suffix
    else this.#takeLine(suffix)
  }

  /** A line that begins like a boundary and goes on otherwise is data. */
  #takeLine(suffix: Uint8Array): void {
    this.#suffix = undefined
    // Others take these for a boundary, so they are not to be taken for data here.
    if (suffix[0] === SPACE || suffix[0] === TAB || suffix[0] === LF) {
      this.#fail(malformed("the line of a boundary goes on or doesn't end with CRLF"))
    }
    if (this.#open) {
      this.#emit({ type: "data", data: concatenate([this.#lineBreak, this.#boundary, suffix]), moreData: true })
    }
  }
}

const USUAL_NAMES: ReadonlyMap<string, string> = new Map([
  ["content-disposition", "Content-Disposition"],
  ["content-type", "Content-Type"],
])

/** The headers of a head. busboy lowers their names; they are spelled here as everybody does. */
function headersOf(head: BusboyHead): PartHeaders {
  const headers: [string, string][] = []
  for (const lower in head) {
    const name = USUAL_NAMES.get(lower) ?? lower.replace(/(?<![^-])[a-z]/g, (letter) => letter.toUpperCase())
    const values = head[lower] as string[]
    for (let i = 0; i < values.length; i++) headers.push([name, stripSpace(values[i] as string)])
  }
  return headers
}

function internalsOf(parser: object): Internals {
  const internals = parser as Internals
  if (internals._hparser !== null || internals._complete !== false || typeof internals._bparser?._cb !== "function") {
    throw new Error("This busboy is built otherwise than 1.6.0, which is the one that werkstatt knows how to use")
  }
  return internals
}
