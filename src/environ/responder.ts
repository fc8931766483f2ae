// What can answer a request, a Responder or an application, and how it is asked.

import type { ApplicationLike, Body, Environ, StartResponse } from "../gateway.ts"
import { describe, isPlainObject } from "../mistakes/describe.ts"
import { isThenable } from "../thenable.ts"

/**
 * Has `answer` answer the request.
 *
 * @throws TypeError when it is neither a Responder nor a function; the message says what it is
 */
export function respondWith(
  answer: ApplicationLike,
  environ: Environ,
  startResponse: StartResponse,
): Body | Promise<Body> {
  if (typeof answer === "object" && answer !== null && typeof answer.respond === "function") {
    return answer.respond(environ, startResponse)
  }
  if (typeof answer === "function") return answer(environ, startResponse)
  throw new TypeError(`a view must return a Response, not ${describe(answer)}. ${answerHint(answer)}`)
}

/** What to write in place of a value that answers nothing. */
function answerHint(value: unknown): string {
  if (value === undefined) return "Is a return missing?"
  if (value instanceof globalThis.Response) return 'Import Response from "werkstatt"; that one answers requests.'
  if (typeof value === "string" || value instanceof Uint8Array) return "Write: return new Response(…)"
  if (Array.isArray(value) || isPlainObject(value)) return "Write: return Response.json(…)"
  return "Another Responder or an application will do, too."
}

/** A function that is given a request in its last two arguments, as an application is, and returns what answers it. */
export type RespondingView<This, Before extends unknown[]> = (
  this: This,
  ...args: [...Before, environ: Environ, startResponse: StartResponse]
) => ApplicationLike | Promise<ApplicationLike>

/**
 * An application from a function that returns one instead of calling it. Arguments before environ and startResponse, and `this`,
 * are passed on, so that it works on methods and can be bound.
 */
export function responder<This = void, Before extends unknown[] = []>(
  view: RespondingView<This, Before>,
): (this: This, ...args: [...Before, environ: Environ, startResponse: StartResponse]) => Body | Promise<Body> {
  return function (...args) {
    const environ = args.at(-2) as Environ
    const startResponse = args.at(-1) as StartResponse
    const answer = view.apply(this, args)
    if (!isThenable(answer)) return respondWith(answer, environ, startResponse)
    return answer.then((settled) => respondWith(settled, environ, startResponse))
  }
}
