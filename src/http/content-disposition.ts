// Content-Disposition (RFC 6266): how a browser names what it saves. The name often comes from a user, so every way out
// of the quotes is closed, and a name beyond ASCII is told twice: plainly for old clients, in UTF-8 for the others.

import { dumpExtendedValue } from "./extended-values.ts"
import { checkFieldValue, dumpOptionsHeader } from "./fields.ts"

const ASCII = /^[\x00-\x7f]*$/
const MARKS = /[\u0300-\u036f]/g
const BEYOND_ASCII = /[^\x00-\x7f]/g

/**
 * The value of a `Content-Disposition` header. The name is sent as given, slashes included: its meaning on a disk is up to the
 * client that saves it, and RFC 6266 section 4.3 tells clients to look at the last segment only.
 *
 * @throws TypeError when the name holds a control character
 * @example
 * dumpContentDisposition("attachment", "a b.txt") // => 'attachment; filename="a b.txt"'
 * dumpContentDisposition("inline", "é.txt") // => "inline; filename=e.txt; filename*=UTF-8''%C3%A9.txt"
 * dumpContentDisposition("attachment", "a\r\nb") // throws TypeError
 */
export function dumpContentDisposition(type: "attachment" | "inline", filename?: string | undefined): string {
  if (filename === undefined) return type
  if (ASCII.test(filename)) return dumpOptionsHeader(type, [["filename", checkFieldValue(filename)]])
  const plain = checkFieldValue(filename.normalize("NFKD").replace(MARKS, "").replace(BEYOND_ASCII, ""))
  return dumpOptionsHeader(type, [
    ["filename", plain],
    ["filename*", dumpExtendedValue(filename)],
  ])
}
