// Sessions in the cookie itself, signed, in the format of Flask: a Flask application with the same key reads them and the other
// way round. Nothing is kept on the server. Anyone with the cookie can read what is in it. Of two requests at once, the one that
// is answered last wins.

import type { Environ } from "../gateway.ts"
import { textToByteString } from "../http/urls.ts"
import type { SecretKey } from "../signing/key-settings.ts"
import { taggedJson } from "../signing/tagged-json.ts"
import { URLSafeTimedSerializer } from "../signing/url-safe-timed-serializer.ts"
import { keptValues } from "./kept-value.ts"
import type { FinishedSession } from "./session.ts"
import type { LoadedSession, SavedSession, SessionCarrier } from "./session-carrier.ts"
import type { SessionCookie } from "./session-cookie.ts"

/** What every carrier is told. */
export interface CarrierOptions {
  cookie: SessionCookie
  /** How long a session holds after it was saved. */
  maxAgeSeconds: number
  /** Whether the cookie outlives the browser's session. */
  permanent: boolean
  rotateOn: readonly string[]
}

/** Bytes of time and signature, with their dots: 1 + 6 + 1 + 27. */
const SIGNATURE_BYTES = 35

/** Keeps sessions in cookies. */
export class CookieSessions implements SessionCarrier {
  readonly rotateOn: readonly string[]
  readonly #tokens: URLSafeTimedSerializer
  readonly #options: CarrierOptions

  /** @throws as `URLSafeTimedSerializer`, for malformed keys */
  constructor(secret: SecretKey | readonly SecretKey[], options: CarrierOptions) {
    this.rotateOn = options.rotateOn
    this.#options = options
    this.#tokens = new URLSafeTimedSerializer(secret, {
      salt: "cookie-session",
      keyDerivation: "hmac",
      serializer: taggedJson,
    })
  }

  load(environ: Environ): LoadedSession {
    const { cookie, maxAgeSeconds } = this.#options
    const token = cookie.read(environ)
    const verdict = token ? this.#tokens.check(token, { maxAge: maxAgeSeconds }) : undefined
    const values = verdict?.ok ? keptValues(verdict.value) : undefined
    if (!verdict?.ok || values === undefined) return { values: new Map(), isNew: true, isStale: false }
    const age = (Date.now() - Number(verdict.signedAt)) / 1000
    return { values, isNew: false, isStale: !verdict.newestKey || age > maxAgeSeconds / 2 }
  }

  checkSize(values: ReadonlyMap<string, unknown>): void {
    const { cookie } = this.#options
    const text = taggedJson.stringify(Object.fromEntries(values)) as string
    // base64 takes four bytes for three; only what might not fit has to be compressed to know.
    const atMost = Math.ceil((textToByteString(text).length * 4) / 3) + SIGNATURE_BYTES
    if (!cookie.fits(atMost)) cookie.checkFits(this.#dump(values).length)
  }

  save(environ: Environ, _loaded: LoadedSession, { values, permanent }: FinishedSession): SavedSession {
    const { cookie } = this.#options
    if (values.size > 0) {
      return { setCookie: cookie.set(this.#dump(values), permanent ?? this.#options.permanent) }
    }
    return { setCookie: cookie.read(environ) === undefined ? undefined : cookie.delete() }
  }

  #dump(values: ReadonlyMap<string, unknown>): string {
    return this.#tokens.dumps(Object.fromEntries(values))
  }
}
