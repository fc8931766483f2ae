// What the parent of the reloader and its child say to each other. Two ways lead from the child to the parent: the channel
// that Node gives, and a pipe for reports, which can be written to at once from any thread, even by a process that is
// about to die. Types and numbers only.

import type { DebuggerKeys } from "../../debug/pin.ts"
import type { CertificatePair } from "../tls.ts"

/** Holds the parent's process id in the environment of a child until it has begun. */
export const CHILD_VARIABLE = "WERKSTATT_RUN_MAIN"

/** The descriptor of the pipe for reports; those before it are standard input and outputs, and Node's channel. */
export const REPORT_FD = 4

/** What all processes that run the application, one after the other, have in common. */
export interface SharedState {
  /** The certificate, where one is made on the spot. */
  readonly pair?: CertificatePair | undefined
  /** PIN and secret of the debugger. */
  readonly keys?: DebuggerKeys | undefined
  /** Where the server is reached. */
  readonly url?: string | undefined
}

/** From the parent, over the channel. */
export type ParentMessage =
  | { werkstatt: "begin"; generation: string; shared: SharedState }
  /** Comes with a socket. `head` is what the client has sent already, in base64. */
  | { werkstatt: "connection"; id: number; head: string }
  | { werkstatt: "stop" }
  /** How often a wrong PIN was given, over all processes. */
  | { werkstatt: "pin-failures"; id: number; failures: number }

/** From the child, over the channel. */
export type ChildMessage =
  | { werkstatt: "ready"; hostname: string; port: number }
  /** The child holds this connection now. */
  | { werkstatt: "took"; id: number }
  /** Asks how often a wrong PIN was given; `attempt` counts one more first. */
  | { werkstatt: "pin"; id: number; attempt: boolean }
  /** The PIN was right. */
  | { werkstatt: "pin-right" }

/** From the child, one line of JSON each, over the pipe. */
export type Report =
  /** A module is about to be read; this is how its file looked just before. */
  | { loaded: string; stamp: string }
  /** A module was asked for that is not there. */
  | { missing: string }
  /** An error that nobody catches. */
  | { failed: string }
