// The head of a part: what its headers say about it. Both decoders end here, so that they read names alike.
// A head that doesn't say what the part is makes the form malformed; no part is passed over.

import { parseOptionsHeader } from "../http/fields.ts"
import { malformed } from "./limits.ts"
import type { FieldEvent, FileEvent, PartHeaders } from "./multipart-events.ts"

// What nearly every client sends. Nothing in it is escaped, so nothing in it has to be decoded.
const PLAIN = /^form-data; name="([^"\\%\x80-\xff]*)"(?:; filename="([^"\\%\x80-\xff]*)")?$/

/** The event that begins a part with these headers. @throws BadRequest when they do not name it */
export function beginPart(headers: PartHeaders): FieldEvent | FileEvent {
  const disposition = getHeader(headers, "content-disposition")
  if (disposition === undefined) throw malformed("a part has no Content-Disposition")
  const plain = PLAIN.exec(disposition)
  if (plain !== null) return partOf(plain[1] as string, plain[2], headers)
  const options = parseOptionsHeader(decodeText(disposition))[1]
  const name = options.get("name")
  if (name === undefined) throw malformed("a part has no name")
  const filename = options.get("filename")
  return partOf(unescapeName(name), filename === undefined ? undefined : unescapeName(filename), headers)
}

function partOf(name: string, filename: string | undefined, headers: PartHeaders): FieldEvent | FileEvent {
  return filename === undefined ? { type: "field", name, headers } : { type: "file", name, filename, headers }
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const ASCII = /^[\x00-\x7f]*$/

function decodeText(byteString: string): string {
  if (ASCII.test(byteString)) return byteString
  try {
    return strict.decode(Uint8Array.from(byteString, (character) => character.charCodeAt(0)))
  } catch {
    throw malformed("the name of a part is not UTF-8")
  }
}

// HTML, "multipart form data", has %22, %0D and %0A for what would end a name. The first is undone with the quotes.
function unescapeName(text: string): string {
  return text.includes("%0") ? text.replace(/%0D/gi, "\r").replace(/%0A/gi, "\n") : text
}

/** The first header of that name, given in lower case. */
export function getHeader(headers: PartHeaders, name: string): string | undefined {
  for (const [candidate, value] of headers) {
    if (candidate.length === name.length && candidate.toLowerCase() === name) return value
  }
  return undefined
}

// A client that could choose any charset could choose how the bytes are read by whoever checks them; these few are the
// ones that no reader disagrees about.
/** Text of a field, in the charset of its Content-Type where that is known, else UTF-8. Bad bytes become U+FFFD. */
export function decodeField(bytes: Uint8Array, headers: PartHeaders): string {
  const contentType = headers.length === 1 ? undefined : getHeader(headers, "content-type")
  if (contentType !== undefined) {
    const charset = parseOptionsHeader(contentType)[1].get("charset")?.toLowerCase()
    if (charset === "iso-8859-1") return fromBytes(bytes, 0x100)
    if (charset === "ascii" || charset === "us-ascii") return fromBytes(bytes, 0x80)
  }
  return lenient.decode(bytes)
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true })

function fromBytes(bytes: Uint8Array, end: number): string {
  let text = ""
  for (const byte of bytes) text += byte < end ? String.fromCharCode(byte) : "\ufffd"
  return text
}
