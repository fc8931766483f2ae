// One process of a group, as its parent sees it: spawned, begun, ready, given connections, retired, gone. A connection stays
// with the parent too until the process says that it holds it, so that no connection is lost with a process.

import { type ChildProcess, spawn } from "node:child_process"
import type { Socket } from "node:net"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { setImmediate as turn } from "node:timers/promises"
import { ownFile } from "../../own-files.ts"
import type { GroupPayload } from "./link.ts"
import { type ChildMessage, PARENT_VARIABLE, type ParentMessage, REPORT_FD, type Report } from "./messages.ts"

/** A client's connection that is on its way to a process. */
export interface HeldConnection {
  readonly socket: Socket
  /** Index of the address where it was accepted. */
  readonly address: number
  /** What the client has sent so far, if it was read here. */
  readonly head?: Buffer | undefined
}

/** How a process ended: with a code, or by a signal. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How a process is started: the program of this one, run anew. */
export interface Launch {
  /** The module that it runs first; `preload.ts` unless given. */
  readonly preload?: string | undefined
  /** Flags for Node, besides those of this process. */
  readonly execArgv?: readonly string[] | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** The user and the group that it runs as. */
  readonly uid?: number | undefined
  readonly gid?: number | undefined
}

/** What is called when something happens to a process. */
export interface MemberListener {
  onReport?(member: Member, report: Report): void
  onReady(member: Member, info: unknown): void
  onTold?(member: Member, text: unknown): void
  /** The process has ended, so that it will not answer these connections. */
  onExit(member: Member, exit: Exit, lost: readonly HeldConnection[]): void
}

/** Taken when this module is loaded: the program may go elsewhere, and its processes begin at the same place. */
export const startFolder: string = process.cwd()

const PRELOAD = ownFile("serving/process-group/preload").href

let generations = 0

export class Member {
  readonly generation: string = `${process.pid}-${++generations}`
  readonly startedAt: number = performance.now()
  readonly #child: ChildProcess
  readonly #given = new Map<number, HeldConnection>()
  #connections = 0
  #begun = false
  #retired = false
  /** How long nothing was heard of its event loop; counted by the code that watches it. */
  silentMs = 0
  /** The files that it has loaded so far, in order, where it reports them. */
  readonly loaded: Set<string> = new Set()
  /** The text of an uncaught error. */
  failure: string | undefined = undefined

  constructor(listener: MemberListener, { preload = PRELOAD, execArgv = [], env, uid, gid }: Launch = {}) {
    // Without a shell: names with spaces and quotes are what they are.
    const argv = [...execArgv, ...inheritedFlags(process.execArgv), "--import", preload, ...process.argv.slice(1)]
    const child = spawn(process.execPath, argv, {
      cwd: startFolder,
      env: { ...process.env, ...env, [PARENT_VARIABLE]: String(process.pid) },
      stdio: ["inherit", "inherit", "inherit", "ipc", "pipe"],
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    })
    this.#child = child
    child.on("message", (message: ChildMessage) => {
      if (message?.werkstatt === "ready") listener.onReady(this, message.info)
      else if (message?.werkstatt === "took") this.#release(message.id)
      else if (message?.werkstatt === "tell") listener.onTold?.(this, message.text)
    })
    // A process that could not be spawned has no exit.
    child.on("error", (error) => {
      this.failure ??= String(error)
      if (child.pid === undefined) listener.onExit(this, { code: 1, signal: null }, this.#lose())
    })
    // Reports are read to their end before the exit counts: the last of them tells why.
    const reports = createInterface({ input: child.stdio[REPORT_FD] as Readable })
    reports.on("line", (line) => {
      const entry = JSON.parse(line) as Report
      if ("failed" in entry) this.failure = entry.failed
      if ("loaded" in entry) this.loaded.add(entry.loaded)
      if ("beat" in entry) this.silentMs = 0
      listener.onReport?.(this, entry)
    })
    let chunks = 0
    child.stdio[REPORT_FD]?.on("data", () => chunks++)
    child.once("exit", async (code, signal) => {
      // All that it had to report is in the pipe by now. Its end may never come, since a process that the application has started
      // may hold it open; it is empty when a whole turn of the event loop, which reads what is there, has brought nothing.
      for (let before = -1; before !== chunks; ) {
        before = chunks
        await turn()
        await turn()
      }
      listener.onExit(this, { code, signal }, this.#lose())
      reports.close()
      child.stdio[REPORT_FD]?.destroy()
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** How many connections it was given and has not taken yet. */
  get pending(): number {
    return this.#given.size
  }

  /** Lets the program run. */
  begin(payload: GroupPayload): void {
    this.#begun = true
    this.#send({ werkstatt: "begin", generation: this.generation, payload })
  }

  /** Hands a connection over; `onLost` gets it back if the process is gone. */
  give(connection: HeldConnection, onLost: () => void): void {
    const id = ++this.#connections
    this.#given.set(id, connection)
    const { address, head } = connection
    const message: ParentMessage = { werkstatt: "connection", id, address, head: head?.toString("base64") }
    this.#child.send(message, connection.socket, { keepOpen: true }, (error) => {
      if (error && this.#given.delete(id)) onLost()
    })
  }

  /** Says something to the process. */
  tell(text: unknown): void {
    this.#send({ werkstatt: "tell", text })
  }

  /**
   * Asks the process to finish the requests at work, and kills it when it has not after `limitMs`.
   *
   * @param isReplaced whether others go on serving, as its WebSockets are told
   */
  retire(limitMs: number, isReplaced: boolean): void {
    if (!this.#begun || !(this.#retired || this.#send({ werkstatt: "stop", isReplaced }))) {
      this.kill("SIGKILL")
      return
    }
    this.#retired = true
    const timer = setTimeout(() => this.kill("SIGKILL"), limitMs)
    this.#child.once("exit", () => clearTimeout(timer))
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves when the process has ended, or after `limitMs`. */
  async ended(limitMs: number): Promise<void> {
    const child = this.#child
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
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

  #lose(): HeldConnection[] {
    const lost = [...this.#given.values()]
    this.#given.clear()
    return lost
  }
}

/** Two processes cannot be debugged on one port; that of the child is a free one. */
export function inheritedFlags(flags: readonly string[]): string[] {
  return flags.map((flag) => flag.replace(/^--inspect(?:-brk|-wait)?(?:=.*)?$/, "--inspect=127.0.0.1:0"))
}
