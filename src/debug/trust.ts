// Which requests may see what the debugger shows, and which may command it. A page that some site makes the browser open must not
// get there, nor one whose name leads to this machine (DNS rebinding), nor another machine. What counts is the connection's own
// peer and the header as it came: the application may trust a proxy, the debugger does not.

import type { Environ } from "../gateway.ts"
import { hostIsTrusted } from "../http/hosts.ts"
import { PROXY_FIX_ORIGINALS } from "../middleware/proxy-fix.ts"

/** Names of this machine. */
export const LOCAL_HOSTS: readonly string[] = [".localhost", "127.0.0.1", "[::1]"]

/** What is let in. */
export interface TrustOptions {
  /** Hosts besides those of this machine; one that starts with a dot stands for all names below it too. */
  readonly trustedHosts: readonly string[]
  /** Whether the peer may be another machine. */
  readonly allowRemote: boolean
}

/** What of a request decides; read before the application may have changed it. */
export interface Origin {
  readonly host: unknown
  readonly peer: unknown
  readonly scheme: string
  /** What the server set, where a middleware outside of the debugger believed a proxy. */
  readonly before: { readonly host: unknown; readonly peer: unknown } | undefined
}

/** Reads it. */
export function originOf(environ: Environ): Origin {
  const originals = environ[PROXY_FIX_ORIGINALS] as Record<string, unknown> | undefined
  return {
    host: environ["HTTP_HOST"],
    peer: environ.REMOTE_ADDR,
    scheme: environ["wsgi.url_scheme"],
    before: originals && { host: originals["HTTP_HOST"], peer: originals["REMOTE_ADDR"] },
  }
}

/** Whether the request is for a name of ours, and comes from where it may. */
export function isTrusted({ host, peer, before }: Origin, options: TrustOptions): boolean {
  return isOurs(host, peer, options) && (before === undefined || isOurs(before.host, before.peer, options))
}

function isOurs(host: unknown, peer: unknown, { trustedHosts, allowRemote }: TrustOptions): boolean {
  if (typeof host !== "string" || !hostIsTrusted(host, [...LOCAL_HOSTS, ...trustedHosts])) return false
  return allowRemote || isLoopback(peer)
}

/**
 * Whether an address is one of this machine alone.
 *
 * @example
 * isLoopback("127.8.8.8") // => true
 * isLoopback("::ffff:127.0.0.1") // => true
 * isLoopback("10.0.0.1") // => false
 * isLoopback(undefined) // => false
 */
export function isLoopback(address: unknown): boolean {
  if (typeof address !== "string") return false
  const plain = address.replace(/^\[|\]$/g, "").replace(/^::ffff:/i, "")
  return plain === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain)
}

/** Whether a command comes from a page of this very origin: nothing but a script of such a page can send it. */
export function isOwnCommand(environ: Environ, { host, scheme }: Origin): boolean {
  const site = environ["HTTP_SEC_FETCH_SITE"]
  if (site !== undefined && site !== "same-origin") return false
  const type = String(environ.CONTENT_TYPE ?? "")
  if (!/^application\/json\s*(?:;|$)/i.test(type)) return false
  return environ["HTTP_ORIGIN"] === `${scheme}://${String(host)}`
}
