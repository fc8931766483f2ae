// How the process that runs the application finds its parent. Kept on the global object, since the first module of the
// process and the one that serves may be two copies of this package.

import type { Socket } from "node:net"
import { MAX_PIN_FAILURES, type PinAttempts } from "../../debug/pin.ts"
import type { ChildMessage, ParentMessage, SharedState } from "./messages.ts"

/** What the process of the application is told when it begins. */
export interface ReloaderLink {
  /** Differs from one process to the next. */
  readonly generation: string
  /** What all generations share. */
  readonly shared: SharedState
}

/** What the parent asks of the process that serves. */
export interface ReloaderTasks {
  /** A client's connection, with its first bytes to be read. */
  connection(socket: Socket): void
  /** A newer process takes over: finish what is at work. */
  stop(): void
}

const KEY = Symbol.for("werkstatt.reloader")
const holder = globalThis as { [KEY]?: ReloaderLink }

export function setReloaderLink(link: ReloaderLink): void {
  holder[KEY] = link
}

/** The link to the parent, in a process that the reloader has started. */
export function reloaderLink(): ReloaderLink | undefined {
  return holder[KEY]
}

/**
 * Whether this process was started by the reloader, to run the application. False in its parent, where the same script runs
 * up to `runSimple`, so what must happen once can be left to one of the two.
 *
 * @row SRV-22
 */
export function isRunningFromReloader(): boolean {
  return holder[KEY] !== undefined
}

/** Tells the parent that connections may come, and passes on what it asks. */
export function serveForParent(address: { hostname: string; port: number }, tasks: ReloaderTasks): void {
  process.on("message", (message: ParentMessage, socket: Socket | undefined) => {
    if (message?.werkstatt === "stop") tasks.stop()
    if (message?.werkstatt !== "connection") return
    if (socket !== undefined) {
      socket.on("error", () => socket.destroy())
      socket.allowHalfOpen = true
      socket.setNoDelay(true)
      socket.unshift(Buffer.from(message.head, "base64"))
      tasks.connection(socket)
    }
    send({ werkstatt: "took", id: message.id })
  })
  // Connections are what this process lives for.
  process.channel?.ref()
  send({ werkstatt: "ready", ...address })
}

/** The count of wrong PINs, which the parent keeps for all processes. */
export class ParentPinAttempts implements PinAttempts {
  readonly #waiting = new Map<number, (failures: number) => void>()
  #ids = 0

  constructor() {
    process.on("message", (message: ParentMessage) => {
      if (message?.werkstatt !== "pin-failures") return
      this.#waiting.get(message.id)?.(message.failures)
      this.#waiting.delete(message.id)
    })
    // Without the parent there is no count, and no PIN is right.
    process.once("disconnect", () => {
      for (const settle of this.#waiting.values()) settle(Number.POSITIVE_INFINITY)
    })
  }

  begin(): Promise<number> {
    return this.#ask(true)
  }

  succeed(): void {
    send({ werkstatt: "pin-right" })
  }

  async isLocked(): Promise<boolean> {
    return (await this.#ask(false)) >= MAX_PIN_FAILURES
  }

  #ask(attempt: boolean): Promise<number> {
    if (!process.connected) return Promise.resolve(Number.POSITIVE_INFINITY)
    return new Promise((resolve) => {
      const id = ++this.#ids
      this.#waiting.set(id, resolve)
      send({ werkstatt: "pin", id, attempt })
    })
  }
}

/** The parent alone is no reason to live on. */
export function leaveParent(): void {
  process.channel?.unref()
}

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message, undefined, {}, () => {})
}
