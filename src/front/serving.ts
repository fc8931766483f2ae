// The two servers as the front door has them: they are loaded when one is asked for. Most programs that import `werkstatt` are
// served by something else.

import type { ApplicationLike } from "../gateway.ts"
import type { ServerOptions, WerkstattServer } from "../serving/make-server.ts"
import type { RunOptions } from "../serving/run-simple.ts"

/** `makeServer` of `werkstatt/serving`: binds `app` to an address, and resolves when requests are answered. */
export async function makeServer(
  hostname: string,
  port: number,
  app: ApplicationLike,
  options?: ServerOptions,
): Promise<WerkstattServer> {
  const serving = await import("../serving/make-server.ts")
  return serving.makeServer(hostname, port, app, options)
}

/** `runSimple` of `werkstatt/serving`: serves `app` for development, and resolves when the server has stopped. */
export async function runSimple(
  hostname: string,
  port: number,
  app: ApplicationLike,
  options?: RunOptions,
): Promise<void> {
  const serving = await import("../serving/run-simple.ts")
  return serving.runSimple(hostname, port, app, options)
}
