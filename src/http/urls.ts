// URLs as text: bytes and characters, query strings, and the way between URIs (ASCII, RFC 3986) and IRIs (RFC 3987).
// Not the platform's URL class, which normalises: here a path stays the path that was asked for.

import { hostToAscii, hostToUnicode } from "./idna.ts"
import { parseInteger } from "./numbers.ts"
import { charTable, percentDecode, percentEncode, percentEncodeByteString, safeTable } from "./percent.ts"
import { isAscii } from "./text-encoding.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

const BEYOND_LATIN1 = /[^\x00-\xff]/

/**
 * The text whose UTF-8 bytes are the characters of a byte string, as the CGI variables of an environ are (each character
 * one byte). What is not UTF-8 becomes U+FFFD. Text that has characters beyond a byte is text already.
 *
 * @example
 * byteStringToText("/caf\u00c3\u00a9") // => "/café"
 * byteStringToText("\u00ff") // => "\ufffd"
 */
export function byteStringToText(text: string): string {
  if (isAscii(text) || BEYOND_LATIN1.test(text)) return text
  return decoder.decode(byteStringToBytes(text))
}

/** The bytes of a byte string. */
function byteStringToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index)
  return bytes
}

/**
 * The UTF-8 bytes of a text as a byte string.
 *
 * @example
 * textToByteString("/café") // => "/caf\u00c3\u00a9"
 */
export function textToByteString(text: string): string {
  if (isAscii(text)) return text
  let result = ""
  for (const byte of encoder.encode(text)) result += String.fromCharCode(byte)
  return result
}

/**
 * The pairs of a query string or an urlencoded form, in order. A name without `=` has an empty value, an empty piece is
 * no pair, `;` is data. An escape that is malformed, or whose bytes are not UTF-8, stays as it is.
 *
 * @param text a byte string, as `QUERY_STRING` is, without the `?`
 * @example
 * parseQuery("a=1&b=x+y&a=%C3%A9&c") // => [["a", "1"], ["b", "x y"], ["a", "é"], ["c", ""]]
 * parseQuery("a=%FF&&b=100%") // => [["a", "%FF"], ["b", "100%"]]
 */
export function parseQuery(text: string): [key: string, value: string][] {
  return parseQueryText(byteStringToText(text))
}

/** The same of text. */
export function parseQueryText(text: string): [key: string, value: string][] {
  let query = text
  if (query.includes("+")) query = query.replaceAll("+", " ")
  const hasEscapes = query.includes("%")
  let pairs: [string, string][] = []
  // Engines are fastest at finding a character in a text.
  for (let start = 0, end = 0; start < query.length; start = end + 1) {
    end = query.indexOf("&", start)
    if (end === -1) end = query.length
    if (end === start) continue
    const piece = query.slice(start, end)
    const equals = piece.indexOf("=")
    const key = equals === -1 ? piece : piece.slice(0, equals)
    const value = equals === -1 ? "" : piece.slice(equals + 1)
    const pair: [string, string] = hasEscapes
      ? [percentDecode(key, undefined, "keep"), percentDecode(value, undefined, "keep")]
      : [key, value]
    // The first push onto an empty array makes room for sixteen more.
    if (pairs.length === 0) pairs = [pair]
    else pairs.push(pair)
  }
  return pairs
}

// A space is safe until it becomes a plus sign.
const QUERY_COMPONENT_SAFE = safeTable("!$'()*,/:;?@ ")

/**
 * The pairs as a query string. Pairs whose value is `null` or `undefined` are left out.
 *
 * @example
 * dumpQuery([["a", "x y"], ["b", 1], ["c", null], ["é", "&"]]) // => "a=x+y&b=1&%C3%A9=%26"
 */
export function dumpQuery(
  pairs: Iterable<readonly [key: string, value: string | number | bigint | boolean | null | undefined]>,
): string {
  const parts: string[] = []
  for (const [key, value] of pairs) {
    if (value !== null && value !== undefined) parts.push(`${encodeComponent(key)}=${encodeComponent(String(value))}`)
  }
  return parts.join("&")
}

function encodeComponent(text: string): string {
  const encoded = percentEncode(text, QUERY_COMPONENT_SAFE)
  return encoded.includes(" ") ? encoded.replaceAll(" ", "+") : encoded
}

/** The pieces of a URL, not decoded. `undefined` is a piece that is missing, which is not the same as an empty one. */
export interface UrlPieces {
  scheme: string | undefined
  authority: string | undefined
  path: string
  query: string | undefined
  fragment: string | undefined
}

// RFC 3986 appendix B, with the scheme as section 3.1 has it
//   scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
const SCHEME = /^[a-z][a-z0-9+.-]*(?=:)/i

/**
 * Takes any text apart as a URL or a reference to one; each piece stays as it is spelled.
 *
 * @example
 * splitUrl("HTTP://h/a?b") // => { scheme: "HTTP", authority: "h", path: "/a", query: "b", fragment: undefined }
 * splitUrl("../a?#b") // => { scheme: undefined, authority: undefined, path: "../a", query: "", fragment: "b" }
 */
export function splitUrl(text: string): UrlPieces {
  const scheme = SCHEME.exec(text)?.[0]
  let rest = scheme === undefined ? text : text.slice(scheme.length + 1)
  let fragment: string | undefined
  let query: string | undefined
  let authority: string | undefined
  const hash = rest.indexOf("#")
  if (hash !== -1) [rest, fragment] = [rest.slice(0, hash), rest.slice(hash + 1)]
  const mark = rest.indexOf("?")
  if (mark !== -1) [rest, query] = [rest.slice(0, mark), rest.slice(mark + 1)]
  if (rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2)
    const end = slash === -1 ? rest.length : slash
    ;[authority, rest] = [rest.slice(2, end), rest.slice(end)]
  }
  return { scheme, authority, path: rest, query, fragment }
}

/** In the normal form: the scheme in lower case, and an empty query or fragment left out with its mark. */
function joinUrl({ scheme, authority, path, query, fragment }: UrlPieces): string {
  let url = scheme === undefined ? "" : `${scheme.toLowerCase()}:`
  if (authority !== undefined) url += `//${authority}`
  url += path
  if (query) url += `?${query}`
  if (fragment) url += `#${fragment}`
  return url
}

// RFC 3986 section 3.2   authority = [ userinfo "@" ] host [ ":" port ]
/** The authority with its user information and its host passed through the functions; port 0 and an empty port are left away. */
function mapAuthority(authority: string, mapUser: (text: string) => string, mapHost: (text: string) => string): string {
  const at = authority.lastIndexOf("@")
  const userinfo = authority.slice(0, Math.max(at, 0))
  const hostport = authority.slice(at + 1)
  const bracket = hostport.startsWith("[") ? hostport.indexOf("]") : -1
  const colon = hostport.indexOf(":", bracket + 1)
  const host = colon === -1 ? hostport : hostport.slice(0, colon)
  const isAddress = host.startsWith("[")
  if (isAddress ? !IP_LITERAL.test(host) : /[[\]]/.test(host)) throw malformed("host", host)
  const port = colon === -1 || colon === hostport.length - 1 ? 0 : parseInteger(hostport.slice(colon + 1))
  if (port === undefined || port < 0 || port > 65535) throw malformed("port", hostport.slice(colon + 1))

  const name = isAddress ? host.toLowerCase() : mapHost(host)
  const separator = userinfo.indexOf(":")
  const user = separator === -1 ? userinfo : userinfo.slice(0, separator)
  const password = separator === -1 ? "" : userinfo.slice(separator + 1)
  let result = port === 0 ? name : `${name}:${port}`
  if (user !== "") result = `${mapUser(user)}${password === "" ? "" : `:${mapUser(password)}`}@${result}`
  return result
}

// RFC 3986 section 3.2.2   IP-literal = "[" ( IPv6address / IPvFuture ) "]"
const IP_LITERAL = /^\[(?:[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*|v[0-9a-f]+\.[\w.~!$&'()*+,;=:-]+)\]$/i

function malformed(part: string, text: string): TypeError {
  return new TypeError(`Not the ${part} of a URL: ${JSON.stringify(text)}`)
}

const PATH_SAFE = "!$&'()*+,/:;=@"
/** A path that is an URI as it stands, and no authority. */
const PLAIN_PATH = /^\/(?!\/)[\w.~!$&'()*+,/:;=@%-]*$/
const QUERY_SAFE = `${PATH_SAFE}?`
const FRAGMENT_SAFE = `${QUERY_SAFE}#`
const USER_SAFE = "!$&'()*+,;="
const HOST_SAFE = "!$&'()*+,;="

/**
 * The IRI as an URI: ASCII only, with the host in Punycode and the rest percent-encoded. What is encoded already stays
 * as it is, so an URI comes back unchanged but for capitals in scheme and host, an empty password, port, query
 * or fragment, and characters that no URI may have, such as backslash and brackets.
 *
 * @throws TypeError for a host or port that cannot be one
 * @example
 * iriToUri("http://☃.net/påth?q=èry#frågment") // => "http://xn--n3h.net/p%C3%A5th?q=%C3%A8ry#fr%C3%A5gment"
 * iriToUri("/\\evil.example") // => "/%5Cevil.example"
 * iriToUri("http://example.com:port/") // throws TypeError
 */
export function iriToUri(iri: string): string {
  if (PLAIN_PATH.test(iri)) return iri
  const { scheme, authority, path, query, fragment } = splitUrl(iri)
  return joinUrl({
    scheme,
    authority: authority === undefined ? undefined : mapAuthority(authority, encodeUser, encodeHost),
    path: percentEncode(path, `${PATH_SAFE}%`),
    query: query === undefined ? undefined : percentEncode(query, `${QUERY_SAFE}%`),
    fragment: fragment === undefined ? undefined : percentEncode(fragment, `${FRAGMENT_SAFE}%`),
  })
}

const encodeUser = (text: string): string => percentEncode(text, `${USER_SAFE}%`)
// The case of a host does not count, that of its escapes included.
const encodeHost = (text: string): string => percentEncode(hostToAscii(text), `${HOST_SAFE}%`).toLowerCase()

// What stays escaped: white space and controls, the percent sign, and what would end or split the part.
const PATH_KEEP = charTable(" %/?#", true)
const QUERY_KEEP = charTable(" %&=+#", true)
const FRAGMENT_KEEP = charTable(" %", true)
const USER_KEEP = charTable(" %:@/?#", true)

/**
 * The URI as an IRI, for people to read: what can be decoded without changing the meaning of the URL is decoded. Bytes that are
 * not UTF-8 and labels that are not Punycode stay encoded.
 *
 * @throws TypeError for a host or port that cannot be one
 * @example
 * uriToIri("http://xn--n3h.net/p%C3%A5th%2F?q=%C3%A8ry%DF") // => "http://☃.net/påth%2F?q=èry%DF"
 */
export function uriToIri(uri: string): string {
  const { scheme, authority, path, query, fragment } = splitUrl(uri)
  return joinUrl({
    scheme,
    authority: authority === undefined ? undefined : mapAuthority(authority, decodeUser, hostToUnicode),
    path: percentDecode(path, PATH_KEEP, "keep"),
    query: query === undefined ? undefined : percentDecode(query, QUERY_KEEP, "keep"),
    fragment: fragment === undefined ? undefined : percentDecode(fragment, FRAGMENT_KEEP, "keep"),
  })
}

const decodeUser = (text: string): string => percentDecode(text, USER_KEEP, "keep")

/** What the URL of a request is made of. Each part may be left out, and then so are those behind it. */
export interface UrlParts {
  scheme: string
  /** Host and perhaps port. */
  host: string
  /** Where the application is mounted, decoded. */
  rootPath?: string | undefined
  /** The path below that, decoded. */
  path?: string | undefined
  /** The query as a byte string, still encoded. */
  queryString?: string | undefined
}

/**
 * The URL of a request as an IRI. Without a root path it is the host's, which ends in a slash; so does one without a path.
 * Where the host is empty it is a path: behind `http://` its first segment would be taken for a host. A backslash stays
 * escaped, since browsers take it for a slash.
 *
 * @throws TypeError for a host that cannot be one
 * @example
 * requestUrl({ scheme: "http", host: "h" }) // => "http://h/"
 * requestUrl({ scheme: "http", host: "h", rootPath: "/r", path: "/a b", queryString: "c=%C3%A9" }) // => "http://h/r/a%20b?c=é"
 * requestUrl({ scheme: "http", host: "", rootPath: "", path: "//evil.test/x" }) // => "/evil.test/x"
 */
export function requestUrl({ scheme, host, rootPath, path, queryString }: UrlParts): string {
  const origin = host === "" ? "" : `${scheme}://${host}`
  let url = "/"
  if (rootPath !== undefined) {
    const root = trimSlashes(rootPath, "end")
    if (root !== "") {
      // With a host in front, slashes at the start of the mount are as they came.
      const start = origin !== "" && root.startsWith("/") ? root : `/${trimSlashes(root, "start")}`
      url = `${percentEncode(start, PATH_SAFE)}/`
    }
    if (path !== undefined) {
      url += percentEncode(trimSlashes(path, "start"), PATH_SAFE)
      if (queryString) url += `?${encodeQuery(queryString)}`
    }
  }
  return uriToIri(`${origin}${url}`).replaceAll("\\", "%5C")
}

/** Byte by byte, so that what is not UTF-8 can still be seen in the URL. Text beyond bytes is encoded as text. */
function encodeQuery(query: string): string {
  const safe = safeTable(`${QUERY_SAFE}%`)
  return BEYOND_LATIN1.test(query) ? percentEncode(query, safe) : percentEncodeByteString(query, safe)
}

function trimSlashes(text: string, side: "start" | "end"): string {
  let [from, to] = [0, text.length]
  if (side === "start") while (text.charCodeAt(from) === 0x2f) from++
  else while (text.charCodeAt(to - 1) === 0x2f) to--
  return text.slice(from, to)
}
