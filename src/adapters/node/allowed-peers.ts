// Which peers may connect where the other side is believed: named addresses and networks, and unix sockets by the name `unix`.

import { AddressList } from "../../middleware/address-list.ts"

/** Unix sockets, and the addresses that no other machine has. */
export const LOCAL_PEERS: readonly string[] = ["unix", "127.0.0.0/8", "::1"]

export class AllowedPeers {
  readonly #addresses: AddressList
  readonly #isUnixAllowed: boolean
  /** The address that was asked for last: a front server has one. */
  #last = ""
  #isLastAllowed = false

  /** @throws RangeError for an entry that is no address and no network */
  constructor(entries: Iterable<string>) {
    const list = typeof entries === "string" ? [entries] : [...entries]
    this.#isUnixAllowed = list.includes("unix")
    this.#addresses = new AddressList(list.filter((entry) => entry !== "unix"))
  }

  /** @param address undefined for the other side of a unix socket */
  has(address: string | undefined): boolean {
    if (address === undefined) return this.#isUnixAllowed
    if (address !== this.#last) {
      this.#isLastAllowed = this.#addresses.has(address)
      this.#last = address
    }
    return this.#isLastAllowed
  }
}
