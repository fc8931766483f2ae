// The head of a request in the protocol of uWSGI: four bytes, and names and values with their lengths before them, all lengths
// little-endian (https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html). In pieces of any size, each byte is looked at once.

import type { HeadParser, ParsedHead } from "../cgi/single-connection.ts"
import { FaultyRequest } from "../cgi/variables.ts"

const HEADER = 4

export class UwsgiParser implements HeadParser {
  readonly #maxBytes: number
  #chunks: Buffer[] = []
  #size = 0
  /** Bytes of header and variables, once the header is there. */
  #total = HEADER

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): ParsedHead | string | FaultyRequest | undefined {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size < this.#total) return undefined
    if (this.#total === HEADER) {
      const fault = this.#takeHeader(this.#joined())
      if (fault !== undefined) return fault
      if (this.#size < this.#total) return undefined
    }
    const bytes = this.#joined()
    const pairs = pairsOf(bytes.subarray(HEADER, this.#total))
    return pairs === undefined
      ? "the length of a variable goes beyond the block"
      : { pairs, rest: bytes.subarray(this.#total) }
  }

  #takeHeader(bytes: Buffer): string | FaultyRequest | undefined {
    if (bytes[0] !== 0) return `modifier1 is ${bytes[0]}; a request for an application has 0`
    const size = bytes.readUInt16LE(1)
    this.#total = HEADER + size
    if (size <= this.#maxBytes) return undefined
    return new FaultyRequest(
      "431 Request Header Fields Too Large",
      `the variables have more than ${this.#maxBytes} bytes`,
    )
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }
}

function pairsOf(block: Buffer): string[] | undefined {
  const pairs: string[] = []
  let at = 0
  while (at < block.length) {
    if (at + 2 > block.length) return undefined
    const start = at + 2
    const end = start + block.readUInt16LE(at)
    if (end > block.length) return undefined
    pairs.push(block.toString("latin1", start, end))
    at = end
  }
  return pairs.length % 2 === 0 ? pairs : undefined
}
