// Secret keys, and the keys that are derived from them for one purpose (itsdangerous' key derivations). A key is derived
// once, when the signer is made. A key that can be guessed makes every token forgeable, so short ones are refused.

import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto"
import type { DigestMethod, KeyDerivation, SecretKey } from "./key-settings.ts"

const MIN_KEY_BYTES = 16
const DIGEST_METHODS: ReadonlySet<string> = new Set<DigestMethod>(["sha1", "sha224", "sha256", "sha384", "sha512"])
const encoder = new TextEncoder()

/**
 * The secret keys as bytes, the newest one last.
 *
 * @throws TypeError when there is none, or when one is neither text nor bytes; RangeError when one has less than 16 bytes
 */
export function secretKeys(secrets: SecretKey | readonly SecretKey[]): Uint8Array[] {
  const list = typeof secrets === "string" || secrets instanceof Uint8Array ? [secrets] : secrets
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError(`a secret key is needed, not ${secrets === undefined ? "undefined" : `a ${typeof secrets}`}`)
  }
  return list.map(checkKey)
}

// The message never shows the key: it may be logged.
function checkKey(secret: unknown): Uint8Array {
  if (typeof secret !== "string" && !(secret instanceof Uint8Array)) {
    throw new TypeError(`a secret key is text or bytes, not ${secret === null ? "null" : `a ${typeof secret}`}`)
  }
  const bytes = typeof secret === "string" ? encoder.encode(secret) : Uint8Array.from(secret)
  if (bytes.length >= MIN_KEY_BYTES) return bytes
  throw new RangeError(
    `a secret key of ${bytes.length} bytes can be guessed; it needs at least ${MIN_KEY_BYTES}. Make one with ` +
      `node -p "crypto.randomBytes(32).toString('hex')" and keep it outside of the source, in a variable of the environment.`,
  )
}

/** Refuses an unknown name, since a wrong one must not lead to a weaker signature. */
export function checkDigestMethod(name: string): DigestMethod {
  if (!DIGEST_METHODS.has(name)) throw new RangeError(`unknown digest method: ${JSON.stringify(name)}`)
  return name as DigestMethod
}

/** The key of a purpose. */
export function deriveKey(
  secret: Uint8Array,
  salt: string | Uint8Array,
  derivation: KeyDerivation,
  digest: DigestMethod,
): KeyObject {
  return createSecretKey(derivedBytes(secret, salt, derivation, digest))
}

function derivedBytes(
  secret: Uint8Array,
  salt: string | Uint8Array,
  derivation: KeyDerivation,
  digest: DigestMethod,
): Uint8Array {
  switch (derivation) {
    case "concat":
      return createHash(digest).update(salt).update(secret).digest()
    case "django-concat":
      return createHash(digest).update(salt).update("signer").update(secret).digest()
    case "hmac":
      return createHmac(digest, secret).update(salt).digest()
    case "none":
      return secret
    default:
      throw new RangeError(`unknown key derivation: ${JSON.stringify(derivation)}`)
  }
}
