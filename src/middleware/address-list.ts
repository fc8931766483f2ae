// Addresses and networks, compared as bytes: `::ffff:10.0.0.1`, `::FFFF:a00:1` and `10.0.0.1` are one address, and a text that
// only looks like an address is refused. Entries that could mean more than they say are refused when the list is made. Knows no
// request; pure but for the two syntax checks that it borrows from Node.

import type * as Net from "node:net"
import { parseInteger } from "../http/numbers.ts"

/** node:net loads sockets and streams: it comes with the first address. */
let net: typeof Net | undefined

/**
 * The bytes of an address: 4 for IPv4, also when it is written as an IPv6 address (RFC 4291 section 2.5.5.2), else 16.
 * A zone (`%eth0`) does not count. `undefined` for anything else, octets with leading zeros included.
 *
 * @example
 * [...parseAddress("10.0.0.1")] // => [10, 0, 0, 1]
 * [...parseAddress("0:0:0:0:0:FFFF:7f00:1")] // => [127, 0, 0, 1]
 * parseAddress("010.0.0.1") // => undefined
 * parseAddress("10.0.0.256") // => undefined
 */
export function parseAddress(text: string): Uint8Array | undefined {
  net ??= process.getBuiltinModule("node:net")
  if (net.isIPv4(text)) return octetsOf(text)
  if (!net.isIPv6(text)) return undefined
  const bytes = bytesOfIPv6(text)
  return isMapped(bytes) ? bytes.subarray(12) : bytes
}

function octetsOf(text: string): Uint8Array {
  const octets = new Uint8Array(4)
  let index = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x2e) index++
    else octets[index] = (octets[index] as number) * 10 + code - 0x30
  }
  return octets
}

/** Of a text that is known to be right. */
function bytesOfIPv6(text: string): Uint8Array {
  const bytes = new Uint8Array(16)
  const [head = "", tail] = (text.split("%", 1)[0] as string).split("::")
  const first = groupsOf(head)
  bytes.set(first)
  if (tail !== undefined) {
    const last = groupsOf(tail)
    bytes.set(last, 16 - last.length)
  }
  return bytes
}

function groupsOf(text: string): number[] {
  if (text === "") return []
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return [...octetsOf(group)]
    const value = parseInteger(group, 16) as number
    return [value >> 8, value & 0xff]
  })
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.every((byte, index) => index > 11 || byte === (index > 9 ? 0xff : 0))
}

interface Network {
  bytes: Uint8Array
  prefix: number
}

/**
 * Addresses and networks in CIDR notation.
 *
 * @example
 * const local = new AddressList(["127.0.0.0/8", "::1", "fd00::/8"])
 * local.has("127.8.8.8") // => true
 * local.has("::ffff:127.0.0.1") // => true
 * local.has("128.0.0.1") // => false
 * local.has("localhost") // => false
 * new AddressList(["::ffff:10.0.0.0/8"]) // throws RangeError
 */
export class AddressList {
  readonly #networks: readonly Network[]

  /** @throws RangeError for an entry that is no address and no network, or whose address goes beyond its prefix */
  constructor(entries: Iterable<string>) {
    if (typeof entries === "string") throw new TypeError(`a list of addresses is wanted, not the text ${entries}`)
    this.#networks = Array.from(entries, parseNetwork)
  }

  /** Whether the address is one of the list or in one of its networks. False for what is not an address. */
  has(address: string | undefined): boolean {
    if (address === undefined || this.#networks.length === 0) return false
    const bytes = parseAddress(address)
    return bytes !== undefined && this.#networks.some((network) => contains(network, bytes))
  }
}

function parseNetwork(entry: string): Network {
  const slash = entry.indexOf("/")
  const address = slash === -1 ? entry : entry.slice(0, slash)
  const bytes = address.includes("%") ? undefined : parseAddress(address)
  if (bytes === undefined) throw new RangeError(`not an address or a network: ${JSON.stringify(entry)}`)
  const bits = bytes.length * 8
  // The prefix of an IPv4 address that is written as IPv6 counts the bits of the IPv6 form.
  const offset = bits === 32 && address.includes(":") ? 96 : 0
  const text = entry.slice(slash + 1)
  const written = slash === -1 ? bits + offset : /^[0-9]{1,3}$/.test(text) ? Number(text) : undefined
  const prefix = (written ?? -1) - offset
  if (!(prefix >= 0 && prefix <= bits)) {
    throw new RangeError(`the prefix of ${JSON.stringify(entry)} must be from ${offset} to ${bits + offset}`)
  }
  for (let bit = prefix; bit < bits; bit++) {
    if (((bytes[bit >> 3] as number) >> (7 - (bit & 7))) & 1) {
      throw new RangeError(`the address of ${JSON.stringify(entry)} goes beyond its prefix`)
    }
  }
  return { bytes, prefix }
}

function contains({ bytes, prefix }: Network, address: Uint8Array): boolean {
  if (address.length !== bytes.length) return false
  const whole = prefix >> 3
  for (let index = 0; index < whole; index++) if (address[index] !== bytes[index]) return false
  const rest = prefix & 7
  return rest === 0 || ((address[whole] as number) ^ (bytes[whole] as number)) >> (8 - rest) === 0
}
