// The PIN that opens the consoles, and what keeps attackers from guessing it. It is random for each start, and so is the
// secret that pages carry and cookies are bound to. Failures are counted where all processes can count them, before the
// answer is delayed; ten of them lock for good. Knows neither requests nor responses but for two header values.

import { createHash, createHmac, randomBytes, randomInt } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { dumpCookie, parseCookie } from "../http/cookies.ts"
import { constantTimeEqual } from "../security.ts"

/** How long a browser is trusted. Seconds. */
export const PIN_TIME: number = 60 * 60 * 24 * 7
/** So many failures lock the PIN. */
export const MAX_PIN_FAILURES = 10
/** From here on the answer takes longer. */
const SLOW_FROM = 5

/** What is drawn at each start, and kept over reloads. */
export interface DebuggerKeys {
  /** undefined: no PIN is asked for. */
  readonly pin: string | undefined
  /** What a page must say to be heard. */
  readonly secret: string
}

/**
 * Draws a PIN and a secret. `WERKSTATT_DEBUG_PIN` may hold digits, with dashes if you like, or `off`; other text is ignored.
 *
 * @example
 * makeKeys({ WERKSTATT_DEBUG_PIN: "12-34" }).pin // => "12-34"
 * makeKeys({ WERKSTATT_DEBUG_PIN: "off" }).pin // => undefined
 * makeKeys({}).pin.length // => 11
 */
export function makeKeys(env: Readonly<Record<string, string | undefined>> = process.env): DebuggerKeys {
  const wanted = env["WERKSTATT_DEBUG_PIN"]?.trim() ?? ""
  const secret = randomBytes(24).toString("base64url")
  if (wanted === "off") return { pin: undefined, secret }
  if (/^[\d-]*\d[\d-]*$/.test(wanted)) return { pin: wanted, secret }
  const digits = String(randomInt(1_000_000_000)).padStart(9, "0")
  return { pin: digits.replace(/\d{3}(?=\d)/g, "$&-"), secret }
}

/** Counts the attempts of all processes. */
export interface PinAttempts {
  /** Counts one more attempt as failed, before anything is compared. Gives how many there are now. */
  begin(): number | Promise<number>
  /** The PIN was right: the count begins anew. */
  succeed(): void
  /** Whether no further attempt is looked at. */
  isLocked(): boolean | Promise<boolean>
}

/** The count of one process. Once it is locked, nothing opens it. */
export class LocalPinAttempts implements PinAttempts {
  #failures = 0
  #locked = false

  /** One more attempt, failed until it is said to be right. */
  begin(): number {
    this.#failures++
    if (this.#failures > MAX_PIN_FAILURES) this.#locked = true
    return this.#failures
  }

  /** Forgets the failures, unless the PIN is locked. */
  succeed(): void {
    if (!this.#locked) this.#failures = 0
  }

  /** How many attempts have failed since the last right one. */
  get failures(): number {
    return this.#failures
  }

  /** Whether there were too many. */
  isLocked(): boolean {
    return this.#failures >= MAX_PIN_FAILURES
  }
}

/** What came of an attempt. */
export interface PinResult {
  readonly auth: boolean
  /** No further attempt is looked at. */
  readonly exhausted: boolean
  /** For `Set-Cookie`. */
  readonly cookie: string | undefined
}

/** What a cookie says: right, missing or old, or wrong. */
export type CookieTrust = true | false | null

/** Checks PINs and cookies against the keys. */
export class PinGate {
  readonly #keys: DebuggerKeys
  readonly #attempts: PinAttempts
  /** The name of the cookie; another one for each start. */
  readonly cookieName: string

  constructor(keys: DebuggerKeys, attempts: PinAttempts) {
    this.#keys = keys
    this.#attempts = attempts
    this.cookieName = `werkstatt_debug_${createHash("sha256").update(keys.secret).digest("hex").slice(0, 12)}`
  }

  /** Whether a secret is the one of this start. */
  isSecret(secret: unknown): boolean {
    return typeof secret === "string" && constantTimeEqual(secret, this.#keys.secret)
  }

  /** Reads the cookie: `null` when there is one for this start that is wrong. */
  checkCookie(header: string | undefined, nowSeconds: number = Date.now() / 1000): CookieTrust {
    if (this.#keys.pin === undefined) return true
    const value = parseCookie(header).find(([name]) => name === this.cookieName)?.[1]
    if (value === undefined) return false
    const match = /^(\d{1,12})\|([0-9a-f]{64})$/.exec(value)
    if (match === null) return null
    const [, time = "", hash = ""] = match
    if (!constantTimeEqual(hash, this.#hash(time))) return null
    const age = nowSeconds - Number(time)
    return age >= -60 && age < PIN_TIME
  }

  /**
   * Looks at a PIN. The answer to a wrong one takes half a second, and from the fifth on five; others are served meanwhile.
   */
  async authenticate(
    pin: string,
    cookieHeader: string | undefined,
    cookie: { readonly path: string; readonly secure: boolean },
  ): Promise<PinResult> {
    const trust = this.checkCookie(cookieHeader)
    if (trust === true) return { auth: true, exhausted: false, cookie: undefined }
    const failures = await this.#attempts.begin()
    if (failures > MAX_PIN_FAILURES) return { auth: false, exhausted: true, cookie: undefined }
    // A forged cookie is a failure, even if the PIN beside it is right.
    const isRight = trust !== null && constantTimeEqual(plain(pin), plain(this.#keys.pin ?? ""))
    if (isRight) {
      this.#attempts.succeed()
      return { auth: true, exhausted: false, cookie: this.#dump(this.#value(), PIN_TIME, cookie) }
    }
    await sleep(failures > SLOW_FROM ? 5000 : 500)
    return {
      auth: false,
      exhausted: failures >= MAX_PIN_FAILURES,
      cookie: trust === null ? this.#dump("", 0, cookie) : undefined,
    }
  }

  /** Whether no further attempt is looked at. */
  isLocked(): boolean | Promise<boolean> {
    return this.#attempts.isLocked()
  }

  #value(): string {
    const time = String(Math.floor(Date.now() / 1000))
    return `${time}|${this.#hash(time)}`
  }

  #hash(time: string): string {
    return createHmac("sha256", this.#keys.secret).update(`${time}|${this.#keys.pin}`).digest("hex")
  }

  #dump(value: string, maxAge: number, { path, secure }: { readonly path: string; readonly secure: boolean }): string {
    return dumpCookie(this.cookieName, value, { maxAge, path, httpOnly: true, sameSite: "Strict", secure })
  }
}

/** Spaces and dashes are for people. */
function plain(pin: string): string {
  return pin.replace(/[\s-]/g, "")
}
