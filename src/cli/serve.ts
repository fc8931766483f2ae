// werkstatt serve: serves the application that a module exports, for production. Settings come from flags, else from variables,
// else from a configuration file, else they have their defaults.

import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { parentLink } from "../serving/process-group/link.ts"
import { checkBeforeStart, runMaster } from "../serving/serve/master.ts"
import {
  flagName,
  optionName,
  readSetting,
  SETTINGS,
  type Setting,
  SettingError,
  type SettingName,
  type SettingValues,
  settingsHelp,
  settingValues,
} from "../serving/serve/settings.ts"
import { type HookOptions, runWorker } from "../serving/serve/worker.ts"
import {
  findModule,
  importModule,
  LoadError,
  loadApplication,
  parseName,
  typescriptLoader,
} from "./load-application.ts"
import { ENV_FILE, type OptionSpec, type OptionTable, optionLines, parseOptions, UsageError } from "./options.ts"

const OWN = {
  config: { kind: "text", short: "c", value: "FILE", help: "the configuration file" },
  "check-config": { kind: "flag", help: "check the settings, load the application, and end" },
  "print-config": { kind: "flag", help: "print what the settings come to, and where each is from, and end" },
  "env-file": ENV_FILE,
  help: { kind: "flag", short: "h", help: "this text" },
} as const satisfies OptionTable

const SHORT: Partial<Record<SettingName, string>> = {
  bind: "b",
  workers: "w",
  timeout: "t",
  user: "u",
  group: "g",
  umask: "m",
}

const FILES = ["ts", "mts", "js", "mjs", "json"].map((ending) => `werkstatt.config.${ending}`)

const NAMES = Object.keys(SETTINGS) as SettingName[]

/** All flags: those of the settings, and of the command itself. */
const OPTIONS: OptionTable = { ...Object.fromEntries(NAMES.map((name) => [flagName(name), specOf(name)])), ...OWN }

function specOf(name: SettingName): OptionSpec {
  const { kind, help }: Setting = SETTINGS[name]
  const short = SHORT[name]
  return { kind: kind === "flag" || kind === "list" ? kind : "text", help, ...(short !== undefined && { short }) }
}

/** What `werkstatt serve --help` says. */
export const SERVE_USAGE: string = `Usage: werkstatt serve MODULE[:APP] [options]

Serves an application for production. HUP loads it and its settings anew without losing a
request, TERM ends gracefully, INT and QUIT at once, TTIN and TTOU make one worker more or fewer,
USR1 opens the logs anew, USR2 starts another first process beside this one, on the same sockets.

${settingsHelp()}

* HUP leaves it as it is: needs a restart, or USR2.

Command:

${optionLines(OWN)}

Times are written 30s, 500ms, 5m; sizes 512M. Every option can be given as a variable:
WERKSTATT_WORKERS=4; or in a file, werkstatt.config.ts, .js or .json, that exports the settings
by their names in a program. WEB_CONCURRENCY is another name for WERKSTATT_WORKERS; PORT=8080
stands for --bind :8080. A flag counts before a variable, and a variable before the file.

  werkstatt serve main.ts:app --bind :8080 --workers auto --status-bind 127.0.0.1:9000`

type Source = "flag" | "variable" | "file" | "default"

interface Configuration {
  values: SettingValues
  hooks: HookOptions
  sources: Record<string, Source>
  file: string | undefined
}

/** Serves until the process is told to end. */
export async function serve(argv: readonly string[]): Promise<void> {
  const { values: flags, positionals, fileEnv } = parseOptions(argv, OPTIONS, {})
  if (flags["help"]) {
    process.stdout.write(`${SERVE_USAGE}\n`)
    return
  }
  const ofFile = Object.entries(fileEnv).filter(([variable]) => process.env[variable] === undefined)
  for (const [variable, value] of ofFile) process.env[variable] = value
  const configuration = await configure(flags)
  const { values, hooks } = configuration
  const [name = process.env["WERKSTATT_APP"], ...rest] = positionals
  if (flags["print-config"]) {
    process.stdout.write(printed(configuration))
    return
  }
  if (name === undefined) throw new UsageError("Which application? Write: werkstatt serve module:app")
  if (rest.length > 0) throw new UsageError(`One application at a time; what is "${rest[0]}"?`)
  if (parentLink("workers") !== undefined) {
    await runWorker(await loadApplication(name), values, hooks)
    return
  }
  try {
    await checkBeforeStart(values)
    if (flags["check-config"]) {
      await loadApplication(name)
      process.stdout.write("The settings are all right, and the application can be loaded.\n")
      // What the application has opened keeps nothing alive here.
      process.exit()
    }
    // The application is loaded by the workers only, so that they have the new one after a reload.
    const loader = typescriptLoader(findModule(parseName(name).module))
    // Each process reads the file itself: after a reload it may say something else.
    for (const [variable] of ofFile) delete process.env[variable]
    const isBindGiven = configuration.sources["bind"] !== "default"
    const code = await runMaster(values, isBindGiven, loader === undefined ? {} : { execArgv: ["--import", loader] })
    process.exitCode = code
  } catch (error) {
    throw error instanceof SettingError || error instanceof TypeError ? new UsageError(`${error.message}`) : error
  }
}

async function configure(flags: Readonly<Record<string, unknown>>): Promise<Configuration> {
  const file = configFile(flags["config"] as string | undefined)
  const fromFile = file === undefined ? {} : await readConfig(file)
  const options: Record<string, unknown> = {}
  const sources: Record<string, Source> = {}
  try {
    for (const name of NAMES) {
      const option = optionName(name)
      const flag = flags[flagName(name)]
      const variable = variableOf(name)
      const isGiven = Array.isArray(flag) ? flag.length > 0 : flag !== undefined
      if (isGiven) options[option] = typeof flag === "string" ? readSetting(name, flag) : flag
      else if (variable !== undefined)
        options[option] = SETTINGS[name].kind === "list" ? variable.split(",") : readSetting(name, variable)
      else options[option] = fromFile[option]
      sources[option] = isGiven
        ? "flag"
        : variable !== undefined
          ? "variable"
          : fromFile[option] !== undefined
            ? "file"
            : "default"
    }
    const { environ, onRequest, onFinished, staticFiles, accessLogFormat, ...known } = fromFile
    const unknown = Object.keys(known).find((key) => !NAMES.some((name) => optionName(name) === key))
    if (unknown !== undefined) throw new SettingError(`${file} sets "${unknown}", which is no setting.`)
    const hooks = { environ, onRequest, onFinished, staticFiles, accessLogFormat }
    const given = Object.fromEntries(Object.entries(hooks).filter(([, value]) => value !== undefined)) as HookOptions
    return { values: settingValues(options), hooks: given, sources, file }
  } catch (error) {
    throw error instanceof SettingError ? new UsageError(error.message) : error
  }
}

function variableOf(name: SettingName): string | undefined {
  const { env } = process
  const own = env[`WERKSTATT_${flagName(name).toUpperCase().replaceAll("-", "_")}`]
  if (own !== undefined) return own
  if (name === "workers") return env["WEB_CONCURRENCY"]
  return name === "bind" && env["PORT"] ? `:${env["PORT"]}` : undefined
}

function configFile(given: string | undefined): string | undefined {
  const path = given ?? process.env["WERKSTATT_CONFIG"]
  if (path === undefined) return FILES.map((name) => resolve(name)).find((each) => existsSync(each))
  if (!existsSync(path)) throw new UsageError(`There is no configuration file ${path}.`)
  return resolve(path)
}

async function readConfig(file: string): Promise<Record<string, unknown>> {
  const value = file.endsWith(".json")
    ? (JSON.parse(readFileSync(file, "utf8")) as unknown)
    : ((await importModule(file))["default"] as unknown)
  if (typeof value !== "object" || value === null)
    throw new LoadError(`${file} exports no settings: it should have an object as its default export.`)
  return value as Record<string, unknown>
}

function printed({ values, sources, file }: Configuration): string {
  const lines = Object.entries(values).map(
    ([option, value]) => `${option} = ${JSON.stringify(value) ?? "undefined"}  (${sources[option]})`,
  )
  return `${file === undefined ? "" : `# ${file}\n`}${lines.join("\n")}\n`
}
