// Runs an application in this process until it is told to stop: binds, says where, and turns signals into an orderly end.

import type { Application } from "../gateway.ts"
import { makeServer, type ServerOptions } from "./make-server.ts"

/** How long the code behind `await runSimple(...)` has after a signal, before whatever still runs is ended. */
const EXIT_LIMIT_MS = 3000

/**
 * Serves `app` for development, logs each request, and resolves when the server has stopped.
 *
 * SIGINT (Ctrl+C) and SIGTERM stop it: it finishes the requests at work and the process ends with exit code 0.
 * A second signal ends them at once. What the program still has open after that does not keep it alive.
 *
 * @throws Error when the address is taken; the message says what to do
 */
export async function runSimple(
  hostname: string,
  port: number,
  app: Application,
  options: ServerOptions = {},
): Promise<void> {
  const server = await makeServer(hostname, port, app, options)
  let signalled = 0
  const stop = (): void => {
    signalled++
    server.close()
  }
  const signals = ["SIGINT", "SIGTERM"] as const
  for (const signal of signals) process.on(signal, stop)
  process.stdout.write(` * Running on ${server.url}\nPress CTRL+C to quit\n`)
  await server.serveForever()
  for (const signal of signals) process.off(signal, stop)
  if (signalled > 0) setTimeout(() => process.exit(), signalled === 1 ? EXIT_LIMIT_MS : 0).unref()
}
