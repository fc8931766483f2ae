// How a process of a group finds its parent. Kept on the global object, since the first module of the process and the one
// that serves may be two copies of this package.

import type { Socket } from "node:net"
import type { ChildMessage, ParentMessage } from "./messages.ts"

/** What a process is told when it begins. */
export interface ParentLink {
  /** Differs from one process to the next. */
  readonly generation: string
  /** What the parent is for. */
  readonly payload: GroupPayload
}

/** What the parent is for, and what its processes have to know for that. */
export interface GroupPayload {
  readonly kind: "reloader" | "workers"
  readonly [name: string]: unknown
}

/** What the parent asks of a process that serves. */
export interface ParentTasks {
  /** A client's connection, accepted at the parent's address of this index, with its first bytes to be read. */
  connection(socket: Socket, address: number): void
  /** Finish what is at work, and end. `isReplaced` when others go on serving. */
  stop(isReplaced: boolean): void
}

const KEY = Symbol.for("werkstatt.parent")
const holder = globalThis as { [KEY]?: ParentLink }

export function setParentLink(link: ParentLink): void {
  holder[KEY] = link
}

/** The link to the parent, in a process that one for `kind` has started. */
export function parentLink(kind: GroupPayload["kind"]): ParentLink | undefined {
  return holder[KEY]?.payload.kind === kind ? holder[KEY] : undefined
}

/**
 * Whether this process was started by the reloader, to run the application. False in its parent, where the same script runs
 * up to `runSimple`, so what must happen once can be left to one of the two.
 */
export function isRunningFromReloader(): boolean {
  return parentLink("reloader") !== undefined
}

/** Tells the parent that connections may come, and passes on what it asks. */
export function serveForParent(info: unknown, tasks: ParentTasks): void {
  process.on("message", (message: ParentMessage, socket: Socket | undefined) => {
    if (message?.werkstatt === "stop") tasks.stop(message.isReplaced)
    if (message?.werkstatt !== "connection") return
    if (socket !== undefined) {
      socket.on("error", () => socket.destroy())
      socket.allowHalfOpen = true
      socket.setNoDelay(true)
      if (message.head !== undefined) socket.unshift(Buffer.from(message.head, "base64"))
      tasks.connection(socket, message.address)
    }
    send({ werkstatt: "took", id: message.id })
  })
  // A process whose connections come from the parent lives as long as the parent sends them.
  process.channel?.ref()
  send({ werkstatt: "ready", info })
}

/** Hears what the parent has to say besides what it says to every process. */
export function onTold(listener: (text: unknown) => void): void {
  process.on("message", (message: ParentMessage) => {
    if (message?.werkstatt === "tell") listener(message.text)
  })
}

/** Says something to the parent, and waits until it says `answer`. */
export async function askParent(text: unknown, answer: unknown): Promise<void> {
  // Until it serves, the channel does not keep this process alive.
  process.channel?.ref()
  const answered = new Promise<void>((resolve) => {
    const listener = (message: ParentMessage): void => {
      if (message?.werkstatt !== "tell" || message.text !== answer) return
      process.off("message", listener)
      resolve()
    }
    process.on("message", listener)
  })
  tellParent(text)
  await answered
}

/** Says something to the parent besides what every process says. */
export function tellParent(text: unknown): void {
  send({ werkstatt: "tell", text })
}

/** The parent alone does not keep the process alive. */
export function leaveParent(): void {
  process.channel?.unref()
}

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message, undefined, {}, () => {})
}
