// What proxies say of the request that they pass on: the Forwarded header (RFC 7239), and the X-Forwarded ones as lists.
// Texts and values only; proxy-fix.ts decides which proxies to believe.

import { hostIsTrusted } from "../http/hosts.ts"
import { parseInteger } from "../http/numbers.ts"
import { asciiLower, closingQuote, stripSpace, tokenEnd, unescapeQuoted } from "../http/tokens.ts"
import { parseAddress } from "./address-list.ts"

/**
 * One hop: what the proxy that wrote it got, and from which address. Names are in lower case; `for`, `by`, `host` and `proto` are
 * registered.
 */
export type ForwardedElement = ReadonlyMap<string, string>

// RFC 7239 section 4
//   Forwarded         = 1#forwarded-element
//   forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
//   forwarded-pair    = token "=" ( token / quoted-string )

/**
 * The elements of a Forwarded header, the nearest proxy's last; `undefined` when anything in it is malformed, since then it can't
 * be told which proxy wrote which element. Older proxies leave the quotes away: a value may also hold `:`, `[` and `]`.
 *
 * @example
 * parseForwarded("for=192.0.2.1;proto=https, for=10.0.0.1") // => [new Map([["for", "192.0.2.1"], ["proto", "https"]]), new Map([["for", "10.0.0.1"]])]
 * parseForwarded('for="127.0.0.1;host=evil;proto=https"') // => [new Map([["for", "127.0.0.1;host=evil;proto=https"]])]
 * parseForwarded('for="1') // => undefined
 */
export function parseForwarded(text: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  let pairs = new Map<string, string>()
  let at = 0
  for (;;) {
    at = skipSpace(text, at)
    const nameEnd = tokenEnd(text, at)
    if (nameEnd > at) {
      const name = asciiLower(text.slice(at, nameEnd))
      if (text[nameEnd] !== "=" || pairs.has(name)) return undefined
      const start = nameEnd + 1
      if (text[start] === '"') {
        const end = closingQuote(text, start)
        if (end === -1) return undefined
        pairs.set(name, unescapeQuoted(text, start + 1, end))
        at = end + 1
      } else {
        at = valueEnd(text, start)
        if (at === start) return undefined
        pairs.set(name, text.slice(start, at))
      }
      at = skipSpace(text, at)
    }
    const next = text[at]
    if (next !== ";" && next !== "," && next !== undefined) return undefined
    if (next !== ";") {
      if (pairs.size > 0) elements.push(pairs)
      pairs = new Map()
    }
    if (next === undefined) return elements
    at++
  }
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (text[at] === " " || text[at] === "\t") at++
  return at
}

function valueEnd(text: string, start: number): number {
  let at = start
  for (;;) {
    at = tokenEnd(text, at)
    const next = text[at]
    if (next !== ":" && next !== "[" && next !== "]") return at
    at++
  }
}

/**
 * The address in a `for`, without port and brackets; `undefined` when it is hidden (`unknown`, `_hidden`) or malformed.
 *
 * @example
 * forwardedAddress("192.0.2.1:8080") // => "192.0.2.1"
 * forwardedAddress("[2001:db8::1]:4711") // => "2001:db8::1"
 * forwardedAddress("2001:db8::1") // => "2001:db8::1"
 * forwardedAddress("unknown") // => undefined
 */
export function forwardedAddress(node: string): string | undefined {
  const text = stripSpace(node)
  const address = WITH_PORT.exec(text)?.slice(1).find(Boolean) ?? text
  return parseAddress(address) === undefined ? undefined : address
}

// RFC 7239 section 6
//   node     = nodename [ ":" node-port ]
//   nodename = IPv4address / "[" IPv6address "]" / "unknown" / obfnode
const WITH_PORT = /^(?:\[([^\]]*)\]|([0-9.]+))(?::[A-Za-z0-9._-]+)?$/

/**
 * `http` or `https`, also of the schemes of WebSocket; `undefined` for anything else.
 *
 * @example
 * forwardedScheme("HTTPS") // => "https"
 * forwardedScheme("java script") // => undefined
 */
export function forwardedScheme(text: string): "http" | "https" | undefined {
  const scheme = asciiLower(stripSpace(text))
  if (scheme === "https" || scheme === "wss") return "https"
  return scheme === "http" || scheme === "ws" ? "http" : undefined
}

/**
 * A host with its port, if it has one; `undefined` when it is malformed.
 *
 * @example
 * forwardedHost("[::1]:8080") // => ["[::1]", "8080"]
 * forwardedHost("example.com") // => ["example.com", undefined]
 * forwardedHost("a.com:80@evil.test") // => undefined
 */
export function forwardedHost(text: string): [name: string, port: string | undefined] | undefined {
  const host = stripSpace(text)
  if (!hostIsTrusted(host)) return undefined
  const colon = host.endsWith("]") ? -1 : host.lastIndexOf(":")
  return colon === -1 ? [host, undefined] : [host.slice(0, colon), host.slice(colon + 1)]
}

/**
 * A port in decimal digits; `undefined` for other text.
 *
 * @example
 * forwardedPort("8443") // => "8443"
 * forwardedPort("99999") // => undefined
 */
export function forwardedPort(text: string): string | undefined {
  const port = parseInteger(stripSpace(text))
  return port !== undefined && port >= 0 && port <= 65535 ? String(port) : undefined
}

/**
 * A path as SCRIPT_NAME holds it: a slash first, none at the end. `undefined` for what would become another host in a URL or
 * another path on its way: a second slash in front, a backslash, dot segments, control characters.
 *
 * @example
 * forwardedPrefix("/app/") // => "/app"
 * forwardedPrefix("//evil.test") // => undefined
 * forwardedPrefix("app") // => undefined
 */
export function forwardedPrefix(text: string): string | undefined {
  let path = stripSpace(text)
  if (path.endsWith("/")) path = path.slice(0, -1)
  if (path === "") return ""
  if (!path.startsWith("/") || path.startsWith("//") || path.endsWith("/") || /[\\?#\x00-\x1f\x7f]/.test(path))
    return undefined
  return path.split("/").some((segment) => segment === "." || segment === "..") ? undefined : path
}
