// Starts the thread that watches over this process; see guard-thread.cts.

import { Worker } from "node:worker_threads"

const ending = import.meta.url.endsWith(".ts") ? "cts" : "cjs"

/**
 * Ends this process with its parent, which it is connected to: by `process.exit` if that works, and even if the main thread
 * hangs.
 */
export function endWithParent(parentPid: number): void {
  const kill = (): void => void process.kill(process.pid, "SIGKILL")
  // The parent may have ended before anybody here could be told.
  if (!process.connected || process.ppid !== parentPid) kill()
  process.once("disconnect", () => {
    // Behind the listeners of everybody else. After them Node ends its threads, the guard among them, and Node 20 may then wait
    // for ever for the one of module.register.
    process.once("exit", kill)
    process.exit()
  })
  startGuard(parentPid)
}

/** Ends this process when its parent has ended, or had before this call, even if the main thread hangs. */
function startGuard(parentPid: number): void {
  const thread = new Worker(new URL(`./guard-thread.${ending}`, import.meta.url), {
    workerData: { parentPid },
    // Nothing that was preloaded here has a part in it.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  })
  thread.unref()
  // Without it the channel's end, which the main thread sees, has to do.
  thread.on("error", () => {})
}
