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

/** Up to this size a chunk is short. */
const SHORT = 512
/** Short chunks are copied together into blocks of this size. */
const BLOCK_SIZE = 16 * 1024
/** So many chunks are kept as they came, short or not. */
const KEPT = 16

/**
 * Chunks that are gathered, to be put together at the end. Each chunk costs memory besides its bytes; so where there are many short
 * ones, they are copied together as they come. A client that sends its body byte by byte makes the server hold little more than the body.
 */
export class GatheredChunks {
  readonly #chunks: Uint8Array[] = []
  #block: Uint8Array | undefined = undefined
  #used = 0

  /** How many pieces of memory are held. */
  get count(): number {
    return this.#chunks.length + (this.#block === undefined ? 0 : 1)
  }

  /** Appends a chunk, which must not change any more. */
  push(chunk: Uint8Array): void {
    if (chunk.length > SHORT || this.#chunks.length < KEPT) {
      this.#closeBlock()
      this.#chunks.push(chunk)
      return
    }
    if (this.#used + chunk.length > BLOCK_SIZE) this.#closeBlock()
    this.#block ??= new Uint8Array(BLOCK_SIZE)
    this.#block.set(chunk, this.#used)
    this.#used += chunk.length
  }

  #closeBlock(): void {
    if (this.#block !== undefined) this.#chunks.push(this.#block.subarray(0, this.#used))
    this.#block = undefined
    this.#used = 0
  }

  /** All of them in one piece. A single chunk is given back as it is, without a copy. */
  whole(): Uint8Array {
    this.#closeBlock()
    return concatenate(this.#chunks)
  }
}
