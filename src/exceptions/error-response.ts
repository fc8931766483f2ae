// biome-ignore-all lint/suspicious/noEmptyInterface: wrappers/response.ts says that ErrorResponse is a Response

// How an error becomes a Response, which stands in a higher room and knows errors: so Response puts itself here when it is
// loaded, and says what it is where the type is declared. Knows of it only how it is made.

import type { HeaderList } from "../gateway.ts"
import { asciiLower } from "../http/tokens.ts"

/** What `getResponse` of an error gives: a Response, which can be changed before it is sent. */
export interface ErrorResponse {}

/** What this file needs of the class. */
export type ErrorResponseClass = new (
  body: string,
  options: { status: string; headers: HeaderList },
) => ErrorResponse & { readonly headers: { delete(name: string): void } }

let responseClass: ErrorResponseClass | undefined

/** Makes this the class of the responses of errors. */
export function setErrorResponseClass(type: ErrorResponseClass): void {
  responseClass = type
}

/**
 * A response with this page.
 *
 * @throws TypeError when the class Response is not loaded
 */
export function makeErrorResponse(body: string, status: string, headers: HeaderList): ErrorResponse {
  if (responseClass === undefined) {
    throw new TypeError(
      'getResponse gives a Response, and that class is not loaded: import it from "werkstatt/wrappers"',
    )
  }
  const response = new responseClass(body, { status, headers })
  const isTyped = headers.some(([name]) => asciiLower(name) === "content-type")
  if (!isTyped) response.headers.delete("Content-Type")
  return response
}
