// Values as tokens that can stand in a URL, a cookie or a hidden field: itsdangerous' URLSafeSerializer.

import type { SecretKey } from "./key-settings.ts"
import { dumpPayload, loadPayload, type PayloadSerializer } from "./payload.ts"
import { Signer, type SignerOptions } from "./signer.ts"
import type { Verdict } from "./verdict.ts"

/** How tokens are made. Both sides have to agree on all of it. */
export interface URLSafeSerializerOptions extends Omit<SignerOptions, "sep"> {
  /** What writes and reads the values; `JSON` unless given. */
  serializer?: PayloadSerializer | undefined
}

/** Other than that of Signer, as in itsdangerous. */
export const DEFAULT_SALT = "itsdangerous"

/**
 * Signs values that JSON knows. `Value` is the type of the values; what holds its signature was made by `dumps` with the
 * same secret and salt, so this is as true as your use of salts.
 *
 * With several secrets, the last one signs and all of them are accepted.
 *
 * @throws as `Signer`
 * @example
 * const tokens = new URLSafeSerializer("a secret of at least 16 bytes", { salt: "unsubscribe" })
 * tokens.dumps({ user: 7 }) // => "eyJ1c2VyIjo3fQ.ChlvAkZ1urYUrOSmVaMM9DqnI6c"
 * tokens.loads(tokens.dumps({ user: 7 })) // => { user: 7 }
 * tokens.loads("eyJ1c2VyIjo4fQ.ChlvAkZ1urYUrOSmVaMM9DqnI6c") // => undefined
 */
export class URLSafeSerializer<Value = unknown> {
  readonly #signer: Signer
  readonly #serializer: PayloadSerializer

  constructor(secrets: SecretKey | readonly SecretKey[], options: URLSafeSerializerOptions = {}) {
    const { salt = DEFAULT_SALT, serializer = JSON, ...others } = options
    this.#signer = new Signer(secrets, { ...others, salt, sep: "." })
    this.#serializer = serializer
  }

  /**
   * The token for a value.
   *
   * @throws TypeError for a value that JSON does not know, RangeError when the token is longer than `maxLength`
   */
  dumps(value: Value): string {
    return this.#signer.sign(dumpPayload(value, this.#serializer))
  }

  /** The value of a token; `undefined` when it does not hold. Never throws. */
  loads(token: string): Value | undefined {
    const verdict = this.check(token)
    return verdict.ok ? verdict.value : undefined
  }

  /** What `loads` gives, and if it gives nothing, why. Never throws. */
  check(token: string): Verdict<Value> {
    return withPayload(this.#signer.check(token), this.#serializer, this.#signer.maxLength)
  }
}

const BAD_PAYLOAD: Verdict<never> = Object.freeze({ ok: false, reason: "bad-payload" })

/** What was signed, with its payload read. */
export function withPayload<Value>(
  verdict: Verdict<string>,
  serializer: PayloadSerializer,
  maxBytes: number,
): Verdict<Value> {
  if (!verdict.ok) return verdict
  const loaded = loadPayload(verdict.value, serializer, maxBytes)
  const { signedAt, newestKey } = verdict
  if (loaded === undefined) return signedAt ? { ok: false, reason: "bad-payload", signedAt } : BAD_PAYLOAD
  const value = loaded.value as Value
  return signedAt === undefined ? { ok: true, value, newestKey } : { ok: true, value, signedAt, newestKey }
}
