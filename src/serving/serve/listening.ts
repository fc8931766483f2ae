// Where the first process listens: at the addresses of the settings, on what a service manager has opened, and for its status.
// Each socket may have been bound by the first process before this one, and may be passed on to the next.

import { closeSync } from "node:fs"
import type { Server } from "node:net"
import { type Address, boundAddress } from "../address.ts"
import { bindAddress } from "./bind.ts"
import { giveTo, identityOf } from "./identity.ts"
import { inheritedSockets } from "./service-manager.ts"
import type { SettingValues } from "./settings.ts"
import { type ListeningSocket, listenOn, removeSocketFile } from "./sockets.ts"
import { type Inheritance, livesBeside, type PassedSocket } from "./successor.ts"

interface Place {
  readonly text: string
  readonly origin: PassedSocket["origin"]
  readonly socket: ListeningSocket
}

export class Listening {
  readonly #values: SettingValues
  readonly #inheritance: Inheritance | undefined
  /** Inherited sockets that have no place yet. */
  readonly #inherited: PassedSocket[]
  readonly #say: (line: string) => void
  readonly #places: Place[] = []

  constructor(values: SettingValues, inheritance: Inheritance | undefined, say: (line: string) => void) {
    this.#values = values
    this.#inheritance = inheritance
    this.#inherited = [...(inheritance?.sockets ?? [])]
    this.#say = say
  }

  /**
   * Listens for clients.
   *
   * @param isBindGiven false: the default address makes room for what a service manager has opened
   * @param serverFor makes the server of the address with this index
   */
  async open(isBindGiven: boolean, serverFor: (index: number) => Server): Promise<void> {
    const { bind, cert, reusePort } = this.#values
    const managed = this.#managed()
    const isCovered = managed.length > 0 && !isBindGiven
    let index = 0
    for (const { text, fd } of managed)
      await this.#listen(serverFor(index++), text, { kind: "fd", fd }, "manager", undefined, cert.length > 0)
    for (const text of isCovered ? [] : bind) {
      const address = bindAddress(text, this.#values)
      if (reusePort && address.kind !== "fd") this.#say(`Workers listen on ${text}`)
      else await this.#listen(serverFor(index), text, address, "bind", this.#passed(text, "bind"), cert.length > 0)
      index++
    }
  }

  /** Closes what was inherited and is not asked for any more. */
  closeUnused(): void {
    for (const { fd } of this.#inherited.splice(0)) closeSync(fd)
  }

  /** Listens for requests about the state of the server. */
  async openStatus(server: Server, text: string): Promise<void> {
    await this.#listen(server, text, bindAddress(text, this.#values), "status", this.#passed(text, "status"), false)
  }

  /** What another first process can have; `undefined` when the descriptor of one of them is not known. */
  passedOn(): PassedSocket[] | undefined {
    const passed: PassedSocket[] = []
    for (const { text, origin, socket } of this.#places) {
      if (socket.fd === undefined) return undefined
      passed.push({ text, origin, fd: socket.fd })
    }
    return passed
  }

  /** Takes no more connections from clients. */
  closeFronts(): void {
    for (const { origin, socket } of this.#places) if (origin !== "status") socket.server.close()
  }

  /**
   * Takes the files of unix sockets away.
   *
   * @param isPassedOn whether another first process listens on them
   */
  removeFiles(isPassedOn: boolean): void {
    if (isPassedOn || livesBeside(this.#inheritance)) return
    for (const { socket } of this.#places) removeSocketFile(socket.path)
  }

  /** Sockets of a service manager, as it names them or as the process before has passed them on. */
  #managed(): { text: string; fd: number }[] {
    if (this.#inheritance === undefined) return inheritedSockets().map((fd) => ({ text: `fd://${fd}`, fd }))
    const managed = this.#inherited.filter(({ origin }) => origin === "manager")
    for (const { text } of managed) this.#passed(text, "manager")
    return managed
  }

  /** The descriptor of an inherited socket; of two for the same address, each is taken once. */
  #passed(text: string, origin: PassedSocket["origin"]): number | undefined {
    const index = this.#inherited.findIndex((each) => each.text === text && each.origin === origin)
    return index === -1 ? undefined : this.#inherited.splice(index, 1)[0]?.fd
  }

  async #listen(
    server: Server,
    text: string,
    address: Address,
    origin: PassedSocket["origin"],
    fd: number | undefined,
    isTls: boolean,
  ): Promise<void> {
    const socket = await listenOn(server, address, fd, (path) => this.#claim(path))
    this.#places.push({ text, origin, socket })
    this.#say(`${origin === "status" ? "Status" : "Listening"} on ${urlOf(server, address, isTls)}`)
  }

  #claim(path: string): void {
    const { socketOwner } = this.#values
    if (socketOwner === undefined) return
    const [user, group] = socketOwner.split(":", 2)
    giveTo(path, identityOf(user || undefined, group))
  }
}

function urlOf(server: Server, address: Address, isTls: boolean): string {
  if (address.kind === "unix") return `unix://${address.path}`
  const host = address.kind === "fd" ? "" : address.host.includes(":") ? `[${address.host}]` : address.host
  return boundAddress(server, host, isTls ? "https" : "http").urls[0] as string
}
