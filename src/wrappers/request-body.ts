// Who reads the body of a request, and what the others get then. The body can be read from the stream once; the bytes
// can be kept, a form is parsed once, and each of these starts when it is asked for, in the order of the calls: a form
// that is asked for while the bytes are still coming is parsed from these bytes.
// Knows neither headers nor limits: the request says what the stream is and how a form is parsed.

import { inputFrom } from "../environ/input.ts"
import type { ParsedForm } from "../forms/form-data-parser.ts"
import type { InputStream } from "../gateway.ts"

/** What the body needs to know of its request. */
export interface BodyOwner {
  /** The stream to read from, with its limits. Asked for once. */
  openStream(): InputStream
  /** Parses a form, or gives an empty one when the body is none. Asked for once. */
  parseForm(stream: InputStream): Promise<ParsedForm>
}

/** The body of one request, in all its forms. */
export class RequestBody {
  readonly #owner: BodyOwner
  #stream: InputStream | undefined = undefined
  #data: Promise<Uint8Array> | undefined = undefined
  #form: Promise<ParsedForm> | undefined = undefined
  #hasNoFiles = false

  constructor(owner: BodyOwner) {
    this.#owner = owner
  }

  get stream(): InputStream {
    this.#stream ??= this.#owner.openStream()
    return this.#stream
  }

  set stream(stream: InputStream) {
    this.#stream = stream
  }

  /** Whether there may be files of a form that have to be closed: it is being parsed, or it had some. */
  get mayHoldFiles(): boolean {
    return this.#form !== undefined && !this.#hasNoFiles
  }

  /** The bytes that nobody has read yet; the same ones again, if they were kept. */
  data(keep: boolean): Promise<Uint8Array> {
    if (this.#data !== undefined) return this.#data
    // What is left behind a form is known when that was parsed. If that failed, there is no telling what is left.
    const data = this.#form === undefined ? this.stream.read() : this.#form.then(() => this.stream.read())
    if (keep) this.#data = handled(data)
    return data
  }

  form(): Promise<ParsedForm> {
    this.#form ??= handled(this.#parse(this.unread))
    return this.#form
  }

  /** The stream; when its bytes are kept, another one over these. */
  get unread(): InputStream {
    return this.#data === undefined ? this.stream : inputFrom(once(this.#data))
  }

  async #parse(stream: InputStream): Promise<ParsedForm> {
    const parsed = await this.#owner.parseForm(stream)
    this.#hasNoFiles = parsed.files.size === 0
    return parsed
  }
}

/** The same promise. It is kept for others, so its failure is not unhandled just because the first one left. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

async function* once(data: Promise<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const bytes = await data
  if (bytes.length > 0) yield bytes
}
