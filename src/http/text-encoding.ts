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

const BEYOND_ASCII = /[^\x00-\x7f]/
/** So much is looked at first: text that is not ASCII shows it soon, and there the encoder is slow. */
const FIRST_LOOK = 256
const room: Uint8Array = new Uint8Array(4096)

/**
 * Whether all characters are ASCII. An expression is quick with short text; the platform's encoder, which makes as many bytes
 * as there are characters then, with long.
 *
 * @example
 * isAscii("plain") // => true
 * isAscii("é") // => false
 */
export function isAscii(text: string): boolean {
  if (text.length < SHORT) return !BEYOND_ASCII.test(text)
  for (let start = 0, size = FIRST_LOOK; start < text.length; start += size, size = room.length) {
    const piece = text.length <= size ? text : text.slice(start, start + size)
    const { read, written } = encoder.encodeInto(piece, room)
    if (read !== piece.length || written !== piece.length) return false
  }
  return true
}
