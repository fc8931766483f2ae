// A class for each status that says something went wrong, 4xx then 5xx, in the order of their codes, and behind 400
// its special cases. A class with a header of its own takes its value, checks it when it is given, and adds it in
// getHeaders. There is no class for 426, which must name a protocol in `Upgrade`, and that field belongs to the connection; nor
// for 506 and 510, which servers do not send.

import type { Environ, HeaderList } from "../gateway.ts"
import { httpDate } from "../http/dates.ts"
import { checkFieldValue } from "../http/fields.ts"
import { SafeHtml } from "../http/html.ts"
import { isToken } from "../http/tokens.ts"
import { HTTPException, type HTTPExceptionOptions } from "./http-exception.ts"

/**
 * 400: the request makes no sense to the server.
 */
export class BadRequest extends HTTPException {
  static override readonly code = 400
  static override description = "The browser (or proxy) sent a request that this server could not understand."
}

/**
 * 400: a key that the view asked for is missing in the form, the query or the like.
 *
 * @example
 * new BadRequestKeyError("name").key // => "name"
 */
export class BadRequestKeyError extends BadRequest {
  /** Whether the pages of new errors name the key. Off, since clients would learn what the code looks for. */
  static showException = false

  /** What was looked for. */
  readonly key: string | number | undefined
  /** Whether the page of this error names the key. */
  showException: boolean

  constructor(key?: string | number, options?: string | SafeHtml | HTTPExceptionOptions) {
    super(options)
    this.key = key
    this.showException = new.target.showException
  }

  override get description(): string | SafeHtml | undefined {
    const description = super.description
    if (!this.showException || this.key === undefined || description instanceof SafeHtml) return description
    return `${description}\nMissing key: ${JSON.stringify(this.key)}`
  }

  override set description(description: string | SafeHtml | undefined) {
    super.description = description
  }
}

/**
 * 400: the client went away before its request was complete. The page is never seen.
 */
export class ClientDisconnected extends BadRequest {}

/**
 * 400: the request breaks a rule of security, and looks like an attack.
 */
export class SecurityError extends BadRequest {}

/**
 * 400: the `Host` of the request is malformed or not one of ours.
 */
export class BadHost extends BadRequest {}

/** A value of a header that challenges the client to log in: its text, or an object such as WWWAuthenticate. */
export type Challenge = string | { toHeader(): string }

/** Options of Unauthorized. */
export interface UnauthorizedOptions extends HTTPExceptionOptions {
  /** One challenge or several; each becomes a `WWW-Authenticate` of its own. */
  wwwAuthenticate?: Challenge | Iterable<Challenge> | undefined
}

/**
 * 401: the client has to identify itself, or did so wrongly.
 *
 * @example
 * new Unauthorized({ wwwAuthenticate: "Basic" }).getHeaders().at(-1) // => ["WWW-Authenticate", "Basic"]
 */
export class Unauthorized extends HTTPException {
  static override readonly code = 401
  static override description =
    "The server could not verify that you are authorized to access the URL requested. You either supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials required."

  /** One `WWW-Authenticate` for each. */
  readonly wwwAuthenticate: readonly Challenge[]

  constructor(options?: string | SafeHtml | UnauthorizedOptions) {
    super(options)
    this.wwwAuthenticate = challenges(
      typeof options === "object" && "wwwAuthenticate" in options ? options.wwwAuthenticate : undefined,
    )
  }

  override getHeaders(environ?: Environ): HeaderList {
    return [...super.getHeaders(environ), ...challengeHeaders("WWW-Authenticate", this.wwwAuthenticate)]
  }
}

/**
 * 402: reserved by RFC 9110, used by services that sell something.
 */
export class PaymentRequired extends HTTPException {
  static override readonly code = 402
  static override description = "You have to pay before you can access the requested resource."
}

/**
 * 403: the client may not do that, also with other credentials.
 */
export class Forbidden extends HTTPException {
  static override readonly code = 403
  static override description =
    "You don't have the permission to access the requested resource. It is either read-protected or not readable by the server."
}

/**
 * 404: there is nothing here, or nothing that the client may know of.
 */
export class NotFound extends HTTPException {
  static override readonly code = 404
  static override description =
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."
}

/**
 * 405: the resource does not know this method.
 *
 * @example
 * new MethodNotAllowed(["GET", "HEAD"]).getHeaders().at(-1) // => ["Allow", "GET, HEAD"]
 * new MethodNotAllowed(["GET\n"]) // throws TypeError
 */
export class MethodNotAllowed extends HTTPException {
  static override readonly code = 405
  static override description = "The method is not allowed for the requested URL."

  /** The methods that would do; `undefined` when they are not known. */
  readonly validMethods: readonly string[] | undefined

  /**
   * @param validMethods become the `Allow` header, unless there are none
   * @throws TypeError when one is not a token
   */
  constructor(
    validMethods?: readonly string[] | ReadonlySet<string>,
    options?: string | SafeHtml | HTTPExceptionOptions,
  ) {
    super(options)
    this.validMethods = validMethods && [...validMethods].map(checkToken)
  }

  override getHeaders(environ?: Environ): HeaderList {
    const headers = super.getHeaders(environ)
    if (this.validMethods?.length) headers.push(["Allow", this.validMethods.join(", ")])
    return headers
  }
}

/**
 * 406: nothing the server has is acceptable by the `Accept` headers.
 */
export class NotAcceptable extends HTTPException {
  static override readonly code = 406
  static override description =
    "The resource identified by the request is only capable of generating response entities which have content characteristics not acceptable according to the accept headers sent in the request."
}

/** Options of ProxyAuthenticationRequired. */
export interface ProxyAuthenticationRequiredOptions extends HTTPExceptionOptions {
  /** One challenge or several; each becomes a `Proxy-Authenticate` of its own. */
  proxyAuthenticate?: Challenge | Iterable<Challenge> | undefined
}

/**
 * 407: the client has to identify itself to this proxy.
 */
export class ProxyAuthenticationRequired extends HTTPException {
  static override readonly code = 407
  static override description = "The proxy server could not verify that you are authorized to use it."

  /** One `Proxy-Authenticate` for each. */
  readonly proxyAuthenticate: readonly Challenge[]

  constructor(options?: string | SafeHtml | ProxyAuthenticationRequiredOptions) {
    super(options)
    this.proxyAuthenticate = challenges(
      typeof options === "object" && "proxyAuthenticate" in options ? options.proxyAuthenticate : undefined,
    )
  }

  override getHeaders(environ?: Environ): HeaderList {
    return [...super.getHeaders(environ), ...challengeHeaders("Proxy-Authenticate", this.proxyAuthenticate)]
  }
}

/**
 * 408: the request did not arrive in time.
 */
export class RequestTimeout extends HTTPException {
  static override readonly code = 408
  static override description =
    "The server closed the network connection because the browser didn't finish the request within the specified time."
}

/**
 * 409: the state of the resource does not allow it.
 */
export class Conflict extends HTTPException {
  static override readonly code = 409
  static override description =
    "A conflict happened while processing the request. The resource might have been modified while the request was being processed."
}

/**
 * 410: there was something here, and it will not come back.
 */
export class Gone extends HTTPException {
  static override readonly code = 410
  static override description =
    "The requested URL is no longer available on this server and there is no forwarding address. If you followed a link from a foreign page, please contact the author of this page."
}

/**
 * 411: the body came without a `Content-Length`.
 */
export class LengthRequired extends HTTPException {
  static override readonly code = 411
  static override description = "A request with this method requires a valid Content-Length header."
}

/**
 * 412: a condition in the headers does not hold.
 */
export class PreconditionFailed extends HTTPException {
  static override readonly code = 412
  static override description = "The precondition on the request for the URL failed positive evaluation."
}

/**
 * 413: the body, or a part of it, is larger than the server allows.
 */
export class RequestEntityTooLarge extends HTTPException {
  static override readonly code = 413
  static override description = "The data value transmitted exceeds the capacity limit."
}

/**
 * 414: the target of the request is longer than the server allows.
 */
export class RequestURITooLarge extends HTTPException {
  static override readonly code = 414
  static override description =
    "The length of the requested URL exceeds the capacity limit for this server. The request cannot be processed."
}

/**
 * 415: the body is of a type that the resource does not take.
 */
export class UnsupportedMediaType extends HTTPException {
  static override readonly code = 415
  static override description = "The server does not support the media type transmitted in the request."
}

/**
 * 416: no part of the resource is in the requested range.
 *
 * @example
 * new RequestedRangeNotSatisfiable(10).getHeaders().at(-1) // => ["Content-Range", "bytes *\/10"]
 * new RequestedRangeNotSatisfiable(-1) // throws RangeError
 */
export class RequestedRangeNotSatisfiable extends HTTPException {
  static override readonly code = 416
  static override description = "The server cannot provide the requested range."

  /** How long the whole resource is; `undefined` when that is not known. */
  readonly length: number | undefined
  /** What `length` counts. */
  readonly units: string

  /**
   * @param length becomes the `Content-Range` header
   * @throws RangeError when the length is not a whole number from 0 on
   * @throws TypeError when the units are not a token
   */
  constructor(length?: number, units = "bytes", options?: string | SafeHtml | HTTPExceptionOptions) {
    super(options)
    this.length = length === undefined ? undefined : checkCount(length)
    this.units = checkToken(units)
  }

  override getHeaders(environ?: Environ): HeaderList {
    const headers = super.getHeaders(environ)
    if (this.length !== undefined) headers.push(["Content-Range", `${this.units} */${this.length}`])
    return headers
  }
}

/**
 * 417: the server cannot do what the `Expect` header asks for.
 */
export class ExpectationFailed extends HTTPException {
  static override readonly code = 417
  static override description = "The server could not meet the requirements of the Expect header"
}

/**
 * 418: the server is a teapot (RFC 2324).
 */
export class ImATeapot extends HTTPException {
  static override readonly code = 418
  static override description = "This server is a teapot, not a coffee machine"
}

/**
 * 421: the request came over a connection that is not for its host.
 */
export class MisdirectedRequest extends HTTPException {
  static override readonly code = 421
  static override description = "The server is not able to produce a response."
}

/**
 * 422: the body is well-formed and yet not right.
 */
export class UnprocessableEntity extends HTTPException {
  static override readonly code = 422
  static override description = "The request was well-formed but was unable to be followed due to semantic errors."
}

/**
 * 423: the resource is locked (RFC 4918).
 */
export class Locked extends HTTPException {
  static override readonly code = 423
  static override description = "The resource that is being accessed is locked."
}

/**
 * 424: it failed since another request did (RFC 4918).
 */
export class FailedDependency extends HTTPException {
  static override readonly code = 424
  static override description = "The request failed because it depended on another request and that request failed."
}

/**
 * 425: sent as early data, which could be a replay (RFC 8470).
 */
export class TooEarly extends HTTPException {
  static override readonly code = 425
  static override description =
    "The server does not process this request before the connection is fully established. Try again."
}

/**
 * 426: the resource speaks another protocol, to which the client must upgrade (RFC 9110 section 15.5.22).
 *
 * @example
 * new UpgradeRequired().getHeaders().at(-1) // => ["Upgrade", "websocket"]
 */
export class UpgradeRequired extends HTTPException {
  static override readonly code = 426
  static override description =
    "This URL is for WebSockets alone, and the request is no handshake that the server takes."

  /** The protocols that would do, as the field `Upgrade` has them. */
  readonly protocols: string

  constructor(options?: string | SafeHtml | HTTPExceptionOptions, protocols = "websocket") {
    super(options)
    this.protocols = protocols
  }

  override getHeaders(environ?: Environ): HeaderList {
    const headers = super.getHeaders(environ)
    // RFC 6455 section 4.4: a client of another version learns of this one.
    if (this.protocols.toLowerCase() === "websocket") headers.push(["Sec-WebSocket-Version", "13"])
    headers.push(["Upgrade", this.protocols])
    return headers
  }
}

/**
 * 428: the server insists on a condition, against lost updates (RFC 6585).
 */
export class PreconditionRequired extends HTTPException {
  static override readonly code = 428
  static override description =
    'This request is required to be conditional; try using "If-Match" or "If-Unmodified-Since".'
}

/** Options of TooManyRequests and ServiceUnavailable. */
export interface RetryAfterOptions extends HTTPExceptionOptions {
  /** When to try again: in so many seconds, or at that time. */
  retryAfter?: number | Date | undefined
}

/** What 429 and 503 share. */
class RetryAfter extends HTTPException {
  #retryAfter: number | Date | undefined

  constructor(options?: string | SafeHtml | RetryAfterOptions) {
    super(options)
    if (typeof options === "object" && "retryAfter" in options) this.retryAfter = options.retryAfter
  }

  /**
   * When to try again: in so many seconds, or at that time. Becomes the `Retry-After` header.
   *
   * @throws RangeError when set to what is no whole number from 0 on, and no valid date
   */
  get retryAfter(): number | Date | undefined {
    return this.#retryAfter
  }

  set retryAfter(retryAfter: number | Date | undefined) {
    if (typeof retryAfter === "number") checkCount(retryAfter)
    else if (retryAfter && Number.isNaN(retryAfter.getTime())) throw new RangeError("retryAfter is not a valid date")
    this.#retryAfter = retryAfter
  }

  override getHeaders(environ?: Environ): HeaderList {
    const headers = super.getHeaders(environ)
    const { retryAfter } = this
    if (retryAfter !== undefined) {
      headers.push(["Retry-After", typeof retryAfter === "number" ? String(retryAfter) : httpDate(retryAfter)])
    }
    return headers
  }
}

/**
 * 429: more requests in some time than the client is allowed (RFC 6585).
 *
 * @example
 * new TooManyRequests({ retryAfter: 60 }).getHeaders().at(-1) // => ["Retry-After", "60"]
 */
export class TooManyRequests extends RetryAfter {
  static override readonly code = 429
  static override description = "This user has exceeded an allotted request count. Try again later."
}

/**
 * 431: one header, or all of them together, are larger than the server allows (RFC 6585).
 */
export class RequestHeaderFieldsTooLarge extends HTTPException {
  static override readonly code = 431
  static override description = "One or more header fields exceeds the maximum size."
}

/**
 * 451: the resource is forbidden by law (RFC 7725).
 */
export class UnavailableForLegalReasons extends HTTPException {
  static override readonly code = 451
  static override description = "Unavailable for legal reasons."
}

/** Options of InternalServerError. */
export interface InternalServerErrorOptions extends HTTPExceptionOptions {
  /** The error that was not handled. It becomes the `cause` too, unless there is another. */
  originalException?: unknown
}

/**
 * 500: an error that was not handled.
 *
 * @example
 * new InternalServerError({ originalException: 42 }).cause // => 42
 */
export class InternalServerError extends HTTPException {
  static override readonly code = 500
  static override description =
    "The server encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in the application."

  /** The error that was not handled. */
  readonly originalException: unknown

  constructor(options?: string | SafeHtml | InternalServerErrorOptions) {
    const hasOriginal = typeof options === "object" && "originalException" in options
    super(hasOriginal ? { cause: options.originalException, ...options } : options)
    this.originalException = hasOriginal ? options.originalException : undefined
  }
}

/**
 * 501: the server knows no such method for any resource.
 */
export class NotImplemented extends HTTPException {
  static override readonly code = 501
  static override description = "The server does not support the action requested by the browser."
}

/**
 * 502: the server behind this one gave an answer that makes no sense.
 */
export class BadGateway extends HTTPException {
  static override readonly code = 502
  static override description = "The proxy server received an invalid response from an upstream server."
}

/**
 * 503: the server can't answer now, and may later.
 */
export class ServiceUnavailable extends RetryAfter {
  static override readonly code = 503
  static override description =
    "The server is temporarily unable to service your request due to maintenance downtime or capacity problems. Please try again later."
}

/**
 * 504: the server behind this one gave no answer in time.
 */
export class GatewayTimeout extends HTTPException {
  static override readonly code = 504
  static override description = "The connection to an upstream server timed out."
}

/**
 * 505: the server does not speak this version of HTTP.
 */
export class HTTPVersionNotSupported extends HTTPException {
  static override readonly code = 505
  static override description = "The server does not support the HTTP protocol version used in the request."
}

/**
 * 507: there is no room to store it (RFC 4918).
 */
export class InsufficientStorage extends HTTPException {
  static override readonly code = 507
  static override description = "The server has no room left to store what this request needs."
}

/**
 * 508: carrying it out would never end (RFC 5842).
 */
export class LoopDetected extends HTTPException {
  static override readonly code = 508
  static override description = "The server stopped this request since it ran in a circle."
}

/**
 * 511: the network wants a login first; sent by its gate, never by the server itself (RFC 6585).
 */
export class NetworkAuthenticationRequired extends HTTPException {
  static override readonly code = 511
  static override description = "You have to log in to this network before you can use it."
}

function challenges(given: Challenge | Iterable<Challenge> | undefined): Challenge[] {
  if (given === undefined) return []
  // A string is iterable, and a header object may be.
  const list = typeof given === "string" || "toHeader" in given ? [given] : [...given]
  for (const challenge of list) if (typeof challenge === "string") checkFieldValue(challenge)
  return list
}

function challengeHeaders(name: string, list: readonly Challenge[]): HeaderList {
  return list.map((challenge) => [name, typeof challenge === "string" ? challenge : challenge.toHeader()])
}

function checkToken(text: string): string {
  if (!isToken(text)) throw new TypeError(`not a token: ${JSON.stringify(text)}`)
  return text
}

function checkCount(count: number): number {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`not a whole number from 0 on: ${count}`)
  return count
}
