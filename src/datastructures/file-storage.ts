/// <reference lib="esnext.disposable" preserve="true" />
// An uploaded file: its bytes, and what the client says about it. The content that is given in knows where the bytes are (in
// memory, in a file on disk); this layer knows no disk.
// What the client says is never trusted: nothing here makes a path of a file name.

import { parseOptionsHeader } from "../http/fields.ts"
import { parseCount } from "../http/numbers.ts"
import { asciiLower } from "../http/tokens.ts"
import type { WebBlob, WebURL, WebWritableStream } from "../web-platform.ts"
import { Headers, type HeadersInit } from "./headers.ts"
import { inspectAs, setInspection } from "./inspection.ts"

/** Where the bytes of a file are. */
export interface FileContent {
  /** Bytes; `undefined` when it is not known before the end. */
  readonly size: number | undefined
  /** The bytes from the start, in pieces. */
  stream(): AsyncIterable<Uint8Array>
  /** All bytes. */
  bytes(): Promise<Uint8Array>
  /** Gives back what the content holds: memory, a temporary file. May be called again. */
  close(): Promise<void>
  /** Puts the bytes into a file at this path. Left out where the runtime has no files. */
  saveTo?(path: string | WebURL): Promise<void>
}

/** What a FileStorage can be made of: a content, a Blob or File, bytes, or a stream that can be read once. */
export type FileStorageSource = FileContent | WebBlob | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Where a file can be saved: a path, or something open, which stays open. */
export type SaveTarget =
  | string
  | WebURL
  | WebWritableStream
  /** As an open file of `node:fs/promises`. */
  | { writeFile(bytes: Uint8Array): Promise<void> }
  /** As a Writable of `node:stream`. */
  | { write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown }

/** What the client says about a file. */
export interface FileStorageOptions {
  /** The name of the file; that of a File unless given. */
  filename?: string | null | undefined
  /** The name of the form field. */
  name?: string | null | undefined
  /** Written to the headers; that of a Blob unless given here or in the headers. */
  contentType?: string | null | undefined
  /** Bytes; written to the headers. */
  contentLength?: number | null | undefined
  /** The headers of the part. */
  headers?: HeadersInit | null | undefined
}

/**
 * An uploaded file.
 *
 * @example
 * const file = new FileStorage(new TextEncoder().encode("hello"), { filename: "a.txt", contentType: "text/plain" })
 * file.filename // => "a.txt"
 * file.size // => 5
 * await file.text() // => "hello"
 */
export class FileStorage implements AsyncIterable<Uint8Array> {
  readonly #content: FileContent
  #reader: AsyncIterator<Uint8Array> | undefined
  #rest: Uint8Array = new Uint8Array(0)
  /** The name of the form field. */
  name: string | undefined
  /**
   * The name of the file on the client. It is text from the client, to be shown but never to be used as a path. Empty when the
   * field was left empty.
   */
  filename: string | undefined
  /** The headers of the part. */
  readonly headers: Headers

  constructor(source?: FileStorageSource | null, options: FileStorageOptions = {}) {
    this.#content = contentOf(source ?? new Uint8Array(0))
    this.name = options.name ?? undefined
    this.filename = options.filename ?? filenameOf(source)
    this.headers = new Headers(options.headers)
    const told = source instanceof Blob && !this.headers.has("Content-Type") ? source.type : ""
    const contentType = options.contentType ?? told
    if (contentType !== "") this.headers.set("Content-Type", contentType)
    if (options.contentLength !== undefined && options.contentLength !== null) {
      this.headers.set("Content-Length", options.contentLength)
    }
  }

  /** The number of bytes; `undefined` while that is not known. */
  get size(): number | undefined {
    return this.#content.size
  }

  /** The `Content-Type` of the part, as the client sent it. */
  get contentType(): string | undefined {
    return this.headers.get("Content-Type")
  }

  /** The `Content-Length` that the client claims, 0 when it is missing or malformed; `size` is the truth. */
  get contentLength(): number {
    return this.headers.get("Content-Length", { type: parseCount, default: 0 })
  }

  /**
   * The media type in lower case, without parameters; empty when there is none.
   *
   * @example
   * new FileStorage(null, { contentType: "Text/HTML; charset=UTF-8" }).mimetype // => "text/html"
   */
  get mimetype(): string {
    return asciiLower(parseOptionsHeader(this.contentType)[0])
  }

  /** The parameters of the media type, names in lower case. */
  get mimetypeParams(): ReadonlyMap<string, string> {
    return parseOptionsHeader(this.contentType)[1]
  }

  /** Whether the user has chosen a file: a form sends an empty one with an empty name otherwise. */
  get hasFile(): boolean {
    return this.filename !== undefined && this.filename !== ""
  }

  /** The bytes from the start, in pieces. */
  stream(): AsyncIterable<Uint8Array> {
    return this.#content.stream()
  }

  /**
   * The bytes from the start, in pieces, as iterating over a stream of the web or of Node gives them. For lines of text see
   * `lines`.
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.stream()[Symbol.asyncIterator]()
  }

  /** All bytes. */
  bytes(): Promise<Uint8Array> {
    return this.#content.bytes()
  }

  /** All bytes, in a buffer of their own. */
  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(await this.bytes()).buffer
  }

  /** All bytes as text, in the charset that the media type names or else UTF-8; what is malformed becomes U+FFFD. */
  async text(): Promise<string> {
    return decoderFor(this.mimetypeParams.get("charset")).decode(await this.bytes())
  }

  /**
   * The lines from the start, as text in the charset that `text` takes, without the line feed at their end and the carriage
   * return before it. What stands behind the last line feed is a line unless it is empty. A line is in memory as a whole.
   *
   * @example
   * const lines = new FileStorage(new TextEncoder().encode("name,age\r\nAda,36\n")).lines()
   * (await lines.next()).value // => "name,age"
   */
  async *lines(): AsyncGenerator<string, void, void> {
    const decoder = decoderFor(this.mimetypeParams.get("charset"))
    // A line may come in many pieces; they are joined once.
    let pieces: string[] = []
    for await (const chunk of this.stream()) {
      const text = decoder.decode(chunk, { stream: true })
      let start = 0
      for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
        yield lineOf(pieces, text.slice(start, end))
        pieces = []
        start = end + 1
      }
      if (start < text.length) pieces.push(text.slice(start))
    }
    const rest = pieces.join("") + decoder.decode()
    if (rest !== "") yield rest
  }

  /**
   * The next bytes, at most `size`; all that are left when it is not given; empty at the end. A file read this way can
   * be given to `wsgi.file_wrapper`.
   */
  async read(size: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    this.#reader ??= this.stream()[Symbol.asyncIterator]()
    const chunks: Uint8Array[] = []
    let missing = size
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#reader.next()
        if (done) break
        this.#rest = value
      }
      const chunk = this.#rest.subarray(0, missing)
      this.#rest = this.#rest.subarray(chunk.length)
      missing -= chunk.length
      chunks.push(chunk)
    }
    return joined(chunks)
  }

  /**
   * Puts the bytes into a file at a path of your choice, or into something open. An existing file is replaced. The name
   * that the client gave plays no part in it; see `secureFilename` before you use that.
   *
   * @throws TypeError for a path, when the content cannot be put into files
   */
  async save(target: SaveTarget): Promise<void> {
    if (typeof target === "string" || target instanceof URL) {
      if (this.#content.saveTo === undefined) throw new TypeError(`This file cannot be saved to a path: ${target}`)
      return this.#content.saveTo(target)
    }
    if ("getWriter" in target) {
      const writer = target.getWriter()
      try {
        for await (const chunk of this.stream()) await writer.write(chunk)
      } finally {
        writer.releaseLock()
      }
    } else if ("writeFile" in target) {
      for await (const chunk of this.stream()) await target.writeFile(chunk)
    } else {
      for await (const chunk of this.stream()) {
        await new Promise<void>((resolve, reject) => {
          target.write(chunk, (error) => (error ? reject(error) : resolve()))
        })
      }
    }
  }

  /** Gives back what the file holds. Errors are ignored. */
  async close(): Promise<void> {
    try {
      if (this.#reader !== undefined) await this.#reader.return?.()
    } catch {}
    try {
      await this.#content.close()
    } catch {}
  }

  /** The same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** How it looks in a console. */
  static {
    setInspection(FileStorage.prototype, function (_depth, options, inspect) {
      const { name, filename, contentType, size } = this
      return inspectAs(this, { name, filename, contentType, size }, options, inspect)
    })
  }
}

function lineOf(pieces: readonly string[], end: string): string {
  const line = pieces.length === 0 ? end : pieces.join("") + end
  return line.endsWith("\r") ? line.slice(0, -1) : line
}

function decoderFor(charset: string | undefined): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}

/** Names like `<stdin>` are no names of files. */
function filenameOf(source: FileStorageSource | null | undefined): string | undefined {
  const name = typeof source === "object" && source !== null && "name" in source ? source.name : undefined
  if (typeof name !== "string" || (name.startsWith("<") && name.endsWith(">"))) return undefined
  return name
}

function contentOf(source: FileStorageSource): FileContent {
  if (source instanceof Blob) return blobContent(source)
  if (source instanceof Uint8Array) return bytesContent(source)
  return "bytes" in source ? source : streamContent(source)
}

function blobContent(blob: Blob): FileContent {
  return {
    size: blob.size,
    stream: () => blob.stream(),
    bytes: async () => new Uint8Array(await blob.arrayBuffer()),
    close: async () => {},
  }
}

function bytesContent(bytes: Uint8Array): FileContent {
  return {
    size: bytes.length,
    stream: async function* () {
      if (bytes.length > 0) yield bytes
    },
    bytes: async () => bytes,
    close: async () => {},
  }
}

/** A stream gives its bytes once. After a call that reads all of them, they can be read again. */
function streamContent(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): FileContent {
  let used = false
  let kept: Promise<Uint8Array> | undefined
  const chunks = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    if (used) throw new TypeError("The stream of this file was read before")
    used = true
    yield* source
  }
  const collect = async () => {
    const all: Uint8Array[] = []
    for await (const chunk of chunks()) all.push(chunk)
    return joined(all)
  }
  return {
    size: undefined,
    stream: async function* () {
      if (kept === undefined) yield* chunks()
      else yield await kept
    },
    bytes: () => {
      kept ??= collect()
      return kept
    },
    close: async () => {},
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array
  const result = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let offset = 0
  for (const chunk of chunks) {
    result.set(chunk, offset)
    offset += chunk.length
  }
  return result
}
