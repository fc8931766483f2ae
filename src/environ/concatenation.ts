// Chunks in one piece, for callers that need all of a body, or all of a line, at once.
// The whole is measured first and each byte copied once; where there is nothing to be put together, none.

const EMPTY: Uint8Array = new Uint8Array(0)

/** The chunks in one piece. A single chunk is given back as it is, without a copy. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 0) return EMPTY
  if (chunks.length === 1) return chunks[0] as Uint8Array
  let total = 0
  for (const chunk of chunks) total += chunk.length
  const whole = new Uint8Array(total)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
