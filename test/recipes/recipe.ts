// A page of docs/recipes as its reader has it: the files that it shows in a folder, and the commands that it tells. The folder is
// below docs/recipes, so that the packages installed there are found, and the package itself is dist/.

import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, onTestFinished } from "vitest"

export const root = fileURLToPath(new URL("../../", import.meta.url))
export const pagesFolder = join(root, "docs/recipes")
const cache = join(pagesFolder, "dist")
const command = join(root, "dist/cli/main.js")

/** The names of all pages, without the index and without their ending. */
export const recipeNames = readdirSync(pagesFolder)
  .filter((name) => name.endsWith(".md") && name !== "index.md")
  .map((name) => name.slice(0, -3))

export const textOf = (name: string): string => readFileSync(join(pagesFolder, `${name}.md`), "utf8")

/** A program of a page that runs. */
export interface Running {
  /** Where it serves, without a slash at the end. */
  url: string
  /** What it has printed so far, on standard output and standard error. */
  stdout(): string
  stderr(): string
  /** Ends it as Ctrl+C does; gives its exit code. */
  stop(): Promise<number | null>
}

export interface Recipe {
  folder: string
  /** What is to be typed, in the order of the page. */
  commands: string[]
  /** Runs a command to its end; gives its code and what it has printed. */
  run(typed: string, environ?: Record<string, string>): Promise<{ code: number | null; output: string }>
  /** Starts a command that serves, on a free port in place of its own, until the test is over. */
  serve(typed: string, environ?: Record<string, string>): Promise<Running>
  /** The same, once for all tests of a file or of a `describe`; `environ` is asked for when it starts. */
  serveForAll(typed: string, environ?: () => Record<string, string> | Promise<Record<string, string>>): () => Running
}

/** Writes the files of a page into a folder below `under`, and makes its commands ready to run. */
export function recipe(name: string, under = "run"): Recipe {
  const text = textOf(name)
  const folder = join(cache, under, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  linkPackage()
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n')
  // What is indented within a file is no command: the first alternative takes the whole of it.
  const pattern = /^<!-- file: (\S+) -->\n```\w+\n([\s\S]*?)^```$|^ {4}(\S.*)$/gm
  const commands: string[] = []
  for (const [, file, body = "", typed = ""] of text.matchAll(pattern)) {
    if (file === undefined) {
      commands.push(typed)
      continue
    }
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), body)
  }
  const start = (typed: string, environ: Record<string, string> = {}) => {
    // A group of its own, so that a signal reaches all that the command has started.
    const child = spawn("bash", ["-c", withPrograms(typed)], {
      cwd: folder,
      env: { ...process.env, WERKSTATT_PORT: "0", ...environ },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    })
    const output = { stdout: "", stderr: "" }
    child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()))
    const isOver = () => child.exitCode !== null || child.signalCode !== null
    const exit = once(child, "exit") as Promise<[number | null]>
    const end = async () => {
      if (isOver()) return
      process.kill(-(child.pid as number), "SIGKILL")
      await exit
    }
    return { child, output, exit, isOver, end }
  }
  return {
    folder,
    commands,
    async run(typed, environ) {
      const { output, exit, end } = start(typed, environ)
      onTestFinished(end)
      const [code] = await exit
      return { code, output: output.stdout + output.stderr }
    },
    async serve(typed, environ) {
      const program = start(typed, environ)
      onTestFinished(program.end)
      return serving(typed, program)
    },
    serveForAll(typed, environ = () => ({})) {
      let running: Running | undefined
      let end: (() => Promise<void>) | undefined
      beforeAll(async () => {
        const program = start(typed, await environ())
        end = program.end
        running = await serving(typed, program)
      })
      afterAll(() => end?.())
      return () => running as Running
    },
  }
}

interface Program {
  child: ChildProcessByStdio<null, Readable, Readable>
  output: { stdout: string; stderr: string }
  exit: Promise<[number | null]>
  isOver: () => boolean
}

/** Waits until a program tells where it serves. */
async function serving(typed: string, { child, output, exit, isOver }: Program): Promise<Running> {
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const found = /\bhttp:\/\/(?:localhost|127\.0\.0\.1):[1-9]\d*/.exec(output.stdout + output.stderr)?.[0]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on("data", look)
    child.stderr.on("data", look)
    void exit.then(() => reject(new Error(`${typed} has ended:\n${output.stdout}${output.stderr}`)))
  })
  return {
    url,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    async stop() {
      if (!isOver()) process.kill(-(child.pid as number), "SIGINT")
      return (await exit)[0]
    },
  }
}

/** The package under its name, for all folders of recipes. Not a link to the project: that has this folder in it. */
function linkPackage(): void {
  const folder = join(cache, "node_modules/werkstatt")
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(root, "package.json"), join(folder, "package.json"))
  try {
    symlinkSync(join(root, "dist"), join(folder, "dist"), "dir")
  } catch (error) {
    // Another test file has made it.
    if (!existsSync(join(folder, "dist"))) throw error
  }
}

/** npx would ask the registry for what is not in the folder's own node_modules. */
function withPrograms(typed: string): string {
  const node = JSON.stringify(process.execPath)
  return typed.replace(/\bnpx (\S+)/g, (_, program: string) => {
    if (program === "werkstatt") return `${node} ${JSON.stringify(command)}`
    const found = [pagesFolder, root].map((folder) => join(folder, "node_modules/.bin", program)).find(existsSync)
    return found === undefined ? `${program}-is-not-installed` : JSON.stringify(found)
  })
}

/** Asks until `test` is fulfilled: for what another process does in its own time. */
export async function until<T>(ask: () => T | Promise<T>, test: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 15_000
  for (;;) {
    const value = await ask()
    if (test(value)) return value
    if (Date.now() > deadline) throw new Error(`not fulfilled in time: ${JSON.stringify(value)?.slice(0, 2000)}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
