// The environ of a request, for every server: from the request line and the header fields as they came, in one pass.
// It takes the fields as a list, since a joined form hides repeated ones, and refuses what two parties could read in two
// ways. Runs for each request: it makes one object literal and keeps the names of fields that it has seen.

import { emptyInput } from "../environ/input.ts"
import type { Environ, ErrorStream, FileWrapperFactory, HeaderList } from "../gateway.ts"
import { SENDS_TEXT_KEY } from "../http/text-body.ts"
import type { WebAbortSignal } from "../web-platform.ts"
import type { Exchange } from "./exchange.ts"
import { ON_ERROR_KEY, type OnError } from "./report.ts"
import { decodePath, isAuthority, parseTarget } from "./request-target.ts"

/** The head of a request, as it came. Text is Latin-1: one character for each byte. */
export interface WireRequestHead {
  /** Case-sensitive, never empty. */
  method: string
  /** The request target, in any form. */
  target: string
  protocol: "HTTP/1.0" | "HTTP/1.1" | "HTTP/2"
  /** Names and values in turn, in the order in which they came. Values without white space around them. */
  fields: readonly string[]
  /**
   * Whether a body follows. Left out for HTTP/1, where Content-Length and Transfer-Encoding tell (RFC 9112 section 6.3);
   * told by the carrier where it frames bodies by itself.
   */
  hasBody?: boolean
}

/** The CGI variables that are the same for all requests of a connection. */
export interface Addresses {
  /** Undefined on a unix socket, as are the other three. */
  serverName: string | undefined
  serverPort: string | undefined
  remoteAddress: string | undefined
  remotePort: string | undefined
  scheme: "http" | "https"
  /** Further variables, as `HTTPS`, `SSL_PROTOCOL`, `SSL_CIPHER` and `SSL_CLIENT_CERT` with TLS. */
  further: Readonly<Record<string, string>> | undefined
}

/** What all environs of a server have in common. */
export interface EnvironSettings {
  readonly errors: ErrorStream
  readonly onError: OnError | undefined
  readonly multiprocess: boolean
  /** Further keys for each environ, chosen by the deployer. */
  readonly extra: Readonly<Record<string, unknown>> | undefined
  /** More header fields than this are refused with 431. */
  readonly maxFields: number
  /** A longer target, in characters, is refused with 414. */
  readonly maxTargetLength: number
  /** `wsgi.file_wrapper`, where the server has one. */
  readonly fileWrapper: FileWrapperFactory | undefined
  /** Where uploads go: an UploadStore of forms/. Memory by default. */
  readonly uploadStore: object | undefined
}

/** The request can't be taken: the status to answer with. */
export class Refusal {
  /** Status line: `"400 Bad Request"`. */
  readonly status: string
  constructor(status: string) {
    this.status = status
  }

  /** The status code. */
  get code(): number {
    return Number(this.status.slice(0, 3))
  }

  /** The reason phrase, which is the body of the answer too. */
  get reason(): string {
    return this.status.slice(4)
  }
}

const BAD_REQUEST = new Refusal("400 Bad Request")
const TARGET_TOO_LONG = new Refusal("414 URI Too Long")
const TOO_MANY_FIELDS = new Refusal("431 Request Header Fields Too Large")
const NOT_IMPLEMENTED = new Refusal("501 Not Implemented")

const EXCHANGE: unique symbol = Symbol("werkstatt.exchange")
const VERSION = Object.freeze([1, 0] as const)

/** Gives the signal of a request when it is asked for. */
export interface SignalSource {
  signal(): WebAbortSignal | undefined
}

const SIGNAL_SOURCE: unique symbol = Symbol("werkstatt.signal_source")

interface Signalled {
  [EXCHANGE]?: Exchange
  /** What gives the signal in place of the exchange. */
  [SIGNAL_SOURCE]?: SignalSource
}

// One accessor for all environs. One made for each request, or put in the place of this, would turn the environ into a slow object.
const SIGNAL: PropertyDescriptor = {
  get(this: Signalled) {
    return (this[SIGNAL_SOURCE] ?? this[EXCHANGE])?.signal()
  },
  set(this: object, value: unknown) {
    Object.defineProperty(this, "wsgi.signal", { value, writable: true, enumerable: true, configurable: true })
  },
  enumerable: true,
  configurable: true,
}

/** Where a header field goes. `serial` is that of the last request that had it, which shows a repeated field. */
interface Field {
  readonly key: string
  serial: number
}

const DROPPED = ""
const MEMORY = 1024
/** Fields by their name as it came; every spelling of a name leads to the same field. */
const fields = new Map<string, Field>()
const byKey = new Map<string, Field>()
let serial = 0
/** Of a field that is not remembered: this request had it before. */
const SEEN = -1
/** The Host of the request before was found right; most often it is the same. */
let lastHost = "localhost"

/**
 * The environ of a request, or why it is refused: a target in no form that a server takes (400) or too long (414), too
 * many fields (431), Host not right or repeated (400), faulty framing (400), a transfer coding but chunked (501).
 */
export function environOf(
  request: WireRequestHead,
  addresses: Addresses,
  settings: EnvironSettings,
  exchange: Exchange,
): Environ | Refusal {
  const { method, target } = request
  if (target.length > settings.maxTargetLength) return TARGET_TOO_LONG
  let path: string
  let query = ""
  let authority: string | undefined
  if (target.charCodeAt(0) === 0x2f && !target.includes("#")) {
    const question = target.indexOf("?")
    if (question === -1) path = target
    else {
      path = target.slice(0, question)
      query = target.slice(question + 1)
    }
  } else {
    const pieces = parseTarget(method, target)
    if (pieces === undefined) return BAD_REQUEST
    path = pieces.path
    query = pieces.query
    authority = pieces.authority
  }

  const raw = request.fields
  if (raw.length > settings.maxFields * 2) return TOO_MANY_FIELDS
  const environ = {
    REQUEST_METHOD: method,
    SCRIPT_NAME: "",
    PATH_INFO: decodePath(path),
    QUERY_STRING: query,
    SERVER_NAME: addresses.serverName ?? "localhost",
    SERVER_PORT: addresses.serverPort ?? (addresses.scheme === "https" ? "443" : "80"),
    SERVER_PROTOCOL: request.protocol,
    SERVER_SOFTWARE: "werkstatt",
    GATEWAY_INTERFACE: "CGI/1.1",
    REQUEST_URI: target,
    RAW_URI: target,
    "wsgi.version": VERSION,
    "wsgi.url_scheme": addresses.scheme,
    "wsgi.input": emptyInput,
    "wsgi.errors": settings.errors,
    "wsgi.multithread": true,
    "wsgi.multiprocess": settings.multiprocess,
    "wsgi.run_once": false,
    "wsgi.input_terminated": true,
    "wsgi.response_finished": [],
    "wsgi.early_hints": (headers: HeaderList) => exchange.earlyHints(headers),
    "wsgi.headers_sent": () => exchange.headersSent(),
    [EXCHANGE]: exchange,
  } as Environ
  if (exchange.sendsText) environ[SENDS_TEXT_KEY] = true
  // A unix socket has no addresses, and a client that has left has lost its own.
  if (addresses.remoteAddress !== undefined) environ.REMOTE_ADDR = addresses.remoteAddress
  if (addresses.remotePort !== undefined) environ.REMOTE_PORT = addresses.remotePort
  if (settings.fileWrapper !== undefined) environ["wsgi.file_wrapper"] = settings.fileWrapper
  if (settings.uploadStore !== undefined) environ["werkstatt.upload_store"] = settings.uploadStore
  if (settings.onError !== undefined) environ[ON_ERROR_KEY] = settings.onError
  if (exchange.offer !== undefined) environ["wsgi.websocket"] = exchange.offer

  const own = ++serial
  for (let i = 0; i < raw.length; i += 2) {
    const field = fields.get(raw[i] as string) ?? fieldOf(raw[i] as string, environ)
    const key = field.key
    if (key === DROPPED) continue
    const value = raw[i + 1] as string
    if (field.serial !== own && field.serial !== SEEN) {
      field.serial = own
      environ[key] = value
    } else if (key === "HTTP_HOST" || key === "CONTENT_TYPE") {
      // RFC 9112 section 3.2: more than one Host is refused; and two types of one body have no meaning.
      return BAD_REQUEST
    } else {
      environ[key] = `${environ[key] as string}${key === "HTTP_COOKIE" ? "; " : ", "}${value}`
    }
  }

  const host = environ["HTTP_HOST"] as string | undefined
  if (host !== undefined && host !== lastHost) {
    if (!isAuthority(host)) return BAD_REQUEST
    lastHost = host
  }
  const length = environ.CONTENT_LENGTH
  if (length !== undefined && !/^\d+$/.test(length)) return BAD_REQUEST
  const coding = environ["HTTP_TRANSFER_ENCODING"] as string | undefined
  if (coding !== undefined) {
    // RFC 9112 section 6.1: a transfer coding on HTTP/1.0, or beside a length, is faulty framing; other versions have no transfer
    // codings.
    if (request.protocol !== "HTTP/1.1" || length !== undefined) return BAD_REQUEST
    // Another coding would come undecoded.
    if (coding.toLowerCase() !== "chunked") return NOT_IMPLEMENTED
  }
  if (request.hasBody ?? (coding !== undefined || (length !== undefined && length !== "0"))) {
    environ["wsgi.input"] = exchange.input()
  }
  if (authority !== undefined) environ["HTTP_HOST"] = authority
  if (addresses.serverName === undefined) nameByHost(environ)
  if (addresses.further !== undefined) {
    const { further } = addresses
    // Half the time of Object.assign.
    for (const key of Object.keys(further)) environ[key] = further[key]
  }
  if (settings.extra !== undefined) Object.assign(environ, settings.extra)
  Object.defineProperty(environ, "wsgi.signal", SIGNAL)
  return environ
}

/** Lets `wsgi.signal` be what `source` gives. Returns what gave it before. */
export function giveSignal(environ: Environ, source: SignalSource): SignalSource | undefined {
  const present = Object.getOwnPropertyDescriptor(environ, "wsgi.signal")
  const signalled = environ as Signalled
  const isOurs = present?.get === SIGNAL.get
  const before = isOurs ? (signalled[SIGNAL_SOURCE] ?? signalled[EXCHANGE]) : sourceOf(environ, present)
  signalled[SIGNAL_SOURCE] = source
  if (!isOurs) Object.defineProperty(environ, "wsgi.signal", SIGNAL)
  return before
}

function sourceOf(environ: Environ, present: PropertyDescriptor | undefined): SignalSource | undefined {
  return present && { signal: () => present.get?.call(environ) ?? present.value }
}

/** Aborts when the server of this request is to stop; undefined where none tells. Requests at work may go on to their end. */
export function stopSignalOf(environ: Environ): WebAbortSignal | undefined {
  return (environ as { [EXCHANGE]?: Exchange })[EXCHANGE]?.stopSignal
}

/**
 * The variable of a header field; empty for one that must not get there: a name with an underscore would meet the same
 * variable as one with a hyphen, and `Proxy` would become the one that HTTP clients take their proxy from.
 *
 * @example
 * variableOf("Accept-Language") // => "HTTP_ACCEPT_LANGUAGE"
 * variableOf("content-type") // => "CONTENT_TYPE"
 * variableOf("X_Y") // => ""
 */
export function variableOf(name: string): string {
  const upper = name.toUpperCase().replaceAll("-", "_")
  if (name.includes("_") || upper === "PROXY") return DROPPED
  return upper === "CONTENT_TYPE" || upper === "CONTENT_LENGTH" ? upper : `HTTP_${upper}`
}

/** The place of a field that was not seen in this spelling. */
function fieldOf(name: string, environ: Environ): Field {
  const key = variableOf(name)
  let field = byKey.get(key)
  if (field === undefined) {
    if (byKey.size >= MEMORY) return { key, serial: Object.hasOwn(environ, key) ? SEEN : 0 }
    field = { key, serial: 0 }
    byKey.set(key, field)
  }
  if (fields.size < MEMORY) fields.set(name, field)
  return field
}

/** The client's Host says how it calls a server that has no name and port. */
function nameByHost(environ: Environ): void {
  const host = environ["HTTP_HOST"]
  if (typeof host !== "string") return
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(host)
  if (match === null) return
  environ.SERVER_NAME = match[1] as string
  if (match[2] !== undefined) environ.SERVER_PORT = match[2]
}
