// What the parent of the reloader and the process that serves tell each other.

import type { DebuggerKeys } from "../../debug/pin.ts"
import type { GroupPayload } from "../process-group/link.ts"
import type { CertificatePair } from "../tls.ts"

/** From the parent when it begins: what all processes that run the application, one after the other, have in common. */
export interface ReloaderPayload extends GroupPayload {
  readonly kind: "reloader"
  /** The certificate, where one is made on the spot. */
  readonly pair?: CertificatePair | undefined
  /** PIN and secret of the debugger. */
  readonly keys?: DebuggerKeys | undefined
  /** Where the server is reached. */
  readonly url?: string | undefined
}

/** From the process when it is ready: the address in its source. */
export interface ServedAddress {
  readonly hostname: string
  readonly port: number
}

/** From the process: asks how often a wrong PIN was given, `attempt` counting one more first; or says that it was right. */
export type ToParent = { readonly pin: number; readonly attempt: boolean } | { readonly pinRight: true }

/** From the parent: how often a wrong PIN was given, over all processes. */
export interface ToChild {
  readonly pin: number
  readonly failures: number
}
