// Runs an application until it is told to stop: binds, says where, and turns signals into an orderly end. With the
// reloader the same call runs in two processes: the parent stays here and supervises, its child serves.

import type { TlsOptions } from "node:tls"
import { asApplication } from "../as-application.ts"
import type { DebuggedApplication } from "../debug/debugged-application.ts"
import type { Application, ApplicationLike } from "../gateway.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { addressOf } from "./address.ts"
import { applicationServer } from "./application-server.ts"
import { banner } from "./banner.ts"
import { checkDebugger, type DebuggerOptions, debugApplication, debuggerKeys, debuggerLines } from "./debugging.ts"
import { checkFrontPlace, frontOptions } from "./front-protocol.ts"
import { bindServer, checkPlace, closer, SERVER_OPTIONS, type ServerOptions } from "./make-server.ts"
import { leaveParent, type ParentLink, parentLink, serveForParent } from "./process-group/link.ts"
import { LiveReload } from "./reloader/live-reload.ts"
import type { ReloaderPayload, ServedAddress } from "./reloader/payload.ts"
import type { ReloaderType } from "./reloader/watcher.ts"
import { requireNode } from "./require-node.ts"
import { onStopSignal } from "./stop-signals.ts"
import { hasColors } from "./terminal.ts"
import { type CertificatePair, loadSslContext } from "./tls.ts"

/** What is watched for changes, and how. */
export interface ReloaderOptions {
  /** Further files to watch, and folders with all that is in them. */
  extraFiles?: Iterable<string>
  /** Patterns of full paths that are not watched; `*` stands for slashes too. */
  excludePatterns?: Iterable<string>
  /** How changes are found. Default `auto`: events of the operating system. `stat` looks at the files time and again. */
  reloaderType?: ReloaderType
  /** How often `stat` looks. Default 1000 ms. */
  reloaderIntervalMs?: number
}

/**
 * What `runSimple` takes besides what `makeServer` does.
 */
export interface RunOptions extends ServerOptions, ReloaderOptions, DebuggerOptions {
  /** Whether the application starts anew when one of its files changes. */
  useReloader?: boolean
  /** Whether pages load themselves anew when the application has started anew. */
  liveReload?: boolean
  /** How many processes serve. Default 1; not together with the reloader. */
  processes?: number
}

/** How long the code behind `await runSimple(...)` has after a signal, before the process is ended. */
const EXIT_LIMIT_MS = 3000
/** The same when a newer process waits to take over. */
const RELOAD_EXIT_LIMIT_MS = 100

const RUN_OPTIONS: OptionNames<RunOptions> = {
  ...SERVER_OPTIONS,
  extraFiles: true,
  excludePatterns: true,
  reloaderType: true,
  reloaderIntervalMs: true,
  useReloader: true,
  liveReload: true,
  useDebugger: true,
  useEvalex: true,
  trustedHosts: true,
  remoteDebugger: true,
  processes: true,
}

/**
 * Serves `app` for development, logs each request, and resolves when the server has stopped.
 *
 * SIGINT (Ctrl+C), SIGTERM and SIGHUP stop it: it finishes the requests at work and the process ends with exit code 0.
 * A second signal ends them at once. What the program still has open after that does not keep it alive.
 *
 * With `useReloader` the call never resolves in the process that was started: it supervises another one that runs the
 * same program, and ends with its exit code.
 *
 * @throws Error when the address is taken; the message says what to do
 */
export async function runSimple(
  hostname: string,
  port: number,
  app: ApplicationLike,
  options: RunOptions = {},
): Promise<void> {
  checkPlace("runSimple", hostname)
  const application = asApplication(app, "runSimple")
  checkOptions("runSimple", options, RUN_OPTIONS)
  const { processes = 1, useReloader = false } = options
  if (!Number.isInteger(processes) || processes < 1)
    throw new RangeError(`processes must be a whole number from 1, not ${String(processes)}`)
  if (processes > 1 && useReloader)
    throw new TypeError("the reloader starts one process; leave out processes or useReloader")
  checkDebugger(options, { hostname, processes, fd: options.fd })
  const link = parentLink("reloader")
  if (useReloader || processes > 1) requireNode(useReloader ? "the reloader" : "processes")
  if (useReloader && link === undefined) {
    await runWithReloader(hostname, port, options)
    return
  }
  const live = options.liveReload
    ? new LiveReload(link?.generation ?? `${process.pid}-${Date.now()}`, [hostname])
    : undefined
  const debugged = await debugApplication(application, { ...options, hostname }, useReloader ? link : undefined)
  const inner = debugged?.application ?? application
  const served = live === undefined ? inner : live.wrap(inner)
  if (link !== undefined && useReloader) await serveReloaded(link, hostname, port, served, options, live, debugged)
  else if (processes > 1) {
    const { runInProcesses } = await import("./worker-processes.ts")
    await runInProcesses(hostname, port, served, options, processes, EXIT_LIMIT_MS)
  } else await serveHere(hostname, port, served, options, live, debugged)
}

/**
 * The parent's part of `runSimple(..., { useReloader: true })`, for programs that load the application later: starts this
 * program anew in a process that is told by `isRunningFromReloader` and calls `runSimple` there. Does not return: the process
 * ends with the exit code of the other one.
 *
 * @param execArgv flags for Node that the other process needs besides those of this one
 */
export async function runWithReloader(
  hostname: string,
  port: number,
  options: RunOptions = {},
  execArgv: readonly string[] = [],
): Promise<never> {
  checkDebugger(options, { hostname, fd: options.fd })
  checkFrontPlace(hostname, port, options)
  const { supervise } = await import("./reloader/supervisor.ts")
  const { pair, tls } = await sharedTls(hostname, options)
  const keys = await debuggerKeys(options)
  const code = await supervise({
    hostname,
    port,
    address: addressOf(hostname, port, options.fd, options.socketMode),
    extraFiles: options.extraFiles,
    excludePatterns: options.excludePatterns,
    reloaderType: options.reloaderType ?? "auto",
    reloaderIntervalMs: options.reloaderIntervalMs ?? 1000,
    liveReload: options.liveReload ?? false,
    http2: options.http2 ?? false,
    front: frontOptions(options),
    pair,
    keys,
    tls,
    passthroughErrors: options.passthroughErrors ?? false,
    closeTimeoutMs: options.closeTimeoutMs ?? 10_000,
    firstByteTimeoutMs: options.firstByteTimeoutMs ?? 20_000,
    execArgv,
    onListening: (bound, watcher) => {
      process.stdout.write(banner(bound, hasColors(process.stdout)))
      process.stderr.write(` * Restarting with ${watcher} when a file changes\n`)
      if (keys !== undefined) process.stderr.write(debuggerLines(keys))
    },
    say: (line) => process.stderr.write(`${line}\n`),
  })
  process.exit(code)
}

/** A certificate that is made on the spot is made once, so that browsers warn of it once. */
async function sharedTls(
  hostname: string,
  { sslContext }: RunOptions,
): Promise<{ pair: CertificatePair | undefined; tls: TlsOptions | undefined }> {
  if (sslContext === undefined) return { pair: undefined, tls: undefined }
  const tls = await loadSslContext(sslContext, hostname)
  return { pair: sslContext === "adhoc" ? (tls as CertificatePair) : undefined, tls }
}

async function serveHere(
  hostname: string,
  port: number,
  app: Application,
  options: RunOptions,
  live: LiveReload | undefined,
  debugged: DebuggedApplication | undefined,
): Promise<void> {
  const server = await bindServer(hostname, port, app, options)
  if (debugged !== undefined) debugged.url = server.url
  let signalled = 0
  const end = onStopSignal((_signal, count) => {
    signalled = count
    live?.close()
    server.close()
  })
  process.stdout.write(banner(server, hasColors(process.stdout)))
  if (debugged !== undefined) process.stderr.write(debuggerLines(debugged))
  await server.serveForever()
  end()
  // A process that is still watched when it exits says that it waits for a debugger.
  await debugged?.disarm()
  if (signalled > 0) exitSoon(signalled === 1 ? EXIT_LIMIT_MS : 0)
}

/** The child's part: serves the connections that the parent hands over, until it says that a newer process takes over. */
async function serveReloaded(
  link: ParentLink,
  hostname: string,
  port: number,
  app: Application,
  options: RunOptions,
  live: LiveReload | undefined,
  debugged: DebuggedApplication | undefined,
): Promise<void> {
  const { sslContext, closeTimeoutMs = 10_000 } = options
  const tls =
    sslContext === undefined
      ? undefined
      : ((link.payload as ReloaderPayload).pair ?? (await loadSslContext(sslContext, hostname)))
  // One request for a connection: no request is lost between two others when the process is replaced.
  const { inject, drain, destroy } = applicationServer(app, { ...options, keepAlive: false }, tls)
  const close = closer(drain, destroy, closeTimeoutMs)
  let limitMs = EXIT_LIMIT_MS
  await new Promise<void>((resolve, reject) => {
    const stop = (isReplaced = false): void => {
      live?.close()
      close(isReplaced).then(resolve, reject)
    }
    onStopSignal((_signal, count) => {
      if (count > 1) limitMs = 0
      stop()
    })
    serveForParent({ hostname, port } satisfies ServedAddress, {
      connection: inject,
      stop: (isReplaced) => {
        limitMs = RELOAD_EXIT_LIMIT_MS
        stop(isReplaced)
      },
    })
  })
  await debugged?.disarm()
  leaveParent()
  exitSoon(limitMs)
}

/** What is still open does not keep the process alive for long. */
function exitSoon(limitMs: number): void {
  setTimeout(() => process.exit(), limitMs).unref()
}
