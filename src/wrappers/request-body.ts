// Which part of a program reads the body of a request, and what the other parts get then. The body can be read from the stream
// once; the bytes can be kept, and then anything can be read from them. A form is parsed once. Each of these starts when it is
// asked for, in the order of the calls: a form that is asked for while the bytes are still coming is parsed from these bytes.
// A second reader of a body that was not kept gets an error that names the first one.
// Knows neither headers nor limits: the request says what the stream is and how a form is parsed.

import { BodyWasReadError, claim, firstReaderOf } from "../environ/first-reader.ts"
import { handled } from "../environ/handled.ts"
import { inputFrom } from "../environ/input.ts"
import { LateInput } from "../environ/late-input.ts"
import type { WholeInput } from "../environ/request-input.ts"
import type { ParsedForm } from "../forms/form-data-parser.ts"
import type { InputStream } from "../gateway.ts"

/** What the body needs to know of its request. */
export interface BodyOwner {
  /** What the server gives. */
  readonly inputStream: InputStream
  /**
   * That, or what takes its place, as a stream that is safe to read to its end, and within the limits.
   *
   * @param isCounted whether what reads it keeps to the limits by itself
   */
  openStream(replacement: InputStream | undefined, isCounted: boolean): InputStream
  /** The same to be read into memory. */
  openWhole(replacement: InputStream | undefined): WholeInput
  /** Parses a form, or gives an empty one when the body is no form. Asked for once. */
  parseForm(stream: InputStream): Promise<ParsedForm>
}

/** Bytes, or a promise where they have to be waited for. */
export type Bytes = Uint8Array | Promise<Uint8Array>

const EMPTY: Uint8Array = new Uint8Array(0)

/** The body of one request, in all its forms. */
export class RequestBody {
  readonly #owner: BodyOwner
  #source: Source
  #stream: InputStream | undefined = undefined
  #data: Bytes | undefined = undefined
  #form: Promise<ParsedForm> | undefined = undefined
  #formStream: InputStream | undefined = undefined
  #hasNoFiles = false

  constructor(owner: BodyOwner) {
    this.#owner = owner
    this.#source = new Source(owner)
  }

  get stream(): InputStream {
    this.#stream ??= this.streamFor("stream")
    return this.#stream
  }

  /** What is read from now on comes from there. */
  set stream(stream: InputStream) {
    this.#source = new Source(this.#owner, stream)
    this.#stream = undefined
    this.#data = undefined
  }

  /** Whether there may be files of a form that have to be closed: it is being parsed, or it had some. */
  get mayHoldFiles(): boolean {
    return this.#form !== undefined && !this.#hasNoFiles
  }

  /** Whether the form was asked for: asking again reads nothing. */
  get isFormRequested(): boolean {
    return this.#form !== undefined
  }

  /**
   * The bytes, at once where they are at hand; the same ones again, if they were kept. Each caller that awaits them gets a
   * failure.
   */
  data(reader: string, keep: boolean): Bytes {
    if (this.#data !== undefined) return this.#data
    const data = this.#read(reader)
    if (keep) this.#data = data
    return data
  }

  /** As `data`, but parses the form first. The result is empty for a form, and the bytes for any other body. */
  dataBehindForm(reader: string, keep: boolean, isCounted: boolean): Bytes {
    const form = this.form(reader, isCounted)
    if (this.#data !== undefined) return this.#data
    const wasForm = () => this.#formStream !== undefined && this.#source.reader === this.#formStream
    return form.then(() => (wasForm() ? EMPTY : this.data(reader, keep)))
  }

  form(reader: string, isCounted: boolean): Promise<ParsedForm> {
    if (this.#form === undefined) {
      this.#formStream = this.streamFor(reader, isCounted)
      const parsing = this.#owner.parseForm(this.#formStream).then((parsed) => {
        this.#hasNoFiles = parsed.files.size === 0
        return parsed
      })
      this.#form = handled(parsing)
    }
    return this.#form
  }

  /** The body for a reader of that name, which is the first one when it begins to read. */
  streamFor(reader: string, isCounted = false): InputStream {
    const source = this.#source
    const open = () => {
      const kept = source === this.#source ? this.#data : undefined
      return kept === undefined
        ? source.open(stream, reader, isCounted)
        : inputFrom(kept instanceof Promise ? once(kept) : kept)
    }
    const stream: InputStream = new LateInput(open)
    return stream
  }

  #read(reader: string): Bytes {
    // What is left behind a form is known when the form was parsed. If parsing failed, it can't be told.
    if (this.#form !== undefined) return this.#form.then(() => this.#source.readAll(reader))
    try {
      return this.#source.readAll(reader)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** Where the bytes come from, for the first reader. */
class Source {
  readonly #owner: BodyOwner
  /** What takes the place of the server's stream. */
  readonly #replacement: InputStream | undefined
  /** What has begun to read. */
  reader: object | undefined = undefined
  #name = ""

  constructor(owner: BodyOwner, replacement?: InputStream) {
    this.#owner = owner
    this.#replacement = replacement
  }

  open(reader: object, name: string, isCounted: boolean): InputStream {
    this.#check()
    const opened = this.#owner.openStream(this.#replacement, isCounted)
    this.#claim(reader, name)
    return opened
  }

  readAll(name: string): Bytes {
    this.#check()
    const opened = this.#owner.openWhole(this.#replacement)
    this.#claim(opened, name)
    return opened.read()
  }

  #check(): void {
    if (this.reader !== undefined) throw new BodyWasReadError(this.#name)
    if (this.#replacement !== undefined) return
    // Code in front may have read it, or another request that was made of the same environ.
    const first = firstReaderOf(this.#owner.inputStream)
    if (first !== undefined) throw new BodyWasReadError(first)
  }

  #claim(reader: object, name: string): void {
    this.reader = reader
    this.#name = name
    if (this.#replacement === undefined) claim(this.#owner.inputStream, name)
  }
}

async function* once(data: Promise<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const bytes = await data
  if (bytes.length > 0) yield bytes
}
