// The layer that gives an application sessions, and the way to the session of a request. The session is in the environ, as
// what other layers store is: it goes along where an environ is copied, and the innermost layer of several counts.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Environ, StartResponse } from "../gateway.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import type { SecretKey } from "../signing/key-settings.ts"
import type { Store } from "../stores/store.ts"
import { isThenable } from "../thenable.ts"
import { type CarrierOptions, CookieSessions } from "./cookie-sessions.ts"
import { RequestSession, type SessionValidator } from "./request-session.ts"
import type { Session, SessionData } from "./session.ts"
import type { SessionCarrier } from "./session-carrier.ts"
import { SessionCookie, type SessionCookieOptions } from "./session-cookie.ts"
import { StoredSessions } from "./stored-sessions.ts"

/** What holds for sessions wherever they are kept. */
export interface CommonSessionOptions {
  /** Name and attributes of the cookie: `session`, Secure, HttpOnly, SameSite=Lax, Path=/ unless given. */
  cookie?: SessionCookieOptions | undefined
  /**
   * How long a session holds after it was saved; 31 days unless given, as in Flask. One that is read when half of that is
   * over is saved again.
   */
  maxAgeSeconds?: number | undefined
  /** Whether the cookie outlives the browser's session. False unless given; a session may say otherwise for itself. */
  permanent?: boolean | undefined
  /** A change of one of these keys rotates the session. `user`, `userId` and `user_id` unless given. */
  rotateOn?: readonly string[] | undefined
  /**
   * Called with what was kept, which may be from an older version of the program: returns what to take of it, or
   * `undefined` to begin anew.
   */
  validate?: SessionValidator | undefined
}

/** Where sessions are kept: in the cookie, signed with `secret`, or on a `store`. */
export type SessionOptions = CommonSessionOptions &
  (
    | {
        /** The key, or several of them, the newest last. At least 16 bytes each. */
        secret: SecretKey | readonly SecretKey[]
        store?: undefined
      }
    | { store: Store; secret?: undefined }
  )

const KEY = "werkstatt.session"
const DAY = 86_400

/**
 * Gives `app` sessions: see `getSession`. A session is read when a view asks for it and saved when it was changed; a
 * request that does not ask costs next to nothing, and its response has neither Set-Cookie nor Vary.
 *
 * @throws RangeError for a secret of less than 16 bytes, TypeError without secret and store, and for a malformed cookie
 */
export function sessions(app: ApplicationLike, options: SessionOptions): Application {
  const inner = asApplication(app, "sessions")
  const carrier = carrierOf(options)
  const { validate } = options
  return (environ, startResponse) => {
    const own = new RequestSession(environ, carrier, validate)
    environ[KEY] = own
    const start: StartResponse = (status, headers, error) =>
      own.writing(startResponse(status, own.headers(headers), error))
    const body = inner(environ, start)
    return isThenable(body) ? body.then((settled) => own.body(settled)) : own.body(body)
  }
}

const OPTIONS: OptionNames<CommonSessionOptions & { secret: unknown; store: unknown }> = {
  cookie: true,
  maxAgeSeconds: true,
  permanent: true,
  rotateOn: true,
  secret: true,
  store: true,
  validate: true,
}

function carrierOf(options: SessionOptions): SessionCarrier {
  checkOptions("sessions", options ?? {}, OPTIONS)
  const { secret, store, maxAgeSeconds = 31 * DAY, permanent = false } = options ?? {}
  const { rotateOn = ["user", "userId", "user_id"] } = options
  if (!(maxAgeSeconds > 0)) throw new RangeError(`maxAgeSeconds must be above 0, not ${String(maxAgeSeconds)}`)
  if ((secret === undefined) === (store === undefined)) {
    throw new TypeError("sessions need a secret, to be kept in a cookie, or a store; not both")
  }
  const cookie = new SessionCookie(options.cookie ?? {}, maxAgeSeconds)
  const common: CarrierOptions = { cookie, maxAgeSeconds, permanent, rotateOn }
  return store === undefined ? new CookieSessions(secret as SecretKey, common) : new StoredSessions(store, common)
}

/** A request, or the environ of one. */
export type WithEnviron = Environ | { readonly environ: Environ }

/**
 * The session of a request. The same object each time; it counts as read from the first time on.
 *
 * `Data` says what is in it: `getSession<Visitor>(request)`, or once and for all `const visitorOf = getSession<Visitor>`.
 *
 * @throws TypeError when there is no `sessions` layer around the application; what the Store rejects with
 * @example
 * await getSession({}) // throws TypeError
 */
export function getSession<Data extends object = SessionData>(request: WithEnviron): Promise<Session<Data>> {
  const own = environOf(request)[KEY]
  if (own instanceof RequestSession) return own.open() as unknown as Promise<Session<Data>>
  const error = new TypeError("there are no sessions here: put sessions(app, { secret }) around the application")
  return Promise.reject(error)
}

/** The environ of a request. */
export function environOf(request: WithEnviron): Environ {
  const { environ } = request as { environ?: unknown }
  return (typeof environ === "object" && environ !== null ? environ : request) as Environ
}

/** Whether there is a `sessions` layer around the application. */
export function hasSession(environ: Environ): boolean {
  return environ[KEY] instanceof RequestSession
}
