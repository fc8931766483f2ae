// Parameters in another charset (RFC 8187, and RFC 2231 before it): UTF-8'en'%E2%82%AC%20rates
// The charset comes from the client, so only charsets are known that all decoders read alike.

import { percentDecode, percentDecodeBytes, percentEncode } from "./percent.ts"
import { asciiLower, isToken } from "./tokens.ts"

type Charset = "ascii" | "utf-8" | "iso-8859-1"

const CHARSETS: ReadonlyMap<string, Charset> = new Map([
  ["ascii", "ascii"],
  ["us-ascii", "ascii"],
  ["utf-8", "utf-8"],
  ["iso-8859-1", "iso-8859-1"],
])

/** Whether values in that charset, in lower case, are decoded. */
export function knowsCharset(charset: string): boolean {
  return CHARSETS.has(charset)
}

// RFC 8187 section 3.2.1, without ALPHA and DIGIT
//   attr-char = "!" / "#" / "$" / "&" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"
const ATTR_CHARS = "!#$&+-.^_`|~"

// RFC 8187 section 3.2.1
//   ext-value = charset "'" [ language ] "'" value-chars
/**
 * The text that an extended value spells, and the charset that it spells it in. Bytes that are not of that charset become
 * U+FFFD; the text of an unknown charset stays encoded. `undefined` when this is not such a value.
 *
 * @param inherited the charset of a value that does not name a charset, as in the later parts of a parameter (RFC 2231 section
 * 4.1)
 * @example
 * parseExtendedValue("UTF-8'en'%E2%82%AC") // => { charset: "utf-8", value: "€" }
 * parseExtendedValue("utf-16''%FE%FF") // => { charset: "utf-16", value: "%FE%FF" }
 * parseExtendedValue("plain") // => undefined
 */
export function parseExtendedValue(text: string, inherited = ""): { charset: string; value: string } | undefined {
  if (!isToken(text)) return undefined
  // What nearly all senders write.
  if (text.startsWith("UTF-8''") && text.length > 7) return { charset: "utf-8", value: decode(text.slice(7), "utf-8") }
  const first = text.indexOf("'")
  const second = first === -1 ? -1 : text.indexOf("'", first + 1)
  const marked = second !== -1 && second < text.length - 1
  const charset = (marked ? asciiLower(text.slice(0, first)) : "") || inherited
  if (!marked && charset === "") return undefined
  const encoded = marked ? text.slice(second + 1) : text
  const known = CHARSETS.get(charset)
  return { charset, value: known === undefined ? encoded : decode(encoded, known) }
}

function decode(encoded: string, charset: Charset): string {
  // Here no decoder is made, which would cost more than all the rest.
  if (charset === "utf-8") return percentDecode(encoded, undefined, "replace")
  let text = ""
  for (const byte of percentDecodeBytes(encoded))
    text += String.fromCharCode(charset === "ascii" && byte > 0x7f ? 0xfffd : byte)
  return text
}

/**
 * The text as an extended value in UTF-8, for a parameter whose name ends in `*`.
 *
 * @example
 * dumpExtendedValue("naïve €.txt") // => "UTF-8''na%C3%AFve%20%E2%82%AC.txt"
 */
export function dumpExtendedValue(text: string): string {
  return `UTF-8''${percentEncode(text, ATTR_CHARS)}`
}
