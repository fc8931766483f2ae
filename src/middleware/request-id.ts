// A name for each request, for logs on both sides. Stands outside of the layers that write logs.
// An id that the client sent is taken only when told so, and only if it can do no harm in a log or a header.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Environ, StartResponse } from "../gateway.ts"
import { checkFieldName } from "../http/fields.ts"
import { asciiLower } from "../http/tokens.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { fieldKey, fieldOf, textOf } from "./header-list.ts"

/** Where an id comes from, and in which header it goes. */
export interface RequestIdOptions {
  /** The header that tells the id to the client, and brings that of a trusted one. Default `X-Request-ID`. */
  header?: string | undefined
  /** Whether an id in the request is taken over: behind a proxy of yours that sets it. Default false. */
  trust?: boolean | undefined
  /** Makes ids; default random UUIDs. */
  generate?: ((environ: Environ) => string) | undefined
}

const KEY = "werkstatt.request_id"

const OPTIONS: OptionNames<RequestIdOptions> = { header: true, trust: true, generate: true }

/**
 * Gives each request an id: in the environ (see `getRequestId`) and in a header of the response, unless the application
 * has set that header itself. The request's own header is in the environ with the same value.
 */
export function requestId(app: ApplicationLike, options: RequestIdOptions = {}): Application {
  const inner = asApplication(app, "requestId")
  checkOptions("requestId", options, OPTIONS)
  // Taken once: the global is a getter on some runtimes.
  const random = crypto
  const { header = "X-Request-ID", trust = false, generate = () => random.randomUUID() } = options
  const key = fieldKey(checkFieldName(header))
  const lower = asciiLower(header)
  return (environ, startResponse) => {
    const given = trust ? textOf(environ, key) : undefined
    const id = given !== undefined && isRequestId(given) ? given : checkId(generate(environ))
    environ[KEY] = id
    environ[key] = id
    const start: StartResponse = (status, headers, error) =>
      startResponse(status, fieldOf(headers, lower) === undefined ? [...headers, [header, id]] : headers, error)
    return inner(environ, start)
  }
}

/**
 * Whether a text can be an id: 1 to 128 letters, digits and `+-./=_~:`, so that it is one word in any log.
 *
 * @example
 * isRequestId("7b0c2e9a-5a5e") // => true
 * isRequestId("a b") // => false
 * isRequestId("") // => false
 */
export function isRequestId(text: string): boolean {
  return /^[A-Za-z0-9+\-./=_~:]{1,128}$/.test(text)
}

function checkId(id: string): string {
  if (!isRequestId(id)) throw new RangeError(`not a request id: ${JSON.stringify(id)}`)
  return id
}

/**
 * The id that requestId has given to the request; `undefined` when there is no such layer.
 *
 * @example
 * getRequestId({}) // => undefined
 */
export function getRequestId(environ: Environ): string | undefined {
  return textOf(environ, KEY)
}
