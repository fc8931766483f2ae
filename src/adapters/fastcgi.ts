// A server for FastCGI: front servers such as nginx, Apache and lighttpd hand requests to it, over connections that they may keep.

import type { Server } from "node:net"
import type { ApplicationLike } from "../gateway.ts"
import { type GatewayServerOptions, gatewayServer } from "./cgi/gateway.ts"
import { FastCgiConnection } from "./fastcgi/connection.ts"
import type { NodeServer } from "./node/options.ts"

export type { GatewayServerOptions } from "./cgi/gateway.ts"

/** How a server for FastCGI treats requests. */
export interface FastCgiServerOptions extends GatewayServerOptions {
  /**
   * Whether what a request writes to `wsgi.errors` is sent to the front server, for its error log, in place of `errors`. What is
   * written after the response goes to `errors` all the same. False unless given.
   */
  errorsToFront?: boolean
}

/**
 * A server for `app` that speaks FastCGI as a responder, not yet listening. It takes connections of unix sockets and of this
 * machine, unless `allowFrom` or the variable FCGI_WEB_SERVER_ADDRS of the protocol says otherwise.
 *
 * What is malformed costs its request or its connection, with a line in the log. A response that breaks off closes its
 * connection without END_REQUEST. One request is at work on a connection at a time.
 *
 * @throws TypeError for a `scriptName` that is no path, RangeError for an entry of `allowFrom` that is no address
 */
export function createFastCgiServer(app: ApplicationLike, options: FastCgiServerOptions = {}): NodeServer<Server> {
  const named = process.env["FCGI_WEB_SERVER_ADDRS"]
  const allowFrom = options.allowFrom ?? (named ? ["unix", ...named.split(",").map((each) => each.trim())] : undefined)
  return gatewayServer(
    app,
    allowFrom === undefined ? options : { ...options, allowFrom },
    { name: "FastCGI", unknownLength: "always" },
    (socket, gateway) => new FastCgiConnection(socket, gateway, options.errorsToFront ?? false),
  )
}
