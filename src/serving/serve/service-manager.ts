// What systemd and the like hand to a service, and want to hear from it: sockets that listen already (sd_listen_fds), and
// notice of being ready, of stopping, and of being alive (sd_notify). Node has no datagram sockets of the unix kind, so
// `systemd-notify`, which comes with systemd, sends what is to be said.

import { execFile } from "node:child_process"

/** The first descriptor that is handed over. */
const FIRST_FD = 3

/** Descriptors on which the service manager listens for this process. Programs that it starts do not see the variables. */
export function inheritedSockets(env: NodeJS.ProcessEnv = process.env): number[] {
  const { LISTEN_FDS: count, LISTEN_PID: pid } = env
  delete env["LISTEN_FDS"]
  delete env["LISTEN_PID"]
  delete env["LISTEN_FDNAMES"]
  if (count === undefined || !/^\d{1,4}$/.test(count)) return []
  // Meant for another process, which has passed its environment on.
  if (pid !== undefined && Number(pid) !== process.pid) return []
  return Array.from({ length: Number(count) }, (_, index) => FIRST_FD + index)
}

export class ServiceManager {
  readonly #socket: string | undefined
  readonly #watchdogMs: number | undefined
  /** What a process that takes over has to know. */
  readonly variables: Readonly<Record<string, string>>
  readonly #warn: (line: string) => void
  #last: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined = undefined
  #hasFailed = false
  #isQuiet = false

  /** @param warn is told once when nothing can be said to the manager */
  constructor(warn: (line: string) => void, env: NodeJS.ProcessEnv = process.env) {
    this.#warn = warn
    this.#socket = env["NOTIFY_SOCKET"]
    const { WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = env
    const isOurs = pid === undefined || Number(pid) === process.pid
    this.#watchdogMs = usec !== undefined && isOurs && Number(usec) > 0 ? Number(usec) / 1000 : undefined
    this.variables = Object.fromEntries(
      Object.entries({ NOTIFY_SOCKET: env["NOTIFY_SOCKET"], WATCHDOG_USEC: isOurs ? usec : undefined }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    )
    for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name]
  }

  /** The service is ready. From now on the watchdog hears of it, for as long as `isWell`. */
  ready(status: string, isWell: () => boolean): void {
    this.#isQuiet = false
    this.#say("READY=1", `STATUS=${status}`, ...(this.#watchdogMs === undefined ? [] : ["WATCHDOG=1"]))
    if (this.#watchdogMs === undefined || this.#timer !== undefined) return
    this.#timer = setInterval(() => {
      if (isWell()) this.#say("WATCHDOG=1")
    }, this.#watchdogMs / 2)
    this.#timer.unref()
  }

  /** Another process speaks for the service from now on. */
  leave(): void {
    this.#isQuiet = true
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  reloading(): void {
    // Type=notify-reload wants to know when (systemd 253).
    this.#say("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`, "STATUS=Reloading")
  }

  status(text: string): void {
    this.#say(`STATUS=${text}`)
  }

  /** Resolves when what was to be said is said. */
  async stopping(): Promise<void> {
    clearInterval(this.#timer)
    this.#say("STOPPING=1", "STATUS=Stopping")
    await this.#last
  }

  #say(...lines: string[]): void {
    const socket = this.#socket
    if (socket === undefined || this.#isQuiet) return
    this.#last = this.#last.then(
      () =>
        new Promise((resolve) => {
          const env = { ...process.env, NOTIFY_SOCKET: socket }
          execFile("systemd-notify", [`--pid=${process.pid}`, ...lines], { env, timeout: 5000 }, (error) => {
            if (error !== null && !this.#hasFailed)
              this.#warn(`systemd-notify failed: ${error.message.split("\n", 1)[0]}`)
            this.#hasFailed = error !== null
            resolve()
          })
        }),
    )
  }
}
