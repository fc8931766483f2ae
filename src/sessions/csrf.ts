// Refuses what a page of another site makes a visitor's browser do here (cross-site request forgery). What the browser says about
// the origin of a request decides; a token only where the browser says nothing. Logging in is no exception: it would deceive a
// visitor too, if another site logged the browser in under another name.

import { asApplication } from "../as-application.ts"
import { requestSource } from "../environ/request-source.ts"
import { respondWith } from "../environ/responder.ts"
import { Forbidden } from "../exceptions/statuses.ts"
import type { Application, ApplicationLike, Body, Environ, StartResponse } from "../gateway.ts"
import { checkOptions } from "../mistakes/options.ts"
import { CSRF_FIELD, isTokenOf } from "./csrf-token.ts"
import { formToken } from "./form-token.ts"
import { getSession, hasSession } from "./sessions.ts"

/** What is let through besides requests of this origin. */
export interface CsrfOptions {
  /**
   * Other origins that may send requests, as `https://app.example.com`. Pages of another subdomain are of another
   * origin.
   */
  trustedOrigins?: Iterable<string> | undefined
  /** Requests that are not looked at: those that do not go by cookies, as webhooks and APIs with tokens in a header. */
  exempt?: ((environ: Environ) => boolean) | undefined
}

const FOREIGN = "The request comes from a page of another site."
const UNKNOWN = "The browser does not tell where the request comes from, and there is no valid CSRF token in it."

/**
 * Answers 403 to requests that may change something and come from a page of another origin: all but GET, HEAD, OPTIONS and
 * TRACE, and attempts to open a WebSocket.
 *
 * `Sec-Fetch-Site` decides, then `Origin`. A client that sends neither, as an old browser, needs the token of its session:
 * `csrfField(request)` in the form, or `csrfToken(request)` in the header `X-CSRF-Token`. For that, `sessions` stands around
 * this layer.
 *
 * @throws TypeError for a malformed trusted origin
 */
export function csrf(app: ApplicationLike, options: CsrfOptions = {}): Application {
  const inner = asApplication(app, "csrf")
  checkOptions("csrf", options, { exempt: true, trustedOrigins: true })
  const { trustedOrigins = [], exempt } = options
  const trusted = new Set(Array.from(trustedOrigins, checkOrigin))
  const isTrusted = (origin: string) => trusted.has(origin)
  return (environ, startResponse) => {
    if (isSafe(environ) || exempt?.(environ)) return inner(environ, startResponse)
    const source = requestSource(environ, isTrusted)
    if (source === "own") return inner(environ, startResponse)
    if (source === "foreign") return respondWith(new Forbidden(FOREIGN), environ, startResponse)
    // Browsers tell the origin of a WebSocket, also old ones. A client that does not tell it is no browser.
    if (isSafeMethod(environ.REQUEST_METHOD)) return inner(environ, startResponse)
    return withToken(inner, environ, startResponse)
  }
}

function isSafeMethod(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE"
}

function isSafe(environ: Environ): boolean {
  if (!isSafeMethod(environ.REQUEST_METHOD)) return false
  if (environ["wsgi.websocket"] !== undefined) return false
  const upgrade = environ["HTTP_UPGRADE"]
  return typeof upgrade !== "string" || !/websocket/i.test(upgrade)
}

async function withToken(app: Application, environ: Environ, startResponse: StartResponse): Promise<Body> {
  if (hasSession(environ)) {
    const header = environ["HTTP_X_CSRF_TOKEN"]
    const token = typeof header === "string" ? header : await formToken(environ, CSRF_FIELD)
    if (token !== undefined && isTokenOf(await getSession(environ), token)) return app(environ, startResponse)
  }
  return respondWith(new Forbidden(UNKNOWN), environ, startResponse)
}

/** Browsers send an origin in one form only. */
function checkOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin
  throw new TypeError(`not an origin as browsers send it, such as https://example.com: ${JSON.stringify(origin)}`)
}
