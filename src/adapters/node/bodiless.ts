// Which messages of node:http bring a body. The fields tell; but Node makes an object of them all when one is asked for, so
// what the environ found out is noted on the message.

import type { IncomingMessage } from "node:http"

type Noted = IncomingMessage & { isBodiless?: boolean }

/** Notes that nothing of a body will come. */
export function noteBodiless(message: IncomingMessage): void {
  ;(message as Noted).isBodiless = true
}

/** Whether a body comes with the request, be it an empty one (RFC 9112 section 6.3). */
export function hasBody(message: IncomingMessage): boolean {
  if ((message as Noted).isBodiless === true) return false
  const { headers } = message
  return "content-length" in headers || "transfer-encoding" in headers
}
