// Urlencoded forms: application/x-www-form-urlencoded (WHATWG URL, section 5.1), UTF-8 whatever its charset parameter says.
// The bytes are counted while they come and parsed when all are there, since the limit for them is the limit for memory.

import { concatenate } from "../environ/concatenation.ts"
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
  const { maxContentLength, maxFormMemorySize, maxFormParts } = limits
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
  const text = decoder.decode(concatenate(chunks))
  // A short text is parsed sooner than counted.
  if (text.length > COUNTED_FROM) checkCount(countFields(text, maxFormParts), maxFormParts)
  const fields = parseQuery(textToByteString(text))
  checkCount(fields.length, maxFormParts)
  return fields
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
