// The records of FastCGI (https://fastcgi-archives.github.io/FastCGI_Specification.html): taken apart in pieces of any size as
// they come, and written. It knows no request; what a record means is up to connection.ts.

export const BEGIN_REQUEST = 1
export const ABORT_REQUEST = 2
export const END_REQUEST = 3
export const PARAMS = 4
export const STDIN = 5
export const STDOUT = 6
export const STDERR = 7
export const DATA = 8
export const GET_VALUES = 9
export const GET_VALUES_RESULT = 10
export const UNKNOWN_TYPE = 11

const VERSION = 1
/** Bytes before the content of a record. */
export const HEADER_BYTES = 8
/** The most bytes that one record holds. */
const MOST = 65_535

/**
 * Takes a record: its type, the number of its request, and its content. That of a stream comes in pieces as they arrive, and
 * empty at the end of the stream; that of all others as a whole. True: nothing more is wanted of this connection.
 */
export type RecordListener = (type: number, id: number, content: Buffer) => boolean

/** Whether the content of a record belongs to a stream, which an empty record ends. */
function isStream(type: number): boolean {
  return type === PARAMS || type === STDIN || type === DATA
}

/** Takes records apart. */
export class RecordReader {
  readonly #listener: RecordListener
  readonly #header: Buffer = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  #type = 0
  #id = 0
  /** Bytes of the content, and of the padding, that have not come yet. */
  #contentLeft = 0
  #paddingLeft = 0
  /** The content so far, where it is wanted as a whole. */
  #pieces: Buffer[] = []

  constructor(listener: RecordListener) {
    this.#listener = listener
  }

  /** Whether a record is incomplete. */
  get isInside(): boolean {
    return this.#headerBytes > 0
  }

  /** Takes bytes as they came; gives a sentence when they are no records. */
  push(chunk: Buffer): string | undefined {
    let at = 0
    while (at < chunk.length) {
      if (this.#headerBytes < HEADER_BYTES) {
        const taken = chunk.copy(this.#header, this.#headerBytes, at, at + HEADER_BYTES - this.#headerBytes)
        this.#headerBytes += taken
        at += taken
        if (this.#headerBytes < HEADER_BYTES) return undefined
        if (this.#header[0] !== VERSION) return `the version of a record is ${this.#header[0]}, not ${VERSION}`
        this.#type = this.#header[1] as number
        this.#id = this.#header.readUInt16BE(2)
        this.#contentLeft = this.#header.readUInt16BE(4)
        this.#paddingLeft = this.#header[6] as number
        if (this.#contentLeft === 0 && this.#listener(this.#type, this.#id, chunk.subarray(0, 0))) return undefined
      }
      if (this.#contentLeft > 0) {
        const piece = chunk.subarray(at, at + this.#contentLeft)
        at += piece.length
        this.#contentLeft -= piece.length
        if (piece.length > 0 && this.#take(piece)) return undefined
        if (this.#contentLeft > 0) return undefined
      }
      const skipped = Math.min(this.#paddingLeft, chunk.length - at)
      at += skipped
      this.#paddingLeft -= skipped
      if (this.#paddingLeft === 0) this.#headerBytes = 0
    }
    return undefined
  }

  #take(piece: Buffer): boolean {
    if (isStream(this.#type)) return this.#listener(this.#type, this.#id, piece)
    this.#pieces.push(piece)
    if (this.#contentLeft > 0) return false
    const content = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces)
    this.#pieces = []
    return this.#listener(this.#type, this.#id, content)
  }
}

/**
 * The names and values in turn, Latin-1; `undefined` when a length goes beyond the end.
 *
 * @example
 * pairsOf(Buffer.from("\x01\x02abc", "latin1")) // => ["a", "bc"]
 * pairsOf(Buffer.from("\x01\x03abc", "latin1")) // => undefined
 */
export function pairsOf(content: Buffer): string[] | undefined {
  // One call for the text, of which each name and value is a part.
  const text = content.toString("latin1")
  const pairs: string[] = []
  let at = 0
  while (at < content.length) {
    const nameBytes = lengthAt(content, at)
    at += widthAt(content, at)
    const valueBytes = lengthAt(content, at)
    at += widthAt(content, at)
    const middle = at + nameBytes
    const end = middle + valueBytes
    if (Number.isNaN(end) || end > content.length) return undefined
    pairs.push(text.slice(at, middle), text.slice(middle, end))
    at = end
  }
  return pairs
}

/** A length, of one byte or four, the first of which tells; NaN where bytes of it are missing. */
function lengthAt(content: Buffer, at: number): number {
  const width = widthAt(content, at)
  if (at + width > content.length) return Number.NaN
  return width === 1 ? (content[at] as number) : content.readUInt32BE(at) & 0x7fffffff
}

function widthAt(content: Buffer, at: number): number {
  return (content[at] ?? 0) < 0x80 ? 1 : 4
}

/** Names and values as the content of a record. */
export function pairBytes(pairs: readonly string[]): Buffer {
  const pieces: Buffer[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    const name = Buffer.from(pairs[i] as string, "latin1")
    const value = Buffer.from(pairs[i + 1] as string, "latin1")
    pieces.push(lengthBytes(name.length), lengthBytes(value.length), name, value)
  }
  return Buffer.concat(pieces)
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE((length | 0x80000000) >>> 0)
  return bytes
}

/** Writes the header of a record at `at`; gives where the content begins. */
export function writeHeader(buffer: Buffer, at: number, type: number, id: number, length: number): number {
  buffer[at] = VERSION
  buffer[at + 1] = type
  buffer.writeUInt16BE(id, at + 2)
  buffer.writeUInt16BE(length, at + 4)
  buffer[at + 6] = 0
  buffer[at + 7] = 0
  return at + HEADER_BYTES
}

/** One record. */
export function record(type: number, id: number, content: Uint8Array = NOTHING): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + content.length)
  buffer.set(content, writeHeader(buffer, 0, type, id, content.length))
  return buffer
}

const NOTHING = new Uint8Array(0)

/** The content of a stream as headers and contents in turn, to be written one after the other. */
export function streamParts(type: number, id: number, content: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at < content.length; at += MOST) {
    const piece = content.subarray(at, at + MOST)
    const header = Buffer.allocUnsafe(HEADER_BYTES)
    writeHeader(header, 0, type, id, piece.length)
    parts.push(header, piece)
  }
  return parts
}

/** How a request ends, as the protocol sees it. */
export const REQUEST_COMPLETE = 0
export const CANT_MPX_CONN = 1
export const UNKNOWN_ROLE = 3

/** The bytes of an END_REQUEST record, with the end of STDOUT before it. */
export const END_BYTES: number = HEADER_BYTES + HEADER_BYTES + 8

/** Writes the end of STDOUT and of the request at `at`. */
export function writeEnd(buffer: Buffer, at: number, id: number): void {
  const end = writeHeader(buffer, at, STDOUT, id, 0)
  buffer.fill(0, writeHeader(buffer, end, END_REQUEST, id, 8), at + END_BYTES)
}

/** An END_REQUEST record. */
export function endRecord(id: number, protocolStatus: number): Buffer {
  return record(END_REQUEST, id, Uint8Array.of(0, 0, 0, 0, protocolStatus, 0, 0, 0))
}
