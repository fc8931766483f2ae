// The pieces of the URL that a test asks for, on their way into an environ and back. Unlike the platform's URL class, nothing
// is normalised: the path that is asked for is the one that arrives, as with a client that writes to a socket. Where a request
// goes (host, mount, path and query) follows from that URL and a base URL.

import { hostToAscii } from "../http/idna.ts"
import { percentDecodeBytes, percentEncode } from "../http/percent.ts"
import { textToByteString } from "../http/urls.ts"

/** Scheme, authority and the rest of a URL; what is not there is undefined. The fragment is left out: no server sees it. */
export interface UrlPieces {
  scheme: string | undefined
  host: string | undefined
  path: string
  query: string | undefined
}

// RFC 3986 appendix B, for a URL with an authority. A path that starts with two slashes is a path.
const ABSOLUTE = /^(?:([a-z][a-z0-9+.-]*):)?\/\/([^/?#]*)/i

/**
 * Takes a URL apart; `//host/path` has an authority only if `networkPath` says so.
 *
 * @throws TypeError for a host beyond ASCII that no name can be
 */
export function splitUrl(text: string, networkPath = false): UrlPieces {
  const fragment = text.indexOf("#")
  const url = fragment === -1 ? text : text.slice(0, fragment)
  const absolute = networkPath || !url.startsWith("//") ? ABSOLUTE.exec(url) : null
  const rest = absolute === null ? url : url.slice(absolute[0].length)
  const question = rest.indexOf("?")
  return {
    scheme: absolute?.[1]?.toLowerCase(),
    host: absolute === null ? undefined : asciiHost(withoutUser(absolute[2] as string)),
    path: question === -1 ? rest : rest.slice(0, question),
    query: question === -1 ? undefined : rest.slice(question + 1),
  }
}

function withoutUser(authority: string): string {
  return authority.slice(authority.lastIndexOf("@") + 1)
}

/**
 * Host and port as a client sends them: a name beyond ASCII in Punycode, any other as it is.
 *
 * @throws TypeError for a name that has no ASCII form
 * @example
 * asciiHost("bücher.example:8080") // => "xn--bcher-kva.example:8080"
 */
export function asciiHost(host: string): string {
  if (/^[\x00-\x7f]*$/.test(host)) return host
  const colon = host.lastIndexOf(":")
  return colon === -1 ? hostToAscii(host) : hostToAscii(host.slice(0, colon)) + host.slice(colon)
}

// Printable ASCII without what no client sends in a target as it is (RFC 3986 section 2): space " # < > \ ^ ` { | }
const PATH_SAFE = "%!$&'()*+,/:;=@[]"

/** A path as a client sends it: what is not allowed there is percent-encoded as UTF-8, what is encoded stays. */
export function encodePath(path: string): string {
  return percentEncode(path, PATH_SAFE)
}

/**
 * The bytes that a path stands for, as a byte string: what PATH_INFO holds.
 *
 * @example
 * pathBytes("/caf%C3%A9/é") // => "/caf\u00c3\u00a9/\u00c3\u00a9"
 */
export function pathBytes(path: string): string {
  if (!/[%\x80-\uffff]/.test(path)) return path
  let bytes = ""
  for (const byte of percentDecodeBytes(path)) bytes += String.fromCharCode(byte)
  return bytes
}

/**
 * A byte string as a percent-encoded path: the way back from PATH_INFO.
 *
 * @example
 * quoteBytes("/caf\u00c3\u00a9 %") // => "/caf%C3%A9%20%25"
 */
export function quoteBytes(bytes: string): string {
  return bytes.replace(
    /[^A-Za-z0-9\-._~!$&'()*+,/:;=@]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  )
}

/** Host and port of an authority; the port is that of the scheme if it is missing or not a number. */
export function splitHost(host: string, scheme: string): [name: string, port: string] {
  const port = /:([0-9]+)$/.exec(host)?.[1]
  const colon = host.endsWith("]") ? -1 : host.lastIndexOf(":")
  return [colon === -1 ? host : host.slice(0, colon), port ?? (scheme === "https" ? "443" : "80")]
}

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
