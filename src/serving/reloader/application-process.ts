// One process that runs the application, as its parent sees it: started ahead of time, begun, given connections, stopped.
// A connection stays with the parent too until the process says that it holds it, so that none is lost with a process.

import { type ChildProcess, spawn } from "node:child_process"
import type { Socket } from "node:net"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { setImmediate as turn } from "node:timers/promises"
import {
  CHILD_VARIABLE,
  type ChildMessage,
  type ParentMessage,
  REPORT_FD,
  type Report,
  type SharedState,
} from "./messages.ts"

/** A connection whose client has begun to speak. */
export interface HeldConnection {
  readonly socket: Socket
  /** What the client has sent so far. */
  readonly head: Buffer
}

/** How a process ended: with a code, or by a signal. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Who is told of a process. */
export interface ProcessListener {
  onReport(process: ApplicationProcess, report: Report): void
  onReady(process: ApplicationProcess, address: { hostname: string; port: number }): void
  /** Asked how often a wrong PIN was given; after one more if it is an attempt. */
  onPin(attempt: boolean): number
  onPinRight(): void
  /** The process has ended, and with it the hope that these connections are answered by it. */
  onExit(process: ApplicationProcess, exit: Exit, lost: readonly HeldConnection[]): void
}

// Taken when this module is loaded: the program may go elsewhere, and its child begins at the same place.
const cwd = process.cwd()

const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."))
const preload = new URL(`./preload${ending}`, import.meta.url).href

let generations = 0

export class ApplicationProcess {
  readonly generation: string = `${process.pid}-${++generations}`
  readonly #child: ChildProcess
  readonly #given = new Map<number, HeldConnection>()
  #connections = 0
  #begun = false
  /** The files that it has loaded so far, in order. */
  readonly loaded: Set<string> = new Set()
  /** What an error that nobody caught had to say. */
  failure: string | undefined = undefined

  constructor(listener: ProcessListener, execArgv: readonly string[] = []) {
    // Without a shell: names with spaces and quotes are what they are.
    const argv = [...execArgv, ...inheritedFlags(process.execArgv), "--import", preload, ...process.argv.slice(1)]
    const child = spawn(process.execPath, argv, {
      cwd,
      env: { ...process.env, [CHILD_VARIABLE]: String(process.pid) },
      stdio: ["inherit", "inherit", "inherit", "ipc", "pipe"],
    })
    this.#child = child
    child.on("message", (message: ChildMessage) => {
      if (message?.werkstatt === "ready") listener.onReady(this, message)
      else if (message?.werkstatt === "took") this.#release(message.id)
      else if (message?.werkstatt === "pin-right") listener.onPinRight()
      else if (message?.werkstatt === "pin")
        this.#send({ werkstatt: "pin-failures", id: message.id, failures: listener.onPin(message.attempt) })
    })
    child.on("error", () => {})
    // Reports are read to their end before the exit counts: the last of them tells why.
    const reports = createInterface({ input: child.stdio[REPORT_FD] as Readable })
    reports.on("line", (line) => {
      const entry = JSON.parse(line) as Report
      if ("failed" in entry) this.failure = entry.failed
      if ("loaded" in entry) this.loaded.add(entry.loaded)
      listener.onReport(this, entry)
    })
    let chunks = 0
    child.stdio[REPORT_FD]?.on("data", () => chunks++)
    child.once("exit", async (code, signal) => {
      // All that it had to report is in the pipe by now. Its end may never come, since whatever the application has started
      // may hold it open; it is empty when a whole turn of the event loop, which reads what is there, has brought nothing.
      for (let before = -1; before !== chunks; ) {
        before = chunks
        await turn()
        await turn()
      }
      const lost = [...this.#given.values()]
      this.#given.clear()
      listener.onExit(this, { code, signal }, lost)
      reports.close()
      child.stdio[REPORT_FD]?.destroy()
    })
  }

  /** Runs the application. */
  begin(shared: SharedState): void {
    this.#begun = true
    this.#send({ werkstatt: "begin", generation: this.generation, shared })
  }

  /** Hands a connection over; `onLost` gets it back if the process is gone. */
  give(connection: HeldConnection, onLost: () => void): void {
    const id = ++this.#connections
    this.#given.set(id, connection)
    const message: ParentMessage = { werkstatt: "connection", id, head: connection.head.toString("base64") }
    this.#child.send(message, connection.socket, { keepOpen: true }, (error) => {
      if (error && this.#given.delete(id)) onLost()
    })
  }

  /** Asks the process to finish the requests at work, and ends it when it does not. */
  stop(limitMs: number): void {
    if (!this.#begun || !this.#send({ werkstatt: "stop" })) {
      this.kill("SIGKILL")
      return
    }
    const timer = setTimeout(() => this.kill("SIGKILL"), limitMs)
    this.#child.once("exit", () => clearTimeout(timer))
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves when the process has ended, or after `limitMs`. */
  async ended(limitMs: number): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs)
      child.once("exit", () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #send(message: ParentMessage): boolean {
    if (!this.#child.connected) return false
    this.#child.send(message, () => {})
    return true
  }

  #release(id: number): void {
    this.#given.get(id)?.socket.destroy()
    this.#given.delete(id)
  }
}

/** Two processes cannot be debugged on one port; that of the child is a free one. */
function inheritedFlags(flags: readonly string[]): string[] {
  return flags.map((flag) => flag.replace(/^--inspect(?:-brk|-wait)?(?:=.*)?$/, "--inspect=127.0.0.1:0"))
}
