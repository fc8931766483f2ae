// The addresses of both ends of a connection, as CGI variables. Looked up once: a socket asks the kernel each time. Where a balancer
// passes connections on, they are those that it has told.

import { AsyncLocalStorage } from "node:async_hooks"
import type { Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import type { Addresses } from "../../running/environ.ts"
import type { ProxiedAddresses } from "./proxy-protocol.ts"

const proxied = new WeakMap<Socket, ProxiedAddresses>()
/** A socket of TLS does not tell which one is below it; but it is made while that is taken, and lives in this context. */
let below: AsyncLocalStorage<ProxiedAddresses> | undefined

/**
 * Sets what a balancer has told of a connection, and calls `take`, which takes it.
 *
 * @param isSecure whether that puts TLS above it
 */
export function setProxied(socket: Socket, addresses: ProxiedAddresses, isSecure: boolean, take: () => void): void {
  proxied.set(socket, addresses)
  if (!isSecure) {
    take()
    return
  }
  below ??= new AsyncLocalStorage()
  below.run(addresses, take)
}

/** The addresses of both ends of a socket. */
export function addressesOf(socket: Socket): Addresses {
  const encrypted = (socket as Partial<TLSSocket>).encrypted === true
  const told = proxied.get(socket) ?? (encrypted ? below?.getStore() : undefined)
  if (told !== undefined) return toldAddresses(told, encrypted ? tlsVariables(socket as TLSSocket) : told.tls)
  return {
    serverName: plainAddress(socket.localAddress),
    serverPort: socket.localPort === undefined ? undefined : String(socket.localPort),
    remoteAddress: plainAddress(socket.remoteAddress),
    remotePort: socket.remotePort === undefined ? undefined : String(socket.remotePort),
    scheme: encrypted ? "https" : "http",
    further: encrypted ? tlsVariables(socket as TLSSocket) : undefined,
  }
}

/** The address of the other side alone, as `addressesOf` has it; undefined for a unix socket. */
export function peerAddressOf(socket: Socket): string | undefined {
  const told = proxied.get(socket)
  return plainAddress(told === undefined ? socket.remoteAddress : told.remoteAddress)
}

function toldAddresses(told: ProxiedAddresses, tls: Readonly<Record<string, string>> | undefined): Addresses {
  return {
    serverName: plainAddress(told.localAddress),
    serverPort: told.localPort,
    remoteAddress: plainAddress(told.remoteAddress),
    remotePort: told.remotePort,
    scheme: tls === undefined ? "http" : "https",
    further: tls,
  }
}

// An IPv4 client of a socket that listens on IPv6 shows as ::ffff:192.0.2.1 (RFC 4291 section 2.5.5.2).
function plainAddress(address: string | undefined): string | undefined {
  return address?.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address
}

function tlsVariables(socket: TLSSocket): Record<string, string> {
  const variables: Record<string, string> = { HTTPS: "on" }
  const protocol = socket.getProtocol()
  if (protocol) variables["SSL_PROTOCOL"] = protocol
  const cipher = socket.getCipher()?.name
  if (cipher) variables["SSL_CIPHER"] = cipher
  const raw = socket.getPeerCertificate()?.raw
  if (raw) {
    const lines = raw.toString("base64").match(/.{1,64}/g) ?? []
    variables["SSL_CLIENT_CERT"] = `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`
  }
  return variables
}
