// werkstatt routes: prints the rules of a map as a table. The map is an export, a property of one, or the one map that its module
// exports.

import { formatRoutes, type Routes } from "../routing/route-table.ts"
import { findMap } from "../routing/routes.ts"
import { importModule, LoadError, loadExport, parseName } from "./load-application.ts"
import { ENV_FILE, type OptionTable, optionLines, parseOptions, UsageError } from "./options.ts"

const OPTIONS = {
  "env-file": ENV_FILE,
  help: { kind: "flag", short: "h", help: "this text" },
} as const satisfies OptionTable

/** What `werkstatt routes --help` says. */
export const ROUTES_USAGE: string = `Usage: werkstatt routes MODULE[:NAME] [options]

Prints the rules of a map as a table.

  NAME        an export that is a RuleMap or what routes(...) has made, or an application that has
              one as a property; without it, or if it has none, the first that the module exports

${optionLines(OPTIONS)}

  werkstatt routes main.ts:urls`

/** Prints the table. */
export async function routes(argv: readonly string[]): Promise<void> {
  const { values, positionals, fileEnv } = parseOptions(argv, OPTIONS, {})
  if (values.help) {
    process.stdout.write(`${ROUTES_USAGE}\n`)
    return
  }
  const [name, ...rest] = positionals
  if (name === undefined) throw new UsageError("Which map? Write: werkstatt routes module:urls")
  if (rest.length > 0) throw new UsageError(`One map at a time; what is "${rest[0]}"?`)
  for (const [variable, value] of Object.entries(fileEnv)) process.env[variable] ??= value
  const { exportName, module } = parseName(name)
  const { value, exports } =
    exportName === undefined ? { value: undefined, exports: await importModule(module) } : await loadExport(name)
  const found = [value, ...propertiesOf(value), ...propertiesOf(exports)]
  const map = found.map((each) => (isMap(each) ? each : findMap(each))).find((each) => each !== undefined)
  if (map === undefined) throw new LoadError(`${name} leads to no RuleMap.`)
  process.stdout.write(formatRoutes(map))
}

function propertiesOf(value: unknown): unknown[] {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return []
  return Object.keys(value).map((key) => (value as Record<string, unknown>)[key])
}

function isMap(value: unknown): value is Routes {
  return typeof value === "object" && value !== null && typeof (value as Partial<Routes>).iterRules === "function"
}
