// `processes` of run-simple.ts: the process that was started listens, and serves nothing; the others run the same program up
// to the same call, and get its connections.

import type { Application } from "../gateway.ts"
import { addressOf, boundAddress } from "./address.ts"
import { applicationServer } from "./application-server.ts"
import { banner } from "./banner.ts"
import { checkFrontPlace } from "./front-protocol.ts"
import { closer, type ServerOptions, schemeOf } from "./make-server.ts"
import { listenFor } from "./process-group/front.ts"
import { tellTurns } from "./process-group/guard.ts"
import { type GroupPayload, leaveParent, parentLink, serveForParent } from "./process-group/link.ts"
import { StartFailed, Workers } from "./process-group/workers.ts"
import { onStopSignal } from "./stop-signals.ts"
import { hasColors } from "./terminal.ts"
import { type CertificatePair, generateAdhocSslPair, loadSslContext } from "./tls.ts"

interface ProcessesPayload extends GroupPayload {
  readonly kind: "workers"
  /** The certificate that all processes share, where one is made on the spot. */
  readonly pair: CertificatePair | undefined
}

/** A process that turns its event loop no more is replaced after this time. */
const HANG_LIMIT_MS = 30_000
const READY_LIMIT_MS = 60_000
/** How long a process may take to end beyond its requests. */
const STOP_LIMIT_MS = 4000
const IMPATIENT_MS = 500

/** Resolves when all processes have ended; in each of them, when its server has. */
export async function runInProcesses(
  hostname: string,
  port: number,
  app: Application,
  options: ServerOptions,
  count: number,
  exitLimitMs: number,
): Promise<void> {
  const link = parentLink("workers")
  if (link === undefined) await superviseWorkers(hostname, port, options, count)
  else await work(link.payload as ProcessesPayload, hostname, app, options, exitLimitMs)
}

async function superviseWorkers(hostname: string, port: number, options: ServerOptions, count: number): Promise<void> {
  if (process.argv[1] === undefined)
    throw new TypeError("processes need a program in a file: each of them runs it anew")
  checkFrontPlace(hostname, port, options)
  const { sslContext, closeTimeoutMs = 10_000 } = options
  const pair = sslContext === "adhoc" ? await generateAdhocSslPair(hostname) : undefined
  const stopLimitMs = closeTimeoutMs + STOP_LIMIT_MS
  const workers = new Workers({
    count,
    launch: {},
    payload: { kind: "workers", pair } satisfies ProcessesPayload,
    readyLimitMs: READY_LIMIT_MS,
    stopLimitMs,
    hangLimitMs: HANG_LIMIT_MS,
    say: (line) => process.stderr.write(` * ${line}\n`),
  })
  const address = addressOf(hostname, port, options.fd, options.socketMode)
  const front = await listenFor(address, 0, (connection) => workers.deliver(connection))
  let stopped: Promise<void> | undefined
  const end = onStopSignal((_signal, times) => {
    front.close()
    stopped = workers.stop(times === 1 ? stopLimitMs : times === 2 ? IMPATIENT_MS : 0)
  })
  try {
    await workers.start()
  } catch (error) {
    if (!(error instanceof StartFailed)) throw error
    process.stderr.write(` * ${error.message}\n`)
    process.exitCode = error.exitCode
    front.close()
    stopped = workers.stop(0)
  }
  if (stopped === undefined) {
    process.stdout.write(banner(boundAddress(front, hostname, schemeOf(options)), hasColors(process.stdout)))
    await new Promise((resolve) => front.once("close", resolve))
  }
  await stopped
  end()
}

async function work(
  { pair }: ProcessesPayload,
  hostname: string,
  app: Application,
  options: ServerOptions,
  exitLimitMs: number,
): Promise<void> {
  const { sslContext, closeTimeoutMs = 10_000 } = options
  const tls = sslContext === undefined ? undefined : (pair ?? (await loadSslContext(sslContext, hostname)))
  const { inject, drain, destroy } = applicationServer(app, { ...options, multiprocess: true }, tls)
  const close = closer(drain, destroy, closeTimeoutMs)
  tellTurns(HANG_LIMIT_MS, () => [])
  await new Promise<void>((resolve, reject) => {
    const stop = (isReplaced: boolean) => void close(isReplaced).then(resolve, reject)
    // A terminal sends its signals to all processes; the first one tells the others.
    onStopSignal(() => {})
    serveForParent(undefined, { connection: inject, stop })
  })
  leaveParent()
  setTimeout(() => process.exit(), exitLimitMs).unref()
}
