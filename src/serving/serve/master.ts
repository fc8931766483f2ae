// The first process of `serve`: owns the listening sockets, keeps the workers, and does what signals say. It runs no
// application. gunicorn's signals, so that scripts and habits carry over.

import type { Server } from "node:net"
import { availableParallelism } from "node:os"
import { boundAddress, listen } from "../address.ts"
import { type ApplicationServer, applicationServer } from "../application-server.ts"
import { listenFor } from "../process-group/front.ts"
import type { GroupPayload } from "../process-group/link.ts"
import type { Launch, Member } from "../process-group/member.ts"
import { StartFailed, Workers } from "../process-group/workers.ts"
import { accessFormat } from "./access-format.ts"
import { bindAddress } from "./bind.ts"
import { loadCertificates } from "./certificates.ts"
import { ErrorLog } from "./error-log.ts"
import { giveTo, type Identity, identityOf, writePidFile } from "./identity.ts"
import { LogFile } from "./log-file.ts"
import { Totals } from "./metrics.ts"
import type { ToMaster, ToWorker } from "./protocol.ts"
import { inheritedSockets, ServiceManager } from "./service-manager.ts"
import { SettingError, type SettingValues } from "./settings.ts"
import { statusSite } from "./status-site.ts"

/** A signal sent twice within this time is one: from the terminal, and passed on by the program that started this one. */
const SAME_MS = 50
/** How long a worker may take to end beyond its requests: its linger, and the code behind `serve`. */
const STOP_LIMIT_MS = 4000
/** How long workers may take to tell what they have counted. */
const COUNT_LIMIT_MS = 500

const SIGNALS = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGTTIN",
  "SIGTTOU",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
] as const

type Phase = "starting" | "running" | "draining" | "stopping"

/** Runs until it is told to end; resolves with an exit code. */
export async function runMaster(values: SettingValues, isBindGiven: boolean, launch: Launch = {}): Promise<number> {
  await checkSettings(values)
  return new Master(values, isBindGiven, launch).run()
}

/**
 * Finds what is wrong before anything is started.
 *
 * @throws Error with a sentence
 */
export async function checkSettings(values: SettingValues): Promise<void> {
  workerCount(values.workers)
  for (const text of values.bind) bindAddress(text, values)
  if (values.statusBind !== undefined) bindAddress(values.statusBind)
  if (typeof values.accessLogFormat === "string") accessFormat(values.accessLogFormat)
  if (!["lines", "json"].includes(values.errorLogFormat))
    throw new SettingError(`error-log-format is lines or json, not "${values.errorLogFormat}".`)
  if (values.http2 && values.cert.length === 0)
    throw new SettingError("http2 needs a certificate: no client asks for it without TLS.")
  identityOf(values.user, values.group)
  await loadCertificates(values.cert, values.key)
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (values.reusePort && (major < 22 || (major === 22 && minor < 12)))
    throw new SettingError(`reuse-port needs Node 22.12, and this is ${process.versions.node}.`)
}

function workerCount(text: string): number {
  if (text === "auto") return availableParallelism()
  const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (count >= 1) return count
  throw new SettingError(`workers is a number from 1, or auto, not "${text}".`)
}

class Master {
  readonly #values: SettingValues
  readonly #isBindGiven: boolean
  readonly #identity: Identity
  readonly #errorFile: LogFile
  readonly #log: ErrorLog
  readonly #manager: ServiceManager
  readonly #workers: Workers
  readonly #totals = new Totals()
  readonly #startedAt = new Date()
  readonly #fronts: Server[] = []
  #status: ApplicationServer | undefined = undefined
  #phase: Phase = "starting"
  #drainTimer: NodeJS.Timeout | undefined = undefined
  #stops = 0
  #lastStop = Number.NEGATIVE_INFINITY
  #counted: () => void = () => {}
  #finish: (code: number) => void = () => {}

  constructor(values: SettingValues, isBindGiven: boolean, launch: Launch) {
    this.#values = values
    this.#isBindGiven = isBindGiven
    if (values.umask !== undefined) process.umask(values.umask)
    this.#identity = identityOf(values.user, values.group)
    // Made here, where there may be more rights, and given to those who write to them.
    this.#errorFile = new LogFile(values.errorLog, 2)
    this.#log = new ErrorLog(this.#errorFile, values.errorLogFormat)
    if (values.accessLog !== undefined) new LogFile(values.accessLog).close()
    this.#giveLogs()
    this.#manager = new ServiceManager((line) => this.#log.say(line, "warning"))
    this.#workers = new Workers({
      count: workerCount(values.workers),
      launch: { ...launch, ...this.#identity },
      payload: { kind: "workers", values: { ...values } } satisfies GroupPayload,
      readyLimitMs: values.bootTimeoutMs,
      stopLimitMs: values.gracefulTimeoutMs + values.idleLingerMs + STOP_LIMIT_MS,
      hangLimitMs: values.timeoutMs,
      say: (line, level) => this.#log.say(line, level),
      onTold: (member, text) => this.#told(member, text as ToMaster),
      onGone: ({ pid }) => {
        if (pid !== undefined) this.#totals.end(pid)
      },
    })
  }

  async run(): Promise<number> {
    const { pidFile, preload } = this.#values
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve
    })
    const listeners = SIGNALS.map((signal) => [signal, this.#onSignal[signal]] as const)
    for (const [signal, listener] of listeners) process.on(signal, listener)
    const removePidFile = pidFile === undefined ? () => {} : writePidFile(pidFile)
    try {
      await this.#listen()
      if (preload)
        this.#log.say("preload is not to be had: Node cannot fork a process with its memory. Ignored.", "warning")
      try {
        await this.#workers.start()
      } catch (error) {
        if (!(error instanceof StartFailed)) throw error
        this.#log.say(error.message, "error")
        return error.exitCode
      }
      if (this.#phase === "starting") {
        this.#phase = "running"
        this.#log.say(`Ready, with ${this.#workers.serving.length} workers`)
        this.#manager.ready(this.#statusLine(), () => this.#workers.serving.length > 0)
      }
      return await finished
    } finally {
      for (const [signal, listener] of listeners) process.off(signal, listener)
      for (const front of this.#fronts) front.close()
      this.#status?.destroy()
      removePidFile()
      this.#log.say("Ended")
      this.#errorFile.close()
    }
  }

  async #listen(): Promise<void> {
    const { bind, cert, socketOwner, statusBind, reusePort } = this.#values
    const inherited = inheritedSockets()
    const texts = [...inherited.map((fd) => `fd://${fd}`), ...(inherited.length > 0 && !this.#isBindGiven ? [] : bind)]
    const scheme = cert.length === 0 ? "http" : "https"
    for (const [index, text] of texts.entries()) {
      const address = bindAddress(text, this.#values)
      if (reusePort && address.kind !== "fd") {
        this.#log.say(`Workers listen on ${text}`)
        continue
      }
      const front = await listenFor(address, index, (connection) => this.#workers.deliver(connection))
      if (address.kind === "unix" && socketOwner !== undefined) {
        const [user, group] = socketOwner.split(":", 2)
        giveTo(address.path, identityOf(user || undefined, group))
      }
      this.#fronts.push(front)
      const { urls } = boundAddress(front, address.kind === "tcp" ? hostOf(address.host) : "", scheme)
      this.#log.say(`Listening on ${urls[0]}`)
    }
    if (statusBind === undefined) return
    const site = statusSite({
      isReady: () => this.#phase === "running" && this.#workers.serving.length > 0,
      reason: () => (this.#phase === "running" ? "no worker is ready" : this.#phase),
      isHealthy: () => this.#phase !== "running" || this.#workers.serving.length > 0,
      metrics: () => this.#metrics(),
    })
    const status = applicationServer(site, { accessLog: false }, undefined)
    const address = bindAddress(statusBind, this.#values)
    await listen(status.server, address)
    this.#status = status
    const { urls } = boundAddress(status.server, address.kind === "tcp" ? hostOf(address.host) : "", "http")
    this.#log.say(`Status on ${urls[0]}`)
  }

  // ---- signals

  readonly #onSignal: Readonly<Record<(typeof SIGNALS)[number], () => void>> = {
    SIGTERM: () => this.#stop(true),
    SIGINT: () => this.#stop(false),
    SIGQUIT: () => this.#stop(false),
    SIGHUP: () => void this.#reload(),
    SIGTTIN: () => this.#scale(1),
    SIGTTOU: () => this.#scale(-1),
    SIGUSR1: () => this.#reopenLogs(),
    SIGUSR2: () =>
      this.#log.say(
        "A new master beside this one is not to be had; SIGHUP loads new code without losing a request",
        "warning",
      ),
    // Every terminal sends it whose window changes; there are no daemons here that it could mean.
    SIGWINCH: () => {},
  }

  #reopenLogs(): void {
    this.#errorFile.reopen()
    // The new file of the workers is made here, where there may be more rights.
    if (this.#values.accessLog !== undefined) new LogFile(this.#values.accessLog).close()
    this.#giveLogs()
    this.#workers.tell("reopen" satisfies ToWorker)
    this.#log.say("Logs opened anew")
  }

  #giveLogs(): void {
    for (const path of [this.#values.accessLog, this.#values.errorLog])
      if (path !== undefined && path !== "-") giveTo(path, this.#identity)
  }

  #scale(by: number): void {
    if (this.#phase !== "running") return
    this.#workers.scale(Math.max(1, this.#workers.count + by))
    this.#log.say(`${this.#workers.count} workers from now on`)
    this.#manager.status(this.#statusLine())
  }

  async #reload(): Promise<void> {
    if (this.#phase !== "running") return
    this.#log.say("Reloading")
    this.#manager.reloading()
    const succeeded = await this.#workers.reload()
    if (succeeded) this.#log.say("Reloaded")
    else if (this.#phase === "running") this.#log.say("Not reloaded: the workers from before go on", "error")
    this.#manager.ready(this.#statusLine(), () => this.#workers.serving.length > 0)
  }

  /** Unready first, for as long as a balancer needs to see it; then no connections; then, in time, no requests. */
  #stop(isGraceful: boolean): void {
    const now = performance.now()
    if (now - this.#lastStop < SAME_MS) return
    this.#lastStop = now
    this.#stops++
    clearTimeout(this.#drainTimer)
    const { drainDelayMs } = this.#values
    if (this.#stops === 1) void this.#manager.stopping()
    if (this.#stops === 1 && isGraceful && drainDelayMs > 0 && this.#phase === "running") {
      this.#phase = "draining"
      this.#log.say(`Unready; ending in ${drainDelayMs} ms`)
      this.#drainTimer = setTimeout(() => this.#end(true), drainDelayMs)
    } else {
      this.#end(isGraceful && this.#stops === 1)
    }
  }

  #end(isGraceful: boolean): void {
    const { gracefulTimeoutMs, idleLingerMs } = this.#values
    this.#phase = "stopping"
    this.#log.say(isGraceful ? "Ending; requests at work are finished" : "Ending at once")
    // What the kernel has accepted in our name is served; closing the socket would break it off.
    setImmediate(() => {
      for (const front of this.#fronts) front.close()
      const limitMs = isGraceful ? gracefulTimeoutMs + idleLingerMs + STOP_LIMIT_MS : 0
      void this.#workers.stop(limitMs).then(() => this.#finish(0))
    })
  }

  // ---- what workers say

  #told(member: Member, text: ToMaster): void {
    if ("recycle" in text) {
      this.#log.say(`Process ${member.pid} is replaced: ${text.recycle}`)
      this.#workers.recycle(member)
    } else if (member.pid !== undefined) {
      this.#totals.set(member.pid, text.counts)
      this.#counted()
    }
  }

  async #metrics(): Promise<string> {
    const asked = this.#workers.serving.length
    let answers = 0
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, COUNT_LIMIT_MS)
      this.#counted = () => {
        if (++answers < asked) return
        clearTimeout(timer)
        resolve()
      }
      if (asked === 0) resolve()
      this.#workers.tell("count" satisfies ToWorker)
    })
    return this.#totals.text({
      workers: this.#workers.count,
      ready: this.#workers.serving.length,
      restarts: this.#workers.restarts,
      startedAt: this.#startedAt,
      residentBytes: process.memoryUsage.rss(),
    })
  }

  #statusLine(): string {
    return `${this.#workers.serving.length} workers serve`
  }
}

function hostOf(host: string): string {
  return host.includes(":") ? `[${host}]` : host
}
