// The cookies of a client, as a browser keeps them: RFC 6265, with the name prefixes of its successor.
// Takes Set-Cookie headers and URLs in pieces, gives Cookie headers. Knows no client and no environ.

import { parseCookie } from "../http/cookies.ts"
import { hostToAscii } from "../http/idna.ts"
import { parseCookieDate } from "./cookie-date.ts"

/** Where a request goes, as far as cookies care. */
export interface CookieOrigin {
  /** Host name or address, without a port. */
  host: string
  /** The path of the URL, percent-encoded. */
  path: string
  /** Whether the connection is encrypted, or does not leave the machine. */
  secure: boolean
}

/** What a cookie is made of. */
export interface CookieAttributes {
  key: string
  /** As it stands in the header, encoded. */
  value: string
  domain: string
  /** Only for that very host, not for those below it: `Domain` was not given. */
  originOnly?: boolean
  path?: string
  expires?: Date | undefined
  /** Seconds from when it was set. */
  maxAge?: number | undefined
  secure?: boolean
  httpOnly?: boolean
  sameSite?: string | undefined
}

/**
 * A cookie that a client holds. It does not change; setting it again makes another.
 */
export class Cookie {
  /** The name. */
  readonly key: string
  /** The value as it is sent. */
  readonly value: string
  /** The name as a Request reads it: names are not coded. */
  readonly decodedKey: string
  /** The value as a Request reads it. */
  readonly decodedValue: string
  /** The `Expires` attribute; `maxAge` goes before it. */
  readonly expires: Date | undefined
  /** The `Max-Age` attribute, in seconds. */
  readonly maxAge: number | undefined
  /** Host that it belongs to, in lower case. */
  readonly domain: string
  /** Whether hosts below the domain do without it. */
  readonly originOnly: boolean
  /** Path below which it is sent. */
  readonly path: string
  /** Whether it goes over https only, or to localhost. */
  readonly secure: boolean
  /** Whether it is hidden from scripts; a client without scripts ignores it. */
  readonly httpOnly: boolean
  /** Whether it goes along from other sites, as it was set; this client has no sites and ignores it. */
  readonly sameSite: string | undefined
  /** When it is over, in milliseconds as `Date.now()` counts. Infinity: with the client. */
  readonly endsAt: number

  constructor(attributes: CookieAttributes, now: number = Date.now()) {
    const { key, value, domain, originOnly = true, path = "/", secure = false, httpOnly = false } = attributes
    this.key = key
    this.value = value
    this.decodedKey = key
    this.decodedValue = parseCookie(`v=${value}`)[0]?.[1] ?? value
    this.expires = attributes.expires
    this.maxAge = attributes.maxAge
    this.domain = canonicalHost(domain)
    this.originOnly = originOnly
    this.path = path
    this.secure = secure
    this.httpOnly = httpOnly
    this.sameSite = attributes.sameSite
    if (attributes.maxAge !== undefined) this.endsAt = attributes.maxAge <= 0 ? 0 : now + attributes.maxAge * 1000
    else this.endsAt = attributes.expires?.getTime() ?? Number.POSITIVE_INFINITY
  }

  /** Whether the cookie goes with a request there (RFC 6265 section 5.4 step 1). Its age is not asked. */
  matches({ host, path, secure }: CookieOrigin): boolean {
    const asked = canonicalHost(host)
    return (
      (this.originOnly ? asked === this.domain : domainMatches(asked, this.domain)) &&
      pathMatches(path, this.path) &&
      (secure || !this.secure)
    )
  }
}

/** RFC 6265 section 5.1.2. */
function canonicalHost(host: string): string {
  try {
    return hostToAscii(host)
  } catch {
    return host.toLowerCase()
  }
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[0-9]+(?:\.[0-9]+){3}$/.test(host)
}

/** RFC 6265 section 5.1.3: the same host, or one below it, unless it is an address. */
export function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !isAddress(host))
}

/**
 * RFC 6265 section 5.1.4: the same path, or one below it.
 *
 * @example
 * pathMatches("/docs/web", "/docs") // => true
 * pathMatches("/docsets", "/docs") // => false
 */
export function pathMatches(path: string, cookiePath: string): boolean {
  const asked = path.startsWith("/") ? path : "/"
  if (!asked.startsWith(cookiePath)) return false
  return asked.length === cookiePath.length || cookiePath.endsWith("/") || asked[cookiePath.length] === "/"
}

/**
 * The path of a cookie that was set without one: the directory of the URL (RFC 6265 section 5.1.4).
 *
 * @example
 * defaultPath("/docs/web/index.html") // => "/docs/web"
 * defaultPath("/docs") // => "/"
 */
export function defaultPath(path: string): string {
  const end = path.lastIndexOf("/")
  return path.startsWith("/") && end > 0 ? path.slice(0, end) : "/"
}

const trimmed = (text: string) => {
  let start = 0
  let end = text.length
  while (start < end && (text[start] === " " || text[start] === "\t")) start++
  while (end > start && (text[end - 1] === " " || text[end - 1] === "\t")) end--
  return text.slice(start, end)
}

const split = (text: string, mark: string): [before: string, after: string | undefined] => {
  const at = text.indexOf(mark)
  return at === -1 ? [trimmed(text), undefined] : [trimmed(text.slice(0, at)), trimmed(text.slice(at + 1))]
}

/**
 * The cookie that a `Set-Cookie` header from there sets (RFC 6265 sections 5.2 and 5.3); undefined when it is to be ignored: no
 * name, a domain that is not the host's own or one above it, a prefix whose demands are not met, a control character.
 */
export function parseSetCookie(header: string, origin: CookieOrigin, now?: number): Cookie | undefined {
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(header)) return undefined
  const [pair = "", ...rest] = header.split(";")
  const [key, value] = split(pair, "=")
  if (key === "" || value === undefined) return undefined
  const host = canonicalHost(origin.host)
  const cookie: CookieAttributes = { key, value, domain: host, path: defaultPath(origin.path) }
  let pathWasGiven = false
  for (const attribute of rest) {
    const [name, text = ""] = split(attribute, "=")
    switch (name.toLowerCase()) {
      case "expires":
        cookie.expires = parseCookieDate(text) ?? cookie.expires
        break
      case "max-age":
        if (/^-?[0-9]+$/.test(text)) cookie.maxAge = Number(text)
        break
      case "domain": {
        const domain = canonicalHost(text.startsWith(".") ? text.slice(1) : text)
        if (domain !== "") [cookie.domain, cookie.originOnly] = [domain, false]
        break
      }
      case "path":
        pathWasGiven = text.startsWith("/")
        cookie.path = pathWasGiven ? text : defaultPath(origin.path)
        break
      case "secure":
        cookie.secure = true
        break
      case "httponly":
        cookie.httpOnly = true
        break
      case "samesite":
        cookie.sameSite = text
        break
    }
  }
  if (!domainMatches(host, cookie.domain)) return undefined
  // Without a list of suffixes, a suffix like "com" cannot be told from a host name; a single label is a host only when it is the
  // request's own host.
  if (!cookie.domain.includes(".") && cookie.domain !== host) return undefined
  // RFC 6265bis section 4.1.3; user agents compare the prefixes without regard to case.
  const prefix = /^__(?:secure|host)-/i.exec(key)?.[0].toLowerCase()
  if (prefix && !(cookie.secure && origin.secure)) return undefined
  if (prefix === "__host-" && !(cookie.originOnly !== false && pathWasGiven && cookie.path === "/")) return undefined
  return new Cookie(cookie, now)
}

/**
 * Cookies by domain, path and name. Those that are over are forgotten with the next look.
 */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>()

  /** How many cookies there are. */
  get size(): number {
    this.#expire()
    return this.#cookies.size
  }

  /** Keeps the cookie of a `Set-Cookie` header, or ignores it where RFC 6265 says so. */
  store(header: string, origin: CookieOrigin): void {
    const cookie = parseSetCookie(header, origin)
    if (cookie) this.set(cookie)
  }

  /** Keeps a cookie in the place of one with the same domain, path and name. One that is over is deleted by that. */
  set(cookie: Cookie): void {
    const id = identity(cookie.key, cookie.domain, cookie.path)
    // A map keeps the place of a key that is set again, as the RFC keeps the creation time: section 5.3 step 11.
    if (cookie.endsAt > Date.now()) this.#cookies.set(id, cookie)
    else this.#cookies.delete(id)
  }

  /** The cookie of that name, domain and path. */
  get(key: string, domain: string, path: string): Cookie | undefined {
    this.#expire()
    return this.#cookies.get(identity(key, domain, path))
  }

  /** Forgets a cookie; tells whether it was there. */
  delete(key: string, domain: string, path: string): boolean {
    return this.#cookies.delete(identity(key, domain, path))
  }

  /** Forgets all cookies. */
  clear(): void {
    this.#cookies.clear()
  }

  /** The cookies that go with a request there, longer paths first, then the older (RFC 6265 section 5.4 step 2). */
  matching(origin: CookieOrigin): Cookie[] {
    if (this.#cookies.size === 0) return []
    this.#expire()
    return [...this.#cookies.values()]
      .filter((cookie) => cookie.matches(origin))
      .sort((one, other) => other.path.length - one.path.length)
  }

  /** The `Cookie` header of a request there; undefined when no cookie goes with it. */
  header(origin: CookieOrigin): string | undefined {
    const cookies = this.matching(origin)
    return cookies.length === 0 ? undefined : cookies.map(({ key, value }) => `${key}=${value}`).join("; ")
  }

  /** All cookies, the oldest first. */
  [Symbol.iterator](): IterableIterator<Cookie> {
    this.#expire()
    return this.#cookies.values()
  }

  #expire(): void {
    const now = Date.now()
    for (const [id, cookie] of this.#cookies) if (cookie.endsAt <= now) this.#cookies.delete(id)
  }
}

// NUL stands in no name, domain or path.
function identity(key: string, domain: string, path: string): string {
  return `${canonicalHost(domain)}\0${path}\0${key}`
}
