// A server for the protocol of uWSGI, which nginx speaks with `uwsgi_pass`: one request for each connection.

import type { Server } from "node:net"
import type { ApplicationLike } from "../gateway.ts"
import { type GatewayServerOptions, gatewayServer } from "./cgi/gateway.ts"
import { SingleConnection } from "./cgi/single-connection.ts"
import type { NodeServer } from "./node/options.ts"
import { UwsgiParser } from "./uwsgi/parser.ts"

export type { GatewayServerOptions } from "./cgi/gateway.ts"

/**
 * A server for `app` that speaks the protocol of uWSGI, not yet listening. It takes connections of unix sockets and of this
 * machine, unless `allowFrom` says otherwise.
 *
 * What is malformed costs its connection, with a line in the log. A response that breaks off resets its connection; over a unix
 * socket the front server sees that only where Content-Length was told.
 *
 * @throws TypeError for a `scriptName` that is no path, RangeError for an entry of `allowFrom` that is no address
 */
export function createUwsgiServer(app: ApplicationLike, options: GatewayServerOptions = {}): NodeServer<Server> {
  return gatewayServer(
    app,
    options,
    { name: "uwsgi", unknownLength: "never" },
    // Apache takes a status line only.
    (socket, gateway) => new SingleConnection(socket, gateway, new UwsgiParser(gateway.maxHeadBytes), "HTTP/1.1 "),
  )
}
