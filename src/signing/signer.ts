// Text with a signature behind it, as itsdangerous writes it: `value.signature`, base64url of an HMAC. The signature covers the
// value and, through the derived key, the salt; so a token for one purpose is refused for another. Nothing is encrypted: the
// value can be read without the key.

import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto"
import type { DigestMethod, KeyDerivation, SecretKey } from "./key-settings.ts"
import { checkDigestMethod, deriveKey, secretKeys } from "./keys.ts"
import type { Verdict } from "./verdict.ts"

/** How a signature is made. Both sides have to agree on all of it. */
export interface SignerOptions {
  /** The purpose of the tokens. Tokens of another salt are refused, so give each use one of its own. */
  salt?: string | Uint8Array | undefined
  /** What stands between value and signature, `.` unless given; no letter, digit, `-`, `_` or `=`. */
  sep?: string | undefined
  /** How the key is made of secret and salt; `django-concat` unless given. */
  keyDerivation?: KeyDerivation | undefined
  /** The hash function of the HMAC, `sha1` unless given, as in itsdangerous. */
  digestMethod?: DigestMethod | undefined
  /**
   * Other ways in which accepted tokens may have been signed, with the same secrets: to change salt, derivation or digest
   * without making all tokens void.
   */
  fallbacks?: readonly Pick<SignerOptions, "salt" | "keyDerivation" | "digestMethod">[] | undefined
  /** The longest token that is looked at and made, in characters; 1 000 000 unless given. */
  maxLength?: number | undefined
}

interface Algorithm {
  digest: DigestMethod
  key: KeyObject
  /** Room for the signatures that are compared. */
  given: Uint8Array
  expected: Uint8Array
}

const DEFAULT_SALT = "itsdangerous.Signer"
const DEFAULT_MAX_LENGTH = 1_000_000
const PART_OF_BASE64 = /[A-Za-z0-9_=-]/
const LONE_SURROGATE = /\p{Surrogate}/u
const SURROGATE = /[\ud800-\udfff]/

const encoder = new TextEncoder()

/**
 * Signs text, and takes signed text apart.
 *
 * With several secrets, the last one signs and all of them are accepted: to change the key, add the new one at the end,
 * and take the old one out when its tokens have expired.
 *
 * @throws RangeError for a secret of less than 16 bytes, and for wrong options
 * @example
 * const signer = new Signer("a secret of at least 16 bytes")
 * signer.sign("value") // => "value.qhgBmC6n2p6G166_3QWKBF_9Nys"
 * signer.unsign(signer.sign("value")) // => "value"
 * signer.unsign("value.qhgBmC6n2p6G166_3QWKBF_9Nyt") // => undefined
 * new Signer("short") // throws RangeError
 */
export class Signer {
  /** What stands between value and signature. */
  readonly sep: string
  /** The longest token that is looked at and made, in characters. */
  readonly maxLength: number

  /** The newest first, since most tokens are new; those of the options themselves before fallbacks. */
  readonly #algorithms: readonly [Algorithm, ...Algorithm[]]

  constructor(secrets: SecretKey | readonly SecretKey[], options: SignerOptions = {}) {
    const { sep = ".", maxLength = DEFAULT_MAX_LENGTH, fallbacks = [] } = options
    if (typeof sep !== "string" || sep === "" || PART_OF_BASE64.test(sep)) {
      throw new RangeError(`sep must not be empty nor hold a character of base64url: ${JSON.stringify(sep)}`)
    }
    if (!(Number.isSafeInteger(maxLength) && maxLength > 0)) {
      throw new RangeError(`maxLength must be a whole number above 0, not ${String(maxLength)}`)
    }
    this.sep = sep
    this.maxLength = maxLength
    const keys = secretKeys(secrets).reverse()
    this.#algorithms = [options, ...fallbacks.map((fallback) => ({ salt: options.salt, ...fallback }))].flatMap(
      ({ salt = DEFAULT_SALT, keyDerivation = "django-concat", digestMethod = "sha1" }) => {
        const digest = checkDigestMethod(digestMethod)
        return keys.map((key) => algorithmOf(digest, deriveKey(key, salt, keyDerivation, digest)))
      },
    ) as [Algorithm, ...Algorithm[]]
  }

  /** The signature alone, made with the newest secret. */
  getSignature(value: string): string {
    return signatureOf(value, this.#algorithms[0])
  }

  /** Whether the signature belongs to the value; in constant time, for any secret that is accepted. */
  verifySignature(value: string, signature: string): boolean {
    return this.#find(value, signature) !== undefined
  }

  /**
   * The value with its signature behind it.
   *
   * @throws TypeError for text that is no Unicode (a lone surrogate), RangeError when the result is longer than `maxLength`
   */
  sign(value: string): string {
    if (typeof value !== "string" || !isWellFormed(value)) {
      throw new TypeError("only well-formed text can be signed")
    }
    const signed = `${value}${this.sep}${this.getSignature(value)}`
    if (signed.length <= this.maxLength) return signed
    throw new RangeError(`the signed text has ${signed.length} characters, more than maxLength (${this.maxLength})`)
  }

  /** The value of a signed text; `undefined` when the signature does not hold. */
  unsign(signed: string): string | undefined {
    const verdict = this.check(signed)
    return verdict.ok ? verdict.value : undefined
  }

  /** Whether `unsign` gives a value. */
  validate(signed: string): boolean {
    return this.check(signed).ok
  }

  /** What `unsign` gives, and if it gives nothing, why. Never throws. */
  check(signed: string): Verdict<string> {
    if (typeof signed !== "string") return { ok: false, reason: "malformed" }
    if (signed.length > this.maxLength) return { ok: false, reason: "too-long" }
    const end = signed.lastIndexOf(this.sep)
    // Two ill-formed texts may have the same bytes in UTF-8, and so the same signature.
    if (end === -1 || !isWellFormed(signed)) return { ok: false, reason: "malformed" }
    const value = signed.slice(0, end)
    const index = this.#find(value, signed.slice(end + this.sep.length))
    if (index === undefined) return { ok: false, reason: "bad-signature" }
    return { ok: true, value, newestKey: index === 0 }
  }

  /** Which of the algorithms the signature is from. */
  #find(value: string, signature: string): number | undefined {
    for (let index = 0; index < this.#algorithms.length; index++) {
      const algorithm = this.#algorithms[index] as Algorithm
      if (signature.length === algorithm.given.length && isSignature(value, signature, algorithm)) return index
    }
    return undefined
  }
}

function algorithmOf(digest: DigestMethod, key: KeyObject): Algorithm {
  const { length } = createHmac(digest, key).digest("base64url")
  return { digest, key, given: new Uint8Array(length), expected: new Uint8Array(length) }
}

/** Comparing the text, and not what it decodes to, leaves one spelling for each signature. */
function isSignature(value: string, signature: string, algorithm: Algorithm): boolean {
  const { given, expected } = algorithm
  // What is not ASCII does not fit, and would leave something of the last comparison at the end.
  if (encoder.encodeInto(signature, given).written !== given.length) return false
  encoder.encodeInto(signatureOf(value, algorithm), expected)
  return timingSafeEqual(given, expected)
}

/** The first look, without Unicode, is much faster, and enough for nearly all. */
function isWellFormed(text: string): boolean {
  return !SURROGATE.test(text) || !LONE_SURROGATE.test(text)
}

function signatureOf(value: string, { digest, key }: Algorithm): string {
  return createHmac(digest, key).update(value, "utf8").digest("base64url")
}
