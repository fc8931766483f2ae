// A worker: runs the application on the connections that the first process gives it, counts and logs, and ends when it is
// told to and its requests are done.

import type { Socket } from "node:net"
import { createServer as createNetServer, type Server as NetServer } from "node:net"
import type { Application, Environ } from "../../gateway.ts"
import type { WebSocketRecord } from "../../http/common-log.ts"
import { listen } from "../address.ts"
import { type ApplicationOptions, applicationServer } from "../application-server.ts"
import { closer } from "../make-server.ts"
import { tellTurns } from "../process-group/guard.ts"
import { askParent, leaveParent, onTold, parentLink, serveForParent, tellParent } from "../process-group/link.ts"
import { type AccessFormat, accessFormat, finishedEntry } from "./access-format.ts"
import { bindAddress } from "./bind.ts"
import { loadCertificates } from "./certificates.ts"
import { checkSettings } from "./check-settings.ts"
import { ErrorLog } from "./error-log.ts"
import { serverSettings } from "./front-settings.ts"
import { LogFile } from "./log-file.ts"
import { Recorder } from "./metrics.ts"
import type { ToMaster, ToWorker, WorkersPayload } from "./protocol.ts"
import { Recycling } from "./recycling.ts"
import type { SettingValues } from "./settings.ts"
import { Statsd } from "./statsd.ts"

/** What a program can give besides settings. */
export type HookOptions = Pick<ApplicationOptions, "environ" | "onRequest" | "onFinished" | "staticFiles"> & {
  /** Makes the lines of the access log, in place of a named format; `undefined` leaves a request out. */
  accessLogFormat?: string | AccessFormat | undefined
}

/** How often the first process is told, unasked, what was counted. */
const COUNT_MS = 2000
/** How long the code behind `serve` has before the process ends. */
const EXIT_LIMIT_MS = 3000
/** Each of the requests at work that are reported when the process hangs. */
const MOST_TOLD = 10

/** Serves until the first process tells it to end. */
export async function runWorker(app: Application, values: SettingValues, hooks: HookOptions): Promise<void> {
  checkSettings(values)
  // The first process makes the log files, for which it may need rights that this one does not have.
  await askParent({ settings: values } satisfies ToMaster, "go" satisfies ToWorker)
  const errorFile = new LogFile(values.errorLog, 2)
  const errors = new ErrorLog(errorFile, values.errorLogFormat)
  const accessFile = values.accessLog === undefined ? undefined : new LogFile(values.accessLog)
  const tls = await loadCertificates(values.cert, values.key)
  const recorder = new Recorder()
  const statsd = values.statsd === undefined ? undefined : new Statsd(values.statsd, values.statsdPrefix)
  const recycling = new Recycling(values, (why) => tellParent({ recycle: why } satisfies ToMaster))
  const log = accessFile === undefined ? undefined : accessWriter(accessFile, values, hooks)
  /** Requests at work, and when they began. */
  const atWork = new Map<Environ, number>()
  /** WebSockets, and when their requests began. */
  const opened = new WeakMap<Environ, number>()
  const connections = new Set<Socket>()

  const { server, drain, destroy } = applicationServer(
    app,
    {
      ...serverSettings(values),
      ...hooks,
      // For what must not run here: the debugger asks.
      environ: { ...hooks.environ, "werkstatt.production": true },
      errors: errors.stream(),
      multiprocess: true,
      accessLog: false,
      onRequest: (environ) => {
        atWork.set(environ, performance.now())
        hooks.onRequest?.(environ)
      },
      onFinished: (request) => {
        const { environ, code, bytes, websocket } = request
        const began = atWork.get(environ) ?? opened.get(environ)
        atWork.delete(environ)
        const durationMs = began === undefined ? 0 : performance.now() - began
        recorder.add(code, bytes, durationMs)
        statsd?.request(code, durationMs)
        recycling.count()
        log?.(environ, code, bytes, durationMs, websocket)
        hooks.onFinished?.(request)
      },
      onWebSocket: ({ environ, code, bytes, websocket }) => {
        const began = atWork.get(environ) ?? performance.now()
        // One that stays open for hours is no request that hangs.
        atWork.delete(environ)
        opened.set(environ, began)
        log?.(environ, code, bytes, performance.now() - began, websocket)
      },
    },
    tls,
  )
  server.on("connection", (socket: Socket) => {
    connections.add(socket)
    socket.once("close", () => connections.delete(socket))
  })
  // A connection on which nothing was said yet is idle: it has its time of grace when the server stops, and no more.
  const take = (socket: Socket): void => void server.emit("connection", socket)
  const payload = parentLink("workers")?.payload as WorkersPayload | undefined
  const own = await listenAlone(payload?.listen ?? [], values, take)
  const close = closer(drain, destroy, values.gracefulTimeoutMs)
  onTold((text) => {
    const what = text as ToWorker
    if (what === "reopen") for (const file of [errorFile, accessFile]) file?.reopen()
    else if (what === "count") tellCounts()
  })
  const tellCounts = () => tellParent({ counts: recorder.counts(atWork.size, connections.size) } satisfies ToMaster)
  if (values.timeoutMs > 0) tellTurns(values.timeoutMs, () => describe(atWork))
  // What is counted outlives a process that dies.
  if (values.statusBind !== undefined || statsd !== undefined) setInterval(tellCounts, COUNT_MS).unref()
  // A terminal sends its signals to all processes; the first one tells the others.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const)
    process.on(signal, () => {})
  await new Promise<void>((resolve, reject) => {
    const stop = (isReplaced: boolean): void => {
      for (const each of own) each.close()
      close(isReplaced).then(resolve, reject)
    }
    serveForParent({ scheme: tls === undefined ? "http" : "https" }, { connection: take, stop })
  })
  tellCounts()
  await statsd?.close()
  accessFile?.close()
  errorFile.flush()
  leaveParent()
  setTimeout(() => process.exit(), EXIT_LIMIT_MS).unref()
}

function describe(atWork: ReadonlyMap<Environ, number>): string[] {
  const now = performance.now()
  return [...atWork]
    .slice(0, MOST_TOLD)
    .map(
      ([{ REQUEST_METHOD, REQUEST_URI, PATH_INFO }, began]) =>
        `${REQUEST_METHOD} ${REQUEST_URI ?? PATH_INFO} (${Math.round(now - began)} ms)`,
    )
}

type AccessWriter = (
  environ: Environ,
  code: number | undefined,
  bytes: number,
  durationMs: number,
  websocket?: WebSocketRecord,
) => void

function accessWriter(
  file: LogFile,
  { accessLogFormat, accessLogSkip }: SettingValues,
  hooks: HookOptions,
): AccessWriter {
  const format = typeof hooks.accessLogFormat === "function" ? hooks.accessLogFormat : accessFormat(accessLogFormat)
  const skipped = accessLogSkip.map((path) => (path.endsWith("/") ? path.slice(0, -1) : path))
  return (environ, code, bytes, durationMs, websocket) => {
    if (skipped.length > 0) {
      const path = environ.SCRIPT_NAME + environ.PATH_INFO
      if (skipped.some((each) => path === each || path.startsWith(`${each}/`))) return
    }
    const line = format(finishedEntry(environ, code, bytes, durationMs, websocket))
    if (line !== undefined) file.add(line)
  }
}

/** Listens beside the other workers: the kernel spreads the connections. */
async function listenAlone(
  texts: readonly string[],
  values: SettingValues,
  take: (socket: Socket) => void,
): Promise<NetServer[]> {
  const servers: NetServer[] = []
  for (const text of texts) {
    const address = bindAddress(text, values)
    if (address.kind !== "tcp" || address.port === 0)
      throw new TypeError(`reusePort needs a host and a port, not ${text}`)
    const server = createNetServer({ allowHalfOpen: true, noDelay: true }, take)
    await listen(server, { ...address, reusePort: true })
    servers.push(server)
  }
  return servers
}
