// A run of the tests has a temporary folder of its own, and fails when a process or a file of it is still there at the end.
// The folder's name tells both: processes inherit it as TMPDIR, so that even an orphan can be told from those of others.

import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** What tools keep from one start to the next: tsx and Node their compiled modules, npm its cache. */
const CACHES = /^(?:tsx-\d+|node-compile-cache|v8-compile-cache-\d+|node-jiti)$/

const PREFIX = "werkstatt-run-"

/** How long a process that was told to end may take on a busy machine. */
const LIMIT_MS = 15_000

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
    const files = await remaining(() => readdirSync(folder).filter((name) => !CACHES.test(name)))
    for (const { pid } of processes) process.kill(pid, "SIGKILL")
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    const left = [...processes.map(({ pid, command }) => `process ${pid}: ${command}`), ...files]
    if (left.length === 0) return
    // vitest prints what a teardown throws, and ends as if nothing were wrong.
    process.exitCode = 1
    throw new Error(`The tests have left behind:\n${left.map((each) => `  ${each}`).join("\n")}`)
  }
}

/** What `look` still finds when it had time to go away. */
async function remaining<T>(look: () => T[]): Promise<T[]> {
  for (const deadline = Date.now() + LIMIT_MS; ; ) {
    const found = look()
    if (found.length === 0 || Date.now() > deadline) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The processes that have inherited the folder, but for those of vitest; none where the system does not tell. */
function processesOf(folder: string): { pid: number; command: string }[] {
  return processIds().flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`TMPDIR=${folder}`)) return []
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim()
      return /\(vitest/.test(command) || /node_modules\/vitest\//.test(command) ? [] : [{ pid, command }]
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
