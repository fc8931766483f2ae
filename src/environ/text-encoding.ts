// Text into UTF-8 bytes. One encoder for everybody, and shorter ways for what most bodies and all lines are: short.
// TextEncoder.encode gives each text a buffer outside of V8's heap, which costs more than the encoding itself.

const encoder = new TextEncoder()

/** V8 keeps typed arrays of up to so many bytes on its own heap. */
const ON_HEAP = 64
/** Texts of up to so many bytes share a buffer, each with a part of its own that is never used again. */
const SHARED = 4096
const SLAB = 64 * 1024

let slab: Uint8Array<ArrayBuffer> = new Uint8Array(SLAB)
let used = 0

/**
 * The UTF-8 bytes of a text. They may be a view on a larger buffer, but nobody else has those bytes.
 *
 * @example
 * encodeText("é") // => Uint8Array.of(0xc3, 0xa9)
 */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const length = text.length
  if (length <= ON_HEAP) return encodeShort(text)
  // Three bytes for each UTF-16 unit is the most that UTF-8 takes.
  if (length * 3 > SHARED) return encoder.encode(text)
  if (used + length * 3 > SLAB) {
    slab = new Uint8Array(SLAB)
    used = 0
  }
  const start = used
  used += encoder.encodeInto(text, slab.subarray(start)).written
  return slab.subarray(start, used)
}

function encodeShort(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return encoder.encode(text)
    bytes[i] = code
  }
  return bytes
}
