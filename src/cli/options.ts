// The options of a command, described once: what is parsed, what --help says, and which variables stand for them all come
// from the same table. An option that is not given is taken from the variable WERKSTATT_ and its name, in capitals.

import { readFileSync } from "node:fs"
import { parseArgs, parseEnv } from "node:util"
import { closest } from "../mistakes/similarity.ts"

/** A call that makes no sense. The message is one line that says what to change. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

/** One option. A `flag` is there or not, a `text` has a value, a `list` may be given several times. */
export interface OptionSpec {
  kind: "flag" | "text" | "list"
  /** One letter. */
  short?: string
  /** What the value is called in the help. */
  value?: string
  help: string
}

export type OptionTable = Readonly<Record<string, OptionSpec>>

/** What a table's options come to. A flag that is not given anywhere is undefined, and so is a text. */
export type OptionValues<T extends OptionTable> = {
  [Name in keyof T]: T[Name]["kind"] extends "flag"
    ? boolean | undefined
    : T[Name]["kind"] extends "text"
      ? string | undefined
      : string[]
}

/** A command line taken apart. */
export interface CommandLine<T extends OptionTable> {
  values: OptionValues<T>
  positionals: string[]
  /** What the files of --env-file hold, for variables that are not set. */
  fileEnv: Record<string, string>
}

/** Variables are read from these files too; every command has it. */
export const ENV_FILE: OptionSpec = {
  kind: "list",
  value: "FILE",
  help: "variables of the environment, a NAME=value on each line; what is set already stays",
}

/**
 * Takes a command line apart.
 *
 * @throws UsageError for an option that is not in the table, or a value that makes no sense
 */
export function parseOptions<const T extends OptionTable>(
  argv: readonly string[],
  table: T,
  env: Readonly<Record<string, string | undefined>>,
): CommandLine<T> {
  const { values: given, positionals } = parse(argv, table)
  const files = (given["env-file"] as string[] | undefined) ?? listOf(env["WERKSTATT_ENV_FILE"])
  const fileEnv = readEnvFiles(files)
  const values: Record<string, unknown> = Object.create(null)
  for (const [name, { kind }] of Object.entries(table)) {
    const variable = `WERKSTATT_${name.toUpperCase().replaceAll("-", "_")}`
    const text = env[variable] ?? fileEnv[variable]
    if (name in given) values[name] = given[name]
    else if (kind === "list") values[name] = name === "env-file" ? files : listOf(text)
    else values[name] = kind === "flag" ? flagOf(text, variable) : text
  }
  return { values: values as OptionValues<T>, positionals, fileEnv }
}

function parse(
  argv: readonly string[],
  table: OptionTable,
): { values: Record<string, unknown>; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { kind, short }]) => [
      name,
      {
        type: kind === "flag" ? ("boolean" as const) : ("string" as const),
        multiple: kind === "list",
        ...(short && { short }),
      },
    ]),
  )
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, allowNegative: true, options })
  } catch (error) {
    throw new UsageError(usageMessage(error as Error, table))
  }
}

/** Node's own message continues with advice about arguments that begin with a hyphen. */
function usageMessage(error: Error, table: OptionTable): string {
  const unknown = /^Unknown option '--([^']+)'/.exec(error.message)?.[1]
  if (unknown === undefined) return error.message.split("\n")[0] as string
  const near = closest(unknown, Object.keys(table))
  return `There is no option --${unknown}.${near === undefined ? " Try: --help" : ` Did you mean --${near}?`}`
}

function readEnvFiles(paths: readonly string[]): Record<string, string> {
  const env: Record<string, string> = Object.create(null)
  for (const path of paths) {
    try {
      Object.assign(env, parseEnv(readFileSync(path, "utf8")))
    } catch (error) {
      throw new UsageError(`--env-file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
    }
  }
  return env
}

function listOf(text: string | undefined): string[] {
  return text ? text.split(",") : []
}

function flagOf(text: string | undefined, variable: string): boolean | undefined {
  if (text === undefined) return undefined
  if (["1", "true", "yes", "on"].includes(text.toLowerCase())) return true
  if (["", "0", "false", "no", "off"].includes(text.toLowerCase())) return false
  throw new UsageError(`${variable} is yes or no, not "${text}".`)
}

/** A whole number in a range, from the text of an option. */
export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new UsageError(`--${name} takes a number from ${least} to ${most}, not "${text}".`)
}

/**
 * Permissions of a file, from the octal text of an option.
 *
 * @example
 * fileMode("socket-mode", "660") // => 0o660
 * fileMode("socket-mode", "0o600") // => 0o600
 * fileMode("socket-mode", "888") // throws UsageError
 */
export function fileMode(name: string, text: string): number {
  const digits = /^(?:0o?)?([0-7]{1,3})$/.exec(text)?.[1]
  if (digits === undefined) throw new UsageError(`--${name} takes an octal number such as 660, not "${text}".`)
  return Number.parseInt(digits, 8)
}

const WIDTH = 26

/**
 * The lines of a table for --help.
 *
 * @example
 * optionLines({ port: { kind: "text", short: "p", value: "PORT", help: "where" } }) // => "  -p, --port PORT           where"
 */
export function optionLines(table: OptionTable): string {
  return Object.entries(table)
    .map(([name, { short, value, help }]) => {
      const option = `  ${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`
      const [first = "", ...rest] = help.split("\n")
      const head =
        option.length < WIDTH + 2
          ? `${option.padEnd(WIDTH + 2)}${first}`
          : `${option}\n${" ".repeat(WIDTH + 2)}${first}`
      return [head, ...rest.map((line) => `${" ".repeat(WIDTH + 2)}${line}`)].join("\n")
    })
    .join("\n")
}
