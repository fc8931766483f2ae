// The head of an SCGI request: a netstring of names and values, each with a NUL behind it
// (https://python.ca/scgi/protocol.txt). In pieces of any size, each byte is looked at once.

import type { HeadParser, ParsedHead } from "../cgi/single-connection.ts"
import { FaultyRequest } from "../cgi/variables.ts"

const COLON = 0x3a
const COMMA = 0x2c
const ZERO = 0x30

export class ScgiParser implements HeadParser {
  readonly #maxBytes: number
  /** The length of the netstring, digit by digit; negative before the first. */
  #length = -1
  #hasColon = false
  #chunks: Buffer[] = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): ParsedHead | string | FaultyRequest | undefined {
    let at = 0
    while (!this.#hasColon) {
      if (at === chunk.length) return undefined
      const byte = chunk[at++] as number
      if (byte === COLON && this.#length >= 0) this.#hasColon = true
      else if (byte < ZERO || byte > ZERO + 9) return "it does not begin with the length of a netstring"
      else if (this.#length === 0) return "the length of the netstring has a leading zero"
      else {
        this.#length = Math.max(this.#length, 0) * 10 + byte - ZERO
        if (this.#length > this.#maxBytes)
          return new FaultyRequest(
            "431 Request Header Fields Too Large",
            `the variables have more than ${this.#maxBytes} bytes`,
          )
      }
    }
    const wanted = this.#length + 1 - this.#size
    const part = chunk.subarray(at, at + wanted)
    this.#chunks.push(part)
    this.#size += part.length
    if (part.length < wanted) return undefined
    const netstring = this.#chunks.length === 1 ? part : Buffer.concat(this.#chunks)
    if (netstring[this.#length] !== COMMA) return "the netstring does not end with a comma"
    const text = netstring.toString("latin1", 0, this.#length)
    if (text !== "" && !text.endsWith("\0")) return "the variables do not end with a NUL"
    const pairs = text.split("\0")
    pairs.pop()
    if (pairs.length % 2 !== 0) return "the last variable has no value"
    // It must be there even where it is 0.
    if (!isNamed(pairs, "CONTENT_LENGTH")) return new FaultyRequest("400 Bad Request", "there is no CONTENT_LENGTH")
    return { pairs, rest: chunk.subarray(at + wanted) }
  }
}

function isNamed(pairs: readonly string[], name: string): boolean {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return true
  return false
}
