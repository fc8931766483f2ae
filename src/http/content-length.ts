// The announced length of a body. Two headers announce it, and where servers read them differently, requests are smuggled.

import { parseListHeader } from "./fields.ts"
import { parseCount } from "./numbers.ts"
import { asciiLower } from "./tokens.ts"

/**
 * The length in bytes that the headers announce; `undefined` when they announce none, or when the body is chunked, which
 * overrides it (RFC 9112 section 6.3). A negative or malformed length counts as 0, a length beyond 2^53 - 1 as 2^53 - 1.
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
