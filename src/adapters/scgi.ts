// A server for SCGI: front servers such as nginx, Apache and lighttpd hand requests to it, one for each connection.

import type { Server } from "node:net"
import type { ApplicationLike } from "../gateway.ts"
import { type GatewayServerOptions, gatewayServer } from "./cgi/gateway.ts"
import { SingleConnection } from "./cgi/single-connection.ts"
import type { NodeServer } from "./node/options.ts"
import { ScgiParser } from "./scgi/parser.ts"

export type { GatewayServerOptions } from "./cgi/gateway.ts"

/**
 * A server for `app` that speaks SCGI, not yet listening. It takes connections of unix sockets and of this machine, unless
 * `allowFrom` says otherwise.
 *
 * What is malformed costs its connection, with a line in the log. A response that breaks off resets its connection; over a unix
 * socket the front server sees that only where Content-Length was told.
 *
 * @throws TypeError for a `scriptName` that is no path, RangeError for an entry of `allowFrom` that is no address
 */
export function createScgiServer(app: ApplicationLike, options: GatewayServerOptions = {}): NodeServer<Server> {
  return gatewayServer(
    app,
    options,
    { name: "SCGI", unknownLength: "never" },
    (socket, gateway) => new SingleConnection(socket, gateway, new ScgiParser(gateway.maxHeadBytes), "Status: "),
  )
}
