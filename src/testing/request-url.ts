// The pieces of the URL that a test asks for, on their way into an environ and back. Unlike the platform's URL class, nothing
// is normalised: the path that is asked for is the one that arrives, as with a client that writes to a socket.

import { hostToAscii } from "../http/idna.ts"
import { percentDecodeBytes, percentEncode } from "../http/percent.ts"

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

/** Host and port of an authority; the port is that of the scheme if there is none, or none that is a number. */
export function splitHost(host: string, scheme: string): [name: string, port: string] {
  const port = /:([0-9]+)$/.exec(host)?.[1]
  const colon = host.endsWith("]") ? -1 : host.lastIndexOf(":")
  return [colon === -1 ? host : host.slice(0, colon), port ?? (scheme === "https" ? "443" : "80")]
}
