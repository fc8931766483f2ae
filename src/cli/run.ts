// werkstatt run: serves the application that a module exports, for development.

import type { FrontProtocol } from "../serving/front-protocol.ts"
import { isRunningFromReloader } from "../serving/process-group/link.ts"
import type { ReloaderType } from "../serving/reloader/watcher.ts"
import type { RunOptions } from "../serving/run-simple.ts"
import type { SslContext } from "../serving/tls.ts"
import { findModule, loadApplication, parseName, typescriptLoader } from "./load-application.ts"
import {
  ENV_FILE,
  fileMode,
  type OptionTable,
  type OptionValues,
  optionLines,
  parseOptions,
  UsageError,
  wholeNumber,
} from "./options.ts"

const OPTIONS = {
  host: {
    kind: "text",
    value: "HOST",
    help: "where to listen: a name, an address (0.0.0.0 and :: are all), or\nunix://PATH (default localhost)",
  },
  port: { kind: "text", short: "p", value: "PORT", help: "the port to listen on, 0 for a free one (default 5000)" },
  fd: { kind: "text", value: "NUMBER", help: "a descriptor that listens already, in place of host and port" },
  "socket-mode": { kind: "text", value: "MODE", help: "the permissions of a unix socket, as 660" },
  protocol: { kind: "text", value: "NAME", help: "http, or what a front server speaks: scgi, uwsgi, fastcgi" },
  "allow-from": {
    kind: "list",
    value: "ADDRESS",
    help: "front servers on other machines, as addresses or networks;\nunix stands for unix sockets",
  },
  "script-name": { kind: "text", value: "PATH", help: "where a front server has mounted the application" },
  "proxy-protocol-from": {
    kind: "list",
    value: "ADDRESS",
    help: "balancers that tell whose connections they pass on\n(PROXY protocol)",
  },
  reload: { kind: "flag", short: "r", help: "start anew when a file of the application changes" },
  debug: { kind: "flag", help: "--reload, and errors in the browser with a console in each frame" },
  "trusted-host": { kind: "list", value: "HOST", help: "a further name by which the debugger may be used" },
  "remote-debugger": { kind: "flag", help: "the debugger may be used from other machines" },
  "live-reload": { kind: "flag", help: "pages in the browser load themselves anew too" },
  "extra-file": { kind: "list", value: "PATH", help: "a further file or folder to watch" },
  exclude: { kind: "list", value: "PATTERN", help: "full paths not to watch; * stands for slashes too" },
  reloader: { kind: "text", value: "KIND", help: "how changes are found: auto, chokidar, stat" },
  "reloader-interval": { kind: "text", value: "MS", help: "how often stat looks (default 1000)" },
  cert: { kind: "text", value: "FILE", help: 'speak TLS with this certificate (PEM); "adhoc" makes one' },
  key: { kind: "text", value: "FILE", help: "the key of the certificate" },
  http2: { kind: "flag", help: "speak HTTP/2 with clients that ask for it; needs --cert" },
  static: { kind: "list", value: "/PATH=DIR", help: "serve the files of a folder below a path" },
  processes: { kind: "text", value: "NUMBER", help: "how many processes serve (default 1)" },
  "one-at-a-time": { kind: "flag", help: "begin a request when the one before is over" },
  "passthrough-errors": { kind: "flag", help: "an error of the application ends the process" },
  "log-duration": { kind: "flag", help: "the log tells how long each request took" },
  quiet: { kind: "flag", short: "q", help: "do not log requests" },
  "env-file": ENV_FILE,
  help: { kind: "flag", short: "h", help: "this text" },
} as const satisfies OptionTable

/** What `werkstatt run --help` says. */
export const RUN_USAGE: string = `Usage: werkstatt run MODULE[:APP] [options]

Serves an application for development.

  MODULE      a file, with or without its ending, or an installed package
  APP         the export that is the application; "app" or "application" unless given.
              With () behind it, it is called and what it gives is the application.

${optionLines(OPTIONS)}

Every option can be given as a variable: WERKSTATT_PORT=4000, WERKSTATT_RELOAD=1; what
may be given several times, with commas: WERKSTATT_STATIC=/css=css,/js=js.
A flag is taken back by --no- in front of it: --no-reload.

  werkstatt run main.ts:app --port 4000 --reload
  werkstatt run site --host unix:///run/site.sock --static /static=public
  werkstatt run site --host unix:///run/site.sock --protocol fastcgi`

/** Serves until the process is told to end. */
export async function run(argv: readonly string[]): Promise<void> {
  const { values, positionals, fileEnv } = parseOptions(argv, OPTIONS, process.env)
  if (values.help) {
    process.stdout.write(`${RUN_USAGE}\n`)
    return
  }
  const [name = process.env["WERKSTATT_APP"] ?? fileEnv["WERKSTATT_APP"], ...rest] = positionals
  if (name === undefined) throw new UsageError("Which application? Write: werkstatt run module:app")
  if (rest.length > 0) throw new UsageError(`One application at a time; what is "${rest[0]}"?`)
  const host = values.host ?? "localhost"
  const port = values.port === undefined ? 5000 : wholeNumber("port", values.port, 0, 65535)
  const options = runOptions(values)
  const { runSimple, runWithReloader } = await import("../serving/run-simple.ts")
  await checkPlace(host, port, options)
  if (options.useReloader && !isRunningFromReloader()) {
    // The application is loaded by the other process only: its errors would end this one.
    const file = findModule(parseName(name).module)
    const loader = typescriptLoader(file)
    await runWithReloader(host, port, options, loader === undefined ? [] : ["--import", loader])
  }
  // Not before: what the parent sets, the other processes would inherit, and not see that the file has changed.
  for (const [variable, value] of Object.entries(fileEnv)) process.env[variable] ??= value
  await runSimple(host, port, await loadApplication(name), options)
}

function runOptions(values: OptionValues<typeof OPTIONS>): RunOptions {
  const options: RunOptions = {
    useReloader: values.reload ?? values.debug ?? false,
    useDebugger: values.debug ?? false,
    trustedHosts: values["trusted-host"],
    remoteDebugger: values["remote-debugger"] ?? false,
    liveReload: values["live-reload"] ?? false,
    extraFiles: [...values["extra-file"], ...values["env-file"]],
    excludePatterns: values.exclude,
    http2: values.http2 ?? false,
    threaded: !values["one-at-a-time"],
    passthroughErrors: values["passthrough-errors"] ?? false,
    logDuration: values["log-duration"] ?? false,
    accessLog: !values.quiet,
  }
  if (values.fd !== undefined) options.fd = wholeNumber("fd", values.fd, 0, 1_000_000)
  if (values["socket-mode"] !== undefined) options.socketMode = fileMode("socket-mode", values["socket-mode"])
  if (values.protocol !== undefined) options.protocol = frontProtocol(values.protocol)
  if (values["allow-from"].length > 0) options.allowFrom = values["allow-from"]
  if (values["script-name"] !== undefined) options.scriptName = values["script-name"]
  if (values["proxy-protocol-from"].length > 0) options.proxyProtocolFrom = values["proxy-protocol-from"]
  if (values.processes !== undefined) options.processes = wholeNumber("processes", values.processes, 1, 1000)
  if (values.reloader !== undefined) options.reloaderType = reloaderType(values.reloader)
  if (values["reloader-interval"] !== undefined)
    options.reloaderIntervalMs = wholeNumber("reloader-interval", values["reloader-interval"], 10, 3_600_000)
  const sslContext = sslContextOf(values)
  if (sslContext !== undefined) options.sslContext = sslContext
  if (values.static.length > 0) options.staticFiles = values.static.map(staticFiles)
  if (options.http2 && sslContext === undefined)
    throw new UsageError("--http2 needs --cert: no browser asks for it without TLS.")
  if (options.useReloader && (options.processes ?? 1) > 1)
    throw new UsageError("The reloader starts one process; leave out --processes or --reload.")
  return options
}

async function checkPlace(host: string, port: number, options: RunOptions): Promise<void> {
  const { checkFrontPlace } = await import("../serving/front-protocol.ts")
  try {
    checkFrontPlace(host, port, options)
  } catch (error) {
    throw error instanceof TypeError || error instanceof RangeError ? new UsageError(error.message) : error
  }
}

function frontProtocol(text: string): FrontProtocol {
  if (text === "http" || text === "scgi" || text === "uwsgi" || text === "fastcgi") return text
  throw new UsageError(`--protocol is one of http, scgi, uwsgi, fastcgi, not ${JSON.stringify(text)}.`)
}

function reloaderType(text: string): ReloaderType {
  if (text === "auto" || text === "stat" || text === "chokidar") return text
  throw new UsageError(`--reloader is auto, chokidar or stat, not "${text}".`)
}

function sslContextOf({ cert, key }: { cert: string | undefined; key: string | undefined }): SslContext | undefined {
  if (cert === undefined && key !== undefined)
    throw new UsageError("--key needs --cert, the certificate that it belongs to.")
  if (cert === undefined || cert === "adhoc") return cert
  if (key === undefined) throw new UsageError('--cert needs --key, unless it is "adhoc".')
  return [cert, key]
}

function staticFiles(text: string): [string, string] {
  const sign = text.indexOf("=")
  if (!text.startsWith("/") || sign === -1 || sign === text.length - 1)
    throw new UsageError(`--static is a path and a folder, as /static=public, not "${text}".`)
  return [text.slice(0, sign), text.slice(sign + 1)]
}
