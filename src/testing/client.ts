// Runs an application without a socket, as a browser would ask it: request after request, with cookies and redirects.
// The application runs inside the linter, which stands for the servers that it will meet.

import { asApplication } from "../as-application.ts"
import { Headers } from "../datastructures/headers.ts"
import type { ApplicationResult } from "../environ/run.ts"
import { diskStore } from "../files/upload-store.ts"
import { UPLOAD_STORE_KEY } from "../forms/upload-store.ts"
import type { Application, ApplicationLike, Environ } from "../gateway.ts"
import { type CookieOptions, dumpCookie, parseCookie } from "../http/cookies.ts"
import { type LintOptions, lint } from "../middleware/lint.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { runInMemory } from "../running/memory-exchange.ts"
import { Request } from "../wrappers/request.ts"
import type { Response, ResponseClass } from "../wrappers/response.ts"
import { withFreshBody } from "./body-source.ts"
import { fetchFrom } from "./client-fetch.ts"
import { Cookie, CookieJar, type CookieOrigin, domainMatches, parseSetCookie } from "./cookie-jar.ts"
import { createEnviron, EnvironBuilder, type EnvironBuilderOptions } from "./environ-builder.ts"
import { ClientRedirectError, isRedirect, redirected, urlOf } from "./redirects.ts"
import { quoteBytes, splitHost, splitUrl } from "./request-url.ts"
import { originOf, type TestParts, TestResponse, tellOrigin, withTestParts } from "./test-response.ts"
import { TestWebSocket, WebSocketRefused } from "./test-websocket.ts"

/** How a client behaves. */
export interface ClientOptions<R extends Response> {
  /** What responses are. A subclass of TestResponse is used as it is, any other is combined with it. */
  responseWrapper?: ResponseClass<R> | undefined
  /** Whether cookies are kept and sent. Default true. */
  useCookies?: boolean | undefined
  /** Whether redirects may lead to hosts below the one that was asked. Default false. */
  allowSubdomainRedirects?: boolean | undefined
  /** Whether the application runs inside the linter, and how. Default true. */
  lint?: boolean | LintOptions | undefined
}

/** A request and what is to be done with its response. */
export interface OpenOptions extends EnvironBuilderOptions {
  /** Whether the whole body is read at once. Else a body that is no array comes as it is read. Default false. */
  buffered?: boolean | undefined
  /** Whether redirects are followed. Default false. */
  followRedirects?: boolean | undefined
  /** Whether cookies are sent and kept, if the client uses any. Default true. */
  useCookies?: boolean | undefined
}

/** A WebSocket to open. */
export interface WebSocketOpenOptions extends EnvironBuilderOptions {
  /** The subprotocols to offer, the one that the client likes best first. */
  protocols?: Iterable<string> | undefined
  /** Whether cookies are sent and kept, if the client uses any. Default true. */
  useCookies?: boolean | undefined
}

/** What a client can be asked for: a path or URL, a description, or what a request was made of before. */
export type OpenTarget = string | URL | OpenOptions | EnvironBuilder | Environ | Request

const OPTIONS: OptionNames<ClientOptions<Response>> = {
  responseWrapper: true,
  useCookies: true,
  allowSubdomainRedirects: true,
  lint: true,
}

/** Browsers give up after 20. */
const MAX_REDIRECTS = 20

/**
 * Asks an application, without a server.
 *
 * What the application throws, the client throws. A response whose body is a stream is closed when that was read; a test that
 * does not read it calls `response.close()`, or says `buffered`.
 *
 * @example
 * const client = new Client((environ, startResponse) => { startResponse("200 OK", [["Content-Type", "text/plain"]]); return [new TextEncoder().encode(environ.PATH_INFO)] })
 * await (await client.get("/a")).text() // => "/a"
 * (await client.post("/a", { json: [1] })).request.contentLength // => 3
 */
export class Client<R extends Response = TestResponse> {
  /** The application as it was given. */
  readonly application: ApplicationLike
  /** The cookies; undefined when the client keeps no cookies. */
  readonly cookies: CookieJar | undefined
  /** Whether redirects may lead to hosts below the one that was asked. */
  readonly allowSubdomainRedirects: boolean
  readonly #checked: Application
  readonly #responseClass: ResponseClass<R & TestParts>

  constructor(application: ApplicationLike, options: ClientOptions<R> = {}) {
    const { responseWrapper, useCookies = true, allowSubdomainRedirects = false, lint: checking = true } = options
    this.application = application
    this.cookies = useCookies ? new CookieJar() : undefined
    this.allowSubdomainRedirects = allowSubdomainRedirects
    const app = asApplication(application, "new Client")
    checkOptions("new Client", options, OPTIONS)
    this.#checked = checking === false ? app : lint(app, checking === true ? {} : checking)
    this.#responseClass = responseClassFor(responseWrapper)
  }

  /**
   * Sends a request. A body that was sent before is sent again from its start.
   *
   * @throws ClientRedirectError when a redirect is to be followed and cannot be
   */
  async open(target: OpenTarget = "/", options: OpenOptions = {}): Promise<R & TestParts> {
    const given = isDescription(target) ? { ...target, ...options } : options
    const { buffered = false, followRedirects = false, useCookies = true, ...request } = given
    const response = await this.#send(environOf(target, request), buffered, useCookies ? this.cookies : undefined)
    return followRedirects ? this.#follow(response, { buffered, useCookies }) : response
  }

  /** Sends a GET request. */
  async get(target?: OpenTarget, options?: OpenOptions): Promise<R & TestParts> {
    return this.open(target, { ...options, method: "GET" })
  }

  /** Sends a HEAD request. */
  async head(target?: OpenTarget, options?: OpenOptions): Promise<R & TestParts> {
    return this.open(target, { ...options, method: "HEAD" })
  }

  /** Sends a POST request. */
  async post(target?: OpenTarget, options?: OpenOptions): Promise<R & TestParts> {
    return this.open(target, { ...options, method: "POST" })
  }

  /** Sends a PUT request. */
  async put(target?: OpenTarget, options?: OpenOptions): Promise<R & TestParts> {
    return this.open(target, { ...options, method: "PUT" })
  }

  /** Sends a PATCH request. */
  async patch(target?: OpenTarget, options?: OpenOptions): Promise<R & TestParts> {
    return this.open(target, { ...options, method: "PATCH" })
  }

  /** Sends a DELETE request. */
  async delete(target?: OpenTarget, options?: OpenOptions): Promise<R & TestParts> {
    return this.open(target, { ...options, method: "DELETE" })
  }

  /** Sends an OPTIONS request. */
  async options(target?: OpenTarget, options?: OpenOptions): Promise<R & TestParts> {
    return this.open(target, { ...options, method: "OPTIONS" })
  }

  /** Sends a TRACE request. */
  async trace(target?: OpenTarget, options?: OpenOptions): Promise<R & TestParts> {
    return this.open(target, { ...options, method: "TRACE" })
  }

  /**
   * Asks the application as the platform's `fetch` would, so that what was written for that can be pointed at it. Redirects are
   * followed unless `init` says otherwise; relative URLs are below `http://localhost`; cookies go along unless `credentials`
   * is `omit`; an abort reaches the application as `wsgi.signal`. What the application throws rejects as it is.
   *
   * @example
   * const client = new Client((environ, startResponse) => { startResponse("201 Created", []); return [] })
   * (await client.fetch("/users", { method: "POST", body: "{}" })).status // => 201
   */
  async fetch(input: string | URL | globalThis.Request, init?: RequestInit): Promise<globalThis.Response> {
    return fetchFrom((target, options) => this.open(target, options), input, init)
  }

  /**
   * Opens a WebSocket, with cookies as any request. Redirects are not followed.
   *
   * What the handler throws, `receive` and `close` of the socket throw. Close it, so that the handler comes to its end.
   *
   * @throws WebSocketRefused, with the response, when the answer is not 101
   * @example
   * const websocket = async (socket) => { await socket.send("hi") }
   * const app = (environ, startResponse) => { startResponse("101 Switching Protocols", []); return { websocket, [Symbol.iterator]: () => [].values() } }
   * await (await new Client(app).websocket("/chat")).receive() // => "hi"
   */
  async websocket(target: OpenTarget = "/", options: WebSocketOpenOptions = {}): Promise<TestWebSocket<R & TestParts>> {
    const given = isDescription(target) ? { ...target, ...options } : options
    const {
      protocols = [],
      useCookies = true,
      buffered: _,
      followRedirects: __,
      ...request
    } = given as OpenOptions & WebSocketOpenOptions
    const described = handshakeEnviron(environOf(withHttp(target), request), protocols)
    const jar = useCookies ? this.cookies : undefined
    const sent = withCookies(described, jar)
    const answer = await runInMemory(this.#checked, this.#prepared(sent))
    const { status, body, websocket } = answer
    const received = { status, headers: new Headers(answer.headers), body: websocket === undefined ? body : [] }
    const response = this.#received(received, described, sent, jar)
    if (websocket === undefined) throw new WebSocketRefused(response)
    return new TestWebSocket(websocket, body, response)
  }

  async #send(described: Environ, buffered: boolean, jar: CookieJar | undefined): Promise<R & TestParts> {
    const sent = withCookies(described, jar)
    return this.#received(await this.runApplication(sent, { buffered }), described, sent, jar)
  }

  #received(answer: ApplicationResult, described: Environ, sent: Environ, jar: CookieJar | undefined): R & TestParts {
    const { status, headers, body } = answer
    if (jar !== undefined && headers.has("Set-Cookie")) {
      const origin = cookieOrigin(described)
      for (const header of headers.getAll("Set-Cookie")) jar.store(header, origin)
    }
    const response = new this.#responseClass(body, { status, headers })
    tellOrigin(response, { described, sent, history: [] })
    return response
  }

  /**
   * Calls the application once, as a server does: with a copy of the environ, the head final with the first chunk that is not
   * empty, the body dropped where there is none to be, the length of an array told, uploads kept as the server keeps them.
   * Knows no cookies and no redirects.
   */
  async runApplication(environ: Environ, options: { buffered?: boolean } = {}): Promise<ApplicationResult> {
    const { status, headers, body } = await runInMemory(this.#checked, this.#prepared(environ), options)
    return { status, headers: new Headers(headers), body }
  }

  #prepared(environ: Environ): Environ {
    const sent = withFreshBody(environ)
    // As servers have it, so that code that saves an upload can be tested.
    sent[UPLOAD_STORE_KEY] ??= diskStore
    return sent
  }

  async #follow(
    response: R & TestParts,
    options: Pick<OpenOptions, "buffered" | "useCookies">,
  ): Promise<R & TestParts> {
    const seen = new Set<string>()
    const history: (R & TestParts)[] = []
    while (isRedirect(response.statusCode)) {
      const { described } = originOf(response)
      const step = `${response.status} from ${described.REQUEST_METHOD} ${urlOf(described)} to ${response.headers.get("Location")}`
      if (seen.has(step)) throw new ClientRedirectError(`A loop of redirects: ${step}`)
      if (seen.size === MAX_REDIRECTS) throw new ClientRedirectError(`More than ${MAX_REDIRECTS} redirects: ${step}`)
      seen.add(step)
      // The application may count on being through with one request before the next.
      await response.data()
      history.push(response)
      response = await this.resolveRedirect(response, options)
      tellOrigin(response, { ...originOf(response), history: [...history] })
    }
    return response
  }

  /**
   * Follows one redirect, by `open`, so that a subclass sees every request.
   */
  async resolveRedirect(
    response: Response,
    options: Pick<OpenOptions, "buffered" | "useCookies"> = {},
  ): Promise<R & TestParts> {
    const builder = redirected(originOf(response).described, response, this.allowSubdomainRedirects)
    return this.open(builder, options)
  }

  // ---- cookies

  get #jar(): CookieJar {
    if (this.cookies === undefined) throw new TypeError("This client uses no cookies")
    return this.cookies
  }

  /**
   * The cookie of that name, domain and path.
   *
   * @throws TypeError when the client uses no cookies
   */
  getCookie(key: string, domain = "localhost", path = "/"): Cookie | undefined {
    return this.#jar.get(key, domain, path)
  }

  /**
   * Sets a cookie as if the application had, value and options as for `response.setCookie`.
   *
   * @param options.originOnly whether hosts below the domain do without it; true unless said otherwise
   * @throws TypeError when the client uses no cookies, or for what cannot be a cookie
   */
  setCookie(key: string, value = "", options: SetCookieOptions = {}): void {
    const jar = this.#jar
    const { domain = "localhost", originOnly = true, path = "/", ...attributes } = options
    const header = dumpCookie(key, value, { ...attributes, path })
    const cookie = parseSetCookie(header, { host: domain, path: "/", secure: true })
    if (cookie) jar.set(new Cookie({ ...cookie, originOnly }))
  }

  /**
   * Deletes the cookie of that name, domain and path, if there is one.
   *
   * @throws TypeError when the client uses no cookies
   */
  deleteCookie(key: string, options: { domain?: string; path?: string } = {}): void {
    this.#jar.delete(key, options.domain ?? "localhost", options.path ?? "/")
  }

  /** The application with its name, for a console. */
  toString(): string {
    const { name } = this.application as { name?: unknown }
    return `<Client ${typeof name === "string" && name !== "" ? name : "application"}>`
  }
}

/** What a cookie is set with. */
export interface SetCookieOptions extends Omit<CookieOptions, "domain" | "path"> {
  /** Default `localhost`. */
  domain?: string | undefined
  /** Default `/`. */
  path?: string | undefined
  /** Whether hosts below the domain do without it. Default true. */
  originOnly?: boolean | undefined
}

function responseClassFor<R extends Response>(wrapper: ResponseClass<R> | undefined): ResponseClass<R & TestParts> {
  if (wrapper === undefined) return TestResponse as unknown as ResponseClass<R & TestParts>
  const isOne = wrapper.prototype instanceof TestResponse || (wrapper as unknown) === TestResponse
  return isOne ? (wrapper as ResponseClass<R & TestParts>) : withTestParts(wrapper)
}

function isDescription(target: OpenTarget): target is OpenOptions {
  const other = typeof target === "string" || target instanceof URL || target instanceof EnvironBuilder
  return !other && !(target instanceof Request) && !("REQUEST_METHOD" in target)
}

function environOf(target: OpenTarget, given: EnvironBuilderOptions): Environ {
  const path = typeof given.path === "string" ? withSlash(given.path, given) : given.path
  const options = path === given.path ? given : { ...given, path }
  if (typeof target === "string") return createEnviron(withSlash(target, options), options)
  if (target instanceof URL) return createEnviron(target, options)
  if (target instanceof EnvironBuilder) return target.getEnviron()
  if (target instanceof Request) return EnvironBuilder.fromEnviron(target.environ, options).getEnviron()
  if (isDescription(target)) return createEnviron(options)
  const environ = target as Environ
  const changed = Object.keys(options).length > 0
  return changed ? EnvironBuilder.fromEnviron(environ, options).getEnviron() : { ...environ }
}

/** What cannot be left out of a request line is added; the path of a mount itself is empty. */
function withSlash(path: string, { method, baseUrl }: EnvironBuilderOptions): string {
  if (path.startsWith("/") || (path === "*" && method === "OPTIONS") || method === "CONNECT") return path
  const isMount = splitUrl(path).path === "" && /[^/]/.test(splitUrl(String(baseUrl ?? ""), true).path)
  return isMount || splitUrl(path).host !== undefined ? path : `/${path}`
}

/** The scheme of WebSockets is a matter of the client's API; the request is one of HTTP. */
function withHttp(target: OpenTarget): OpenTarget {
  const isUrl = typeof target === "string" || target instanceof URL
  return isUrl ? String(target).replace(/^ws(s?):\/\//i, "http$1://") : target
}

/** What a client's handshake adds (RFC 6455 section 4.1), and what the server tells of it. */
function handshakeEnviron(environ: Environ, offered: Iterable<string>): Environ {
  const protocols = typeof offered === "string" ? [offered] : [...offered]
  const handshake: Environ = {
    HTTP_UPGRADE: "websocket",
    HTTP_CONNECTION: "Upgrade",
    HTTP_SEC_WEBSOCKET_VERSION: "13",
    HTTP_SEC_WEBSOCKET_KEY: "AAAAAAAAAAAAAAAAAAAAAA==",
    ...environ,
    REQUEST_METHOD: "GET",
    "wsgi.websocket": { protocols },
  }
  if (protocols.length > 0) handshake["HTTP_SEC_WEBSOCKET_PROTOCOL"] = protocols.join(", ")
  return handshake
}

function withCookies(environ: Environ, jar: CookieJar | undefined): Environ {
  const cookie = jar && cookieHeader(jar, environ)
  return cookie === undefined ? environ : { ...environ, HTTP_COOKIE: cookie }
}

// What a test has set by hand goes before what the jar has under that name.
function cookieHeader(jar: CookieJar, environ: Environ): string | undefined {
  if (jar.size === 0) return undefined
  const own = environ["HTTP_COOKIE"] as string | undefined
  const names = new Set(parseCookie(own).map(([name]) => name))
  const kept = jar.matching(cookieOrigin(environ)).filter(({ key }) => !names.has(key))
  const pairs = kept.map(({ key, value }) => `${key}=${value}`)
  if (own !== undefined) pairs.unshift(own)
  return pairs.length === 0 ? undefined : pairs.join("; ")
}

function cookieOrigin(environ: Environ): CookieOrigin {
  const scheme = environ["wsgi.url_scheme"]
  const host = typeof environ["HTTP_HOST"] === "string" ? environ["HTTP_HOST"] : environ.SERVER_NAME
  const name = splitHost(host, scheme)[0]
  return {
    host: name,
    path: quoteBytes(environ.SCRIPT_NAME + environ.PATH_INFO),
    // What never leaves the machine is secure, as in browsers (RFC 6265 section 5.4 leaves it to them).
    secure: scheme === "https" || domainMatches(name.toLowerCase(), "localhost"),
  }
}
