// The opening handshake of WebSocket, on the side of the server (RFC 6455 section 4.2): whether a request is one, and whether
// what an application answers may accept it. Every carrier asks here, so that all of them take the same requests.
// Knows fields and no sockets; the carrier knows the bytes of the protocol.

import type { WebSocketOffer } from "../gateway.ts"
import { isToken } from "../http/tokens.ts"

/** What is looked at of a request. */
export interface HandshakeHead {
  readonly method: string
  readonly protocol: string
  /** Names and values in turn. */
  readonly fields: readonly string[]
}

/** A handshake that can be accepted. */
export interface Handshake {
  readonly offer: WebSocketOffer
  /** Sec-WebSocket-Key, of which the answer is made; empty in HTTP/2. */
  readonly key: string
  /** The extensions that the client offers, as it wrote them. */
  readonly extensions: string | undefined
}

/** 16 bytes in base64, the last of whose digits holds two bits. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/
const VERSION = "13"

/**
 * The handshake in a request; undefined for another request, or a faulty one. RFC 6455 section 4.2.1: GET, HTTP/1.1,
 * `Upgrade: websocket`, `Connection: Upgrade`, one key, version 13. One with a body is not taken.
 *
 * @example
 * const fields = ["Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="]
 * handshakeOf({ method: "GET", protocol: "HTTP/1.1", fields }).offer.protocols // => []
 * handshakeOf({ method: "POST", protocol: "HTTP/1.1", fields }) // => undefined
 */
export function handshakeOf(request: HandshakeHead): Handshake | undefined {
  if (request.method !== "GET" || request.protocol !== "HTTP/1.1") return undefined
  const fields = handshakeFields(request.fields)
  const key = fields?.get("sec-websocket-key")
  if (fields === undefined || key === undefined || !KEY.test(key)) return undefined
  if (!listHas(fields.get("upgrade"), "websocket") || !listHas(fields.get("connection"), "upgrade")) return undefined
  return handshake(fields, key)
}

/** The same for an extended CONNECT of HTTP/2 with `:protocol` websocket, which has neither key nor Upgrade (RFC 8441 section 5). */
export function extendedConnectOf(fields: readonly string[]): Handshake | undefined {
  const found = handshakeFields(fields)
  return found === undefined ? undefined : handshake(found, "")
}

function handshake(fields: ReadonlyMap<string, string>, key: string): Handshake | undefined {
  const protocols = protocolsOf(fields.get("sec-websocket-protocol"))
  if (fields.get("sec-websocket-version") !== VERSION || protocols === undefined) return undefined
  return { offer: { protocols }, key, extensions: fields.get("sec-websocket-extensions") }
}

const SINGLE = new Set(["sec-websocket-key", "sec-websocket-version"])
const REPEATABLE = new Set(["upgrade", "connection", "sec-websocket-protocol", "sec-websocket-extensions"])

/** Undefined when a field is repeated that must not be, or when there is a body. */
function handshakeFields(raw: readonly string[]): Map<string, string> | undefined {
  const fields = new Map<string, string>()
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase()
    const value = raw[i + 1] as string
    if (name === "transfer-encoding" || (name === "content-length" && value !== "0")) return undefined
    const before = fields.get(name)
    if (before !== undefined && SINGLE.has(name)) return undefined
    if (REPEATABLE.has(name) && before !== undefined) fields.set(name, `${before}, ${value}`)
    else if (REPEATABLE.has(name) || SINGLE.has(name)) fields.set(name, value)
  }
  return fields
}

function listHas(list: string | undefined, word: string): boolean {
  return list?.split(",").some((each) => each.trim().toLowerCase() === word) ?? false
}

/** RFC 6455 section 4.1: tokens, each once. Undefined when they are not. */
function protocolsOf(list: string | undefined): string[] | undefined {
  if (list === undefined) return []
  const protocols = list.split(",").map((each) => each.trim())
  return protocols.every(isToken) && new Set(protocols).size === protocols.length ? protocols : undefined
}

/** What the server says itself in its answer, or what has no place in a 101. */
const SERVERS_OWN = new Set([
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
  "content-length",
])

/**
 * Checks the fields with which an application accepts a handshake.
 *
 * @throws TypeError for a field that the server sets itself, and a protocol that was not offered or is one too many
 */
export function checkAcceptance(fields: readonly string[], offer: WebSocketOffer | undefined): void {
  let protocol: string | undefined
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    const lowered = name.toLowerCase()
    if (SERVERS_OWN.has(lowered)) throw new TypeError(`${name} must not be set in a response with status 101`)
    if (lowered !== "sec-websocket-protocol") continue
    const value = fields[i + 1] as string
    if (protocol !== undefined) throw new TypeError(`Sec-WebSocket-Protocol is given twice: ${protocol} and ${value}`)
    if (!offer?.protocols.includes(value)) {
      throw new TypeError(`the client did not offer the WebSocket protocol ${JSON.stringify(value)}`)
    }
    protocol = value
  }
}

/** The protocol that was agreed on; empty when there is none. */
export function agreedProtocol(fields: readonly string[]): string {
  for (let i = 0; i < fields.length; i += 2) {
    if ((fields[i] as string).toLowerCase() === "sec-websocket-protocol") return fields[i + 1] as string
  }
  return ""
}
