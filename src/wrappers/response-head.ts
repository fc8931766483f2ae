// Everything of a response but its body: status and headers, and the many things that headers mean. All of them are read
// from the headers and written to them, nothing is kept besides; objects that stand for a header write it when they are changed,
// and remove it when they are emptied. The headers themselves are made when the application asks for them.

import { ResponseCacheControl } from "../datastructures/cache-control.ts"
import { CallbackDict } from "../datastructures/callback-dict.ts"
import { ContentSecurityPolicy } from "../datastructures/content-security-policy.ts"
import { HeaderSet } from "../datastructures/header-set.ts"
import { Headers, type HeadersInit } from "../datastructures/headers.ts"
import { ContentRange } from "../datastructures/range.ts"
import { WWWAuthenticate } from "../datastructures/www-authenticate.ts"
import type { HeaderList } from "../gateway.ts"
import { type CookieOptions, dumpCookie } from "../http/cookies.ts"
import { COEP, COOP, CORP, memberOf } from "../http/cross-origin.ts"
import { dumpAge, httpDate, LATEST_TIME, parseAge, parseDate } from "../http/dates.ts"
import { quoteEtag, unquoteEtag } from "../http/etags.ts"
import { checkFieldValue, parseOptionsHeader } from "../http/fields.ts"
import { getContentType, isJsonType, withParameters } from "../http/media-types.ts"
import { parseCount } from "../http/numbers.ts"
import { parseStatus } from "../http/status.ts"
import { asciiLower } from "../http/tokens.ts"
import { iriToUri } from "../http/urls.ts"
import { isDevelopment } from "../mistakes/development.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"

/** What a response is made with, besides its body. */
export interface ResponseHeadOptions {
  /** A code, or a code with a reason phrase: `404`, `"404 Gone Fishing"`. */
  status?: number | string | undefined
  /** Headers in any form. A Headers object is used as it is; anything else is copied. */
  headers?: HeadersInit | undefined
  /** The media type; a text type gets `; charset=utf-8`. */
  mimetype?: string | undefined
  /** The whole Content-Type, in place of `mimetype`. */
  contentType?: string | undefined
}

/** What names a cookie that is to be deleted: the same as when it was set. */
export type DeleteCookieOptions = Pick<
  CookieOptions,
  "path" | "domain" | "secure" | "httpOnly" | "sameSite" | "partitioned"
>

const COOKIE_OPTIONS: OptionNames<CookieOptions> = {
  maxAge: true,
  expires: true,
  path: true,
  domain: true,
  secure: true,
  httpOnly: true,
  sameSite: true,
  partitioned: true,
  syncExpires: true,
  maxSize: true,
}

/** An object that stands for a header. */
interface Live {
  onUpdate: ((changed: never) => void) | undefined
  /** Whether there is a header, for objects that tell. */
  provided?: boolean
}

/** What stands for a header: the object, and the text that it was made of or has written. */
interface LiveEntry {
  value: Live
  text: string | undefined
}

const DEFAULT_CONTENT_TYPE = "text/plain; charset=utf-8"

// Media types come from the program and are few; this spares parsing and checking them for every response.
const contentTypes = new Map<string, string>([["text/plain", DEFAULT_CONTENT_TYPE]])
const MAX_CONTENT_TYPES = 200

function contentTypeOf(mimetype: string): string {
  const known = contentTypes.get(mimetype)
  if (known !== undefined) return known
  const contentType = checkFieldValue(getContentType(mimetype, "utf-8"))
  if (contentTypes.size < MAX_CONTENT_TYPES) contentTypes.set(mimetype, contentType)
  return contentType
}

const BEYOND_LATIN1 = /[^\x00-\xff]/

/**
 * The head of a response: its status, and everything that its headers say.
 *
 * A property that reads a header is `undefined` when the header is missing or malformed; set to `undefined` it removes
 * the header. Where a property is an object, changing that object changes the header.
 *
 * @example
 * const response = new ResponseHead({ status: 404, mimetype: "text/html" })
 * response.status // => "404 Not Found"
 * response.vary.add("Cookie")
 * response.headers.get("Vary") // => "Cookie"
 */
export class ResponseHead {
  /** The status of responses made without one. May be changed in a subclass. */
  static readonly defaultStatus: number | string = 200
  /** The media type of responses made without one, `undefined` for no type. May be changed in a subclass. */
  static readonly defaultMimetype: string | undefined = "text/plain"

  /** Above so many characters a cookie makes a warning, since browsers drop it; 0 never warns. */
  maxCookieSize = 4093

  #statusCode = 200
  #status = "200 OK"
  #headers: Headers | undefined = undefined
  /** The only header, until the application asks for the headers. */
  #contentType: string | undefined
  #live: Map<string, LiveEntry> | undefined = undefined
  #iris: Map<string, { iri: string; uri: string }> | undefined = undefined

  /** @throws TypeError for a status, header or media type that cannot be sent */
  constructor(options?: ResponseHeadOptions) {
    const type = new.target
    const status = options?.status ?? type.defaultStatus
    if (status !== 200) this.#setStatus(status)
    const init = options?.headers
    const headers = init === undefined ? undefined : init instanceof Headers ? init : new Headers(init)
    let contentType = options?.contentType
    if (contentType !== undefined) {
      checkFieldValue(contentType)
    } else {
      let mimetype = options?.mimetype
      if (mimetype === undefined && !headers?.has("Content-Type")) mimetype = type.defaultMimetype
      if (mimetype !== undefined) contentType = contentTypeOf(mimetype)
    }
    if (headers === undefined) {
      this.#contentType = contentType
    } else {
      this.#headers = headers
      if (contentType !== undefined) headers.set("Content-Type", contentType)
    }
  }

  // ---- status and headers

  /** Code and reason phrase. Set with a code alone, the usual phrase follows. */
  get status(): string {
    return this.#status
  }

  set status(status: number | string) {
    this.#setStatus(status)
  }

  /** The code alone. */
  get statusCode(): number {
    return this.#statusCode
  }

  set statusCode(code: number) {
    this.#setStatus(code)
  }

  #setStatus(status: number | string): void {
    ;[this.#statusCode, this.#status] = parseStatus(status)
  }

  /** The headers. */
  get headers(): Headers {
    if (this.#headers === undefined) {
      this.#headers = new Headers()
      if (this.#contentType !== undefined) this.#headers.append("Content-Type", this.#contentType)
    }
    return this.#headers
  }

  /** Whether the headers were not asked for yet: then the Content-Type is all there is. */
  protected get hasUntouchedHeaders(): boolean {
    return this.#headers === undefined
  }

  /** Those headers with a Content-Length, as a list of its own. */
  protected untouchedHeaders(length: number): HeaderList {
    const lengthField: [string, string] = ["Content-Length", String(length)]
    return this.#contentType === undefined ? [lengthField] : [["Content-Type", this.#contentType], lengthField]
  }

  // ---- what the body is

  /** The Content-Type header as it is. */
  get contentType(): string | undefined {
    return this.headers.get("Content-Type")
  }

  set contentType(contentType: string | undefined) {
    this.#set("Content-Type", contentType)
  }

  /** The media type without parameters. A text type is set with `; charset=utf-8`. */
  get mimetype(): string | undefined {
    const { contentType } = this
    return contentType ? parseOptionsHeader(contentType)[0] : undefined
  }

  set mimetype(mimetype: string | undefined) {
    this.contentType = mimetype === undefined ? undefined : contentTypeOf(mimetype)
  }

  /** The parameters of the media type, live. Without a media type, setting one throws a TypeError. */
  get mimetypeParams(): CallbackDict<string> {
    return this.#object(
      "Content-Type",
      (text) => new CallbackDict(parseOptionsHeader(text)[1]),
      (params, text) => withParameters(parseOptionsHeader(text)[0], params),
    )
  }

  /** Whether the body is said to be JSON: `application/json` or `application/*+json`. */
  get isJson(): boolean {
    return isJsonType(asciiLower(this.mimetype ?? ""))
  }

  /** The codings that the body is in, such as `gzip`. Nothing is encoded. */
  get contentEncoding(): string | undefined {
    return this.headers.get("Content-Encoding")
  }

  set contentEncoding(coding: string | undefined) {
    this.#set("Content-Encoding", coding)
  }

  /** The languages of the intended readers, live. */
  get contentLanguage(): HeaderSet {
    return this.#headerSet("Content-Language")
  }

  set contentLanguage(languages: string | Iterable<string> | undefined) {
    this.#setHeaderSet("Content-Language", languages)
  }

  /** The length of the body in bytes. */
  get contentLength(): number | undefined {
    return this.#integer("Content-Length")
  }

  set contentLength(length: number | string | undefined) {
    this.#setInteger("Content-Length", length)
  }

  /** Where else the body can be had. */
  get contentLocation(): string | undefined {
    return this.#url("Content-Location")
  }

  set contentLocation(location: string | undefined) {
    this.#setUrl("Content-Location", location)
  }

  /** Which part of the whole the body is, live. There always is an object. */
  get contentRange(): ContentRange {
    return this.#object(
      "Content-Range",
      (text) => ContentRange.fromHeader(text) ?? new ContentRange(undefined, undefined, undefined),
      (range) => range.toHeader(),
    )
  }

  set contentRange(range: ContentRange | string | undefined) {
    this.#set("Content-Range", (typeof range === "object" ? range.toHeader() : range) || undefined)
  }

  // ---- where to go, and what is allowed

  /** Where the client is sent, or what was created. Made an URI when the response is sent. */
  get location(): string | undefined {
    return this.#url("Location")
  }

  set location(location: string | undefined) {
    this.#setUrl("Location", location)
  }

  /** The methods that may be used, live. */
  get allow(): HeaderSet {
    return this.#headerSet("Allow")
  }

  set allow(methods: string | Iterable<string> | undefined) {
    this.#setHeaderSet("Allow", methods)
  }

  /** The unit of the ranges that may be asked for: `bytes`, or `none`. */
  get acceptRanges(): string | undefined {
    return this.headers.get("Accept-Ranges")
  }

  set acceptRanges(unit: string | undefined) {
    this.#set("Accept-Ranges", unit)
  }

  /** When to try again. Set with a date, with seconds from now, or with a text; seconds are read as a date. */
  get retryAfter(): Date | undefined {
    const text = this.headers.get("Retry-After")
    if (text === undefined) return undefined
    const seconds = parseCount(text)
    return seconds === undefined ? parseDate(text) : new Date(Math.min(Date.now() + seconds * 1000, LATEST_TIME))
  }

  set retryAfter(when: Date | number | string | undefined) {
    if (typeof when === "number" && !(Number.isFinite(when) && when >= 0)) {
      throw new RangeError(`retryAfter must be a number of seconds from 0, not ${String(when)}`)
    }
    this.#set("Retry-After", when instanceof Date ? httpDate(when) : typeof when === "number" ? dumpAge(when) : when)
  }

  /**
   * What credentials are asked for, live. Without the header, an empty `basic` challenge, which is in the headers as soon
   * as it is changed. Set with several, there are as many headers, and the first is read.
   */
  get wwwAuthenticate(): WWWAuthenticate {
    return this.#object(
      "WWW-Authenticate",
      (text) => WWWAuthenticate.fromHeader(text) ?? new WWWAuthenticate("basic"),
      (challenge) => challenge.toHeader(),
    )
  }

  set wwwAuthenticate(challenges: WWWAuthenticate | Iterable<WWWAuthenticate> | undefined) {
    if (challenges === undefined) this.headers.delete("WWW-Authenticate")
    else if (challenges instanceof WWWAuthenticate) {
      const text = challenges.toHeader()
      this.headers.set("WWW-Authenticate", text)
      this.#keep("WWW-Authenticate", { value: challenges, text }, () => challenges.toHeader(), "single")
    } else this.headers.setList("WWW-Authenticate", challenges)
  }

  // ---- time, caches and validators

  /** When the message was made. Set with a date, or with Unix seconds. */
  get date(): Date | undefined {
    return parseDate(this.headers.get("Date"))
  }

  set date(date: Date | number | undefined) {
    this.#setDate("Date", date)
  }

  /** When the body is stale. Set with a date, or with Unix seconds. */
  get expires(): Date | undefined {
    return parseDate(this.headers.get("Expires"))
  }

  set expires(date: Date | number | undefined) {
    this.#setDate("Expires", date)
  }

  /** When what the body shows was changed last. Set with a date, or with Unix seconds. */
  get lastModified(): Date | undefined {
    return parseDate(this.headers.get("Last-Modified"))
  }

  set lastModified(date: Date | number | undefined) {
    this.#setDate("Last-Modified", date)
  }

  /** How many seconds ago the origin made or checked this. */
  get age(): number | undefined {
    return parseAge(this.headers.get("Age"))
  }

  set age(seconds: number | undefined) {
    this.#set("Age", dumpAge(seconds))
  }

  /** What caches may do, live. */
  get cacheControl(): ResponseCacheControl {
    return this.#object(
      "Cache-Control",
      (text) => ResponseCacheControl.fromHeader(text),
      (control) => control.toHeader(),
      "list",
    )
  }

  /** The request headers on which the body depends, live. */
  get vary(): HeaderSet {
    return this.#headerSet("Vary")
  }

  set vary(names: string | Iterable<string> | undefined) {
    this.#setHeaderSet("Vary", names)
  }

  /**
   * Sets the entity tag.
   *
   * @param etag without quotes
   * @throws TypeError for a tag with a quote in it
   */
  setEtag(etag: string, weak = false): void {
    this.headers.set("ETag", quoteEtag(etag, weak))
  }

  /** The entity tag without its quotes, and whether it is weak. */
  getEtag(): [tag: string, weak: boolean] | [undefined, undefined] {
    return unquoteEtag(this.headers.get("ETag"))
  }

  // ---- cookies

  /**
   * Adds a Set-Cookie header.
   *
   * @throws TypeError for a name, a value or an attribute that no cookie may have
   */
  setCookie(key: string, value = "", options: CookieOptions = {}): void {
    if (isDevelopment) checkOptions("setCookie", options, COOKIE_OPTIONS)
    this.headers.append("Set-Cookie", dumpCookie(key, value, { maxSize: this.maxCookieSize, ...options }))
  }

  /** Has the browser delete a cookie, which it finds by name, path and domain. */
  deleteCookie(key: string, options: DeleteCookieOptions = {}): void {
    this.setCookie(key, "", { ...options, expires: 0, maxAge: 0 })
  }

  // ---- other sites

  /** Where a page may load things from, live. Set with a policy or its text. */
  get contentSecurityPolicy(): ContentSecurityPolicy {
    return this.#policy("Content-Security-Policy")
  }

  set contentSecurityPolicy(policy: ContentSecurityPolicy | string | undefined) {
    this.#setPolicy("Content-Security-Policy", policy)
  }

  /** Likewise, where browsers only report what breaks the policy. */
  get contentSecurityPolicyReportOnly(): ContentSecurityPolicy {
    return this.#policy("Content-Security-Policy-Report-Only")
  }

  set contentSecurityPolicyReportOnly(policy: ContentSecurityPolicy | string | undefined) {
    this.#setPolicy("Content-Security-Policy-Report-Only", policy)
  }

  /** Whether a page shares its window with the pages that it opens; `unsafe-none` unless set. */
  get crossOriginOpenerPolicy(): COOP {
    return memberOf(COOP, this.headers.get("Cross-Origin-Opener-Policy")) ?? COOP.unsafeNone
  }

  set crossOriginOpenerPolicy(policy: COOP | undefined) {
    this.#set("Cross-Origin-Opener-Policy", policy)
  }

  /** Whether a page may load what did not agree to it; `unsafe-none` unless set. */
  get crossOriginEmbedderPolicy(): COEP {
    return memberOf(COEP, this.headers.get("Cross-Origin-Embedder-Policy")) ?? COEP.unsafeNone
  }

  set crossOriginEmbedderPolicy(policy: COEP | undefined) {
    this.#set("Cross-Origin-Embedder-Policy", policy)
  }

  /** Which sites may load this. */
  get crossOriginResourcePolicy(): CORP | undefined {
    return memberOf(CORP, this.headers.get("Cross-Origin-Resource-Policy"))
  }

  set crossOriginResourcePolicy(policy: CORP | undefined) {
    this.#set("Cross-Origin-Resource-Policy", policy)
  }

  /** Whether scripts of other sites see the answer to a request with credentials. */
  get accessControlAllowCredentials(): boolean {
    return this.headers.get("Access-Control-Allow-Credentials") === "true"
  }

  set accessControlAllowCredentials(allow: boolean | undefined) {
    this.#set("Access-Control-Allow-Credentials", allow === true ? "true" : undefined)
  }

  /** The headers that scripts of other sites may send, live. */
  get accessControlAllowHeaders(): HeaderSet {
    return this.#headerSet("Access-Control-Allow-Headers")
  }

  set accessControlAllowHeaders(names: string | Iterable<string> | undefined) {
    this.#setHeaderSet("Access-Control-Allow-Headers", names)
  }

  /** The methods that scripts of other sites may use, live. */
  get accessControlAllowMethods(): HeaderSet {
    return this.#headerSet("Access-Control-Allow-Methods")
  }

  set accessControlAllowMethods(methods: string | Iterable<string> | undefined) {
    this.#setHeaderSet("Access-Control-Allow-Methods", methods)
  }

  /** The origin whose scripts may see this, or `*`. */
  get accessControlAllowOrigin(): string | undefined {
    return this.headers.get("Access-Control-Allow-Origin")
  }

  set accessControlAllowOrigin(origin: string | undefined) {
    this.#set("Access-Control-Allow-Origin", origin)
  }

  /** The headers that scripts of other sites may see, live. */
  get accessControlExposeHeaders(): HeaderSet {
    return this.#headerSet("Access-Control-Expose-Headers")
  }

  set accessControlExposeHeaders(names: string | Iterable<string> | undefined) {
    this.#setHeaderSet("Access-Control-Expose-Headers", names)
  }

  /** For how many seconds a preflight's answer holds. */
  get accessControlMaxAge(): number | undefined {
    return this.#integer("Access-Control-Max-Age")
  }

  set accessControlMaxAge(seconds: number | string | undefined) {
    this.#setInteger("Access-Control-Max-Age", seconds)
  }

  // ---- how the properties above read and write

  #set(name: string, value: string | number | undefined): void {
    if (value === undefined) this.headers.delete(name)
    else this.headers.set(name, value)
  }

  /** A URL as it was given. */
  #url(name: string): string | undefined {
    const text = this.headers.get(name)
    const given = text === undefined ? undefined : this.#iris?.get(name)
    return given !== undefined && given.uri === text ? given.iri : text
  }

  /** No header holds an IRI beyond Latin-1; it is set as the URI that it becomes anyhow when it is sent. */
  #setUrl(name: string, url: string | undefined): void {
    if (url === undefined || !BEYOND_LATIN1.test(url)) {
      this.#set(name, url)
      return
    }
    const uri = iriToUri(url)
    this.#set(name, uri)
    this.#iris ??= new Map()
    this.#iris.set(name, { iri: url, uri })
  }

  #integer(name: string): number | undefined {
    const text = this.headers.get(name)
    return text === undefined ? undefined : parseCount(text)
  }

  #setInteger(name: string, value: number | string | undefined): void {
    const number = typeof value === "string" ? parseCount(value) : value
    if (value !== undefined && !(Number.isSafeInteger(number) && (number as number) >= 0)) {
      throw new RangeError(`${name} must be a whole number from 0, not ${String(value)}`)
    }
    this.#set(name, number)
  }

  #setDate(name: string, date: Date | number | undefined): void {
    this.#set(name, date === undefined ? undefined : httpDate(date))
  }

  #headerSet(name: string): HeaderSet {
    return this.#object(
      name,
      (text) => HeaderSet.fromHeader(text),
      (set) => set.toHeader(),
      "list",
    )
  }

  #setHeaderSet(name: string, items: string | Iterable<string> | undefined): void {
    const text = typeof items === "string" || items === undefined ? items : new HeaderSet(items).toHeader()
    this.#set(name, text || undefined)
  }

  #policy(name: string): ContentSecurityPolicy {
    return this.#object(
      name,
      (text) => ContentSecurityPolicy.fromHeader(text),
      (policy) => policy.toHeader(),
    )
  }

  #setPolicy(name: string, policy: ContentSecurityPolicy | string | undefined): void {
    this.#set(name, (typeof policy === "object" ? policy.toHeader() : policy) || undefined)
  }

  /**
   * The object for a header. It is the same one as long as the header was not changed in some other way; when it
   * is changed itself, it writes the header, or removes it if there is nothing to write.
   *
   * @param lines what several headers of this name are: one list in pieces (RFC 9110 section 5.3), which is read and
   *   written as a whole, or values of their own, of which only the first is meant
   */
  #object<T extends Live>(
    name: string,
    parse: (text: string | undefined) => T,
    dump: (value: T, text: string | undefined) => string,
    lines: "list" | "single" = "single",
  ): T {
    const text = this.#read(name, lines)
    const known = this.#live?.get(name)
    if (known !== undefined && known.text === text) return known.value as T
    const value = parse(text)
    this.#keep(name, { value, text }, () => dump(value, this.#read(name, lines)), lines)
    return value
  }

  #read(name: string, lines: "list" | "single"): string | undefined {
    const values = this.headers.getAll(name)
    return lines === "list" && values.length > 1 ? values.join(", ") : values[0]
  }

  #keep(name: string, entry: LiveEntry, dump: () => string, lines: "list" | "single"): void {
    entry.value.onUpdate = () => {
      entry.text = dump() || undefined
      const others = lines === "list" ? [] : this.headers.getAll(name).slice(1)
      this.headers.setList(name, entry.text === undefined ? others : [entry.text, ...others])
      if (entry.value.provided !== undefined) entry.value.provided = entry.text !== undefined
    }
    this.#live ??= new Map()
    this.#live.set(name, entry)
  }
}
