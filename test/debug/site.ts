// A program under the debugger for a whole file of tests, and requests to it byte by byte.

import { beforeAll } from "vitest"
import { Folder, Program } from "../serving/program.ts"
import { exchange } from "../support/raw-http.ts"
import { pinOf, Visitor } from "./visitor.ts"

/** What is attacked: a program whose every answer is an error. An argument has options of runSimple. */
export const ATTACKED: string = `
import { Request, Response } from "werkstatt"
import { runSimple } from "werkstatt/serving"
const app = Request.application(async (request) => {
  const secretLocal = "l0cal"
  if (request.path === "/fake") {
    const error = new Error("fake")
    error.stack = "Error: fake\\n    at f (/etc/passwd:1:1)\\n    at g (file:///etc/hostname:1:1)\\n    at h (" + process.cwd() + "/package.json:1:1)"
    throw error
  }
  if (request.path === "/message") throw new Error(request.args.get("m"))
  throw new Error("in " + process.cwd())
})
await runSimple("127.0.0.1", 0, app, { useDebugger: true, accessLog: false, trustedHosts: ["dev.test"], ...JSON.parse(process.argv[2] ?? "{}") })
`

export interface Site {
  program: Program
  folder: Folder
  visitor: Visitor
  port: number
  pin: string
}

/** Starts a program before all tests, and ends it behind them. */
export function site(
  files: Record<string, string>,
  args: readonly string[] = ["main.js"],
  env: Record<string, string> = {},
): Site {
  const made = {} as Site
  beforeAll(async () => {
    const ends: (() => void)[] = []
    const atEnd = (end: () => void) => void ends.unshift(end)
    made.folder = new Folder(files, atEnd)
    made.program = new Program(made.folder, args, env, atEnd)
    const url = await made.program.url()
    made.visitor = new Visitor(url)
    made.port = Number(new URL(url).port)
    made.pin = env["WERKSTATT_DEBUG_PIN"] ?? (await pinOf(made.program))
    return async () => {
      made.program.kill("SIGTERM")
      await made.program.ended()
      for (const end of ends) end()
    }
  })
  return made
}

/** Status and text of the answer to a request whose head is written out. */
export async function raw(port: number, ...lines: string[]): Promise<{ status: number; text: string; head: string }> {
  const blank = lines.indexOf("")
  const head = [...(blank === -1 ? lines : lines.slice(0, blank)), "Connection: close"]
  const body = blank === -1 ? "" : lines.slice(blank + 1).join("\r\n")
  if (blank !== -1) head.push(`Content-Length: ${Buffer.byteLength(body)}`)
  const answer = await exchange(port, Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`))
  return {
    status: Number(answer.status.slice(0, 3)),
    text: Buffer.from(answer.body).toString(),
    head: answer.headers.map(([name, value]) => `${name}: ${value}`).join("\n"),
  }
}
