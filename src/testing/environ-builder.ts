// Environs from arguments: what a server would make of the request that somebody describes. Nothing is encoded before
// getEnviron() is called, and what was not asked for costs nothing, since the client makes one of these for each request.
// Knows no application and no socket.

import { Authorization } from "../datastructures/authorization.ts"
import { CallbackDict } from "../datastructures/callback-dict.ts"
import { EnvironHeaders } from "../datastructures/environ-headers.ts"
import { FileMultiDict } from "../datastructures/file-multi-dict.ts"
import { Headers, type HeadersInit } from "../datastructures/headers.ts"
import { MultiDict, type MultiItems } from "../datastructures/multi-dict.ts"
import { chooseBoundary, encodeMultipart, type FormEntry } from "../forms/encode.ts"
import type { Environ, ErrorStream, InputStream } from "../gateway.ts"
import { dumpOptionsHeader, parseOptionsHeader } from "../http/fields.ts"
import { getContentType } from "../http/media-types.ts"
import { parseInteger } from "../http/numbers.ts"
import { dumpQuery, textToByteString } from "../http/urls.ts"
import { Request, type RequestClass, type RequestOptions } from "../wrappers/request.ts"
import {
  type BodySource,
  openSource,
  type StreamContent,
  sourceOf,
  sourceOfBytes,
  sourceOfStream,
} from "./body-source.ts"
import { addFormItem, type FormValue } from "./form-items.ts"
import { encodePath, pathBytes, quoteBytes, splitHost, splitUrl, type UrlPieces } from "./request-url.ts"

/** A value in a query; nothing is sent for `null` and `undefined`. */
export type QueryValue = string | number | bigint | boolean | null | undefined

/** What an EnvironBuilder can be told; everything has a default. */
export interface EnvironBuilderOptions {
  /**
   * The path below the mount, perhaps with a query, or a whole URL; percent-encoded, other characters as UTF-8. Default `/`.
   * It is REQUEST_URI as well, as it is written. No slash is put in front of it; the Client does that.
   */
  path?: string | URL | undefined
  /** Scheme, host and mount. Default `http://localhost/`. */
  baseUrl?: string | URL | undefined
  /** The query: text as it is sent, or keys with values to be encoded. Not together with a query in `path`. */
  queryString?: string | MultiItems<QueryValue> | undefined
  /** Default `GET`. */
  method?: string | undefined
  headers?: HeadersInit | undefined
  /**
   * The body: keys with values (a form, multipart if there is a file among them), or text, bytes, a Blob, chunks.
   * A file is a File, Blob or FileStorage, or `[content, filename, contentType]`; other arrays are several values.
   */
  data?:
    | StreamContent
    | { readonly [name: string]: FormValue }
    | Iterable<readonly [name: string, value: FormValue]>
    | FormData
    | undefined
  /** The body: a value to be sent as JSON. Not together with `data`. */
  json?: unknown
  /** User name and password, an Authorization, or the text of the header. */
  auth?: readonly [username: string, password: string] | Authorization | string | undefined
  /** The body, as `data` but never a form; without a length unless it is known or given. */
  inputStream?: StreamContent | undefined
  contentType?: string | undefined
  /** Bytes. Told, not checked. */
  contentLength?: number | undefined
  /** As `contentType`, but a text type gets its charset. */
  mimetype?: string | undefined
  /** Default: the error output of the process. */
  errorsStream?: ErrorStream | undefined
  /** Default true, as on every server in Node. */
  multithread?: boolean | undefined
  multiprocess?: boolean | undefined
  runOnce?: boolean | undefined
  /** Default `HTTP/1.1`. */
  serverProtocol?: string | undefined
  /** Keys that are there unless something else says otherwise. */
  environBase?: Readonly<Record<string, unknown>> | undefined
  /** Keys that go before everything else; `undefined` takes a key away. */
  environOverrides?: Readonly<Record<string, unknown>> | undefined
}

const MULTIPART = "multipart/form-data"
const URLENCODED = "application/x-www-form-urlencoded"
const WSGI_VERSION: readonly [1, 0] = Object.freeze([1, 0] as const)

/** The error output of the process. */
export const stderr: ErrorStream = {
  write: (text) => void process.stderr.write(text),
  writeLines: (lines) => void process.stderr.write([...lines].join("")),
  flush: () => undefined,
}

/**
 * Describes a request, piece by piece if need be, and makes environs of it: each call of `getEnviron` a fresh one.
 *
 * @row TST-13, TST-14, TST-15, TST-16
 * @example
 * const builder = new EnvironBuilder({ path: "/caf\u00e9?q=1", method: "POST", data: { name: "Ada" } })
 * builder.contentType // => "application/x-www-form-urlencoded"
 * builder.getEnviron().PATH_INFO // => "/caf\u00c3\u00a9"
 * builder.getEnviron().CONTENT_LENGTH // => "8"
 * new EnvironBuilder({ path: "/?a=1", queryString: { b: 2 } }) // throws TypeError
 */
export class EnvironBuilder {
  /** The method, as it is sent. */
  method: string
  /** `http` or `https`. */
  urlScheme: string
  /** Host, with a port unless it is that of the scheme. */
  host: string
  /** Where the mount is, as it is sent: empty, or without a slash at its end. */
  scriptRoot: string
  /** Where errors are written. */
  errorsStream: ErrorStream
  /** Whether another request may start before this one ends. */
  multithread: boolean
  /** Whether other processes serve the same application. */
  multiprocess: boolean
  /** Whether the application is called once in the life of the process. */
  runOnce: boolean
  /** As `HTTP/1.1`. */
  serverProtocol: string
  /** Keys that are there unless something else says otherwise. */
  environBase: Readonly<Record<string, unknown>> | undefined
  /** Keys that go before everything else. */
  environOverrides: Readonly<Record<string, unknown>> | undefined

  #path: string
  /** What REQUEST_URI tells, unless it is the path. */
  #target: string | undefined
  #query: string
  #args: MultiDict<QueryValue> | undefined
  #headers: Headers | undefined
  #content: StreamContent | undefined
  #source: BodySource | undefined
  #form: MultiDict<string> | undefined
  #files: FileMultiDict | undefined

  /**
   * @param more further options, when the first argument is the path
   * @throws TypeError for what contradicts itself: two queries, two bodies, a base URL with a query
   */
  constructor(options: EnvironBuilderOptions | string | URL = {}, more: EnvironBuilderOptions = {}) {
    // Not merged into one object: a copy would cost more than all the rest.
    const isPath = typeof options === "string" || options instanceof URL
    const given = isPath ? more : options
    const path = String((isPath ? options : options.path) ?? "/")
    const target = splitUrl(path)
    const base = given.baseUrl === undefined ? undefined : baseOf(given.baseUrl)
    this.urlScheme = target.scheme ?? base?.scheme ?? "http"
    this.host = target.host ?? base?.host ?? "localhost"
    ;[this.scriptRoot, this.#path] = mounted(target, base)
    // A client sends what stands behind the host, and always a slash: there, and for a mount.
    const slash = target.path === "" && (target.host !== undefined || this.scriptRoot !== "") ? "/" : ""
    const query = target.query === undefined ? "" : `?${target.query}`
    this.#target = slash + textToByteString(target.host === undefined ? path : target.path + query)
    if (target.query !== undefined && given.queryString !== undefined) {
      throw new TypeError(`There is a query in the path ${JSON.stringify(path)} and in queryString`)
    }
    this.#query = textToByteString(typeof given.queryString === "string" ? given.queryString : (target.query ?? ""))
    if (typeof given.queryString === "object") this.#args = new MultiDict(given.queryString)
    this.method = given.method ?? "GET"
    this.errorsStream = given.errorsStream ?? stderr
    this.multithread = given.multithread ?? true
    this.multiprocess = given.multiprocess ?? false
    this.runOnce = given.runOnce ?? false
    this.serverProtocol = given.serverProtocol ?? "HTTP/1.1"
    this.environBase = given.environBase
    this.environOverrides = given.environOverrides
    if (given.headers !== undefined) this.#headers = new Headers(given.headers)
    if (given.auth !== undefined) this.headers.set("Authorization", authorizationOf(given.auth))
    if (given.mimetype !== undefined) this.mimetype = given.mimetype
    if (given.contentType !== undefined) this.contentType = given.contentType
    if (given.contentLength !== undefined) this.contentLength = given.contentLength
    this.#describeBody(given)
  }

  /**
   * A builder that makes such an environ again.
   *
   * Keys of servers and middleware, with a dot in their names, are left behind. A body that was made by a builder is had from
   * its start; any other stream is handed on as it is.
   */
  static fromEnviron(environ: Environ, options: EnvironBuilderOptions = {}): EnvironBuilder {
    const scheme = environ["wsgi.url_scheme"]
    const standard = scheme === "https" ? "443" : "80"
    const server =
      environ.SERVER_PORT === standard ? environ.SERVER_NAME : `${environ.SERVER_NAME}:${environ.SERVER_PORT}`
    const host = typeof environ["HTTP_HOST"] === "string" && environ["HTTP_HOST"] !== "" ? environ["HTTP_HOST"] : server
    const headers = new Headers(new EnvironHeaders(environ))
    headers.delete("Host")
    headers.delete("Transfer-Encoding")
    const { REMOTE_ADDR, REMOTE_PORT, REMOTE_USER } = environ
    const remote = Object.entries({ REMOTE_ADDR, REMOTE_PORT, REMOTE_USER }).filter(([, value]) => value !== undefined)
    const [name, port] = splitHost(host, scheme)
    const replaced = name === environ.SERVER_NAME && port === environ.SERVER_PORT
    const builder = new this({
      baseUrl: `${scheme}://${host}${quoteBytes(environ.SCRIPT_NAME)}`,
      path: sentPath(environ),
      method: environ.REQUEST_METHOD,
      headers,
      inputStream: hasBody(environ) ? environ["wsgi.input"] : undefined,
      errorsStream: environ["wsgi.errors"],
      multithread: environ["wsgi.multithread"],
      multiprocess: environ["wsgi.multiprocess"],
      runOnce: environ["wsgi.run_once"],
      serverProtocol: environ.SERVER_PROTOCOL,
      environBase: Object.fromEntries(remote),
      ...(replaced ? {} : { environOverrides: { SERVER_NAME: environ.SERVER_NAME, SERVER_PORT: environ.SERVER_PORT } }),
      ...options,
    })
    // Bytes that are no text stay what they are.
    const { path, baseUrl, queryString } = options
    if (queryString === undefined && !String(path).includes("?")) builder.#query = environ.QUERY_STRING
    if (path === undefined && baseUrl === undefined && queryString === undefined) builder.#target = targetOf(environ)
    return builder
  }

  #describeBody({ data, json, inputStream, contentType, mimetype }: EnvironBuilderOptions): void {
    if (json !== undefined) {
      if (data !== undefined) throw new TypeError("There are data and json; a request has one body")
      if (contentType === undefined && mimetype === undefined) this.contentType ??= "application/json"
      this.#setStream(this.jsonDumps(json))
    } else if (data !== undefined) {
      if (inputStream !== undefined) throw new TypeError("There are data and inputStream; a request has one body")
      if (isStreamContent(data)) {
        if (data instanceof Blob && data.type !== "") this.contentType ??= data.type
        // As with nothing: no length is told either.
        if (data !== "" && !(data instanceof Uint8Array && data.length === 0)) this.#setStream(data)
      } else {
        if (data instanceof FormData) this.contentType ??= MULTIPART
        const [form, files] = [() => this.form, () => this.files]
        for (const [name, value] of itemsOf(data)) addFormItem(name, value, form, files)
      }
    } else if (inputStream !== undefined) this.#setStream(inputStream)
  }

  /** Makes JSON of the `json` option; a subclass may do it in another way. */
  jsonDumps(value: unknown): string {
    const text = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`Not a value that JSON can hold: ${String(value)}`)
    return text
  }

  /** What `getRequest` makes unless it is told; a subclass may have another. */
  get requestClass(): RequestClass<Request> {
    return Request
  }

  /** Scheme, host and mount as a URL with a slash at its end. Setting it to one with a query throws TypeError. */
  get baseUrl(): string {
    return `${this.urlScheme}://${this.host}${encodePath(this.scriptRoot)}/`
  }

  set baseUrl(url: string | URL) {
    const { scheme, host, path } = baseOf(url)
    this.urlScheme = scheme ?? "http"
    this.host = host ?? "localhost"
    this.scriptRoot = path
  }

  /** The host without its port. */
  get serverName(): string {
    return splitHost(this.host, this.urlScheme)[0]
  }

  /** The port of the host, or that of the scheme. */
  get serverPort(): number {
    return Number(splitHost(this.host, this.urlScheme)[1])
  }

  /** The query as it is sent. */
  get queryString(): string {
    return this.#args === undefined ? this.#query : dumpQuery(this.#args)
  }

  set queryString(query: string) {
    this.#query = textToByteString(query)
    this.#args = undefined
  }

  /** The query as keys and values; TypeError while it is set as text. */
  get args(): MultiDict<QueryValue> {
    if (this.#args === undefined && this.#query !== "") {
      throw new TypeError("args is not available: the query was given as text, see queryString")
    }
    this.#args ??= new MultiDict<QueryValue>()
    return this.#args
  }

  set args(args: MultiItems<QueryValue>) {
    this.#args = new MultiDict(args)
    this.#query = ""
  }

  /** The path below the mount, as it is sent. Setting it sets `requestUri` as well. */
  get path(): string {
    return this.#path
  }

  set path(path: string) {
    this.#path = path
    this.#target = undefined
  }

  /**
   * What REQUEST_URI tells: the path as it was given, with the query if that stood in it. It has to be set where an
   * application asks it for more: for the mount, or for a query that was given by itself.
   *
   * @example
   * new EnvironBuilder("/a%2Fb?c", { baseUrl: "http://localhost/app" }).requestUri // => "/a%2Fb?c"
   * new EnvironBuilder("/a", { queryString: { b: 1 } }).requestUri // => "/a"
   */
  get requestUri(): string {
    return this.#target ?? textToByteString(this.#path)
  }

  set requestUri(target: string) {
    this.#target = textToByteString(target)
  }

  /** The headers but for Host, which follows `host` unless it is set here. */
  get headers(): Headers {
    this.#headers ??= new Headers()
    return this.#headers
  }

  set headers(headers: HeadersInit) {
    this.#headers = new Headers(headers)
  }

  /** The Content-Type header; without one, what the form and the files make it. */
  get contentType(): string | undefined {
    const type = this.#headers?.get("Content-Type")
    if (type !== undefined || this.#source !== undefined) return type
    if (this.#files !== undefined && this.#files.size > 0) return MULTIPART
    return this.#form !== undefined && this.#form.size > 0 ? URLENCODED : undefined
  }

  set contentType(type: string | undefined) {
    if (type === undefined) this.headers.delete("Content-Type")
    else this.headers.set("Content-Type", type)
  }

  /** The Content-Length header; that of a body is found out later. */
  get contentLength(): number | undefined {
    return parseInteger(this.#headers?.get("Content-Length") ?? "")
  }

  set contentLength(bytes: number | undefined) {
    if (bytes === undefined) this.headers.delete("Content-Length")
    else this.headers.set("Content-Length", String(bytes))
  }

  /** The content type without its parameters, in lower case. Setting it gives a text type its charset. */
  get mimetype(): string | undefined {
    const type = this.contentType
    return type === undefined ? undefined : parseOptionsHeader(type)[0].toLowerCase()
  }

  set mimetype(mimetype: string | undefined) {
    this.contentType = mimetype === undefined ? undefined : getContentType(mimetype, "utf-8")
  }

  /** The parameters of the content type; changing them changes it. */
  get mimetypeParams(): CallbackDict<string> {
    const parameters = parseOptionsHeader(this.contentType)[1]
    return new CallbackDict(parameters, (changed) => {
      this.contentType = dumpOptionsHeader(this.mimetype, changed)
    })
  }

  /** The body as it was given, unless it is a form. Setting it throws the form away. */
  get inputStream(): StreamContent | undefined {
    return this.#content
  }

  set inputStream(content: StreamContent | undefined) {
    this.#form = undefined
    this.#files = undefined
    this.#setStream(content)
  }

  #setStream(content: StreamContent | undefined): void {
    this.#content = content
    this.#source = content === undefined ? undefined : sourceOfStream(content)
  }

  /** The fields of the form; TypeError while there is an input stream. */
  get form(): MultiDict<string> {
    this.#mustBeForm("form")
    this.#form ??= new MultiDict<string>()
    return this.#form
  }

  set form(form: MultiItems<string>) {
    this.#setStream(undefined)
    this.#form = new MultiDict(form)
  }

  /** The files of the form; TypeError while there is an input stream. */
  get files(): FileMultiDict {
    this.#mustBeForm("files")
    this.#files ??= new FileMultiDict()
    return this.#files
  }

  set files(files: FileMultiDict) {
    this.#setStream(undefined)
    this.#files = files
  }

  #mustBeForm(name: string): void {
    if (this.#source !== undefined) throw new TypeError(`${name} is not available: the body was given as a stream`)
  }

  /** A fresh environ. Keys of `environBase` come first, then what is computed, then headers, then `environOverrides`. */
  getEnviron(): Environ {
    const query = this.queryString
    const scriptRoot = encodePath(this.scriptRoot)
    const uri = this.requestUri
    const [name, port] = splitHost(this.host, this.urlScheme)
    const environ: Environ = {
      ...this.environBase,
      REQUEST_METHOD: this.method,
      SCRIPT_NAME: pathBytes(scriptRoot),
      PATH_INFO: pathBytes(encodePath(this.#path)),
      QUERY_STRING: query,
      REQUEST_URI: uri,
      RAW_URI: uri,
      SERVER_NAME: name,
      SERVER_PORT: port,
      HTTP_HOST: this.host,
      SERVER_PROTOCOL: this.serverProtocol,
      "wsgi.version": WSGI_VERSION,
      "wsgi.url_scheme": this.urlScheme,
      "wsgi.input": undefined as unknown as InputStream,
      "wsgi.errors": this.errorsStream,
      "wsgi.multithread": this.multithread,
      "wsgi.multiprocess": this.multiprocess,
      "wsgi.run_once": this.runOnce,
    }
    if (this.#headers !== undefined) addHeaders(environ, this.#headers)
    this.#addBody(environ)
    if (this.environOverrides !== undefined) {
      for (const [key, value] of Object.entries(this.environOverrides)) {
        if (value === undefined) delete environ[key]
        else environ[key] = value
      }
    }
    return environ
  }

  #addBody(environ: Environ): void {
    const [source, type] = this.#encodeBody()
    environ["wsgi.input"] = openSource(source)
    if (type !== undefined) environ.CONTENT_TYPE = type
    const length =
      this.#headers?.get("Content-Length") ?? (source?.length === undefined ? undefined : String(source.length))
    if (length !== undefined) environ.CONTENT_LENGTH = length
    else if (source !== undefined) {
      // Only a chunked body has no length.
      environ["HTTP_TRANSFER_ENCODING"] = "chunked"
      environ["wsgi.input_terminated"] = true
    }
  }

  #encodeBody(): [source: BodySource | undefined, contentType: string | undefined] {
    const type = this.contentType
    if (this.#source !== undefined || type === undefined) return [this.#source, type]
    const mimetype = this.mimetype
    const [fields, files] = [this.#form ?? [], this.#files ?? []]
    const [hasFields, hasFiles] = [(this.#form?.size ?? 0) > 0, (this.#files?.size ?? 0) > 0]
    if (mimetype === MULTIPART) {
      const entries: FormEntry[] = [...fields, ...files]
      const boundary = parseOptionsHeader(type)[1].get("boundary") ?? chooseBoundary()
      // The spelling that is less usual, and that every parser has to understand: an empty preamble, a quoted boundary.
      const options = { boundary, preamble: "" }
      const { contentLength, body } = encodeMultipart(entries, options)
      let first: AsyncIterable<Uint8Array> | undefined = body
      const open = () => {
        const bytes = first ?? encodeMultipart(entries, options).body
        first = undefined
        return bytes
      }
      return [{ length: contentLength, rewinds: true, open }, `${MULTIPART}; boundary="${boundary}"`]
    }
    if (mimetype === URLENCODED && !hasFiles) return [hasFields ? sourceOfBytes(dumpQuery(fields)) : undefined, type]
    if (hasFields || hasFiles) {
      throw new TypeError(`A form with ${hasFiles ? "files" : "fields"} cannot be sent as ${JSON.stringify(type)}`)
    }
    return [undefined, type]
  }

  /** A request of that class, made of a fresh environ. */
  getRequest(): Request
  getRequest<R extends Request>(requestClass: RequestClass<R>, options?: RequestOptions): R
  getRequest(requestClass: RequestClass<Request> = this.requestClass, options?: RequestOptions): Request {
    return new requestClass(this.getEnviron(), options)
  }

  /** Closes the files of the form. The input stream belongs to whoever gave it. */
  close(): void | Promise<void> {
    return this.#files?.close()
  }

  /** For `using`: closes without waiting. */
  [Symbol.dispose](): void {
    void this.close()
  }

  /** For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

// As it was sent if the environ tells, since `%2F` and `/` are one in PATH_INFO. With the mount or without it.
function sentPath(environ: Environ): string {
  const { SCRIPT_NAME: mount, PATH_INFO: path, REQUEST_URI: target = "" } = environ
  const sent = splitUrl(target).path
  const root = quoteBytes(mount)
  if (sent.startsWith(root) && pathBytes(sent) === mount + path) return sent.slice(root.length)
  return pathBytes(sent) === path ? sent : quoteBytes(path)
}

function targetOf({ SCRIPT_NAME, PATH_INFO, QUERY_STRING, REQUEST_URI }: Environ): string {
  return REQUEST_URI ?? `${quoteBytes(SCRIPT_NAME + PATH_INFO)}${QUERY_STRING === "" ? "" : `?${QUERY_STRING}`}`
}

function hasBody(environ: Environ): boolean {
  return (
    environ.CONTENT_LENGTH !== undefined ||
    environ["HTTP_TRANSFER_ENCODING"] !== undefined ||
    sourceOf(environ["wsgi.input"]) !== undefined
  )
}

function baseOf(url: string | URL): UrlPieces {
  const base = splitUrl(String(url), true)
  if (base.query !== undefined || String(url).includes("#")) {
    throw new TypeError(`A base URL has neither query nor fragment: ${String(url)}`)
  }
  let end = base.path.length
  while (base.path[end - 1] === "/") end--
  const path = base.path.slice(0, end)
  return { ...base, path: path === "" || path.startsWith("/") ? path : `/${path}` }
}

/** The mount and the path below it. A whole URL as path may repeat the mount. */
function mounted(target: UrlPieces, base: UrlPieces | undefined): [scriptRoot: string, path: string] {
  const mount = base?.path ?? ""
  if (target.host === undefined) return [mount, target.path]
  const path = target.path === "" ? "/" : target.path
  const below = target.host === base?.host && (path === mount || path.startsWith(`${mount}/`))
  return below ? [mount, path.slice(mount.length)] : ["", path]
}

function authorizationOf(auth: readonly [string, string] | Authorization | string): string {
  if (typeof auth === "string") return auth
  if (auth instanceof Authorization) return auth.toHeader()
  const [username, password] = auth as readonly [string, string]
  return new Authorization("basic", { parameters: { username, password } }).toHeader()
}

// Not iterMultiItems, to which every array is several values: here it may be a file.
function itemsOf(data: object): Iterable<readonly [string, unknown]> {
  return Symbol.iterator in data ? (data as Iterable<[string, unknown]>) : Object.entries(data)
}

function isStreamContent(data: unknown): data is StreamContent {
  if (typeof data === "string" || data instanceof Uint8Array || data instanceof Blob) return true
  if (typeof data !== "object" || data === null) return false
  if (Symbol.asyncIterator in data || typeof (data as { read?: unknown }).read === "function") return true
  return Array.isArray(data) && data.length > 0 && data.every((chunk) => chunk instanceof Uint8Array)
}

// As servers do it: names with an underscore would pass for others, and Proxy for a variable that HTTP clients heed.
function addHeaders(environ: Environ, headers: Headers): void {
  for (const [name, value] of headers) {
    const variable = name.toUpperCase().replaceAll("-", "_")
    if (variable === "CONTENT_TYPE" || variable === "CONTENT_LENGTH") continue
    if (name.includes("_") || variable === "PROXY") continue
    const key = `HTTP_${variable}`
    const before = key === "HTTP_HOST" ? undefined : environ[key]
    environ[key] = before === undefined ? value : `${String(before)}${key === "HTTP_COOKIE" ? "; " : ", "}${value}`
  }
}

/**
 * The environ of a request that is described by such options.
 *
 * @row TST-17
 * @example
 * createEnviron("/a?b=c", { method: "PUT" }).QUERY_STRING // => "b=c"
 */
export function createEnviron(options?: EnvironBuilderOptions | string | URL, more?: EnvironBuilderOptions): Environ {
  return new EnvironBuilder(options, more).getEnviron()
}

/**
 * A request of that class, from a description instead of a server.
 *
 * @row REQ-4
 */
export function requestFromValues<R extends Request>(
  requestClass: RequestClass<R>,
  options?: EnvironBuilderOptions | string | URL,
  more?: EnvironBuilderOptions,
): R {
  return new EnvironBuilder(options, more).getRequest(requestClass)
}
