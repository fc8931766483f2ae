// What a parent and the processes of its group say to each other. Two ways lead from a process to its parent: the channel
// that Node gives, and a pipe for reports, which can be written to at once from any thread, even by a process that is about
// to die or whose main thread hangs. Types and numbers only.

/** Holds the parent's process id in the environment of a process of the group, until it has begun. */
export const PARENT_VARIABLE = "WERKSTATT_PARENT"

/** The descriptor of the pipe for reports; those before it are standard input and outputs, and Node's channel. */
export const REPORT_FD = 4

/** From the parent, over the channel. */
export type ParentMessage =
  | { werkstatt: "begin"; generation: string; payload: unknown }
  /** Comes with a socket, accepted at the address of this index. `head` is what the client has sent already, in base64. */
  | { werkstatt: "connection"; id: number; address: number; head?: string | undefined }
  | { werkstatt: "stop"; isReplaced: boolean }
  /** What a user of the group has to say to its processes. */
  | { werkstatt: "tell"; text: unknown }

/** From a process, over the channel. */
export type ChildMessage =
  | { werkstatt: "ready"; info: unknown }
  /** The process holds this connection now. */
  | { werkstatt: "took"; id: number }
  | { werkstatt: "tell"; text: unknown }

/** From a process, one line of JSON each, over the pipe. */
export type Report =
  /** A module is about to be read; this is how its file looked just before. */
  | { loaded: string; stamp: string }
  /** A module was asked for that is not there. */
  | { missing: string }
  /** An uncaught error. */
  | { failed: string }
  /** The main thread has turned its event loop since the last report of this kind. */
  | { beat: true }
  /** The main thread has not turned its event loop for the time that it may take. */
  | { hung: HungReport }

/** What a process that hangs was doing, as far as could be found out. */
export interface HungReport {
  /** Where its JavaScript is, innermost first. */
  stack: string[]
  /** Requests at work, the oldest first. */
  requests: string[]
}
