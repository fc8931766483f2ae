// A run of the tests has a temporary folder of its own, and fails when a process or a file of it is still there at the end.
// The folder's name tells both: processes inherit it as TMPDIR, so that even an orphan can be told from those of others.

import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** What tools keep from one start to the next: tsx and Node their compiled modules, npm its cache. */
const CACHES = /^(?:tsx-\d+|node-compile-cache|v8-compile-cache-\d+|node-jiti)$/

const PREFIX = "werkstatt-run-"

/** How long a process that was told to end may take when it makes no use of the processor, as one that hangs. */
const LIMIT_MS = 15_000
/** And when it does: a process that had begun to start must come to its first module before it sees that its parent has gone. */
const BUSY_LIMIT_MS = 60_000
/** How /proc counts the time of the processor. */
const TICK_MS = 10

/** Called by vitest before the first test, for each project; what it returns is called behind the last one. */
export default function ownFolder(): (() => Promise<void>) | undefined {
  const outer = process.env["TMPDIR"]
  if (outer?.includes(PREFIX)) return undefined
  const folder = mkdtempSync(join(realpathSync(tmpdir()), PREFIX))
  process.env["TMPDIR"] = folder
  return async () => {
    if (outer === undefined) delete process.env["TMPDIR"]
    else process.env["TMPDIR"] = outer
    const processes = await remaining(() => processesOf(folder))
    const files = await remaining(() => filesIn(folder))
    const left = [...processes, ...files].map(({ description }) => description)
    for (const { pid } of processes) kill(pid)
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    if (left.length === 0) return
    // vitest prints what a teardown throws, and ends as if nothing were wrong.
    process.exitCode = 1
    throw new Error(`The tests have left behind:\n${left.map((each) => `  ${each}`).join("\n")}`)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has ended just now.
  }
}

interface Left {
  readonly description: string
  /** What it has used of the processor; 0 for a file. */
  readonly cpuMs: number
}

/** What `look` still finds when it had time to go away. */
async function remaining<T extends Left>(look: () => T[]): Promise<T[]> {
  const began = Date.now()
  let lastCpuMs = -1
  for (let lastUse = began; ; ) {
    const found = look()
    const cpuMs = found.reduce((sum, each) => sum + each.cpuMs, 0)
    if (cpuMs !== lastCpuMs) lastUse = Date.now()
    lastCpuMs = cpuMs
    if (found.length === 0 || Date.now() > lastUse + LIMIT_MS || Date.now() > began + BUSY_LIMIT_MS) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function filesIn(folder: string): Left[] {
  return readdirSync(folder)
    .filter((name) => !CACHES.test(name))
    .map((description) => ({ description, cpuMs: 0 }))
}

/** The processes that have inherited the folder, but for those of vitest; none where the system does not tell. */
function processesOf(folder: string): (Left & { pid: number })[] {
  return processIds().flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`TMPDIR=${folder}`)) return []
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim()
      if (/\(vitest/.test(command) || /node_modules\/vitest\//.test(command)) return []
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS
      const state = `state ${fields[0]}, parent ${fields[1]}, ${fields[17]} threads, ${cpuMs} ms of the processor`
      return [{ pid, description: `process ${pid} (${state}): ${command}`, cpuMs }]
    } catch {
      // It has ended meanwhile, or belongs to somebody else.
      return []
    }
  })
}

function processIds(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}
