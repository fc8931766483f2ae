// An HTTP error: something to throw, and the answer to the request, in one object.
// The page is made late, when the request is known: HTML, or a problem document (RFC 9457) for clients that prefer JSON.
// Every step of that is a method, so that a framework changes one and keeps the rest. Any Responder may take the place of
// the page. Knows Response only by error-response.ts.

import type { Body, Environ, HeaderList, Responder, StartResponse } from "../gateway.ts"
import { escapeHtml, SafeHtml } from "../http/html.ts"
import { reasonPhrase } from "../http/status.ts"
import { bodyOfText, sendableText } from "../http/text-body.ts"
import { type ErrorResponse, makeErrorResponse } from "./error-response.ts"
import { prefersJson } from "./json-preference.ts"

/** What any HTTP error can be made with, besides what its class asks for. */
export interface HTTPExceptionOptions {
  /** Text for the user, in place of that of the class. Escaped where it is shown as HTML, unless it is SafeHtml. */
  description?: string | SafeHtml | undefined
  /** Answers the request as it is; the page is not made at all. */
  response?: Responder | undefined
  /** What led to this error, as in `new Error(text, { cause })`. */
  cause?: unknown
}

/** A problem document. Members beyond these belong to the problem's `type` (RFC 9457 section 3.2). */
export interface Problem {
  /** A URI that names the kind of problem; `about:blank` when the status says it all. */
  type: string
  /** The reason phrase, or what `type` stands for. */
  title: string
  /** The status code. */
  status: number
  /** What happened this time. Left out where the description is HTML. */
  detail?: string
  [extension: string]: unknown
}

/** How an HTTP error becomes bytes: the media types it can take. */
export type ErrorMediaType = "text/html" | "application/problem+json"

/**
 * The base of all HTTP errors. Thrown from a view it answers the request; as a Responder it can be returned too.
 * A class of its own for each status is in this folder; for a further one, extend this and set the two statics.
 *
 * @example
 * class Melted extends HTTPException { static code = 530; static description = "Too hot." }
 * String(new Melted()) // => "530 Unknown: Too hot."
 * String(new Melted("Still too hot.")) // => "530 Unknown: Still too hot."
 */
export class HTTPException extends Error implements Responder {
  /** The status code of the class. */
  static readonly code: number | undefined = undefined
  /** What the page says where an error was made without a description. */
  static readonly description: string | SafeHtml | undefined = undefined

  /** The status code, by default that of the class. Without one the page is sent as a 500. */
  code: number | undefined
  /** Answers the request in place of the page. */
  response: Responder | undefined
  #description: string | SafeHtml | undefined

  /** @param options a description, or options with more */
  constructor(options?: string | SafeHtml | HTTPExceptionOptions) {
    const given = typeof options === "string" || options instanceof SafeHtml ? { description: options } : options
    super(undefined, given !== undefined && "cause" in given ? { cause: given.cause } : undefined)
    this.code = new.target.code
    this.response = given?.response
    this.#description = given?.description
  }

  /** Text for the user. May be set; `undefined` brings back that of the class. */
  get description(): string | SafeHtml | undefined {
    return this.#description ?? (this.constructor as typeof HTTPException).description
  }

  set description(description: string | SafeHtml | undefined) {
    this.#description = description
  }

  /** The reason phrase of the status, `Unknown` where there is none. */
  override get name(): string {
    // While Error writes the head of the stack trace, `code` is not there yet.
    const code = this.code ?? (this.constructor as typeof HTTPException).code
    return code === undefined ? "Unknown" : reasonPhrase(code)
  }

  /** The description as plain text, for logs. */
  override get message(): string {
    return #description in this ? String(this.description ?? "") : ""
  }

  /**
   * Code, reason phrase and description in one line.
   *
   * @example
   * String(new HTTPException("Sorry.")) // => "??? Unknown: Sorry."
   */
  override toString(): string {
    const head = `${this.code ?? "???"} ${this.name}`
    return this.message === "" ? head : `${head}: ${this.message}`
  }

  /** Which kind of page the request gets: a problem document if its `Accept` prefers JSON to HTML, else HTML. */
  getMediaType(environ?: Environ): ErrorMediaType {
    const accept = environ?.["HTTP_ACCEPT"]
    return typeof accept === "string" && prefersJson(accept) ? "application/problem+json" : "text/html"
  }

  /** The description as HTML: escaped, line ends as `<br>`. */
  getDescription(_environ?: Environ): string {
    const { description } = this
    return `<p>${description === undefined ? "" : escapeHtml(description).replaceAll("\n", "<br>")}</p>`
  }

  /** The problem document, before it becomes JSON. Override it to add members. */
  getProblem(_environ?: Environ): Problem {
    const { description } = this
    const problem: Problem = { type: "about:blank", title: this.name, status: this.code ?? 500 }
    if (typeof description === "string" && description !== "") problem.detail = description
    return problem
  }

  /** The text of the page, of the kind that `getMediaType` names. */
  getBody(environ?: Environ): string {
    if (this.getMediaType(environ) !== "text/html") return JSON.stringify(this.getProblem(environ))
    const name = escapeHtml(this.name)
    const title = `<title>${this.code ?? "???"} ${name}</title>`
    return `<!doctype html>\n<html lang=en>\n${title}\n<h1>${name}</h1>\n${this.getDescription(environ)}\n`
  }

  /** The headers of the page, without its length. Override it to add to them. */
  getHeaders(environ?: Environ): HeaderList {
    const mediaType = this.getMediaType(environ)
    const headers: HeaderList = [
      ["Content-Type", mediaType === "text/html" ? "text/html; charset=utf-8" : mediaType],
      ["X-Content-Type-Options", "nosniff"],
    ]
    // Only where there was something to choose by.
    if (environ?.["HTTP_ACCEPT"] !== undefined) headers.push(["Vary", "Accept"])
    return headers
  }

  /**
   * The answer as a Response: the page, in a new one that may be changed; or `response` as it is, if there is one. Override
   * it to answer in another way.
   *
   * @param request the request or its environ, by which the page is chosen; without it the page is HTML
   * @throws TypeError when nothing has loaded the class Response; `werkstatt` and `werkstatt/exceptions` do
   */
  getResponse(request?: Environ | { readonly environ: Environ }): ErrorResponse {
    // A Responder of another kind was chosen by the caller, which knows what it can do.
    if (this.response !== undefined) return this.response as ErrorResponse & Responder
    const environ = (request !== undefined && "environ" in request ? request.environ : request) as Environ | undefined
    return makeErrorResponse(this.getBody(environ), this.#status, this.getHeaders(environ))
  }

  /** Answers the request. A HEAD request gets the same head without a body. */
  respond(environ: Environ, startResponse: StartResponse): Body | Promise<Body> {
    if (this.getResponse !== HTTPException.prototype.getResponse) {
      return (this.getResponse(environ) as Responder).respond(environ, startResponse)
    }
    if (this.response !== undefined) return this.response.respond(environ, startResponse)
    const page = sendableText(this.getBody(environ))
    startResponse(this.#status, [...this.getHeaders(environ), ["Content-Length", String(page.length)]])
    return environ.REQUEST_METHOD === "HEAD" ? [] : bodyOfText(page, environ)
  }

  get #status(): string {
    return this.code === undefined ? `500 ${reasonPhrase(500)}` : `${this.code} ${this.name}`
  }
}
