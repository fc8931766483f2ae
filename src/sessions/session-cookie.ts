// The cookie of a session: its name, its attributes, and what the request brings. Hidden from scripts, over TLS only, and not
// sent along by other sites, unless the options say otherwise.

import type { Environ } from "../gateway.ts"
import { type CookieOptions, dumpCookie, parseCookie } from "../http/cookies.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"

/** Name and attributes of the cookie. It is always HttpOnly. */
export interface SessionCookieOptions
  extends Pick<CookieOptions, "path" | "domain" | "secure" | "sameSite" | "partitioned"> {
  /** `session` unless given. With `__Host-` in front, browsers take it from no other host of the domain. */
  name?: string | undefined
}

const OPTIONS: OptionNames<SessionCookieOptions> = {
  domain: true,
  name: true,
  partitioned: true,
  path: true,
  sameSite: true,
  secure: true,
}

/** The most that browsers take; they drop a larger cookie silently. */
const MAX_COOKIE_BYTES = 4093

/** The cookie of a session. */
export class SessionCookie {
  readonly name: string
  readonly #attributes: CookieOptions
  readonly #maxAgeSeconds: number
  /** Bytes of a cookie besides its value, at most. */
  readonly overhead: number

  /** @throws TypeError for a name or an attribute that no cookie may have */
  constructor(options: SessionCookieOptions, maxAgeSeconds: number) {
    checkOptions("the cookie of sessions", options, OPTIONS)
    const { name = "session", secure = true, sameSite = "lax", ...others } = options
    this.name = name
    this.#attributes = { ...others, secure, sameSite, httpOnly: true, maxSize: 0 }
    this.#maxAgeSeconds = maxAgeSeconds
    this.overhead = this.set("", true).length
  }

  /** The first cookie of the name; `undefined` without one. */
  read(environ: Environ): string | undefined {
    const header = environ["HTTP_COOKIE"]
    // Most requests of most sites have no session at all.
    if (typeof header !== "string" || !header.includes(this.name)) return undefined
    return parseCookie(header).find(([name]) => name === this.name)?.[1]
  }

  /** The value of Set-Cookie. */
  set(value: string, permanent: boolean): string {
    const maxAge = permanent ? this.#maxAgeSeconds : undefined
    return dumpCookie(this.name, value, { ...this.#attributes, maxAge })
  }

  /** The value of Set-Cookie that has a browser delete it. */
  delete(): string {
    return dumpCookie(this.name, "", { ...this.#attributes, expires: 0, maxAge: 0 })
  }

  /** Whether a browser would keep a cookie with a value of so many bytes. */
  fits(valueBytes: number): boolean {
    return this.overhead + valueBytes <= MAX_COOKIE_BYTES
  }

  /** @throws RangeError when no browser would keep a cookie with a value of so many bytes */
  checkFits(valueBytes: number): void {
    if (this.fits(valueBytes)) return
    throw new RangeError(
      `the session takes a cookie of ${this.overhead + valueBytes} bytes, and browsers drop those above ` +
        `${MAX_COOKIE_BYTES}; keep less in it, or keep it on a Store`,
    )
  }
}
