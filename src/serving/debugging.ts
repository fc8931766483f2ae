// The debugger around a served application: where it is refused, what is told of it, and what the processes of the reloader
// share of it. It is loaded only where it is used.

import type { DebuggedApplication } from "../debug/debugged-application.ts"
import type { DebuggerKeys } from "../debug/pin.ts"
import { isLoopback } from "../debug/trust.ts"
import type { Application } from "../gateway.ts"
import type { ParentLink } from "./process-group/link.ts"
import { RELOAD_SCRIPT } from "./reloader/live-reload.ts"
import type { ReloaderPayload } from "./reloader/payload.ts"

/** What `runSimple` takes for the debugger. */
export interface DebuggerOptions {
  /** Whether errors are shown in the browser, with a console in each frame. For development only. */
  useDebugger?: boolean
  /** Whether its consoles can be used. Default true. */
  useEvalex?: boolean
  /** Hosts by which it may be used, besides `hostname`, `localhost` and the like. A dot in front means all names below it too. */
  trustedHosts?: readonly string[]
  /** Whether it may be used from other machines: needed for every address that is not of this machine alone. */
  remoteDebugger?: boolean
}

/** Where the server is to listen. */
interface Place {
  readonly hostname: string
  readonly processes?: number
  readonly fd?: number | undefined
}

/**
 * Refuses the debugger where it must not run.
 *
 * @throws TypeError with several processes, Error in production and for an address that others can reach
 */
export function checkDebugger(
  { useDebugger, remoteDebugger }: DebuggerOptions,
  { hostname, processes = 1, fd }: Place,
): void {
  if (!useDebugger) return
  if (processes > 1) throw new TypeError("the debugger needs a single process; leave out processes or useDebugger")
  if (process.env["NODE_ENV"] === "production")
    throw new Error("The debugger lets people run code, and NODE_ENV is production. Leave out useDebugger.")
  if (remoteDebugger !== true && (fd !== undefined || !isLocalName(hostname)))
    throw new Error(
      `The debugger lets people run code, and ${fd === undefined ? hostname : "a descriptor"} can be reached from elsewhere. Use localhost, or allow it with remoteDebugger (--remote-debugger).`,
    )
}

function isLocalName(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || isLoopback(hostname)
}

/** PIN and secret for all processes of a server. */
export async function debuggerKeys({ useDebugger }: DebuggerOptions): Promise<DebuggerKeys | undefined> {
  if (!useDebugger) return undefined
  const { makeKeys } = await import("../debug/pin.ts")
  return makeKeys()
}

/** What the terminal is told when the server listens. */
export function debuggerLines({ pin }: { readonly pin: string | undefined }): string {
  const lock = pin === undefined ? "WARNING: its consoles are open, without a PIN" : `Debugger PIN: ${pin}`
  return ` * The debugger is active, for development only\n * ${lock}\n`
}

/** An application under the debugger, which watches this process from now on; undefined when it is not wanted. */
export async function debugApplication(
  app: Application,
  {
    useDebugger,
    useEvalex,
    trustedHosts = [],
    remoteDebugger,
    hostname,
    passthroughErrors,
    liveReload,
  }: DebuggerOptions & {
    readonly hostname: string
    readonly passthroughErrors?: boolean
    readonly liveReload?: boolean
  },
  link: ParentLink | undefined,
): Promise<DebuggedApplication | undefined> {
  if (!useDebugger) return undefined
  const { DebuggedApplication } = await import("../debug/debugged-application.ts")
  const { ParentPinAttempts } = await import("./reloader/parent-pin-attempts.ts")
  const shared = link?.payload as ReloaderPayload | undefined
  const isWide = ["0.0.0.0", "::", "[::]"].includes(hostname) || hostname.startsWith("unix:")
  const ownHost = hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname
  const debugged = new DebuggedApplication(app, {
    evalex: useEvalex,
    trustedHosts: isWide ? trustedHosts : [ownHost, ...trustedHosts],
    // The page of an error loads itself anew too, when the mistake is corrected.
    scripts: liveReload === true ? [RELOAD_SCRIPT] : [],
    allowRemote: remoteDebugger,
    keys: shared?.keys,
    attempts: link === undefined ? undefined : new ParentPinAttempts(),
    url: shared?.url,
  })
  // Where errors are to end the process, those that belong to no request do so too.
  await debugged.arm({ processErrors: passthroughErrors !== true })
  return debugged
}
