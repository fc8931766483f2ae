// The way from a view, which takes a request and returns an answer, to an application, which is what servers call.
// Nothing waits without need: where the view returns its answer at once, the application does too, and a plain
// array goes to the server as it is. Knows a request only by what it needs of it.

import { respondWith } from "../environ/responder.ts"
import { HTTPException } from "../exceptions/http-exception.ts"
import type { ApplicationLike, Body, Environ, StartResponse } from "../gateway.ts"
import { describe } from "../mistakes/describe.ts"
import { isInstance } from "../mistakes/thrown.ts"
import { closingAfter } from "../running/wrap-body.ts"
import { isThenable } from "../thenable.ts"

/** What this file needs of a request. */
export interface Closable {
  /** Whether `close` has something to do. */
  readonly needsClose: boolean
  close(): void | Promise<void>
}

/** A function that answers a request. Its `this` is that of the application. */
export type View<This, R> = (this: This, request: R) => ApplicationLike | Promise<ApplicationLike>

/** An application that hands its `this` on to its view. */
export type ViewApplication<This> = (this: This, environ: Environ, startResponse: StartResponse) => Body | Promise<Body>

/** The application that makes a request of the environ and has `view` answer it. */
export function applicationOf<This, R extends Closable>(
  requestClass: new (environ: Environ) => R,
  view: View<This, R>,
): ViewApplication<This> {
  if (typeof view !== "function")
    throw new TypeError(`application takes a view, (request) => response, not ${describe(view)}`)
  return function (environ, startResponse) {
    const request = new requestClass(environ)
    let answer: ApplicationLike | Promise<ApplicationLike>
    try {
      answer = view.call(this, request)
    } catch (error) {
      return fail(request, error, environ, startResponse)
    }
    return isThenable(answer)
      ? Promise.resolve(answer).then(
          (settled) => send(request, settled, environ, startResponse),
          (error) => fail(request, error, environ, startResponse),
        )
      : send(request, answer, environ, startResponse)
  }
}

/** Answers with what was thrown, if it is an answer. */
function fail(request: Closable, error: unknown, environ: Environ, startResponse: StartResponse): Body | Promise<Body> {
  return isInstance(error, HTTPException) ? send(request, error, environ, startResponse) : abandon(request, error)
}

function send(
  request: Closable,
  answer: ApplicationLike,
  environ: Environ,
  startResponse: StartResponse,
): Body | Promise<Body> {
  let body: Body | Promise<Body>
  try {
    body = respondWith(answer, environ, startResponse)
  } catch (error) {
    return abandon(request, error)
  }
  if (!isThenable(body)) return closeAfter(request, answer, body)
  return body.then(
    (settled) => closeAfter(request, answer, settled),
    (error) => abandon(request, error),
  )
}

/**
 * The body, with the request to be closed when it is: as long as it is sent, the code that makes it may read from the request,
 * an uploaded file for one. Nothing of that sort can be behind an array, nor behind a body that is meant to reach the
 * server untouched; these are handed on as they are, unless the view has opened something.
 */
function closeAfter(request: Closable, answer: ApplicationLike, body: Body): Body {
  const isInert = Array.isArray(body) || (answer as { directPassthrough?: unknown }).directPassthrough === true
  return isInert && !request.needsClose
    ? body
    : closingAfter(body, () => (request.needsClose ? request.close() : undefined))
}

/** Closes the request and throws what has happened; at once, if there is nothing to close. */
function abandon(request: Closable, error: unknown): Promise<never> {
  if (!request.needsClose) throw error
  return closeThenThrow(request, error)
}

async function closeThenThrow(request: Closable, error: unknown): Promise<never> {
  try {
    await request.close()
  } catch {
    // The error before it says more.
  }
  throw error
}
