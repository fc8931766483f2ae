// Several processes that serve one address, through node:cluster: the first one starts the others, each of which runs the
// same program up to the same call, and replaces those that die. It serves nothing itself.

import cluster from "node:cluster"
import type { Application } from "../gateway.ts"
import { banner } from "./banner.ts"
import { makeServer, type ServerOptions, type WerkstattServer } from "./make-server.ts"
import { onStopSignal } from "./stop-signals.ts"
import { hasColors } from "./terminal.ts"
import { generateAdhocSslPair } from "./tls.ts"

/** Carries the certificate that all processes share, where one is made on the spot. */
const PAIR_VARIABLE = "WERKSTATT_ADHOC_PAIR"

/** What a process tells the first one when it serves. */
type Serving = { werkstatt: "serving" } & Pick<WerkstattServer, "urls" | "isWide">

/** Resolves when all processes have ended; in each of them, when its server has. */
export async function runInProcesses(
  hostname: string,
  port: number,
  app: Application,
  options: ServerOptions,
  count: number,
  exitLimitMs: number,
): Promise<void> {
  if (cluster.isPrimary) await superviseWorkers(hostname, options, count)
  else await work(hostname, port, app, options, exitLimitMs)
}

async function superviseWorkers(hostname: string, options: ServerOptions, count: number): Promise<void> {
  if (process.argv[1] === undefined)
    throw new TypeError("processes need a program in a file: each of them runs it anew")
  const env: Record<string, string> = {}
  if (options.sslContext === "adhoc") env[PAIR_VARIABLE] = JSON.stringify(await generateAdhocSslPair(hostname))
  let stopping = false
  let serving = false
  const end = onStopSignal((signal, times) => {
    stopping = true
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(times > 2 ? "SIGKILL" : signal)
  })
  cluster.on("message", (_worker, message: Serving) => {
    if (message?.werkstatt !== "serving" || serving) return
    serving = true
    process.stdout.write(banner(message, hasColors(process.stdout)))
  })
  await new Promise<void>((resolve) => {
    cluster.on("exit", (worker, code, signal) => {
      // What dies before any process serves would only die again.
      if (!stopping && serving) {
        process.stderr.write(` * Process ${worker.process.pid} ended (${signal ?? code}); starting another\n`)
        cluster.fork(env)
      } else if (Object.keys(cluster.workers ?? {}).length === 0) {
        if (!serving) process.exitCode = code || 1
        resolve()
      }
    })
    for (let i = 0; i < count; i++) cluster.fork(env)
  })
  end()
}

async function work(
  hostname: string,
  port: number,
  app: Application,
  options: ServerOptions,
  exitLimitMs: number,
): Promise<void> {
  const pair = process.env[PAIR_VARIABLE]
  delete process.env[PAIR_VARIABLE]
  const shared = pair === undefined ? options : { ...options, sslContext: JSON.parse(pair) as object }
  const server = await makeServer(hostname, port, app, { ...shared, multiprocess: true })
  let signalled = 0
  const end = onStopSignal((_signal, times) => {
    signalled = times
    server.close()
  })
  const message: Serving = { werkstatt: "serving", urls: server.urls, isWide: server.isWide }
  process.send?.(message)
  await server.serveForever()
  end()
  setTimeout(() => process.exit(), signalled > 1 ? 0 : exitLimitMs).unref()
  process.channel?.unref()
}
