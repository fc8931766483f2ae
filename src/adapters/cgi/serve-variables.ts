// A request of a front server, from its variables to the application, for CGI and the protocols that have a server. Apart from
// gateway.ts, so that a CGI script, which is started for each request, loads no server.

import { drive } from "../../running/driver.ts"
import { environOf, Refusal } from "../../running/environ.ts"
import { report } from "../../running/report.ts"
import type { Gateway } from "./gateway.ts"
import type { GatewayExchange } from "./gateway-exchange.ts"
import { FaultyRequest, requestOfVariables } from "./variables.ts"

/** Has the application answer a request, or gives the reason why it must not, which is in the log then. */
export function serveVariables(
  gateway: Gateway,
  pairs: readonly string[],
  exchange: GatewayExchange,
): Refusal | undefined {
  const request = requestOfVariables(pairs, gateway.variables)
  if (request instanceof FaultyRequest) return logged(gateway, request, request.why)
  const { head, addresses, contentLength } = request
  exchange.expectBody(head.hasBody === true, contentLength)
  const environ = environOf(head, addresses, gateway.service, exchange)
  if (environ instanceof Refusal) return logged(gateway, environ, `${head.method} ${JSON.stringify(head.target)}`)
  exchange.adjust(environ)
  drive(gateway.service.app, environ, exchange)
  return undefined
}

function logged(gateway: Gateway, refusal: Refusal, why: string): Refusal {
  report(gateway.service, undefined, `${gateway.name}: a request was answered with ${refusal.code}: ${why}`)
  return refusal
}
