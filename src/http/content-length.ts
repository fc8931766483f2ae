// How long a body is said to be. Two headers have a say, and where they disagree requests are smuggled.

import { parseListHeader } from "./fields.ts"
import { parseCount } from "./numbers.ts"
import { asciiLower } from "./tokens.ts"

/**
 * The length in bytes that the headers announce; `undefined` when they announce none, or when the body is chunked, which
 * overrides it (RFC 9112 section 6.3). A length that is negative or no number counts as 0, one beyond 2^53 - 1 as that.
 *
 * @example
 * bodyLength("12") // => 12
 * bodyLength("12", "gzip, Chunked") // => undefined
 * bodyLength("+12") // => 0
 * bodyLength("99999999999999999999") // => 9007199254740991
 */
export function bodyLength(contentLength?: string | undefined, transferEncoding?: string): number | undefined {
  if (contentLength === undefined) return undefined
  if (transferEncoding && parseListHeader(transferEncoding).some((coding) => asciiLower(coding) === "chunked")) {
    return undefined
  }
  return parseCount(contentLength) ?? 0
}
