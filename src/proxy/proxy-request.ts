// What a proxy sends on: which target, which headers. Texts in, texts out; knows no upstream and no connection.
// The path is judged by the same bytes that are sent, and never put together by a URL parser.

import { encodePath, hasDotSegment, rawPath, rawRest } from "../environ/raw-path.ts"
import { getContentLength } from "../environ/request-input.ts"
import type { Environ } from "../gateway.ts"
import { CONNECTION_FIELDS, parseListHeader } from "../http/fields.ts"
import { asciiLower } from "../http/tokens.ts"
import { textOf } from "../middleware/header-list.ts"

/** How requests below a prefix are passed on. */
export interface ProxyRoute {
  /** Where the route begins, as a byte string: empty, or a slash and no slash at the end. */
  prefix: string
  /** Whether the prefix is taken off. */
  removePrefix: boolean
  /** What comes in front of the path at the upstream, percent-encoded, without a slash at its end. */
  basePath: string
  /** Whether a Host header of the client's is passed on. */
  keepHost: boolean
  /** Headers to set, by their names in lower case, in place of what the client sent. */
  headers: ReadonlyMap<string, string>
  /** Whether X-Forwarded headers tell the upstream the client's address. */
  forward: boolean
}

/**
 * The path and query to ask the upstream for, with the client's own bytes; `undefined` when the path below the prefix has dot
 * segments in any disguise, broken escapes, or a prefix that ends inside of an escape: those mean one thing here and
 * another one there.
 *
 * @example
 * const route = { prefix: "/api", removePrefix: true, basePath: "/v1" }
 * const target = (uri, path) => upstreamTarget(route, { REQUEST_URI: uri, SCRIPT_NAME: "", PATH_INFO: path, QUERY_STRING: uri.split("?")[1] ?? "" })
 * target("/api/a%2Fb$?q=%zz", "/api/a/b$") // => "/v1/a%2Fb$?q=%zz"
 * target("/api/%2e%2e/admin", "/api/../admin") // => undefined
 * target("/%61pi/x", "/api/x") // => "/v1/x"
 */
export function upstreamTarget(route: ProxyRoute, environ: Environ): string | undefined {
  const below = environ.PATH_INFO.slice(route.prefix.length)
  if (hasDotSegment(below)) return undefined
  const whole = environ.SCRIPT_NAME + environ.PATH_INFO
  const raw = rawPath(environ)
  let rest = raw === undefined ? undefined : rawRest(raw, whole, whole.length - below.length)
  if (rest === null) return undefined
  // A layer outside has changed the path, or there is no target: the path is encoded anew.
  rest ??= encodePath(below)
  const prefix = route.removePrefix ? "" : encodePath(route.prefix)
  const path = `${route.basePath}${prefix}${rest}`
  return `${path.startsWith("/") ? "" : "/"}${path}${queryOf(environ)}`
}

/** The query with its question mark, which stays also where the query is empty. */
function queryOf({ QUERY_STRING: query, REQUEST_URI: target }: Environ): string {
  if (query !== "") return `?${query}`
  return target?.endsWith("?") && target.indexOf("?") === target.length - 1 ? "?" : ""
}

// An offer to go on in HTTP/2 (RFC 7540 section 3.2.1) is void without the Upgrade that stays here, also where Connection
// does not name it.
const HOP_BY_HOP = new Set([...CONNECTION_FIELDS, "http2-settings"])
/** Made anew by the code that sends the request. */
const OWN = new Set([...HOP_BY_HOP, "expect", "host", "content-length"])

/** Names in lower case that `Connection` names. */
function namedBy(connection: string | undefined): string[] {
  return connection === undefined || connection === "" ? [] : parseListHeader(connection).map(asciiLower)
}

/**
 * Names and values in turn, as they are sent on: those of the client without what belongs to its connection, then ours. What the
 * client names in its Connection header can't take away what we add.
 */
export function upstreamHeaders(route: ProxyRoute, environ: Environ, host: string): string[] {
  const named = namedBy(textOf(environ, "HTTP_CONNECTION"))
  const own = ownHeaders(route, environ, host)
  const list: string[] = []
  for (const key in environ) {
    if (!key.startsWith("HTTP_")) continue
    const name = lowerName(key)
    const value = environ[key]
    if (OWN.has(name) || own.has(name) || named.includes(name) || typeof value !== "string") continue
    if (route.forward && isForwarded(name)) continue
    list.push(name, value)
  }
  for (const [name, value] of own) list.push(name, value)
  return list
}

/**
 * What proxies say of the client. Any client can send it, and an upstream that trusts this proxy would believe it: what is passed
 * on is what this proxy knows, and the addresses in front of the one that it knows.
 */
function isForwarded(name: string): boolean {
  return name.startsWith("x-forwarded-") || name === "forwarded" || name === "x-real-ip"
}

/** Names of headers by their keys. Clients choose them, so not all are remembered. */
const names = new Map<string, string>()

function lowerName(key: string): string {
  let name = names.get(key)
  if (name === undefined) {
    name = key.slice(5).toLowerCase().replaceAll("_", "-")
    if (names.size < 1024) names.set(key, name)
  }
  return name
}

function ownHeaders(route: ProxyRoute, environ: Environ, host: string): Map<string, string> {
  const asked = textOf(environ, "HTTP_HOST")
  const own = new Map([["host", route.keepHost ? (asked ?? host) : host]])
  const type = environ.CONTENT_TYPE
  if (type !== undefined && type !== "") own.set("content-type", type)
  // Without one, whether there is a body shows when it is read.
  const length = getContentLength(environ)
  if (length) own.set("content-length", String(length))
  if (route.forward) {
    // Only the last address is vouched for by us; nothing is known without one, as on a unix socket.
    const before = textOf(environ, "HTTP_X_FORWARDED_FOR")
    const address = environ.REMOTE_ADDR ?? "unknown"
    own.set("x-forwarded-for", before === undefined || before === "" ? address : `${before}, ${address}`)
    own.set("x-forwarded-proto", environ["wsgi.url_scheme"])
    if (asked !== undefined) own.set("x-forwarded-host", asked)
    const mount = environ.SCRIPT_NAME + (route.removePrefix ? route.prefix : "")
    if (mount !== "") own.set("x-forwarded-prefix", encodePath(mount))
  }
  for (const [name, value] of route.headers) own.set(name, value)
  return own
}

/**
 * The headers of an upstream's response without what belongs to its connection, and without the length of a 204, which has
 * none (RFC 9110 section 8.6).
 *
 * @example
 * clientHeaders(["Connection", "close, X-Hop", "X-Hop", "1", "X-A", "2"]) // => [["X-A", "2"]]
 */
export function clientHeaders(raw: readonly string[], status = 200): [name: string, value: string][] {
  let named: string[] | undefined
  const headers: [string, string][] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    const lower = asciiLower(name)
    if (lower === "connection") named = [...(named ?? []), ...namedBy(raw[index + 1])]
    if (status === 204 && lower === "content-length") continue
    if (!HOP_BY_HOP.has(lower)) headers.push([name, raw[index + 1] as string])
  }
  if (named === undefined) return headers
  const gone = new Set(named)
  return headers.filter(([name]) => !gone.has(asciiLower(name)))
}
