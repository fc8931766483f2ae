// Where a request body ends: by its length, or by chunks (RFC 9112 sections 6 and 7.1). It takes bytes in the pieces in
// which they come, looks at each once, and keeps no bytes. It knows no socket. A fault is thrown: nothing can be read behind it.

import { isToken } from "../../http/tokens.ts"

/** What stands on the wire is no body. */
export class FramingFault extends Error {
  /** Status line to answer with. */
  readonly status: string
  constructor(status: string) {
    super(status)
    this.status = status
  }
}

/** Takes a body out of the bytes of a connection. */
export interface BodyFraming {
  /** Nothing more belongs to the body. */
  readonly isComplete: boolean
  /** How many bytes of the body have not come; undefined when only its end will tell. */
  readonly left: number | undefined
  /** Up to where the last call has used its bytes. */
  readonly at: number
  /**
   * The next piece of the body in `bytes`, from `start` on; undefined when there is none in it. The bytes are its own from then on.
   *
   * @throws FramingFault
   */
  take(bytes: Buffer, start: number): Buffer | undefined
}

/** A body of a known length. */
export class LengthFraming implements BodyFraming {
  left: number
  at = 0

  constructor(length: number) {
    this.left = length
  }

  get isComplete(): boolean {
    return this.left === 0
  }

  take(bytes: Buffer, start: number): Buffer | undefined {
    const size = Math.min(this.left, bytes.length - start)
    this.left -= size
    this.at = start + size
    if (size === 0) return undefined
    return size === bytes.length ? bytes : bytes.subarray(start, this.at)
  }
}

/** Extensions of chunks may have so many bytes in sum; clients do not use them. */
const MAX_EXTENSION_BYTES = 16 * 1024
/** Digits of a chunk's size: enough for every number that is exact. */
const MAX_SIZE_DIGITS = 13

const FRAMING_FIELDS = new Set(["content-length", "transfer-encoding"])

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b

type ChunkState = "size" | "extension" | "size-lf" | "data" | "data-cr" | "data-lf" | "trailer" | "trailer-lf" | "done"

/** A body in chunks. Trailers are read to their end and thrown away. */
export class ChunkedFraming implements BodyFraming {
  readonly left = undefined
  at = 0
  readonly #maxTrailerBytes: number
  #state: ChunkState = "size"
  /** Of the chunk's size so far; then what of the chunk has not come. */
  #size = 0
  #digits = 0
  #extensionBytes = 0
  #trailerBytes = 0
  /** The line of the trailers so far. */
  #line = ""

  constructor(maxTrailerBytes: number) {
    this.#maxTrailerBytes = maxTrailerBytes
  }

  get isComplete(): boolean {
    return this.#state === "done"
  }

  // What the chunks in these bytes hold is moved together in place: a body in very short chunks makes no more pieces than came.
  take(bytes: Buffer, start: number): Buffer | undefined {
    let at = start
    let from = -1
    let to = -1
    while (at < bytes.length && this.#state !== "done") {
      if (this.#state !== "data") {
        this.#step(bytes[at++] as number)
        continue
      }
      const end = Math.min(bytes.length, at + this.#size)
      this.#size -= end - at
      if (this.#size === 0) this.#state = "data-cr"
      if (from === -1) from = to = at
      else bytes.copyWithin(to, at, end)
      to += end - at
      at = end
    }
    this.at = at
    return from === -1 ? undefined : bytes.subarray(from, to)
  }

  #step(byte: number): void {
    switch (this.#state) {
      case "size":
        this.#stepSize(byte)
        break
      case "extension":
        if (byte === CR) this.#state = "size-lf"
        else if (!isText(byte)) throw new FramingFault("400 Bad Request")
        else if (++this.#extensionBytes > MAX_EXTENSION_BYTES) throw new FramingFault("413 Content Too Large")
        break
      case "size-lf":
        expect(byte, LF)
        this.#state = this.#size === 0 ? "trailer" : "data"
        break
      case "data-cr":
        expect(byte, CR)
        this.#state = "data-lf"
        break
      case "data-lf":
        expect(byte, LF)
        this.#state = "size"
        this.#digits = 0
        break
      case "trailer":
        this.#stepTrailer(byte)
        break
      case "trailer-lf":
        expect(byte, LF)
        this.#state = this.#line === "" ? "done" : "trailer"
        if (this.#line !== "") checkTrailer(this.#line)
        this.#line = ""
        break
    }
  }

  #stepSize(byte: number): void {
    const digit = hexDigit(byte)
    if (digit !== -1) {
      if (++this.#digits > MAX_SIZE_DIGITS) throw new FramingFault("400 Bad Request")
      this.#size = this.#size * 16 + digit
    } else if (this.#digits === 0) throw new FramingFault("400 Bad Request")
    else if (byte === CR) this.#state = "size-lf"
    else if (byte === SEMICOLON) this.#state = "extension"
    else throw new FramingFault("400 Bad Request")
  }

  #stepTrailer(byte: number): void {
    if (byte === CR) {
      this.#state = "trailer-lf"
      return
    }
    if (!isText(byte)) throw new FramingFault("400 Bad Request")
    this.#line += String.fromCharCode(byte)
    if (++this.#trailerBytes > this.#maxTrailerBytes) throw new FramingFault("431 Request Header Fields Too Large")
  }
}

/** A trailer is a field, and must not say how the body is framed (RFC 9110 section 6.5.1). */
function checkTrailer(line: string): void {
  const name = line.slice(0, line.indexOf(":"))
  if (!line.includes(":") || !isToken(name) || FRAMING_FIELDS.has(name.toLowerCase())) {
    throw new FramingFault("400 Bad Request")
  }
}

function expect(byte: number, wanted: number): void {
  if (byte !== wanted) throw new FramingFault("400 Bad Request")
}

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte !== 0x7f) || byte === 0x09
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lowered = byte | 0x20
  return lowered >= 0x61 && lowered <= 0x66 ? lowered - 0x57 : -1
}
