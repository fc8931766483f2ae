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

// A name of letters, digits, dots, hyphens and underscores (Docker Compose has services with these in their names), or an
// IPv6 address in brackets. RFC 3986 section 3.2.2 allows more in a name: no server is called that, and each further
// character has misled some URL parser.
const NAME = /^[a-z0-9_.-]+$/i
const IPV6 = /^\[[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*\]$/i

// A name of usual length, with or without a port: nearly every host. Other hosts are looked at closely.
const PLAIN = /^[a-z0-9_.-]+(?::[0-9]{1,4})?$/i

/** The name or address without the port; `undefined` when this is not `host` or `host:port`. */
function hostName(host: string): string | undefined {
  if (PLAIN.test(host)) {
    const colon = host.indexOf(":")
    return colon === -1 ? host : host.slice(0, colon)
  }
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
 * The host as it is compared: in lower case, without the dot of the DNS root, which `example.com.` has. The port stays.
 *
 * @example
 * comparableHost("Example.com.:8080") // => "example.com:8080"
 */
export function comparableHost(host: string): string {
  const lower = asciiLower(host)
  const colon = lower.startsWith("[") ? -1 : lower.indexOf(":")
  const end = colon === -1 ? lower.length : colon
  // A dot alone is not a suffix.
  return end > 1 && lower.charCodeAt(end - 1) === 0x2e ? lower.slice(0, end - 1) + lower.slice(end) : lower
}

/**
 * Whether the host is well-formed and, if there is a list, in it. The case of letters, the host's port and a dot at the end
 * of the name do not count.
 *
 * @param trusted names, in any script; one that starts with a dot stands for itself and all names below it.
 *   Without a list, or with an empty one, any host will do
 * @example
 * hostIsTrusted("www.example.com:8080", [".example.com"]) // => true
 * hostIsTrusted("example.com.", ["example.com"]) // => true
 * hostIsTrusted("example.com.evil.test", [".example.com"]) // => false
 * hostIsTrusted("user@example.com") // => false
 */
export function hostIsTrusted(host: string | undefined, trusted?: Iterable<string>): boolean {
  const name = host === undefined ? undefined : hostName(host)
  if (name === undefined) return false
  const entries = trusted === undefined ? [] : trustedEntries(trusted)
  if (entries.length === 0) return true
  const lower = comparableHost(name)
  return entries.some((entry) => {
    const below = entry.startsWith(".")
    const reference = trustedName(below ? entry.slice(1) : entry)
    return reference !== undefined && (lower === reference || (below && lower.endsWith(`.${reference}`)))
  })
}

/** A text would be taken for a list of its letters. */
function trustedEntries(trusted: Iterable<string>): string[] {
  return typeof trusted === "string" ? [trusted] : Array.from(trusted)
}

function trustedName(entry: string): string | undefined {
  try {
    return comparableHost(hostToAscii(entry))
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
 * @example
 * requestHost("https", "example.com:443") // => "example.com"
 * requestHost("http", undefined, ["::1", 8080]) // => "[::1]:8080"
 * requestHost("http", "a.com:80@evil.test") // => ""
 * requestHost("http", "evil.test", undefined, ["example.com"]) // throws UntrustedHost
 */
export function requestHost(
  scheme: string,
  hostHeader: string | undefined,
  server?: readonly [name: string, port: number | undefined] | undefined,
  trustedHosts?: Iterable<string> | undefined,
): string {
  if (hostHeader !== undefined && trustedHosts === undefined) return untrustedHost(scheme, hostHeader)
  let host = hostHeader
  if (host === undefined) {
    if (server === undefined || server[1] === undefined) return ""
    const name = server[0].includes(":") && !server[0].startsWith("[") ? `[${server[0]}]` : server[0]
    host = `${name}:${server[1]}`
  }
  host = withoutDefaultPort(scheme, host)
  const trusted = trustedHosts === undefined ? [] : trustedEntries(trustedHosts)
  if (hostIsTrusted(host, trusted)) return host
  if (trusted.length === 0) return ""
  throw new UntrustedHost(`Not a trusted host: ${JSON.stringify(host)}`)
}

// Most servers are asked by one name, so the answer for the last header is kept. It is the same text each time, which makes it
// quick to compare for callers that keep values by it.
let lastScheme = ""
let lastHeader = ""
let lastHost = ""

function untrustedHost(scheme: string, header: string): string {
  if (header === lastHeader && scheme === lastScheme) return lastHost
  const host = withoutDefaultPort(scheme, header)
  lastHost = hostName(host) === undefined ? "" : host
  lastScheme = scheme
  lastHeader = header
  return lastHost
}

function withoutDefaultPort(scheme: string, host: string): string {
  const port = DEFAULT_PORTS.get(scheme)
  // Not from a malformed host, or `a:80:80` would be repaired.
  if (port === undefined || !host.endsWith(port) || hostName(host) === undefined) return host
  return host.slice(0, -port.length)
}
