// Lets requests in by the address that they come from. Stands inside proxyFix, which says what that address is, and outside of
// the application that it protects.

import { asApplication } from "../as-application.ts"
import { Forbidden } from "../exceptions/statuses.ts"
import type { Application, ApplicationLike } from "../gateway.ts"
import { type OptionNames, requireOptions } from "../mistakes/options.ts"
import { AddressList } from "./address-list.ts"

/** What is let in: addresses and networks. */
export interface AddressFilterOptions {
  /** Addresses and networks (CIDR) that may come in. Without a list, all may come in that are not denied. */
  allow?: Iterable<string> | undefined
  /** Addresses and networks that may not come in; goes before `allow`. */
  deny?: Iterable<string> | undefined
}

const OPTIONS: OptionNames<AddressFilterOptions> = { allow: true, deny: true }

/**
 * Answers 403 to addresses that are denied or not allowed. A peer without an address, as on a unix socket, or with one
 * that a proxy hides, is let in only where nothing is listed in `allow`.
 *
 * @throws TypeError when there is neither list, RangeError for an entry that is no address and no network
 */
export function addressFilter(app: ApplicationLike, options: AddressFilterOptions): Application {
  const inner = asApplication(app, "addressFilter")
  requireOptions("addressFilter", options, OPTIONS)
  const isWelcome = addressRule(options)
  const refusal = new Forbidden("Your address may not use this service.")
  return (environ, startResponse) =>
    isWelcome(environ.REMOTE_ADDR) ? inner(environ, startResponse) : refusal.respond(environ, startResponse)
}

/**
 * What the two lists say of an address.
 *
 * @example
 * const isWelcome = addressRule({ allow: ["10.0.0.0/8"], deny: ["10.6.6.6"] })
 * isWelcome("10.1.2.3") // => true
 * isWelcome("::ffff:10.6.6.6") // => false
 * isWelcome(undefined) // => false
 */
export function addressRule({ allow, deny }: AddressFilterOptions): (address: string | undefined) => boolean {
  if (allow === undefined && deny === undefined) throw new TypeError("a list to allow or to deny is wanted")
  const allowed = allow && new AddressList(allow)
  const denied = new AddressList(deny ?? [])
  return (address) => !denied.has(address) && (allowed === undefined || allowed.has(address))
}
