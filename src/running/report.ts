// What went wrong in a request, told to the operator: as text in wsgi.errors, and as an error to the function that the
// server was given for that. The driver and middleware tell it in the same way.

import type { Environ, ErrorStream } from "../gateway.ts"
import { isInstance } from "../mistakes/thrown.ts"

/** Takes an error of a request; `environ` is undefined when there is none yet. */
export type OnError = (error: Error, environ: Environ | undefined) => void

/** The key of an environ under which a server puts its OnError, for middleware that reports. */
export const ON_ERROR_KEY = "werkstatt.on_error"

/** Where reports go that no environ takes. */
interface LastResort {
  readonly errors: ErrorStream
  readonly onError?: OnError | undefined
}

/** Tells the operator of the server. Never throws. */
export function report(log: LastResort, environ: Environ | undefined, message: string, error?: unknown): void {
  const text = error === undefined ? `${message}\n` : `${message}\n${display(error)}\n`
  tell(environ?.["wsgi.errors"] ?? log.errors, text, log.errors)
  const onError = (environ?.[ON_ERROR_KEY] as OnError | undefined) ?? log.onError
  if (onError === undefined) return
  try {
    onError(isInstance(error, Error) ? error : new Error(message, error === undefined ? {} : { cause: error }), environ)
  } catch (failure) {
    tell(log.errors, `onError failed\n${display(failure)}\n`, log.errors)
  }
}

/**
 * Tells the operator what a middleware has met: text for `wsgi.errors`, and the error for a server's `onError`.
 *
 * @example
 * const lines = []
 * const environ = { "wsgi.errors": { write: (text) => lines.push(text) } }
 * reportError(environ, "the cache is not reachable")
 * lines // => ["the cache is not reachable\n"]
 */
export function reportError(environ: Environ, message: string, error?: unknown): void {
  report({ errors: environ["wsgi.errors"] ?? SILENT }, environ, message, error)
}

/** For an environ that says nowhere to write, as tests make them. */
const SILENT: ErrorStream = { write: () => {}, writeLines: () => {}, flush: () => {} }

function tell(errors: ErrorStream, text: string, last: ErrorStream): void {
  try {
    errors.write(text)
  } catch {
    if (errors === last) return
    try {
      last.write(text)
    } catch {
      // There is no other place to report to.
    }
  }
}

interface Util {
  inspect(value: unknown): string
}
const { process } = globalThis as { process?: { getBuiltinModule?(name: string): Util | undefined } }
const util = process?.getBuiltinModule?.("node:util")

/** An error for the log: its stack and causes, and anything else that was thrown instead of an error. Never throws. */
export function display(error: unknown): string {
  try {
    if (util !== undefined) return util.inspect(error)
    if (!(error instanceof Error)) return String(error)
    const text = error.stack ?? `${error.name}: ${error.message}`
    return error.cause === undefined ? text : `${text}\ncaused by ${display(error.cause)}`
  } catch {
    return "(what was thrown cannot be shown)"
  }
}
