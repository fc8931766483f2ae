// The host that a request was sent to, checked before a URL is built with it. The grammar and the list of
// trusted hosts are http/hosts.ts; here the values are taken from the environ, and distrust becomes an HTTP error.

import { SecurityError } from "../exceptions/statuses.ts"
import type { Environ } from "../gateway.ts"
import { requestHost, UntrustedHost } from "../http/hosts.ts"
import { parseInteger } from "../http/numbers.ts"

/** Where to find the host in an environ. */
export type HostEnviron = Pick<Environ, "wsgi.url_scheme" | "SERVER_NAME" | "SERVER_PORT"> & { HTTP_HOST?: unknown }

/**
 * The host of the request, with its port unless that is the default one of the scheme: the `Host` header, or the
 * server's own name where there is none. A malformed host gives an empty text.
 *
 * @param trustedHosts hosts that may be asked for; an entry that starts with a dot stands for all names below it too
 * @throws SecurityError (400) when there is a list of trusted hosts and the host is not in it
 * @example
 * getHost({ "wsgi.url_scheme": "https", HTTP_HOST: "example.org:443" }) // => "example.org"
 * getHost({ "wsgi.url_scheme": "http", HTTP_HOST: "evil.test" }, ["example.org"]) // throws SecurityError
 */
export function getHost(environ: HostEnviron, trustedHosts?: Iterable<string>): string {
  const { HTTP_HOST: header } = environ
  const scheme = environ["wsgi.url_scheme"] ?? "http"
  if (typeof header === "string") return checkedHost(scheme, header, undefined, trustedHosts)
  return checkedHost(scheme, undefined, serverOf(environ.SERVER_NAME, environ.SERVER_PORT), trustedHosts)
}

/** Name and port of a server; no port for a unix socket, whose name is its path. */
export type Server = readonly [name: string, port: number | undefined]

/** The server of an environ, from its two variables; `undefined` without a name. */
export function serverOf(name: string | undefined, port: string | undefined): Server | undefined {
  if (!name) return undefined
  return [name, port === undefined ? undefined : parseInteger(port)]
}

/** `requestHost` of http/hosts.ts, whose error becomes a 400. */
export function checkedHost(
  scheme: string,
  header: string | undefined,
  server: Server | undefined,
  trustedHosts: Iterable<string> | undefined,
): string {
  try {
    return requestHost(scheme, header, server, trustedHosts)
  } catch (error) {
    if (error instanceof UntrustedHost) throw new SecurityError({ description: error.message, cause: error })
    throw error
  }
}
