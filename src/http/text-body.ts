// Text as the body of a response. The gateway's bodies are bytes, and an array of them is complete: so this is an array of one
// chunk, which middleware reads and changes like any other. But most often nothing on the way looks at it, and a server that
// says so in its environ sends ASCII text as it is. So the chunk, an array of bytes that would live just for that, is made when
// something asks for it. Other text is encoded once: its length in bytes is not known sooner.

import { encodeText, isAscii } from "./text-encoding.ts"

/** The key of an environ under which a server says that it sends ASCII text as it is. */
export const SENDS_TEXT_KEY = "werkstatt.sends_text"

/** Text for sending: itself if it is ASCII, or else its bytes. Either has as many of them as its length. */
export function sendableText(text: string): string | Uint8Array {
  return isAscii(text) ? text : encodeText(text)
}

/** A complete body of what `sendableText` gave, for the server of that environ. */
export function bodyOfText(sendable: string | Uint8Array, environ: { readonly [key: string]: unknown }): Uint8Array[] {
  if (typeof sendable !== "string") return [sendable]
  return environ[SENDS_TEXT_KEY] === true ? new TextBody(sendable) : [encodeText(sendable)]
}

/**
 * A body of one chunk: the bytes of an ASCII text.
 *
 * @example
 * new TextBody("a").text // => "a"
 * [...new TextBody("a")] // => [Uint8Array.of(0x61)]
 */
export class TextBody extends Array<Uint8Array> {
  readonly #text: string
  #bytes: Uint8Array | undefined = undefined

  /** What `map` and the like make of it is an array like any other. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }

  constructor(text: string) {
    // One place that is empty: reading it leads to the accessor below, until something is put there.
    super(1)
    this.#text = text
  }

  /** The chunk. */
  get 0(): Uint8Array {
    this.#bytes ??= encodeText(this.#text)
    return this.#bytes
  }

  set 0(chunk: Uint8Array) {
    Object.defineProperty(this, 0, { value: chunk, writable: true, enumerable: true, configurable: true })
  }

  /** The text, if it is what is to be sent: undefined once something has looked at the bytes, which it may have changed, or at the array. */
  get text(): string | undefined {
    const isUntouched = this.#bytes === undefined && this.length === 1 && !Object.hasOwn(this, 0)
    return isUntouched ? this.#text : undefined
  }
}
