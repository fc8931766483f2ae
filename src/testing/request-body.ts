// The body of a request that is described: content that is sent as it is, or a form. A request has one of them; which one a
// test means by its data is told here by the shape of it.

import { type BodySource, type SentBody, type StreamContent, sourceOfStream } from "./body-source.ts"
import { addFormItem, FormBody, type FormValue, MULTIPART } from "./form-body.ts"

/** What a test writes as data. */
export type BodyData =
  | StreamContent
  | { readonly [name: string]: FormValue }
  | Iterable<readonly [name: string, value: FormValue]>
  | FormData

/** The one or the other. */
export type RequestBody = StreamBody | FormBody

/** Content that is sent as it is. It belongs to the caller, and is not closed. */
export class StreamBody {
  readonly content: StreamContent
  /** No type follows from it. */
  readonly contentType: undefined = undefined
  readonly #source: BodySource

  constructor(content: StreamContent) {
    this.content = content
    this.#source = sourceOfStream(content)
  }

  /** Sends it as that type, also where another one is known. */
  send(type: string | undefined): SentBody {
    return { source: this.#source, contentType: type }
  }

  /** Does nothing. */
  close(): void {}
}

/** The body that such data are. */
export function bodyOf(data: BodyData): RequestBody {
  const form = new FormBody()
  if (isStreamContent(data)) {
    // As with nothing: no length is told either.
    const isNothing = data === "" || (data instanceof Uint8Array && data.length === 0)
    return isNothing ? form : new StreamBody(data)
  }
  for (const [name, value] of itemsOf(data)) addFormItem(name, value, form)
  return form
}

/** The type that data tell of themselves. */
export function typeOf(data: BodyData): string | undefined {
  if (data instanceof FormData) return MULTIPART
  return data instanceof Blob && data.type !== "" ? data.type : undefined
}

// Not iterMultiItems, to which every array is several values: here it may be a file.
function itemsOf(data: object): Iterable<readonly [string, unknown]> {
  return Symbol.iterator in data ? (data as Iterable<[string, unknown]>) : Object.entries(data)
}

function isStreamContent(data: unknown): data is StreamContent {
  if (typeof data === "string" || data instanceof Uint8Array || data instanceof Blob) return true
  if (typeof data !== "object" || data === null) return false
  if (Symbol.asyncIterator in data || typeof (data as { read?: unknown }).read === "function") return true
  return Array.isArray(data) && data.length > 0 && data.every((chunk) => chunk instanceof Uint8Array)
}
