// Where a request goes: host, mount, path and query, out of the path or URL that is asked for and the base URL, and what a
// client would write into its request line for that. Nothing is normalised or decoded; request-url.ts knows the syntax.

import { textToByteString } from "../http/urls.ts"
import { splitUrl, type UrlPieces } from "./request-url.ts"

/** The pieces of a request's URL, as they are sent. */
export interface RequestLocation {
  scheme: string
  host: string
  /** Where the mount is: empty, or without a slash at its end. */
  scriptRoot: string
  /** Below the mount. */
  path: string
  /** Undefined where there is no question mark. */
  query: string | undefined
  /** What stands in the request line, as a byte string. */
  target: string
}

/**
 * The location of a path, or of a whole URL, which may repeat the mount.
 *
 * @throws TypeError for a base URL with a query or a fragment
 * @example
 * locate("http://h.test/app/a?b", "http://h.test/app").scriptRoot // => "/app"
 * locate("http://h.test/app/a?b", "http://h.test/app").path // => "/a"
 * locate("http://other.test/app/a?b", "http://h.test/app").scriptRoot // => ""
 */
export function locate(path: string, baseUrl: string | URL | undefined): RequestLocation {
  const asked = splitUrl(path)
  const base = baseUrl === undefined ? undefined : baseOf(baseUrl)
  const mount = base?.path ?? ""
  const whole = asked.host !== undefined
  const full = whole && asked.path === "" ? "/" : asked.path
  const repeated = asked.host === base?.host && (full === mount || full.startsWith(`${mount}/`))
  const scriptRoot = whole && !repeated ? "" : mount
  // A client sends what stands behind the host, and always a slash: there, and for a mount.
  const slash = asked.path === "" && (whole || scriptRoot !== "") ? "/" : ""
  const query = asked.query === undefined ? "" : `?${asked.query}`
  return {
    scheme: asked.scheme ?? base?.scheme ?? "http",
    host: asked.host ?? base?.host ?? "localhost",
    scriptRoot,
    path: whole ? full.slice(scriptRoot.length) : asked.path,
    query: asked.query,
    target: slash + textToByteString(whole ? asked.path + query : path),
  }
}

/**
 * The pieces of a base URL; its path is the mount, without a slash at its end.
 *
 * @throws TypeError for one with a query or a fragment
 */
export function baseOf(url: string | URL): UrlPieces {
  const base = splitUrl(String(url), true)
  if (base.query !== undefined || String(url).includes("#")) {
    throw new TypeError(`A base URL has neither query nor fragment: ${String(url)}`)
  }
  let end = base.path.length
  while (base.path[end - 1] === "/") end--
  const path = base.path.slice(0, end)
  return { ...base, path: path === "" || path.startsWith("/") ? path : `/${path}` }
}
