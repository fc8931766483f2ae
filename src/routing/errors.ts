// What matching and building throw. Those that answer a request are HTTP errors, so that they can be returned or thrown
// from anywhere below an application; those of the programmer are plain errors that say what would have worked.

import { HTTPException } from "../exceptions/http-exception.ts"
import { BadRequest, UpgradeRequired } from "../exceptions/statuses.ts"
import type { Environ, HeaderList } from "../gateway.ts"
import { escapeHtml } from "../http/html.ts"
import { iriToUri } from "../http/urls.ts"
import { endpointName, type Rule } from "./rule.ts"

/**
 * 308: the URL that was asked for is spelt differently, or has moved. Answers the request with a redirect.
 *
 * @example
 * const redirect = new RequestRedirect("http://example.com/ä/")
 * redirect.code // => 308
 * redirect.getHeaders().at(-1) // => ["Location", "http://example.com/%C3%A4/"]
 */
export class RequestRedirect extends HTTPException {
  static override readonly code: number = 308

  /** Where to go. */
  readonly newUrl: string

  /** @param newUrl the URL, as URI or IRI */
  constructor(newUrl: string) {
    super()
    this.newUrl = newUrl
  }

  override getDescription(): string {
    const url = escapeHtml(this.newUrl)
    return `<p>You should be redirected automatically to the target URL: <a href="${url}">${url}</a>. If not, click the link.</p>`
  }

  override getHeaders(environ?: Environ): HeaderList {
    return [...super.getHeaders(environ), ["Location", iriToUri(this.newUrl)]]
  }
}

/**
 * 200: which methods a URL takes, as the answer to OPTIONS (RFC 9110 section 9.3.7). Without a body.
 *
 * @example
 * new AllowedMethods(["GET", "HEAD"]).getHeaders() // => [["Allow", "GET, HEAD"]]
 */
export class AllowedMethods extends HTTPException {
  static override readonly code: number = 200

  /** The methods. */
  readonly methods: readonly string[]

  constructor(methods: Iterable<string>) {
    super()
    this.methods = [...methods]
  }

  override getBody(_environ?: Environ): string {
    return ""
  }

  override getHeaders(_environ?: Environ): HeaderList {
    return [["Allow", this.methods.join(", ")]]
  }
}

/**
 * The only rules that match are for WebSocket handshakes and this request is not one: 426, with `Upgrade`. Or the other way
 * round: 400.
 */
export class WebsocketMismatch extends BadRequest {
  static override description = "The URL is only for WebSocket handshakes, or not for them."

  /** Whether a handshake was wanted. */
  readonly isHandshakeWanted: boolean

  constructor(isHandshakeWanted = false) {
    super()
    this.isHandshakeWanted = isHandshakeWanted
    if (isHandshakeWanted) this.code = UpgradeRequired.code
  }

  override getHeaders(environ?: Environ): HeaderList {
    return this.isHandshakeWanted ? new UpgradeRequired().getHeaders(environ) : super.getHeaders(environ)
  }
}

/**
 * A rule that could not be told apart from one that the map has already.
 */
export class DuplicateRuleError extends Error {
  override readonly name: string = "DuplicateRuleError"
  /** The rule that the map has. */
  readonly existing: Rule
  /** The rule that was to be added. */
  readonly duplicate: Rule

  constructor(existing: Rule, duplicate: Rule) {
    super(`The rule ${duplicate} matches the same requests as ${existing}`)
    this.existing = existing
    this.duplicate = duplicate
  }
}

/**
 * No rule of the endpoint can be built with these values and this method. The message suggests what was meant, or names the
 * placeholder that does not take its value; what its converter threw is the `cause`.
 */
export class BuildError extends Error {
  override readonly name: string = "BuildError"
  /** What was to be built. */
  readonly endpoint: unknown
  /** The values, by name. */
  readonly values: ReadonlyMap<string, unknown>
  /** The method that was asked for. */
  readonly method: string | undefined
  /** The rule that comes closest; `undefined` in an empty map. */
  readonly suggested: Rule | undefined

  /** @param refusal why a rule that has all its values cannot be built with them */
  constructor(
    endpoint: unknown,
    values: ReadonlyMap<string, unknown>,
    method: string | undefined,
    suggested: Rule | undefined,
    refusal?: { readonly reason: string; readonly cause?: unknown },
  ) {
    const message = buildErrorMessage(endpoint, values, method)
    super(
      refusal === undefined
        ? `${message}${suggestionFor(endpoint, values, method, suggested)}`
        : `${message} ${refusal.reason}`,
      refusal?.cause === undefined ? undefined : { cause: refusal.cause },
    )
    this.endpoint = endpoint
    this.values = values
    this.method = method
    this.suggested = suggested
  }
}

function buildErrorMessage(
  endpoint: unknown,
  values: ReadonlyMap<string, unknown>,
  method: string | undefined,
): string {
  let message = `Could not build a URL for the endpoint ${quoted(endpoint)}`
  if (method !== undefined) message += ` (${method})`
  if (values.size > 0) message += ` with values ${listed(values.keys())}`
  return `${message}.`
}

function suggestionFor(
  endpoint: unknown,
  values: ReadonlyMap<string, unknown>,
  method: string | undefined,
  suggested: Rule | undefined,
): string {
  if (suggested === undefined) return ""
  if (suggested.endpoint !== endpoint) return ` Did you mean ${quoted(suggested.endpoint)} instead?`
  let message = ""
  if (method !== undefined && suggested.methods !== undefined && !suggested.methods.has(method)) {
    message += ` Did you mean to use methods ${listed(suggested.methods)}?`
  }
  const missing = [...suggested.arguments].filter((name) => !values.has(name) && !suggested.defaults.has(name))
  if (missing.length > 0) message += ` Did you forget to specify values ${listed(missing)}?`
  return message
}

function quoted(endpoint: unknown): string {
  return typeof endpoint === "string" ? JSON.stringify(endpoint) : endpointName(endpoint)
}

function listed(names: Iterable<string>): string {
  return [...names].sort().join(", ")
}
