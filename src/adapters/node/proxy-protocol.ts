// The header of the PROXY protocol, by which a balancer that passes a connection on tells where it came from
// (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt): version 1, a line of text, and version 2, binary. Pure: bytes in,
// addresses out.

import { isIPv4, isIPv6 } from "node:net"

/** Both ends of the connection as the client made it. */
export interface ProxiedAddresses {
  /** Undefined where the client came over a unix socket, as are the other three. */
  readonly remoteAddress: string | undefined
  readonly remotePort: string | undefined
  readonly localAddress: string | undefined
  readonly localPort: string | undefined
  /** The variables of TLS, where the client has spoken TLS with the balancer, and it tells so (version 2). */
  readonly tls: Readonly<Record<string, string>> | undefined
}

/** A header that was read. */
export interface ProxyHeader {
  /** Its bytes; what the client has said stands behind them. */
  readonly length: number
  /** Undefined where the balancer speaks for itself, as for a health check: then its own addresses count. */
  readonly addresses: ProxiedAddresses | undefined
}

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1")
const TEXT = Buffer.from("PROXY ", "latin1")
/** The longest line of version 1, with its end. */
const MOST_OF_TEXT = 107
/** The most bytes behind the fixed part of version 2; what balancers add to the addresses are some hundred. */
const MOST_OF_BINARY = 4096
const FIXED = 16

/**
 * Reads a header: `undefined` while it is incomplete, a sentence when there is none.
 *
 * @example
 * parseProxyHeader(Buffer.from("PROXY TCP4 192.0.2.1 198.51.100.1 4000 80\r\nGET")).length // => 43
 * parseProxyHeader(Buffer.from("PROXY TCP4 192.")) // => undefined
 * parseProxyHeader(Buffer.from("GET / HTTP/1.1\r\n")) // => "it does not begin with a header of the PROXY protocol"
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | string | undefined {
  if (begins(bytes, SIGNATURE)) return bytes.length < FIXED ? undefined : parseBinary(bytes)
  if (begins(bytes, TEXT)) return parseText(bytes)
  return "it does not begin with a header of the PROXY protocol"
}

/** Whether the bytes are the beginning of that, or that the beginning of them. */
function begins(bytes: Buffer, of: Buffer): boolean {
  const length = Math.min(bytes.length, of.length)
  return bytes.compare(of, 0, length, 0, length) === 0
}

function parseText(bytes: Buffer): ProxyHeader | string | undefined {
  const end = bytes.subarray(0, MOST_OF_TEXT).indexOf("\r\n")
  if (end === -1) return bytes.length < MOST_OF_TEXT ? undefined : "its PROXY line has no end"
  const line = bytes.toString("latin1", 0, end)
  const length = end + 2
  if (line === "PROXY UNKNOWN" || line.startsWith("PROXY UNKNOWN ")) return { length, addresses: undefined }
  const [, family, remoteAddress = "", localAddress = "", remotePort = "", localPort = "", ...more] = line.split(" ")
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isIPv6 : undefined
  const isRight =
    isAddress?.(remoteAddress) &&
    isAddress(localAddress) &&
    isPort(remotePort) &&
    isPort(localPort) &&
    more.length === 0 &&
    !line.includes("%")
  if (!isRight) return `its PROXY line is malformed: ${JSON.stringify(line)}`
  return { length, addresses: { remoteAddress, remotePort, localAddress, localPort, tls: undefined } }
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

const LOCAL = 0
const PROXY = 1
/** By the kind of addresses: how many bytes one has, and how it is written. Unix sockets have paths, which no variable tells. */
const FAMILIES = new Map<number, { size: number; text: ((bytes: Buffer) => string) | undefined }>([
  [1, { size: 4, text: (bytes) => bytes.join(".") }],
  [2, { size: 16, text: textOfIPv6 }],
  [3, { size: 108, text: undefined }],
])

function parseBinary(bytes: Buffer): ProxyHeader | string | undefined {
  const [version, command] = [(bytes[12] as number) >> 4, (bytes[12] as number) & 0xf]
  const kind = bytes[13] as number
  const size = bytes.readUInt16BE(14)
  if (version !== 2) return `its PROXY header has the version ${version}`
  if (command !== LOCAL && command !== PROXY) return `its PROXY header has the command ${command}`
  if (size > MOST_OF_BINARY) return `its PROXY header has ${size} bytes, more than ${MOST_OF_BINARY}`
  const length = FIXED + size
  if (bytes.length < length) return undefined
  const family = FAMILIES.get(kind >> 4)
  if (command === LOCAL || family === undefined || (kind & 0xf) !== 1) return { length, addresses: undefined }
  const content = bytes.subarray(FIXED, length)
  const hasPorts = family.text !== undefined
  const own = 2 * family.size + (hasPorts ? 4 : 0)
  if (content.length < own) return `its PROXY header has ${size} bytes, too few for its addresses`
  const fields = fieldsOf(content.subarray(own))
  if (fields === undefined) return "the length of a field goes beyond its PROXY header"
  const addressAt = (index: number) => family.text?.(content.subarray(index * family.size, (index + 1) * family.size))
  const portAt = (index: number) => (hasPorts ? String(content.readUInt16BE(2 * family.size + 2 * index)) : undefined)
  const addresses: ProxiedAddresses = {
    remoteAddress: addressAt(0),
    localAddress: addressAt(1),
    remotePort: portAt(0),
    localPort: portAt(1),
    tls: tlsOf(fields),
  }
  return { length, addresses }
}

function textOfIPv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  // In its usual short form.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1)
}

/** Type, length and value of each; the last of a type counts. */
function fieldsOf(content: Buffer): Map<number, Buffer> | undefined {
  const fields = new Map<number, Buffer>()
  for (let at = 0; at < content.length; ) {
    if (at + 3 > content.length) return undefined
    const end = at + 3 + content.readUInt16BE(at + 1)
    if (end > content.length) return undefined
    fields.set(content[at] as number, content.subarray(at + 3, end))
    at = end
  }
  return fields
}

const TLS = 0x20
const TLS_VERSION = 0x21
const TLS_CIPHER = 0x23

function tlsOf(fields: ReadonlyMap<number, Buffer>): Record<string, string> | undefined {
  const content = fields.get(TLS)
  // Its first bit: the client spoke TLS.
  if (content === undefined || content.length < 5 || ((content[0] as number) & 1) === 0) return undefined
  const inner = fieldsOf(content.subarray(5)) ?? new Map<number, Buffer>()
  const variables: Record<string, string> = { HTTPS: "on" }
  const version = inner.get(TLS_VERSION)?.toString("latin1")
  const cipher = inner.get(TLS_CIPHER)?.toString("latin1")
  if (version) variables["SSL_PROTOCOL"] = version
  if (cipher) variables["SSL_CIPHER"] = cipher
  return variables
}
