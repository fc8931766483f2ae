// The result of checking a token. A client can send anything, so this is a value and never an exception.

/**
 * Why a token is refused: `malformed` (parts are missing), `too-long`, `bad-signature` (changed, or made with another key
 * or salt), `expired`, `future` (dated later than now), `bad-payload` (the signature is right, but the value is unreadable).
 */
export type RefusalReason = "malformed" | "too-long" | "bad-signature" | "expired" | "future" | "bad-payload"

/** A valid token. */
export interface Accepted<T> {
  ok: true
  value: T
  /** When it was signed, to the second, if the token tells. */
  signedAt?: Date
  /** Whether the newest key has signed it. If not, sign the value again, so that the old key can be taken out one day. */
  newestKey: boolean
}

/** A token that is not valid. */
export interface Refused {
  ok: false
  reason: RefusalReason
  /** When it was signed, to the second: told only when the signature is right. */
  signedAt?: Date
}

/** The result of checking a token. */
export type Verdict<T> = Accepted<T> | Refused
