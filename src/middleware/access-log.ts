// A line for each request, in the formats that log readers know. Stands inside proxyFix, or it logs the proxy's address, and
// outside of the layers that change path or body. All that came from the client is escaped: a request is one line, always.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Body, Environ, ServerWebSocket, StartResponse } from "../gateway.ts"
import { parseBasic, parseCredentials } from "../http/authorization.ts"
import {
  commonLogLine,
  escapeLogField,
  type WebSocketRecord,
  webSocketNote,
  webSocketRecord,
  zonedLogTime,
} from "../http/common-log.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { isThenable } from "../thenable.ts"
import { textOf } from "./header-list.ts"
import { type BodyObserver, observedBody } from "./observed-body.ts"
import { getRequestId } from "./request-id.ts"
import { skipTest } from "./skip-test.ts"

/** What is known of a request when it is over. Texts are byte strings, as the client sent them. */
export interface AccessEntry {
  /** When it came in. */
  time: Date
  /** `undefined` on a unix socket. */
  address: string | undefined
  /** Of REMOTE_USER or Basic credentials; the latter are not checked. */
  user: string | undefined
  method: string
  /** The target as the client sent it. */
  target: string
  protocol: string
  /** 500 when the application failed before it answered. */
  status: number
  /** Bytes of the body that the application gave; of a WebSocket, those of the messages that were sent. */
  bytes: number
  /** From the call to the close of the body; to the return of an array. */
  durationMs: number
  referer: string | undefined
  userAgent: string | undefined
  /** From requestId, if it stands outside. */
  requestId: string | undefined
  /** False when the body failed or the client left. */
  complete: boolean
  /** Of a WebSocket, which has a line when it is opened and one when it is over. */
  websocket?: WebSocketRecord | undefined
}

/** What `accessLog` writes, and where to. */
export interface AccessLogOptions {
  /**
   * Common Log Format, the combined one (with referer and user agent), an object in JSON, or a function. Default `common`.
   * Where a function gives `undefined` no line is written: it may have logged the entry by itself, as a structured logger does.
   */
  format?: "common" | "combined" | "json" | ((entry: AccessEntry) => string | undefined) | undefined
  /** Takes a line, without its end. Default: `wsgi.errors` of the request. */
  write?: ((line: string, entry: AccessEntry) => void) | undefined
  /** Paths that are not logged, with all below them; or a function. */
  skip?: Iterable<string> | ((environ: Environ) => boolean) | undefined
}

const OPTIONS: OptionNames<AccessLogOptions> = { format: true, write: true, skip: true }

/** Writes a line for each request when its response is over, or when the application fails without one. */
export function accessLog(app: ApplicationLike, options: AccessLogOptions = {}): Application {
  const inner = asApplication(app, "accessLog")
  checkOptions("accessLog", options, OPTIONS)
  const format = typeof options.format === "function" ? options.format : FORMATS[options.format ?? "common"]
  if (format === undefined) throw new TypeError(`no format of an access log: ${String(options.format)}`)
  const { write } = options
  const isSkipped = skipTest(options.skip)
  return (environ, startResponse) => {
    if (isSkipped(environ)) return inner(environ, startResponse)
    const errors = environ["wsgi.errors"]
    const record = new Recording(environ, (entry) => {
      const line = format(entry)
      if (line === undefined) return
      if (write === undefined) errors.write(`${line}\n`)
      else write(line, entry)
    })
    return record.run(inner, startResponse)
  }
}

/** Collects the entry of one request. */
class Recording implements BodyObserver {
  readonly #environ: Environ
  readonly #entry: AccessEntry
  readonly #began: number = performance.now()
  readonly #write: (entry: AccessEntry) => void
  #socket: ServerWebSocket | undefined = undefined

  constructor(environ: Environ, write: (entry: AccessEntry) => void) {
    this.#environ = environ
    this.#write = write
    // Taken now: layers inside may change path and address.
    this.#entry = entryOf(environ)
  }

  run(app: Application, startResponse: StartResponse): Body | Promise<Body> {
    const start: StartResponse = (status, headers, error) => {
      const write = startResponse(status, headers, error)
      this.#entry.status = Number(status.slice(0, 3))
      return (chunk) => {
        this.bytes(chunk.length)
        return write(chunk)
      }
    }
    let result: Body | Promise<Body>
    try {
      result = app(this.#environ, start)
    } catch (error) {
      return this.#fail(error)
    }
    if (!isThenable(result)) return this.#watch(result)
    return result.then(
      (body) => this.#watch(body),
      (error) => this.#fail(error),
    )
  }

  #watch(body: Body): Body {
    const watched = observedBody(body, this)
    const { websocket } = watched
    if (typeof websocket !== "function") return watched
    watched.websocket = (socket) => {
      this.#socket = socket
      this.#write({ ...this.#entry, ...this.#now(), websocket: webSocketRecord(socket) })
      return websocket.call(watched, socket)
    }
    return watched
  }

  #now(): Pick<AccessEntry, "durationMs" | "requestId"> {
    return { durationMs: performance.now() - this.#began, requestId: getRequestId(this.#environ) }
  }

  bytes(count: number): void {
    this.#entry.bytes += count
  }

  over(complete: boolean): void {
    const entry = Object.assign(this.#entry, this.#now(), { complete })
    const socket = this.#socket
    if (socket !== undefined) {
      entry.websocket = webSocketRecord(socket)
      entry.bytes = socket.bytesSent
    }
    this.#write(entry)
  }

  #fail(error: unknown): never {
    this.#entry.status = 500
    this.over(false)
    throw error
  }
}

/** What is known of a request that begins now; the response is yet to come. */
export function entryOf(environ: Environ): AccessEntry {
  return {
    time: new Date(),
    address: environ.REMOTE_ADDR,
    user: userOf(environ),
    method: environ.REQUEST_METHOD,
    target: environ.REQUEST_URI ?? `${environ.SCRIPT_NAME}${environ.PATH_INFO}`,
    protocol: environ.SERVER_PROTOCOL,
    status: 500,
    bytes: 0,
    durationMs: 0,
    referer: textOf(environ, "HTTP_REFERER"),
    userAgent: textOf(environ, "HTTP_USER_AGENT"),
    requestId: undefined,
    complete: true,
  }
}

function userOf(environ: Environ): string | undefined {
  const user = textOf(environ, "REMOTE_USER")
  if (user !== undefined) return user
  const credentials = parseCredentials(textOf(environ, "HTTP_AUTHORIZATION"))
  return credentials?.scheme === "basic" && credentials.token !== undefined
    ? parseBasic(credentials.token)?.username
    : undefined
}

const FORMATS: Record<string, (entry: AccessEntry) => string> = {
  common: formatCommon,
  combined: formatCombined,
  json: formatJson,
}

/**
 * The Common Log Format, with the time of day in UTC.
 *
 * @example
 * const entry = { time: new Date(0), address: "::1", user: "a b", method: "GET", target: '/"\n', protocol: "HTTP/1.1", status: 200, bytes: 7 }
 * formatCommon(entry) // => '::1 - a\\x20b [01/Jan/1970:00:00:00 +0000] "GET /\\"\\x0a HTTP/1.1" 200 7'
 */
export function formatCommon(entry: AccessEntry): string {
  return `${commonPart(entry)}${webSocketNote(entry.websocket)}`
}

function commonPart({ time, address, user, method, target, protocol, status, bytes }: AccessEntry): string {
  return commonLogLine({
    address,
    user,
    status,
    bytes,
    time: zonedLogTime(time),
    request: escapeLogField(`${method} ${target} ${protocol}`),
  })
}

/** The Common Log Format, followed by referer and user agent. */
export function formatCombined(entry: AccessEntry): string {
  const quoted = (text: string | undefined) => `"${text === undefined ? "-" : escapeLogField(text)}"`
  const plain = `${commonPart(entry)} ${quoted(entry.referer)} ${quoted(entry.userAgent)}`
  return `${plain}${webSocketNote(entry.websocket)}`
}

/** One line of JSON with the names of AccessEntry; what is not known is left out. */
export function formatJson(entry: AccessEntry): string {
  const durationMs = Math.round(entry.durationMs * 1000) / 1000
  // JSON escapes the controls up to U+001F. The controls of C1 and the line ends of Unicode are escaped here.
  return JSON.stringify({ ...entry, durationMs }).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}
