// The URL of a request, put together again from the pieces in its environ.

import type { Environ } from "../gateway.ts"
import { byteStringToText, requestUrl } from "../http/urls.ts"
import { getHost } from "./host.ts"
import { getPathInfo } from "./path.ts"

/** Which part of the URL is wanted, and which hosts are trusted. */
export interface CurrentUrlOptions {
  /** Up to the mount of the application, ending in a slash. */
  rootOnly?: boolean | undefined
  /** Without the query. */
  stripQuerystring?: boolean | undefined
  /** Only scheme and host, ending in a slash. */
  hostOnly?: boolean | undefined
  /** As for `getHost`. */
  trustedHosts?: Iterable<string> | undefined
}

/**
 * The URL of the request as an IRI, fit to be shown. Percent-escapes that mean something in a URL are kept. Where no host
 * is known, because `Host` is missing or malformed, it is a path: never `http:///path`.
 *
 * @throws SecurityError (400) when the host is not one of `trustedHosts`
 * @example
 * const environ = { "wsgi.url_scheme": "http", HTTP_HOST: "h", SCRIPT_NAME: "/app", PATH_INFO: "/\u00c3\u00a9", QUERY_STRING: "a=1" }
 * getCurrentUrl(environ) // => "http://h/app/é?a=1"
 * getCurrentUrl(environ, { rootOnly: true }) // => "http://h/app/"
 */
export function getCurrentUrl(environ: Environ, options: CurrentUrlOptions = {}): string {
  const scheme = environ["wsgi.url_scheme"] ?? "http"
  const host = getHost(environ, options.trustedHosts)
  if (options.hostOnly) return requestUrl({ scheme, host })
  const rootPath = byteStringToText(environ.SCRIPT_NAME ?? "")
  if (options.rootOnly) return requestUrl({ scheme, host, rootPath })
  const path = getPathInfo(environ)
  if (options.stripQuerystring) return requestUrl({ scheme, host, rootPath, path })
  return requestUrl({ scheme, host, rootPath, path, queryString: environ.QUERY_STRING ?? "" })
}
