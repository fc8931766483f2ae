// How a session comes with a request and goes with its response: in the cookie itself, or on a Store.

import type { Environ } from "../gateway.ts"
import type { FinishedSession, SessionLimits } from "./session.ts"

/** What was kept for the visitor of a request. */
export interface LoadedSession {
  values: Map<string, unknown>
  isNew: boolean
  /** Whether to save it though nothing has changed: it is half expired, or signed with an old key. */
  isStale: boolean
  /** What the carrier itself remembers of it. */
  origin?: unknown
}

/** What a response has to do for the session. */
export interface SavedSession {
  /** The value of Set-Cookie, if there is one to send. */
  setCookie?: string | undefined
  /** Settles when the session is saved; the response must not go out before. */
  saving?: Promise<void> | undefined
}

/** Keeps the sessions of an application. */
export interface SessionCarrier extends SessionLimits {
  /** The session that the request brings; one without values when it brings no valid session. */
  load(environ: Environ): LoadedSession | Promise<LoadedSession>
  /** Called once, when the response begins, if there is something to save. Does not throw. */
  save(environ: Environ, loaded: LoadedSession, finished: FinishedSession): SavedSession
}
