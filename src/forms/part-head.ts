// The head of a part: what its headers say about it. A head that doesn't say what the part is makes the form malformed; no
// part is passed over. Names are read as browsers write them (HTML, "multipart form data"): in quotes nothing is escaped but
// `%22`, `%0D` and `%0A`, and a value that is neither a token nor in quotes goes up to the next semicolon.
// Everything here goes through the bytes once, for any input.

import { parseOptionsHeader } from "../http/fields.ts"
import { ParameterValues } from "../http/parameter-values.ts"
import { asciiLower, isSpace, stripSpace, tokenEnd } from "../http/tokens.ts"
import { malformed } from "./limits.ts"
import type { FieldEvent, FileEvent, PartHeaders } from "./multipart-events.ts"

const CR = 0x0d
const QUOTE = 0x22
const PERCENT = 0x25
const SEMICOLON = 0x3b
const EQUALS = 0x3d

// What nearly every client sends. Nothing in it is escaped, so nothing in it has to be decoded.
const USUAL =
  /^Content-Disposition: (form-data; name="([^"%\0-\x1f\x7f-\xff]*)"(?:; filename="([^"%\0-\x1f\x7f-\xff]*)")?)\r\n(?:Content-Type: ([!-~]+(?:; ?[!-~]+)?)\r\n)?$/

/**
 * The event that begins a part with this head, given as the bytes up to its empty line. There is no control character in it
 * but TAB and line breaks.
 *
 * @throws BadRequest when a line is no header, or when they do not name the part
 */
export function readHead(bytes: Uint8Array, isAscii: boolean): FieldEvent | FileEvent {
  // A byte string: each byte a character. Heads are short enough for the slow way.
  const head = isAscii ? ascii.decode(bytes) : String.fromCharCode.apply(null, bytes as unknown as number[])
  const usual = USUAL.exec(head)
  if (usual !== null) {
    const [, disposition, name, filename, contentType] = usual as unknown as [string, string, string, string?, string?]
    const headers: [string, string][] = [["Content-Disposition", disposition]]
    if (contentType !== undefined) headers.push(["Content-Type", contentType])
    return partOf(name, filename, headers)
  }
  const headers = parseHead(head)
  const disposition = getHeader(headers, "content-disposition")
  if (disposition === undefined) throw malformed("a part has no Content-Disposition")
  const parameters = new ParameterValues()
  readParameters(disposition, parameters)
  const name = parameters.values.get("name")
  if (name === undefined) throw malformed("a part has no name")
  return partOf(name, parameters.values.get("filename"), headers)
}

function partOf(name: string, filename: string | undefined, headers: PartHeaders): FieldEvent | FileEvent {
  return filename === undefined ? { type: "field", name, headers } : { type: "file", name, filename, headers }
}

const ascii = new TextDecoder("utf-8", { ignoreBOM: true })

/** The headers of a head, folded lines put together. */
function parseHead(head: string): PartHeaders {
  const headers: [string, string][] = []
  let last: [string, string] | undefined
  let start = 0
  while (start < head.length) {
    let end = head.indexOf("\n", start)
    if (end === -1) end = head.length
    const lineEnd = head.charCodeAt(end - 1) === CR ? end - 1 : end
    const first = head.charCodeAt(start)
    if ((first === 0x20 || first === 0x09) && last !== undefined) {
      last[1] += ` ${head.slice(start + 1, lineEnd)}`
    } else {
      const colon = tokenEnd(head, start)
      if (colon === start || head.charCodeAt(colon) !== 0x3a) throw malformed("the headers of a part are malformed")
      last = [head.slice(start, colon), head.slice(colon + 1, lineEnd)]
      headers.push(last)
    }
    start = end + 1
  }
  for (const header of headers) header[1] = stripSpace(header[1])
  return headers
}

/** Gives the parameters of a Content-Disposition that tell a name; others are passed over. */
function readParameters(value: string, parameters: ParameterValues): void {
  const seen = new Set<string>()
  for (let index = value.indexOf(";"); index !== -1 && index < value.length; ) {
    const start = spaceEnd(value, index + 1)
    const equals = tokenEnd(value, start)
    if (equals === start || value.charCodeAt(equals) !== EQUALS) {
      index = value.indexOf(";", equals)
      continue
    }
    const from = spaceEnd(value, equals + 1)
    let end = quotedEnd(value, from)
    const isQuoted = end !== -1
    if (!isQuoted) {
      end = value.indexOf(";", from)
      if (end === -1) end = value.length
    }
    index = value.indexOf(";", end)
    const name = nameOf(value, start, equals)
    if (name === undefined) continue
    // Two readers may take one name each, and see two different forms.
    if (seen.has(name)) throw malformed("a part has two names")
    seen.add(name)
    const raw = isQuoted ? value.slice(from + 1, end - 1) : unquoted(stripSpace(value, from, end))
    parameters.add(name, name.endsWith("*") ? raw : decodeName(raw))
  }
}

/** The name of a parameter in lower case, if it is one that counts. */
function nameOf(text: string, start: number, end: number): string | undefined {
  const first = text.charCodeAt(start) | 0x20
  if (first !== 0x6e && first !== 0x66) return undefined
  const name = asciiLower(text.slice(start, end))
  return /^(?:file)?name(?:\*|$)/.test(name) ? name : undefined
}

/** Behind the quotes that begin at `start` and have nothing but spaces behind them in the parameter; -1 for others. */
function quotedEnd(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) return -1
  const close = text.indexOf('"', start + 1)
  if (close === -1) throw malformed("the name of a part does not end")
  const next = spaceEnd(text, close + 1)
  return next === text.length || text.charCodeAt(next) === SEMICOLON ? close + 1 : -1
}

/** A value that has quotes in the middle, without those around it. */
function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}

function spaceEnd(text: string, start: number): number {
  let index = start
  while (index < text.length && isSpace(text.charCodeAt(index))) index++
  return index
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const TO_DECODE = /[%\x80-\xff]/

/** The text of a name that is given as a byte string. */
function decodeName(name: string): string {
  if (!TO_DECODE.test(name)) return name
  const bytes = new Uint8Array(name.length)
  let size = 0
  for (let index = 0; index < name.length; index++) {
    let code = name.charCodeAt(index)
    if (code === PERCENT) {
      const escaped = escapedAt(name, index)
      if (escaped !== 0) {
        code = escaped
        index += 2
      }
    }
    bytes[size++] = code
  }
  try {
    return strict.decode(bytes.subarray(0, size))
  } catch {
    throw malformed("the name of a part is not UTF-8")
  }
}

/** What the three characters from a percent sign on stand for; 0 for other characters than the three escapes. */
function escapedAt(text: string, index: number): number {
  const high = text.charCodeAt(index + 1)
  const low = text.charCodeAt(index + 2)
  if (high === 0x32) return low === 0x32 ? QUOTE : 0
  if (high !== 0x30) return 0
  if ((low | 0x20) === 0x64) return CR
  return (low | 0x20) === 0x61 ? 0x0a : 0
}

/** The first header of that name, given in lower case. */
export function getHeader(headers: PartHeaders, name: string): string | undefined {
  for (const [candidate, value] of headers) {
    if (candidate.length === name.length && candidate.toLowerCase() === name) return value
  }
  return undefined
}

// A client that could choose any charset could choose how the bytes are read by the code that checks them; these few are the
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
