// Cookies, both ways (RFC 6265bis). Values are written by the `cookie` package and read as it reads them, so that cookies
// mean what they mean to the rest of the web. It keeps only the first cookie of a name and knows neither the bytes beyond
// ASCII nor the prefixes, so the cutting is done here; a test holds the two together. The package's encodeURIComponent escapes
// more than is needed: here all characters that a value may have stay, so that servers that decode nothing read most values too.
// The package leaves quoted values as they are. Here they are read as Python writes them: browsers keep the cookies of an
// application that was Python before.

import { stringifySetCookie } from "cookie"
import { describe } from "../mistakes/describe.ts"
import { httpDate, LATEST_TIME } from "./dates.ts"
import { checkFieldValue } from "./fields.ts"
import { hostToAscii } from "./idna.ts"
import { isPercentDecodable, percentEncode } from "./percent.ts"
import { isToken, stripOws } from "./tokens.ts"
import { byteStringToText, textToByteString } from "./urls.ts"

const PERCENT_OR_BEYOND_ASCII = /[^\x00-\x24\x26-\x7f]/

/**
 * The cookies of a `Cookie` header, in order, repeated names included: the first of a name is the one that browsers
 * mean most. A name without `=` has an empty value. A value without a name is dropped, since browsers send
 * `=__Host-a=b` for it, which would pass for another cookie (CVE-2023-23934). Values are percent-decoded, names never.
 *
 * A value in double quotes is one that Werkzeug or another Python program wrote: the quotes are taken off, and `\"`, `\\` and
 * the octal codes of UTF-8 bytes (`\303\251`) decoded, instead of percent codes.
 *
 * @param text a byte string, as `HTTP_COOKIE` is
 * @example
 * parseCookie("a=1; b=x%20y; a=2; c") // => [["a", "1"], ["b", "x y"], ["a", "2"], ["c", ""]]
 * parseCookie('a="caf\\303\\251"; b="100%25"; c="open') // => [["a", "café"], ["b", "100%25"], ["c", '"open']]
 * parseCookie("=__Host-a=b") // => []
 */
export function parseCookie(text: string | undefined): [name: string, value: string][] {
  let cookies: [string, string][] = []
  if (text === undefined || text === "") return cookies
  // The usual short header needs no decoding at all, which one look can tell.
  const isPlain = text.length < 64 && !PERCENT_OR_BEYOND_ASCII.test(text)
  const header = isPlain ? text : byteStringToText(text)
  let start = 0
  let equals = 0
  while (start < header.length) {
    const semicolon = header.indexOf(";", start)
    const end = semicolon === -1 ? header.length : semicolon
    if (equals !== -1 && equals <= start) equals = header.indexOf("=", start)
    const hasValue = equals !== -1 && equals < end
    // Other white space is part of a name, or U+00A0 would make `__Host-a` of another cookie.
    const name = stripOws(header, start, hasValue ? equals : end)
    if (name !== "") {
      const value = hasValue ? stripOws(header, equals + 1, end) : ""
      const pair: [string, string] = [name, readValue(value, isPlain, cookies.length)]
      // The first push onto an empty array makes room for sixteen more.
      if (cookies.length === 0) cookies = [pair]
      else cookies.push(pair)
    }
    start = end + 1
  }
  return cookies
}

function readValue(value: string, isPlain: boolean, cookiesBefore: number): string {
  if (value.charCodeAt(0) === 0x22 && value.length > 1 && value.charCodeAt(value.length - 1) === 0x22) {
    const quoted = value.slice(1, -1)
    return quoted.includes("\\") ? unescapeValue(quoted) : quoted
  }
  return isPlain || !value.includes("%") ? value : decodeValue(value, cookiesBefore)
}

// What Python's http.cookies writes; a backslash before anything else is left out.
const ESCAPE = /\\([0-3][0-7]{2}|.)/gs

function unescapeValue(text: string): string {
  const bytes = textToByteString(text).replace(ESCAPE, (_, escaped: string) =>
    escaped.length === 3 ? String.fromCharCode(Number.parseInt(escaped, 8)) : escaped,
  )
  return byteStringToText(bytes)
}

/**
 * As the package does it: a value with a bad escape stays as it is. Throwing an error costs more than checking a value first, and
 * checking costs more than not checking. So values are checked only behind more cookies than honest clients send.
 */
function decodeValue(value: string, cookiesBefore: number): string {
  if (cookiesBefore > 50 && !isPercentDecodable(value)) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** What a browser is told about a cookie besides its value. */
export interface CookieOptions {
  /** Seconds until it expires; 0 and less delete it at once. Fractions are dropped. */
  maxAge?: number | null | undefined
  /** When it expires: a date, Unix seconds, or text that is sent as it is. */
  expires?: Date | number | string | null | undefined
  /** The path below which it is sent, `/` unless given; `null` leaves it to the browser. */
  path?: string | null | undefined
  /** The domain to which, and to whose subdomains, it is sent; only the host that set it unless given. */
  domain?: string | null | undefined
  /** Sent over TLS only. */
  secure?: boolean | undefined
  /** Hidden from scripts. */
  httpOnly?: boolean | undefined
  /** Whether it goes along with requests from other sites; any case. */
  sameSite?: "strict" | "lax" | "none" | "Strict" | "Lax" | "None" | (string & {}) | null | undefined
  /** A jar of its own for each top-level site; implies `secure`. */
  partitioned?: boolean | undefined
  /** Whether `maxAge` is told as `Expires` too, for old browsers. True unless given. */
  syncExpires?: boolean | undefined
  /** Warns above so many characters, since browsers drop such a cookie silently; 4093 unless given, 0 never warns. */
  maxSize?: number | undefined
}

/**
 * The value of a `Set-Cookie` header. The characters that a cookie's value may have (RFC 6265 section 4.1.1) are sent as
 * they are; `%`, white space, `"`, `,`, `;`, `\`, control characters and all beyond ASCII are percent-encoded as UTF-8.
 *
 * @throws TypeError when the name is not a token, when an attribute cannot be sent as it was given, and when the name
 *   starts with `__Host-` or `__Secure-` and the attributes are not what browsers demand of such a cookie
 * @example
 * dumpCookie("id", "a b", { httpOnly: true, sameSite: "lax" }) // => "id=a%20b; HttpOnly; Path=/; SameSite=Lax"
 * dumpCookie("next", "/a?b=c@d", { path: null }) // => "next=/a?b=c@d"
 * dumpCookie("id", "1", { domain: "example.com; Secure" }) // throws TypeError
 * dumpCookie("__Host-id", "1") // throws TypeError
 */
export function dumpCookie(name: string, value = "", options: CookieOptions = {}): string {
  if (typeof name !== "string" || !isToken(name)) throw new TypeError(`Not a cookie name: ${JSON.stringify(name)}`)
  if (typeof value !== "string") checkValue(name, value)
  const { maxAge, expires, sameSite, httpOnly, partitioned, syncExpires = true, maxSize = 4093 } = options
  const path = options.path === null ? null : percentEncode(options.path ?? "/", PATH_SAFE)
  const domain = options.domain ? cookieDomain(options.domain) : undefined
  const secure = options.secure || partitioned
  checkPrefix(name, { secure: secure === true, path, domain })

  const parts = [stringifySetCookie({ name, value: String(value) }, { encode: encodeValue })]
  if (domain !== undefined) parts.push(`Domain=${domain}`)
  if (expires !== null && expires !== undefined) parts.push(`Expires=${expiryOf(expires)}`)
  else if (maxAge !== null && maxAge !== undefined && syncExpires) parts.push(`Expires=${expiryIn(maxAge)}`)
  if (maxAge !== null && maxAge !== undefined) parts.push(`Max-Age=${wholeSeconds(maxAge)}`)
  if (secure) parts.push("Secure")
  if (httpOnly) parts.push("HttpOnly")
  if (path !== null) parts.push(`Path=${path}`)
  if (sameSite !== null && sameSite !== undefined) parts.push(`SameSite=${sameSiteOf(sameSite)}`)
  if (partitioned) parts.push("Partitioned")

  const cookie = parts.join("; ")
  if (maxSize > 0 && cookie.length > maxSize) {
    console.warn(`The cookie ${name} has ${cookie.length} characters; browsers ignore cookies above ${maxSize}.`)
  }
  return cookie
}

/** Numbers and booleans have one text. The text of an object, `[object Object]`, would be of no use. */
function checkValue(name: string, value: unknown): void {
  if (["number", "boolean", "bigint"].includes(typeof value)) return
  const hint = typeof value === "object" && value !== null ? ". As JSON: JSON.stringify(…)" : ""
  throw new TypeError(`The value of the cookie ${name} must be a text, not ${describe(value)}${hint}`)
}

// RFC 6265 section 4.1.1
//   cookie-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E
// without "%", which begins an escape
const VALUE_SAFE = "!#$&'()*+/:<=>?@[]^`{|}"

/** What a value cannot hold becomes percent codes of UTF-8, which is what scripts and other servers of the web decode. */
function encodeValue(value: string): string {
  return percentEncode(value, VALUE_SAFE)
}

const PATH_SAFE = "%!$&'()*+,/:=@"

// RFC 6265bis section 4.1.2.3, as the name of a domain, without a port and the leading dots of old times
const DOMAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i

function cookieDomain(domain: string): string {
  let start = 0
  while (domain.charCodeAt(start) === 0x2e) start++
  const port = /:[0-9]*$/.exec(domain)
  const name = domain.slice(start, port?.index)
  const ascii = /^[\x00-\x7f]*$/.test(name) ? name : hostToAscii(name)
  if (!DOMAIN.test(ascii)) throw new TypeError(`Not the domain of a cookie: ${JSON.stringify(domain)}`)
  return ascii
}

function expiryOf(expires: Date | number | string): string {
  if (typeof expires !== "string") return httpDate(expires)
  if (expires.includes(";")) throw new TypeError(`Not the expiry of a cookie: ${JSON.stringify(expires)}`)
  return checkFieldValue(expires)
}

function expiryIn(maxAge: number): string {
  const time = Date.now() + wholeSeconds(maxAge) * 1000
  return httpDate(new Date(Math.min(Math.max(time, 0), LATEST_TIME)))
}

function wholeSeconds(maxAge: number): number {
  const seconds = Math.trunc(maxAge)
  if (!Number.isSafeInteger(seconds)) throw new TypeError(`Not the age of a cookie: ${String(maxAge)}`)
  return seconds
}

const SAME_SITE: ReadonlyMap<string, string> = new Map([
  ["strict", "Strict"],
  ["lax", "Lax"],
  ["none", "None"],
])

function sameSiteOf(value: string): string {
  const known = SAME_SITE.get(value.toLowerCase())
  if (known === undefined) throw new TypeError(`sameSite is strict, lax or none, not ${JSON.stringify(value)}`)
  return known
}

// RFC 6265bis section 4.1.3: browsers match the prefixes in any case, and drop a cookie that does not keep their promise.
function checkPrefix(
  name: string,
  { secure, path, domain }: { secure: boolean; path: string | null; domain: string | undefined },
): void {
  const lower = name.toLowerCase()
  const host = lower.startsWith("__host-")
  if ((host || lower.startsWith("__secure-")) && !secure) throw new TypeError(`The cookie ${name} has to be secure`)
  if (host && domain !== undefined) throw new TypeError(`The cookie ${name} must not have a domain`)
  if (host && path !== "/") throw new TypeError(`The cookie ${name} has to have the path /`)
}
