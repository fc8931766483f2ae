// The token of a session that only pages of this site know. In a page it looks different each time: it is masked, so that a
// page that is compressed does not give it away (BREACH).

import { randomBytes, timingSafeEqual } from "node:crypto"
import { SafeHtml } from "../http/html.ts"
import { CSRF_TOKEN, type Session } from "./session.ts"
import { getSession, type WithEnviron } from "./sessions.ts"

/** The name of the form field. */
export const CSRF_FIELD = "csrf_token"
const BYTES = 16
const MASKED = /^[A-Za-z0-9_-]{43}$/
const KEPT = /^[A-Za-z0-9_-]{22}$/

/**
 * The token for a page, to be sent back in the form field `csrf_token` or the header `X-CSRF-Token`. Another text each time,
 * good as long as the session, until that is rotated. The first one makes a session.
 *
 * @throws as `getSession`
 */
export async function csrfToken(request: WithEnviron): Promise<string> {
  const session = await getSession(request)
  let token: unknown = session.get(CSRF_TOKEN)
  if (typeof token !== "string" || !KEPT.test(token)) {
    token = randomBytes(BYTES).toString("base64url")
    session.set(CSRF_TOKEN, token)
  }
  const mask = randomBytes(BYTES)
  return Buffer.concat([mask, xor(mask, Buffer.from(token as string, "base64url"))]).toString("base64url")
}

/**
 * The hidden field with the token, for a form: put it first in the form.
 *
 * @throws as `getSession`
 */
export async function csrfField(request: WithEnviron): Promise<SafeHtml> {
  return new SafeHtml(`<input type="hidden" name="${CSRF_FIELD}" value="${await csrfToken(request)}">`)
}

/** Whether a token is that of the session; in constant time. */
export function isTokenOf(session: Session, token: string): boolean {
  const expected: unknown = session.get(CSRF_TOKEN)
  if (typeof expected !== "string" || !KEPT.test(expected) || !MASKED.test(token)) return false
  const bytes = Buffer.from(token, "base64url")
  return timingSafeEqual(xor(bytes.subarray(0, BYTES), bytes.subarray(BYTES)), Buffer.from(expected, "base64url"))
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: BYTES }, (_, index) => (a[index] as number) ^ (b[index] as number))
}
