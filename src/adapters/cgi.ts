// Runs an application as a CGI script (RFC 3875): a front server starts the process for one request, which comes in the
// environment and on standard input, and takes the response from standard output.

import type { Writable } from "node:stream"
import type { ApplicationLike, Environ, InputStream } from "../gateway.ts"
import { Service, type ServiceOptions } from "../running/service.ts"
import type { WireHead } from "../running/wire-head.ts"
import { refusalText } from "./cgi/answer.ts"
import { variablesOf } from "./cgi/environment.ts"
import type { Gateway } from "./cgi/gateway.ts"
import { takeOutput } from "./cgi/output.ts"
import { serveVariables } from "./cgi/serve-variables.ts"
import { TextExchange } from "./cgi/text-exchange.ts"
import { checkScriptName } from "./cgi/variables.ts"
import { serverParts } from "./node/parts.ts"

/** How a CGI script treats its request. */
export interface CgiOptions
  extends Pick<ServiceOptions, "errors" | "onError" | "environ" | "maxFields" | "maxTargetLength" | "onFinished"> {
  /** Where the application is mounted: empty for the root, or a path such as `/shop`. SCRIPT_NAME unless given. */
  scriptName?: string
}

const never = Number.POSITIVE_INFINITY
const NO_LIMITS = {
  firstByteMs: never,
  headMs: never,
  requestMs: 0,
  keepAliveMs: never,
  sendMs: 0,
  idleLingerMs: never,
}

/** How long what the application has still open may keep the process alive: Apache waits for its end. */
const EXIT_LIMIT_MS = 1000

/**
 * Answers the one request that this process was started for; resolves when the response is written and the body closed. What still
 * runs after that is ended within a second.
 *
 * From the call on, `console.log` and `process.stdout` write to standard error. What a module writes while it is loaded comes
 * before that; `werkstatt cgi` redirects it too.
 *
 * A request that is malformed is answered with 400, and the log says why. A response that breaks off looks complete to the front
 * server, unless its Content-Length was told; the exit code is 1 then.
 *
 * @throws TypeError for a `scriptName` that is no path
 */
export async function runCgi(app: ApplicationLike, options: CgiOptions = {}): Promise<void> {
  const gateway: Gateway = {
    name: "CGI",
    service: new Service(app, { ...options, multiprocess: true }, serverParts(NO_LIMITS)),
    variables: { scriptName: checkScriptName(options.scriptName), loneScriptName: "mount", unknownLength: "chunked" },
    maxHeadBytes: never,
    halfCloseGraceMs: 0,
  }
  const output = takeOutput()
  await new Promise<void>((resolve) => {
    const exchange = new CgiExchange(gateway.service, output, resolve)
    const leave = () => exchange.leave()
    output.on("error", leave)
    // Front servers end a script so that takes too long, or whose client has gone.
    process.once("SIGTERM", () => {
      process.exitCode = 143
      leave()
    })
    const refusal = serveVariables(gateway, variablesOf(process.env), exchange)
    if (refusal === undefined) return
    output.end(refusalText("Status: ", refusal), "latin1")
    resolve()
  })
  process.stdin.destroy()
  if (!output.destroyed && !output.writableFinished) await settled(output)
  setTimeout(() => process.exit(), EXIT_LIMIT_MS).unref()
}

function settled(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    output.once("finish", resolve)
    output.once("close", resolve)
  })
}

class CgiExchange extends TextExchange {
  readonly #output: Writable
  readonly #onFinished: () => void

  constructor(service: Service, output: Writable, onFinished: () => void) {
    super(service, process.stdin, output, "Status: ")
    this.#output = output
    this.#onFinished = onFinished
  }

  override adjust(environ: Environ): void {
    environ["wsgi.multithread"] = false
    environ["wsgi.run_once"] = true
  }

  override input(): InputStream {
    const { stdin } = process
    stdin.on("data", (chunk: Buffer) => this.bodyCame(chunk))
    stdin.on("end", () => this.bodyEnded(true))
    stdin.on("error", () => this.bodyEnded(false))
    return super.input()
  }

  protected override close(): void {
    this.#output.end()
  }

  override destroy(): void {
    process.exitCode = 1
    this.#output.end()
  }

  override finished(head: WireHead | undefined): void {
    super.finished(head)
    this.#onFinished()
  }
}
