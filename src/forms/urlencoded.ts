// Urlencoded forms: application/x-www-form-urlencoded (WHATWG URL, section 5.1), UTF-8 whatever its charset parameter says.
// The bytes are counted while they come and parsed when all are there, since the limit for them is the limit for memory.

import { concatenate } from "../environ/concatenation.ts"
import { LateInput } from "../environ/late-input.ts"
import type { InputStream } from "../gateway.ts"
import { parseQuery, textToByteString } from "../http/urls.ts"
import { type SettledLimits, tooLarge } from "./limits.ts"

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/**
 * The fields of an urlencoded body, in order. Escapes that are malformed stay text; raw bytes that are not UTF-8 become
 * U+FFFD.
 *
 * @param contentLength bytes, where they were announced; nothing is read behind them
 * @throws RequestEntityTooLarge (413) beyond a limit
 */
export async function readUrlencoded(
  stream: InputStream,
  limits: SettledLimits,
  contentLength?: number,
): Promise<[string, string][]> {
  const { maxFormParts } = limits
  const bytes = await readWithin(stream, limits, contentLength)
  const text = decoder.decode(bytes)
  // A short text is parsed sooner than counted.
  if (text.length > COUNTED_FROM) checkCount(countFields(text, maxFormParts), maxFormParts)
  const fields = parseQuery(textToByteString(text))
  checkCount(fields.length, maxFormParts)
  return fields
}

async function readWithin(
  stream: InputStream,
  { maxContentLength, maxFormMemorySize }: SettledLimits,
  contentLength: number | undefined,
): Promise<Uint8Array> {
  // One that ends where the body ends can be asked for all of it.
  if (stream instanceof LateInput) {
    const [name, most] =
      maxContentLength <= maxFormMemorySize
        ? (["maxContentLength", maxContentLength] as const)
        : (["maxFormMemorySize", maxFormMemorySize] as const)
    return stream.readAtMost(most, () => tooLarge(name, most))
  }
  const chunks: Uint8Array[] = []
  let size = 0
  while (size !== contentLength) {
    const chunk = await stream.read(READ_SIZE)
    if (chunk.length === 0) break
    size += chunk.length
    if (size > maxContentLength) throw tooLarge("maxContentLength", maxContentLength)
    if (size > maxFormMemorySize) throw tooLarge("maxFormMemorySize", maxFormMemorySize)
    chunks.push(chunk)
  }
  return concatenate(chunks)
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
