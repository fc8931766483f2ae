// The parent of the reloader. It owns the listening socket and hands each connection, once its client has begun to speak,
// to the process that runs the application. While that process is replaced connections wait here; while no process works they get
// a page that says why. A process is kept ready ahead of time, so that a change waits for nothing but the
// application's own modules.
//
//   starting -> serving -> starting ...      a file changed
//   starting, serving -> failed -> starting  an uncaught error, then a file changed
//   any -> stopping                          a signal, or the application ended by itself

import type { Socket } from "node:net"
import { createServer as createNetServer, type Server } from "node:net"
import { constants } from "node:os"
import type { TlsOptions } from "node:tls"
import { type DebuggerKeys, LocalPinAttempts } from "../../debug/pin.ts"
import { ownFile } from "../../own-files.ts"
import { type Address, type BoundAddress, boundAddress, listen } from "../address.ts"
import { type ApplicationServer, applicationServer } from "../application-server.ts"
import type { FrontOptions } from "../front-protocol.ts"
import type { Exit, HeldConnection, Launch, Member, MemberListener } from "../process-group/member.ts"
import type { Report } from "../process-group/messages.ts"
import { ProcessGroup } from "../process-group/process-group.ts"
import { onStopSignal } from "../stop-signals.ts"
import type { CertificatePair } from "../tls.ts"
import { failurePage } from "./failure-page.ts"
import { LiveReload, trustedHosts } from "./live-reload.ts"
import type { ReloaderPayload, ServedAddress, ToChild, ToParent } from "./payload.ts"
import { locateSyntaxError } from "./syntax-check.ts"
import { WatchedFiles, type WatchSelection } from "./watched-files.ts"
import { type ReloaderType, type Watcher, watch } from "./watcher.ts"

/** What is watched, and how. */
export interface SupervisorOptions extends WatchSelection {
  hostname: string
  port: number
  address: Address
  reloaderType: ReloaderType
  reloaderIntervalMs: number
  liveReload: boolean
  http2: boolean
  /** The protocol of the address, and its peers. */
  front: FrontOptions & { proxyProtocolFrom?: Iterable<string> }
  /** The certificate that every process gets, where one is made on the spot. */
  pair: CertificatePair | undefined
  /** PIN and secret of the debugger, where it is used. */
  keys: DebuggerKeys | undefined
  /** For the page that is shown while the application does not run. */
  tls: TlsOptions | undefined
  /** Whether an uncaught error ends the parent too. */
  passthroughErrors: boolean
  /** How long requests at work may take when their process is to end. */
  closeTimeoutMs: number
  firstByteTimeoutMs: number
  /** Flags for Node, besides those of this process. */
  execArgv: readonly string[]
  /** Called when connections are accepted. */
  onListening(bound: BoundAddress, watcher: string): void
  /** Takes lines for the operator. */
  say(line: string): void
}

/** Saves that follow one another so quickly are one change. */
const QUIET_MS = 50
/** How long the old process may keep the new one waiting; both run at once after that. */
const OVERLAP_AFTER_MS = 250
/** The next process is made ready when the one before had time to answer what waited for it. */
const STANDBY_AFTER_MS = 100

/** How long a process may take to end beyond its requests, and when it was told so twice. */
const STOP_LIMIT_MS = 4000
const IMPATIENT_MS = 500

const PRELOAD = ownFile("serving/reloader/preload").href

type State = "starting" | "serving" | "failed" | "stopping"

/** Serves the application in processes of its own until told to stop; resolves with the exit code to pass on. */
export async function supervise(options: SupervisorOptions): Promise<number> {
  return new Supervisor(options).run()
}

class Supervisor implements MemberListener {
  readonly #options: SupervisorOptions
  readonly #files: WatchedFiles
  readonly #trusted: string[]
  #watcher: Watcher | undefined = undefined
  #server: Server | undefined = undefined
  #state: State = "starting"
  #waiting: HeldConnection[] = []
  /** Runs the application, or is about to. */
  #current: Member | undefined = undefined
  readonly #group = new ProcessGroup()
  readonly #launch: Launch
  /** Has been told to end. */
  readonly #retired = new Set<Member>()
  /** Ready to begin. */
  #standby: Member | undefined = undefined
  #standbyTimer: NodeJS.Timeout | undefined = undefined
  #quietTimer: NodeJS.Timeout | undefined = undefined
  #lastChanges: readonly string[] = []
  #failure = ""
  #url = ""
  /** Wrong PINs of all processes. */
  readonly #pinAttempts = new LocalPinAttempts()
  #page: { server: ApplicationServer; live: LiveReload } | undefined = undefined
  #finish: (code: number) => void = () => {}

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#files = new WatchedFiles(options)
    this.#trusted = trustedHosts([options.hostname])
    this.#launch = { preload: PRELOAD, execArgv: options.execArgv }
  }

  async run(): Promise<number> {
    const { address, hostname, tls, front, reloaderType, reloaderIntervalMs, onListening } = this.#options
    // Reading stops with the first bytes: what was read beyond them could not be handed over.
    const server = createNetServer({ allowHalfOpen: true, highWaterMark: 1 }, (socket) => this.#accept(socket))
    this.#server = server
    await listen(server, address)
    const bound = boundAddress(server, hostname, tls === undefined ? (front.protocol ?? "http") : "https")
    this.#url = bound.url
    if (bound.isWide) this.#trusted.push(...trustedHosts(bound.urls.map((url) => new URL(url).hostname)))
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve
    })
    const end = onStopSignal((signal, count) => this.#stop(signal, count))
    try {
      this.#watcher = await watch(this.#files, (paths) => this.#changed(paths), reloaderType, reloaderIntervalMs)
    } catch (error) {
      // The socket would keep the process alive.
      server.close()
      end()
      throw error
    }
    onListening(bound, this.#watcher.name)
    this.#start()

    const code = await finished
    end()
    clearTimeout(this.#standbyTimer)
    clearTimeout(this.#quietTimer)
    this.#watcher.close()
    this.#page?.server.destroy()
    server.close()
    await this.#group.end()
    return code
  }

  // ---- connections

  /** Waits for the first bytes: a connection on which nothing was said yet belongs to no process. */
  #accept(socket: Socket): void {
    const silence = setTimeout(() => socket.destroy(), this.#options.firstByteTimeoutMs)
    socket.on("error", () => socket.destroy())
    socket.once("close", () => clearTimeout(silence))
    socket.once("readable", () => {
      clearTimeout(silence)
      // Reading stopped with the first bytes and must not begin again: what follows is for the other process.
      socket._read = () => {}
      const head: Buffer | null = socket.read()
      if (head === null) socket.destroy()
      else this.#deliver({ socket, address: 0, head })
    })
  }

  #deliver(connection: HeldConnection): void {
    if (connection.socket.destroyed) return
    if (this.#state === "serving") this.#current?.give(connection, () => this.#deliver(connection))
    else if (this.#state === "starting") this.#waiting.push(connection)
    else if (this.#state === "failed") this.#showPage(connection)
    else connection.socket.destroy()
  }

  #deliverWaiting(): void {
    for (const connection of this.#waiting.splice(0)) this.#deliver(connection)
  }

  /** Answers in this process. */
  #showPage({ socket, head = Buffer.alloc(0) }: HeldConnection): void {
    this.#page ??= this.#makePage()
    Reflect.deleteProperty(socket, "_read")
    socket.unshift(head)
    this.#page.server.inject(socket)
  }

  #makePage(): { server: ApplicationServer; live: LiveReload } {
    const { tls, http2, front, liveReload } = this.#options
    const live = new LiveReload(`${process.pid}-failed-${Date.now()}`, this.#trusted)
    const page = failurePage(() => this.#failure, this.#trusted)
    const options = { ...front, keepAlive: false, accessLog: false, http2: http2 && tls !== undefined }
    return { server: applicationServer(liveReload ? live.wrap(page) : page, options, tls), live }
  }

  // ---- processes

  #changed(paths: readonly string[]): void {
    if (this.#state === "stopping") return
    this.#lastChanges = paths
    if (this.#quietTimer === undefined) this.#options.say(` * Detected change in '${paths[0]}', reloading`)
    const standby = this.#standby
    if (standby !== undefined && paths.some((path) => standby.loaded.has(path))) {
      standby.kill("SIGKILL")
      this.#standby = undefined
    }
    this.#state = "starting"
    const page = this.#page
    if (page !== undefined) {
      this.#page = undefined
      page.live.close()
      void page.server.drain()
    }
    this.#retire()
    clearTimeout(this.#quietTimer)
    const timer = setTimeout(() => {
      // Not each of several saves that follow one another closely may have been told.
      this.#watcher?.look()
      if (this.#quietTimer !== timer) return
      this.#quietTimer = undefined
      this.#start()
    }, QUIET_MS)
    this.#quietTimer = timer
  }

  #retire(): void {
    const old = this.#current
    this.#current = undefined
    if (old === undefined) return
    this.#retired.add(old)
    old.retire(this.#options.closeTimeoutMs, this.#state !== "stopping")
  }

  async #start(): Promise<void> {
    clearTimeout(this.#standbyTimer)
    const next = this.#standby ?? this.#group.spawn(this, this.#launch)
    this.#standby = undefined
    this.#current = next
    await Promise.all([...this.#retired].map((each) => each.ended(OVERLAP_AFTER_MS)))
    const { pair, keys } = this.#options
    const payload: ReloaderPayload = { kind: "reloader", pair, keys, url: this.#url }
    if (this.#current === next) next.begin(payload)
  }

  onReport(process: Member, report: Report): void {
    if (process !== this.#current && process !== this.#standby) return
    if ("loaded" in report && process === this.#current) this.#files.loaded(report.loaded, report.stamp)
    else if ("loaded" in report) this.#files.add(report.loaded, report.stamp)
    else if ("missing" in report) this.#files.addMissing(report.missing)
    else return
    this.#watcher?.update()
    if (this.#files.isStale("loaded" in report ? report.loaded : report.missing)) this.#watcher?.look()
  }

  onReady(process: Member, info: unknown): void {
    const { hostname, port } = info as ServedAddress
    if (process !== this.#current || this.#state !== "starting") return
    if (hostname !== this.#options.hostname || port !== this.#options.port)
      this.#options.say(" * The address in the source has changed; stop the server and start it again to use it")
    this.#files.retain(process.loaded)
    this.#watcher?.update()
    // It may have missed what was saved while it started.
    this.#watcher?.look()
    if (process !== this.#current) return
    this.#state = "serving"
    this.#deliverWaiting()
    this.#prepare()
  }

  onTold(process: Member, text: unknown): void {
    const told = text as ToParent
    if ("pinRight" in told) this.#pinAttempts.succeed()
    else {
      const failures = told.attempt ? this.#pinAttempts.begin() : this.#pinAttempts.failures
      process.tell({ pin: told.pin, failures } satisfies ToChild)
    }
  }

  onExit(process: Member, exit: Exit, lost: readonly HeldConnection[]): void {
    this.#retired.delete(process)
    if (process === this.#standby) this.#standby = undefined
    if (process === this.#current) this.#onCurrentExit(process, exit)
    for (const connection of lost) this.#deliver(connection)
  }

  #onCurrentExit(process: Member, { code, signal }: Exit): void {
    this.#current = undefined
    if (this.#state === "stopping") {
      // Killed as it was told to, or because it did not end.
      this.#finish(code ?? 0)
    } else if (process.failure !== undefined && code !== 0 && !this.#options.passthroughErrors) {
      void this.#fail(process)
    } else {
      this.#state = "stopping"
      this.#finish(code ?? 128 + constants.signals[signal as NodeJS.Signals])
    }
  }

  /** The process has died of an error: a page until a file changes. */
  async #fail({ failure = "", loaded }: Member): Promise<void> {
    this.#state = "starting"
    const likely = new Set([...this.#lastChanges, ...[...loaded].reverse()])
    const located = await locateSyntaxError(failure, [...likely])
    // A file may have changed meanwhile.
    if (this.#state !== "starting" || this.#current !== undefined || this.#quietTimer !== undefined) return
    this.#failure = located
    this.#state = "failed"
    this.#options.say(" * The application does not run; waiting for a change")
    this.#watcher?.update()
    this.#deliverWaiting()
    this.#prepare()
  }

  #prepare(): void {
    this.#standbyTimer = setTimeout(() => {
      this.#standby ??= this.#group.spawn(this, this.#launch)
    }, STANDBY_AFTER_MS)
  }

  // ---- the end

  #stop(signal: NodeJS.Signals, count: number): void {
    this.#state = "stopping"
    clearTimeout(this.#quietTimer)
    clearTimeout(this.#standbyTimer)
    for (const { socket } of this.#waiting.splice(0)) socket.destroy()
    this.#server?.close()
    if (this.#current === undefined) {
      this.#finish(0)
      return
    }
    const { closeTimeoutMs } = this.#options
    const current = this.#current
    current.kill(signal)
    // A process that is caught in a loop does not hear signals.
    setTimeout(() => current.kill("SIGKILL"), count === 1 ? closeTimeoutMs + STOP_LIMIT_MS : IMPATIENT_MS).unref()
  }
}
