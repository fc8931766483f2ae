// src/serving/make-server.ts for tests that run over the engine of node:net.

import type { ApplicationLike } from "../../src/gateway.ts"
import { makeServer as make, type ServerOptions, type WerkstattServer } from "../../src/serving/make-server.ts"

export * from "../../src/serving/make-server.ts"

export function makeServer(
  hostname: string,
  port: number,
  app: ApplicationLike,
  options: ServerOptions = {},
): Promise<WerkstattServer> {
  return make(hostname, port, app, { ...options, engine: "net" })
}
