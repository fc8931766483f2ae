// Tokens that only the holder of a key can have made, in the format of Python's itsdangerous.

export type { DigestMethod, KeyDerivation, SecretKey } from "./key-settings.ts"
export type { PayloadSerializer } from "./payload.ts"
export { Signer, type SignerOptions } from "./signer.ts"
export { taggedJson } from "./tagged-json.ts"
export { type AgeOptions, TimestampSigner } from "./timestamp-signer.ts"
export { URLSafeSerializer, type URLSafeSerializerOptions } from "./url-safe-serializer.ts"
export { URLSafeTimedSerializer } from "./url-safe-timed-serializer.ts"
export type { Accepted, RefusalReason, Refused, Verdict } from "./verdict.ts"
