// Fields and files to the body of a form, as browsers write it: what a test client or a program sends.
// The multipart encoder turns events into bytes, one by one, so that a file of any size passes through.
// It knows no socket; the sender decides when the next chunk is wanted.

import { concatenate } from "../environ/concatenation.ts"
import { checkFieldName, checkFieldValue } from "../http/fields.ts"
import { guessFileType } from "../http/file-types.ts"
import { dumpQuery, textToByteString } from "../http/urls.ts"
import type { WebBlob } from "../web-platform.ts"
import type { DataEvent, FieldEvent, FileEvent, MultipartEvent, PartHeaders } from "./multipart-events.ts"

/** A file to be sent; a FileStorage is one. */
export interface EncodableFile {
  /** What the other side is told; an empty one says that no file was chosen. */
  readonly filename?: string | undefined
  /** What its name stands for, or else `application/octet-stream`, unless given here or in the headers. */
  readonly contentType?: string | undefined
  /** Headers of the part. A `Content-Disposition` among them is left out, since it is made of name and filename. */
  readonly headers?: Iterable<readonly [name: string, value: string]> | undefined
  /** Bytes, where they are known. */
  readonly size?: number | undefined
  /** The bytes. Called once. */
  stream(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** A name with a text or a file, which may be one of the platform's. Several entries may share a name. */
export type FormEntry = readonly [name: string, value: string | number | bigint | boolean | EncodableFile | WebBlob]

/** A body with the headers that belong to it. */
export interface EncodedForm {
  /** For the `Content-Type` header. */
  readonly contentType: string
  /** Bytes; `undefined` when the size of a file is not known, so that the body has to be sent in chunks. */
  readonly contentLength: number | undefined
  /** The bytes, to be iterated once. */
  readonly body: AsyncIterable<Uint8Array>
}

const encoder = new TextEncoder()
const EMPTY: Uint8Array = new Uint8Array(0)

/**
 * The entries as a browser would send them: urlencoded if all of them are text, else multipart. Numbers and the like are text.
 *
 * @throws TypeError for a value that is neither text nor a file
 * @example
 * encodeForm([["a", "1"]]).contentType // => "application/x-www-form-urlencoded"
 */
export function encodeForm(entries: Iterable<FormEntry>): EncodedForm {
  const list = Array.from(entries, settled)
  return list.every(isField) ? encodeUrlencoded(list) : encodeMultipart(list)
}

type SettledEntry = readonly [name: string, value: string | EncodableFile]

function isField(entry: SettledEntry): entry is readonly [string, string] {
  return typeof entry[1] === "string"
}

/** The entry with a text or a file that can be encoded. */
function settled([name, value]: FormEntry): SettledEntry {
  if (typeof value === "string") return [name, value]
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return [name, String(value)]
  if (value instanceof Blob) return [name, fileOf(value)]
  if (typeof value?.stream === "function") return [name, value]
  throw new TypeError(`The field ${JSON.stringify(name)} is neither text nor a file: ${String(value)}`)
}

/** A Blob without a name has the one that FormData would give it. */
function fileOf(blob: Blob & { readonly name?: unknown }): EncodableFile {
  const filename = typeof blob.name === "string" ? blob.name : "blob"
  return { filename, contentType: blob.type, size: blob.size, stream: () => blob.stream() }
}

/**
 * Fields as an urlencoded body, in UTF-8.
 *
 * @example
 * encodeUrlencoded([["a b", "é"], ["c", ""]]).contentLength // => 13
 */
export function encodeUrlencoded(fields: Iterable<readonly [name: string, value: string]>): EncodedForm {
  const bytes = encoder.encode(dumpQuery(fields))
  return {
    contentType: "application/x-www-form-urlencoded",
    contentLength: bytes.length,
    body: (async function* () {
      if (bytes.length > 0) yield bytes
    })(),
  }
}

/**
 * Fields and files as a multipart body (RFC 7578). Texts are UTF-8, line ends stay as they are.
 *
 * @param options.boundary one that the data does not hold; a random one unless given
 * @param options.preamble text before the first boundary, which parsers skip; an empty one is a line break
 * @throws RangeError when the boundary cannot be one; TypeError for a value that is neither text nor a file
 * @example
 * encodeMultipart([["a", "1"]], { boundary: "b" }).contentType // => "multipart/form-data; boundary=b"
 * encodeMultipart([["a", "1"]], { boundary: "b" }).contentLength // => 59
 */
export function encodeMultipart(
  entries: Iterable<FormEntry>,
  options: { boundary?: string; preamble?: string } = {},
): EncodedForm {
  const { boundary = chooseBoundary(), preamble } = options
  const list = Array.from(entries, settled)
  // Everything but the files is made now, so that its length is known; the bytes of files are only passed on.
  const multipart = new MultipartEncoder(boundary)
  const pieces: (Uint8Array | EncodableFile)[] = []
  let contentLength: number | undefined = 0
  if (preamble !== undefined) pieces.push(multipart.sendEvent({ type: "preamble", data: encoder.encode(preamble) }))
  for (const [name, value] of list) {
    if (typeof value === "string") {
      pieces.push(multipart.sendEvent({ type: "field", name, headers: [] }))
      pieces.push(multipart.sendEvent({ type: "data", data: encoder.encode(value), moreData: false }))
    } else {
      pieces.push(
        multipart.sendEvent({ type: "file", name, filename: value.filename ?? "", headers: headersOf(value) }),
      )
      pieces.push(value)
      multipart.sendEvent({ type: "data", data: EMPTY, moreData: false })
    }
  }
  pieces.push(multipart.sendEvent({ type: "epilogue", data: encoder.encode("\r\n") }))
  for (const piece of pieces) {
    const size: number | undefined = piece instanceof Uint8Array ? piece.length : piece.size
    contentLength = contentLength === undefined || size === undefined ? undefined : contentLength + size
  }
  return { contentType: contentTypeOf(boundary), contentLength, body: chunksOf(pieces) }
}

async function* chunksOf(pieces: Iterable<Uint8Array | EncodableFile>): AsyncGenerator<Uint8Array, void, void> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) {
      if (piece.length > 0) yield piece
    } else {
      yield* piece.stream()
    }
  }
}

function headersOf(file: EncodableFile): PartHeaders {
  const headers = [...(file.headers ?? [])]
  if (headers.some(([name]) => name.toLowerCase() === "content-type")) return headers
  return [["Content-Type", file.contentType || guessFileType(file.filename ?? "").mimetype], ...headers]
}

// RFC 2046 section 5.1.1
//   boundary      = 0*69<bchars> bcharsnospace
//   bcharsnospace = DIGIT / ALPHA / "'" / "(" / ")" / "+" / "_" / "," / "-" / "." / "/" / ":" / "=" / "?"
const BOUNDARY = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/
const TOKEN_BOUNDARY = /^[\w'+\-.]+$/

function contentTypeOf(boundary: string): string {
  return `multipart/form-data; boundary=${TOKEN_BOUNDARY.test(boundary) ? boundary : `"${boundary}"`}`
}

/** A boundary that no data holds but by an accident of 1 in 2^128. */
export function chooseBoundary(): string {
  const random = crypto.getRandomValues(new Uint8Array(16))
  return `----FormBoundary${Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("")}`
}

/**
 * Writes a multipart body event by event: perhaps a preamble; each part as a field or file and its data; the epilogue.
 *
 * @example
 * const encoder = new MultipartEncoder("b")
 * new TextDecoder().decode(encoder.sendEvent({ type: "field", name: 'a"', headers: [] })) // => '--b\r\nContent-Disposition: form-data; name="a%22"\r\n\r\n'
 * new MultipartEncoder("b").sendEvent({ type: "data", data: new Uint8Array(0), moreData: false }) // throws TypeError
 * new MultipartEncoder("b\r\n") // throws RangeError
 */
export class MultipartEncoder {
  /** The boundary, 1 to 70 characters. */
  readonly boundary: string
  #state: "start" | "between" | "part" | "over" = "start"
  #delimiter: string

  constructor(boundary: string) {
    if (!BOUNDARY.test(boundary)) throw new RangeError(`Not a boundary: ${JSON.stringify(boundary)}`)
    this.boundary = boundary
    this.#delimiter = `--${boundary}`
  }

  /**
   * The bytes of an event.
   *
   * @throws TypeError when it may not come now, or when a header of a part is malformed
   */
  sendEvent(event: MultipartEvent): Uint8Array {
    switch (event.type) {
      case "preamble":
        if (this.#state !== "start") throw this.#misplaced(event)
        // The line break before a boundary belongs to it; one that the preamble ends with will do.
        this.#delimiter = `${event.data.at(-1) === 10 ? "" : "\r\n"}--${this.boundary}`
        return event.data
      case "field":
      case "file": {
        if (this.#state === "part" || this.#state === "over") throw this.#misplaced(event)
        const bytes = concatenate([encoder.encode(`${this.#delimiter}\r\n`), headOf(event)])
        this.#state = "part"
        this.#delimiter = `\r\n--${this.boundary}`
        return bytes
      }
      case "data":
        return this.#data(event)
      case "epilogue": {
        if (this.#state === "over") return event.data
        if (this.#state === "part") throw this.#misplaced(event)
        this.#state = "over"
        return concatenate([encoder.encode(`${this.#delimiter}--`), event.data])
      }
    }
  }

  #data(event: DataEvent): Uint8Array {
    if (this.#state !== "part") throw this.#misplaced(event)
    if (!event.moreData) this.#state = "between"
    return event.data
  }

  #misplaced(event: MultipartEvent): TypeError {
    const place = { start: "at the start", between: "between parts", part: "within a part", over: "at the end" }
    return new TypeError(`A ${event.type} event cannot come ${place[this.#state]}`)
  }
}

function headOf(part: FieldEvent | FileEvent): Uint8Array {
  let disposition = `form-data; name="${escapeName(part.name)}"`
  if (part.type === "file") disposition += `; filename="${escapeName(part.filename)}"`
  let head = `Content-Disposition: ${textToByteString(disposition)}\r\n`
  for (const [name, value] of part.headers) {
    if (name.toLowerCase() !== "content-disposition") head += `${checkFieldName(name)}: ${checkFieldValue(value)}\r\n`
  }
  return Uint8Array.from(`${head}\r\n`, (character) => character.charCodeAt(0))
}

// HTML, "multipart form data": only these three are escaped. A percent sign is not, so that a name which holds one of the
// escapes literally cannot be told from what it escapes; nor is a backslash, which readers of such a head keep.
const ESCAPES: Record<string, string> = { '"': "%22", "\r": "%0D", "\n": "%0A" }

function escapeName(name: string): string {
  return name.replace(/["\r\n]/g, (character) => ESCAPES[character] as string)
}
