// Passes requests on to other servers and their responses back, both as they come. Stands inside proxyFix, or the upstream is told
// the wrong client; inside accessLog. Layers inside do not see the requests that it passes on.
// Where to is fixed when it is made: nothing that a client sends names a host. WebSockets are passed on by message, in
// websocket.ts; other upgrades are not.

import type { Pool } from "undici"
import { asApplication } from "../as-application.ts"
import { HTTPException } from "../exceptions/http-exception.ts"
import { BadGateway, BadRequest, ClientDisconnected, GatewayTimeout } from "../exceptions/statuses.ts"
import type { Application, ApplicationLike, Body, Environ, StartResponse } from "../gateway.ts"
import { checkFieldName, checkFieldValue } from "../http/fields.ts"
import { asciiLower } from "../http/tokens.ts"
import { textToByteString } from "../http/urls.ts"
import { describe } from "../mistakes/describe.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { reportError } from "../running/report.ts"
import { type ProxyRoute, upstreamHeaders, upstreamTarget } from "./proxy-request.ts"
import { loadUndici } from "./undici.ts"
import { Upload } from "./upload.ts"
import { type UpstreamRequest, upstreamClient } from "./upstream-connection.ts"
import { UpstreamError, UpstreamExchange, type UpstreamResponse, UpstreamTimeout } from "./upstream-exchange.ts"
import { type Upstream, UpstreamGroup } from "./upstreams.ts"
import { askWebSocket, type UpstreamAnswer } from "./websocket.ts"

/** Where requests below a prefix go, and how. */
export interface ProxyTarget {
  /** One server or several that take turns: `http://` or `https://`, host, port, and perhaps a path to put in front. */
  target: string | URL | Iterable<string | URL>
  /** Whether the prefix is taken off the path. Default false. */
  removePrefix?: boolean | undefined
  /** Whether the client's Host header is passed on, instead of the upstream's own name. Default false. */
  keepHost?: boolean | undefined
  /** Headers to set, also over those that the client sent. */
  headers?: Readonly<Record<string, string>> | undefined
  /**
   * Whether X-Forwarded-For, -Proto, -Host and -Prefix tell the upstream the client's address and request. What the client sent
   * of these goes, and so do its Forwarded, X-Real-IP and other X-Forwarded headers; only to its X-Forwarded-For the address is
   * added. Default true.
   */
  forward?: boolean | undefined
  /** For `https`: options of `tls.connect`, as `ca`, `cert`, `key`, `rejectUnauthorized`. */
  tls?: Readonly<Record<string, unknown>> | undefined
}

/** How `httpProxy` speaks with its upstreams. */
export interface HttpProxyOptions {
  /** How long a connection may take to be made. Default 5000. */
  connectTimeoutMs?: number | undefined
  /** How long an upstream may take for the head of its response. Default 10 000. */
  timeoutMs?: number | undefined
  /** How long it may say nothing in the middle of a response. Default 30 000. */
  bodyTimeoutMs?: number | undefined
  /** The most connections to each upstream; further requests wait. Default 256. */
  maxConnections?: number | undefined
  /** For how long an upstream that could not be reached is passed over where there are others. Default 5000. */
  retryMs?: number | undefined
  /** Asks each upstream for this path every so often; one that does not answer with a status below 500 is passed over. */
  health?: { path: string; intervalMs?: number | undefined } | undefined
  /** The longest message of a WebSocket, in either direction. Default 16 MiB. */
  maxMessageBytes?: number | undefined
}

/** An application that holds connections. */
export interface ProxyApplication extends Application {
  /** Ends the connections when the requests at work are over, and the questions about health. */
  close(): Promise<void>
}

const OPTIONS: OptionNames<HttpProxyOptions> = {
  connectTimeoutMs: true,
  timeoutMs: true,
  bodyTimeoutMs: true,
  maxConnections: true,
  retryMs: true,
  health: true,
  maxMessageBytes: true,
}

/**
 * Passes requests whose path begins with one of the prefixes, by whole segments, on to an upstream; `app` gets the rest. The
 * longest prefix counts. Path and query go on byte for byte, bodies as they come; headers of a connection stay on it.
 *
 * Needs the package `undici`; for WebSockets, which are passed on too, also `ws`. 502 when the upstream can't be reached or does not speak HTTP, 504 when it takes too long, 400 for a path with dot segments; when
 * it fails in the middle of a response, the client's connection is cut. Another upstream is asked when one could not be
 * reached, and when it went away before it answered a request that may be repeated: GET, HEAD, OPTIONS, without a body.
 *
 * @throws TypeError for a target that is no http or https URL, or has a query, a user or dot segments; Error when undici is
 *   not installed
 */
export function httpProxy(
  app: ApplicationLike,
  targets: Readonly<Record<string, ProxyTarget | string | URL>>,
  options: HttpProxyOptions = {},
): ProxyApplication {
  const inner = asApplication(app, "httpProxy")
  checkOptions("httpProxy", options, OPTIONS)
  if (typeof targets !== "object" || targets === null) {
    throw new TypeError(`httpProxy takes targets, { "/path": url }, not ${describe(targets)}`)
  }
  const routes = Object.entries(targets)
    .map(
      ([prefix, target]) =>
        new Route(prefix, typeof target === "string" || target instanceof URL ? { target } : target, options),
    )
    .sort((one, other) => other.prefix.length - one.prefix.length)
  const proxy: Application = (environ, startResponse) => {
    const path = environ.PATH_INFO
    const route = routes.find(
      ({ prefix }) => path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/"),
    )
    return route === undefined ? inner(environ, startResponse) : route.answer(environ, startResponse)
  }
  const close = async () => {
    await Promise.all(routes.map((route) => route.close()))
  }
  return Object.assign(proxy, { close })
}

interface Server extends Upstream {
  pool: Pool
  /** For the Host header. */
  host: string
  basePath: string
  origin: string
  tls: ProxyTarget["tls"]
}

/**
 * After this time a request that waits for its upstream asks whether its client still waits, too. Not before: the signal that
 * tells it costs more than all the rest of a short request.
 */
const PATIENCE_MS = 100

class Route implements Omit<ProxyRoute, "basePath"> {
  readonly prefix: string
  readonly removePrefix: boolean
  readonly keepHost: boolean
  readonly forward: boolean
  readonly headers: ReadonlyMap<string, string>
  readonly #group: UpstreamGroup<Server>
  readonly #options: HttpProxyOptions
  readonly #timer: ReturnType<typeof setInterval> | undefined

  constructor(prefix: string, target: ProxyTarget, options: HttpProxyOptions) {
    if (prefix !== "" && !prefix.startsWith("/")) {
      throw new TypeError(`a prefix starts with a slash, not as ${JSON.stringify(prefix)}`)
    }
    this.prefix = textToByteString(prefix.endsWith("/") ? prefix.slice(0, -1) : prefix)
    this.removePrefix = target.removePrefix ?? false
    this.keepHost = target.keepHost ?? false
    this.forward = target.forward ?? true
    this.headers = new Map(
      Object.entries(target.headers ?? {}).map(([name, value]) => [
        asciiLower(checkFieldName(name)),
        checkFieldValue(value),
      ]),
    )
    this.#options = options
    const urls =
      typeof target.target === "string" || target.target instanceof URL ? [target.target] : [...target.target]
    if (urls.length === 0) throw new TypeError(`there is no target for ${JSON.stringify(prefix)}`)
    this.#group = new UpstreamGroup(
      urls.map((url) => serverOf(url, target, options)),
      options.retryMs ?? 5000,
    )
    const { health } = options
    if (health !== undefined) {
      this.#timer = setInterval(() => void this.#checkHealth(health.path), health.intervalMs ?? 5000)
      this.#timer.unref()
    }
  }

  async answer(environ: Environ, startResponse: StartResponse): Promise<Body> {
    let response: UpstreamResponse | UpstreamAnswer | undefined
    try {
      response = environ["wsgi.websocket"] === undefined ? await this.#ask(environ) : await this.#askWebSocket(environ)
    } catch (error) {
      // The client's own fault, as a body that is too large, is told as it is; one that has left is told nothing.
      if (error instanceof HTTPException && !(error instanceof ClientDisconnected))
        return error.respond(environ, startResponse)
      if (!(error instanceof UpstreamError)) throw error
      const request = `${environ.REQUEST_METHOD} ${environ.SCRIPT_NAME}${environ.PATH_INFO}`
      reportError(environ, `${request}: ${error.message}`, error)
      return (error.isTimeout ? new GatewayTimeout() : new BadGateway()).respond(environ, startResponse)
    }
    if (response === undefined) {
      return new BadRequest("The path can't be passed on: it has dot segments or broken escapes.").respond(
        environ,
        startResponse,
      )
    }
    const { status, headers, body } = response
    try {
      startResponse(status, headers)
    } catch {
      // The upstream sent a head that can be read, but that must not be sent on to the client.
      await body.close?.()
      return new BadGateway().respond(environ, (page, fields) => startResponse(page, fields, new Error("a bad head")))
    }
    return (body as Partial<UpstreamExchange>).complete ?? body
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#group.members.map(({ pool }) => pool.close()))
  }

  /** Asks one upstream after the other; `undefined` for a path that is not passed on. */
  async #ask(environ: Environ): Promise<UpstreamResponse | undefined> {
    const upload = Upload.of(environ)
    const isSafe = /^(?:GET|HEAD|OPTIONS)$/.test(environ.REQUEST_METHOD)
    const order = this.#group.order()
    // Of a single upstream, a connection that was kept may have ended just now; a new one is worth a try.
    const attempts = order.length === 1 ? [...order, ...order] : order
    for (const [index, server] of attempts.entries()) {
      const target = upstreamTarget({ ...this.#facts, basePath: server.basePath }, environ)
      if (target === undefined) return undefined
      try {
        const response = await this.#exchange(server, environ, target, upload)
        this.#group.answered(server)
        return response
      } catch (error) {
        if (upload?.failure !== undefined) throw upload.failure.reason
        if (!(error instanceof UpstreamError)) throw error
        if (!error.sent || error.isTimeout) this.#group.failed(server)
        const isLast = index === attempts.length - 1
        const isHopeless = order.length === 1 && !error.sent
        const mayRepeat = isSafe && !upload?.isTaken
        if (isLast || isHopeless || (error.sent && (!mayRepeat || error.isTimeout))) throw error
      }
    }
    return undefined
  }

  /** Makes a handshake with one upstream after the other, until one answers. */
  async #askWebSocket(environ: Environ): Promise<UpstreamAnswer | undefined> {
    const order = this.#group.order()
    for (const [index, server] of order.entries()) {
      const route = { ...this.#facts, basePath: server.basePath }
      const target = upstreamTarget(route, environ)
      if (target === undefined) return undefined
      try {
        const answer = await askWebSocket({
          origin: server.origin,
          target,
          headers: upstreamHeaders(route, environ, server.host),
          protocols: environ["wsgi.websocket"]?.protocols ?? [],
          timeoutMs: this.#options.timeoutMs ?? 10_000,
          maxMessageBytes: this.#options.maxMessageBytes ?? 16 * 1024 * 1024,
          tls: server.tls,
        })
        this.#group.answered(server)
        return answer
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error
        this.#group.failed(server)
        if (index === order.length - 1) throw error
      }
    }
    return undefined
  }

  get #facts(): Omit<ProxyRoute, "basePath"> {
    const { prefix, removePrefix, keepHost, forward, headers } = this
    return { prefix, removePrefix, keepHost, forward, headers }
  }

  async #exchange(
    server: Server,
    environ: Environ,
    target: string,
    upload: Upload | undefined,
  ): Promise<UpstreamResponse> {
    const method = environ.REQUEST_METHOD
    const exchange = new UpstreamExchange(method)
    const headers = upstreamHeaders({ ...this.#facts, basePath: server.basePath }, environ, server.host)
    const body = upload === undefined ? null : upload.chunks(() => exchange.isOver)
    try {
      dispatch(server, { path: target, method, headers, body: body as never, exchange })
    } catch (error) {
      // undici refuses what it could not send: a malformed method or path.
      throw new UpstreamError(error, false)
    }
    return this.#inTime(exchange, environ)
  }

  /** Waits for the head, as long as the client does and the upstream may take. */
  async #inTime(exchange: UpstreamExchange, environ: Environ): Promise<UpstreamResponse> {
    const { timeoutMs = 10_000 } = this.#options
    const expire = () => exchange.abandon(new UpstreamTimeout(`no answer within ${timeoutMs} ms`))
    const leave = () => exchange.abandon(new ClientDisconnected())
    let signal: AbortSignal | undefined
    let timer = setTimeout(
      () => {
        if (timeoutMs <= PATIENCE_MS) return expire()
        timer = setTimeout(expire, timeoutMs - PATIENCE_MS)
        signal = environ["wsgi.signal"]
        if (signal?.aborted) leave()
        else signal?.addEventListener("abort", leave, { once: true })
      },
      Math.min(timeoutMs, PATIENCE_MS),
    )
    try {
      return await exchange.response
    } catch (error) {
      const { cause } = error as UpstreamError
      throw cause instanceof ClientDisconnected ? cause : error
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener("abort", leave)
    }
  }

  async #checkHealth(path: string): Promise<void> {
    await Promise.all(
      this.#group.members.map(async (server) => {
        const exchange = new UpstreamExchange("GET")
        try {
          dispatch(server, { path: server.basePath + path, method: "GET", headers: ["host", server.host], exchange })
          const { status, body } = await this.#inTime(exchange, {} as Environ)
          for await (const _ of body);
          if (status < "500") this.#group.answered(server)
          else this.#group.failed(server)
        } catch {
          this.#group.failed(server)
        }
      }),
    )
  }
}

function dispatch({ pool }: Server, request: UpstreamRequest): void {
  pool.dispatch(request, request.exchange)
}

function serverOf(given: string | URL, { tls }: ProxyTarget, options: HttpProxyOptions): Server {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password) {
    throw new TypeError(
      `a target is an http or https URL without user, query and fragment, not ${JSON.stringify(String(given))}`,
    )
  }
  const { connectTimeoutMs = 5000, bodyTimeoutMs = 30_000, maxConnections = 256 } = options
  const { Pool } = loadUndici()
  const pool = new Pool(url.origin, {
    connections: maxConnections,
    // Its own timer may be a second late, and does not count the time in which a request waits for a connection.
    headersTimeout: 0,
    bodyTimeout: bodyTimeoutMs,
    factory: (origin, settings) => upstreamClient(origin, settings, { ...tls, timeout: connectTimeoutMs }),
  })
  return { pool, host: url.host, basePath: url.pathname.replace(/\/$/, ""), origin: url.origin, tls, downUntil: 0 }
}
