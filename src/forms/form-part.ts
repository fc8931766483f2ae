// The parts of a multipart body one after the other, each with its bytes as they come. Nothing is read before somebody
// asks for it, so whoever is slow slows the client down and fills no memory. What a form adds up to is counted here.

import { Headers } from "../datastructures/headers.ts"
import { concatenate } from "../environ/concatenation.ts"
import { HandledGenerator, handled } from "../environ/handled.ts"
import type { InputStream } from "../gateway.ts"
import { type SettledLimits, tooLarge } from "./limits.ts"
import type { EventDecoder } from "./multipart.ts"
import type { DataEvent, FieldEvent, FileEvent, MultipartEvent } from "./multipart-events.ts"
import { decodeField, getHeader } from "./part-head.ts"

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

  /** The `Content-Type` of the part. Whatever the client says; often missing. */
  get contentType(): string | undefined {
    return getHeader(this.#event.headers, "content-type")
  }

  /** The headers of the part. */
  get headers(): Headers {
    this.#headers ??= new Headers(this.#event.headers)
    return this.#headers
  }

  /** Bytes of files that were received so far, over all parts of the form: what a store may go by to say no. */
  get receivedFileBytes(): number {
    return this.#reader.fileBytes
  }

  /**
   * The bytes as they come.
   *
   * @throws TypeError when the next part was asked for before the end
   */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    return new HandledGenerator(this.#chunks())
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, void> {
    while (!this.#over) {
      const event = this.#reader.dataOf(this)
      const { data, moreData } = event instanceof Promise ? await event : event
      this.#over = !moreData
      if (data.length > 0) yield data
    }
  }

  /** The bytes in one piece. Those of a file are not limited but by `maxContentLength`. */
  bytes(): Promise<Uint8Array> {
    return handled(this.#bytes())
  }

  async #bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this.#chunks()) chunks.push(chunk)
    return concatenate(chunks)
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
  nextEvent(): MultipartEvent | undefined | Promise<MultipartEvent | undefined> {
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
    while (this.#part !== undefined) await this.dataOf(this.#part)
  }

  /** More of that part. */
  dataOf(part: FormPart): DataEvent | Promise<DataEvent> {
    if (this.#failure !== undefined) throw this.#failure.reason
    if (this.#part !== part) throw new TypeError("The next part was asked for before the end of this one")
    const event = this.nextEvent()
    return event instanceof Promise ? event.then((late) => this.#deliver(late)) : this.#deliver(event)
  }

  // Within a part there is nothing but data, up to the event that has no more.
  #deliver(event: MultipartEvent | undefined): DataEvent {
    const data = event as DataEvent
    if (!data.moreData) this.#part = undefined
    return data
  }

  async #pull(): Promise<MultipartEvent | undefined> {
    for (;;) {
      try {
        const step = await this.#chunks.next()
        this.#ended = step.done === true
        const received = this.#decoder.receiveData(step.done ? undefined : step.value)
        if (received !== undefined) await received
      } catch (reason) {
        this.#failure = { reason }
        throw reason
      }
      const event = this.#decoded()
      if (event !== undefined || this.#ended) return event
    }
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
