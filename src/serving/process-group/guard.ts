// Starts the thread that watches over this process; see guard-thread.cts.

import { Worker } from "node:worker_threads"
import { ownCommonJsFile } from "../../own-files.ts"
import { REPORT_FD } from "./messages.ts"

/** What the thread is given. */
export interface Guarded {
  parentPid: number
  /** Turns of the main thread's event loop; behind it how long, in milliseconds, one may take, 0 for no limit. */
  turns: Int32Array<SharedArrayBuffer>
  reportFd: number
  /** Under this name the global object may have a function that tells what is at work. */
  atWorkKey: string
}

/** How often the main thread counts: often enough for the shortest limit that makes sense. */
const COUNT_MS = 20
const MOST_MS = 500

const AT_WORK = "werkstatt.at-work"

const shared = new SharedArrayBuffer(8)
const turns = new Int32Array(shared)

/**
 * Ends this process with its parent, which it is connected to: by `process.exit` if that works, and even if the main thread
 * hangs.
 */
export function endWithParent(parentPid: number): void {
  const kill = (): void => void process.kill(process.pid, "SIGKILL")
  // The parent may have ended before this process could be told.
  if (!process.connected || process.ppid !== parentPid) kill()
  process.once("disconnect", () => {
    // Behind all other listeners. After them Node ends its threads, the guard among them, and Node 20 may then wait
    // for ever for the one of module.register.
    process.once("exit", kill)
    process.exit()
  })
  const guarded: Guarded = { parentPid, turns, reportFd: REPORT_FD, atWorkKey: AT_WORK }
  const thread = new Worker(ownCommonJsFile("serving/process-group/guard-thread"), {
    workerData: guarded,
    // Nothing that was preloaded here has a part in it.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  })
  thread.unref()
  // Without it the channel's end, which the main thread sees, has to do.
  thread.on("error", () => {})
}

/**
 * From now on the parent is told that this process turns its event loop, or, when one turn takes longer than `limitMs`,
 * where it hangs.
 *
 * @param atWork tells what is at work, in that case
 */
export function tellTurns(limitMs: number, atWork: () => string[]): void {
  Reflect.set(globalThis, Symbol.for(AT_WORK), atWork)
  const everyMs = Math.min(MOST_MS, Math.max(COUNT_MS, Math.floor(limitMs / 16)))
  setInterval(() => Atomics.add(turns, 0, 1), everyMs).unref()
  Atomics.store(turns, 1, limitMs)
}
