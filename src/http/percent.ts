// Percent-encoding (RFC 3986 section 2.1), both ways and always as UTF-8. One pass, no exceptions: what is not a good
// escape is text, and what is not UTF-8 is either kept as it stands or becomes U+FFFD, as the caller says.

import { digitOf } from "./numbers.ts"

const encoder = new TextEncoder()
const HEX = "0123456789ABCDEF"

/** Every byte as `%XX`, made once. */
const ESCAPES: readonly string[] = Array.from({ length: 256 }, (_, byte) => `%${HEX[byte >> 4]}${HEX[byte & 15]}`)

/** A set of ASCII characters as a table by code. */
export type CharTable = Uint8Array

/** The table of the characters given, and of the control characters too if asked. */
export function charTable(characters: string, controls = false): CharTable {
  const table = new Uint8Array(128)
  if (controls) {
    table.fill(1, 0, 0x20)
    table[0x7f] = 1
  }
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}

const UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
const tables = new Map<string, CharTable>()

/** The text with everything escaped but letters, digits, `-._~` and the ASCII characters listed in `safe`, or what a table has. */
export function percentEncode(text: string, safe: string | CharTable = ""): string {
  return encodeWith(text, typeof safe === "string" ? safeTable(safe) : safe)
}

/** The table of letters, digits, `-._~` and the characters listed. */
export function safeTable(characters: string): CharTable {
  let table = tables.get(characters)
  if (table === undefined) {
    table = charTable(UNRESERVED + characters)
    tables.set(characters, table)
  }
  return table
}

function encodeWith(text: string, safe: CharTable): string {
  let index = 0
  while (index < text.length && safe[text.charCodeAt(index)] === 1) index++
  if (index === text.length) return text
  if (text.length > SHORT) return encodeLong(text, safe)
  let result = ""
  let from = 0
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (safe[code] === 1) continue
    result += text.slice(from, index)
    if (code < 0x80) result += ESCAPES[code]
    else {
      const point = text.codePointAt(index) as number
      if (point > 0xffff) index++
      result += escapedCodePoint(point)
    }
    from = index + 1
  }
  return result + text.slice(from)
}

// The platform's encoder takes a while to be called, and is faster from there on.
const SHORT = 64

function encodeLong(text: string, safe: CharTable): string {
  let result = ""
  for (const byte of encoder.encode(text)) result += safe[byte] === 1 ? String.fromCharCode(byte) : ESCAPES[byte]
  return result
}

/** The UTF-8 of a code point beyond ASCII, escaped; half of a surrogate pair is U+FFFD, as for the platform's encoder. */
function escapedCodePoint(point: number): string {
  if (point < 0x800) return `${ESCAPES[0xc0 | (point >> 6)]}${tail(point)}`
  if (point >= 0xd800 && point <= 0xdfff) return "%EF%BF%BD"
  if (point < 0x10000) return `${ESCAPES[0xe0 | (point >> 12)]}${tail(point >> 6)}${tail(point)}`
  return `${ESCAPES[0xf0 | (point >> 18)]}${tail(point >> 12)}${tail(point >> 6)}${tail(point)}`
}

function tail(bits: number): string {
  return ESCAPES[0x80 | (bits & 0x3f)] as string
}

/** The byte string (each character one byte) with every byte escaped that the table does not have. */
export function percentEncodeByteString(bytes: string, safe: CharTable): string {
  let result = ""
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes.charCodeAt(index)
    result += safe[byte] === 1 ? bytes.charAt(index) : ESCAPES[byte]
  }
  return result
}

/** The byte of the escape at `index`, or -1 when there is none. */
function escapeAt(text: string, index: number): number {
  if (text.charCodeAt(index) !== 0x25) return -1
  const high = digitOf(text.charCodeAt(index + 1))
  const low = digitOf(text.charCodeAt(index + 2))
  return high > 15 || low > 15 ? -1 : (high << 4) | low
}

/** The bytes that ASCII text stands for; characters beyond ASCII are taken as UTF-8. */
export function percentDecodeBytes(text: string): Uint8Array {
  const bytes = encoder.encode(text)
  let length = 0
  for (let index = 0; index < bytes.length; index++, length++) {
    const high = bytes[index] === 0x25 ? digitOf(bytes[index + 1] ?? 0) : 99
    const low = high > 15 ? 99 : digitOf(bytes[index + 2] ?? 0)
    if (low > 15) {
      bytes[length] = bytes[index] as number
    } else {
      bytes[length] = (high << 4) | low
      index += 2
    }
  }
  return bytes.subarray(0, length)
}

/**
 * The text with its escapes decoded.
 *
 * @param keep ASCII characters whose escapes stay as they are
 * @param invalid what becomes of bytes that are not UTF-8: `"keep"` leaves them escaped, in capitals; `"replace"` makes
 *   them U+FFFD, one for each ill-formed sequence as the Encoding Standard counts them
 */
export function percentDecode(text: string, keep: CharTable | undefined, invalid: "keep" | "replace"): string {
  let index = text.indexOf("%")
  if (index === -1) return text
  let result = ""
  let from = 0
  while (index !== -1) {
    const byte = escapeAt(text, index)
    if (byte === -1 || (byte < 0x80 && keep !== undefined && keep[byte] === 1)) {
      index = text.indexOf("%", index + 1)
      continue
    }
    result += text.slice(from, index)
    if (byte < 0x80) {
      result += String.fromCharCode(byte)
      index += 3
    } else {
      const length = sequenceLength(text, index, byte)
      const good = length === neededLength(byte)
      if (good) result += String.fromCodePoint(codePoint(text, index, byte, length))
      else if (invalid === "replace") result += "\ufffd"
      else for (let part = 0; part < length; part++) result += ESCAPES[escapeAt(text, index + part * 3)]
      index += length * 3
    }
    from = index
    index = text.indexOf("%", index)
  }
  return result + text.slice(from)
}

/** Whether every percent sign begins an escape and all escaped bytes are UTF-8: whether `decodeURIComponent` would not throw. */
export function isPercentDecodable(text: string): boolean {
  for (let index = text.indexOf("%"); index !== -1; index = text.indexOf("%", index)) {
    const byte = escapeAt(text, index)
    if (byte === -1) return false
    const length = byte < 0x80 ? 1 : sequenceLength(text, index, byte)
    if (byte >= 0x80 && length !== neededLength(byte)) return false
    index += length * 3
  }
  return true
}

// RFC 3629 section 4
//   UTF8-2 = %xC2-DF UTF8-tail
//   UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) / %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
//   UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) / %xF4 %x80-8F 2( UTF8-tail )
/** How many bytes a sequence with this first byte has; 0 for a byte that begins no sequence. */
function neededLength(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 0
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
}

/** How many escapes from `index` on belong together: a whole sequence, or as much of one as is well-formed. */
function sequenceLength(text: string, index: number, first: number): number {
  const needed = neededLength(first)
  let length = 1
  for (; length < needed; length++) {
    const byte = escapeAt(text, index + length * 3)
    let [low, high] = [0x80, 0xbf]
    if (length === 1) {
      if (first === 0xe0) low = 0xa0
      else if (first === 0xed) high = 0x9f
      else if (first === 0xf0) low = 0x90
      else if (first === 0xf4) high = 0x8f
    }
    if (byte < low || byte > high) break
  }
  return length
}

function codePoint(text: string, index: number, first: number, length: number): number {
  let code = first & (0xff >> (length + 1))
  for (let part = 1; part < length; part++) code = (code << 6) | (escapeAt(text, index + part * 3) & 0x3f)
  return code
}
