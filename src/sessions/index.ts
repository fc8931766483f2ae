// What is known of a visitor from one request to the next, and that the request was the visitor's own wish.

export { type RequestSource, requestSource } from "../environ/request-source.ts"
export { type CsrfOptions, csrf } from "./csrf.ts"
export { csrfField, csrfToken } from "./csrf-token.ts"
export type { Kept } from "./kept-value.ts"
export type { SessionValidator } from "./request-session.ts"
export { type Flash, Session, type SessionData } from "./session.ts"
export type { SessionCookieOptions } from "./session-cookie.ts"
export { type CommonSessionOptions, getSession, type SessionOptions, sessions, type WithEnviron } from "./sessions.ts"
