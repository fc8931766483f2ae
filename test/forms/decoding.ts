// What the tests of forms share: bodies as bytes, cut in pieces, and events in a shape that can be compared.

import { readFileSync } from "node:fs"
import { BusboyDecoder } from "../../src/forms/busboy-decoder.ts"
import { type FormLimits, settleLimits } from "../../src/forms/limits.ts"
import type { EventDecoder } from "../../src/forms/multipart.ts"
import { MultipartDecoder } from "../../src/forms/multipart-decoder.ts"

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

export const DECODERS = {
  busboy: (boundary: string, limits: FormLimits = {}): EventDecoder =>
    new BusboyDecoder(boundary, settleLimits(limits)),
  own: (boundary: string, limits: FormLimits = {}): EventDecoder => new MultipartDecoder(boundary, limits),
}

/** A part as the decoders tell it, its data joined. */
export interface Part {
  name: string
  filename?: string
  headers: string[]
  data: string
}

/** The parts of a body that comes in these pieces. Throws what the decoder throws. */
export function partsOf(decoder: EventDecoder, chunks: Iterable<Uint8Array>): Part[] {
  const parts: (Part & { open?: boolean })[] = []
  const pull = () => {
    for (let event = decoder.nextEvent(); event !== undefined; event = decoder.nextEvent()) {
      const last = parts.at(-1)
      if (event.type === "field" || event.type === "file") {
        if (last?.open) throw new Error("a part begins in a part")
        const headers = event.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`)
        const part: Part & { open?: boolean } = { name: event.name, headers, data: "", open: true }
        if (event.type === "file") part.filename = event.filename
        parts.push(part)
      } else if (event.type === "data") {
        if (!last?.open) throw new Error("data without a part")
        last.data += text(event.data)
        if (!event.moreData) delete last.open
      }
    }
  }
  for (const chunk of chunks) {
    decoder.receiveData(chunk)
    pull()
  }
  decoder.receiveData(undefined)
  pull()
  if (parts.at(-1)?.open) throw new Error("a part is not complete")
  return parts
}

/** A recorded request: its head as text, and its body. */
export function recorded(name: string): { bytes: Uint8Array; contentType: string; body: Uint8Array } {
  const all = readFileSync(new URL(`../fixtures/forms/${name}.http`, import.meta.url))
  const end = all.indexOf("\r\n\r\n")
  const contentType = /^content-type: (.*)$/im.exec(all.toString("latin1", 0, end))?.[1]
  return { bytes: new Uint8Array(all), contentType: contentType ?? "", body: new Uint8Array(all.subarray(end + 4)) }
}
