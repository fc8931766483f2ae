// The protocol that a server speaks with front servers, in place of HTTP with clients: which server is made for it, and where it may
// listen without more being said.

import type { Server } from "node:net"
import { createFastCgiServer, type FastCgiServerOptions } from "../adapters/fastcgi.ts"
import type { NodeServer } from "../adapters/node.ts"
import { createScgiServer } from "../adapters/scgi.ts"
import { createUwsgiServer } from "../adapters/uwsgi.ts"
import type { Application } from "../gateway.ts"
import { type Address, addressOf } from "./address.ts"

/** What a server speaks: HTTP with clients, or one of the others with a front server. */
export type FrontProtocol = "http" | "scgi" | "uwsgi" | "fastcgi"

const MAKERS = { scgi: createScgiServer, uwsgi: createUwsgiServer, fastcgi: createFastCgiServer }

/** The names of the protocols. */
export const FRONT_PROTOCOLS: readonly FrontProtocol[] = ["http", "scgi", "uwsgi", "fastcgi"]

/** How a server speaks with front servers. */
export interface FrontOptions extends Pick<FastCgiServerOptions, "allowFrom" | "scriptName" | "errorsToFront"> {
  /** What the server speaks: `http` unless given; `scgi`, `uwsgi` and `fastcgi` are for front servers, see `docs/cgi.md`. */
  protocol?: FrontProtocol
}

/** Whether the options ask for another protocol than HTTP. */
export function isForFront({ protocol = "http" }: FrontOptions): boolean {
  return protocol !== "http"
}

/** A server for front servers, for options that are checked. */
export function frontServer(app: Application, options: FastCgiServerOptions & FrontOptions): NodeServer<Server> {
  return MAKERS[options.protocol as keyof typeof MAKERS](app, options)
}

/**
 * Checks what the options say together.
 *
 * @throws RangeError for a protocol that there is not, TypeError for options of another protocol
 */
export function checkFront(options: FrontOptions & { sslContext?: unknown; http2?: boolean }): void {
  const { protocol = "http" } = options
  if (!FRONT_PROTOCOLS.includes(protocol))
    throw new RangeError(`protocol is one of ${FRONT_PROTOCOLS.join(", ")}, not ${JSON.stringify(protocol)}`)
  if (isForFront(options)) {
    if (options.sslContext !== undefined || options.http2)
      throw new TypeError(`${protocol} has no TLS and no HTTP/2; these are the front server's`)
    return
  }
  for (const name of ["allowFrom", "scriptName", "errorsToFront"] as const)
    if (options[name] !== undefined)
      throw new TypeError(`${name} is for front servers; it needs a protocol: "scgi", for one`)
}

/**
 * Front servers are believed, so that a port for them must not be open to others by mistake.
 *
 * @throws TypeError where it is, and nothing says which peers may connect
 */
export function checkFrontAddress(address: Address, options: FrontOptions): void {
  if (!isForFront(options) || options.allowFrom !== undefined || address.kind !== "tcp") return
  const { host } = address
  if (host === "::1" || host.startsWith("127.")) return
  throw new TypeError(
    `${options.protocol} on ${host} would believe every client that reaches it. Listen on a unix socket or 127.0.0.1, or name the front servers with allowFrom.`,
  )
}

/** What of the options another process needs that answers at the same address. */
export function frontOptions<T extends FrontOptions & { proxyProtocolFrom?: Iterable<string> }>(
  options: T,
): FrontOptions & { proxyProtocolFrom?: Iterable<string> } {
  const { protocol, allowFrom, scriptName, errorsToFront, proxyProtocolFrom } = options
  return {
    ...(protocol !== undefined && { protocol }),
    ...(allowFrom !== undefined && { allowFrom }),
    ...(scriptName !== undefined && { scriptName }),
    ...(errorsToFront !== undefined && { errorsToFront }),
    ...(proxyProtocolFrom !== undefined && { proxyProtocolFrom }),
  }
}

/** Checks all that `makeServer` and `runSimple` know of it. */
export function checkFrontPlace(
  hostname: string,
  port: number,
  options: FrontOptions & { fd?: number; sslContext?: unknown; http2?: boolean },
): void {
  checkFront(options)
  checkFrontAddress(addressOf(hostname, port, options.fd), options)
}
