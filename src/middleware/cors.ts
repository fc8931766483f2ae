// Lets pages of other origins use an application (the CORS protocol of the Fetch standard, section 3.3). Answers preflights
// by itself, so it stands outside of the layers that would refuse them: authentication, routing, addressFilter excepted.
// This is no protection of the server: it tells browsers what a page may read. Nothing is allowed unless told.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Environ, HeaderList, StartResponse } from "../gateway.ts"
import { checkFieldName, parseListHeader } from "../http/fields.ts"
import { asciiLower, isToken } from "../http/tokens.ts"
import { type OptionNames, requireOptions } from "../mistakes/options.ts"
import { textOf, withoutFields, withVary } from "./header-list.ts"

/** Which origins may do what. */
export interface CorsOptions {
  /**
   * Origins whose pages may read responses, as `https://example.com` (scheme, host, and port unless it is the scheme's own),
   * or `*` for all, or a function that decides. `null`, the origin of sandboxed pages and files, is one like others.
   */
  origins: "*" | Iterable<string> | ((origin: string, environ: Environ) => boolean)
  /** Methods that they may use. Default `GET`, `HEAD` and `POST`, which browsers allow anyhow. */
  methods?: Iterable<string> | undefined
  /** Request headers that they may set, beyond those that browsers allow anyhow; `*` for all that they ask for. */
  headers?: "*" | Iterable<string> | undefined
  /** Response headers that they may read, beyond those that browsers show anyhow. */
  exposedHeaders?: Iterable<string> | undefined
  /** Whether requests may carry cookies and the like, and be read all the same. Default false. */
  credentials?: boolean | undefined
  /** How long a browser may remember the answer to a preflight. */
  maxAgeSeconds?: number | undefined
}

/** The options, checked and in the form in which they are sent. */
export interface CorsPolicy {
  isAllowed: (origin: string, environ: Environ) => boolean
  /** Whether the answer is the same for every origin. */
  any: boolean
  methods: string
  headers: string | "*"
  exposedHeaders: string
  credentials: boolean
  maxAge: string | undefined
}

const OPTIONS: OptionNames<CorsOptions> = {
  origins: true,
  methods: true,
  headers: true,
  exposedHeaders: true,
  credentials: true,
  maxAgeSeconds: true,
}

/**
 * Adds the headers by which browsers let pages of other origins read responses. Preflights are answered with 204, without
 * asking `app`. Access-Control headers that `app` sets are replaced.
 *
 * @throws TypeError for malformed origins, methods or headers, and for credentials together with all origins
 */
export function cors(app: ApplicationLike, options: CorsOptions): Application {
  const inner = asApplication(app, "cors")
  requireOptions("cors", options, OPTIONS)
  const policy = corsPolicy(options)
  return (environ, startResponse) => {
    const origin = textOf(environ, "HTTP_ORIGIN")
    if (isPreflight(environ)) {
      startResponse("204 No Content", preflightHeaders(policy, environ))
      return []
    }
    const own = responseHeaders(policy, origin, environ)
    const start: StartResponse = (status, headers, error) => {
      const others = own.length === 0 ? headers : [...withoutFields(headers, REPLACED), ...own]
      return startResponse(status, policy.any ? others : withVary(others, "Origin"), error)
    }
    return inner(environ, start)
  }
}

const REPLACED = ["access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers"]

/**
 * Whether this is the question of a browser that comes before a request.
 *
 * @example
 * isPreflight({ REQUEST_METHOD: "OPTIONS", HTTP_ORIGIN: "https://a.test", HTTP_ACCESS_CONTROL_REQUEST_METHOD: "PUT" }) // => true
 * isPreflight({ REQUEST_METHOD: "OPTIONS", HTTP_ORIGIN: "https://a.test" }) // => false
 */
export function isPreflight(environ: Environ): boolean {
  return (
    environ.REQUEST_METHOD === "OPTIONS" &&
    textOf(environ, "HTTP_ORIGIN") !== undefined &&
    textOf(environ, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") !== undefined
  )
}

/** Reads the options; throws as cors does. */
export function corsPolicy(options: CorsOptions): CorsPolicy {
  const { origins, credentials = false, maxAgeSeconds } = options
  if (origins === "*" && credentials) {
    throw new TypeError("with credentials, origins have to be named: a page of any origin could act as its visitor")
  }
  if (maxAgeSeconds !== undefined && !(Number.isInteger(maxAgeSeconds) && maxAgeSeconds >= 0)) {
    throw new RangeError(`maxAgeSeconds must be a whole number from 0, not ${String(maxAgeSeconds)}`)
  }
  return {
    isAllowed: originTest(origins),
    any: origins === "*",
    methods: Array.from(options.methods ?? ["GET", "HEAD", "POST"], checkMethod).join(", "),
    headers: options.headers === "*" ? "*" : Array.from(options.headers ?? [], checkFieldName).join(", "),
    exposedHeaders: Array.from(options.exposedHeaders ?? [], checkFieldName).join(", "),
    credentials,
    maxAge: maxAgeSeconds === undefined ? undefined : String(maxAgeSeconds),
  }
}

function checkMethod(method: string): string {
  if (!isToken(method)) throw new TypeError(`not a method: ${JSON.stringify(method)}`)
  return method
}

function originTest(origins: CorsOptions["origins"]): CorsPolicy["isAllowed"] {
  if (typeof origins === "function") return origins
  if (origins === "*") return () => true
  if (typeof origins === "string") throw new TypeError(`a list of origins is wanted, not the text ${origins}`)
  const allowed = new Set(Array.from(origins, checkOrigin))
  return (origin) => allowed.has(origin)
}

/** Browsers send an origin in one form only, so another one in the list would never match. */
function checkOrigin(origin: string): string {
  const serialized = origin === "null" ? origin : URL.canParse(origin) ? new URL(origin).origin : undefined
  if (serialized === origin) return origin
  const hint = serialized && serialized !== "null" ? `, it is ${serialized}` : ""
  throw new TypeError(`not an origin as browsers send it: ${JSON.stringify(origin)}${hint}`)
}

/**
 * What to add to a response for this origin.
 *
 * @example
 * responseHeaders(corsPolicy({ origins: ["https://a.test"] }), "https://a.test", {}) // => [["Access-Control-Allow-Origin", "https://a.test"]]
 * responseHeaders(corsPolicy({ origins: ["https://a.test"] }), "https://a.test.evil", {}) // => []
 * responseHeaders(corsPolicy({ origins: "*" }), undefined, {}) // => [["Access-Control-Allow-Origin", "*"]]
 */
export function responseHeaders(policy: CorsPolicy, origin: string | undefined, environ: Environ): HeaderList {
  const allowed = allowedOrigin(policy, origin, environ)
  if (allowed === undefined) return []
  const headers: HeaderList = [["Access-Control-Allow-Origin", allowed]]
  if (policy.credentials) headers.push(["Access-Control-Allow-Credentials", "true"])
  if (policy.exposedHeaders !== "") headers.push(["Access-Control-Expose-Headers", policy.exposedHeaders])
  return headers
}

/** The headers of the answer to a preflight. */
export function preflightHeaders(policy: CorsPolicy, environ: Environ): HeaderList {
  const requested = textOf(environ, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
  const allowed = allowedOrigin(policy, textOf(environ, "HTTP_ORIGIN"), environ)
  const headers: HeaderList = []
  if (allowed !== undefined) {
    headers.push(["Access-Control-Allow-Origin", allowed], ["Access-Control-Allow-Methods", policy.methods])
    if (policy.credentials) headers.push(["Access-Control-Allow-Credentials", "true"])
    // Named one by one, since a `*` means nothing together with credentials and never includes Authorization.
    const names =
      policy.headers === "*" ? parseListHeader(requested).filter(isToken).map(asciiLower).join(", ") : policy.headers
    if (names !== "") headers.push(["Access-Control-Allow-Headers", names])
    if (policy.maxAge !== undefined) headers.push(["Access-Control-Max-Age", policy.maxAge])
  }
  const vary = policy.any ? [] : ["Origin"]
  if (policy.headers === "*") vary.push("Access-Control-Request-Headers")
  return vary.length === 0 ? headers : withVary(headers, ...vary)
}

function allowedOrigin(policy: CorsPolicy, origin: string | undefined, environ: Environ): string | undefined {
  if (policy.any) return "*"
  // A function might return a wrong value for everything; only an origin is echoed into a header.
  if (origin === undefined || !/^[\x21-\x7e]+$/.test(origin)) return undefined
  return policy.isAllowed(origin, environ) ? origin : undefined
}
