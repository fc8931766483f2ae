// Environs from arguments: what a server would make of the request that the arguments describe. What is one thing under several
// names (query and args, input stream and form, type and headers) is held once, and looked at in either way. Nothing is encoded
// before getEnviron() is called, and what was not asked for costs nothing, since the client makes one of these for each request.
// Knows no application and no socket.

import { Authorization } from "../datastructures/authorization.ts"
import { CallbackDict } from "../datastructures/callback-dict.ts"
import type { FileMultiDict } from "../datastructures/file-multi-dict.ts"
import { Headers, type HeadersInit } from "../datastructures/headers.ts"
import { MultiDict, type MultiItems } from "../datastructures/multi-dict.ts"
import type { Environ, ErrorStream } from "../gateway.ts"
import { parseOptionsHeader } from "../http/fields.ts"
import { getContentType, withParameters } from "../http/media-types.ts"
import { parseCount } from "../http/numbers.ts"
import { dumpQuery, textToByteString } from "../http/urls.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { errorOutput } from "../running/service.ts"
import { Request, type RequestClass, type RequestOptions } from "../wrappers/request.ts"
import type { StreamContent } from "./body-source.ts"
import { assembleEnviron } from "./environ-assembly.ts"
import type { Credentials, EnvironBuilderOptions, QueryValue } from "./environ-builder-options.ts"
import { descriptionOf, targetOf } from "./environ-description.ts"
import { FormBody } from "./form-body.ts"
import { bodyOf, type RequestBody, StreamBody, typeOf } from "./request-body.ts"
import { baseOf, encodePath, locate, splitHost } from "./request-url.ts"

export type { EnvironBuilderOptions, QueryValue } from "./environ-builder-options.ts"

const OPTIONS: OptionNames<EnvironBuilderOptions> = {
  path: true,
  baseUrl: true,
  queryString: true,
  method: true,
  headers: true,
  data: true,
  json: true,
  auth: true,
  inputStream: true,
  contentType: true,
  contentLength: true,
  mimetype: true,
  errorsStream: true,
  multithread: true,
  multiprocess: true,
  runOnce: true,
  serverProtocol: true,
  environBase: true,
  environOverrides: true,
}

/**
 * Describes a request, piece by piece if need be, and makes environs of it: each call of `getEnviron` a fresh one.
 *
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
  /** As a byte string, or as keys and values. */
  #query: string | MultiDict<QueryValue>
  #headers: Headers | undefined
  #body: RequestBody = new FormBody()

  /**
   * @param more further options, when the first argument is the path
   * @throws TypeError for what contradicts itself: two queries, two bodies, a base URL with a query
   */
  constructor(options: EnvironBuilderOptions | string | URL = {}, more: EnvironBuilderOptions = {}) {
    // Not merged into one object: a copy would cost more than all the rest.
    const isPath = typeof options === "string" || options instanceof URL
    const given = isPath ? more : options
    // A subclass may know more options.
    if (new.target === EnvironBuilder) checkOptions("a request", given, OPTIONS)
    const path = String((isPath ? options : options.path) ?? "/")
    const location = locate(path, given.baseUrl)
    if (location.query !== undefined && given.queryString !== undefined) {
      throw new TypeError(`There is a query in the path ${JSON.stringify(path)} and in queryString`)
    }
    const query = given.queryString === undefined ? (location.query ?? "") : given.queryString
    this.urlScheme = location.scheme
    this.host = location.host
    this.scriptRoot = location.scriptRoot
    this.#path = location.path
    this.#target = location.target
    this.#query = typeof query === "string" ? textToByteString(query) : new MultiDict(query)
    this.method = given.method ?? "GET"
    this.errorsStream = given.errorsStream ?? errorOutput
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
    const builder = new this({ ...descriptionOf(environ), ...options })
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
      this.#body = new StreamBody(this.jsonDumps(json))
    } else if (data !== undefined) {
      if (inputStream !== undefined) throw new TypeError("There are data and inputStream; a request has one body")
      const type = typeOf(data)
      if (type !== undefined) this.contentType ??= type
      this.#body = bodyOf(data)
    } else if (inputStream !== undefined) this.#body = new StreamBody(inputStream)
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
    return this.#query instanceof MultiDict ? dumpQuery(this.#query) : this.#query
  }

  set queryString(query: string) {
    this.#query = textToByteString(query)
  }

  /** The query as keys and values; TypeError while it is set as text. */
  get args(): MultiDict<QueryValue> {
    if (this.#query === "") this.#query = new MultiDict<QueryValue>()
    if (this.#query instanceof MultiDict) return this.#query
    throw new TypeError("args is not available: the query was given as text, see queryString")
  }

  set args(args: MultiItems<QueryValue>) {
    this.#query = new MultiDict(args)
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
    return this.#headers?.get("Content-Type") ?? this.#body.contentType
  }

  set contentType(type: string | undefined) {
    if (type === undefined) this.headers.delete("Content-Type")
    else this.headers.set("Content-Type", type)
  }

  /** The Content-Length header; that of a body is found out later. */
  get contentLength(): number | undefined {
    return parseCount(this.#headers?.get("Content-Length") ?? "")
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

  /** The parameters of the content type; changing them changes it. Without a type, setting one throws a TypeError. */
  get mimetypeParams(): CallbackDict<string> {
    const parameters = parseOptionsHeader(this.contentType)[1]
    return new CallbackDict(parameters, (changed) => {
      this.contentType = withParameters(this.mimetype ?? "", changed)
    })
  }

  /** The body as it was given, unless it is a form. Setting it throws the form away. */
  get inputStream(): StreamContent | undefined {
    return this.#body instanceof StreamBody ? this.#body.content : undefined
  }

  set inputStream(content: StreamContent | undefined) {
    this.#body = content === undefined ? new FormBody() : new StreamBody(content)
  }

  /** The fields of the form; TypeError while there is an input stream. */
  get form(): MultiDict<string> {
    return this.#formFor("form").fields
  }

  set form(form: MultiItems<string>) {
    this.#madeForm().fields = new MultiDict(form)
  }

  /** The files of the form; TypeError while there is an input stream. */
  get files(): FileMultiDict {
    return this.#formFor("files").files
  }

  set files(files: FileMultiDict) {
    this.#madeForm().files = files
  }

  #formFor(name: string): FormBody {
    if (this.#body instanceof FormBody) return this.#body
    throw new TypeError(`${name} is not available: the body was given as a stream`)
  }

  #madeForm(): FormBody {
    if (!(this.#body instanceof FormBody)) this.#body = new FormBody()
    return this.#body
  }

  /** A fresh environ. Keys of `environBase` come first, then what is computed, then headers, then `environOverrides`. */
  getEnviron(): Environ {
    return assembleEnviron(this, this.#headers, this.#body.send(this.contentType))
  }

  /** A request of that class, made of a fresh environ. */
  getRequest(): Request
  getRequest<R extends Request>(requestClass: RequestClass<R>, options?: RequestOptions): R
  getRequest(requestClass: RequestClass<Request> = this.requestClass, options?: RequestOptions): Request {
    return new requestClass(this.getEnviron(), options)
  }

  /** Closes the files of the form. The input stream belongs to the caller. */
  close(): void | Promise<void> {
    return this.#body.close()
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

/**
 * The environ of a request that is described by such options.
 *
 * @example
 * createEnviron("/a?b=c", { method: "PUT" }).QUERY_STRING // => "b=c"
 */
export function createEnviron(options?: EnvironBuilderOptions | string | URL, more?: EnvironBuilderOptions): Environ {
  return new EnvironBuilder(options, more).getEnviron()
}

/**
 * A request of that class, from a description instead of a server.
 */
export function requestFromValues<R extends Request>(
  requestClass: RequestClass<R>,
  options?: EnvironBuilderOptions | string | URL,
  more?: EnvironBuilderOptions,
): R {
  return new EnvironBuilder(options, more).getRequest(requestClass)
}

/** The header that tells these credentials; a pair is sent as Basic (RFC 7617). */
function authorizationOf(credentials: Credentials): string {
  if (typeof credentials === "string") return credentials
  if (credentials instanceof Authorization) return credentials.toHeader()
  const [username, password] = credentials
  return new Authorization("basic", { parameters: { username, password } }).toHeader()
}
