// A fetch handler as an application: a web Request from the environ, and the Response through startResponse. Body and answer
// stream. What a Request would silently read in another way than the layers before it, is refused.

import { EnvironHeaders } from "../../datastructures/environ-headers.ts"
import { getHost } from "../../environ/host.ts"
import { emptyInput } from "../../environ/input.ts"
import { hasDotSegment, splitPath } from "../../environ/raw-path.ts"
import { getInputStream } from "../../environ/request-input.ts"
import type { Application, Body, Environ, HeaderList, InputStream, StartResponse } from "../../gateway.ts"
import { CONNECTION_FIELDS, parseListHeader } from "../../http/fields.ts"
import { hasContent, reasonPhrase } from "../../http/status.ts"
import { asciiLower } from "../../http/tokens.ts"
import { describe } from "../../mistakes/describe.ts"
import { reportError } from "../../running/report.ts"

/** What a handler is called with besides the Request, in the places where Workers have their bindings and their context. */
export interface FetchBindings {
  /** The environ of the request. */
  environ: Environ
  /** Where the application is mounted, as `SCRIPT_NAME` says. */
  mount: string
}

/** The third argument of a handler, as in Workers. */
export interface FetchContext {
  /** Takes work that goes on after the response. A rejection is reported. */
  waitUntil(promise: Promise<unknown>): void
  /** Does nothing: there is no origin server behind. */
  passThroughOnException(): void
}

/** A function that answers a web Request. */
export type FetchHandler = (
  request: Request,
  bindings: FetchBindings,
  context: FetchContext,
) => Response | Promise<Response>

/** How a handler is mounted. */
export interface FromFetchOptions {
  /**
   * Whether the URL of the Request has the mount in it, for handlers that know where they are mounted. False unless given: a handler
   * finds itself at its root, as other applications do.
   */
  keepMount?: boolean
}

/**
 * An application from a fetch handler: of Hono, of h3, of any framework that answers a web Request. Takes the function, or an object
 * that has it as its method `fetch`.
 *
 * The handler's second argument has `environ` and `mount`. A method that a Request does not take (CONNECT, TRACE) is answered with
 * 501; a path with dot segments with 400, since a Request would resolve them. The body of a GET is not in the Request.
 *
 * @throws TypeError for what is neither a function nor has a method `fetch`
 * @example
 * const app = fromFetch((request) => new Response(null, { headers: { "X-Url": request.url } }))
 * const environ = { REQUEST_METHOD: "GET", HTTP_HOST: "h", SCRIPT_NAME: "/m", PATH_INFO: "/a", QUERY_STRING: "", "wsgi.url_scheme": "http" }
 * await app(environ, () => {}) // => []
 * fromFetch("hello") // throws TypeError
 */
export function fromFetch(
  handler: FetchHandler | { fetch: FetchHandler },
  { keepMount = false }: FromFetchOptions = {},
): Application {
  const handle = handlerOf(handler)
  return async (environ, startResponse) => {
    if (hasDotSegment(environ.PATH_INFO)) return refuse(startResponse, "400 Bad Request")
    let request: Request
    try {
      request = requestOf(environ, keepMount)
    } catch {
      const isUnknown = /^(?:CONNECT|TRACE|TRACK)$/i.test(environ.REQUEST_METHOD)
      return refuse(startResponse, isUnknown ? "501 Not Implemented" : "400 Bad Request")
    }
    const response = await handle(request, { environ, mount: environ.SCRIPT_NAME }, contextOf(environ))
    return send(response, environ, startResponse)
  }
}

function handlerOf(handler: FetchHandler | { fetch: FetchHandler }): FetchHandler {
  if (typeof handler === "object" && handler !== null && typeof handler.fetch === "function") {
    // Looked up for each request: a framework may put another one in its place.
    return (...args) => handler.fetch(...args)
  }
  if (typeof handler === "function") return handler
  throw new TypeError(
    `fromFetch takes a function (request) => Response, or an object with fetch, not ${describe(handler)}`,
  )
}

function refuse(startResponse: StartResponse, status: string): Body {
  startResponse(status, [["Content-Type", "text/plain; charset=utf-8"]])
  return [new TextEncoder().encode(`${status.slice(4)}\n`)]
}

// ---- the request

function requestOf(environ: Environ, keepMount: boolean): Request {
  const method = environ.REQUEST_METHOD
  const init: RequestInit & { duplex?: "half" } = { method, headers: headersOf(environ) }
  const signal = environ["wsgi.signal"]
  if (signal !== undefined) init.signal = signal
  const input = getInputStream(environ)
  if (input !== emptyInput && method !== "GET" && method !== "HEAD") {
    init.body = streamOf(input) as NonNullable<RequestInit["body"]>
    init.duplex = "half"
  }
  return new Request(urlOf(environ, keepMount), init)
}

function urlOf(environ: Environ, keepMount: boolean): string {
  const { mount, path } = splitPath(environ)
  const host = getHost(environ) || environ.SERVER_NAME
  const query = environ.QUERY_STRING === "" ? "" : `?${escapeRaw(environ.QUERY_STRING, /[#\x00-\x20\x7f-\xff]/g)}`
  // A backslash would become a slash, and bytes beyond ASCII other bytes.
  const whole = escapeRaw(keepMount ? mount + path : path, /[\\?#\x00-\x20\x7f-\xff]/g)
  return `${environ["wsgi.url_scheme"]}://${host}${whole.startsWith("/") ? "" : "/"}${whole}${query}`
}

function escapeRaw(text: string, bytes: RegExp): string {
  return text.replace(bytes, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)
}

/** Of the connection, or answered by the server already. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set([...CONNECTION_FIELDS, "expect", "http2-settings"])

function headersOf(environ: Environ): HeaderList {
  const connection = environ["HTTP_CONNECTION"]
  const named = typeof connection === "string" ? parseListHeader(connection).map(asciiLower) : []
  return new EnvironHeaders(environ).toList().filter(([name]) => {
    const lower = asciiLower(name)
    return !NOT_PASSED_ON.has(lower) && !named.includes(lower)
  })
}

const READ_SIZE = 64 * 1024

/** Read when the handler reads. */
function streamOf(input: InputStream): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const chunk = await input.read(READ_SIZE)
        if (chunk.length === 0) controller.close()
        else controller.enqueue(chunk)
      },
    },
    { highWaterMark: 0 },
  )
}

function contextOf(environ: Environ): FetchContext {
  return {
    waitUntil: (promise) => {
      Promise.resolve(promise).catch((error) => reportError(environ, "what outlasts the response failed", error))
    },
    passThroughOnException: () => {},
  }
}

// ---- the response

function send(response: Response, environ: Environ, startResponse: StartResponse): Body {
  // Some frameworks have a class of their own, which is no instance of the platform's.
  if (typeof response !== "object" || response === null || typeof response.headers?.forEach !== "function") {
    throw new TypeError(`a fetch handler must return a Response, not ${describe(response)}`)
  }
  const { status } = response
  if (status < 200)
    throw new RangeError(`a fetch handler answered with the status ${status}, which is not of a final response`)
  startResponse(`${status} ${response.statusText || reasonPhrase(status)}`, headersFrom(response))
  const { body } = response
  if (body === null) return []
  if (!hasContent(status, environ.REQUEST_METHOD)) {
    body.cancel().catch(() => {})
    return []
  }
  return new StreamBody(body)
}

function headersFrom(response: Response): HeaderList {
  const list: HeaderList = []
  const named = parseListHeader(response.headers.get("connection") ?? "").map(asciiLower)
  // What was fetched elsewhere was decoded on its way here, and is of another length than it says.
  const isDecoded = response.url !== "" && response.headers.has("content-encoding")
  response.headers.forEach((value, name) => {
    if (CONNECTION_FIELDS.has(name) || named.includes(name)) return
    if (isDecoded && (name === "content-encoding" || name === "content-length")) return
    if (name !== "set-cookie") list.push([name, value])
  })
  for (const cookie of response.headers.getSetCookie()) list.push(["set-cookie", cookie])
  return list
}

/** A web stream as a body. */
class StreamBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #isOver = false

  constructor(stream: ReadableStream) {
    this.#reader = stream.getReader() as ReadableStreamDefaultReader<Uint8Array>
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { done, value } = await this.#reader.read()
    if (!done) return { done: false, value: value as Uint8Array }
    this.#isOver = true
    return { done: true, value: undefined }
  }

  async close(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    try {
      await this.#reader.cancel()
    } catch {
      // A stream that has failed says so again; the driver knows already.
    }
  }
}
