// werkstatt fetch: calls an application once, without a server, and prints what it answers, as curl would.

import { readFileSync } from "node:fs"
import { closeBody, iterateBody } from "../environ/body.ts"
import { runApplication } from "../environ/run.ts"
import { createEnviron } from "../testing/environ-builder.ts"
import { loadApplication } from "./load-application.ts"
import { ENV_FILE, type OptionTable, optionLines, parseOptions, UsageError } from "./options.ts"

const OPTIONS = {
  request: { kind: "text", short: "X", value: "METHOD", help: "the method (default GET, or POST with --data)" },
  header: { kind: "list", short: "H", value: "LINE", help: 'a header of the request: "Accept: text/html"' },
  data: {
    kind: "list",
    short: "d",
    value: "TEXT",
    help: "the body, joined by & if given several times; @FILE is what a\nfile holds, @- what comes in; a form unless -H says otherwise",
  },
  include: { kind: "flag", short: "i", help: "print status and headers too" },
  "env-file": ENV_FILE,
  help: { kind: "flag", short: "h", help: "this text" },
} as const satisfies OptionTable

/** What `werkstatt fetch --help` says. */
export const FETCH_USAGE: string = `Usage: werkstatt fetch MODULE[:APP] PATH [options]

Calls an application once, without a server, and prints its response.
The exit code is 22 when the status is 400 or higher.

  PATH        path and query, or a whole URL for another host or scheme

${optionLines(OPTIONS)}

  werkstatt fetch main.ts:app "/search?q=tea"
  werkstatt fetch main.ts:app /save -i -H "Content-Type: application/json" -d '{"a":1}'`

/** The exit code of curl --fail. */
const HTTP_ERROR = 22

/** Prints the response; sets the exit code. */
export async function fetchOnce(argv: readonly string[]): Promise<void> {
  const { values, positionals, fileEnv } = parseOptions(argv, OPTIONS, {})
  if (values.help) {
    process.stdout.write(`${FETCH_USAGE}\n`)
    return
  }
  const [name, path, ...rest] = positionals
  if (name === undefined || path === undefined)
    throw new UsageError("What from which application? Write: werkstatt fetch module:app /path")
  if (rest.length > 0) throw new UsageError(`One path at a time; what is "${rest[0]}"?`)
  const environ = environOf(path, values)
  for (const [variable, value] of Object.entries(fileEnv)) process.env[variable] ??= value
  const app = await loadApplication(name)

  const { status, headers, body } = await runApplication(app, environ)
  try {
    if (values.include) await write(Buffer.from(headOf(status, headers.toList()), "latin1"))
    if (environ.REQUEST_METHOD !== "HEAD") {
      const iterator = iterateBody(body)
      for (let step = await iterator.next(); !step.done; step = await iterator.next()) await write(step.value)
    }
  } finally {
    await closeBody(body)
  }
  if (Number(status.slice(0, 3)) >= 400) process.exitCode = HTTP_ERROR
}

function environOf(path: string, values: { request: string | undefined; header: string[]; data: string[] }) {
  const headers = values.header.map(headerOf)
  const hasData = values.data.length > 0
  const method = values.request ?? (hasData ? "POST" : "GET")
  if (!path.startsWith("/") && !/^https?:\/\//i.test(path))
    throw new UsageError(`A path starts with a slash, not as "${path}".`)
  try {
    if (!hasData) return createEnviron(path, { method, headers })
    if (!headers.some(([name]) => name.toLowerCase() === "content-type"))
      headers.push(["Content-Type", "application/x-www-form-urlencoded"])
    return createEnviron(path, { method, headers, inputStream: bodyOf(values.data) })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(":")
  if (colon < 1) throw new UsageError(`A header is a name, a colon and a value, not "${line}".`)
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+/, "")]
}

function bodyOf(parts: readonly string[]): Uint8Array {
  const chunks = parts.flatMap((part, index) => {
    const bytes = part.startsWith("@") ? fileBytes(part.slice(1)) : Buffer.from(part)
    return index === 0 ? [bytes] : [Buffer.from("&"), bytes]
  })
  return Buffer.concat(chunks)
}

function fileBytes(path: string): Buffer {
  try {
    return readFileSync(path === "-" ? 0 : path)
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
}

function headOf(status: string, headers: readonly (readonly [string, string])[]): string {
  return [`HTTP/1.1 ${status}`, ...headers.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n")
}

function write(chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()))
  })
}
