#!/usr/bin/env node

// The command `werkstatt`. Each subcommand says what it did wrong in one line; exit code 2 is a wrong call.

import { readFileSync } from "node:fs"
import { closest } from "../mistakes/similarity.ts"
import { ownFolder } from "../own-files.ts"
import { isRunningFromReloader } from "../serving/process-group/link.ts"
import { failureText } from "./failure-text.ts"
import { LoadError } from "./load-application.ts"
import { UsageError } from "./options.ts"

type Command = (argv: readonly string[]) => Promise<void>

// A command loads what it needs and no more: a CGI script is started anew for each request.
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["run", async () => (await import("./run.ts")).run],
  ["serve", async () => (await import("./serve.ts")).serve],
  ["cgi", async () => (await import("./cgi.ts")).cgi],
  ["fetch", async () => (await import("./fetch.ts")).fetchOnce],
  ["new", async () => (await import("./new.ts")).newProject],
  ["routes", async () => (await import("./routes.ts")).routes],
  ["conformance", async () => (await import("./conformance.ts")).conformanceCommand],
])

async function usage(): Promise<string> {
  const { RUN_USAGE } = await import("./run.ts")
  return `${RUN_USAGE}

Other commands:

  werkstatt serve MODULE[:APP]          serve an application for production
  werkstatt cgi MODULE[:APP]            answer one request as a CGI script
  werkstatt fetch MODULE[:APP] PATH     call it once, without a server, and print the response
  werkstatt new FOLDER                  make a project to begin with
  werkstatt routes MODULE[:MAP]         print the rules of a map
  werkstatt conformance URL             check a server of the gateway interface
  werkstatt COMMAND --help              what a command can do
  werkstatt --version`
}

async function main([command, ...argv]: string[]): Promise<void> {
  if (command === undefined || command === "--help" || command === "-h") {
    process.stdout.write(`${await usage()}\n`)
    if (command === undefined) process.exitCode = 2
    return
  }
  if (command === "--version") {
    const manifest = readFileSync(new URL("../package.json", ownFolder), "utf8")
    process.stdout.write(`werkstatt ${(JSON.parse(manifest) as { version: string }).version}\n`)
    return
  }
  const load = COMMANDS.get(command)
  if (load === undefined) {
    const near = closest(command, COMMANDS.keys())
    const hint = near === undefined ? "Try: werkstatt --help" : `Did you mean "${near}"?`
    throw new UsageError(`There is no command "${command}". ${hint}`)
  }
  const work = await load()
  await work(argv)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  // The parent of the reloader shows it, and waits for the next save.
  if (isRunningFromReloader()) throw error
  if (error instanceof UsageError || error instanceof LoadError) {
    process.stderr.write(`werkstatt: ${error.message}\n`)
    process.exitCode = 2
  } else if (error instanceof Error && "code" in error && error.cause !== undefined) {
    process.stderr.write(`werkstatt: ${error.message}\n`)
    process.exitCode = 1
  } else {
    const text = failureText(error)
    if (text === undefined) throw error
    process.stderr.write(text)
    process.exitCode = 1
  }
}
