// Lists of headers as layers need them: looked up and changed without an object around them. Nothing here changes the
// list that it is given, since that belongs to the application.

import type { Environ, HeaderList } from "../gateway.ts"
import { parseListHeader } from "../http/fields.ts"
import { asciiLower } from "../http/tokens.ts"

/** The key of an environ, as text; `undefined` when it is missing or something else. */
export function textOf(environ: Environ, key: string): string | undefined {
  const value = environ[key]
  return typeof value === "string" ? value : undefined
}

/**
 * Where a header of the request is in the environ.
 *
 * @example
 * fieldKey("X-Request-ID") // => "HTTP_X_REQUEST_ID"
 * fieldKey("content-type") // => "CONTENT_TYPE"
 */
export function fieldKey(name: string): string {
  const key = name.toUpperCase().replaceAll("-", "_")
  return key === "CONTENT_TYPE" || key === "CONTENT_LENGTH" ? key : `HTTP_${key}`
}

/** The value of the first header of that name, which is in lower case. */
export function fieldOf(headers: HeaderList, lowerName: string): string | undefined {
  for (const [name, value] of headers) {
    if (name.length === lowerName.length && asciiLower(name) === lowerName) return value
  }
  return undefined
}

/** The list without the headers of these names, which are in lower case. */
export function withoutFields(headers: HeaderList, lowerNames: readonly string[]): HeaderList {
  return headers.filter(([name]) => !lowerNames.includes(asciiLower(name)))
}

/**
 * The list with these names in its Vary header; a `*` that is there stands for all names.
 *
 * @example
 * withVary([["Vary", "Cookie"]], "Origin") // => [["Vary", "Cookie, Origin"]]
 * withVary([["Vary", "accept, origin"]], "Origin") // => [["Vary", "accept, origin"]]
 * withVary([["Vary", "*"]], "Origin") // => [["Vary", "*"]]
 */
export function withVary(headers: HeaderList, ...names: readonly string[]): HeaderList {
  // Most responses have none.
  if (fieldOf(headers, "vary") === undefined)
    return names.length === 0 ? headers : [...headers, ["Vary", names.join(", ")]]
  const present = headers.flatMap(([name, value]) => (asciiLower(name) === "vary" ? parseListHeader(value) : []))
  if (present.includes("*")) return headers
  const known = new Set(present.map(asciiLower))
  const missing = names.filter((name) => !known.has(asciiLower(name)))
  if (missing.length === 0) return headers
  return [...withoutFields(headers, ["vary"]), ["Vary", [...present, ...missing].join(", ")]]
}
