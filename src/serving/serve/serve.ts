// The server for production: a first process that owns the sockets and keeps workers, and workers that run the application. Each
// loads its own part.

import { asApplication } from "../../as-application.ts"
import type { ApplicationLike } from "../../gateway.ts"
import { parentLink } from "../process-group/link.ts"
import { type SettingOptions, settingValues } from "./settings.ts"
import type { HookOptions } from "./worker.ts"

/** What `serve` takes: the settings of the table in docs/deploying.md, and hooks of `makeServer`. */
export type ServeOptions = Omit<SettingOptions, "accessLogFormat" | "workers"> &
  HookOptions & {
    /** How many processes run the application, or `auto` for one for each processor. Default 1. */
    workers?: number | string | undefined
  }

/**
 * Serves `app` for production, by workers that are kept running, and resolves when the server has ended.
 *
 * The program is run anew in each worker, up to this call. In the process that was started, the call serves nothing itself: it
 * listens, starts the workers, and replaces those that die, hang or have had their time.
 *
 * TERM ends gracefully, INT and QUIT at once, HUP loads the program and its settings anew without losing a request, TTIN and TTOU
 * make one worker more or fewer, USR1 opens the logs anew, USR2 starts another first process beside this one, on the same
 * sockets. A second TERM does not wait.
 *
 * @throws SettingError for a setting that makes no sense
 * @throws Error when an address is taken, or a file cannot be read; the message says what to do
 */
export async function serve(app: ApplicationLike, options: ServeOptions = {}): Promise<void> {
  const inner = asApplication(app, "serve")
  const values = settingValues(options as Readonly<Record<string, unknown>>)
  if (parentLink("workers") !== undefined) {
    const { runWorker } = await import("./worker.ts")
    return runWorker(inner, values, options)
  }
  if (process.argv[1] === undefined) throw new TypeError("serve needs a program in a file: each worker runs it anew")
  const { runMaster } = await import("./master.ts")
  const code = await runMaster(values, options.bind !== undefined)
  if (code !== 0) process.exitCode = code
}
