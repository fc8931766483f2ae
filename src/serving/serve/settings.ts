// The one table of what can be set: flags, variables, keys of a configuration file, options of `serve`, the text of --help and
// the table of the docs are all made of it. Knows how a text is read, and not what a setting does.

/** How a setting is written, and what it is in a program. */
export type Kind = "flag" | "text" | "list" | "number" | "duration" | "size" | "mode"

/** One setting. */
export interface Setting {
  readonly kind: Kind
  readonly group: "Sockets" | "Workers" | "Logs" | "TLS" | "Process" | "Limits"
  /** What the value is called in the help. */
  readonly value?: string
  /** As it would be written; what is not given is left out. */
  readonly default?: string
  readonly least?: number
  readonly most?: number
  /** Whether SIGHUP leaves it as it is; the help has a star there. */
  readonly needsRestart?: true
  readonly help: string
}

export const SETTINGS = {
  bind: {
    kind: "list",
    needsRestart: true,
    group: "Sockets",
    value: "ADDRESS",
    default: "127.0.0.1:8000",
    help: "where to listen: HOST:PORT, [::1]:PORT, :PORT for all addresses, unix:PATH, fd://NUMBER; may be given several times",
  },
  socketMode: {
    kind: "mode",
    needsRestart: true,
    group: "Sockets",
    value: "MODE",
    help: "the permissions of unix sockets, as 660",
  },
  socketOwner: {
    kind: "text",
    needsRestart: true,
    group: "Sockets",
    value: "USER[:GROUP]",
    help: "the owner of unix sockets",
  },
  reusePort: {
    kind: "flag",
    needsRestart: true,
    group: "Sockets",
    help: "each worker listens by itself, and the kernel spreads connections (SO_REUSEPORT; from Node 22.12)",
  },
  protocol: {
    kind: "text",
    group: "Sockets",
    value: "NAME",
    default: "http",
    help: "what is spoken: http, or scgi, uwsgi or fastcgi with a front server",
  },
  allowFrom: {
    kind: "list",
    group: "Sockets",
    value: "ADDRESS",
    help: "addresses and networks of front servers that speak another protocol than http, and unix for unix sockets; unless given, unix sockets and this machine",
  },
  scriptName: {
    kind: "text",
    group: "Sockets",
    value: "PATH",
    help: "where such a front server has mounted the application",
  },
  engine: {
    kind: "text",
    group: "Sockets",
    value: "NAME",
    default: "http",
    help: "what speaks HTTP/1.1: http, which is Node's own server, or net, the engine of this package",
  },
  proxyProtocolFrom: {
    kind: "list",
    group: "Sockets",
    value: "ADDRESS",
    help: "addresses and networks of balancers that tell by the PROXY protocol whose connections they pass on, and unix for unix sockets",
  },
  statusBind: {
    kind: "text",
    needsRestart: true,
    group: "Sockets",
    value: "ADDRESS",
    help: "where /-/ready, /-/health and /metrics are answered, by the first process",
  },
  workers: {
    kind: "text",
    group: "Workers",
    value: "N|auto",
    default: "1",
    help: "how many processes run the application; auto is one for each processor",
  },
  preload: { kind: "flag", group: "Workers", help: "not to be had in Node: said so, and ignored" },
  timeout: {
    kind: "duration",
    group: "Workers",
    default: "30s",
    help: "a worker whose event loop stands still for so long is killed and replaced; 0 for never",
  },
  bootTimeout: { kind: "duration", group: "Workers", default: "60s", help: "time for a worker to become ready" },
  gracefulTimeout: {
    kind: "duration",
    group: "Workers",
    default: "30s",
    help: "time for the requests at work when a worker is to end; then it is killed",
  },
  drainDelay: {
    kind: "duration",
    group: "Workers",
    default: "0s",
    help: "how long /-/ready says 503 before the server stops taking connections",
  },
  idleLinger: {
    kind: "duration",
    group: "Workers",
    default: "1s",
    help: "how long idle connections are kept when a worker is to end",
  },
  maxRequests: {
    kind: "number",
    group: "Workers",
    default: "0",
    least: 0,
    most: 1_000_000_000,
    help: "a worker is replaced after so many requests; 0 for never",
  },
  maxAge: {
    kind: "duration",
    group: "Workers",
    default: "0s",
    help: "a worker is replaced after so long; 0 for never",
  },
  maxMemory: {
    kind: "size",
    group: "Workers",
    default: "0",
    help: "a worker that takes more memory (resident) is replaced; 0 for no limit",
  },
  recycleJitter: {
    kind: "number",
    group: "Workers",
    default: "20",
    least: 0,
    most: 100,
    help: "per cent by which each worker's limits are lowered at random, so that not all are reached at once",
  },
  accessLog: { kind: "text", group: "Logs", value: "FILE", help: "a line for each request; - is standard output" },
  accessLogFormat: {
    kind: "text",
    group: "Logs",
    value: "FORMAT",
    default: "combined",
    help: "common, combined, json, or a line with %(NAME)s in it",
  },
  accessLogSkip: { kind: "list", group: "Logs", value: "PATH", help: "requests below these paths are not logged" },
  errorLog: {
    kind: "text",
    group: "Logs",
    value: "FILE",
    default: "-",
    help: "what the server and wsgi.errors have to say; - is standard error",
  },
  errorLogFormat: { kind: "text", group: "Logs", value: "lines|json", default: "lines", help: "how it is written" },
  statsd: {
    kind: "text",
    group: "Logs",
    value: "HOST:PORT",
    help: "a statsd server that is told of requests and workers, over UDP",
  },
  statsdPrefix: {
    kind: "text",
    group: "Logs",
    value: "TEXT",
    default: "werkstatt.",
    help: "what the names of its metrics begin with",
  },
  cert: {
    kind: "list",
    group: "TLS",
    value: "FILE",
    help: "a certificate (PEM); of several, clients get the one for the name that they ask for, else the first",
  },
  key: { kind: "list", group: "TLS", value: "FILE", help: "the key of each certificate, in the same order" },
  http2: { kind: "flag", group: "TLS", help: "speak HTTP/2 with clients that ask for it; needs a certificate" },
  pidFile: {
    kind: "text",
    needsRestart: true,
    group: "Process",
    value: "FILE",
    help: "where the number of the first process is written",
  },
  user: {
    kind: "text",
    needsRestart: true,
    group: "Process",
    value: "USER",
    help: "the user that the workers run as; needs root",
  },
  group: {
    kind: "text",
    needsRestart: true,
    group: "Process",
    value: "GROUP",
    help: "the group that the workers run in; needs root",
  },
  umask: {
    kind: "mode",
    needsRestart: true,
    group: "Process",
    value: "MODE",
    help: "the umask of all processes, as 027",
  },
  headersTimeout: { kind: "duration", group: "Limits", default: "20s", help: "time for a request's head" },
  requestTimeout: {
    kind: "duration",
    group: "Limits",
    default: "300s",
    help: "time for a whole request; 0 for no limit",
  },
  firstByteTimeout: {
    kind: "duration",
    group: "Limits",
    default: "20s",
    help: "a connection on which nothing came for so long is closed",
  },
  keepAliveTimeout: {
    kind: "duration",
    group: "Limits",
    default: "5s",
    help: "how long an idle connection is kept; longer than the front server's own",
  },
  sendTimeout: {
    kind: "duration",
    group: "Limits",
    default: "60s",
    help: "how long a client may take nothing of what waits to be sent to it",
  },
  maxHead: {
    kind: "size",
    group: "Limits",
    default: "16K",
    help: "a longer head is answered with 431; the variables of a front server may have four times as many bytes",
  },
  maxFields: {
    kind: "number",
    group: "Limits",
    default: "200",
    least: 1,
    most: 100_000,
    help: "more header fields are answered with 431",
  },
  maxTargetLength: {
    kind: "number",
    group: "Limits",
    default: "8000",
    least: 1,
    most: 1_000_000,
    help: "a longer target is answered with 414",
  },
} as const

SETTINGS satisfies Readonly<Record<string, Setting>>

type Settings = typeof SETTINGS

/** The name of a setting. */
export type SettingName = keyof Settings

type OptionName<N extends string, K extends Kind> = K extends "duration" ? `${N}Ms` : K extends "size" ? `${N}Bytes` : N

type OptionValue<K extends Kind> = K extends "flag"
  ? boolean
  : K extends "text"
    ? string
    : K extends "list"
      ? readonly string[]
      : number

/** What the settings come to in a program: durations in milliseconds, sizes in bytes. */
export type SettingOptions = {
  [N in SettingName as OptionName<N, Settings[N]["kind"]>]?: OptionValue<Settings[N]["kind"]> | undefined
}

/** Values of all settings, each from a flag, a variable, a file or the default; undefined where a setting has no default. */
export type SettingValues = {
  [N in SettingName as OptionName<N, Settings[N]["kind"]>]:
    | OptionValue<Settings[N]["kind"]>
    | (Settings[N] extends { default: string }
        ? never
        : Settings[N]["kind"] extends "list" | "flag"
          ? never
          : undefined)
}

/** A value that makes no sense. The message is a sentence that names the setting. */
export class SettingError extends Error {
  override readonly name = "SettingError"
}

const NAMES = Object.keys(SETTINGS) as SettingName[]

/**
 * The option of a setting.
 *
 * @example
 * optionName("timeout") // => "timeoutMs"
 * optionName("bind") // => "bind"
 */
export function optionName(name: SettingName): keyof SettingOptions {
  const { kind } = SETTINGS[name]
  return (kind === "duration" ? `${name}Ms` : kind === "size" ? `${name}Bytes` : name) as keyof SettingOptions
}

/**
 * The flag of a setting, without its dashes.
 *
 * @example
 * flagName("gracefulTimeout") // => "graceful-timeout"
 */
export function flagName(name: SettingName): string {
  return name.replace(/[A-Z]|\d/g, (char) => (/\d/.test(char) ? char : `-${char.toLowerCase()}`))
}

/**
 * What a text says.
 *
 * @throws SettingError when it says nothing of the kind
 * @example
 * readSetting("timeout", "1.5m") // => 90_000
 * readSetting("timeout", "30") // => 30_000
 * readSetting("maxMemory", "512M") // => 536_870_912
 * readSetting("socketMode", "660") // => 0o660
 * readSetting("timeout", "soon") // throws SettingError
 */
export function readSetting(name: SettingName, text: string): boolean | string | number {
  const setting: Setting = SETTINGS[name]
  switch (setting.kind) {
    case "number":
      return inRange(name, setting, /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN, text)
    case "duration":
      return inRange(name, setting, durationOf(text), text)
    case "size":
      return inRange(name, setting, sizeOf(text), text)
    case "mode":
      return inRange(
        name,
        setting,
        /^(?:0o?)?[0-7]{1,3}$/.test(text) ? Number.parseInt(text.replace(/^0o/, ""), 8) : Number.NaN,
        text,
      )
    case "flag":
      if (["1", "true", "yes", "on"].includes(text.toLowerCase())) return true
      if (["", "0", "false", "no", "off"].includes(text.toLowerCase())) return false
      throw new SettingError(`${flagName(name)} is yes or no, not "${text}".`)
    default:
      return text
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, "": 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIZES: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

function durationOf(text: string): number {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d|)$/.exec(text) ?? []
  return digits === undefined ? Number.NaN : Math.round(Number(digits) * (UNITS[unit as string] as number))
}

function sizeOf(text: string): number {
  const [, digits, unit] = /^(\d{1,12})([kmg]?)b?$/i.exec(text) ?? []
  return digits === undefined ? Number.NaN : Number(digits) * (SIZES[(unit as string).toLowerCase()] as number)
}

const EXAMPLES: Readonly<Record<string, string>> = {
  number: "a whole number",
  duration: "a time such as 30s, 500ms or 5m",
  size: "a size such as 512M",
  mode: "an octal number such as 660",
}

/** The longest that a timer of Node waits. */
const MOST_MS = 2 ** 31 - 1

function inRange(name: SettingName, { kind, least = 0, most }: Setting, value: number, given: unknown): number {
  const limit = most ?? (kind === "mode" ? 0o777 : kind === "duration" ? MOST_MS : Number.MAX_SAFE_INTEGER)
  if (value >= least && value <= limit && (kind === "duration" || Number.isInteger(value))) return value
  const range = most === undefined && least === 0 ? "" : ` from ${least} to ${limit}`
  throw new SettingError(`${flagName(name)} takes ${EXAMPLES[kind]}${range}, not ${JSON.stringify(String(given))}.`)
}

/**
 * The options of a program or a configuration file with all defaults; what they say is checked.
 *
 * @throws SettingError for a value of another type, or out of range
 */
export function settingValues(options: Readonly<Record<string, unknown>>): SettingValues {
  const values: Record<string, unknown> = Object.create(null)
  for (const name of NAMES) {
    const setting: Setting = SETTINGS[name]
    const option = optionName(name)
    const given = options[option]
    values[option] = given === undefined ? defaultOf(name, setting) : checked(name, setting, given)
  }
  return values as unknown as SettingValues
}

/** The default of a setting. */
export function defaultOf(name: SettingName, setting: Setting = SETTINGS[name]): unknown {
  if (setting.kind === "list") return setting.default === undefined ? [] : [setting.default]
  if (setting.kind === "flag") return false
  return setting.default === undefined ? undefined : readSetting(name, setting.default)
}

function checked(name: SettingName, setting: Setting, given: unknown): unknown {
  const { kind } = setting
  // A function makes the lines itself.
  if (name === "accessLogFormat" && typeof given === "function") return given
  if (kind === "flag" && typeof given === "boolean") return given
  if (kind === "text" && typeof given === "string") return given
  if (name === "workers" && typeof given === "number") return String(given)
  if (kind === "list") {
    const list = typeof given === "string" ? [given] : given
    if (Array.isArray(list) && list.every((each) => typeof each === "string")) return list
  }
  if (EXAMPLES[kind] !== undefined && typeof given === "number") return inRange(name, setting, given, given)
  const expected = { flag: "true or false", text: "a text", list: "a list of texts" }[kind as string] ?? "a number"
  throw new SettingError(`${optionName(name)} is ${expected}, not ${JSON.stringify(given) ?? typeof given}.`)
}

/**
 * The settings in which two runs of the program differ, by the names of their options.
 *
 * @example
 * changedSettings(settingValues({}), settingValues({ workers: 2 })) // => ["workers"]
 */
export function changedSettings(before: SettingValues, after: SettingValues): SettingName[] {
  // As they look when they come from another process: without functions.
  const text = (values: SettingValues, name: SettingName) => JSON.stringify(values[optionName(name)])
  return NAMES.filter((name) => text(before, name) !== text(after, name))
}

/** The settings as lines for --help, by group. */
export function settingsHelp(): string {
  const groups = new Map<string, string[]>()
  for (const name of NAMES) {
    const setting: Setting = SETTINGS[name]
    const value = setting.value ?? { number: "NUMBER", duration: "TIME", size: "SIZE" }[setting.kind as string]
    const head = `  --${flagName(name)}${value === undefined ? "" : ` ${value}`}`
    const text = `${setting.help}${setting.default === undefined ? "" : ` (default ${setting.default})`}${setting.needsRestart ? " *" : ""}`
    groups.set(setting.group, [...(groups.get(setting.group) ?? []), head, ...wrapped(text)])
  }
  return [...groups].map(([group, lines]) => `${group}:\n\n${lines.join("\n")}`).join("\n\n")
}

const INDENT = "        "

function wrapped(text: string): string[] {
  const lines = [""]
  for (const word of text.split(" ")) {
    const line = lines.at(-1) as string
    if (line !== "" && line.length + word.length > 90) lines.push(word)
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`
  }
  return lines.map((line) => INDENT + line)
}

/** The settings as a table in Markdown. */
export function settingsTable(): string {
  const rows = NAMES.map((name) => {
    const { default: value = "", help, needsRestart }: Setting = SETTINGS[name]
    const text = `${help.replaceAll("|", "\\|")}${needsRestart ? " \\*" : ""}`
    return `| \`--${flagName(name)}\` | \`${optionName(name)}\` | ${value && `\`${value}\``} | ${text} |`
  })
  return ["| flag | option | default | |", "| --- | --- | --- | --- |", ...rows].join("\n")
}
