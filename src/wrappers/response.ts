/// <reference lib="esnext.disposable" preserve="true" />
// biome-ignore-all lint/complexity/noThisInStatic: these statics make objects of the class they are called on

// A response with its body: made by a view, changed on its way, and sent, which does not change it.
// The common one, a text with the default headers, takes a short way: no header object is made until the application asks for
// it, and what goes to the server is a short list of fields and an array of one chunk.

import { Headers } from "../datastructures/headers.ts"
import { setInspection } from "../datastructures/inspection.ts"
import { ContentRange } from "../datastructures/range.ts"
import { type CloseCallback, callAll } from "../environ/body.ts"
import { concatenate } from "../environ/concatenation.ts"
import { RangeWrapper, type Seekable } from "../environ/range-wrapper.ts"
import { respondWith } from "../environ/responder.ts"
import { runApplication } from "../environ/run.ts"
import { selectionHeaders } from "../environ/selection-headers.ts"
import { getCurrentUrl } from "../environ/url.ts"
import { resolveUrl } from "../environ/url-reference.ts"
import { type ErrorResponseClass, setErrorResponseClass } from "../exceptions/error-response.ts"
import { RequestedRangeNotSatisfiable } from "../exceptions/statuses.ts"
import type { ApplicationLike, Body, Environ, HeaderList, Responder, StartResponse } from "../gateway.ts"
import { httpDate } from "../http/dates.ts"
import { removeEntityHeaders } from "../http/fields.ts"
import { type ByteRange, selectContent } from "../http/selection.ts"
import { hasContent } from "../http/status.ts"
import { bodyOfText, sendableText } from "../http/text-body.ts"
import { iriToUri } from "../http/urls.ts"
import { describe, isPlainObject } from "../mistakes/describe.ts"
import { isDevelopment } from "../mistakes/development.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { wrapBody } from "../running/wrap-body.ts"
import { isThenable } from "../thenable.ts"
import {
  type BodySource,
  type Chunk,
  checkSource,
  closeSource,
  EncodedChunks,
  encodeChunk,
  encodedBody,
  isSequence,
} from "./body-source.ts"
import { type EventSourceLike, EventStream, type EventStreamOptions } from "./event-stream.ts"
import { ResponseHead, type ResponseHeadOptions } from "./response-head.ts"
import { ResponseStream } from "./response-stream.ts"
import { WebSocketBody, type WebSocketHandler, type WebSocketOptions } from "./websocket-body.ts"

/** What a response is made with, besides its body. */
export interface ResponseOptions extends ResponseHeadOptions {
  /** Whether the body goes to the server as it is, not even looked at; for bodies of bytes that the server knows. */
  directPassthrough?: boolean | undefined
}

/** How a response is made conditional. */
export interface ConditionalOptions {
  /** Whether parts of the body may be asked for: true for bytes, or a unit of your own. */
  acceptRanges?: boolean | string | undefined
  /** The length of the whole body in bytes, without which no part of it can be named. */
  completeLength?: number | undefined
}

/** A class of responses, as a constructor. */
export type ResponseClass<R extends Response> = new (body?: BodySource, options?: ResponseOptions) => R

const OPTIONS: OptionNames<ResponseOptions> = {
  status: true,
  headers: true,
  mimetype: true,
  contentType: true,
  directPassthrough: true,
}

const JSON_TYPE = "application/json"

const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true })

/**
 * A response: body, status and headers. Return it from a view, or have it answer a request with `respond`.
 *
 * A text, bytes, or an array of them has a length that is known, and can be sent any number of times. Any other body
 * is a stream: asked for chunk by chunk as the client takes them, sent once, and closed in every case.
 *
 * @example
 * const response = new Response("<p>hi", { mimetype: "text/html" })
 * response.headers.toList() // => [["Content-Type", "text/html; charset=utf-8"], ["Content-Length", "5"]]
 * new Response(undefined, { status: 204 }).status // => "204 No Content"
 * new Response(5) // throws TypeError
 */
export class Response extends ResponseHead implements Responder {
  /** Whether Location is made absolute when the response is sent. */
  autocorrectLocationHeader = false
  /** Whether Content-Length is set wherever the length of the body is known. */
  automaticallySetContentLength = true
  /** Whether a stream is read into memory where its whole content is asked for; else that throws. */
  implicitSequenceConversion = true
  /** Whether the body goes to the server as it is. */
  directPassthrough: boolean

  #body: BodySource
  /** Content-Length is due, but the headers were not asked for yet. */
  #lengthPending: boolean
  /** A text as it is sent. */
  #sendable: string | Uint8Array | undefined = undefined
  #reading: Promise<void> | undefined = undefined
  #stream: ResponseStream | undefined = undefined
  /** The chunks that were written through the stream; what is in here may be added to. */
  #written: Uint8Array[] | undefined = undefined
  #onClose: CloseCallback[] | undefined = undefined
  #closedBody: BodySource = undefined

  /** @throws TypeError for what no body can be made of, and for a status, header or media type that cannot be sent */
  constructor(body?: BodySource, options?: ResponseOptions) {
    if (options !== undefined) {
      if (typeof options !== "object") throw new TypeError(noOptions(options))
      // A subclass may know more options.
      if (isDevelopment && new.target === Response) checkOptions("new Response", options, OPTIONS)
    }
    super(options)
    const isWhole = typeof body === "string" || body instanceof Uint8Array
    if (!isWhole) checkSource(body)
    this.#body = body
    this.#lengthPending = isWhole
    this.directPassthrough = options?.directPassthrough === true
  }

  /**
   * A response with a value as JSON.
   *
   * @throws TypeError for a value that JSON does not know, and for a promise as the value or as a member of it
   * @example
   * Response.json({ a: 1 }).mimetype // => "application/json"
   */
  static json<R extends Response>(this: ResponseClass<R>, value: unknown, options?: ResponseOptions): R {
    checkSettled(value)
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`JSON has no value for ${describe(value)}`)
    return new this(text, options === undefined ? { mimetype: JSON_TYPE } : { mimetype: JSON_TYPE, ...options })
  }

  /**
   * A response with server-sent events, as `EventSource` of a browser reads them. Events are asked for one after the other, as the
   * client takes them; a stream that is quiet gets a comment now and then, and one whose server stops ends with `retry`.
   *
   * @param source a generator function, which is given a signal that aborts when the stream is over, or an iterable
   * @throws TypeError for a source of another kind; RangeError for times that are out of range
   * @example
   * const response = Response.events(async function* () { yield { event: "tick", data: { n: 1 } } })
   * response.mimetype // => "text/event-stream"
   * await response.text() // => 'event: tick\ndata: {"n":1}\n\n'
   */
  static events<R extends Response>(
    this: ResponseClass<R>,
    source: EventSourceLike,
    options?: EventStreamOptions & ResponseOptions,
  ): R {
    const { heartbeatMs, retryMs, ...rest } = options ?? {}
    const response = new this(new EventStream(source, { heartbeatMs, retryMs }), {
      contentType: "text/event-stream",
      ...rest,
    })
    if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-cache")
    // nginx holds responses back unless it is told not to.
    if (!response.headers.has("X-Accel-Buffering")) response.headers.set("X-Accel-Buffering", "no")
    return response
  }

  /**
   * A response that accepts a WebSocket handshake, and has `handler` talk with the client. The server closes the socket when the
   * handler is through: with 1000, or with 1011 when it throws.
   *
   * A request that is no handshake is answered with 426; one that a page of another origin has made, with 403, unless `origins`
   * names it. Headers and cookies of this response are sent with the 101.
   *
   * @throws TypeError for a wrong handler, protocol or origin; RangeError for a limit that is out of range
   * @example
   * const echo = Response.websocket(async (socket) => { for await (const message of socket) await socket.send(message) })
   * echo.status // => "101 Switching Protocols"
   */
  static websocket<R extends Response>(
    this: ResponseClass<R>,
    handler: WebSocketHandler,
    options?: WebSocketOptions,
  ): R {
    const response = new this(new WebSocketBody(handler, options), { status: 101 })
    response.headers.delete("Content-Type")
    return response
  }

  /**
   * A response of this class from any answer: one that is of the class already as it is, another Response with its body,
   * status and headers, and of anything else what it answers to `environ`.
   *
   * @throws TypeError when there is no environ and it takes one
   */
  static async forceType<R extends Response>(
    this: ResponseClass<R>,
    answer: ApplicationLike,
    environ?: Environ,
  ): Promise<R> {
    if (answer instanceof this) return answer
    if (answer instanceof Response) {
      const { status, headers, directPassthrough } = answer
      const response = remake(this, answer.#body, { status, headers, directPassthrough })
      if (answer.#needsClose) {
        // The body has a new owner, which closes it.
        answer.#closedBody = answer.#body
        response.callOnClose(() => answer.close())
      }
      return response
    }
    if (environ === undefined) throw new TypeError("forceType needs an environ to make a response of an application")
    return responseFrom(this, (environ, startResponse) => respondWith(answer, environ, startResponse), environ, {})
  }

  /**
   * What `app` answers to `environ`, as a response of this class.
   *
   * @param options with `buffered`, the whole body is read; else it is a stream, to be sent or closed
   */
  static async fromApp<R extends Response>(
    this: ResponseClass<R>,
    app: ApplicationLike,
    environ: Environ,
    options: { buffered?: boolean | undefined } = {},
  ): Promise<R> {
    return responseFrom(this, app, environ, options)
  }

  override get headers(): Headers {
    const headers = super.headers
    if (this.#lengthPending) {
      this.#lengthPending = false
      if (this.automaticallySetContentLength) headers.set("Content-Length", this.calculateContentLength() as number)
    }
    return headers
  }

  // ---- the body

  /**
   * What the body is made of. Set, it gives Content-Length the length of a text or of bytes, and removes it otherwise;
   * what it was before is not closed, since the new body may be made of it.
   *
   * @example
   * const response = new Response("a")
   * response.body = ["b", "c"]
   * response.contentLength // => undefined
   */
  get body(): BodySource {
    return this.#body
  }

  set body(body: BodySource) {
    checkSource(body)
    if (typeof body === "string" || body instanceof Uint8Array) {
      this.setData(body)
    } else {
      this.#body = body
      this.#lengthPending = false
      this.headers.delete("Content-Length")
    }
  }

  /** Whether the body is all there, and can be sent any number of times: text, bytes, an array or nothing. */
  get isSequence(): boolean {
    return isSequence(this.#body)
  }

  /** Whether the body comes as a stream of unknown length. */
  get isStreamed(): boolean {
    return !this.isSequence
  }

  /** Replaces the body by text or bytes, and sets Content-Length. */
  setData(data: string | Uint8Array): void {
    checkSource(data)
    this.#body = data
    this.#sendable = undefined
    this.#lengthPending = true
  }

  /**
   * The bytes of the body. A stream is read into memory first, and is an array from then on.
   *
   * @throws TypeError for a stream that must not be read: with `directPassthrough`, or without `implicitSequenceConversion`
   */
  async data(): Promise<Uint8Array> {
    await this.#ensureSequence()
    return concatenate(this.#chunks())
  }

  /** The body as text, which is UTF-8. Else like `data`. */
  async text(): Promise<string> {
    return textDecoder.decode(await this.data())
  }

  /**
   * The value of a JSON body, parsed anew each time; `undefined` when it is not said to be JSON, unless forced.
   *
   * @param options with `force`, the type does not matter; with `silent`, a body that is not JSON gives `undefined`
   * @throws SyntaxError for a body that is not JSON
   */
  async json<T = unknown>(options: { force?: boolean; silent?: boolean } = {}): Promise<T | undefined> {
    if (!options.force && !this.isJson) return undefined
    const text = await this.text()
    try {
      return JSON.parse(text)
    } catch (error) {
      if (options.silent) return undefined
      throw error
    }
  }

  /** The length of the body in bytes; `undefined` for a stream. */
  calculateContentLength(): number | undefined {
    if (!this.isSequence) return undefined
    if (typeof this.#body === "string" || this.#body instanceof Uint8Array) return this.#whole().length
    let length = 0
    for (const chunk of this.#chunks()) length += chunk.length
    return length
  }

  /** Reads a stream into memory. It is closed with the response, as before. */
  makeSequence(): Promise<void> {
    if (this.isSequence) return Promise.resolve()
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    const source = this.#body
    const chunks: Uint8Array[] = []
    for await (const chunk of new EncodedChunks(source)) chunks.push(chunk)
    this.#body = chunks
    this.callOnClose(() => closeSource(source))
  }

  async #ensureSequence(): Promise<void> {
    if (this.isSequence) return
    if (this.directPassthrough) throw new TypeError("the body is passed through to the server and must not be read")
    if (!this.implicitSequenceConversion) {
      throw new TypeError("the body is a stream, and implicitSequenceConversion is off; call makeSequence first")
    }
    await this.makeSequence()
  }

  /** The chunks of the body that is there now, as bytes; to wrap it in another one. */
  iterEncoded(): AsyncIterableIterator<Uint8Array, undefined> {
    return new EncodedChunks(this.#body)
  }

  /** The body to write to. */
  get stream(): ResponseStream {
    this.#stream ??= new ResponseStream(async () => {
      await this.#ensureSequence()
      if (this.#written === undefined || this.#body !== this.#written) {
        this.#written = [...this.#chunks()]
        this.#body = this.#written
      }
      this.#lengthPending = false
      this.headers.delete("Content-Length")
      return this.#written
    })
    return this.#stream
  }

  /** The chunks of a body that is there. */
  #chunks(): Uint8Array[] {
    const body = this.#body
    if (body === null || body === undefined) return []
    if (typeof body === "string" || body instanceof Uint8Array) return [encodeChunk(body)]
    return Array.from(body as readonly Chunk[], encodeChunk)
  }

  /** Text or bytes as they are sent. Text is looked through once, for its length and for sending. */
  #whole(): string | Uint8Array {
    const body = this.#body as string | Uint8Array
    if (typeof body !== "string") return body
    this.#sendable ??= sendableText(body)
    return this.#sendable
  }

  /**
   * A response of the same class with the same body, status, and a copy of the headers; each can be changed and sent without
   * the other. What `callOnClose` was given stays with this one.
   *
   * @throws TypeError when the body is a stream, which can be sent once; `makeSequence` reads it into memory
   * @example
   * const response = new Response("a", { status: 404 })
   * const copy = response.copy()
   * copy.headers.set("X-A", "1")
   * response.headers.has("X-A") // => false
   * new Response(new ReadableStream()).copy() // throws TypeError
   */
  copy(): this {
    const body = this.#body
    if (!isSequence(body)) {
      throw new TypeError("a response with a stream as body cannot be copied; await makeSequence() first")
    }
    const headers = this.headers.copy()
    const type = this.constructor as ResponseClass<this>
    const copy = remake(type, Array.isArray(body) ? [...body] : body, { status: this.status, headers })
    return Object.assign(copy, this)
  }

  // ---- conditions and finishing

  /** Reads a stream into memory, and sets Content-Length and an entity tag: the response can be kept. */
  async freeze(): Promise<void> {
    await this.makeSequence()
    this.contentLength = this.calculateContentLength()
    await this.addEtag()
  }

  /** Sets an entity tag made of the body, unless there is one. Reads a stream as `data` does. */
  async addEtag(options: { overwrite?: boolean | undefined; weak?: boolean | undefined } = {}): Promise<void> {
    if (!options.overwrite && this.headers.has("ETag")) return
    // Loaded when it is needed: node:crypto takes a while.
    const { generateEtag } = await import("../http/generate-etag.ts")
    this.setEtag(generateEtag(await this.data()), options.weak)
  }

  /**
   * Makes the response what the conditions of the request call for (RFC 9110 section 13.2.2): 304 when the client has it
   * already, 412 when it has changed meanwhile, and 206 with a part of the body when a range is asked for. Set `ETag` or
   * `Last-Modified` before. Does nothing unless the method is GET or HEAD and the status 2xx. Adds `Date`.
   *
   * A range is given from any body; one that can seek is read from there, of any other the beginning is read and dropped.
   * Several ranges, and units other than bytes, are answered with the whole.
   *
   * @throws RequestedRangeNotSatisfiable (416) when there is nothing in the range, or it is malformed
   */
  makeConditional(request: Environ | { readonly environ: Environ }, options: ConditionalOptions = {}): this {
    const environ = ("environ" in request ? request.environ : request) as Environ
    const method = environ.REQUEST_METHOD
    if (method !== "GET" && method !== "HEAD") return this
    if (!this.headers.has("Date")) this.headers.set("Date", httpDate())
    if (this.statusCode >= 200 && this.statusCode < 300) this.#applyConditions(environ, options)
    if (this.automaticallySetContentLength && !this.headers.has("Content-Length")) {
      this.contentLength = this.calculateContentLength()
    }
    return this
  }

  #applyConditions(environ: Environ, { acceptRanges = false, completeLength }: ConditionalOptions): void {
    const unit = acceptRanges === true ? "bytes" : acceptRanges || undefined
    if (unit !== undefined) this.acceptRanges = unit
    const length = unit === "bytes" && this.statusCode === 200 ? completeLength : undefined
    const { status, ranges } = selectContent(selectionHeaders(environ), {
      etag: this.headers.get("ETag"),
      lastModified: this.lastModified,
      length,
      maxRanges: 1,
      refusesMalformed: true,
    })
    if (status === 416) throw new RequestedRangeNotSatisfiable(length as number)
    if (status === 206) this.#cutTo(ranges[0], length as number)
    else if (status !== 200) this.statusCode = status
  }

  #cutTo([start, stop]: ByteRange, length: number): void {
    const body = this.#body
    if (isSequence(body)) this.#body = cut(this.#chunks(), start, stop)
    else this.#body = new RangeWrapper(isSeekable(body) ? body : new EncodedChunks(body), start, stop - start)
    this.#lengthPending = false
    this.contentLength = stop - start
    this.contentRange = new ContentRange("bytes", start, stop, length)
    this.statusCode = 206
  }

  // ---- the end

  /** Has `callback` called when the response is closed, after the body; gives it back. */
  callOnClose<F extends CloseCallback>(callback: F): F {
    this.#onClose ??= []
    this.#onClose.push(callback)
    return callback
  }

  /** Closes the body, then calls what `callOnClose` was given; each of them once. Servers do that. */
  async close(): Promise<void> {
    await this.#close()
  }

  /** At once, unless there is something to wait for. */
  #close(): void | Promise<void> {
    const body = this.#body
    const callbacks = this.#onClose
    const isOpen = body !== this.#closedBody
    this.#onClose = undefined
    this.#closedBody = body
    if (callbacks !== undefined) return callAll(isOpen ? [() => closeSource(body), ...callbacks] : callbacks)
    if (isOpen) return closeSource(body)
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // ---- sending

  /** Answers a request. The response is not changed by that. */
  respond(environ: Environ, startResponse: StartResponse): Body {
    if (this.#body instanceof WebSocketBody) return this.#takeWebSocket(this.#body, environ, startResponse)
    if (this.getWsgiResponse !== Response.prototype.getWsgiResponse) {
      const [body, status, headers] = this.getWsgiResponse(environ)
      startResponse(status, headers)
      return body
    }
    startResponse(this.status, this.#headerList(environ))
    return this.getAppIter(environ)
  }

  #takeWebSocket(source: WebSocketBody, environ: Environ, startResponse: StartResponse): Body {
    const refusal = source.refusal(environ)
    const close = () => this.close()
    if (refusal !== undefined) return wrapBody(refusal.respond(environ, startResponse) as Body, { close })
    const headers = this.#headerList(environ)
    const protocol = source.protocolFor(environ["wsgi.websocket"])
    if (protocol !== undefined) headers.push(["Sec-WebSocket-Protocol", protocol])
    startResponse(this.status, headers)
    return Object.assign(new EncodedChunks(undefined, close), {
      websocket: source.handler,
      websocketLimits: source.limits,
    })
  }

  /** Body, status and headers, as they are sent to answer `environ`. */
  getWsgiResponse(environ: Environ): [body: Body, status: string, headers: HeaderList] {
    const headers = this.#headerList(environ)
    return [this.getAppIter(environ), this.status, headers]
  }

  /**
   * The headers as they are sent to answer `environ`: a copy, in which Location and Content-Location are URIs, the length
   * of an array is told, and what must not stand beside the status is gone.
   */
  getWsgiHeaders(environ: Environ): Headers {
    return new Headers(this.#finalHeaders(environ))
  }

  #headerList(environ: Environ): HeaderList {
    if (this.getWsgiHeaders !== Response.prototype.getWsgiHeaders) return this.getWsgiHeaders(environ).toList()
    // Text with the usual headers, which were not asked for: what most responses are.
    const isUsual = this.#lengthPending && this.hasUntouchedHeaders && this.automaticallySetContentLength
    if (!isUsual || !hasContent(this.statusCode)) return this.#finalHeaders(environ)
    return this.untouchedHeaders(this.#whole().length)
  }

  #finalHeaders(environ: Environ): HeaderList {
    const status = this.statusCode
    const headers = this.#headersFor(environ)
    const list = headers.toList()
    if (status === 304) removeEntityHeaders(list)
    if (hasContent(status) && this.automaticallySetContentLength && !headers.has("Content-Length")) {
      const length = this.calculateContentLength()
      if (length !== undefined) list.push(["Content-Length", String(length)])
    }
    return list
  }

  /** The headers; a copy of them where they are not sent as they are. */
  #headersFor(environ: Environ): Headers {
    const headers = this.headers
    const locations = headers.getAll("Location")
    const contentLocation = headers.get("Content-Location")
    // If there are several, which would be a mistake, the one that was added last.
    const location = locations.length === 0 ? undefined : this.#locationFor(environ, locations.at(-1) as string)
    const isLocated = locations.length < 2 && locations[0] === location
    if (isLocated && contentLocation === undefined && hasContent(this.statusCode)) return headers
    const sent = headers.copy()
    if (location !== undefined) sent.set("Location", location)
    if (contentLocation !== undefined) sent.set("Content-Location", iriToUri(contentLocation))
    if (!hasContent(this.statusCode)) sent.delete("Content-Length")
    return sent
  }

  #locationFor(environ: Environ, location: string): string {
    const uri = iriToUri(location)
    if (!this.autocorrectLocationHeader) return uri
    return resolveUrl(iriToUri(getCurrentUrl(environ, { stripQuerystring: true })), uri)
  }

  /** The body as it is sent to answer `environ`: nothing for HEAD and for a status without a body, but closed all the same. */
  getAppIter(environ: Environ): Body {
    const body = this.#body
    if (body instanceof EventStream) body.attend(environ)
    const isEmpty = !hasContent(this.statusCode, environ.REQUEST_METHOD)
    if (!this.#needsClose)
      return isEmpty ? [] : typeof body === "string" ? bodyOfText(this.#whole(), environ) : this.#chunks()
    // A body that the server knows how to send is not wrapped, so that the server sees it.
    if (!isEmpty && this.directPassthrough && this.#onClose === undefined && isBody(body)) return body
    const isOwn = this.close === Response.prototype.close
    return encodedBody(isEmpty ? undefined : body, () => (isOwn ? this.#close() : this.close()))
  }

  get #needsClose(): boolean {
    return this.#onClose !== undefined || !isSequence(this.#body) || this.close !== Response.prototype.close
  }

  /** What an inspector shows: `<Response 12 bytes [200 OK]>`. */
  override toString(): string {
    const length = this.calculateContentLength()
    return `<${this.constructor.name} ${length === undefined ? "streamed" : `${length} bytes`} [${this.status}]>`
  }

  /** For `console.log`. */
  static {
    setInspection(this.prototype, function () {
      return this.toString()
    })
  }
}

declare module "../exceptions/error-response.ts" {
  interface ErrorResponse extends Response {}
}
setErrorResponseClass(Response as unknown as ErrorResponseClass)

async function responseFrom<R extends Response>(
  responseClass: ResponseClass<R>,
  app: ApplicationLike,
  environ: Environ,
  options: { buffered?: boolean | undefined },
): Promise<R> {
  const { status, headers, body } = await runApplication(app, environ, options)
  return remake(responseClass, body, { status, headers })
}

/** A response with these headers and no other, without the type that its class adds by default. */
function remake<R extends Response>(
  responseClass: ResponseClass<R>,
  body: BodySource,
  options: ResponseOptions & { headers: Headers },
): R {
  const isTyped = options.headers.has("Content-Type")
  const response = new responseClass(body, options)
  if (!isTyped) response.headers.delete("Content-Type")
  return response
}

function noOptions(given: unknown): string {
  const written = typeof given === "string" ? `mimetype: ${JSON.stringify(given)}` : `status: ${String(given)}`
  const hint = typeof given === "number" || typeof given === "string" ? `: new Response(body, { ${written} })` : ""
  return `new Response takes its options as an object, not ${describe(given)}${hint}`
}

/** A promise would become `{}` in silence. */
function checkSettled(value: unknown): void {
  if (typeof value !== "object" || value === null) return
  if (isThenable(value)) throw new TypeError("JSON has no value for a promise. Is an await missing?")
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) checkMember(value[i])
  // Without a list of the members, since nearly every response comes by here.
  else if (isPlainObject(value)) for (const name in value) checkMember((value as Record<string, unknown>)[name])
}

function checkMember(member: unknown): void {
  if (typeof member === "object" && member !== null && isThenable(member)) {
    throw new TypeError("JSON has no value for a promise, and there is one in the value. Is an await missing?")
  }
}

function isSeekable(body: BodySource): body is (Iterable<Uint8Array> | AsyncIterable<Uint8Array>) & Seekable {
  return typeof (body as Partial<Seekable>).seek === "function"
}

function isBody(body: BodySource): body is Body {
  return typeof body === "object" && body !== null && (Symbol.asyncIterator in body || Symbol.iterator in body)
}

/** The bytes from `start` to `stop`; chunks keep their boundaries. */
function cut(chunks: readonly Uint8Array[], start: number, stop: number): Uint8Array[] {
  const kept: Uint8Array[] = []
  let position = 0
  for (const chunk of chunks) {
    const from = Math.max(0, start - position)
    const to = Math.min(chunk.length, stop - position)
    if (from < to) kept.push(chunk.subarray(from, to))
    position += chunk.length
  }
  return kept
}
