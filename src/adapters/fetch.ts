// Applications and web Request/Response: ours behind everything that calls a function with a Request (Bun, Deno, Workers, service
// workers, Hono, h3, Next), and such functions as applications of ours. Streams both ways. Knows no module of Node.

import type { ApplicationLike } from "../gateway.ts"
import { NEVER_SILENT } from "../running/connections.ts"
import { type Addresses, Refusal } from "../running/environ.ts"
import { Service, type ServiceOptions } from "../running/service.ts"
import { addressesOf, originOf } from "./fetch/addresses.ts"
import { FetchExchange } from "./fetch/fetch-exchange.ts"

export { type BunSocket, type BunWebSocketHandlers, bunWebSocket } from "./fetch/bun-websocket.ts"
export {
  type FetchBindings,
  type FetchContext,
  type FetchHandler,
  type FromFetchOptions,
  fromFetch,
} from "./fetch/from-fetch.ts"

/** How a fetch handler treats requests. What belongs to connections is up to the runtime. */
export interface ToFetchOptions<Rest extends unknown[] = unknown[]>
  extends Omit<ServiceOptions, "environ" | "keepAlive" | "maxDiscardBytes" | "lingerMs"> {
  /**
   * Further keys of every environ; or a function that makes them from the Request and what else the runtime calls the handler
   * with, as the address of the client. A key whose value is `undefined` is left out.
   */
  environ?: Record<string, unknown> | ((request: Request, ...rest: Rest) => Record<string, unknown>)
  /** A request whose method, target and fields have more bytes is answered with 431. Default 16 KiB. */
  maxHeadBytes?: number
}

/** What Workers and service workers give to a handler, to be told of work that outlasts the response. */
interface Lifetime {
  waitUntil(promise: Promise<unknown>): void
}

/**
 * A function that answers a web Request with `app`, for `Bun.serve`, `Deno.serve`, Workers and other servers that take a fetch
 * handler.
 * It never rejects: an application that fails is a 500, or a stream with an error once the head is sent.
 *
 * `Host` is what the client sent; a Request without it names its server by its URL. An argument that has `waitUntil` is told of a
 * body that is closed after the response.
 *
 * @example
 * const handle = toFetch((environ, start) => { start("200 OK", []); return [new TextEncoder().encode(environ.PATH_INFO)] })
 * await (await handle(new Request("http://localhost/a?b"))).text() // => "/a"
 */
export function toFetch<Rest extends unknown[] = unknown[]>(
  app: ApplicationLike,
  options: ToFetchOptions<Rest> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const { environ, maxHeadBytes = 16 * 1024, ...common } = options
  const further = typeof environ === "function" ? environ : undefined
  const serviceOptions: ServiceOptions = typeof environ === "object" ? { ...common, environ: defined(environ) } : common
  const service = new Service(app, serviceOptions, { limits: NEVER_SILENT })
  let addresses = addressesOf("http://localhost")
  let lastOrigin = ""

  return (request, ...rest) => {
    const origin = originOf(request.url)
    if (origin !== lastOrigin) {
      addresses = addressesOf(origin)
      lastOrigin = origin
    }
    const exchange = new FetchExchange(service, request, origin, maxHeadBytes, rest)
    let own = addresses
    if (further !== undefined) {
      try {
        own = withVariables(addresses, defined(further(request, ...rest)))
      } catch (error) {
        exchange.report("the function that makes further keys of the environ failed", error)
        exchange.refuse(FAILED)
        return exchange.response()
      }
    }
    const refusal = exchange.refusal ?? service.serve(exchange, own, exchange)
    if (refusal !== undefined) exchange.refuse(refusal)
    else if (!exchange.isOver) outlast(exchange, rest)
    return exchange.response()
  }
}

const FAILED = new Refusal("500 Internal Server Error")

/** What is not over when the handler returns depends on the client, and on a runtime that lets it go on. */
function outlast(exchange: FetchExchange, rest: readonly unknown[]): void {
  exchange.watch()
  for (const argument of rest) {
    const lifetime = argument as Partial<Lifetime> | null | undefined
    if (typeof lifetime?.waitUntil !== "function") continue
    lifetime.waitUntil(exchange.over())
    return
  }
}

function withVariables(addresses: Addresses, variables: Record<string, unknown>): Addresses {
  const { REMOTE_ADDR: address, REMOTE_PORT: port } = variables
  return {
    ...addresses,
    remoteAddress: typeof address === "string" ? address : undefined,
    remotePort: typeof port === "string" ? port : undefined,
    further: { ...addresses.further, ...variables } as Record<string, string>,
  }
}

function defined(variables: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined))
}
