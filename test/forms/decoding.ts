// What the tests of forms share: bodies as bytes, cut in pieces, and events in a shape that can be compared.

import { readFileSync } from "node:fs"
import type { EventDecoder } from "../../src/forms/multipart.ts"

/** The bytes of a text; of a byte string if it is given as one. */
export function bytes(text: string, encoding: BufferEncoding = "utf8"): Uint8Array {
  return new Uint8Array(Buffer.from(text, encoding))
}

export function text(data: Uint8Array): string {
  return Buffer.from(data).toString("latin1")
}

/** Lines that end with CRLF. */
export function lines(...all: string[]): Uint8Array {
  return bytes(all.join("\r\n"))
}

/** The bytes in pieces of that size. */
export function* pieces(data: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < data.length; start += size) yield data.slice(start, start + size)
}

/** A part as the decoders tell it, its data joined. */
export interface Part {
  name: string
  filename?: string
  headers: string[]
  data: string
}

/** The parts of a body that comes in these pieces, as a decoder tells them that needs not be waited for. */
export function partsOf(decoder: EventDecoder, chunks: Iterable<Uint8Array>): Part[] {
  const collector = new PartCollector(decoder)
  for (const chunk of [...chunks, undefined]) {
    if (decoder.receiveData(chunk) !== undefined) throw new Error("the decoder has to be waited for")
    collector.pull()
  }
  return collector.parts
}

/** The same for any decoder. */
export async function partsOfAny(decoder: EventDecoder, chunks: Iterable<Uint8Array>): Promise<Part[]> {
  const collector = new PartCollector(decoder)
  for (const chunk of [...chunks, undefined]) {
    await decoder.receiveData(chunk)
    collector.pull()
  }
  return collector.parts
}

/** Puts the events of a decoder together. Throws what the decoder throws, and for events in an order that cannot be. */
class PartCollector {
  readonly #decoder: EventDecoder
  readonly #parts: Part[] = []
  #open = false

  constructor(decoder: EventDecoder) {
    this.#decoder = decoder
  }

  pull(): void {
    for (let event = this.#decoder.nextEvent(); event !== undefined; event = this.#decoder.nextEvent()) {
      if (event.type === "field" || event.type === "file") {
        if (this.#open) throw new Error("a part begins in a part")
        const headers = event.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`)
        const part: Part = { name: event.name, headers, data: "" }
        if (event.type === "file") part.filename = event.filename
        this.#parts.push(part)
        this.#open = true
      } else if (event.type === "data") {
        if (!this.#open) throw new Error("data without a part")
        ;(this.#parts.at(-1) as Part).data += text(event.data)
        this.#open = event.moreData
      }
    }
  }

  get parts(): Part[] {
    if (this.#open) throw new Error("a part is not complete")
    return this.#parts
  }
}

/** A recorded request: its head as text, and its body. */
export function recorded(name: string): { bytes: Uint8Array; contentType: string; body: Uint8Array } {
  const all = readFileSync(new URL(`../fixtures/forms/${name}.http`, import.meta.url))
  const end = all.indexOf("\r\n\r\n")
  const contentType = /^content-type: (.*)$/im.exec(all.toString("latin1", 0, end))?.[1]
  return { bytes: new Uint8Array(all), contentType: contentType ?? "", body: new Uint8Array(all.subarray(end + 4)) }
}
