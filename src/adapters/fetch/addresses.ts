// What a URL says of the server: name, port and scheme, as CGI variables. Most requests of a server name the same one.

import type { Addresses } from "../../running/environ.ts"

const HTTPS: Readonly<Record<string, string>> = { HTTPS: "on" }

/**
 * The URL up to its path; all of it when it has no path.
 *
 * @example
 * originOf("http://example.org:81/a/b?c") // => "http://example.org:81"
 */
export function originOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3)
  return start === -1 ? url : url.slice(0, start)
}

/**
 * The server of an origin. A Request has no peer; a caller that knows it adds `REMOTE_ADDR`.
 *
 * @example
 * addressesOf("http://[::1]:81").serverName // => "[::1]"
 * addressesOf("https://example.org").serverPort // => "443"
 */
export function addressesOf(origin: string): Addresses {
  const scheme = origin.startsWith("https:") ? "https" : "http"
  const authority = origin.slice(origin.indexOf("://") + 3)
  const port = /:(\d+)$/.exec(authority)?.[1]
  const name = port === undefined ? authority : authority.slice(0, -port.length - 1)
  return {
    serverName: name === "" ? undefined : name,
    serverPort: port ?? (scheme === "https" ? "443" : "80"),
    remoteAddress: undefined,
    remotePort: undefined,
    scheme,
    further: scheme === "https" ? HTTPS : undefined,
  }
}
