// The target of a request line: where its path, its query and perhaps its authority stand (RFC 9112 section 3.2).
// Works on the text as it came; nothing is normalised, so that there is one path with one meaning further on.

/** What a request target says. `path` is still percent-encoded. */
export interface RequestTarget {
  path: string
  query: string
  /** Host and port of an absolute-form target; they take the place of the Host header (RFC 9112 section 3.2.2). */
  authority: string | undefined
}

const AUTHORITY = /^(?:[a-z0-9._~!$&'()*+,;=%-]+|\[[0-9a-f:.]+\])(?::(\d{0,5}))?$/i
const ABSOLUTE = /^https?:\/\//i

/**
 * Takes a target apart; undefined when it has another form than those that a server other than a proxy takes:
 * origin-form, absolute-form with http or https, and `*` for OPTIONS.
 *
 * @example
 * parseTarget("GET", "/a//b?c=1") // => { path: "/a//b", query: "c=1", authority: undefined }
 * parseTarget("GET", "http://example.com:80?c") // => { path: "/", query: "c", authority: "example.com:80" }
 * parseTarget("OPTIONS", "*") // => { path: "*", query: "", authority: undefined }
 * parseTarget("GET", "file://hehe?/internal") // => undefined
 * parseTarget("GET", "/a#b") // => undefined
 */
export function parseTarget(method: string, target: string): RequestTarget | undefined {
  if (target.includes("#")) return undefined
  if (target.startsWith("/")) return split(target, undefined)
  if (target === "*") return method === "OPTIONS" ? { path: "*", query: "", authority: undefined } : undefined
  const scheme = ABSOLUTE.exec(target)
  if (!scheme) return undefined
  const rest = target.slice(scheme[0].length)
  const end = rest.search(/[/?]/)
  const authority = end === -1 ? rest : rest.slice(0, end)
  if (!isAuthority(authority)) return undefined
  const path = end === -1 ? "/" : rest.slice(end)
  return split(path.startsWith("/") ? path : `/${path}`, authority)
}

/**
 * Whether a text is a host with or without a port, and nothing else: no user, no path (RFC 9110 section 7.2).
 *
 * @example
 * isAuthority("[::1]:8000") // => true
 * isAuthority("a.com:80@evil.com") // => false
 * isAuthority("a.com:99999") // => false
 */
export function isAuthority(text: string): boolean {
  // uri-host = IP-literal / IPv4address / reg-name
  const match = AUTHORITY.exec(text)
  return match !== null && Number(match[1] ?? 0) <= 65535
}

function split(target: string, authority: string | undefined): RequestTarget {
  const question = target.indexOf("?")
  if (question === -1) return { path: target, query: "", authority }
  return { path: target.slice(0, question), query: target.slice(question + 1), authority }
}

/**
 * Percent-decodes a path into a byte string: one character for each byte. Decoded once; what is no escape stays.
 *
 * @example
 * decodePath("/caf%C3%A9%2Fx") // => "/caf\xC3\xA9/x"
 * decodePath("/100%/%zz/%2") // => "/100%/%zz/%2"
 */
export function decodePath(path: string): string {
  if (!path.includes("%")) return path
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
