// Urlencoded forms: application/x-www-form-urlencoded (WHATWG URL, section 5.1), UTF-8 with any charset parameter.
// The bytes are counted while they come and parsed when all are there, since the limit for them is the limit for memory.

import { GatheredChunks } from "../environ/concatenation.ts"
import { LateInput } from "../environ/late-input.ts"
import type { InputStream } from "../gateway.ts"
import { parseQueryText } from "../http/urls.ts"
import { type SettledLimits, tooLarge } from "./limits.ts"

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** The fields of a form, in order. */
export type Fields = [name: string, value: string][]

/**
 * The fields of an urlencoded body, in order, at once where the body is at hand. Escapes that are malformed stay text; raw bytes that are not UTF-8 become
 * U+FFFD.
 *
 * @param contentLength bytes, where they were announced; nothing is read behind them
 * @throws RequestEntityTooLarge (413) beyond a limit
 */
export function readUrlencoded(
  stream: InputStream,
  limits: SettledLimits,
  contentLength?: number,
): Fields | Promise<Fields> {
  const bytes = readWithin(stream, limits, contentLength)
  return bytes instanceof Promise ? bytes.then((all) => fieldsOf(all, limits)) : fieldsOf(bytes, limits)
}

function fieldsOf(bytes: Uint8Array, { maxFormParts }: SettledLimits): Fields {
  const text = decoder.decode(bytes)
  // For a short text, parsing is faster than counting.
  if (text.length > COUNTED_FROM) checkCount(countFields(text, maxFormParts), maxFormParts)
  const fields = parseQueryText(text)
  checkCount(fields.length, maxFormParts)
  return fields
}

function readWithin(
  stream: InputStream,
  limits: SettledLimits,
  contentLength: number | undefined,
): Uint8Array | Promise<Uint8Array> {
  const { maxContentLength, maxFormMemorySize } = limits
  // One that ends where the body ends can be asked for all of it.
  if (stream instanceof LateInput) {
    const [name, most] =
      maxContentLength <= maxFormMemorySize
        ? (["maxContentLength", maxContentLength] as const)
        : (["maxFormMemorySize", maxFormMemorySize] as const)
    return stream.readAtMost(most, () => tooLarge(name, most))
  }
  return readPieces(stream, limits, contentLength)
}

async function readPieces(
  stream: InputStream,
  { maxContentLength, maxFormMemorySize }: SettledLimits,
  contentLength: number | undefined,
): Promise<Uint8Array> {
  const chunks = new GatheredChunks()
  let size = 0
  while (size !== contentLength) {
    const chunk = await stream.read(READ_SIZE)
    if (chunk.length === 0) break
    size += chunk.length
    if (size > maxContentLength) throw tooLarge("maxContentLength", maxContentLength)
    if (size > maxFormMemorySize) throw tooLarge("maxFormMemorySize", maxFormMemorySize)
    chunks.push(chunk)
  }
  return chunks.whole()
}

/** Bytes that are asked for at once. */
const READ_SIZE = 64 * 1024
const COUNTED_FROM = 16 * 1024

function checkCount(count: number, maxFormParts: number): void {
  if (count > maxFormParts) throw tooLarge("maxFormParts", maxFormParts)
}

/** How many fields there are, counted up to one more than asked for. */
function countFields(text: string, most: number): number {
  let count = 0
  for (let start = 0; start < text.length && count <= most; ) {
    let end = text.indexOf("&", start)
    if (end === -1) end = text.length
    if (end > start) count++
    start = end + 1
  }
  return count
}
