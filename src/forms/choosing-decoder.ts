// Chooses a decoder by how a multipart body begins. busboy decodes what browsers and libraries send: lines that end with
// CRLF, and nothing behind a boundary. A body whose first boundary stands in a line of another kind is typed by hand or
// went through a mail gateway; it goes to the decoder of our own. Nobody changes horses in the middle of a body.

import { concatenate } from "../environ/concatenation.ts"
import { BusboyDecoder } from "./busboy-decoder.ts"
import type { SettledLimits } from "./limits.ts"
import { MultipartDecoder } from "./multipart-decoder.ts"
import type { MultipartEvent } from "./multipart-events.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32

export class ChoosingDecoder {
  readonly #boundary: string
  readonly #limits: SettledLimits
  #chosen: BusboyDecoder | MultipartDecoder | undefined
  /** What came before the choice, less than the line of a boundary. */
  #held: Uint8Array = EMPTY

  constructor(boundary: string, limits: SettledLimits) {
    this.#boundary = boundary
    this.#limits = limits
  }

  receiveData(data: Uint8Array | undefined): void {
    if (this.#chosen !== undefined) {
      this.#chosen.receiveData(data)
      return
    }
    if (data !== undefined) this.#held = this.#held.length === 0 ? data : concatenate([this.#held, data])
    const isUsual = data === undefined || beginsAsUsual(this.#held, `--${this.#boundary}`)
    if (isUsual === undefined) return
    const Decoder = isUsual ? BusboyDecoder : MultipartDecoder
    this.#chosen = new Decoder(this.#boundary, this.#limits)
    this.#chosen.receiveData(this.#held)
    if (data === undefined) this.#chosen.receiveData(undefined)
    this.#held = EMPTY
  }

  nextEvent(): MultipartEvent | undefined {
    return this.#chosen?.nextEvent()
  }
}

/** Whether no line break but CRLF and no space is to be seen around a boundary at the start; `undefined` for too few bytes. */
function beginsAsUsual(body: Uint8Array, delimiter: string): boolean | undefined {
  if (body[0] === LF) return false
  if (body[0] === CR && body.length === 1) return undefined
  // Behind an empty preamble, if there is one.
  const start = body[0] === CR && body[1] === LF ? 2 : 0
  for (let index = 0; index < delimiter.length; index++) {
    const byte = body[start + index]
    if (byte === undefined) return undefined
    if (byte !== delimiter.charCodeAt(index)) return true
  }
  const next = body[start + delimiter.length]
  return next === undefined ? undefined : next !== LF && next !== SPACE && next !== TAB
}
