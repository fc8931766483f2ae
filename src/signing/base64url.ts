// base64url without padding (RFC 4648 section 5), between byte strings, of which each character is one byte, and text.
// Only for what a signature holds: the last character may have bits that do not count, so two texts may decode to one.

const BASE64URL = /^[A-Za-z0-9_-]*$/

/** The text for a byte string. */
export function encodeBase64Url(bytes: string): string {
  const text = btoa(bytes)
  let end = text.length
  while (text.charCodeAt(end - 1) === 0x3d) end--
  return text.slice(0, end).replaceAll("+", "-").replaceAll("/", "_")
}

/** The byte string of a text; `undefined` when the text is not base64url. */
export function decodeBase64Url(text: string): string | undefined {
  if (!BASE64URL.test(text) || text.length % 4 === 1) return undefined
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"))
}

/** A byte string as bytes. */
export function bytesOf(byteString: string): Uint8Array {
  const bytes = new Uint8Array(byteString.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = byteString.charCodeAt(index)
  return bytes
}

/** Bytes as a byte string. */
export function byteStringOf(bytes: Uint8Array): string {
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
