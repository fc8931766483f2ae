// Answers that send the client elsewhere: Location, and a page with a link for clients that do not follow it.

import { getPathInfo } from "../environ/path.ts"
import type { Environ } from "../gateway.ts"
import { escapeHtml } from "../http/html.ts"
import { percentEncode } from "../http/percent.ts"
import { describe } from "../mistakes/describe.ts"
import type { WebURL } from "../web-platform.ts"
import { Response, type ResponseClass } from "./response.ts"

// What a browser takes for the scheme of a URL: it drops white space and control characters first.
const SCHEME = /^[a-z][a-z0-9+.-]*(?=:)/i
const LINKED: ReadonlySet<string | undefined> = new Set([undefined, "http", "https"])

/**
 * A response that sends the client to `location`, with GET unless `code` is 307 or 308. The location is sent as it is
 * given, as an URI: whether it may lead to another site is for the caller to decide.
 *
 * @param code 201 or 3xx: 303 unless given, which suits the answer to a form
 * @param responseClass what to make it of
 * @throws RangeError for a code that does not redirect, TypeError for a location that no header can hold
 * @example
 * redirect("/login").status // => "303 See Other"
 * redirect("/login", 308).location // => "/login"
 * redirect("/", 200) // throws RangeError
 * redirect("/\r\nX: y") // throws TypeError
 */
export function redirect<R extends Response = Response>(
  location: string | WebURL,
  code = 303,
  responseClass: ResponseClass<R> = Response as unknown as ResponseClass<R>,
): R {
  if (typeof location !== "string") {
    if (!(location instanceof URL))
      throw new TypeError(`redirect takes a location, a text or a URL, not ${describe(location)}`)
    return redirect(location.href, code, responseClass)
  }
  if (typeof code !== "number")
    throw new TypeError(`redirect takes the code behind the location, not ${describe(code)}`)
  if (code !== 201 && !(code >= 300 && code < 400)) {
    throw new RangeError(`the code of a redirect is 201 or from 300 to 399, not ${code}`)
  }
  const shown = escapeHtml(location)
  // A link that runs a script would do so on our own page.
  const scheme = SCHEME.exec(location.replace(/[\x00-\x20]/g, ""))?.[0].toLowerCase()
  const target = LINKED.has(scheme) ? `<a href="${shown}">${shown}</a>. If not, click the link.` : `${shown}.`
  const page = `<!doctype html>
<html lang=en>
<title>Redirecting...</title>
<h1>Redirecting...</h1>
<p>You should be redirected automatically to the target URL: ${target}
`
  const response = new responseClass(page, { status: code, mimetype: "text/html" })
  response.location = location
  response.headers.set("X-Content-Type-Options", "nosniff")
  return response
}

/**
 * A redirect to the same URL with a slash at its end, as a relative reference, so that it stays on this host for every path. The
 * query is kept.
 *
 * @example
 * appendSlashRedirect({ PATH_INFO: "/user/42", QUERY_STRING: "a=1" }).location // => "42/?a=1"
 */
export function appendSlashRedirect(environ: Pick<Environ, "PATH_INFO" | "QUERY_STRING">, code = 308): Response {
  const path = getPathInfo(environ)
  const last = path.slice(path.lastIndexOf("/") + 1)
  // A colon would make the segment a scheme (RFC 3986 section 4.2).
  const segment = last === "" ? "." : percentEncode(last, "!$&'()*+,;=@")
  const query = environ.QUERY_STRING ? `?${escapeBytes(environ.QUERY_STRING)}` : ""
  return redirect(`${segment}/${query}`, code)
}

/** A byte string with the bytes escaped that no URI may have. */
function escapeBytes(bytes: string): string {
  return bytes.replace(/[^\x21-\x7e]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)
}
