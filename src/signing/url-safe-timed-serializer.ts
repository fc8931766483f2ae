// Values as tokens that expire: itsdangerous' URLSafeTimedSerializer. For links in mail, and for sessions.

import type { SecretKey } from "./key-settings.ts"
import { dumpPayload, type PayloadSerializer } from "./payload.ts"
import { type AgeOptions, TimestampSigner } from "./timestamp-signer.ts"
import { DEFAULT_SALT, type URLSafeSerializerOptions, withPayload } from "./url-safe-serializer.ts"
import type { Verdict } from "./verdict.ts"

/**
 * Signs values that JSON knows, with the time. Else like `URLSafeSerializer`.
 *
 * @throws as `Signer`
 * @example
 * const tokens = new URLSafeTimedSerializer("a secret of at least 16 bytes", { salt: "reset-password" })
 * tokens.loads(tokens.dumps({ user: 7 }), { maxAge: 3600 }) // => { user: 7 }
 * tokens.loads("eyJ1c2VyIjo4fQ.AQ.jX0tC0S4IvUZ4IuSo2R8LHFG7zM", { maxAge: 3600 }) // => undefined
 * new URLSafeTimedSerializer(["old secret"]) // throws RangeError
 */
export class URLSafeTimedSerializer<Value = unknown> {
  readonly #signer: TimestampSigner
  readonly #serializer: PayloadSerializer

  constructor(secrets: SecretKey | readonly SecretKey[], options: URLSafeSerializerOptions = {}) {
    const { salt = DEFAULT_SALT, serializer = JSON, ...others } = options
    this.#signer = new TimestampSigner(secrets, { ...others, salt, sep: "." })
    this.#serializer = serializer
  }

  /**
   * The token for a value, dated now.
   *
   * @throws TypeError for a value that JSON does not know, RangeError when the token is longer than `maxLength`
   */
  dumps(value: Value): string {
    return this.#signer.sign(dumpPayload(value, this.#serializer))
  }

  /**
   * The value of a token; `undefined` when it does not hold, or is older than `maxAge`.
   *
   * @throws RangeError when `maxAge` is not a number from 0
   */
  loads(token: string, options: AgeOptions = {}): Value | undefined {
    const verdict = this.check(token, options)
    return verdict.ok ? verdict.value : undefined
  }

  /**
   * What `loads` gives and when it was signed; if it gives nothing, why.
   *
   * @throws RangeError when `maxAge` is not a number from 0
   * @example
   * const tokens = new URLSafeTimedSerializer("a secret of at least 16 bytes")
   * tokens.check("x") // => { ok: false, reason: "malformed" }
   */
  check(token: string, options: AgeOptions = {}): Verdict<Value> {
    return withPayload(this.#signer.check(token, options), this.#serializer, this.#signer.maxLength)
  }
}
