// The listening sockets of the first process: those that it binds, those that a service manager has given it, and those of the
// first process before it (SIGUSR2). A unix socket is bound under another name and then put in its place: the process that has
// bound a name takes it away when it closes the socket, and by then the name may belong to the process that came after it.

import { linkSync, readdirSync, readFileSync, readlinkSync, renameSync, statSync, unlinkSync } from "node:fs"
import type { Server } from "node:net"
import { dirname, join } from "node:path"
import { type Address, checkUnixPath, listen } from "../address.ts"

/** A socket on which a server of this process listens. */
export interface ListeningSocket {
  readonly server: Server
  /** Its descriptor; `undefined` where the system does not tell. */
  readonly fd: number | undefined
  /** The file of a unix socket that is ours to take away. */
  readonly path: string | undefined
}

/**
 * Makes `server` listen at an address, or on a descriptor that was bound for that address before.
 *
 * @param claim is called with the name of a unix socket before it is put in its place
 * @throws Error with a sentence when the address is taken, or not to be had
 */
export async function listenOn(
  server: Server,
  address: Address,
  fd: number | undefined,
  claim: (path: string) => void = () => {},
): Promise<ListeningSocket> {
  const path = address.kind === "unix" ? address.path : undefined
  if (fd !== undefined) {
    await listen(server, { kind: "fd", fd })
    return { server, fd, path }
  }
  const before = socketDescriptors()
  if (address.kind !== "unix") await listen(server, address)
  else {
    await checkUnixPath(address.path)
    const temporary = temporaryName(address.path)
    await listen(server, { ...address, path: temporary })
    try {
      claim(temporary)
      await place(temporary, address.path)
    } catch (error) {
      server.close()
      throw error
    }
  }
  return { server, fd: address.kind === "fd" ? address.fd : newDescriptor(before), path }
}

/** Takes the file of a unix socket away. */
export function removeSocketFile(path: string | undefined): void {
  if (path === undefined || !statSync(path, { throwIfNoEntry: false })?.isSocket()) return
  unlinkSync(path)
}

let names = 0

/** Short, since the name of a socket may have 107 bytes. */
function temporaryName(path: string): string {
  return join(dirname(path), `.${process.pid.toString(36)}${(names++).toString(36)}`)
}

/** Gives the socket its name, which must be free; of two processes that try, one gets it. */
async function place(temporary: string, path: string): Promise<void> {
  try {
    linkSync(temporary, path)
    unlinkSync(temporary)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") await checkUnixPath(path)
    renameSync(temporary, path)
  }
}

/** The descriptor that has begun to listen since; `undefined` where the system does not tell. */
function newDescriptor(before: ReadonlyMap<number, string>): number | undefined {
  const added = [...socketDescriptors()].filter(([fd, inode]) => before.get(fd) !== inode)
  if (added.length <= 1) return added[0]?.[0]
  // Connections have come in meanwhile, to another address.
  const listening = new Set(["tcp", "tcp6", "unix"].flatMap(listeningInodes))
  return added.find(([, inode]) => listening.has(inode))?.[0]
}

/** The sockets of this process: descriptors and inodes; none where there is no /proc. */
function socketDescriptors(): Map<number, string> {
  const sockets = new Map<number, string>()
  try {
    for (const name of readdirSync("/proc/self/fd")) {
      const inode = /^socket:\[(\d+)\]$/.exec(targetOf(name))?.[1]
      if (inode !== undefined) sockets.set(Number(name), inode)
    }
  } catch {
    // Not Linux.
  }
  return sockets
}

/** What a descriptor is; that with which the folder was read is gone by now. */
function targetOf(name: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${name}`)
  } catch {
    return ""
  }
}

/** In the tables of the kernel, state 0A is LISTEN, and flag 10000 (of unix sockets) is SO_ACCEPTCON. */
function listeningInodes(kind: string): string[] {
  const rows = readFileSync(`/proc/self/net/${kind}`, "latin1").split("\n").slice(1)
  return rows.flatMap((row) => {
    const columns = row.trim().split(/\s+/)
    const [inode, isListening] =
      kind === "unix" ? [columns[6], columns[3] === "00010000"] : [columns[9], columns[3] === "0A"]
    return isListening && inode !== undefined ? [inode] : []
  })
}
