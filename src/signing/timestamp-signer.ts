// A signature with the time at which it was made: `value.timestamp.signature`, the timestamp being base64url of the seconds
// since 1970, as few bytes as hold them, the highest first.

import { encodeBase64Url } from "./base64url.ts"
import { Signer } from "./signer.ts"
import type { Verdict } from "./verdict.ts"

/** How old a token may be. */
export interface AgeOptions {
  /** Seconds since it was signed; any age unless given. */
  maxAge?: number | undefined
}

/** How far the clock of another machine may be ahead, in seconds. Only the holder of the key can date a token. */
const MAX_CLOCK_SKEW = 60
/** Seconds that a Date can hold. */
const MAX_SECONDS = 8.64e12
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/**
 * Signs text together with the time, so that it can expire. Else like `Signer`.
 *
 * A token that is dated more than a minute ahead is refused, with any `maxAge`.
 *
 * @example
 * const signer = new TimestampSigner("a secret of at least 16 bytes")
 * signer.unsign(signer.sign("value"), { maxAge: 60 }) // => "value"
 * signer.unsign("value.AQ.0000", { maxAge: 60 }) // => undefined
 * signer.unsign("", { maxAge: -1 }) // throws RangeError
 */
export class TimestampSigner extends Signer {
  /** Seconds since 1970. A subclass may have another clock. */
  getTimestamp(): number {
    return Math.floor(Date.now() / 1000)
  }

  /** The value with time and signature behind it. Else like `Signer.sign`. */
  override sign(value: string): string {
    return super.sign(`${value}${this.sep}${dumpTimestamp(this.getTimestamp())}`)
  }

  /** The value of a signed text; `undefined` when the signature does not hold, and when it is older than `maxAge`. */
  override unsign(signed: string, options: AgeOptions = {}): string | undefined {
    const verdict = this.check(signed, options)
    return verdict.ok ? verdict.value : undefined
  }

  /** Whether `unsign` gives a value. */
  override validate(signed: string, options: AgeOptions = {}): boolean {
    return this.check(signed, options).ok
  }

  /**
   * What `unsign` gives and when it was signed; if it gives nothing, why.
   *
   * @throws RangeError when `maxAge` is not a number from 0
   */
  override check(signed: string, options: AgeOptions = {}): Verdict<string> {
    const { maxAge } = options
    if (maxAge !== undefined && !(maxAge >= 0)) throw new RangeError(`maxAge must be from 0, not ${String(maxAge)}`)
    const verdict = super.check(signed)
    if (!verdict.ok) return verdict
    const end = verdict.value.lastIndexOf(this.sep)
    const seconds = end === -1 ? undefined : parseTimestamp(verdict.value.slice(end + this.sep.length))
    if (seconds === undefined) return { ok: false, reason: "malformed" }
    const signedAt = new Date(seconds * 1000)
    const age = this.getTimestamp() - seconds
    if (age < -MAX_CLOCK_SKEW) return { ok: false, reason: "future", signedAt }
    if (maxAge !== undefined && age > maxAge) return { ok: false, reason: "expired", signedAt }
    return { ok: true, value: verdict.value.slice(0, end), signedAt, newestKey: verdict.newestKey }
  }
}

function dumpTimestamp(seconds: number): string {
  if (!(Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= MAX_SECONDS)) {
    throw new RangeError(`not a time in seconds since 1970: ${String(seconds)}`)
  }
  let bytes = ""
  for (let rest = seconds; rest > 0; rest = Math.floor(rest / 256)) bytes = String.fromCharCode(rest % 256) + bytes
  return encodeBase64Url(bytes)
}

function parseTimestamp(text: string): number | undefined {
  // Eight digits hold all that a Date can.
  if (text.length > 8 || text.length % 4 === 1) return undefined
  let value = 0
  for (let index = 0; index < text.length; index++) {
    const digit = DIGITS.indexOf(text[index] as string)
    if (digit === -1) return undefined
    value = value * 64 + digit
  }
  // Bits behind the last whole byte do not count.
  const seconds = Math.floor(value / 2 ** ((text.length * 6) % 8))
  return seconds <= MAX_SECONDS ? seconds : undefined
}
