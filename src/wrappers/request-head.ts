// Everything that a request says before its body: eight plain facts, and what can be read out of them. A subclass brings the
// facts. Nothing is parsed before the application asks for it, and then once.
// Knows no environ and no body. What a client got wrong reads as missing and never throws; only distrust of a host does.

import { Accept, LanguageAccept, MIMEAccept } from "../datastructures/accept.ts"
import { Authorization } from "../datastructures/authorization.ts"
import { RequestCacheControl } from "../datastructures/cache-control.ts"
import { ETags } from "../datastructures/etags.ts"
import { HeaderSet } from "../datastructures/header-set.ts"
import { Headers, type ReadonlyHeaders } from "../datastructures/headers.ts"
import { setInspection } from "../datastructures/inspection.ts"
import { dictOfPairs, type ImmutableMultiDict } from "../datastructures/multi-dict.ts"
import { IfRange, Range } from "../datastructures/range.ts"
import { checkedHost, type Server } from "../environ/host.ts"
import { bodyLength } from "../http/content-length.ts"
import { parseCookie } from "../http/cookies.ts"
import { memberOf, SecFetchDest, SecFetchMode, SecFetchSite } from "../http/cross-origin.ts"
import { parseDate } from "../http/dates.ts"
import { parseListHeader } from "../http/fields.ts"
import { isJsonType, parseMediaType } from "../http/media-types.ts"
import { parseCount } from "../http/numbers.ts"
import { withOneSlash, withoutLastSlashes } from "../http/slashes.ts"
import { byteStringToText, parseQuery, requestUrl } from "../http/urls.ts"

/** The facts that a request head is made of, for `RequestHead.from`. */
export interface RequestFacts {
  /** In any case. */
  method: string
  /** `http` or `https` unless it is something special. */
  scheme: string
  /** Name and port of the server; no port for a unix socket, whose name is its path. */
  server?: Server | undefined
  /** Where the application is mounted, decoded. */
  rootPath?: string | undefined
  /** The path below the mount, decoded. */
  path: string
  /** What stands behind the `?`, not decoded. */
  queryString?: string | undefined
  headers?: ReadonlyHeaders | undefined
  /** Address of the peer. */
  remoteAddr?: string | undefined
}

/** What was parsed so far. Made when the first of them is asked for. */
interface Parsed {
  cookies?: ImmutableMultiDict<string>
  accessRoute?: readonly string[]
  mediaType?: [mimetype: string, parameters: Map<string, string>]
  acceptMimetypes?: MIMEAccept
  acceptLanguages?: LanguageAccept
  acceptEncodings?: Accept
  cacheControl?: RequestCacheControl
  ifMatch?: ETags
  ifNoneMatch?: ETags
  ifRange?: IfRange
  range?: Range | undefined
  authorization?: Authorization | undefined
  accessControlRequestHeaders?: HeaderSet | undefined
}

/**
 * The head of a request: method, URL, headers, and all that follows from them. `Request` reads it from an environ;
 * a server or framework of another kind extends this class, or uses `RequestHead.from`.
 *
 * Every property is read-only. One that holds a parsed header is the same object each time.
 */
export abstract class RequestHead {
  /** The method in upper case. */
  abstract readonly method: string
  /** `http`, `https`, or `ws` and `wss` where a server uses these. */
  abstract readonly scheme: string
  /** Name and port of the server, without a port for a unix socket; `undefined` when it is not known. */
  abstract readonly server: Server | undefined
  /** Where the application is mounted, without a slash at its end; empty at the top. */
  abstract readonly rootPath: string
  /** The path below the mount, decoded; it begins with exactly one slash. */
  abstract readonly path: string
  /** What stands behind the `?`, as it was sent; empty when there is none. Every character is one byte. */
  abstract readonly queryString: string
  /** The headers. They can't be changed. */
  abstract readonly headers: ReadonlyHeaders
  /** The address of the peer. Behind a proxy that is the proxy's; see `accessRoute`. */
  abstract readonly remoteAddr: string | undefined

  /**
   * The hosts that may be asked for, as for `getHost`; any host unless given. Everything that has to do with the host
   * throws for another one, so set it before that: in a subclass, or first of all.
   */
  trustedHosts: readonly string[] | undefined = undefined

  #args: ImmutableMultiDict<string> | undefined = undefined
  #parsed: Parsed | undefined = undefined

  /**
   * A request head from its facts.
   *
   * @example
   * const head = RequestHead.from({ method: "get", scheme: "http", server: ["localhost", 80], path: "/a", queryString: "b=c" })
   * head.url // => "http://localhost/a?b=c"
   * head.args.get("b") // => "c"
   */
  static from(facts: RequestFacts): RequestHead {
    return new GivenHead(facts)
  }

  // ---- the URL

  /**
   * The query parameters, in order; those without a value have an empty one. Read with `get`, which gives the first of
   * a name, or `getAll`.
   */
  get args(): ImmutableMultiDict<string> {
    this.#args ??= dictOfPairs(parseQuery(this.queryString))
    return this.#args
  }

  /** The path below the mount with the query behind it; the `?` is always there. */
  get fullPath(): string {
    return `${this.path}?${byteStringToText(this.queryString)}`
  }

  /** Whether the request came over TLS. */
  get isSecure(): boolean {
    return this.scheme === "https" || this.scheme === "wss"
  }

  /**
   * The whole URL, as an IRI. Where `host` is empty it is a path, and so are the URLs below: there is never one without
   * a host, such as `http:///path`.
   *
   * @throws SecurityError (400) for a host that is not trusted
   */
  get url(): string {
    const { scheme, host, rootPath, path, queryString } = this
    return requestUrl({ scheme, host, rootPath, path, queryString })
  }

  /** The URL without its query. */
  get baseUrl(): string {
    const { scheme, host, rootPath, path } = this
    return requestUrl({ scheme, host, rootPath, path })
  }

  /** The URL of the mount; ends in a slash. */
  get rootUrl(): string {
    const { scheme, host, rootPath } = this
    return requestUrl({ scheme, host, rootPath })
  }

  /** Scheme and host; ends in a slash. */
  get hostUrl(): string {
    const { scheme, host } = this
    return requestUrl({ scheme, host })
  }

  /**
   * The host that was asked for, with its port unless that is the scheme's own. Empty when it is missing or malformed.
   *
   * @throws SecurityError (400) when there are `trustedHosts` and the host is not one of them
   */
  get host(): string {
    const header = this.headers.get("Host")
    return checkedHost(this.scheme, header, header === undefined ? this.server : undefined, this.trustedHosts)
  }

  // ---- the client

  /**
   * The addresses from the client to here, as the proxies in between have put them into `X-Forwarded-For`; without that header
   * the peer's alone. Any client can send this header: trust as many entries, counted from the end, as you have proxies.
   */
  get accessRoute(): readonly string[] {
    const parsed = this.#memo
    parsed.accessRoute ??= Object.freeze(this.#readRoute())
    return parsed.accessRoute
  }

  #readRoute(): string[] {
    const forwarded = this.#joined("X-Forwarded-For", ",")
    if (forwarded !== undefined) return parseListHeader(forwarded)
    return this.remoteAddr === undefined ? [] : [this.remoteAddr]
  }

  /** The cookies, in order. Of a name that was sent repeatedly `get` gives the first. */
  get cookies(): ImmutableMultiDict<string> {
    const parsed = this.#memo
    parsed.cookies ??= dictOfPairs(parseCookie(this.#joined("Cookie", "; ")))
    return parsed.cookies
  }

  /** The `User-Agent` header: what the client says that it is. */
  get userAgent(): string | undefined {
    return this.headers.get("User-Agent")
  }

  /** The credentials; `undefined` when there are none or they are malformed. */
  get authorization(): Authorization | undefined {
    const parsed = this.#memo
    parsed.authorization ??= Authorization.fromHeader(this.headers.get("Authorization"))
    return parsed.authorization
  }

  // ---- the body, as announced

  /** The `Content-Type` header as it is. */
  get contentType(): string | undefined {
    return this.headers.get("Content-Type")
  }

  /** The `Content-Encoding` header as it is. Nothing is decoded. */
  get contentEncoding(): string | undefined {
    return this.headers.get("Content-Encoding")
  }

  /** The announced length of the body in bytes; `undefined` without one, as in a chunked request. */
  get contentLength(): number | undefined {
    return bodyLength(this.headers.get("Content-Length"), this.headers.get("Transfer-Encoding"))
  }

  /** The media type in lower case, without parameters; empty when it is missing or malformed. */
  get mimetype(): string {
    const { contentType } = this
    // What most bodies are is not parsed.
    return contentType === "application/json" ? contentType : this.#mediaType[0]
  }

  /** The parameters of the media type, names in lower case. */
  get mimetypeParams(): ReadonlyMap<string, string> {
    return this.#mediaType[1]
  }

  get #mediaType(): [mimetype: string, parameters: Map<string, string>] {
    const parsed = this.#memo
    parsed.mediaType ??= parseMediaType(this.contentType)
    return parsed.mediaType
  }

  /** Whether the body is said to be JSON: `application/json` or `application/*+json`. */
  get isJson(): boolean {
    return isJsonType(this.mimetype)
  }

  // ---- other headers

  /** The `Referer` header: the page that the user came from. */
  get referrer(): string | undefined {
    return this.headers.get("Referer")
  }

  /** The `Origin` header: where the script runs that sent this. */
  get origin(): string | undefined {
    return this.headers.get("Origin")
  }

  /** When the message was made. */
  get date(): Date | undefined {
    return parseDate(this.headers.get("Date"))
  }

  /** How often an OPTIONS or TRACE request may be passed on. */
  get maxForwards(): number | undefined {
    const text = this.headers.get("Max-Forwards")
    return text === undefined ? undefined : parseCount(text)
  }

  // ---- negotiation

  /** The media types that the client takes. */
  get acceptMimetypes(): MIMEAccept {
    const parsed = this.#memo
    parsed.acceptMimetypes ??= MIMEAccept.fromHeader(this.headers.get("Accept"))
    return parsed.acceptMimetypes
  }

  /** The languages that the client's user reads. */
  get acceptLanguages(): LanguageAccept {
    const parsed = this.#memo
    parsed.acceptLanguages ??= LanguageAccept.fromHeader(this.headers.get("Accept-Language"))
    return parsed.acceptLanguages
  }

  /** The content codings that the client can undo. */
  get acceptEncodings(): Accept {
    const parsed = this.#memo
    parsed.acceptEncodings ??= Accept.fromHeader(this.headers.get("Accept-Encoding"))
    return parsed.acceptEncodings
  }

  // ---- caches, conditions, ranges

  /** What the client asks of the caches in between. */
  get cacheControl(): RequestCacheControl {
    const parsed = this.#memo
    parsed.cacheControl ??= RequestCacheControl.fromHeader(this.headers.get("Cache-Control"))
    return parsed.cacheControl
  }

  /** The tags of `If-Match`. */
  get ifMatch(): ETags {
    const parsed = this.#memo
    parsed.ifMatch ??= ETags.fromHeader(this.headers.get("If-Match"))
    return parsed.ifMatch
  }

  /** The tags of `If-None-Match`. */
  get ifNoneMatch(): ETags {
    const parsed = this.#memo
    parsed.ifNoneMatch ??= ETags.fromHeader(this.headers.get("If-None-Match"))
    return parsed.ifNoneMatch
  }

  /** The date of `If-Modified-Since`. */
  get ifModifiedSince(): Date | undefined {
    return parseDate(this.headers.get("If-Modified-Since"))
  }

  /** The date of `If-Unmodified-Since`. */
  get ifUnmodifiedSince(): Date | undefined {
    return parseDate(this.headers.get("If-Unmodified-Since"))
  }

  /** The tag or date of `If-Range`; neither when there is none. */
  get ifRange(): IfRange {
    const parsed = this.#memo
    parsed.ifRange ??= IfRange.fromHeader(this.headers.get("If-Range"))
    return parsed.ifRange
  }

  /** The ranges that are asked for; `undefined` when there are none or they are malformed. */
  get range(): Range | undefined {
    const parsed = this.#memo
    parsed.range ??= Range.fromHeader(this.headers.get("Range"))
    return parsed.range
  }

  // ---- other sites

  /** The headers that a script on another site wants to send, in a CORS preflight. */
  get accessControlRequestHeaders(): HeaderSet | undefined {
    const text = this.headers.get("Access-Control-Request-Headers")
    if (text === undefined) return undefined
    const parsed = this.#memo
    parsed.accessControlRequestHeaders ??= HeaderSet.fromHeader(text)
    return parsed.accessControlRequestHeaders
  }

  /** The method that a script on another site wants to use, in a CORS preflight. */
  get accessControlRequestMethod(): string | undefined {
    return this.headers.get("Access-Control-Request-Method")
  }

  /** How the page that sent this is related to this site, as browsers tell it. */
  get secFetchSite(): SecFetchSite | undefined {
    return memberOf(SecFetchSite, this.headers.get("Sec-Fetch-Site"))
  }

  /** What kind of request a browser made of it. */
  get secFetchMode(): SecFetchMode | undefined {
    return memberOf(SecFetchMode, this.headers.get("Sec-Fetch-Mode"))
  }

  /** What a browser wants the answer for. */
  get secFetchDest(): SecFetchDest | undefined {
    return memberOf(SecFetchDest, this.headers.get("Sec-Fetch-Dest"))
  }

  /** Whether the user did something that led to this, such as following a link; `undefined` where the browser does not tell. */
  get secFetchUser(): boolean | undefined {
    const text = this.headers.get("Sec-Fetch-User")
    return text === undefined ? undefined : text === "?1"
  }

  /** What an inspector shows: `<Request 'http://localhost/' [GET]>`. Never throws. */
  toString(): string {
    let url: string
    try {
      url = `'${this.url}'`
    } catch (error) {
      url = `(invalid URL: ${error instanceof Error ? error.message : String(error)})`
    }
    return `<${this.constructor.name} ${url} [${this.method}]>`
  }

  /** For `console.log`. */
  static {
    setInspection(RequestHead.prototype, function () {
      return this.toString()
    })
  }

  get #memo(): Parsed {
    this.#parsed ??= {}
    return this.#parsed
  }

  /** A header that came in several lines, in one. */
  #joined(name: string, separator: string): string | undefined {
    const values = this.headers.getAll(name)
    return values.length > 1 ? values.join(separator) : values[0]
  }
}

class GivenHead extends RequestHead {
  readonly method: string
  readonly scheme: string
  readonly server: Server | undefined
  readonly rootPath: string
  readonly path: string
  readonly queryString: string
  readonly headers: ReadonlyHeaders
  readonly remoteAddr: string | undefined

  constructor(facts: RequestFacts) {
    super()
    this.method = facts.method.toUpperCase()
    this.scheme = facts.scheme
    this.server = facts.server
    this.rootPath = withoutLastSlashes(facts.rootPath ?? "")
    this.path = withOneSlash(facts.path)
    this.queryString = facts.queryString ?? ""
    this.headers = facts.headers ?? new Headers()
    this.remoteAddr = facts.remoteAddr
  }
}
