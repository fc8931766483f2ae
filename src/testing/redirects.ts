// Where a redirect leads, and with which method, headers and body: RFC 9110 section 15.4 as browsers follow it.

import { resolveUrl } from "../environ/url-reference.ts"
import type { Environ } from "../gateway.ts"
import { iriToUri } from "../http/urls.ts"
import type { Response } from "../wrappers/response.ts"
import { EnvironBuilder } from "./environ-builder.ts"
import { pathBytes, quoteBytes, splitHost, splitUrl } from "./request-url.ts"

/**
 * A redirect that a client does not follow: in a circle, too often, to another host, or without a target.
 */
export class ClientRedirectError extends Error {
  override readonly name: string = "ClientRedirectError"
}

/** Whether a response of that code leads elsewhere. */
export function isRedirect(code: number): boolean {
  return code === 301 || code === 302 || code === 303 || code === 307 || code === 308
}

/** Describe a body that a redirected GET does not have. */
const BODY_HEADERS = ["Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Location"]
/** Are for the host that they were sent to. */
const CREDENTIALS = ["Authorization", "Cookie", "Proxy-Authorization"]

/** The URL of a request, as it was sent. */
export function urlOf(environ: Environ): string {
  const host = typeof environ["HTTP_HOST"] === "string" ? environ["HTTP_HOST"] : environ.SERVER_NAME
  const path = quoteBytes(environ.SCRIPT_NAME + environ.PATH_INFO)
  return `${environ["wsgi.url_scheme"]}://${host}${path}${environ.QUERY_STRING === "" ? "" : `?${environ.QUERY_STRING}`}`
}

/**
 * The request that follows upon a redirect.
 *
 * @param environ the request that was answered, without what a cookie jar has added
 * @throws ClientRedirectError when there is no Location, or it leads to another host; to one below the host only if `subdomains` says so
 */
export function redirected(environ: Environ, response: Response, subdomains = false): EnvironBuilder {
  const location = response.headers.get("Location")
  if (location === undefined) throw new ClientRedirectError(`A ${response.status} without a Location`)
  const from = splitUrl(urlOf(environ), true)
  const to = splitUrl(resolveUrl(urlOf(environ), iriToUri(location)), true)
  const { scheme, host } = to
  if ((scheme !== "http" && scheme !== "https") || !host)
    throw new ClientRedirectError(`Not a place to go: ${location}`)
  const [name, port] = splitHost(host.toLowerCase(), scheme)
  const [oldName, oldPort] = splitHost(String(from.host).toLowerCase(), String(from.scheme))
  if (name !== oldName && !(subdomains && name.endsWith(`.${oldName}`))) {
    throw new ClientRedirectError(`A redirect from ${oldName} to another host: ${location}`)
  }

  const builder = EnvironBuilder.fromEnviron(environ)
  builder.urlScheme = scheme
  builder.host = host
  const root = environ.SCRIPT_NAME
  const path = pathBytes(to.path === "" ? "/" : to.path)
  const mounted = path === root || path.startsWith(`${root}/`)
  builder.scriptRoot = mounted ? builder.scriptRoot : ""
  builder.path = quoteBytes(mounted ? path.slice(root.length) : path)
  builder.queryString = to.query ?? ""
  builder.requestUri = `${to.path === "" ? "/" : to.path}${to.query === undefined ? "" : `?${to.query}`}`
  if (name !== oldName || port !== oldPort || scheme !== from.scheme) {
    for (const header of CREDENTIALS) builder.headers.delete(header)
  }
  const { statusCode } = response
  const becomesGet =
    statusCode === 303
      ? builder.method !== "HEAD"
      : (statusCode === 301 || statusCode === 302) && builder.method === "POST"
  if (becomesGet) {
    builder.method = "GET"
    builder.inputStream = undefined
    for (const header of BODY_HEADERS) builder.headers.delete(header)
  } else if (builder.inputStream === undefined) builder.contentLength = 0
  return builder
}
