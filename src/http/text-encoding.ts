// Text into UTF-8 bytes. One shared encoder, and shorter ways for what most bodies and all lines are: short.
// V8 keeps small typed arrays on its own heap; asking TextEncoder for one makes a buffer outside of it, which costs more
// than the encoding itself. Chunks do not share a buffer, though it would be faster: a chunk that the application hands to a
// stream of bytes, or to another thread, takes its whole buffer along, and with it the bodies of other responses.

const encoder = new TextEncoder()

/** Texts that a loop encodes faster than a call into the encoder. */
const TINY = 24
/** As many bytes fit into an array on V8's heap. */
const SHORT = 64
/** Three bytes for each UTF-16 unit is the most that UTF-8 takes. */
const scratch: Uint8Array<ArrayBuffer> = new Uint8Array(SHORT * 3)

/**
 * The UTF-8 bytes of a text, in a buffer of their own.
 *
 * @example
 * encodeText("é") // => Uint8Array.of(0xc3, 0xa9)
 */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const length = text.length
  if (length > SHORT) return encoder.encode(text)
  return (length > TINY ? undefined : encodeAscii(text)) ?? scratch.slice(0, encoder.encodeInto(text, scratch).written)
}

function encodeAscii(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return undefined
    bytes[i] = code
  }
  return bytes
}

interface Measure {
  byteLength(text: string): number
}
const { Buffer: measure } = globalThis as { Buffer?: Measure }

/**
 * How many bytes a text has in UTF-8.
 *
 * @example
 * encodedLength("é") // => 2
 */
export const encodedLength: (text: string) => number =
  measure === undefined ? (text) => encodeText(text).length : (text) => measure.byteLength(text)
