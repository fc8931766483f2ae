// A thread beside the main one of a process that serves for a parent. Its own event loop turns whatever the main thread is
// doing, so it can do what the main thread might not: end the process when the parent is gone.
//
// CommonJS, and started without flags: modules of the other kind are loaded through a thread of Node's, which may be the one
// that hangs (`module.register` in Node 20).

const { workerData } = require("node:worker_threads") as typeof import("node:worker_threads")

const { parentPid } = workerData as { parentPid: number }

/** A process whose parent has ended gets another one at once. */
const LOOK_MS = 250

setInterval(() => {
  if (process.ppid !== parentPid) process.kill(process.pid, "SIGKILL")
}, LOOK_MS)
