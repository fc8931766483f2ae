// werkstatt conformance: asks a server of the gateway interface for every case of the conformance table, and prints what it does
// otherwise. It may be any server: it serves `conformanceApplication`, at a URL or as a command that is started here.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { type AddressInfo, connect, createServer } from "node:net"
import { conformance } from "../testing/conformance.ts"
import { websocketConformance } from "../testing/conformance-websockets.ts"
import { checkServer, type Problem } from "./conformance/check.ts"
import { checkWebSockets } from "./conformance/check-websockets.ts"
import type { Place } from "./conformance/place.ts"
import { type OptionTable, optionLines, parseOptions, UsageError, wholeNumber } from "./options.ts"

const OPTIONS = {
  timeout: { kind: "text", value: "MS", help: "how long an answer may take; 5000 unless given" },
  help: { kind: "flag", short: "h", help: "this text" },
} as const satisfies OptionTable

/** What `werkstatt conformance --help` says. */
export const CONFORMANCE_USAGE: string = `Usage: werkstatt conformance URL-or-command [options]

Runs the conformance tables against a server, and prints which rules of docs/gateway.md it breaks. Exit code 1 if it does.
The table of WebSockets, which a server need not take, needs the package ws.

  URL         where the server listens: http://localhost:8000
  command     starts the server, which listens on 127.0.0.1 at the port that the variable PORT names

The server serves the application conformanceApplication of "werkstatt/testing", in one process.

${optionLines(OPTIONS)}

  werkstatt conformance http://localhost:8000
  werkstatt conformance "node my-server.js"`

const START_MS = 20_000

/** Checks a server. */
export async function conformanceCommand(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parseOptions(argv, OPTIONS, {})
  if (values.help) {
    process.stdout.write(`${CONFORMANCE_USAGE}\n`)
    return
  }
  const [target, ...rest] = positionals
  if (target === undefined) throw new UsageError("Which server? Write: werkstatt conformance http://localhost:8000")
  if (rest.length > 0)
    throw new UsageError(`One server at a time; a command is one argument: "${positionals.join(" ")}"`)
  const timeoutMs = wholeNumber("timeout", values.timeout ?? "5000", 1, 600_000)
  if (/^https?:\/\//i.test(target)) {
    await check({ ...addressOf(target), timeoutMs })
    return
  }
  const port = await freePort()
  const child = spawn(target, {
    shell: true,
    detached: process.platform !== "win32",
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PORT: String(port) },
  })
  try {
    await listening(child, port, target)
    await check({ hostname: "127.0.0.1", port, isSecure: false, timeoutMs })
  } finally {
    stop(child)
  }
}

function addressOf(target: string): Pick<Place, "hostname" | "port" | "isSecure"> {
  let url: URL
  try {
    url = new URL(target)
  } catch {
    throw new UsageError(`"${target}" is no URL.`)
  }
  const isSecure = url.protocol === "https:"
  return { hostname: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) || (isSecure ? 443 : 80), isSecure }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** Resolves when the server listens. */
async function listening(child: ChildProcess, port: number, command: string): Promise<void> {
  const deadline = Date.now() + START_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new UsageError(`"${command}" ended with exit code ${child.exitCode}.`)
    const socket = connect({ host: "127.0.0.1", port })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true))
      socket.once("error", () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new UsageError(`"${command}" does not listen on 127.0.0.1:${port}, the PORT of its environment.`)
}

/** A shell's children end with it, where processes have groups. */
function stop(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === "win32") child.kill()
    else process.kill(-child.pid, "SIGTERM")
  } catch {
    // It has ended by itself.
  }
}

async function check(place: Place): Promise<void> {
  print(await checkServer(place), conformance.length, "cases")
  let problems: Problem[] | undefined
  try {
    problems = await checkWebSockets(place)
  } catch (error) {
    process.stdout.write(`${(error as Error).message}\n`)
    return
  }
  if (problems === undefined) process.stdout.write("the server takes no WebSockets\n")
  else print(problems, websocketConformance.length, "cases of WebSockets")
}

function print(problems: readonly Problem[], count: number, what: string): void {
  for (const { name, rules, found } of problems) {
    process.stdout.write(`${rules.length > 0 ? `${rules.join(", ")}: ` : ""}${name}\n`)
    for (const each of found) process.stdout.write(`    ${each}\n`)
  }
  const broken = [...new Set(problems.flatMap(({ rules }) => rules))].sort()
  const which = broken.length === 0 ? "" : `; rules of docs/gateway.md that are broken: ${broken.join(", ")}`
  process.stdout.write(`${count - problems.length} of ${count} ${what} are fulfilled${which}\n`)
  if (problems.length > 0) process.exitCode = 1
}
