// Checks both sides of the gateway interface at run time: stands between a server and an application, tells each event to
// the rules of lint-rules.ts and passes everything on unchanged. What was synchronous stays so, an array stays an array.
// Knows when things happen, not what is allowed.

import { asApplication } from "../as-application.ts"
import type {
  Application,
  ApplicationLike,
  Body,
  Environ,
  FileWrapperFactory,
  HeaderList,
  ResponseFinished,
  StartResponse,
  Write,
} from "../gateway.ts"
import { checkedBody, isPromise } from "./lint-body.ts"
import type { LintError } from "./lint-exchange.ts"
import { Inspection } from "./lint-inspection.ts"
import { CheckedErrors, CheckedInput } from "./lint-streams.ts"

export { type Level, LintError } from "./lint-exchange.ts"

/** How `lint` reports. */
export interface LintOptions {
  /**
   * Told of each breach: of errors before they are thrown, and of advice, which is never thrown.
   * Without it, advice and bodies that were lost become warnings of the process, of type `LintWarning` with the rule as code.
   */
  report?: (breach: LintError) => void
}

// Errors need no warning, since they are thrown. A body that is lost (L27) has no caller at which an error could be thrown.
function warn(breach: LintError): void {
  if (breach.level === "error" && breach.rule !== "L27") return
  process.emitWarning(breach.message, { type: "LintWarning", code: breach.rule })
}

/** Requests whose bodies were handed to a server and not closed yet, by the application that lint returned. */
const openRequests = new WeakMap<Application, Set<Inspection>>()

const lostBodies = new FinalizationRegistry<() => void>((tell) => tell())

/**
 * The same application, with every breach of the gateway interface by it or by its server made visible: LintError is thrown at
 * the side that broke a rule, advice goes to `report`. The rules are those of `docs/gateway.md`.
 *
 * @example
 * lint("hello") // throws LintError
 * lint(() => [])({ REQUEST_METHOD: "GET" }, () => {}) // throws LintError
 */
export function lint(app: ApplicationLike, { report = warn }: LintOptions = {}): Application {
  const isResponder = typeof app === "object" && app !== null && "respond" in app
  const inner = isResponder ? asApplication(app, "lint") : app
  new Inspection(report).judge("application", inner)
  const open = new Set<Inspection>()
  const linted = (...args: Parameters<Application>) => checkedCall(inner, args, new Inspection(report), open)
  openRequests.set(linted, open)
  return linted
}

/**
 * The bodies that `app`, made by lint, has returned and that were not closed, as breaches of rule L27: the check for the end of a
 * test. Those that are lost to the garbage collector are reported without being asked for.
 */
export function unclosedBodies(app: Application): LintError[] {
  return [...(openRequests.get(app) ?? [])].flatMap((inspection) => inspection.unclosed())
}

function checkedCall(
  app: Application,
  args: Parameters<Application>,
  inspection: Inspection,
  open: Set<Inspection>,
): Body | Promise<Body> {
  inspection.judge("call", args)
  const [environ, startResponse] = args
  inspection.judge("environ", environ)
  inspection.method = environ.REQUEST_METHOD
  inspection.target = `${environ.REQUEST_METHOD} ${environ.SCRIPT_NAME}${environ.PATH_INFO}`
  inspection.offer = environ["wsgi.websocket"]
  inspection.outer = CheckedInput.inspectionOf(environ["wsgi.input"])
  environ["wsgi.input"] = new CheckedInput(inspection, environ["wsgi.input"])
  environ["wsgi.errors"] = new CheckedErrors(inspection, environ["wsgi.errors"])
  checkExtensions(inspection, environ)

  const fail = (reason: unknown): never => {
    inspection.over = true
    throw reason
  }
  const handOver = (result: Body): Body => {
    const body = checkedBody(inspection, result)
    open.add(inspection)
    const tellLoss = () => {
      open.delete(inspection)
      for (const breach of inspection.unclosed()) inspection.report(breach)
    }
    // Nothing is lost with an array that has nothing to close.
    const canBeLost = !Array.isArray(result) || "close" in result
    if (canBeLost) lostBodies.register(body, tellLoss, inspection)
    inspection.atClose = () => {
      open.delete(inspection)
      if (canBeLost) lostBodies.unregister(inspection)
      checkFinishers(inspection, environ)
    }
    return body
  }
  let result: Body | Promise<Body>
  try {
    result = app(environ, checkedStartResponse(inspection, startResponse))
  } catch (reason) {
    return fail(reason)
  }
  return isPromise(result) ? result.then(handOver, fail) : handOver(result)
}

function checkedStartResponse(inspection: Inspection, startResponse: StartResponse): StartResponse {
  return (...args: Parameters<StartResponse>): Write => {
    const [status, headers, error] = args
    inspection.notLate("startResponse")
    try {
      inspection.judge("start", { args, status, headers, error })
    } finally {
      // A call that fails counts: only one with an error may follow (rule L23).
      inspection.starts += 1
    }
    inspection.code = Number(status.slice(0, 3))
    inspection.headers = headers.slice()
    const length = headers.find(([name]) => name.toLowerCase() === "content-length")
    inspection.contentLength = length && Number(length[1])
    let write: Write
    try {
      write = startResponse(...args)
    } catch (reason) {
      if (error !== undefined && reason === error) inspection.thrownBack = error
      throw reason
    }
    return (chunk) => {
      inspection.notLate("write()")
      inspection.judge("write", chunk)
      inspection.bytes += chunk.length
      inspection.pendingWrites += 1
      const sent = write(chunk)
      const settle = () => {
        inspection.pendingWrites -= 1
      }
      sent.then(settle, settle)
      return sent
    }
  }
}

/** The value of a key, without running an accessor: extensions may be made on first use. */
function present(environ: Environ, key: string): unknown {
  return Object.getOwnPropertyDescriptor(environ, key)?.value
}

function checkExtensions(inspection: Inspection, environ: Environ): void {
  const wrapFile = present(environ, "wsgi.file_wrapper") as FileWrapperFactory | undefined
  if (wrapFile !== undefined) {
    environ["wsgi.file_wrapper"] = (...args) => {
      inspection.judge("fileWrapper", args)
      return wrapFile(...args)
    }
  }
  const sendHints = present(environ, "wsgi.early_hints") as ((headers: HeaderList) => void) | undefined
  if (sendHints !== undefined) {
    environ["wsgi.early_hints"] = (...args) => {
      inspection.notLate("wsgi.early_hints")
      inspection.judge("earlyHints", args)
      sendHints(...args)
    }
  }
}

function checkFinishers(inspection: Inspection, environ: Environ): void {
  const finishers = present(environ, "wsgi.response_finished") as ResponseFinished[] | undefined
  if (finishers === undefined) return
  inspection.judge("finishers", finishers)
  for (const [index, finisher] of finishers.entries()) {
    finishers[index] = (...args) => {
      inspection.judge("finished", args)
      try {
        finisher(...args)
      } catch (reason) {
        inspection.judge("finisherThrew", reason)
        throw reason
      }
    }
  }
}
