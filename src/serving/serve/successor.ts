// Another first process beside this one (SIGUSR2): the program is started anew as it was started, and inherits the listening
// sockets, so that both take connections until one of them is told to end. Node passes descriptors on by their number, and does
// not tell what number a server has; the system does, in /proc, on Linux.

import { type ChildProcess, spawn } from "node:child_process"
import { inheritedFlags, startFolder } from "../process-group/member.ts"

/** A listening socket that is passed on. */
export interface PassedSocket {
  /** The address in the settings that it belongs to. */
  readonly text: string
  readonly fd: number
  /** Where the first process before got it from. */
  readonly origin: "bind" | "manager" | "status"
}

/** What a first process gets from the one before it. */
export interface Inheritance {
  /** The one before. */
  readonly pid: number
  readonly sockets: readonly PassedSocket[]
}

const VARIABLE = "WERKSTATT_INHERITANCE"
/** Behind standard input and outputs. */
const FIRST_FD = 3

/** What this process has inherited. Programs that it starts do not see the variable. */
export function takeInheritance(env: NodeJS.ProcessEnv = process.env): Inheritance | undefined {
  const text = env[VARIABLE]
  delete env[VARIABLE]
  if (text === undefined) return undefined
  try {
    const inheritance = JSON.parse(text) as Inheritance
    // Meant for another process, which has passed its environment on.
    return inheritance.pid === process.ppid ? inheritance : undefined
  } catch {
    return undefined
  }
}

/** Whether the process that this one has inherited from is still there. */
export function livesBeside(inheritance: Inheritance | undefined): boolean {
  // A process whose parent has ended gets another one.
  return inheritance !== undefined && process.ppid === inheritance.pid
}

/** What is called when something happens to the other process. */
export interface SuccessorListener {
  onReady(pid: number | undefined): void
  onExit(pid: number | undefined, how: string, wasReady: boolean): void
}

/** The other process. */
export class Successor {
  readonly #child: ChildProcess
  isReady = false

  /** @param env variables besides those of this process */
  constructor(sockets: readonly PassedSocket[], env: Readonly<Record<string, string>>, listener: SuccessorListener) {
    const passed = sockets.map((socket, index): PassedSocket => ({ ...socket, fd: FIRST_FD + index }))
    const inheritance: Inheritance = { pid: process.pid, sockets: passed }
    const child = spawn(process.execPath, [...inheritedFlags(process.execArgv), ...process.argv.slice(1)], {
      cwd: startFolder,
      env: { ...process.env, ...env, [VARIABLE]: JSON.stringify(inheritance) },
      stdio: ["inherit", "inherit", "inherit", ...sockets.map(({ fd }) => fd), "ipc"],
    })
    this.#child = child
    child.once("message", () => {
      this.isReady = true
      if (child.connected) child.disconnect()
      listener.onReady(child.pid)
    })
    child.once("error", (error) => {
      if (child.pid === undefined) listener.onExit(undefined, String(error), false)
    })
    child.once("exit", (code, signal) => listener.onExit(child.pid, String(signal ?? code), this.isReady))
    // It outlives this process.
    child.unref()
    child.channel?.unref()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }
}

/** Tells the process that has started this one, if it left a channel, that this one is ready: the first process before it, or PM2. */
export function tellStarter(): void {
  if (process.connected) process.send?.("ready", undefined, {}, () => {})
}
