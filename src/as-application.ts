// What counts as an application: a function, or an object that answers as one does. Everything that takes an application
// asks here once, when it is made, and has a function from then on, so that no request pays for the choice.
// Knows the contract alone; the message for anything else says what was passed and what to write.

import type { Application, ApplicationLike } from "./gateway.ts"
import { describe, foreignApplication, isClass, isPlainObject } from "./mistakes/describe.ts"
import { isThenable } from "./thenable.ts"

/**
 * The application that `app` is, or that has `app` answer.
 *
 * @param taker what takes the application, for the message of the error: `cors`
 * @throws TypeError for anything that is no application; the message says what it is
 * @example
 * const app = (environ, startResponse) => []
 * asApplication(app) === app // => true
 * asApplication({ respond: () => ["hi"] })() // => ["hi"]
 * asApplication("hello") // throws TypeError
 */
export function asApplication(app: ApplicationLike, taker?: string): Application {
  if (!isApplicationLike(app)) {
    const wanted = taker === undefined ? "an application is wanted" : `${taker} takes an application`
    throw new TypeError(`${wanted}, not ${describe(app)}. ${applicationHint(app, taker)}`)
  }
  return typeof app === "function" ? app : (environ, startResponse) => app.respond(environ, startResponse)
}

/** Whether this can answer requests, as far as can be told without asking it. */
export function isApplicationLike(value: unknown): value is ApplicationLike {
  if (typeof value === "function") return !isClass(value) && foreignApplication(value) === undefined
  return typeof value === "object" && value !== null && typeof (value as { respond?: unknown }).respond === "function"
}

const SHAPE = "An application is a function, (environ, startResponse) => body, as application((request) => …) makes it."

/** What to write in place of a value that is no application. */
export function applicationHint(value: unknown, taker?: string): string {
  if (isThenable(value)) return "Is an await missing?"
  if (value instanceof globalThis.Response) return 'Import Response from "werkstatt"; that one answers requests.'
  if (foreignApplication(value) !== undefined) return mountHint(value as object)
  if (isClass(value)) return "Make an instance of it, if it has a method respond(environ, startResponse)."
  if (isPlainObject(value) && taker !== undefined && /^[a-z]\w*$/.test(taker)) {
    return `It comes first: ${taker}(app, …), and in compose: (app) => ${taker}(app, …).`
  }
  return SHAPE
}

/** Applications of other frameworks run inside of ours by one of two adapters. */
function mountHint(value: object): string {
  if (/server of Node/.test(foreignApplication(value) ?? "")) return SHAPE
  const isFetch = typeof (value as { fetch?: unknown }).fetch === "function"
  const [name, door] = isFetch ? ["fromFetch", "fetch"] : ["fromConnect", "connect"]
  return `Mount it with ${name}(…) of "werkstatt/adapters/${door}".`
}
