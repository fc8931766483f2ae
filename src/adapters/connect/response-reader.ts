// Reads what a ServerResponse of node:http writes to its socket: the head, and the body without its framing (RFC 9112 section
// 7.1). Node wrote it, so it is well-formed; only how it is cut into chunks is not known.

import type { HeaderList } from "../../gateway.ts"

/** Told of what is read. */
export interface ResponseListener {
  onInterim(code: number, fields: HeaderList): void
  onHead(status: string, fields: HeaderList): void
  onBytes(chunk: Uint8Array): void
}

const HEAD_END = "\r\n\r\n"

export class ResponseReader {
  readonly #listener: ResponseListener
  #state: "head" | "bytes" | "size" | "chunk" | "trailers" = "head"
  /** Text of a head or a line that has not ended yet. */
  #text = ""
  /** Bytes of the chunk that are still to come, with the line break behind it. */
  #rest = 0

  constructor(listener: ResponseListener) {
    this.#listener = listener
  }

  push(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) at = this.#take(bytes, at)
  }

  /** Takes something from position `at` on; gives the position behind it. */
  #take(bytes: Uint8Array, at: number): number {
    switch (this.#state) {
      case "bytes":
        this.#listener.onBytes(at === 0 ? bytes : bytes.subarray(at))
        return bytes.length
      case "chunk":
        return this.#takeChunk(bytes, at)
      case "trailers":
        return bytes.length
      default:
        return this.#takeText(bytes, at, this.#state === "head" ? HEAD_END : "\r\n")
    }
  }

  #takeChunk(bytes: Uint8Array, at: number): number {
    const taken = Math.min(this.#rest, bytes.length - at)
    const content = Math.min(taken, Math.max(0, this.#rest - 2))
    this.#rest -= taken
    if (content > 0) this.#listener.onBytes(bytes.subarray(at, at + content))
    if (this.#rest === 0) this.#state = "size"
    return at + taken
  }

  #takeText(bytes: Uint8Array, at: number, end: string): number {
    const before = this.#text.length
    const text = this.#text + latin1(bytes.subarray(at))
    // The end may have begun in the piece before.
    const found = text.indexOf(end, Math.max(0, before - end.length))
    if (found === -1) {
      this.#text = text
      return bytes.length
    }
    this.#text = ""
    const whole = text.slice(0, found)
    if (end === HEAD_END) this.#takeHead(whole)
    else {
      this.#rest = Number.parseInt(whole, 16)
      this.#state = this.#rest === 0 ? "trailers" : "chunk"
      this.#rest += 2
    }
    return at + found + end.length - before
  }

  #takeHead(text: string): void {
    const [line = "", ...lines] = text.split("\r\n")
    const status = line.slice(line.indexOf(" ") + 1)
    const fields = lines.map((each): [string, string] => {
      const colon = each.indexOf(":")
      return [each.slice(0, colon), each.slice(colon + 1).trim()]
    })
    const code = Number(status.slice(0, 3))
    if (code < 200) {
      this.#listener.onInterim(code, fields)
      return
    }
    const isChunked = fields.some(([name, value]) => name.toLowerCase() === "transfer-encoding" && value === "chunked")
    this.#state = isChunked ? "size" : "bytes"
    this.#listener.onHead(status, fields)
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
}
