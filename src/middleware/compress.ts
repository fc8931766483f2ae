// Responses in the coding that the client likes best. Stands outside of the layers that read or change bodies, and inside
// accessLog, which then counts the bytes that are sent. Compressing a page that holds both a secret and something that the client
// chose gives the secret away to an attacker that can watch its length (BREACH): leave such pages out by their type, or mark them
// `Cache-Control: no-transform`.

import { asApplication } from "../as-application.ts"
import { Accept } from "../datastructures/accept.ts"
import type { ContentCoding } from "../files/precompressed.ts"
import type { Application, ApplicationLike, HeaderList } from "../gateway.ts"
import { parseMediaType } from "../http/media-types.ts"
import { parseInteger } from "../http/numbers.ts"
import { asciiLower } from "../http/tokens.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { availableCodings, type CodingLevels, contentCoder } from "./content-codings.ts"
import { fieldOf, textOf, withVary } from "./header-list.ts"
import { transformResponse } from "./response-transform.ts"
import { isTransformable, mediaTypeTest, transformedHeaders, weakened } from "./transform-body.ts"

/** What `compress` compresses, and how. */
export interface CompressOptions {
  /** Codings to offer, the best one first. Default: Zstandard where Node has it, Brotli, gzip. */
  codings?: Iterable<ContentCoding> | undefined
  /** How hard to try: gzip 0 to 9, default 6; br 0 to 11, default 4; zstd 1 to 22, default 3. */
  levels?: CodingLevels | undefined
  /** A response that is known to be shorter stays as it is. Default 1024 bytes. */
  minBytes?: number | undefined
  /** Media types to compress, as `text/html` or `text/*`. Default: text, JSON, XML, scripts, fonts without a coding of their own. */
  types?: Iterable<string> | undefined
}

const OPTIONS: OptionNames<CompressOptions> = { codings: true, levels: true, minBytes: true, types: true }

/**
 * Compresses responses by the request's Accept-Encoding. Each chunk can be read by the client as soon as the application has
 * given it, so events and slow pages arrive as they do without this layer.
 *
 * Left alone: types that are compressed in themselves, responses with a Content-Encoding, parts of a range, responses
 * without a body, `Cache-Control: no-transform`. `Vary: Accept-Encoding` is sent with all that might have been compressed;
 * a strong ETag becomes weak, since the bytes are others.
 *
 * @throws RangeError for a coding that Node cannot make
 */
export function compress(app: ApplicationLike, options: CompressOptions = {}): Application {
  const inner = asApplication(app, "compress")
  checkOptions("compress", options, OPTIONS)
  const { levels = {}, minBytes = 1024 } = options
  const codings = [...(options.codings ?? availableCodings)]
  for (const coding of codings) contentCoder(coding)
  const isWanted = options.types === undefined ? isCompressible : mediaTypeTest(options.types)
  return transformResponse(inner, (status, headers, environ) => {
    if (status.startsWith("304")) {
      return { headers: withVary(revalidated(headers, textOf(environ, "HTTP_IF_NONE_MATCH")), "Accept-Encoding") }
    }
    if (!isTransformable(status, headers) || !isWanted(fieldOf(headers, "content-type"))) return undefined
    const length = parseInteger(fieldOf(headers, "content-length") ?? "")
    if (length !== undefined && length < minBytes) return undefined
    const coding = chooseCoding(textOf(environ, "HTTP_ACCEPT_ENCODING"), codings)
    if (coding === undefined) return { headers: withVary(headers, "Accept-Encoding") }
    const changed = withVary([...transformedHeaders(headers), ["Content-Encoding", coding]], "Accept-Encoding")
    if (environ.REQUEST_METHOD === "HEAD") return { headers: changed }
    return { headers: changed, transform: contentCoder(coding, levels) }
  })
}

/**
 * The coding that the client likes best of those that are offered, the first one of several; `undefined` when it likes none,
 * or likes the uncoded bytes better (RFC 9110 section 12.5.3).
 *
 * @example
 * chooseCoding("gzip, br;q=0.9", ["br", "gzip"]) // => "gzip"
 * chooseCoding("gzip, br", ["br", "gzip"]) // => "br"
 * chooseCoding("*;q=0.5, br;q=0", ["br", "gzip"]) // => "gzip"
 * chooseCoding("identity, gzip;q=0.5", ["gzip"]) // => undefined
 * chooseCoding(undefined, ["gzip"]) // => undefined
 */
export function chooseCoding<T extends string>(
  acceptEncoding: string | undefined,
  offered: readonly T[],
): T | undefined {
  if (!acceptEncoding) return undefined
  const accept = Accept.fromHeader(acceptEncoding)
  let best = accept.values().some((value) => asciiLower(value) === "identity") ? accept.quality("identity") : 0
  let choice: T | undefined
  for (const coding of offered) {
    const quality = accept.quality(coding)
    if (quality > best || (quality === best && quality > 0 && choice === undefined)) {
      best = quality
      choice = coding
    }
  }
  return choice
}

const COMPRESSIBLE = mediaTypeTest([
  "text/*",
  "application/javascript",
  "application/json",
  "application/manifest+json",
  "application/rtf",
  "application/vnd.ms-fontobject",
  "application/wasm",
  "application/x-javascript",
  "application/x-ndjson",
  "application/xml",
  "font/otf",
  "font/ttf",
  "image/bmp",
  "image/svg+xml",
  "image/vnd.microsoft.icon",
])

/**
 * Whether responses of this Content-Type become smaller: text, and what is written in JSON, XML or YAML.
 *
 * @example
 * isCompressible("application/problem+json") // => true
 * isCompressible("image/png") // => false
 */
export function isCompressible(contentType: string | undefined): boolean {
  if (contentType === undefined) return false
  return COMPRESSIBLE(contentType) || /\+(?:json|xml|yaml|text)$/i.test(parseMediaType(contentType)[0])
}

/** A client that has kept the compressed bytes knows them by the weak tag; a 304 that confirms them says the same. */
function revalidated(headers: HeaderList, ifNoneMatch: string | undefined): HeaderList {
  const etag = fieldOf(headers, "etag")
  if (etag === undefined || !etag.startsWith('"') || !ifNoneMatch?.includes(`W/${etag}`)) return headers
  return headers.map(([name, value]) => [name, asciiLower(name) === "etag" ? weakened(value) : value])
}
