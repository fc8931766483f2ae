// Programs in folders of their own, run as processes: what they print, and how they end.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, vi } from "vitest"
import { sleep } from "../support/server.ts"

// Longer than any wait below: whatever is waited for and does not come says so itself.
vi.setConfig({ testTimeout: 90_000 })

/** How long a busy machine may take for what is waited for. */
export const WAIT = { timeout: 30_000, interval: 25 }

const root = fileURLToPath(new URL("../../", import.meta.url))
export const command: string = join(root, "dist/cli/main.js")

/** Takes what is to be done when a test, or all of them, are over. */
export type AtEnd = (callback: () => void) => void

/** A folder that finds the package, with these files in it; gone after the test. */
export class Folder {
  readonly path: string

  constructor(files: Record<string, string>, atEnd: AtEnd = onTestFinished) {
    // A name that a shell would take apart.
    this.path = mkdtempSync(join(realpathSync(tmpdir()), "werkstatt it's $(x) \" "))
    mkdirSync(this.file("node_modules"))
    symlinkSync(root, this.file("node_modules/werkstatt"))
    symlinkSync(join(root, "node_modules/tsx"), this.file("node_modules/tsx"))
    this.write("package.json", `{ "type": "module" }`)
    for (const [name, text] of Object.entries(files)) this.write(name, text)
    atEnd(() => rmSync(this.path, { recursive: true, force: true, maxRetries: 3 }))
  }

  file(name: string): string {
    return join(this.path, name)
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.file(name)), { recursive: true })
    writeFileSync(this.file(name), text)
  }

  /** As editors do that never leave a file half written. */
  replace(name: string, text: string): void {
    this.write(`${name}.new~`, text)
    renameSync(this.file(`${name}.new~`), this.file(name))
  }

  remove(name: string): void {
    rmSync(this.file(name))
  }
}

/** A process and all that it has printed. */
export class Program {
  readonly child: ChildProcess
  output = ""
  #wake: () => void = () => {}

  constructor(
    folder: Pick<Folder, "path">,
    args: readonly string[],
    env: Record<string, string> = {},
    atEnd: AtEnd = onTestFinished,
    run: string = process.execPath,
  ) {
    const inherited = { ...process.env }
    // What vitest sets would be a terminal's opinion.
    for (const name of ["FORCE_COLOR", "NO_COLOR", "NODE_OPTIONS", "VITEST"]) delete inherited[name]
    this.child = spawn(run, args, {
      cwd: folder.path,
      env: { ...inherited, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString()
        this.#wake()
      })
    }
    this.child.once("exit", () => this.#wake())
    atEnd(() => void this.child.kill("SIGKILL"))
  }

  get pid(): number {
    return this.child.pid as number
  }

  /** Waits for what it prints; fails when it ends before. */
  async printed(pattern: RegExp, ms = WAIT.timeout): Promise<RegExpExecArray> {
    const deadline = Date.now() + ms
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      if (this.child.exitCode !== null || this.child.signalCode !== null || Date.now() > deadline)
        throw new Error(`not printed: ${pattern}\n${this.output}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** The URL that it prints first. */
  async url(): Promise<string> {
    return (await this.printed(/Running on (\S+)\n[\s\S]*CTRL\+C/))[1] as string
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Exit code and signal. */
  async ended(): Promise<[code: number | null, signal: string | null]> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit")
    return [this.child.exitCode, this.child.signalCode]
  }
}

/** State of a process as in ps, and the one that started it. */
function statusOf(pid: number | string): { state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return { state, parent: Number(parent) }
  } catch {
    return undefined
  }
}

/** Processes that this one has started, and what they are: pid and state. */
export function childrenOf(pid: number): { pid: number; state: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const status = statusOf(name)
      return status?.parent === pid ? [{ pid: Number(name), state: status.state }] : []
    })
}

/** Whether it runs; one that has ended and that nobody asked about does not. */
export function isAlive(pid: number): boolean {
  const status = statusOf(pid)
  return status !== undefined && status.state !== "Z"
}

/** Waits until it has `count` children; gives their pids. */
export async function untilChildren(pid: number, count: number): Promise<number[]> {
  await expect.poll(() => childrenOf(pid), WAIT).toHaveLength(count)
  return childrenOf(pid).map((each) => each.pid)
}

/** Asks until the answer is this one. */
export async function answers(url: string, text: string | RegExp, ms = WAIT.timeout): Promise<void> {
  const deadline = Date.now() + ms
  let last = ""
  while (Date.now() < deadline) {
    last = await (await fetch(url)).text()
    if (typeof text === "string" ? last === text : text.test(last)) return
    await sleep(20)
  }
  throw new Error(`${url} answers ${last}, not ${text}`)
}
