// `werkstatt serve` as a process, for tests: where it listens, who its workers are, and what it says.

import { request } from "node:http"
import { command, type Folder, Program } from "../program.ts"

/** An application that tells its process, and what it is asked to do. */
export const APP = (word = "one") => `
  import { pbkdf2Sync } from "node:crypto"
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  export const app = async (environ, start) => {
    const path = environ.PATH_INFO
    if (path === "/hang") for (;;);
    if (path.startsWith("/slow/")) await sleep(Number(path.slice(6)))
    if (path === "/work") pbkdf2Sync("password", "salt", 160_000, 32, "sha256")
    if (path === "/throw") throw new Error("mine")
    if (path === "/exit") process.exit(9)
    if (path === "/errors") environ["wsgi.errors"].write("said\\n")
    start("200 OK", [["Content-Type", "text/plain"]])
    if (path === "/environ") return [new TextEncoder().encode(JSON.stringify([environ["wsgi.multiprocess"], environ["werkstatt.production"], process.getuid(), process.getgid(), process.umask()]))]
    return [new TextEncoder().encode(path === "/pid" || path === "/slow/0" ? String(process.pid) : ${JSON.stringify(word)})]
  }
`

export class Server extends Program {
  constructor(folder: Folder, args: readonly string[] = [], env: Record<string, string> = {}) {
    const bind = args.some((arg) => /^(?:--bind|-b)/.test(arg)) ? [] : ["--bind", "127.0.0.1:0"]
    super(folder, [command, "serve", "app.js", ...bind, ...args], env)
  }

  /** Waits until it is ready; gives the URL where it listens. */
  async ready(): Promise<string> {
    await this.printed(/\] Ready, with/)
    return (await this.printed(/Listening on (\S+)/))[1] as string
  }

  /** The URL of its status socket. */
  async status(): Promise<string> {
    return (await this.printed(/Status on (\S+)/))[1] as string
  }
}

/** One request on a connection of its own; the text of the answer, or what went wrong. */
export function ask(
  url: string,
  path = "/",
  options: { socketPath?: string; timeoutMs?: number } = {},
): Promise<string> {
  return new Promise((resolve) => {
    const { socketPath, timeoutMs = 30_000 } = options
    const { hostname, port } = socketPath === undefined ? new URL(url) : { hostname: "localhost", port: "" }
    const host = hostname.replace(/^\[|\]$/g, "")
    const target = socketPath === undefined ? { host, port } : { socketPath }
    const client = request({ ...target, path, agent: false, timeout: timeoutMs }, async (response) => {
      let text = ""
      try {
        for await (const chunk of response) text += chunk
        resolve(response.statusCode === 200 ? text : `${response.statusCode} ${text}`)
      } catch (error) {
        resolve(`failed: ${(error as Error).message}`)
      }
    })
    client.on("timeout", () => client.destroy(new Error("timeout")))
    client.on("error", (error: NodeJS.ErrnoException) => resolve(`failed: ${error.code ?? error.message}`))
    client.end()
  })
}

/** The processes that answer. */
export async function pids(url: string, times = 8): Promise<number[]> {
  const all = await Promise.all(Array.from({ length: times }, () => ask(url, "/pid")))
  return [...new Set(all.map(Number))].sort()
}
