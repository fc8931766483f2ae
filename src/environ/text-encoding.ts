// Text into UTF-8 bytes. One encoder for everybody, and a shorter way for short texts, which most bodies and all lines are.

const encoder = new TextEncoder()

// V8 keeps typed arrays of up to 64 bytes on its own heap; making those is many times cheaper than asking the encoder
// for an array, and so is copying them out of one that is there already. Three bytes for each unit is the most it takes.
const SHORT = 64
const scratch: Uint8Array = new Uint8Array(SHORT * 3)

/**
 * The UTF-8 bytes of a text, in an array of their own.
 *
 * @example
 * encodeText("é") // => Uint8Array.of(0xc3, 0xa9)
 */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > SHORT) return encoder.encode(text)
  return scratch.slice(0, encoder.encodeInto(text, scratch).written) as Uint8Array<ArrayBuffer>
}
