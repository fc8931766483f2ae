// Media types (RFC 9110 section 8.3): the reading of Content-Type, and which types are text or JSON.

import { dumpOptionsHeader, parseOptionsHeader } from "./fields.ts"
import { asciiLower, tokenEnd } from "./tokens.ts"

// RFC 9110 section 8.3.1   media-type = type "/" subtype parameters
/**
 * The media type in lower case without its parameters, and the parameters. A text that is not of the form `type/subtype` has an
 * empty type and no parameters, so that `application/json garbage` never passes for JSON.
 *
 * @example
 * parseMediaType("Text/HTML; charset=UTF-8") // => ["text/html", new Map([["charset", "UTF-8"]])]
 * parseMediaType("application/json garbage") // => ["", new Map()]
 */
export function parseMediaType(text: string | undefined): [mimetype: string, parameters: Map<string, string>] {
  const [value, parameters] = parseOptionsHeader(text)
  return isMediaType(value) ? [asciiLower(value), parameters] : ["", new Map()]
}

/**
 * Whether this is `type/subtype` and nothing else.
 *
 * @example
 * isMediaType("text/html") // => true
 * isMediaType("text/html; charset=utf-8") // => false
 */
export function isMediaType(text: string): boolean {
  const slash = tokenEnd(text, 0)
  if (slash === 0 || text.charCodeAt(slash) !== 0x2f) return false
  const end = tokenEnd(text, slash + 1)
  return end > slash + 1 && end === text.length
}

const TEXT_TYPES: ReadonlySet<string> = new Set([
  "application/ecmascript",
  "application/javascript",
  "application/sql",
  "application/xml",
  "application/xml-dtd",
  "application/xml-external-parsed-entity",
])

/**
 * Whether a media type without parameters, in lower case, is text that may have a charset.
 *
 * @example
 * isTextType("image/svg+xml") // => true
 * isTextType("application/json") // => false
 */
export function isTextType(mimetype: string): boolean {
  return mimetype.startsWith("text/") || mimetype.endsWith("+xml") || TEXT_TYPES.has(mimetype)
}

/**
 * Whether a media type without parameters, in lower case, is JSON (RFC 8259, and RFC 6839 section 3.1 for `+json`).
 *
 * @example
 * isJsonType("application/problem+json") // => true
 * isJsonType("text/json") // => false
 */
export function isJsonType(mimetype: string): boolean {
  return mimetype === "application/json" || (mimetype.startsWith("application/") && mimetype.endsWith("+json"))
}

/**
 * A media type with these parameters; empty when there is neither.
 *
 * @throws TypeError when there are parameters without a media type
 */
export function withParameters(mimetype: string, parameters: ReadonlyMap<string, string>): string {
  if (mimetype === "" && parameters.size > 0) {
    throw new TypeError(`There is no media type that could have the parameter ${[...parameters.keys()].join(", ")}`)
  }
  return dumpOptionsHeader(mimetype, parameters)
}

/**
 * The value of Content-Type for a media type: text types get the charset, unless they come with one.
 *
 * @example
 * getContentType("text/html", "utf-8") // => "text/html; charset=utf-8"
 * getContentType("text/html; charset=latin1", "utf-8") // => "text/html; charset=latin1"
 * getContentType("image/png", "utf-8") // => "image/png"
 */
export function getContentType(mimetype: string, charset: string): string {
  const [type, parameters] = parseOptionsHeader(mimetype)
  if (!isTextType(asciiLower(type)) || parameters.has("charset")) return mimetype
  return dumpOptionsHeader(mimetype, [["charset", charset]])
}
