// The environ of a request, from what Node parsed: the request line and the raw header fields, in one pass.
// Built from rawHeaders, since the joined headers of Node hide repeated fields, and refuses what two parties could
// read in two ways. Runs for each request: it makes one object literal and keeps the names of fields it has seen.

import type { IncomingMessage } from "node:http"
import { emptyInput } from "../../environ/input.ts"
import { FileWrapper } from "../../files/file-wrapper.ts"
import { diskStore } from "../../files/upload-store.ts"
import type { Environ, ErrorStream, FileWrapperFactory, HeaderList, InputStream } from "../../gateway.ts"
import { decodePath, isAuthority, parseTarget } from "../request-target.ts"
import type { Addresses } from "./connection.ts"

/** What an environ needs from its server. */
export interface EnvironSource {
  readonly errors: ErrorStream
  readonly multiprocess: boolean
  /** Further keys for each environ, chosen by the deployer. */
  readonly extra: Record<string, unknown> | undefined
  readonly maxFields: number
  readonly maxTargetLength: number
}

/** What an environ needs from the request at work. */
export interface EnvironHooks {
  /** The body, called only if the request has one. */
  input(): InputStream
  earlyHints(headers: HeaderList): void
  headersSent(): boolean
  signal(): AbortSignal
}

/** The request can't be taken: the status to answer with. */
export class Refusal {
  readonly status: string
  constructor(status: string) {
    this.status = status
  }
}

const BAD_REQUEST = new Refusal("400 Bad Request")
const TARGET_TOO_LONG = new Refusal("414 URI Too Long")
const TOO_MANY_FIELDS = new Refusal("431 Request Header Fields Too Large")
const NOT_IMPLEMENTED = new Refusal("501 Not Implemented")
const VERSION_NOT_SUPPORTED = new Refusal("505 HTTP Version Not Supported")

const HOOKS: unique symbol = Symbol("werkstatt.hooks")
const fileWrapper: FileWrapperFactory = (file, blockSize) => new FileWrapper(file, blockSize)
const VERSION = Object.freeze([1, 0] as const)

// One accessor for all environs. An accessor made for each request would turn every environ into a slow object.
const SIGNAL: PropertyDescriptor = {
  get(this: { [HOOKS]: EnvironHooks }) {
    return this[HOOKS].signal()
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
let lastHost = ""

/** What of a message an environ is made from. */
export type MessageHead = Pick<
  IncomingMessage,
  "url" | "method" | "httpVersionMajor" | "httpVersionMinor" | "rawHeaders"
>

/** The environ of a request, or why it is refused. */
export function environOf(
  message: MessageHead,
  addresses: Addresses,
  source: EnvironSource,
  hooks: EnvironHooks,
): Environ | Refusal {
  const url = message.url as string
  const method = message.method as string
  if (url.length > source.maxTargetLength) return TARGET_TOO_LONG
  const version = message.httpVersionMajor === 1 ? message.httpVersionMinor : -1
  if (version !== 1 && version !== 0) return message.httpVersionMajor === 0 ? BAD_REQUEST : VERSION_NOT_SUPPORTED

  let path: string
  let query = ""
  let authority: string | undefined
  if (url.charCodeAt(0) === 0x2f && !url.includes("#")) {
    const question = url.indexOf("?")
    if (question === -1) path = url
    else {
      path = url.slice(0, question)
      query = url.slice(question + 1)
    }
  } else {
    const target = parseTarget(method, url)
    if (target === undefined) return BAD_REQUEST
    path = target.path
    query = target.query
    authority = target.authority
  }

  const raw = message.rawHeaders
  if (raw.length > source.maxFields * 2) return TOO_MANY_FIELDS
  const environ = {
    REQUEST_METHOD: method,
    SCRIPT_NAME: "",
    PATH_INFO: decodePath(path),
    QUERY_STRING: query,
    SERVER_NAME: addresses.serverName ?? "localhost",
    SERVER_PORT: addresses.serverPort ?? (addresses.scheme === "https" ? "443" : "80"),
    SERVER_PROTOCOL: version === 1 ? "HTTP/1.1" : "HTTP/1.0",
    SERVER_SOFTWARE: "werkstatt",
    GATEWAY_INTERFACE: "CGI/1.1",
    REQUEST_URI: url,
    RAW_URI: url,
    "wsgi.version": VERSION,
    "wsgi.url_scheme": addresses.scheme,
    "wsgi.input": emptyInput,
    "wsgi.errors": source.errors,
    "wsgi.multithread": true,
    "wsgi.multiprocess": source.multiprocess,
    "wsgi.run_once": false,
    "wsgi.input_terminated": true,
    "wsgi.file_wrapper": fileWrapper,
    // UPLOAD_STORE_KEY of forms/; a key that is computed would make the literal slower.
    "werkstatt.upload_store": diskStore,
    "wsgi.response_finished": [],
    "wsgi.early_hints": (headers: HeaderList) => hooks.earlyHints(headers),
    "wsgi.headers_sent": () => hooks.headersSent(),
    REMOTE_ADDR: addresses.remoteAddress,
    REMOTE_PORT: addresses.remotePort,
    [HOOKS]: hooks,
  } as Environ

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
    if (host !== "" && !isAuthority(host)) return BAD_REQUEST
    lastHost = host
  }
  const coding = environ["HTTP_TRANSFER_ENCODING"] as string | undefined
  if (coding !== undefined) {
    // RFC 9112 section 6.1: a transfer coding on HTTP/1.0 is faulty framing. A coding but chunked would come undecoded.
    if (version === 0) return BAD_REQUEST
    if (coding.toLowerCase() !== "chunked") return NOT_IMPLEMENTED
    environ["wsgi.input"] = hooks.input()
  } else if (environ.CONTENT_LENGTH !== undefined && environ.CONTENT_LENGTH !== "0") {
    environ["wsgi.input"] = hooks.input()
  }
  if (authority !== undefined) environ["HTTP_HOST"] = authority
  // A unix socket has no addresses, and a client that has left already has none any more.
  if (addresses.remoteAddress === undefined) {
    delete environ.REMOTE_ADDR
    delete environ.REMOTE_PORT
  }
  if (addresses.serverName === undefined) nameByHost(environ)
  if (addresses.tls !== undefined) Object.assign(environ, addresses.tls)
  if (source.extra !== undefined) Object.assign(environ, source.extra)
  Object.defineProperty(environ, "wsgi.signal", SIGNAL)
  return environ
}

/**
 * Where a header field goes, or nothing when it must not get there: a name with an underscore would meet the same key
 * as one with a hyphen, and `Proxy` would become the variable that HTTP clients take their proxy from.
 */
function fieldOf(name: string, environ: Environ): Field {
  const upper = name.toUpperCase().replaceAll("-", "_")
  let key = `HTTP_${upper}`
  if (name.includes("_") || upper === "PROXY") key = DROPPED
  else if (upper === "CONTENT_TYPE" || upper === "CONTENT_LENGTH") key = upper
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
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(host)
  if (match === null) return
  environ.SERVER_NAME = match[1] as string
  if (match[2] !== undefined) environ.SERVER_PORT = match[2]
}
