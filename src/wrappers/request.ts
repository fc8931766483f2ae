/// <reference lib="esnext.disposable" preserve="true" />
// biome-ignore-all lint/complexity/noThisInStatic: these statics make objects of the class they are called on

// The request as a view sees it: the head, read from the environ when the view asks, and the body, read when the view waits for
// it. A request that is not looked at costs this object with its few fields.

import { EnvironHeaders } from "../datastructures/environ-headers.ts"
import type { FileStorage } from "../datastructures/file-storage.ts"
import { CombinedMultiDict, ImmutableMultiDict } from "../datastructures/multi-dict.ts"
import { callAll } from "../environ/body.ts"
import { handled, settled } from "../environ/handled.ts"
import { getHost, type Server, serverOf } from "../environ/host.ts"
import { emptyInput } from "../environ/input.ts"
import { type BodyLimit, limitOfBody } from "../environ/limited-stream.ts"
import { getPathInfo } from "../environ/path.ts"
import {
  getContentLength,
  limitInput,
  limitWhole,
  openInput,
  openWhole,
  type WholeInput,
} from "../environ/request-input.ts"
import { BadRequest, UnsupportedMediaType } from "../exceptions/statuses.ts"
import { FormDataParser, type ParsedForm } from "../forms/form-data-parser.ts"
import type { FormPart } from "../forms/form-part.ts"
import { type UploadStore, uploadStoreOf } from "../forms/upload-store.ts"
import type { Environ, InputStream, WebSocketOffer } from "../gateway.ts"
import { withOneSlash, withoutLastSlashes } from "../http/slashes.ts"
import { byteStringToText } from "../http/urls.ts"
import { checkEnviron } from "../mistakes/environ.ts"
import type { WebAbortSignal } from "../web-platform.ts"
import { type BodyOwner, type Bytes, RequestBody } from "./request-body.ts"
import { RequestHead } from "./request-head.ts"
import { applicationOf, type View, type ViewApplication } from "./view.ts"

/** How a request is made of an environ. */
export interface RequestOptions {
  /** Whether the environ gets the request, as `werkstatt.request`. True unless given or `shallow`. */
  populateRequest?: boolean | undefined
  /** Whether the body stays untouched: methods that would read it throw. For middleware. */
  shallow?: boolean | undefined
}

/** How much of the body is wanted, and what for. */
export interface DataOptions {
  /** Whether the bytes are kept for the next call, and for the form. True unless given. */
  cache?: boolean | undefined
  /** Whether a form is parsed first, if the body is one; nothing is left then. False unless given. */
  parseFormData?: boolean | undefined
}

/** How JSON is read from the body. */
export interface JsonOptions {
  /** Whether the body is taken for JSON with any type. */
  force?: boolean | undefined
  /** Whether a body that is not JSON gives `undefined`, instead of an error. */
  silent?: boolean | undefined
  /** Whether the body and the value are kept. True unless given. */
  cache?: boolean | undefined
}

/** What reads and writes JSON: the global `JSON`, or something better. */
export interface JsonModule {
  parse(text: string): unknown
  stringify(value: unknown): string
}

/** A class of requests, as a constructor. */
export type RequestClass<R extends Request> = new (environ: Environ, options?: RequestOptions) => R

type JsonOutcome = { value: unknown } | { error: unknown }

/** What became of the body as JSON, once it was read. */
interface JsonMemory {
  outcome: JsonOutcome | undefined
}

const NOT_KEPT: DataOptions = { cache: false }

const strictDecoder = new TextDecoder("utf-8", { fatal: true })
const tolerantDecoder = new TextDecoder("utf-8", { ignoreBOM: true })
const NEVER_ABORTED: WebAbortSignal = new AbortController().signal

/**
 * A request, made of the environ that a server gives.
 *
 * The head is read through properties, at once: `method`, `path`, `args`, `headers`, `cookies`, ... The body is read
 * through methods, to be awaited: `form`, `files`, `json`, `text`, `data`, or piece by piece through `stream`.
 *
 * @example
 * const app = Request.application((request) => new Response(`Hello ${request.args.get("name") ?? "World"}!`))
 */
export class Request extends RequestHead {
  /** What this was made of. */
  readonly environ: Environ
  /** Whether the body is left alone. */
  readonly shallow: boolean

  /**
   * The most bytes that a body may have, 128 MiB unless set; no limit if `undefined`. It holds for every way to read the
   * body, however its length is told: what is larger is answered with 413.
   */
  maxContentLength: number | undefined = 128 * 1024 * 1024
  /**
   * The most bytes that `data`, `text` and `json` take, 4 MiB unless set, since they are held in memory; no limit but
   * `maxContentLength` if `undefined`. More is a 413.
   */
  maxDataSize: number | undefined = 4 * 1024 * 1024
  /**
   * The most bytes that the text fields of a form may have together, since they are held in memory; no limit if
   * `undefined`. More is a 413.
   */
  maxFormMemorySize: number | undefined = 500_000
  /** The most fields and files that a form may have; no limit if `undefined`. More is a 413. */
  maxFormParts: number | undefined = 1000
  /** The most bytes that a single file of a form may have; no limit but `maxContentLength` unless set. More is a 413. */
  maxFileSize: number | undefined = undefined
  /** The most files that a form may have; no limit but `maxFormParts` unless set. More is a 413. */
  maxFiles: number | undefined = undefined
  /** Where uploaded files go; where the server says, or else into memory, unless set. */
  uploadStore: UploadStore | undefined = undefined
  /** What parses forms. */
  formDataParserClass: typeof FormDataParser = FormDataParser
  /** What parses JSON. */
  jsonModule: JsonModule = JSON

  #body: RequestBody | undefined = undefined
  #headers: EnvironHeaders | undefined = undefined
  #path: string | undefined = undefined
  #json: JsonMemory | undefined = undefined

  constructor(environ: Environ, options?: RequestOptions) {
    super()
    if (typeof environ !== "object") checkEnviron("new Request", environ)
    this.environ = environ
    this.shallow = options?.shallow === true
    if (!this.shallow && options?.populateRequest !== false) environ["werkstatt.request"] = this
  }

  /**
   * An application that has `view` answer its requests. The view is given a request of this class and returns a
   * Response, another Responder or an application, at once or as a promise. An HTTPException that it throws is the
   * answer; any other error goes to the server. The request is closed when the response was sent.
   *
   * As a decorator of a method it makes that method an application; for TypeScript the type stays that of the method.
   * As a function, `hello = MyRequest.application((request) => ...)`, it has the type of an application.
   */
  static application<This, R extends Request, V extends View<This, R>>(
    this: RequestClass<R>,
    view: V & View<This, R>,
    context: ClassMethodDecoratorContext<This, V>,
  ): V
  static application<This, R extends Request>(this: RequestClass<R>, view: View<This, R>): ViewApplication<This>
  static application<This, R extends Request>(this: RequestClass<R>, view: View<This, R>): ViewApplication<This> {
    return applicationOf(this, view)
  }

  // ---- the head

  /** The method in upper case; `GET` where the environ does not tell. */
  get method(): string {
    return (this.environ.REQUEST_METHOD ?? "GET").toUpperCase()
  }

  /** The scheme, `http` where the environ does not tell. */
  get scheme(): string {
    return this.environ["wsgi.url_scheme"] ?? "http"
  }

  /** Name and port of the server, as `RequestHead` has it. */
  get server(): Server | undefined {
    return serverOf(this.environ.SERVER_NAME, this.environ.SERVER_PORT)
  }

  /** `SCRIPT_NAME` as text: where the application is mounted, without a slash at its end. */
  get rootPath(): string {
    return withoutLastSlashes(byteStringToText(this.environ.SCRIPT_NAME ?? ""))
  }

  /** `PATH_INFO` as text: the path below the mount, with one slash in front. */
  get path(): string {
    this.#path ??= withOneSlash(getPathInfo(this.environ))
    return this.#path
  }

  /** `QUERY_STRING`, as it was sent. */
  get queryString(): string {
    return this.environ.QUERY_STRING ?? ""
  }

  /** The headers, read from the environ; they cannot be changed here. */
  get headers(): EnvironHeaders {
    this.#headers ??= new EnvironHeaders(this.environ)
    return this.#headers
  }

  /**
   * The id of the event that the client got last, before it connects again to a stream of server-sent events; undefined when it
   * got none.
   */
  get lastEventId(): string | undefined {
    const id = this.environ["HTTP_LAST_EVENT_ID"]
    return typeof id === "string" && id !== "" ? byteStringToText(id) : undefined
  }

  /** The WebSocket handshake that this is, with the subprotocols that the client offers; undefined for any other request. */
  get websocket(): WebSocketOffer | undefined {
    return this.environ["wsgi.websocket"]
  }

  /** As `RequestHead` has it, read from the environ at once. */
  override get host(): string {
    return getHost(this.environ, this.trustedHosts)
  }

  /** `CONTENT_TYPE` as it is. */
  override get contentType(): string | undefined {
    return this.environ.CONTENT_TYPE
  }

  /** `CONTENT_LENGTH` as a number, unless the body is chunked; 0 when it is malformed. */
  override get contentLength(): number | undefined {
    return getContentLength(this.environ)
  }

  /** `REMOTE_ADDR`: the address of the peer. */
  get remoteAddr(): string | undefined {
    return this.environ.REMOTE_ADDR
  }

  /** The user that the server has authenticated. */
  get remoteUser(): string | undefined {
    const user = this.environ["REMOTE_USER"]
    return typeof user === "string" ? user : undefined
  }

  /** Aborts when the client leaves, when the server ends the request, or at shutdown; never where servers can't tell. */
  get signal(): WebAbortSignal {
    return this.environ["wsgi.signal"] ?? NEVER_ABORTED
  }

  // ---- the body

  // What these return may reject before the caller awaits it: the error waits for that.

  /**
   * The body as it comes, which can be read once. It ends where the body ends, and its reads reject at the limits. May be
   * replaced, say by a stream that decodes; what reads the body afterwards reads that, and the limits hold for it.
   *
   * @throws TypeError for a shallow request; its reads reject with one when another reader had the body before
   */
  get stream(): InputStream {
    return this.#bodyOrThrow.stream
  }

  set stream(stream: InputStream) {
    this.#bodyOrThrow.stream = stream
    this.#json = undefined
  }

  /** The server's stream. Nothing guards it: reading on behind the body may wait for ever. */
  get inputStream(): InputStream {
    return this.environ["wsgi.input"] ?? emptyInput
  }

  /**
   * The bytes of the body. They are kept, so that they can be had again by any reader; with `{ cache: false }` they can't.
   *
   * @throws RequestEntityTooLarge (413) beyond `maxDataSize` or `maxContentLength`, ClientDisconnected (400) when the body
   *   is cut short, TypeError when another reader had it before
   */
  data(options: DataOptions = {}): Promise<Uint8Array> {
    return settled(() => this.#readData("data()", options))
  }

  /** The body as text, which is UTF-8; bytes that are not become U+FFFD. Else like `data`. */
  text(options?: DataOptions): Promise<string> {
    return settled(() => withBytes(this.#dataFor("text()", options), (bytes) => tolerantDecoder.decode(bytes)))
  }

  /**
   * The value of a JSON body.
   *
   * @throws UnsupportedMediaType (415) when its type is not JSON, BadRequest (400) when it is malformed; and as `data`
   */
  json<T = unknown>(options: JsonOptions & { silent: true }): Promise<T | undefined>
  json<T = unknown>(options?: JsonOptions): Promise<T>
  json(options: JsonOptions = {}): Promise<unknown> {
    const { force = false, silent = false, cache = true } = options
    const known = cache ? this.#json : undefined
    if (known?.outcome !== undefined) return this.#settleJson(known.outcome, silent)
    if (known === undefined && !force && !this.isJson) return this.#settleJson({ error: undefined }, silent)
    const memory: JsonMemory = known ?? { outcome: undefined }
    if (cache) this.#json = memory
    const parse = (bytes: Uint8Array) => {
      memory.outcome ??= this.#parseJson(bytes)
      return this.#jsonOf(memory.outcome, silent)
    }
    return settled(() => withBytes(this.#dataFor("json()", cache ? undefined : NOT_KEPT), parse))
  }

  #parseJson(bytes: Uint8Array): JsonOutcome {
    try {
      return { value: this.jsonModule.parse(strictDecoder.decode(bytes)) }
    } catch (error) {
      return { error }
    }
  }

  /** The value, or a replacement for it. An error of `undefined` says that the type is not that of JSON. */
  #jsonOf(outcome: JsonOutcome, silent: boolean): unknown {
    if (!("error" in outcome)) return outcome.value
    return silent ? undefined : this.onJsonLoadingFailed(outcome.error)
  }

  #settleJson(outcome: JsonOutcome, silent: boolean): Promise<unknown> {
    return settled(() => this.#jsonOf(outcome, silent))
  }

  /** What `data` gives, also that of a subclass. Each caller that awaits it gets a failure. */
  #dataFor(reader: string, options: DataOptions | undefined): Bytes {
    const isOwn = this.data === Request.prototype.data
    return isOwn ? this.#readData(reader, options) : Promise.resolve(this.data(options))
  }

  #readData(reader: string, { cache = true, parseFormData = false }: DataOptions = {}): Bytes {
    const body = this.#bodyOrThrow
    return parseFormData ? body.dataBehindForm(reader, cache, this.#parserCounts) : body.data(reader, cache)
  }

  /**
   * Called when `json` finds no JSON, with what its parser threw, or without anything when the type is another one.
   * Throws; what an override returns instead is what `json` gives.
   */
  onJsonLoadingFailed(error: unknown): unknown {
    if (error === undefined) {
      throw new UnsupportedMediaType(
        "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
      )
    }
    throw new BadRequest({ description: "The request body is not valid JSON.", cause: error })
  }

  /** Whether the body is looked into for a form: when it has a Content-Type, for every method. */
  get wantFormDataParsed(): boolean {
    return Boolean(this.environ.CONTENT_TYPE)
  }

  /** The parser for the form, with the limits of this request. */
  makeFormDataParser(): FormDataParser {
    return new this.formDataParserClass({
      maxContentLength: this.maxContentLength ?? Number.POSITIVE_INFINITY,
      maxFormMemorySize: this.maxFormMemorySize ?? Number.POSITIVE_INFINITY,
      maxFormParts: this.maxFormParts ?? Number.POSITIVE_INFINITY,
      maxFileSize: this.maxFileSize,
      maxFiles: this.maxFiles,
      uploadStore: this.uploadStore ?? uploadStoreOf(this.environ),
    })
  }

  /**
   * The text fields of the form in the body. Empty when the body is no form; parsed once, together with the files.
   *
   * @throws RequestEntityTooLarge (413) beyond a limit, BadRequest (400) when the form is malformed, TypeError when another
   *   reader had the body before; each time
   */
  form(): Promise<ImmutableMultiDict<string>> {
    return settled(() => this.#formFor("form()").then(({ form }) => form))
  }

  /** The files in the form, likewise. They are closed with the request. */
  files(): Promise<ImmutableMultiDict<FileStorage>> {
    return settled(() => this.#formFor("files()").then(({ files }) => files))
  }

  /** Whether the form was asked for before: asking again reads nothing of the body. */
  get isFormRequested(): boolean {
    return this.#body?.isFormRequested === true
  }

  /** The query parameters and behind them the fields of the form; of a GET request only the former. */
  values(): Promise<CombinedMultiDict<string>> {
    return handled(this.#values())
  }

  async #values(): Promise<CombinedMultiDict<string>> {
    if (this.method === "GET") return new CombinedMultiDict([this.args])
    // A subclass may give other fields.
    const isOwn = this.form === Request.prototype.form
    return new CombinedMultiDict([this.args, isOwn ? (await this.#formFor("values()")).form : await this.form()])
  }

  #formFor(reader: string): Promise<ParsedForm> {
    return this.#bodyOrThrow.form(reader, this.#parserCounts)
  }

  /**
   * The parts of a multipart form as they come, files not stored anywhere. The body is read through them, so no other
   * reader gets it afterwards.
   *
   * @throws UnsupportedMediaType (415) when the body is no multipart form; RequestEntityTooLarge (413) beyond a limit;
   *   BadRequest (400) when the form is malformed; TypeError when another reader had the body before
   * @example
   * const received = async (request) => { for await (const part of request.parts()) return part.name }
   * await received(new Request({ REQUEST_METHOD: "GET" })) // throws UnsupportedMediaType
   */
  parts(): AsyncIterableIterator<FormPart, undefined> {
    const stream = this.#bodyOrThrow.streamFor("parts()", this.#parserCounts)
    return this.makeFormDataParser().parts(stream, this.contentType, this.contentLength)
  }

  /** Whether the parser is the one that is known to count what it reads. */
  get #parserCounts(): boolean {
    const { formDataParserClass, makeFormDataParser } = this
    return formDataParserClass === FormDataParser && makeFormDataParser === Request.prototype.makeFormDataParser
  }

  // ---- the end

  /** Whether `close` may have something to do: files of a form, or what a subclass does there. */
  get needsClose(): boolean {
    return this.#body?.mayHoldFiles === true || this.close !== Request.prototype.close
  }

  /** Closes the files of the form, if one was parsed. */
  async close(): Promise<void> {
    const body = this.#body
    if (!body?.mayHoldFiles) return
    let files: Iterable<readonly [string, FileStorage]>
    try {
      files = (await body.form("close()", this.#parserCounts)).files
    } catch {
      // A form that could not be parsed has closed its files itself.
      return
    }
    await callAll(
      Array.from(
        files,
        ([, file]) =>
          () =>
            file.close(),
      ),
    )
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #bodyOrThrow(): RequestBody {
    if (this.#body !== undefined) return this.#body
    if (this.shallow) throw new TypeError("this request is shallow: its body is left alone")
    this.#body = new RequestBody(new OwnedBody(this))
    return this.#body
  }
}

/** What a request says of its body. */
class OwnedBody implements BodyOwner {
  readonly #request: Request
  readonly inputStream: InputStream

  constructor(request: Request) {
    this.#request = request
    this.inputStream = request.inputStream
  }

  openStream(replacement: InputStream | undefined, isCounted: boolean): InputStream {
    const limit = isCounted ? undefined : limitOfBody("maxContentLength", this.#request.maxContentLength)
    return replacement === undefined ? openInput(this.#request.environ, limit) : limitInput(replacement, limit)
  }

  openWhole(replacement: InputStream | undefined): WholeInput {
    const limit = this.#limitInMemory()
    return replacement === undefined ? openWhole(this.#request.environ, limit) : limitWhole(replacement, limit)
  }

  /** The smaller of the limits, if there is any. */
  #limitInMemory(): BodyLimit | undefined {
    const whole = limitOfBody("maxContentLength", this.#request.maxContentLength)
    const data = limitOfBody("maxDataSize", this.#request.maxDataSize)
    return data === undefined || (whole !== undefined && whole.bytes <= data.bytes) ? whole : data
  }

  parseForm(stream: InputStream): Promise<ParsedForm> {
    const request = this.#request
    return settled(() => {
      if (!request.wantFormDataParsed) {
        return { stream, form: new ImmutableMultiDict<string>(), files: new ImmutableMultiDict<FileStorage>() }
      }
      return request.makeFormDataParser().parse(stream, request.contentType, request.contentLength)
    })
  }
}

function withBytes<T>(bytes: Bytes, use: (bytes: Uint8Array) => T): T | Promise<T> {
  return bytes instanceof Promise ? bytes.then(use) : use(bytes)
}
