// A PostgreSQL server of the tests' own: a cluster in a temporary folder, on a unix socket, gone when they are over.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Where Debian has its programs: the newest version. */
function programFolder(): string | undefined {
  const base = "/usr/lib/postgresql"
  const versions = existsSync(base) ? readdirSync(base).sort((one, other) => Number(other) - Number(one)) : []
  return versions.map((version) => join(base, version, "bin")).find((folder) => existsSync(join(folder, "initdb")))
}

const bin = programFolder()

/** PostgreSQL refuses to run as root; Debian's package has made a user for it. */
function owner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const idOf = (kind: string) => Number(spawnSync("id", [kind, "postgres"], { encoding: "utf8" }).stdout)
  return { uid: idOf("-u"), gid: idOf("-g") }
}

export const hasPostgres: boolean = bin !== undefined

export class Postgres {
  readonly #folder: string
  readonly #user = owner()
  #server: ChildProcess | undefined

  constructor() {
    // Its user must get in; the folder for temporary files may be ours alone.
    this.#folder = mkdtempSync(join(this.#user.uid === undefined ? tmpdir() : "/tmp", "werkstatt-pg-"))
    if (this.#user.uid !== undefined) chownSync(this.#folder, this.#user.uid, this.#user.gid as number)
    this.#run("initdb", "-D", this.#data, "-U", "app", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
  }

  get #data(): string {
    return join(this.#folder, "data")
  }

  /** What a client is told to connect. */
  url(database = "postgres"): string {
    return `postgresql://app@/${database}?host=${encodeURIComponent(this.#folder)}`
  }

  async start(): Promise<void> {
    const settings = ["listen_addresses=", "fsync=off", "max_connections=40"]
    const args = ["-D", this.#data, "-k", this.#folder, ...settings.flatMap((setting) => ["-c", setting])]
    const server = spawn(join(bin as string, "postgres"), args, { ...this.#user, stdio: "ignore", cwd: this.#folder })
    this.#server = server
    while (server.exitCode === null) {
      const answer = spawnSync(join(bin as string, "pg_isready"), ["-q", "-h", this.#folder])
      if (answer.status === 0) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`PostgreSQL has ended with ${server.exitCode}`)
  }

  /** Ends it, connections included. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined || server.exitCode !== null) return
    server.kill("SIGINT")
    await once(server, "exit")
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #run(program: string, ...args: string[]): void {
    const { status, stderr } = spawnSync(join(bin as string, program), args, {
      ...this.#user,
      cwd: this.#folder,
      encoding: "utf8",
    })
    if (status !== 0) throw new Error(`${program}: ${status}\n${stderr}`)
  }
}
