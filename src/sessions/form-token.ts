// The token out of a form whose body the application still wants to read: the beginning of the body is read, looked at, and put
// back in front of the rest. A token that comes later than that is not found, so that large uploads are never held.

import { concatenate } from "../environ/concatenation.ts"
import { inputFrom, PulledInput } from "../environ/input.ts"
import { getInputStream } from "../environ/request-input.ts"
import { FormDataParser } from "../forms/form-data-parser.ts"
import type { Environ, InputStream } from "../gateway.ts"
import { parseMediaType } from "../http/media-types.ts"
import { parseQuery } from "../http/urls.ts"

/** How much of a body is looked at. */
const MAX_BYTES = 64 * 1024

/**
 * The value of a field in the first 64 KiB of a form; `undefined` when there is none there, or no form. Afterwards the
 * environ has an input with the whole body.
 */
export async function formToken(environ: Environ, field: string): Promise<string | undefined> {
  const [mimetype] = parseMediaType(environ.CONTENT_TYPE)
  const find = FINDERS.get(mimetype)
  if (find === undefined) return undefined
  const stream = getInputStream(environ)
  const chunks: Uint8Array[] = []
  let size = 0
  let isWhole = false
  while (size < MAX_BYTES && !isWhole) {
    const chunk = await stream.read(MAX_BYTES - size)
    if (chunk.length === 0) isWhole = true
    else chunks.push(chunk)
    size += chunk.length
  }
  environ["wsgi.input"] = new RestoredInput(chunks, isWhole ? undefined : stream)
  return find(concatenate(chunks), isWhole, field, environ.CONTENT_TYPE as string)
}

type Finder = (bytes: Uint8Array, isWhole: boolean, field: string, contentType: string) => Promise<string | undefined>

const FINDERS: ReadonlyMap<string, Finder> = new Map<string, Finder>([
  ["application/x-www-form-urlencoded", findUrlencoded],
  ["multipart/form-data", findMultipart],
])

async function findUrlencoded(bytes: Uint8Array, isWhole: boolean, field: string): Promise<string | undefined> {
  const text = new TextDecoder("latin1").decode(bytes)
  // The last pair may be cut.
  const pairs = parseQuery(isWhole ? text : text.slice(0, Math.max(0, text.lastIndexOf("&"))))
  return pairs.find(([name]) => name === field)?.[1]
}

async function findMultipart(
  bytes: Uint8Array,
  _isWhole: boolean,
  field: string,
  contentType: string,
): Promise<string | undefined> {
  try {
    for await (const part of new FormDataParser().parts(inputFrom(bytes), contentType)) {
      if (part.name === field && part.filename === undefined) return await part.text()
    }
  } catch {
    // The beginning of a body is no whole form. What is wrong with it is for the application to find.
  }
  return undefined
}

/** Chunks that were read already, then what is left of the stream that they came from. */
class RestoredInput extends PulledInput {
  readonly #chunks: Uint8Array[]
  readonly #rest: InputStream | undefined

  constructor(chunks: Uint8Array[], rest: InputStream | undefined) {
    super()
    this.#chunks = [...chunks]
    this.#rest = rest
  }

  protected override async pull(): Promise<Uint8Array | undefined> {
    const chunk = this.#chunks.shift() ?? (await this.#rest?.read(MAX_BYTES))
    return chunk === undefined || chunk.length === 0 ? undefined : chunk
  }
}
