// The pages and commands below /__debugger__/. Every request has to name a host of ours and to come from where it may;
// a command is a POST from a page of this very origin that knows the secret. Everything else is refused with a sentence.

import { concatenate } from "../environ/concatenation.ts"
import { getInputStream } from "../environ/request-input.ts"
import type { Application, Body, Environ, HeaderList, StartResponse } from "../gateway.ts"
import { CommandError, type CommandScope, completions, evaluate, getter, members } from "./commands.ts"
import { Console, type ConsoleOptions } from "./console.ts"
import type { FrameView } from "./frame-markup.ts"
import type { Quietly } from "./frame-variables.ts"
import type { HiddenProperties } from "./inspection.ts"
import { consolePage, errorPage, listPage, type Page, type PageContext, privateHeaders } from "./page.ts"
import type { DebuggerKeys, PinGate } from "./pin.ts"
import type { RecordedError, RecordedErrors } from "./recorded-errors.ts"
import { isOwnCommand, isTrusted, originOf, type TrustOptions } from "./trust.ts"

/** The path below which the debugger is. */
export const DEBUGGER_PATH = "/__debugger__"

/** What the site works with. */
export interface SiteOptions {
  readonly errors: RecordedErrors
  readonly keys: DebuggerKeys
  readonly gate: PinGate
  readonly trust: TrustOptions
  readonly evalex: boolean
  readonly editor: string
  /** Paths of scripts that the server puts into pages. */
  readonly scripts: readonly string[]
  readonly consoleOptions: ConsoleOptions
  /** Names for the console without an error. */
  makeNamespace(): Record<string, unknown>
  readonly quietly: Quietly
  hiddenOf(target: object): Promise<HiddenProperties>
  /** Why an error has no variables. */
  note(): string
  /** Tells the operator. */
  say(line: string): void
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const MAX_BODY_BYTES = 256 * 1024
const ERROR_PATH = /^\/errors\/([\w-]{1,40})$/

export class DebuggerSite {
  readonly #options: SiteOptions
  #console: { console: Console; names: string[] } | undefined = undefined
  readonly #targets: object[] = []

  constructor(options: SiteOptions) {
    this.#options = options
  }

  /** Whether a path is one of the site. */
  owns(path: string): boolean {
    return (
      path.startsWith(DEBUGGER_PATH) && (path.length === DEBUGGER_PATH.length || path[DEBUGGER_PATH.length] === "/")
    )
  }

  /** Answers a request for such a path. */
  readonly application: Application = async (environ, startResponse) => {
    const origin = originOf(environ)
    if (!isTrusted(origin, this.#options.trust))
      return refuse(
        startResponse,
        "400 Bad Request",
        "This host is not trusted by the debugger; name it in trustedHosts.",
      )
    const path = environ.PATH_INFO.slice(DEBUGGER_PATH.length)
    const isPage = path === "" || path === "/" || path === "/console" || ERROR_PATH.test(path)
    if (environ.REQUEST_METHOD === "GET" || environ.REQUEST_METHOD === "HEAD") {
      if (!isPage)
        return refuse(startResponse, "405 Method Not Allowed", "Commands are sent by POST.", [["Allow", "POST"]])
      // Another site may link here, and may not look: no page is shown inside of another one.
      return this.#page(environ, startResponse, path)
    }
    if (environ.REQUEST_METHOD !== "POST" || isPage)
      return refuse(startResponse, "405 Method Not Allowed", "There is no such method.", [
        ["Allow", isPage ? "GET, HEAD" : "POST"],
      ])
    if (!isOwnCommand(environ, origin))
      return refuse(startResponse, "400 Bad Request", "Commands come from pages of this server only.")
    return this.#command(environ, startResponse, path.slice(1))
  }

  /** What pages below a mount are told. */
  async context(environ: Environ, mount: string = environ.SCRIPT_NAME): Promise<PageContext> {
    const { keys, gate } = this.#options
    // Two slashes at the beginning would be another host.
    const path = encodeURI(Buffer.from(mount, "latin1").toString("utf8")).replace(/^\/{2,}/, "/")
    const isOpen = gate.checkCookie(environ["HTTP_COOKIE"] as string | undefined) === true
    const origin = `${environ["wsgi.url_scheme"]}://${String(environ["HTTP_HOST"])}`
    return {
      base: `${path}${DEBUGGER_PATH}/`,
      secret: keys.secret,
      isLocked: await gate.isLocked(),
      isOpen,
      scripts: this.#options.scripts.map((script) => origin + script),
    }
  }

  /** The page of an error. */
  async errorPage(error: RecordedError, environ: Environ, mount: string = environ.SCRIPT_NAME): Promise<Page> {
    const { evalex, editor, quietly, note } = this.#options
    const view: FrameView = { numberOf: (target) => error.numberOf(target), quietly, hasConsole: evalex, editor }
    return errorPage(error, await this.context(environ, mount), { ...view, note: note() })
  }

  async #page(environ: Environ, startResponse: StartResponse, path: string): Promise<Body> {
    const { errors, evalex } = this.#options
    const id = ERROR_PATH.exec(path)?.[1]
    if (id !== undefined) {
      const error = errors.find(id)
      if (error === undefined)
        return refuse(
          startResponse,
          "404 Not Found",
          "This error is not kept any more: it was one of another process, or too many came after it.",
        )
      return send(startResponse, await this.errorPage(error, environ))
    }
    const context = await this.context(environ)
    if (path !== "/console") return send(startResponse, listPage(errors, context, evalex))
    if (!evalex) return refuse(startResponse, "404 Not Found", "There is no console.")
    return send(startResponse, consolePage(this.#ownConsole().names, context))
  }

  async #command(environ: Environ, startResponse: StartResponse, name: string): Promise<Body> {
    try {
      const body = await readJson(environ)
      // The secret protects from such requests: the page was allowed to send this, but this process did not make the page.
      if (!this.#options.gate.isSecret(body["secret"]))
        throw new CommandError(400, "This page is of another start of the server. Load it again.")
      const { result, cookie } = await this.#run(environ, name, body)
      return sendJson(startResponse, "200 OK", result, cookie === undefined ? [] : [["Set-Cookie", cookie]])
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      const needsPin = error.status === 403
      return sendJson(
        startResponse,
        STATUS[error.status] ?? "400 Bad Request",
        { problem: error.message, needsPin },
        [],
      )
    }
  }

  async #run(
    environ: Environ,
    name: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<{ result: unknown; cookie?: string | undefined }> {
    const { gate, keys, evalex, say } = this.#options
    const cookies = environ["HTTP_COOKIE"] as string | undefined
    switch (name) {
      case "pin": {
        const pin = typeof body["pin"] === "string" ? body["pin"] : ""
        const secure = environ["wsgi.url_scheme"] === "https"
        const { auth, exhausted, cookie } = await gate.authenticate(pin, cookies, { path: "/", secure })
        return { result: { auth, exhausted }, cookie }
      }
      case "print-pin":
        if (keys.pin !== undefined && !(await gate.isLocked())) say(` * Debugger PIN: ${keys.pin}`)
        return { result: {} }
      case "members":
        return { result: await members(this.#scope(body), body) }
    }
    if (!evalex || !["evaluate", "complete", "getter"].includes(name))
      throw new CommandError(404, "There is no such command.")
    if (gate.checkCookie(cookies) !== true) throw new CommandError(403, "The PIN has not been entered.")
    if (name === "evaluate") return { result: await evaluate(this.#scope(body), body) }
    return { result: name === "complete" ? completions(this.#scope(body), body) : getter(this.#scope(body), body) }
  }

  #scope({ error: id }: Readonly<Record<string, unknown>>): CommandScope {
    const { errors, quietly, hiddenOf } = this.#options
    const error = typeof id === "string" ? errors.find(id) : undefined
    if (typeof id === "string" && error === undefined)
      throw new CommandError(404, "This error is not kept any more. Load the page again.")
    if (error !== undefined) {
      const numberOf = (target: object) => error.numberOf(target)
      return { error, console: undefined, numberOf, target: (number) => error.target(number), hiddenOf, quietly }
    }
    return {
      error: undefined,
      console: this.#ownConsole().console,
      numberOf: (target) => this.#targets.push(target) - 1,
      target: (number) => this.#targets[number],
      hiddenOf,
      quietly,
    }
  }

  #ownConsole(): { console: Console; names: string[] } {
    if (this.#console === undefined) {
      const namespace = this.#options.makeNamespace()
      this.#console = { console: new Console(namespace, this.#options.consoleOptions), names: Object.keys(namespace) }
    }
    return this.#console
  }
}

const STATUS: Record<number, string> = {
  400: "400 Bad Request",
  403: "403 Forbidden",
  404: "404 Not Found",
  413: "413 Content Too Large",
}

async function readJson(environ: Environ): Promise<Record<string, unknown>> {
  let text: string
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of getInputStream(environ, { maxContentLength: MAX_BODY_BYTES })) chunks.push(chunk)
    text = decoder.decode(concatenate(chunks))
  } catch {
    throw new CommandError(413, "The command is too long, or broke off.")
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new CommandError(400, "A command is a JSON object.")
}

function send(startResponse: StartResponse, { html, headers }: Page): Body {
  const bytes = encoder.encode(html)
  startResponse("200 OK", [...headers, ["Content-Length", String(bytes.length)]])
  return [bytes]
}

function sendJson(startResponse: StartResponse, status: string, value: unknown, headers: HeaderList): Body {
  startResponse(status, [["Content-Type", "application/json"], ...privateHeaders(), ...headers])
  return [encoder.encode(JSON.stringify(value))]
}

function refuse(startResponse: StartResponse, status: string, text: string, headers: HeaderList = []): Body {
  startResponse(status, [["Content-Type", "text/plain; charset=utf-8"], ...privateHeaders(), ...headers])
  return [encoder.encode(`${text}\n`)]
}
