// A table for authors of servers and adapters: what an application and a client see of each other through a server that keeps
// to docs/gateway.md. Give each request to your server, and compare what comes back.

import type { ConformanceCase } from "./conformance-case.ts"
import { failureCases } from "./conformance-failures.ts"
import { requestCases } from "./conformance-requests.ts"
import { responseCases } from "./conformance-responses.ts"

export {
  type ConformanceAnswer,
  type ConformanceCase,
  type ConformanceExpectation,
  type ConformanceRequest,
  differences,
  requestBytes,
  requestOptions,
  takeNotes,
} from "./conformance-case.ts"

/**
 * The cases, each `[name, application, request, expected]`. `requestBytes(request)` is what to write to a socket,
 * `requestOptions(request)` what to give to an EnvironBuilder; `differences(expected, answer)` compares.
 *
 * Applications keep no state between requests but their notes, so that a server can be given many at once.
 *
 * @example
 * conformance.length > 80 // => true
 */
export const conformance: readonly ConformanceCase[] = [...requestCases, ...responseCases, ...failureCases]
