// Which host a request was meant for, and whether that is one of ours. Everything that builds a URL starts here, so a
// host is either of the plain form below or it is no host; nothing is repaired, and nothing is handed to a URL parser.

import { hostToAscii } from "./idna.ts"
import { parseInteger } from "./numbers.ts"
import { asciiLower } from "./tokens.ts"

/** A host that is malformed or not in the list of trusted ones. */
export class UntrustedHost extends Error {
  override readonly name: string = "UntrustedHost"
  /** The status to answer with. */
  readonly status: number = 400
}

// A name of letters, digits, dots and hyphens, or an IPv6 address in brackets. RFC 3986 would allow more: no server is
// called that, and every further character has misled some URL parser.
const NAME = /^[a-z0-9.-]+$/i
const IPV6 = /^\[[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*\]$/i

/** The name or address without the port; `undefined` when this is not `host` or `host:port`. */
function hostName(host: string): string | undefined {
  const colon = host.indexOf(":", host.startsWith("[") ? host.indexOf("]") + 1 : 0)
  const name = colon === -1 ? host : host.slice(0, colon)
  if (colon !== -1 && !isPort(host.slice(colon + 1))) return undefined
  return NAME.test(name) || IPV6.test(name) ? name : undefined
}

function isPort(text: string): boolean {
  const port = /^[0-9]+$/.test(text) ? parseInteger(text) : undefined
  return port !== undefined && port <= 65535
}

/**
 * Whether the host is well-formed and, if there is a list, in it. The case of letters and the host's port do not count.
 *
 * @param trusted names, in any script; one that starts with a dot stands for itself and all names below it.
 *   Without a list, or with an empty one, any host will do
 * @row SUTIL-1, WSGI-4
 * @example
 * hostIsTrusted("www.example.com:8080", [".example.com"]) // => true
 * hostIsTrusted("example.com.evil.test", [".example.com"]) // => false
 * hostIsTrusted("user@example.com") // => false
 */
export function hostIsTrusted(host: string | undefined, trusted?: Iterable<string>): boolean {
  const name = host === undefined ? undefined : hostName(host)
  if (name === undefined) return false
  const entries = trusted === undefined ? [] : trustedEntries(trusted)
  if (entries.length === 0) return true
  const lower = asciiLower(name)
  return entries.some((entry) => {
    const below = entry.startsWith(".")
    const reference = trustedName(below ? entry.slice(1) : entry)
    return reference !== undefined && (lower === reference || (below && lower.endsWith(`.${reference}`)))
  })
}

/** A text is meant as one entry, not as the list of its letters. */
function trustedEntries(trusted: Iterable<string>): string[] {
  return typeof trusted === "string" ? [trusted] : Array.from(trusted)
}

function trustedName(entry: string): string | undefined {
  try {
    return hostToAscii(entry)
  } catch {
    return undefined
  }
}

const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ["http", ":80"],
  ["ws", ":80"],
  ["https", ":443"],
  ["wss", ":443"],
])

/**
 * The host of a request, without the port if it is the scheme's own. The `Host` header decides; without one it is the
 * server's name and port. Empty when there is neither, when the server is a unix socket, and for a malformed host.
 *
 * @param server name and port; no port means that the name is the path of a unix socket
 * @throws UntrustedHost when there is a list of trusted hosts (see `hostIsTrusted`) and the host is malformed or not in it
 * @row SUTIL-2
 * @example
 * getHost("https", "example.com:443") // => "example.com"
 * getHost("http", undefined, ["::1", 8080]) // => "[::1]:8080"
 * getHost("http", "a.com:80@evil.test") // => ""
 * getHost("http", "evil.test", undefined, ["example.com"]) // throws UntrustedHost
 */
export function getHost(
  scheme: string,
  hostHeader: string | undefined,
  server?: readonly [name: string, port: number | undefined] | undefined,
  trustedHosts?: Iterable<string> | undefined,
): string {
  let host = hostHeader
  if (host === undefined) {
    if (server === undefined || server[1] === undefined) return ""
    const name = server[0].includes(":") && !server[0].startsWith("[") ? `[${server[0]}]` : server[0]
    host = `${name}:${server[1]}`
  }
  const port = DEFAULT_PORTS.get(scheme)
  // Not from a malformed host, or `a:80:80` would be repaired.
  if (port !== undefined && host.endsWith(port) && hostName(host) !== undefined) host = host.slice(0, -port.length)
  const trusted = trustedHosts === undefined ? [] : trustedEntries(trustedHosts)
  if (hostIsTrusted(host, trusted)) return host
  if (trusted.length === 0) return ""
  throw new UntrustedHost(`Not a trusted host: ${JSON.stringify(host)}`)
}
