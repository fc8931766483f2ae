// An application in one word, for views that take a plain Request.

import { Request } from "./request.ts"
import type { View, ViewApplication } from "./view.ts"

/**
 * An application that has `view` answer its requests: `Request.application` as a function of its own.
 *
 * @example
 * application((request) => new Response("hi")).length // => 2
 * application(undefined) // throws TypeError
 */
export function application<This>(view: View<This, Request>): ViewApplication<This> {
  return Request.application(view)
}
