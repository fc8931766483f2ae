// The way back: out of an environ the options that would make such a one again. What servers and middleware have added, under
// keys with a dot in their names, is left behind, and so is how the body was framed on its connection.

import { EnvironHeaders } from "../datastructures/environ-headers.ts"
import { Headers } from "../datastructures/headers.ts"
import { emptyInput } from "../environ/input.ts"
import { getInputStream } from "../environ/request-input.ts"
import type { Environ } from "../gateway.ts"
import { sourceOf } from "./body-source.ts"
import type { EnvironBuilderOptions } from "./environ-builder-options.ts"
import { pathBytes, quoteBytes, splitHost, splitUrl } from "./request-url.ts"

/** What such an environ is made of, but for its query and its request target, which need not be text: see `targetOf`. */
export function descriptionOf(environ: Environ): EnvironBuilderOptions {
  const scheme = environ["wsgi.url_scheme"]
  const { SERVER_NAME, SERVER_PORT, REMOTE_ADDR, REMOTE_PORT, REMOTE_USER } = environ
  const host = hostOf(environ)
  const headers = new Headers(new EnvironHeaders(environ))
  headers.delete("Host")
  headers.delete("Transfer-Encoding")
  const remote = Object.entries({ REMOTE_ADDR, REMOTE_PORT, REMOTE_USER }).filter(([, value]) => value !== undefined)
  const [name, port] = splitHost(host, scheme)
  const replaced = name === SERVER_NAME && port === SERVER_PORT
  return {
    baseUrl: `${scheme}://${host}${quoteBytes(environ.SCRIPT_NAME)}`,
    path: sentPath(environ),
    method: environ.REQUEST_METHOD,
    headers,
    inputStream: isWithoutBody(environ) ? undefined : environ["wsgi.input"],
    errorsStream: environ["wsgi.errors"],
    multithread: environ["wsgi.multithread"],
    multiprocess: environ["wsgi.multiprocess"],
    runOnce: environ["wsgi.run_once"],
    serverProtocol: environ.SERVER_PROTOCOL,
    environBase: Object.fromEntries(remote),
    ...(replaced ? {} : { environOverrides: { SERVER_NAME, SERVER_PORT } }),
  }
}

/** The request target, as a byte string: as the environ tells it, or put together where it does not. */
export function targetOf({ SCRIPT_NAME, PATH_INFO, QUERY_STRING, REQUEST_URI }: Environ): string {
  return REQUEST_URI ?? `${quoteBytes(SCRIPT_NAME + PATH_INFO)}${QUERY_STRING === "" ? "" : `?${QUERY_STRING}`}`
}

function hostOf(environ: Environ): string {
  const { HTTP_HOST: host, SERVER_NAME: name, SERVER_PORT: port } = environ
  if (typeof host === "string" && host !== "") return host
  return port === (environ["wsgi.url_scheme"] === "https" ? "443" : "80") ? name : `${name}:${port}`
}

// As it was sent if the environ tells, since `%2F` and `/` are one in PATH_INFO. With the mount or without it.
function sentPath({ SCRIPT_NAME: mount, PATH_INFO: path, REQUEST_URI: target = "" }: Environ): string {
  const sent = splitUrl(target).path
  const root = quoteBytes(mount)
  if (sent.startsWith(root) && pathBytes(sent) === mount + path) return sent.slice(root.length)
  return pathBytes(sent) === path ? sent : quoteBytes(path)
}

/**
 * Whether a request can have no body. Only HTTP/1 says by headers that one has (RFC 9112 section 6.3); of others the input
 * tells, which a server makes for those that have one.
 */
export function isWithoutBody(environ: Environ): boolean {
  const { CONTENT_LENGTH: length, HTTP_TRANSFER_ENCODING: coding, SERVER_PROTOCOL: protocol } = environ
  if (length !== undefined || coding !== undefined || sourceOf(environ["wsgi.input"]) !== undefined) return false
  return protocol.startsWith("HTTP/1.") || getInputStream(environ) === emptyInput
}
