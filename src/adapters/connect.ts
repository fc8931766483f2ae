// Applications and handlers of the form (request, response, next) of node:http: ours inside of Express, Connect and other
// frameworks that take such a handler, and Express, Koa, Fastify and middleware for Connect inside of ours.

import type { IncomingMessage, ServerResponse } from "node:http"
import type { ApplicationLike } from "../gateway.ts"
import { mountingOf } from "./connect/mounting.ts"
import { listening } from "./node/listening.ts"
import type { NodeListenerOptions } from "./node.ts"

export { type ConnectHandler, fromConnect, type NodeApplication } from "./connect/from-connect.ts"

/** How a handler for Connect treats requests. */
export interface ToConnectOptions extends NodeListenerOptions {
  /**
   * Which answers of the application are not sent, and leave the request to what stands behind it: with `true` those with status
   * 404, or those with one of the codes that are listed. False unless given.
   */
  passOn?: boolean | readonly number[]
}

const NOT_FOUND: ReadonlySet<number> = new Set([404])

/**
 * A handler for Express, Connect and others that take `(request, response, next)`.
 *
 * The mount of the framework becomes SCRIPT_NAME. A body that a parser of the framework has read is taken from `rawBody` or `body`;
 * where it can't be put together again, as with multipart forms, reading it fails with an error that says so.
 */
export function toConnect(
  app: ApplicationLike,
  options: ToConnectOptions = {},
): (message: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => void {
  const { passOn = false, ...common } = options
  const codes = passOn === true ? NOT_FOUND : passOn === false ? undefined : new Set(passOn)
  const http1 = listening(app, common)
  return (message, response, next) => {
    // Called without an argument: what `next` is given counts as an error.
    const mounting = mountingOf(message, next === undefined ? undefined : codes, () => next?.())
    http1.handle(message, response, false, mounting)
  }
}
