// An application under the debugger: its errors become pages that show what went wrong and let it be looked into. The parts
// are put together here; each knows little of the others. For development only: a visitor that enters the PIN runs code here.

import { asApplication } from "../as-application.ts"
import { prefersJson } from "../exceptions/json-preference.ts"
import type { Application, ApplicationLike, Body, Environ, HeaderList, StartResponse } from "../gateway.ts"
import { hostIsTrusted } from "../http/hosts.ts"
import { isInstance } from "../mistakes/thrown.ts"
import { display, ON_ERROR_KEY, type OnError, reportError } from "../running/report.ts"
import { type ErrorHandler, withErrors } from "./application-errors.ts"
import type { Wrapper } from "./console.ts"
import { DEBUGGER_PATH, DebuggerSite } from "./debugger-site.ts"
import type { Quietly } from "./frame-variables.ts"
import { Inspection } from "./inspection.ts"
import { privateHeaders, untrustedPage } from "./page.ts"
import { type DebuggerKeys, LocalPinAttempts, makeKeys, type PinAttempts, PinGate } from "./pin.ts"
import { onProcessErrors } from "./process-errors.ts"
import { RecordedError, RecordedErrors } from "./recorded-errors.ts"
import { reportRequest } from "./request-report.ts"
import { routesOf } from "./routes-of.ts"
import { Sources } from "./sources.ts"
import { errorsOf, framesOf, type TracedError, trace } from "./traceback.ts"
import { tracebackData, tracebackText } from "./traceback-text.ts"
import { isTrusted, LOCAL_HOSTS, type Origin, originOf, type TrustOptions } from "./trust.ts"

/** How an application is debugged. */
export interface DebuggedApplicationOptions {
  /** Whether code can be evaluated in the frames. Default true. */
  evalex?: boolean | undefined
  /** Makes the names that the console without an error begins with, besides `app`. */
  consoleInitFunc?: (() => Record<string, unknown>) | undefined
  /** Whether a PIN opens the consoles. Default true. */
  pinSecurity?: boolean | undefined
  /** Whether the PIN is told when a page asks for it. Default true. */
  pinLogging?: boolean | undefined
  /** Hosts by which it may be used, besides those of this machine; a dot in front means all names below it too. */
  trustedHosts?: readonly string[] | undefined
  /** Whether other machines may use it. Default false: the peer of the connection must be this machine. */
  allowRemote?: boolean | undefined
  /** What links to sources open: a name such as `vscode`, a URL with `{path}`, `{line}`, `{column}`, or `off`. */
  editor?: string | undefined
  /** Tells files whose frames are folded, as those of libraries are. */
  hideFrames?: ((file: string) => boolean) | undefined
  /** PIN and secret, where another process has drawn them. */
  keys?: DebuggerKeys | undefined
  /** Counts wrong PINs, where several processes share the count. */
  attempts?: PinAttempts | undefined
  /** Paths of scripts that pages may load besides their own, as a middleware outside of this may put them in. */
  scripts?: readonly string[] | undefined
  /** Where the server is reached, for links on the terminal. */
  url?: string | undefined
  /** Takes lines for the operator. Default: standard error. */
  log?: ((line: string) => void) | undefined
}

/** What is known of a request before the application runs. */
interface RequestState {
  readonly origin: Origin
  /** SCRIPT_NAME as the debugger had it: a mount further in changes it. */
  readonly mount: string
  readonly wrappers: Wrapper[]
  readonly onError: OnError
  /** A function that is told of errors too. */
  readonly outer: OnError | undefined
}

const encoder = new TextEncoder()
const directly: Quietly = (callback) => callback()
const LATE = "reported after it could be answered"
const NOT_KEPT =
  "The variables of this error were not kept: it came from code that throws and catches a lot, from many errors at once, or from Node itself. Load the page again; from now on this place is watched."
const NOT_WATCHED =
  "Variables cannot be seen here: the debugger was not armed, runs outside of the main thread, or this Node has no inspector."

/**
 * An application whose errors are shown in the browser, with a console in each frame.
 *
 * @example
 * const debugged = new DebuggedApplication((environ, startResponse) => { throw new Error("x") })
 * typeof debugged.application // => "function"
 */
export class DebuggedApplication {
  /** The application to be served in place of the other one. */
  readonly application: Application
  /** Hosts by which it may be used, besides those of this machine. May be changed. */
  readonly trustedHosts: string[]
  readonly #keys: DebuggerKeys
  readonly #gate: PinGate
  readonly #site: DebuggerSite
  readonly #errors = new RecordedErrors()
  readonly #trust: TrustOptions
  readonly #log: (line: string) => void
  readonly #hideFrames: ((file: string) => boolean) | undefined
  readonly #recorded = new WeakMap<object, Promise<RecordedError>>()
  #inspection: Inspection | undefined = undefined
  #sources: Sources = new Sources({ script: async () => undefined, source: async () => undefined })
  #disarm: () => void = () => {}
  /** Where the server is reached, for links on the terminal. */
  url: string

  constructor(app: ApplicationLike, options: DebuggedApplicationOptions = {}) {
    const { evalex = true, pinSecurity = true, pinLogging = true, consoleInitFunc, allowRemote = false } = options
    if (process.env["NODE_ENV"] === "production")
      throw new Error("The debugger lets people run code, and NODE_ENV is production. Leave out DebuggedApplication.")
    const keys = options.keys ?? makeKeys()
    this.#keys = pinSecurity ? keys : { pin: undefined, secret: keys.secret }
    this.#gate = new PinGate(this.#keys, options.attempts ?? new LocalPinAttempts())
    this.#log = options.log ?? ((line) => process.stderr.write(`${line}\n`))
    this.#hideFrames = options.hideFrames
    this.trustedHosts = [...(options.trustedHosts ?? [])]
    this.#trust = { trustedHosts: this.trustedHosts, allowRemote }
    this.url = options.url ?? ""
    this.#site = new DebuggerSite({
      errors: this.#errors,
      keys: this.#keys,
      gate: this.#gate,
      trust: this.#trust,
      evalex,
      editor: options.editor ?? process.env["WERKSTATT_EDITOR"] ?? "vscode",
      scripts: options.scripts ?? [],
      consoleOptions: { quietly: (callback) => this.#quietly(callback) },
      makeNamespace: () => ({ app, ...consoleInitFunc?.() }),
      quietly: (callback) => this.#quietly(callback),
      hiddenOf: async (target) => this.#inspection?.hiddenOf(target) ?? { privates: [], internals: [] },
      note: () => (this.#inspection === undefined ? NOT_WATCHED : NOT_KEPT),
      say: (line) => {
        if (pinLogging) this.#log(line)
      },
    })
    const debugged = withErrors(asApplication(app, "DebuggedApplication"), this.#handler())
    this.application = (environ, startResponse) => {
      // What `werkstatt serve` says of itself.
      if (environ["werkstatt.production"] === true)
        throw new Error("The debugger lets people run code, and this server is for production. Leave it out.")
      // Each process would have errors, a PIN and a count of wrong ones of its own.
      if (environ["wsgi.multiprocess"] === true) throw new Error("The debugger needs a single process.")
      return this.#site.owns(environ.PATH_INFO)
        ? this.#site.application(environ, startResponse)
        : debugged(environ, startResponse)
    }
  }

  /** The PIN that opens the consoles; undefined when they are open without one. */
  get pin(): string | undefined {
    return this.#keys.pin
  }

  /** The name of the cookie by which a browser is known that has entered the PIN. */
  get pinCookieName(): string {
    return this.#gate.cookieName
  }

  /** Whether the host of a request is one by which the debugger may be used. */
  checkHostTrust(environ: Environ): boolean {
    const host = environ["HTTP_HOST"]
    return typeof host === "string" && hostIsTrusted(host, [...LOCAL_HOSTS, ...this.trustedHosts])
  }

  /** What the cookie of a browser says: `true` when the PIN was entered or is not asked for, `null` when it is forged. */
  checkPinTrust(environ: Environ): boolean | null {
    return this.#gate.checkCookie(environ["HTTP_COOKIE"] as string | undefined)
  }

  /** An error as a tree with its frames, as the pages show it. */
  trace(error: unknown): Promise<TracedError> {
    const captures = { captureOf: (thrown: unknown) => this.#inspection?.captureOf(thrown) }
    return trace(error, captures, this.#sources, this.#hideFrames)
  }

  /**
   * Begins to keep the frames of what is thrown in this process. Until then, pages show places and no variables.
   *
   * @param options with `processErrors`, errors that belong to no request are kept and shown, and do not end the process
   */
  async arm(options: { readonly processErrors?: boolean } = {}): Promise<void> {
    this.#inspection ??= await Inspection.start()
    if (this.#inspection !== undefined) this.#sources = new Sources(this.#inspection)
    // Ten frames, which is what an engine tells unless asked for more, end within a framework.
    if (Error.stackTraceLimit === 10) Error.stackTraceLimit = 50
    if (options.processErrors !== true) return
    this.#disarm()
    this.#disarm = onProcessErrors((error, circumstance) => {
      this.#log(`${circumstance}: ${display(error)}`)
      void this.capture(error, undefined, circumstance)
    })
  }

  /** Stops keeping frames. */
  async disarm(): Promise<void> {
    this.#disarm()
    const inspection = this.#inspection
    this.#inspection = undefined
    await inspection?.stop()
  }

  /**
   * Keeps an error that came too late to be answered with its page, or belongs to no request, and tells its link.
   *
   * @param circumstance when it came, in a few words
   */
  async capture(error: unknown, environ: Environ | undefined, circumstance: string): Promise<void> {
    try {
      await this.#record(error, environ, circumstance, [], true)
    } catch (failure) {
      this.#log(` * The debugger failed: ${display(failure)}`)
    }
  }

  #handler(): ErrorHandler<RequestState> {
    return {
      begin: (environ) => {
        const wrappers: Wrapper[] = []
        environ["werkstatt.debug.preserve_context"] = (run: Wrapper) => void wrappers.push(run)
        // What the server and middleware report came too late to be answered, or was caught on the way.
        const outer = environ[ON_ERROR_KEY] as OnError | undefined
        const onError: OnError = (error, reported) => {
          void this.capture(error, reported ?? environ, LATE)
          outer?.(error, reported)
        }
        environ[ON_ERROR_KEY] = onError
        return { origin: originOf(environ), mount: environ.SCRIPT_NAME, wrappers, onError, outer }
      },
      answer: (error, environ, startResponse, state) => this.#answer(error, environ, startResponse, state),
    }
  }

  async #answer(
    error: unknown,
    environ: Environ,
    startResponse: StartResponse,
    { origin, mount, wrappers, onError, outer }: RequestState,
  ): Promise<Body> {
    // The operator is told of it as always; here it is known.
    if (outer === undefined) delete environ[ON_ERROR_KEY]
    else environ[ON_ERROR_KEY] = outer
    const target = environ.REQUEST_URI ?? environ.PATH_INFO
    reportError(environ, `${environ.REQUEST_METHOD} ${target}: the application failed`, error)
    environ[ON_ERROR_KEY] = onError
    const recorded = await this.#record(error, environ, "", wrappers, false)
    const { text, headers } = await this.#representation(recorded, environ, mount, isTrusted(origin, this.#trust))
    const bytes = encoder.encode(text)
    startResponse(
      "500 Internal Server Error",
      [...headers, ["Content-Length", String(bytes.length)]],
      isInstance(error, Error) ? error : new Error(recorded.traceback.message, { cause: error }),
    )
    return [bytes]
  }

  /** A page for browsers, JSON for programs that ask for it, text for all others. */
  async #representation(
    recorded: RecordedError,
    environ: Environ,
    mount: string,
    trusted: boolean,
  ): Promise<{ text: string; headers: HeaderList }> {
    const accept = String(environ["HTTP_ACCEPT"] ?? "")
    const { traceback } = recorded
    const fields = (type: string): HeaderList => [["Content-Type", type], ...privateHeaders()]
    const page = (await this.#site.context(environ, mount)).base
    if (prefersJson(accept)) {
      const problem = { type: "about:blank", title: "Internal Server Error", status: 500 }
      const value = trusted
        ? { ...problem, error: tracebackData(traceback), page: `${page}errors/${recorded.id}` }
        : problem
      return { text: `${JSON.stringify(value)}\n`, headers: fields("application/problem+json") }
    }
    if (/\btext\/html\b/i.test(accept)) {
      const { html, headers } = trusted
        ? await this.#site.errorPage(recorded, environ, mount)
        : untrustedPage(traceback.name)
      return { text: html, headers }
    }
    const text = trusted
      ? `${withoutControls(tracebackText(traceback, true))}\n\n${linkOf(environ)}${page}errors/${recorded.id}\n`
      : "Internal Server Error\n"
    return { text, headers: fields("text/plain; charset=utf-8") }
  }

  /** Each error is kept once, however often it is reported. */
  #record(
    error: unknown,
    environ: Environ | undefined,
    circumstance: string,
    wrappers: readonly Wrapper[],
    tells: boolean,
  ): Promise<RecordedError> {
    const key = typeof error === "object" && error !== null ? error : undefined
    const known = key === undefined ? undefined : this.#recorded.get(key)
    if (known !== undefined && tells) return known
    const recording = this.#makeRecord(error, environ, circumstance, wrappers)
    if (key !== undefined) this.#recorded.set(key, recording)
    if (tells)
      void recording.then(
        ({ id }) => this.#log(` * Debugger: ${this.url}${DEBUGGER_PATH}/errors/${id}`),
        () => {},
      )
    return recording
  }

  async #makeRecord(
    error: unknown,
    environ: Environ | undefined,
    circumstance: string,
    wrappers: readonly Wrapper[],
  ): Promise<RecordedError> {
    const traceback = await this.trace(error)
    for (const { thrown, relation } of errorsOf(traceback)) this.#inspection?.reached(thrown, relation !== "itself")
    const routes = routesOf(framesOf(traceback), (callback) => this.#quietly(callback))
    const request = environ === undefined ? undefined : await reportRequest(environ, routes)
    const recorded = new RecordedError(traceback, request, circumstance, {
      wrappers,
      quietly: (callback) => this.#quietly(callback),
    })
    this.#errors.add(recorded)
    return recorded
  }

  #quietly<T>(callback: () => T): T {
    return this.#inspection === undefined ? directly(callback) : this.#inspection.quietly(callback)
  }
}

function linkOf(environ: Environ): string {
  return `${environ["wsgi.url_scheme"]}://${String(environ["HTTP_HOST"])}`
}

/** A terminal must not act on what a client sent. */
function withoutControls(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd")
}
