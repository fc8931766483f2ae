// The parts of a multipart body one after the other, each with its bytes as they come. Nothing is read before it is asked for, so
// a slow reader slows the client down and fills no memory. What a form adds up to is counted here.

import { Headers } from "../datastructures/headers.ts"
import { GatheredChunks } from "../environ/concatenation.ts"
import { HandledIterator, handled } from "../environ/handled.ts"
import type { InputStream } from "../gateway.ts"
import { type SettledLimits, tooLarge } from "./limits.ts"
import type { EventDecoder } from "./multipart.ts"
import type { DataEvent, FieldEvent, FileEvent, MultipartEvent } from "./multipart-events.ts"
import { decodeField, getHeader } from "./part-head.ts"

/** At hand, or to be waited for. */
type MaybeLater<T> = T | Promise<T>

/**
 * A part of a multipart form while it comes in. Its bytes can be read once, and only until the next part is asked for;
 * what was not read is skipped then.
 */
export class FormPart implements AsyncIterable<Uint8Array> {
  readonly #reader: PartReader
  readonly #event: FieldEvent | FileEvent
  #headers: Headers | undefined = undefined
  #over = false

  /** Made by `request.parts()` and `FormDataParser.parts()`. */
  constructor(reader: PartReader, event: FieldEvent | FileEvent) {
    this.#reader = reader
    this.#event = event
  }

  /** The name of the field, decoded; may be empty. */
  get name(): string {
    return this.#event.name
  }

  /** What the client calls the file, which is no path here; `undefined` for a field that is text. */
  get filename(): string | undefined {
    return this.#event.type === "file" ? this.#event.filename : undefined
  }

  /** The `Content-Type` of the part. It is what the client says, and often missing. */
  get contentType(): string | undefined {
    return getHeader(this.#event.headers, "content-type")
  }

  /** The headers of the part. */
  get headers(): Headers {
    this.#headers ??= new Headers(this.#event.headers)
    return this.#headers
  }

  /** Bytes of files that were received so far, over all parts of the form: a store may refuse more by it. */
  get receivedFileBytes(): number {
    return this.#reader.fileBytes
  }

  /**
   * The bytes as they come.
   *
   * @throws TypeError when the next part was asked for before the end
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    return new HandledIterator(() => this.#step())
  }

  #step(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (this.#over) return Promise.resolve({ done: true, value: undefined })
      let event: MaybeLater<DataEvent>
      try {
        event = this.#reader.dataOf(this)
      } catch (error) {
        return Promise.reject(error)
      }
      if (event instanceof Promise) return event.then((late) => this.#stepOf(late) ?? this.#step())
      const step = this.#stepOf(event)
      if (step !== undefined) return Promise.resolve(step)
    }
  }

  /** Undefined for an event without bytes. */
  #stepOf(event: DataEvent): IteratorResult<Uint8Array, undefined> | undefined {
    this.#take(event)
    return event.data.length > 0 ? { done: false, value: event.data } : undefined
  }

  #take(event: DataEvent): void {
    if (event.moreData) return
    this.#over = true
    this.#reader.close(this)
  }

  /** The bytes in one piece. Those of a file are limited by `maxFileSize` and `maxContentLength` only. */
  bytes(): Promise<Uint8Array> {
    return handled(this.#bytes())
  }

  async #bytes(): Promise<Uint8Array> {
    const chunks = new GatheredChunks()
    while (!this.#over) {
      const next = this.#reader.dataOf(this)
      const event = next instanceof Promise ? await next : next
      this.#take(event)
      chunks.push(event.data)
    }
    return chunks.whole()
  }

  /** The bytes as text, decoded as the fields of a form are. */
  text(): Promise<string> {
    return handled(this.bytes().then((bytes) => decodeField(bytes, this.#event.headers)))
  }
}

/** Reads a multipart body part by part. */
export class PartReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #decoder: EventDecoder
  readonly #limits: SettledLimits
  #ended = false
  #failure: { reason: unknown } | undefined = undefined
  /** The part that is being read, if it was opened; and what began it. */
  #part: FormPart | undefined = undefined
  #current: FieldEvent | FileEvent | undefined = undefined
  /** Bytes of the body so far. */
  #bytes = 0
  /** Bytes of all texts so far. */
  #fieldBytes = 0
  /** Bytes of the file that is being read. */
  #fileBytes = 0
  #files = 0
  /** Bytes of files so far. */
  fileBytes = 0

  constructor(input: InputStream, decoder: EventDecoder, limits: SettledLimits) {
    this.#chunks = input[Symbol.asyncIterator]()
    this.#decoder = decoder
    this.#limits = limits
  }

  /** The next event, at once if it is at hand; `undefined` behind the last one. Counts what it gives. */
  nextEvent(): MaybeLater<MultipartEvent | undefined> {
    const event = this.#decoded()
    return event === undefined && !this.#ended ? this.#pull() : event
  }

  /** The next part; what is left of the one before is read and forgotten. */
  async nextPart(): Promise<FormPart | undefined> {
    if (this.#part !== undefined) await this.skip()
    for (;;) {
      const next = this.nextEvent()
      const event = next instanceof Promise ? await next : next
      if (event === undefined) return undefined
      if (event.type === "field" || event.type === "file") return this.open(event)
    }
  }

  /** The part that has begun with that event. */
  open(event: FieldEvent | FileEvent): FormPart {
    this.#part = new FormPart(this, event)
    return this.#part
  }

  /** Reads the part that was opened to its end. */
  async skip(): Promise<void> {
    while (this.#part !== undefined) {
      const next = this.dataOf(this.#part)
      const { moreData } = next instanceof Promise ? await next : next
      if (!moreData) this.#part = undefined
    }
  }

  /** More of that part, which tells when it is over. Within a part there is nothing but data. */
  dataOf(part: FormPart): MaybeLater<DataEvent> {
    if (this.#failure !== undefined) throw this.#failure.reason
    if (this.#part !== part) throw new TypeError("The next part was asked for before the end of this one")
    return this.nextEvent() as MaybeLater<DataEvent>
  }

  /** That part is over. */
  close(part: FormPart): void {
    if (this.#part === part) this.#part = undefined
  }

  #pull(): Promise<MultipartEvent | undefined> {
    return this.#chunks.next().then(this.#onChunk, this.#onFailure)
  }

  readonly #onChunk = (step: IteratorResult<Uint8Array>): MaybeLater<MultipartEvent | undefined> => {
    try {
      this.#ended = step.done === true
      if (!step.done) this.#countBytes(step.value.length)
      const received = this.#decoder.receiveData(step.done ? undefined : step.value)
      return received === undefined ? this.#onReceived() : received.then(this.#onReceived, this.#onFailure)
    } catch (reason) {
      return this.#onFailure(reason)
    }
  }

  readonly #onReceived = (): MaybeLater<MultipartEvent | undefined> => {
    const event = this.#decoded()
    return event !== undefined || this.#ended ? event : this.#pull()
  }

  readonly #onFailure = (reason: unknown): never => {
    this.#failure ??= { reason }
    throw reason
  }

  #decoded(): MultipartEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure.reason
    try {
      const event = this.#decoder.nextEvent()
      if (event !== undefined) this.#count(event)
      return event
    } catch (reason) {
      this.#failure = { reason }
      throw reason
    }
  }

  #countBytes(size: number): void {
    const { maxContentLength } = this.#limits
    this.#bytes += size
    if (this.#bytes > maxContentLength) throw tooLarge("maxContentLength", maxContentLength, this.#current)
  }

  #count(event: MultipartEvent): void {
    const limits = this.#limits
    if (event.type === "field") {
      this.#current = event
    } else if (event.type === "file") {
      this.#current = event
      this.#fileBytes = 0
      if (event.filename !== "") this.#countFile(event)
    } else if (event.type === "data" && event.data.length > 0) {
      const part = this.#current as FieldEvent | FileEvent
      const size = event.data.length
      if (part.type === "field") {
        this.#fieldBytes += size
        const { maxFormMemorySize } = limits
        if (this.#fieldBytes > maxFormMemorySize) throw tooLarge("maxFormMemorySize", maxFormMemorySize, part)
        return
      }
      if (this.#fileBytes === 0 && part.filename === "") this.#countFile(part)
      this.fileBytes += size
      this.#fileBytes += size
      if (this.#fileBytes > limits.maxFileSize) throw tooLarge("maxFileSize", limits.maxFileSize, part)
    }
  }

  #countFile(file: FileEvent): void {
    const { maxFiles } = this.#limits
    this.#files++
    if (this.#files > maxFiles) throw tooLarge("maxFiles", maxFiles, file)
  }
}
