// CGI variables, as front servers send them, put right: one reading of them for CGI, SCGI, uwsgi and FastCGI. They become the
// head of a request as a client would have sent it, of which running/environ.ts makes the environ with all its limits, and the
// variables that no head has. Front servers agree on few of them, so this file knows what nginx, Apache and lighttpd leave out,
// send empty or send twice. It knows no protocol and no socket.

import { type Addresses, Refusal, type WireRequestHead } from "../../running/environ.ts"
import { decodePath, parseTarget } from "../../running/request-target.ts"

/** What is to be known besides the variables. */
export interface VariableSettings {
  /**
   * Where the application is mounted: empty, or a path such as `/shop`. The whole path is split there. Unless given, the front
   * server's own split counts.
   */
  readonly scriptName: string | undefined
  /** What SCRIPT_NAME is where there is no PATH_INFO: the mount, as with CGI, or the whole path. */
  readonly loneScriptName: "mount" | "path"
  /** Whether a body may come without a CONTENT_LENGTH: always, only where the client has sent it in chunks, or never. */
  readonly unknownLength: "always" | "chunked" | "never"
}

/** A request by its variables. */
export interface VariableRequest {
  readonly head: WireRequestHead
  readonly addresses: Addresses
  /** The length of the body; undefined where the variables do not tell it. */
  readonly contentLength: number | undefined
}

/** A request that is refused, and why, for the log. */
export class FaultyRequest extends Refusal {
  /** What is wrong, as the end of a sentence. */
  readonly why: string
  constructor(status: string, why: string) {
    super(status)
    this.why = why
  }
}

const bad = (why: string) => new FaultyRequest("400 Bad Request", why)

/** What does not belong to a request: a front server's own environment (mod_proxy_fcgi), and the header fields with names of their own. */
const DROPPED = new Set([
  "HTTP_CONTENT_TYPE",
  "HTTP_CONTENT_LENGTH",
  "HTTP_PROXY",
  "PATH",
  "LD_LIBRARY_PATH",
  "LD_PRELOAD",
  "DYLD_LIBRARY_PATH",
  "SHLIB_PATH",
  "LIBPATH",
  "COMSPEC",
  "PATHEXT",
  "WINDIR",
  "SCGI",
  "RAW_URI",
])

/** What is read here. The rest is passed on. */
const READ = new Set([
  "REQUEST_METHOD",
  "REQUEST_URI",
  "SCRIPT_NAME",
  "PATH_INFO",
  "QUERY_STRING",
  "SERVER_PROTOCOL",
  "SERVER_NAME",
  "SERVER_PORT",
  "REMOTE_ADDR",
  "REMOTE_PORT",
  "REQUEST_SCHEME",
  "HTTPS",
  "CONTENT_TYPE",
  "CONTENT_LENGTH",
])

/** Variables are in upper case. Other keys of an environ have a dot; `__proto__` is not a name either. */
const NAME = /^[A-Z][A-Z0-9_]*$/
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// As Node's parser takes them (RFC 9110 section 5.5).
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const TARGET = /^[\x21-\x7e\x80-\xff]*$/
const SERVER_NAME = /^(?=.*[0-9A-Za-z])(?:[0-9A-Za-z._-]+|\[?[0-9A-Fa-f:.]+\]?)$/

/** What a name is. It is kept with the name that was seen first: as a key that is faster than one that was just read. */
interface Known {
  readonly kind: "dropped" | "read" | "other" | "field"
  /** Of a variable, or of the header field that it stands for. */
  readonly name: string
}
const MEMORY = 1024
/** Names repeat from request to request. */
const knownNames = new Map<string, Known>()

/** A record without a prototype whose keys are found as fast as those of any object. */
const emptyRecord = () => ({ __proto__: null }) as unknown as Record<string, string>

/**
 * The request that variables stand for, or why it is refused: no method, a malformed or repeated length, a path that
 * is not below the mount, a control character where no client could have sent one.
 *
 * @param pairs names and values in turn, Latin-1: a character for each byte
 */
export function requestOfVariables(
  pairs: readonly string[],
  settings: VariableSettings,
): VariableRequest | FaultyRequest {
  const fields: string[] = []
  const read = emptyRecord()
  const further = emptyRecord()
  let coding: string | undefined
  for (let i = 0; i < pairs.length; i += 2) {
    const value = pairs[i + 1] as string
    const { kind, name } = knownNames.get(pairs[i] as string) ?? kindOf(pairs[i] as string)
    if (kind === "dropped") continue
    if (kind === "other") further[name] = value
    else if (kind === "read") {
      if (name === "CONTENT_LENGTH" && (read[name] ?? value) !== value) return bad("CONTENT_LENGTH has two values")
      // A configuration that sets a variable again behind its included file means the last one.
      read[name] = value
    } else {
      if (!FIELD_VALUE.test(value)) return bad(`${pairs[i]} has control characters`)
      // How the client has framed its body is of no more use: the front server has taken that off (RFC 3875 section 4.3.2).
      if (name === "TRANSFER-ENCODING") coding = value
      else fields.push(name, value)
    }
  }

  const method = read["REQUEST_METHOD"] ?? ""
  if (!METHOD.test(method)) return bad(method === "" ? "there is no REQUEST_METHOD" : "REQUEST_METHOD is not a method")
  const contentType = read["CONTENT_TYPE"]
  if (contentType) {
    if (!FIELD_VALUE.test(contentType)) return bad("CONTENT_TYPE has control characters")
    fields.push("CONTENT-TYPE", contentType)
  }
  const length = read["CONTENT_LENGTH"]
  if (length) {
    if (!/^\d{1,15}$/.test(length)) return bad("CONTENT_LENGTH is not a number")
    fields.push("CONTENT-LENGTH", length)
  }
  const protocol = protocolOf(read["SERVER_PROTOCOL"])
  const isCoded = coding !== undefined && !length
  if (isCoded && settings.unknownLength === "never")
    return new FaultyRequest("411 Length Required", "there is a body without CONTENT_LENGTH")
  // It tells that there is a body of unknown length.
  if (coding !== undefined && !length && protocol === "HTTP/1.1") fields.push("TRANSFER-ENCODING", coding)

  const target = read["REQUEST_URI"]
  if (target !== undefined && !TARGET.test(target)) return bad("REQUEST_URI has white space or control characters")
  const query = read["QUERY_STRING"]
  if (query !== undefined && !TARGET.test(query)) return bad("QUERY_STRING has white space or control characters")
  const place = placeOf(method, read, further["DOCUMENT_URI"], settings)
  if (place instanceof FaultyRequest) return place
  const { scriptName, pathInfo } = place

  const isSecure = isOn(read["HTTPS"]) || read["REQUEST_SCHEME"]?.toLowerCase() === "https"
  if (isSecure) further["HTTPS"] = "on"
  further["SCRIPT_NAME"] = scriptName
  further["PATH_INFO"] = pathInfo
  if (query !== undefined) further["QUERY_STRING"] = query
  if (protocol === "HTTP/3") further["SERVER_PROTOCOL"] = protocol
  const serverName = read["SERVER_NAME"]
  const remoteAddress = read["REMOTE_ADDR"]
  return {
    contentLength: length ? Number(length) : undefined,
    head: {
      method,
      target: target || targetOf(scriptName + pathInfo, query),
      protocol: protocol === "HTTP/3" ? "HTTP/2" : protocol,
      fields,
      hasBody: length ? Number(length) > 0 : settings.unknownLength === "always" || isCoded,
    },
    addresses: {
      serverName: serverName !== undefined && SERVER_NAME.test(serverName) ? serverName : undefined,
      serverPort: portOf(read["SERVER_PORT"]),
      // nginx calls a client on a unix socket `unix:`.
      remoteAddress: remoteAddress === "" || remoteAddress?.startsWith("unix:") ? undefined : remoteAddress,
      remotePort: portOf(read["REMOTE_PORT"]),
      scheme: isSecure ? "https" : "http",
      further,
    },
  }
}

function kindOf(name: string): Known {
  const isDropped = DROPPED.has(name) || !NAME.test(name) || name === "HTTP_"
  const known: Known = isDropped
    ? { kind: "dropped", name }
    : READ.has(name)
      ? { kind: "read", name }
      : name.startsWith("HTTP_")
        ? { kind: "field", name: name.slice("HTTP_".length).replaceAll("_", "-") }
        : { kind: "other", name }
  if (knownNames.size < MEMORY) knownNames.set(name, known)
  return known
}

interface Place {
  scriptName: string
  pathInfo: string
}

/**
 * Where the application is, and the path below it. Decoded paths come before the raw target: the front server has decided on
 * them what the request may do.
 */
function placeOf(
  method: string,
  read: Readonly<Record<string, string>>,
  documentUri: string | undefined,
  settings: VariableSettings,
): Place | FaultyRequest {
  const script = read["SCRIPT_NAME"] ?? ""
  const info = read["PATH_INFO"]
  const whole = script !== "" || info ? script + (info ?? "") : documentUri || pathOfTarget(method, read["REQUEST_URI"])
  if (whole === undefined) return bad("there is no path: neither PATH_INFO, SCRIPT_NAME, DOCUMENT_URI nor REQUEST_URI")
  if (whole === "*" && method === "OPTIONS") return { scriptName: "", pathInfo: whole }
  if (!whole.startsWith("/")) return bad("the path does not begin with a slash")
  const { scriptName: mount } = settings
  if (mount !== undefined) {
    if (whole === mount || whole.startsWith(`${mount}/`)) return splitAt(whole, mount.length)
    return new FaultyRequest("404 Not Found", `the path is not below the mount ${mount} (scriptName)`)
  }
  if (script === "") return { scriptName: "", pathInfo: whole }
  if (info === undefined && settings.loneScriptName === "path") return { scriptName: "", pathInfo: whole }
  // A mount ends without a slash; it belongs to the path below.
  return splitAt(whole, script.endsWith("/") ? script.length - 1 : script.length)
}

function splitAt(whole: string, length: number): Place | FaultyRequest {
  const pathInfo = whole.slice(length)
  if (pathInfo !== "" && !pathInfo.startsWith("/")) return bad("PATH_INFO does not begin with a slash")
  return { scriptName: whole.slice(0, length), pathInfo }
}

function pathOfTarget(method: string, target: string | undefined): string | undefined {
  const pieces = target === undefined ? undefined : parseTarget(method, target)
  return pieces === undefined ? undefined : decodePath(pieces.path)
}

/** A target for a path that has lost how the client wrote it. */
function targetOf(path: string, query: string | undefined): string {
  const escaped = path.replace(
    /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  )
  return query ? `${escaped}?${query}` : escaped
}

function protocolOf(text: string | undefined): "HTTP/1.0" | "HTTP/1.1" | "HTTP/2" | "HTTP/3" {
  if (text === "HTTP/1.1") return text
  if (text?.startsWith("HTTP/2")) return "HTTP/2"
  if (text?.startsWith("HTTP/3")) return "HTTP/3"
  return "HTTP/1.0"
}

function isOn(text: string | undefined): boolean {
  return text !== undefined && text !== "" && text !== "0" && text.toLowerCase() !== "off"
}

function portOf(text: string | undefined): string | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? text : undefined
}

/**
 * The mount as it is compared: without the slash at its end.
 *
 * @throws TypeError for a text that is no path
 */
export function checkScriptName(scriptName: string | undefined): string | undefined {
  if (scriptName === undefined || scriptName === "" || scriptName === "/") return scriptName && ""
  if (!scriptName.startsWith("/"))
    throw new TypeError(`scriptName must be empty or begin with a slash, not ${JSON.stringify(scriptName)}`)
  return scriptName.endsWith("/") ? scriptName.slice(0, -1) : scriptName
}
