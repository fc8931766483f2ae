// A thread beside the main one of a process that serves for a parent. Its own event loop turns while the main thread is busy, so
// it can do what the main thread might not: end the process when the parent is gone, and tell the parent whether
// the main thread still turns, or else where it hangs.
//
// CommonJS, and started without flags: modules of the other kind are loaded through a thread of Node's, which may be the one
// that hangs (`module.register` in Node 20).

const { workerData } = require("node:worker_threads") as typeof import("node:worker_threads")
const { writeSync } = require("node:fs") as typeof import("node:fs")
const { Session, url: inspectorUrl } = require("node:inspector") as typeof import("node:inspector")

type Guarded = import("./guard.ts").Guarded

const { parentPid, turns, reportFd, atWorkKey } = workerData as Guarded

/** A process whose parent has ended gets another one at once. */
const LOOK_MS = 250
/** How long the main thread may take to stop where it is. */
const PAUSE_MS = 1000
const MOST_FRAMES = 20

setInterval(() => {
  if (process.ppid !== parentPid) process.kill(process.pid, "SIGKILL")
}, LOOK_MS)

let before = -1
let silentMs = 0
let timer: NodeJS.Timeout | undefined

// Set by the main thread when it knows the limit; 0 until then.
const limit = new Int32Array(turns.buffer, 4, 1)
const started = setInterval(() => {
  const limitMs = Atomics.load(limit, 0)
  if (limitMs === 0 || timer !== undefined) return
  clearInterval(started)
  const everyMs = Math.min(1000, Math.max(20, Math.floor(limitMs / 8)))
  timer = setInterval(() => look(everyMs, limitMs), everyMs)
}, 50)

// Counted in turns of this timer, not by the clock: while the whole machine sleeps no thread hangs.
function look(everyMs: number, limitMs: number): void {
  const now = Atomics.load(turns, 0)
  silentMs = now === before ? silentMs + everyMs : 0
  before = now
  // Under a debugger the main thread stands still because the developer wants it to.
  if (silentMs < limitMs / 2 || inspectorUrl() !== undefined) write({ beat: true })
  if (silentMs < limitMs || inspectorUrl() !== undefined) return
  clearInterval(timer)
  inspect((hung) => write({ hung }))
}

function write(entry: object): void {
  try {
    writeSync(reportFd, `${JSON.stringify(entry)}\n`)
  } catch {
    // The parent has gone; the other timer sees to that.
  }
}

/** Stops the main thread where it is, if it runs JavaScript, and reads its stack and what it is at. */
function inspect(done: (hung: { stack: string[]; requests: string[] }) => void): void {
  const hung = { stack: [] as string[], requests: [] as string[] }
  const finish = setTimeout(() => done(hung), PAUSE_MS)
  try {
    const session = new Session()
    session.connectToMainThread()
    const urls = new Map<string, string>()
    session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url))
    session.on("Debugger.paused", ({ params }) => {
      hung.stack = params.callFrames
        .slice(0, MOST_FRAMES)
        .map(
          ({ functionName, location }) =>
            `${functionName || "(anonymous)"} (${urls.get(location.scriptId)}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1})`,
        )
      const expression = `globalThis[Symbol.for(${JSON.stringify(atWorkKey)})]?.()`
      const callFrameId = params.callFrames[0]?.callFrameId as string
      session.post(
        "Debugger.evaluateOnCallFrame",
        { callFrameId, expression, returnByValue: true },
        (error, answer) => {
          if (!error && Array.isArray(answer.result.value)) hung.requests = answer.result.value
          clearTimeout(finish)
          done(hung)
        },
      )
    })
    session.post("Debugger.enable")
    session.post("Debugger.pause")
  } catch {
    // The report goes without them.
  }
}
