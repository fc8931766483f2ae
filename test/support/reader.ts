// A reader of the docs with nothing but their pages, an empty folder, and the packages as they would be published: writes every
// file and types every command as they stand on a page.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect } from "vitest"
import { packPackage, runProgram } from "./packed-package.ts"

const docs = fileURLToPath(new URL("../../docs/", import.meta.url))

export type Step = { file: string; text: string } | { command: string }

/** The text of a page in docs/. */
export const pageText = (page: string): string => readFileSync(docs + page, "utf8")

/** What a page tells its reader to do, in order. */
export function stepsOf(page: string): Step[] {
  const pattern = /^<!-- file: (\S+).*? -->\n```\w+\n([\s\S]*?)^```$|^```[\s\S]*?^```$|^ {4}(\S.*)$/gm
  // What is indented within a block of code is no command: the first alternatives take the whole of it.
  return [...pageText(page).matchAll(pattern)].flatMap(([, file, text = "", command]): Step[] => {
    if (file !== undefined) return [{ file, text }]
    return command === undefined ? [] : [{ command }]
  })
}

/** A server that a command has started. */
export class StartedServer {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown[]>
  readonly #command: string
  output = ""

  constructor(command: string, cwd: string, env: Record<string, string | undefined>) {
    this.#command = command
    this.#child = spawn("bash", ["-c", `exec ${command}`], { cwd, env, detached: true })
    this.#exit = once(this.#child, "exit")
    const collect = (chunk: Buffer) => {
      this.output += chunk.toString()
    }
    this.#child.stdout?.on("data", collect)
    this.#child.stderr?.on("data", collect)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The URL that it prints. */
  async url(): Promise<string> {
    for (;;) {
      const found = /http:\/\/(?:localhost|127\.0\.0\.1):[1-9]\d*/.exec(this.output)?.[0]
      if (found !== undefined) return found
      if (!this.isRunning) throw new Error(`${this.#command} has ended:\n${this.output}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Ctrl+C; it ends as if all was well. */
  async interrupt(): Promise<void> {
    if (this.isRunning) process.kill(-(this.#child.pid as number), "SIGINT")
    expect((await this.#exit)[0], this.output).toBe(0)
  }
}

export class Reader {
  readonly #tarball: string
  /** Where the reader is. */
  place: string
  readonly environ: Record<string, string | undefined> = {
    ...process.env,
    WERKSTATT_PORT: "0",
    npm_config_prefer_offline: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
  }

  /** @param folder an empty one, which then holds the packages as npm would find them in the registry */
  constructor(folder: string) {
    this.#tarball = packPackage(folder)
    const creator = packPackage(folder, "create-werkstatt/")
    writeFileSync(join(folder, "package.json"), "{}")
    const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
    runProgram("npm", ["install", ...flags, this.#tarball, creator], folder)
    this.place = join(folder, "reader")
    mkdirSync(this.place)
  }

  write({ file, text }: { file: string; text: string }): void {
    mkdirSync(dirname(join(this.place, file)), { recursive: true })
    writeFileSync(join(this.place, file), text)
  }

  /** Types a command that ends, and stays in the folder and with the variables that it leads to. */
  type(command: string): string {
    const script = `${command}\nstatus=$?; printf '%s\\0' "$PWD" >&3; env -0 >&3; exit $status`
    const { status, stdout, stderr, output } = spawnSync("bash", ["-c", script], {
      cwd: this.place,
      env: this.environ,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    })
    expect(status, `${command}\n${stdout}\n${stderr}`).toBe(0)
    const [place = this.place, ...variables] = (output[3] as string).split("\0")
    const created = /^npm create werkstatt (\S+)/.exec(command)?.[1]
    if (created !== undefined) this.#usePacked(join(this.place, created, "package.json"))
    this.place = place
    for (const pair of variables) {
      const end = pair.indexOf("=")
      if (/^[A-Z]/.test(pair)) this.environ[pair.slice(0, end)] = pair.slice(end + 1)
    }
    return stdout
  }

  /** The registry may not have the version that is packed here. */
  #usePacked(manifest: string): void {
    const text = readFileSync(manifest, "utf8")
    expect(text).toMatch(/"werkstatt": "\^/)
    writeFileSync(
      manifest,
      text.replace(/"werkstatt": ".*?"/, `"werkstatt": ${JSON.stringify(`file:${this.#tarball}`)}`),
    )
  }

  /** Types a command that serves until it is interrupted; undefined for any other. */
  serve(command: string): StartedServer | undefined {
    const script = /^npm (?:run )?(dev|start)$/.exec(command)?.[1]
    const words = script === undefined ? command.replace(/^npx /, "") : this.#script(script)
    if (!/^werkstatt (?:run|serve) /.test(words)) return undefined
    // Any port will do for a test. npm and npx, which pass a signal on, die of it whatever the program ends with.
    const bind = / --bind \S+/.test(words) ? words.replace(/ --bind \S+/, " --bind 127.0.0.1:0") : words
    const place = bind.includes(" serve ") && bind === words ? `${words} --bind 127.0.0.1:0` : bind
    return new StartedServer(`node_modules/.bin/${place}`, this.place, this.environ)
  }

  #script(name: string): string {
    const manifest = join(this.place, "package.json")
    if (!existsSync(manifest)) throw new Error(`no package.json in ${this.place}`)
    return (JSON.parse(readFileSync(manifest, "utf8")) as { scripts: Record<string, string> }).scripts[name] as string
  }
}
