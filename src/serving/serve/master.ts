// The first process of `serve`: owns the listening sockets, keeps the workers, and does what signals say. It runs no
// application. gunicorn's signals, so that scripts and habits carry over.

import { type ApplicationServer, applicationServer } from "../application-server.ts"
import { frontServer } from "../process-group/front.ts"
import type { Launch, Member } from "../process-group/member.ts"
import { StartFailed, type WorkerLimits, Workers } from "../process-group/workers.ts"
import { loadCertificates } from "./certificates.ts"
import { checkSettings, workerCount } from "./check-settings.ts"
import { ErrorLog } from "./error-log.ts"
import { giveTo, type Identity, identityOf } from "./identity.ts"
import { Listening } from "./listening.ts"
import { LogFile } from "./log-file.ts"
import { Totals } from "./metrics.ts"
import { PidFile } from "./pid-file.ts"
import type { ToMaster, ToWorker, WorkersPayload } from "./protocol.ts"
import { ServiceManager } from "./service-manager.ts"
import { changedSettings, flagName, SETTINGS, type Setting, type SettingValues } from "./settings.ts"
import { Statsd } from "./statsd.ts"
import { statusSite } from "./status-site.ts"
import { type PassedSocket, Successor, takeInheritance, tellStarter } from "./successor.ts"

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
  await checkBeforeStart(values)
  return new Master(values, isBindGiven, launch).run()
}

/**
 * Finds what is wrong before anything is started.
 *
 * @throws Error with a sentence
 */
export async function checkBeforeStart(values: SettingValues): Promise<void> {
  checkSettings(values)
  identityOf(values.user, values.group)
  await loadCertificates(values.cert, values.key)
}

/** How long workers may take, by the settings. */
function limitsOf({ bootTimeoutMs, gracefulTimeoutMs, idleLingerMs, timeoutMs }: SettingValues): WorkerLimits {
  return {
    readyLimitMs: bootTimeoutMs,
    stopLimitMs: gracefulTimeoutMs + idleLingerMs + STOP_LIMIT_MS,
    hangLimitMs: timeoutMs,
  }
}

class Master {
  #values: SettingValues
  readonly #isBindGiven: boolean
  readonly #identity: Identity
  #errorFile: LogFile
  #log: ErrorLog
  readonly #manager: ServiceManager
  readonly #workers: Workers
  readonly #totals = new Totals()
  readonly #startedAt = new Date()
  readonly #listening: Listening
  #status: ApplicationServer | undefined = undefined
  #statsd: Statsd | undefined = undefined
  #pidFile: PidFile | undefined = undefined
  #successor: Successor | undefined = undefined
  /** What the last worker that was started has made of its settings. */
  #told: SettingValues | undefined = undefined
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
    this.#errorFile = new LogFile(values.errorLog, 2)
    this.#log = new ErrorLog(this.#errorFile, values.errorLogFormat)
    this.#makeLogs(values)
    this.#manager = new ServiceManager((line) => this.#log.say(line, "warning"))
    this.#listening = new Listening(values, takeInheritance(), (line) => this.#log.say(line))
    this.#workers = new Workers({
      ...limitsOf(values),
      count: workerCount(values.workers),
      launch: { ...launch, ...this.#identity },
      payload: { kind: "workers", listen: values.reusePort ? values.bind : [] } satisfies WorkersPayload,
      say: (line, level) => this.#log.say(line, level),
      onTold: (member, text) => this.#onTold(member, text as ToMaster),
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
    this.#pidFile = new PidFile(pidFile)
    this.#tellStatsd()
    try {
      await this.#listen()
      if (preload)
        this.#log.say(
          "preload is not to be had: Node cannot fork a process with its memory. Each worker loads the application.",
          "warning",
        )
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
        this.#tellManager()
        tellStarter()
      }
      return await finished
    } finally {
      for (const [signal, listener] of listeners) process.off(signal, listener)
      this.#listening.closeFronts()
      this.#status?.destroy()
      this.#listening.removeFiles(this.#successor !== undefined)
      this.#pidFile.remove()
      await this.#statsd?.close()
      this.#log.say("Ended")
      this.#errorFile.close()
    }
  }

  async #listen(): Promise<void> {
    const { statusBind } = this.#values
    await this.#listening.open(this.#isBindGiven, (index) =>
      frontServer(index, (connection) => this.#workers.deliver(connection)),
    )
    if (statusBind !== undefined) {
      const site = statusSite({
        isReady: () => this.#phase === "running" && this.#workers.serving.length > 0,
        reason: () => (this.#phase === "running" ? "no worker is ready" : this.#phase),
        isHealthy: () => this.#phase !== "running" || this.#workers.serving.length > 0,
        metrics: () => this.#metrics(),
      })
      this.#status = applicationServer(site, { accessLog: false }, undefined)
      await this.#listening.openStatus(this.#status.server, statusBind)
    }
    this.#listening.closeUnused()
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
    SIGUSR2: () => this.#succeed(),
    // Every terminal sends it whose window changes; there are no daemons here that it could mean.
    SIGWINCH: () => {},
  }

  #reopenLogs(): void {
    this.#errorFile.reopen()
    this.#makeLogs(this.#values)
    this.#workers.tell("reopen" satisfies ToWorker)
    this.#log.say("Logs opened anew")
  }

  /** Made here, where there may be more rights, and given to the workers, which write to them. */
  #makeLogs({ accessLog, errorLog }: SettingValues): void {
    for (const path of [accessLog, errorLog]) {
      if (path === undefined || path === "-") continue
      new LogFile(path).close()
      giveTo(path, this.#identity)
    }
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
    if (succeeded) {
      this.#log.say("Reloaded")
      if (this.#told !== undefined) this.#apply(this.#told)
    } else if (this.#phase === "running") this.#log.say("Not reloaded: the workers from before go on", "error")
    this.#tellManager()
  }

  /** The workers have read the settings anew; what concerns this process is taken from them. */
  #apply(told: SettingValues): void {
    const changed = changedSettings(this.#values, told)
    if (changed.length === 0) return
    const isKept = (name: (typeof changed)[number]) => (SETTINGS[name] as Setting).needsRestart === true
    const names = (kept: boolean) =>
      changed
        .filter((name) => isKept(name) === kept)
        .map(flagName)
        .join(", ")
    const values = { ...told } as Record<string, unknown>
    for (const name of changed) if (isKept(name)) values[name] = this.#values[name as keyof SettingValues]
    const before = this.#values
    this.#values = values as unknown as SettingValues
    if (before.errorLog !== told.errorLog || before.errorLogFormat !== told.errorLogFormat) {
      this.#errorFile.close()
      this.#errorFile = new LogFile(told.errorLog, 2)
      this.#log = new ErrorLog(this.#errorFile, told.errorLogFormat)
    }
    if (before.statsd !== told.statsd || before.statsdPrefix !== told.statsdPrefix) this.#tellStatsd()
    this.#workers.adjust(limitsOf(this.#values))
    if (before.workers !== told.workers) this.#workers.scale(workerCount(told.workers))
    if (names(false) !== "") this.#log.say(`Changed: ${names(false)}`)
    if (names(true) !== "") this.#log.say(`Not changed, since it needs a restart: ${names(true)}`, "warning")
  }

  #tellManager(): void {
    this.#manager.ready(this.#statusLine(), () => this.#workers.serving.length > 0)
  }

  /** Starts another first process, which takes connections too, until one of the two is told to end. */
  #succeed(): void {
    if (this.#phase !== "running") return
    if (this.#successor !== undefined) {
      this.#log.say(`Process ${this.#successor.pid} is there already, beside this one`, "warning")
      return
    }
    const sockets = this.#listening.passedOn()
    if (sockets === undefined) {
      this.#log.say(
        "Another first process beside this one is not to be had here: it takes a Linux with /proc. SIGHUP loads new code.",
        "warning",
      )
      return
    }
    this.#pidFile?.moveAside()
    try {
      this.#successor = this.#started(sockets)
      this.#log.say(`Process ${this.#successor.pid} is started beside this one`)
    } catch (error) {
      this.#pidFile?.moveBack()
      this.#log.say(`Another first process cannot be started: ${(error as Error).message}`, "error")
    }
  }

  #started(sockets: readonly PassedSocket[]): Successor {
    return new Successor(sockets, this.#manager.variables, {
      onReady: (pid) => {
        this.#log.say(`Process ${pid} takes connections too; SIGTERM ends this one, or that one`)
        this.#manager.leave()
      },
      onExit: (pid, how, wasReady) => {
        this.#successor = undefined
        this.#log.say(
          `Process ${pid} ended (${how})${wasReady ? "" : " before it was ready"}; this one goes on`,
          wasReady ? "info" : "error",
        )
        this.#pidFile?.moveBack()
        if (wasReady && this.#phase === "running") this.#tellManager()
      },
    })
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
    // Another process takes what comes: no balancer has to know.
    const isRelieved = this.#successor?.isReady === true
    if (isRelieved) this.#status?.destroy()
    if (this.#stops === 1 && isGraceful && drainDelayMs > 0 && this.#phase === "running" && !isRelieved) {
      this.#phase = "draining"
      this.#log.say(`Unready; ending in ${drainDelayMs} ms`)
      this.#drainTimer = setTimeout(() => this.#end(true), drainDelayMs)
    } else {
      this.#end(isGraceful && this.#stops === 1)
    }
  }

  #end(isGraceful: boolean): void {
    this.#phase = "stopping"
    this.#log.say(isGraceful ? "Ending; requests at work are finished" : "Ending at once")
    // What the kernel has accepted in our name is served; closing the socket would break it off.
    setImmediate(() => {
      this.#listening.closeFronts()
      const limitMs = isGraceful ? limitsOf(this.#values).stopLimitMs : 0
      void this.#workers.stop(limitMs).then(() => this.#finish(0))
    })
  }

  // ---- what workers say

  #onTold(member: Member, text: ToMaster): void {
    if ("settings" in text) {
      this.#told = text.settings
      try {
        this.#makeLogs(text.settings)
      } catch (error) {
        // The worker meets the same, and says so in its end.
        this.#log.say((error as Error).message, "error")
      }
      member.tell("go" satisfies ToWorker)
    } else if ("recycle" in text) {
      this.#log.say(`Process ${member.pid} is replaced: ${text.recycle}`)
      this.#workers.recycle(member)
    } else if (member.pid !== undefined) {
      this.#totals.set(member.pid, text.counts)
      this.#counted()
    }
  }

  /** Workers tell of their requests by themselves; how they are is told here. */
  #tellStatsd(): void {
    void this.#statsd?.close()
    const { statsd: address, statsdPrefix } = this.#values
    if (address === undefined) {
      this.#statsd = undefined
      return
    }
    const statsd = new Statsd(address, statsdPrefix)
    let restarts = this.#workers.restarts
    statsd.onFlush = () => {
      const { inFlight, connections } = this.#totals.now()
      statsd.gauge("requests.in_flight", inFlight)
      statsd.gauge("connections", connections)
      statsd.gauge("workers", this.#workers.count)
      statsd.gauge("workers.ready", this.#workers.serving.length)
      statsd.count("worker.restarts", this.#workers.restarts - restarts)
      restarts = this.#workers.restarts
    }
    this.#statsd = statsd
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
