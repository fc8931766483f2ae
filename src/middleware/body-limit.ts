// Refuses request bodies beyond a size, for all types and framings. Stands outside of the layers that read them.
// An announced length is judged before a byte is read, so a client that waits for 100 Continue is spared the sending.

import { asApplication } from "../as-application.ts"
import { emptyInput } from "../environ/input.ts"
import { LimitedStream } from "../environ/limited-stream.ts"
import { getContentLength } from "../environ/request-input.ts"
import { RequestEntityTooLarge } from "../exceptions/statuses.ts"
import type { Application, ApplicationLike } from "../gateway.ts"
import { type OptionNames, requireOptions } from "../mistakes/options.ts"

/** How much `bodyLimit` lets through. */
export interface BodyLimitOptions {
  /** The most bytes that a request body may have; a whole number from 0. */
  maxBytes: number
}

const OPTIONS: OptionNames<BodyLimitOptions> = { maxBytes: true }

/**
 * Answers 413 to a request whose announced body is too large, without calling `app`. Of a body that comes without a length,
 * as a chunked one does, the read that meets the surplus rejects with RequestEntityTooLarge (413).
 *
 * @throws RangeError when `maxBytes` is not such a number
 */
export function bodyLimit(app: ApplicationLike, options: BodyLimitOptions): Application {
  const inner = asApplication(app, "bodyLimit")
  requireOptions("bodyLimit", options, OPTIONS)
  const { maxBytes } = options
  if (!(Number.isSafeInteger(maxBytes) && maxBytes >= 0)) {
    throw new RangeError(`maxBytes must be a whole number from 0, not ${String(maxBytes)}`)
  }
  const refusal = new RequestEntityTooLarge()
  return (environ, startResponse) => {
    const length = getContentLength(environ)
    const input = environ["wsgi.input"]
    if (length === undefined) {
      // A request without a body stays one: layers inside know that input.
      if (input !== emptyInput) environ["wsgi.input"] = new LimitedStream(input, maxBytes, true)
    } else if (length > maxBytes) return refusal.respond(environ, startResponse)
    return inner(environ, startResponse)
  }
}
