// Where a server listens: a host and a port, a unix socket, or a descriptor that is bound already. Every failure to
// get there ends in a sentence that says what to do. Knows nothing of what is served there.

import { once } from "node:events"
import { lstatSync, unlinkSync } from "node:fs"
import { connect, type Server } from "node:net"
import { networkInterfaces } from "node:os"
import { resolve } from "node:path"

/** Where to listen. */
export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly reusePort?: boolean }
  | { readonly kind: "unix"; readonly path: string; readonly mode?: number | undefined }
  | { readonly kind: "fd"; readonly fd: number }

/** Where a server does listen. */
export interface BoundAddress {
  /** 0 on a unix socket. */
  readonly port: number
  /** The URL to open first. */
  readonly url: string
  /** Every URL that leads here, as far as this machine knows. */
  readonly urls: readonly string[]
  /** Whether it listens on all addresses of the machine. */
  readonly isWide: boolean
}

/** How many connections may wait to be accepted. */
const QUEUE = 511
const UNIX = "unix://"

/**
 * The address that a hostname, a port and perhaps a descriptor stand for.
 *
 * `localhost` is 127.0.0.1, since a name with two addresses would listen on one and be asked for on the other.
 *
 * @param socketMode the permissions of the file of a unix socket; those of the umask unless given
 * @throws RangeError for a port, a descriptor or a mode that is out of range, TypeError for an empty path
 * @example
 * addressOf("localhost", 80) // => { kind: "tcp", host: "127.0.0.1", port: 80 }
 * addressOf("[::1]", 80) // => { kind: "tcp", host: "::1", port: 80 }
 * addressOf("unix:///run/app.sock", 0) // => { kind: "unix", path: "/run/app.sock" }
 * addressOf("localhost", 80, 3) // => { kind: "fd", fd: 3 }
 * addressOf("localhost", 65536) // throws RangeError
 * addressOf("unix://", 0) // throws TypeError
 */
export function addressOf(hostname: string, port: number, fd?: number, socketMode?: number): Address {
  if (socketMode !== undefined) checkMode(socketMode)
  if (fd !== undefined) {
    if (!Number.isInteger(fd) || fd < 0) throw new RangeError(`fd must be a whole number from 0, not ${String(fd)}`)
    return { kind: "fd", fd }
  }
  if (hostname.startsWith(UNIX)) {
    if (hostname === UNIX) throw new TypeError("unix:// needs the path of a socket behind it")
    return {
      kind: "unix",
      path: resolve(hostname.slice(UNIX.length)),
      ...(socketMode !== undefined && { mode: socketMode }),
    }
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`port must be a whole number from 0 to 65535, not ${String(port)}`)
  }
  const host = hostname.startsWith("[") && hostname.endsWith("]") ? hostname.slice(1, -1) : hostname
  return { kind: "tcp", host: host === "localhost" ? "127.0.0.1" : host, port }
}

/**
 * Makes `server` listen. A unix socket whose server has ended is replaced.
 *
 * @throws Error with a sentence when the address is taken, or not to be had
 */
export async function listen(server: Server, address: Address): Promise<void> {
  const start = async () => {
    if (address.kind === "fd") server.listen({ fd: address.fd })
    else if (address.kind === "tcp") server.listen({ ...address, backlog: QUEUE })
    else withMode(address.mode, () => server.listen({ path: address.path, backlog: QUEUE }))
    await once(server, "listening")
  }
  try {
    await start()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (address.kind !== "unix" || code !== "EADDRINUSE" || !(await isStale(address.path)))
      throw unavailable(error as NodeJS.ErrnoException, address)
    unlinkSync(address.path)
    await start()
  }
}

/**
 * Checks that a unix socket can be made at `path`: nothing is there, or a socket whose server has ended.
 *
 * @throws Error with a sentence when something else is there
 */
export async function checkUnixPath(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined || (await isStale(path))) return
  throw unavailable(Object.assign(new Error("address in use"), { code: "EADDRINUSE" }), { kind: "unix", path })
}

function checkMode(mode: number): void {
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777)
    throw new RangeError(`socketMode must be a whole number from 0 to 0o777, not ${String(mode)}`)
}

/** Makes what `bind` creates have this mode from its first moment, not only after it. */
function withMode(mode: number | undefined, bind: () => void): void {
  const before = mode === undefined ? undefined : process.umask(0o777 & ~mode)
  try {
    bind()
  } finally {
    if (before !== undefined) process.umask(before)
  }
}

/** Where `server` listens; `hostname` is how the user calls it. */
export function boundAddress(server: Server, hostname: string, scheme: string): BoundAddress {
  const bound = server.address()
  if (bound === null || typeof bound === "string") {
    // A descriptor may be a unix socket too.
    const url = `${UNIX}${bound ?? ""}`
    return { port: 0, url, urls: [url], isWide: false }
  }
  const { port, address, family } = bound
  const urlOf = (host: string) => `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`
  if (address === "0.0.0.0" || address === "::") {
    const urls = [address === "::" ? "::1" : "127.0.0.1", ...reachableAddresses(family)].map(urlOf)
    return { port, url: urls[0] as string, urls, isWide: true }
  }
  const name = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname
  const url = urlOf(hostname.startsWith(UNIX) ? address : name)
  return { port, url, urls: [url], isWide: false }
}

/** The addresses under which other machines may reach this one; those of a single link, with their scope, left out. */
function reachableAddresses(family: string): string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter((each) => !each.internal && !each.address.startsWith("fe80:"))
    .filter((each) => each.family === "IPv4" || family === "IPv6")
    .map((each) => each.address)
}

/** Whether the file is a socket on which no server listens: its server ended without taking it away. */
async function isStale(path: string): Promise<boolean> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return false
  const probe = connect(path)
  try {
    await once(probe, "connect")
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ECONNREFUSED"
  } finally {
    probe.destroy()
  }
}

/** The same error, in a sentence that says what to do about it. */
function unavailable(error: NodeJS.ErrnoException, address: Address): Error {
  const sentence = address.kind === "tcp" ? tcpSentence(error.code, address) : otherSentence(error, address)
  if (sentence === undefined) return error
  return Object.assign(new Error(sentence, { cause: error }), { code: error.code })
}

function tcpSentence(code: string | undefined, { host, port }: { host: string; port: number }): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} on ${host} is in use by another program. Stop that program, or choose another port (0 takes a free one).${hintFor(port)}`
    case "EACCES":
      return `Port ${port} may not be used without more rights. Choose a port from 1024 up.`
    case "EADDRNOTAVAIL":
      return `${host} is not an address of this machine. Use localhost, or 0.0.0.0 for all addresses.`
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is not a name that can be looked up. Use localhost, an address, or 0.0.0.0 for all addresses.`
    default:
      return undefined
  }
}

function hintFor(port: number): string {
  if (process.platform !== "darwin" || port !== 5000) return ""
  return " On macOS it may be the AirPlay Receiver, which can be turned off in the system settings."
}

function otherSentence(error: NodeJS.ErrnoException, address: Exclude<Address, { kind: "tcp" }>): string | undefined {
  if (address.kind === "fd") return `Descriptor ${address.fd} is not a socket to listen on (${error.code}).`
  switch (error.code) {
    case "EADDRINUSE":
      return lstatSync(address.path, { throwIfNoEntry: false })?.isSocket()
        ? `${address.path} is in use by another program. Stop that program, or choose another path.`
        : `${address.path} is there already and is not a socket. Choose another path.`
    case "EACCES":
    case "ENOENT":
      return `${address.path} cannot be made (${error.code}). Choose a path in a folder that is there and may be written to.`
    default:
      return undefined
  }
}
