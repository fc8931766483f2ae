// busboy behind the seam of multipart.ts. busboy finds the boundaries and cuts heads into headers; what a head means is
// read elsewhere, since busboy's own reading loses things: parts whose Content-Disposition it can't parse, headers,
// an empty filename, texts in charsets that it doesn't know, the rest of a text beyond 1 MiB.
//
// So each head is taken from busboy's head parser, and busboy is told in its place of a file called "part", always the
// same; thus every part comes through as raw bytes. These are taken where busboy pushes them, at once, which makes the
// whole synchronous: memory is bounded by the chunk that was pushed in, and back-pressure is not pushing the next.
//
// Line breaks are CRLF for busboy, and a line that begins like a boundary ends the part even if it goes on otherwise
// ("--XX" and "--XXX"), so that what follows it is lost. It can't be had, but it can be counted: more boundaries than
// heads, and the form is refused before the part that was cut is declared complete.
// busboy keeps these things private; a busboy that is built in another way fails loudly, in `internalsOf`.

import busboy from "busboy"
import { stripSpace } from "../http/tokens.ts"
import { malformed, type SettledLimits, tooLarge } from "./limits.ts"
import type { MultipartEvent, PartHeaders } from "./multipart-events.ts"
import { beginPart } from "./part-head.ts"

/** What is used of busboy's insides (1.6.0). */
interface Internals {
  /** The head parser while it is at work. */
  _hparser: HeadParser | null
  /** Whether the last boundary was seen. */
  readonly _complete: boolean
  /** Looks for boundaries. */
  readonly _bparser: BoundarySearch
}

interface BoundarySearch {
  /** Called with data that holds no boundary, and whether one follows it. */
  _cb: (isMatch: boolean, data: Uint8Array | undefined, start: number, end: number, isSafe: boolean) => void
}

interface HeadParser {
  /** Called with the whole head. Values are byte strings. */
  cb: (head: BusboyHead) => void
  /** Of the head so far. */
  readonly byteCount: number
}

type BusboyHead = Record<string, string[]>

const ANY_FILE: BusboyHead = Object.freeze({ "content-disposition": ['form-data; name="part"; filename="part"'] })
const EMPTY: Uint8Array = new Uint8Array(0)
/** Both are built into busboy: it gives up beyond the one, and drops headers beyond the other. */
const MOST_HEAD_BYTES = 16 * 1024
const MOST_HEADERS = 2000

export class BusboyDecoder {
  readonly #limits: SettledLimits
  readonly #parser: ReturnType<typeof busboy>
  readonly #internals: Internals
  #events: MultipartEvent[] = []
  #next = 0
  #failure: Error | undefined
  #headParser: HeadParser | null = null
  #headDone = false
  #heads = 0
  #boundaries = 0
  /** Whether a part has begun that was not declared complete. */
  #open = false
  #over = false

  constructor(boundary: string, limits: SettledLimits) {
    this.#limits = limits
    const quoted = boundary.replace(/["\\]/g, "\\$&")
    this.#parser = busboy({ headers: { "content-type": `multipart/form-data; boundary="${quoted}"` } })
    this.#internals = internalsOf(this.#parser)
    const search = this.#internals._bparser
    const found = search._cb
    search._cb = (isMatch, data, start, end, isSafe) => {
      // Within a chunk busboy goes on behind the last boundary, and takes what looks like parts there for parts.
      if (this.#internals._complete) return
      found(isMatch, data, start, end, isSafe)
      if (!isMatch || this.#internals._complete) return
      this.#boundaries++
      // The line break that ends a head is not the one before a boundary, though busboy takes it for both.
      if (this.#headParser !== null) this.#fail(malformed("a part ends within its headers"))
    }
    Object.defineProperty(this.#parser, "_hparser", {
      get: () => this.#headParser,
      set: (parser: HeadParser | null) => (parser === null ? this.#headOver() : this.#headBegins(parser)),
    })
    // More than one error may come for one fault; the first says it.
    this.#parser.on("error", () => this.#fail(malformed("the headers of a part are malformed")))
    this.#parser.on("file", (_name, stream) => {
      stream.push = (data: Uint8Array | null) => {
        if (data !== null) this.#emit({ type: "data", data, moreData: true })
        return true
      }
    })
  }

  receiveData(data: Uint8Array | undefined): void {
    if (this.#failure !== undefined || this.#over) return
    if (data !== undefined) {
      this.#parser.write(data)
      if (!this.#internals._complete) return
      if (this.#open) this.#endPart(this.#heads + 1)
      this.#emit({ type: "epilogue", data: EMPTY })
      this.#over = true
    } else {
      this.#fail(malformed("it ends before its last boundary"))
    }
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
    this.#headParser = parser
    this.#headDone = false
    this.#heads++
    this.#endPart(this.#heads)
    if (this.#heads > this.#limits.maxFormParts) this.#fail(tooLarge("maxFormParts", this.#limits.maxFormParts))
    if (this.#heads > 1) return
    // The same head parser serves all parts.
    const proceed = parser.cb
    parser.cb = (head) => {
      this.#headDone = true
      this.#beginPart(head)
      proceed(ANY_FILE)
    }
  }

  #headOver(): void {
    if (this.#headParser !== null && !this.#headDone && this.#headParser.byteCount >= MOST_HEAD_BYTES) {
      this.#fail(tooLarge("maxPartHeaderSize", this.#limits.maxPartHeaderSize))
    }
    this.#headParser = null
  }

  /** The part is complete, unless boundaries were seen that were none. */
  #endPart(boundaries: number): void {
    if (this.#boundaries !== boundaries) this.#fail(malformed("a line begins like a boundary"))
    if (this.#open) this.#emit({ type: "data", data: EMPTY, moreData: false })
    this.#open = false
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
}

/** The headers of a head. busboy lowers their names; they are spelled here as everybody does. */
function headersOf(head: BusboyHead): PartHeaders {
  const headers: [string, string][] = []
  for (const lower in head) {
    const name = lower.replace(/(?<![^-])[a-z]/g, (letter) => letter.toUpperCase())
    for (const value of head[lower] as string[]) headers.push([name, stripSpace(value)])
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
