// Post-processing of what an application sends: HTML with something put in, text put right. Stands inside compress, since
// compressed bytes can't be read, and outside of the layers that answer conditional and range requests. What described the old
// bytes goes: length, digests, the strength of the ETag, ranges.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Environ, HeaderList } from "../gateway.ts"
import { splitList } from "../http/fields.ts"
import { parseMediaType } from "../http/media-types.ts"
import { hasContent } from "../http/status.ts"
import { asciiLower, stripSpace } from "../http/tokens.ts"
import { type OptionNames, requireOptions } from "../mistakes/options.ts"
import { fieldOf, withoutFields } from "./header-list.ts"
import { type BodyTransform, transformResponse } from "./response-transform.ts"

export type { BodyTransform } from "./response-transform.ts"

/** The response that is about to be changed. */
export interface TransformedHead {
  status: string
  headers: HeaderList
  environ: Environ
}

/** Which responses `transformBody` changes. */
export interface TransformBodyOptions {
  /** Media types of the responses to change, as `text/html` or `text/*`. Default `text/html`. */
  types?: Iterable<string> | undefined
  /** Called for each response of these types: what becomes of its bytes, or `undefined` to leave them. */
  transform: (head: TransformedHead) => BodyTransform | undefined
}

const OPTIONS: OptionNames<TransformBodyOptions> = { types: true, transform: true }

/**
 * Changes the bodies of responses, chunk by chunk or, where the application gives an array, at once.
 *
 * Content-Length is dropped (the server counts an array anew), as are digests; a strong ETag becomes a weak one. Ranges of
 * the old bytes mean nothing, so `Range` is not passed on and `Accept-Ranges` not sent. Responses with a Content-Encoding,
 * without a body, or with `Cache-Control: no-transform` are left alone. HEAD gets the headers that a GET would.
 */
export function transformBody(app: ApplicationLike, options: TransformBodyOptions): Application {
  const inner = asApplication(app, "transformBody")
  requireOptions("transformBody", options, OPTIONS)
  const { transform } = options
  if (typeof transform !== "function") throw new TypeError(`transform must be a function, not ${String(transform)}`)
  const matches = mediaTypeTest(options.types ?? ["text/html"])
  const changed = transformResponse(inner, (status, headers, environ) => {
    if (!isTransformable(status, headers) || !matches(fieldOf(headers, "content-type"))) return undefined
    const own = transform({ status, headers, environ })
    if (own === undefined) return undefined
    const changedHeaders = transformedHeaders(headers)
    return environ.REQUEST_METHOD === "HEAD" ? { headers: changedHeaders } : { headers: changedHeaders, transform: own }
  })
  return (environ, startResponse) => {
    if (environ["HTTP_RANGE"] !== undefined) delete environ["HTTP_RANGE"]
    if (environ["HTTP_IF_RANGE"] !== undefined) delete environ["HTTP_IF_RANGE"]
    return changed(environ, startResponse)
  }
}

/**
 * A transform for text in UTF-8: `change` is given the text of each chunk, or that of the whole response where it is an array.
 * Characters that are split between chunks are put together.
 *
 * @example
 * const transform = textTransform((text) => text.toUpperCase())
 * new TextDecoder().decode(transform.chunk(new TextEncoder().encode("a\u00e4"))) // => "A\u00c4"
 */
export function textTransform(change: (text: string) => string): BodyTransform {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  return {
    chunk: (bytes) => {
      const text = decoder.decode(bytes, { stream: true })
      return encoder.encode(text === "" ? "" : change(text))
    },
    end: () => {
      const text = decoder.decode()
      return encoder.encode(text === "" ? "" : change(text))
    },
    whole: (bytes) => encoder.encode(change(decoder.decode(bytes))),
  }
}

/**
 * Whether a Content-Type is one of these types.
 *
 * @example
 * const isText = mediaTypeTest(["text/*", "application/json"])
 * isText("Text/HTML; charset=utf-8") // => true
 * isText("application/jsonp") // => false
 * isText(undefined) // => false
 */
export function mediaTypeTest(types: Iterable<string>): (contentType: string | undefined) => boolean {
  if (typeof types === "string") throw new TypeError(`a list of media types is wanted, not the text ${types}`)
  const exact = new Set(Array.from(types, asciiLower))
  const families = [...exact].filter((type) => type.endsWith("/*")).map((type) => type.slice(0, -1))
  const isListed = (contentType: string): boolean => {
    const type = asciiLower(parseMediaType(contentType)[0])
    return exact.has(type) || families.some((family) => type.startsWith(family))
  }
  // The types of responses are few. Bounded, since an application may put anything there.
  const known = new Map<string, boolean>()
  return (contentType) => {
    if (contentType === undefined) return false
    let listed = known.get(contentType)
    if (listed === undefined) {
      listed = isListed(contentType)
      if (known.size < MAX_KNOWN_TYPES) known.set(contentType, listed)
    }
    return listed
  }
}

const MAX_KNOWN_TYPES = 200

/** Whether a response has bytes that may be changed: a whole body, not coded, without `no-transform` (RFC 9111 section 5.2.2.6). */
export function isTransformable(status: string, headers: HeaderList): boolean {
  const code = Number(status.slice(0, 3))
  if (!hasContent(code) || code === 206 || fieldOf(headers, "content-range") !== undefined) return false
  const coding = fieldOf(headers, "content-encoding")
  if (coding !== undefined && asciiLower(coding) !== "identity") return false
  if (fieldOf(headers, "cache-control") === undefined) return true
  return !headers.some(([name, value]) => asciiLower(name) === "cache-control" && forbidsTransforming(value))
}

/** A quote that is never closed hides where the directives end; then the word alone is enough to be careful. */
function forbidsTransforming(cacheControl: string): boolean {
  const directives = splitList(cacheControl) ?? cacheControl.split(",")
  return directives.some((directive) => asciiLower(stripSpace(directive.split("=", 1)[0] ?? "")) === "no-transform")
}

// RFC 9530 digests, and their forerunners.
const DESCRIPTIONS = ["content-length", "accept-ranges", "content-md5", "digest", "content-digest", "repr-digest"]

/**
 * The headers without what describes bytes that are about to change; a strong ETag becomes weak (RFC 9110 section 8.8.1).
 *
 * @example
 * transformedHeaders([["Content-Length", "5"], ["ETag", '"a"']]) // => [["ETag", 'W/"a"']]
 */
export function transformedHeaders(headers: HeaderList): HeaderList {
  return withoutFields(headers, DESCRIPTIONS).map(([name, value]) => [
    name,
    asciiLower(name) === "etag" ? weakened(value) : value,
  ])
}

/** The tag as a weak one. */
export function weakened(etag: string): string {
  return etag.startsWith('"') ? `W/${etag}` : etag
}
