// Whether a browser sends a request on behalf of this site or of another one, by what the browser itself says and no page can
// change: Sec-Fetch-Site (Fetch Metadata), and, from browsers without it, Origin (RFC 6454 section 7).

import type { Environ } from "../gateway.ts"
import { requestHost } from "../http/hosts.ts"

/**
 * Where a request comes from: `own`, a page of this origin or the visitor alone; `foreign`, a page of another origin, of
 * this site or not; `unknown`, the client does not tell.
 */
export type RequestSource = "own" | "foreign" | "unknown"

/**
 * Judges a request.
 *
 * @param isTrusted whether an origin, as `https://example.com`, is as good as this one
 * @example
 * requestSource({ HTTP_SEC_FETCH_SITE: "same-origin" }) // => "own"
 * requestSource({ HTTP_SEC_FETCH_SITE: "same-site", HTTP_ORIGIN: "https://blog.example.com" }) // => "foreign"
 * requestSource({ "wsgi.url_scheme": "https", HTTP_HOST: "a.test", HTTP_ORIGIN: "https://a.test" }) // => "own"
 * requestSource({ "wsgi.url_scheme": "https", HTTP_HOST: "a.test", HTTP_ORIGIN: "http://a.test" }) // => "foreign"
 * requestSource({}) // => "unknown"
 */
export function requestSource(environ: Environ, isTrusted: (origin: string) => boolean = () => false): RequestSource {
  const { HTTP_SEC_FETCH_SITE: site, HTTP_ORIGIN: origin } = environ as Record<string, unknown>
  if (site === "same-origin" || site === "none") return "own"
  if (typeof origin === "string" && isTrusted(origin)) return "own"
  // A malformed value does not come from a browser that means well.
  if (site !== undefined) return "foreign"
  if (typeof origin !== "string") return "unknown"
  return isOwnOrigin(environ, origin) ? "own" : "foreign"
}

function isOwnOrigin(environ: Environ, origin: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  // What is no origin, or not written as browsers write it; `null` is that of sandboxed pages and of some redirects.
  if (url === undefined || url.origin !== origin) return false
  const scheme = url.protocol.slice(0, -1)
  // Anyone on the way may have changed a page without TLS. The other way round, a proxy in front has TLS and does not tell.
  if (scheme !== "https" && scheme !== environ["wsgi.url_scheme"]) return false
  const host = environ["HTTP_HOST"]
  return typeof host === "string" && host !== "" && requestHost(scheme, host).toLowerCase() === url.host
}
