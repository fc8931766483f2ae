// What OpenTelemetry's semantic conventions for HTTP want to know of a request, under their stable names. Everything here comes from the
// environ, so that layers such as proxyFix have been heeded; nothing is looked up.

import { getHost } from "../environ/host.ts"
import type { Environ } from "../gateway.ts"
import { fieldKey, textOf } from "./header-list.ts"
import { type OriginalVariables, PROXY_FIX_ORIGINALS } from "./proxy-fix.ts"

/** Values of a span. */
export type Attributes = Record<string, string | number | string[]>

/** RFC 9110 section 9, PATCH (RFC 5789), and QUERY. */
const METHODS = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"]

/** Parameters of a query that are secrets: signatures of object stores. */
const SECRETS = [
  "AWSAccessKeyId",
  "Signature",
  "sig",
  "X-Amz-Credential",
  "X-Amz-Security-Token",
  "X-Amz-Signature",
  "X-Goog-Signature",
]

/**
 * The methods that keep their name; clients could fill a backend with invented names otherwise. The variable is the conventions'
 * own, and takes the place of the list.
 */
export function knownMethods(env: NodeJS.ProcessEnv = process.env): ReadonlySet<string> {
  const own = env["OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"]
  return new Set(own === undefined || own === "" ? METHODS : own.split(",").map((method) => method.trim()))
}

/**
 * A query with the values of some parameters taken out.
 *
 * @example
 * redactQuery("a=1&sig=x&b", new Set(["sig"])) // => "a=1&sig=REDACTED&b"
 */
export function redactQuery(query: string, names: ReadonlySet<string>): string {
  return query
    .split("&")
    .map((pair) => {
      const end = pair.indexOf("=")
      return end !== -1 && names.has(pair.slice(0, end)) ? `${pair.slice(0, end)}=REDACTED` : pair
    })
    .join("&")
}

/** The names of parameters that are taken out: those of the conventions, and these. */
export function secretParameters(more: Iterable<string>): ReadonlySet<string> {
  return new Set([...SECRETS, ...more])
}

/** What both a span and a metric say. */
export function basicAttributes(environ: Environ, methods: ReadonlySet<string>): Attributes {
  const attributes: Attributes = {
    "http.request.method": methods.has(environ.REQUEST_METHOD) ? environ.REQUEST_METHOD : "_OTHER",
    "url.scheme": environ["wsgi.url_scheme"],
  }
  const version = /^HTTP\/(\d(?:\.[1-9])?)/.exec(environ.SERVER_PROTOCOL)?.[1]
  if (version !== undefined) attributes["network.protocol.version"] = version === "1" ? "1.0" : version
  return attributes
}

/** What a span says besides, before there is a response. */
export function spanAttributes(environ: Environ, basic: Attributes, secrets: ReadonlySet<string>): Attributes {
  const attributes: Attributes = { ...basic, "url.path": pathOf(environ) }
  const set = (name: string, value: string | number | undefined): void => {
    if (value !== undefined && value !== "") attributes[name] = value
  }
  if (basic["http.request.method"] === "_OTHER") set("http.request.method_original", environ.REQUEST_METHOD)
  if (environ.QUERY_STRING) set("url.query", redactQuery(environ.QUERY_STRING, secrets))
  const [address, port] = splitHost(getHost(environ), environ["wsgi.url_scheme"])
  set("server.address", address)
  if (address !== "") set("server.port", port)
  const client = textOf(environ, "REMOTE_ADDR")
  const originals = environ[PROXY_FIX_ORIGINALS] as OriginalVariables | undefined
  set("client.address", client)
  set("network.peer.address", originals?.REMOTE_ADDR ?? client)
  const peerPort = Number(environ.REMOTE_PORT)
  if (peerPort > 0) set("network.peer.port", peerPort)
  set("user_agent.original", textOf(environ, "HTTP_USER_AGENT"))
  return attributes
}

/** Headers of the request that were asked for, by their names in lower case. */
export function requestHeaders(environ: Environ, names: readonly string[]): Attributes {
  const attributes: Attributes = {}
  for (const name of names) {
    const value = textOf(environ, fieldKey(name))
    if (value !== undefined) attributes[`http.request.header.${name}`] = [value]
  }
  return attributes
}

/** The path as it was sent, without the query. */
function pathOf({ REQUEST_URI: target, SCRIPT_NAME, PATH_INFO }: Environ): string {
  // Sent to a proxy, a target is a whole URL (RFC 9112 section 3.2.2); `*` and an authority are no path.
  const path = target === undefined ? undefined : /^(?:https?:\/\/[^/?#]*)?(\/[^?#]*)/i.exec(target)?.[1]
  return path ?? `${SCRIPT_NAME}${PATH_INFO}`
}

function splitHost(host: string, scheme: string): [address: string, port: number] {
  const colon = host.indexOf(":", host.startsWith("[") ? host.indexOf("]") : 0)
  const name = colon === -1 ? host : host.slice(0, colon)
  const address = name.startsWith("[") ? name.slice(1, -1) : name
  if (colon !== -1) return [address, Number(host.slice(colon + 1))]
  return [address, scheme === "https" || scheme === "wss" ? 443 : 80]
}
