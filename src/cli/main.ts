#!/usr/bin/env node
// The command `werkstatt`. Each subcommand says what it did wrong in one line; exit code 2 is a wrong call.

import { parseArgs } from "node:util"
import { runSimple } from "../serving/run-simple.ts"
import { LoadError, loadApplication } from "./load-application.ts"

const USAGE = `Usage: werkstatt run MODULE[:APP] [--host HOST] [--port PORT]

Serves an application for development.

  MODULE         a file, with or without its ending, or an installed package
  APP            the export that is the application; "app" or "application" unless given.
                 With () behind it, it is called and what it gives is the application.
  --host HOST    the address to listen on (default localhost)
  --port PORT    the port to listen on, 0 for a free one (default 5000)
  --help         this text

  werkstatt run main.ts:app --port 4000`

class UsageError extends Error {}

async function main(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parse(argv)
  if (values.help || positionals.length === 0) {
    process.stdout.write(`${USAGE}\n`)
    if (!values.help) process.exitCode = 2
    return
  }
  const [command, name, ...rest] = positionals
  if (command !== "run") throw new UsageError(`There is no command "${command}". Try: werkstatt --help`)
  if (name === undefined) throw new UsageError("Which application? Write: werkstatt run module:app")
  if (rest.length > 0) throw new UsageError(`One application at a time; what is "${rest[0]}"?`)
  const port = parsePort(values.port)
  const app = await loadApplication(name)
  await runSimple(values.host, port, app)
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        host: { type: "string", default: "localhost" },
        port: { type: "string", default: "5000" },
        help: { type: "boolean", default: false, short: "h" },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message.split("\n")[0])
  }
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65535)) throw new UsageError(`--port takes a number from 0 to 65535, not "${text}".`)
  return port
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof UsageError || error instanceof LoadError) {
    process.stderr.write(`werkstatt: ${error.message}\n`)
    process.exitCode = 2
  } else if (error instanceof Error && "code" in error && error.cause !== undefined) {
    process.stderr.write(`werkstatt: ${error.message}\n`)
    process.exitCode = 1
  } else {
    throw error
  }
}
