// What a view returns to take a WebSocket: the handler, and when the handshake is to be refused. A page of another site can have
// the visitor's browser open a WebSocket here, cookies and all, and read what comes (cross-site WebSocket hijacking); no
// same-origin policy stops it, so that the origin is looked at here unless the application says otherwise.

import { requestSource } from "../environ/request-source.ts"
import type { HTTPException } from "../exceptions/http-exception.ts"
import { Forbidden, UpgradeRequired } from "../exceptions/statuses.ts"
import type { Environ, ServerWebSocket, WebSocketLimits, WebSocketOffer } from "../gateway.ts"
import { isToken } from "../http/tokens.ts"
import { describe } from "../mistakes/describe.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"

/** Runs as long as the socket is open: the server closes it when the promise settles. */
export type WebSocketHandler = (socket: ServerWebSocket) => Promise<void>

/** How a WebSocket is taken. */
export interface WebSocketOptions extends WebSocketLimits {
  /** The subprotocols that the handler speaks, the one that it likes best first. Of those that the client offers, the first is taken. */
  protocol?: string | Iterable<string> | undefined
  /** Origins besides the site's own whose pages may connect, as `https://app.example.com`; `"*"` for any. */
  origins?: Iterable<string> | undefined
}

const OPTIONS: OptionNames<WebSocketOptions> = {
  protocol: true,
  origins: true,
  maxMessageBytes: true,
  maxBufferedBytes: true,
  compress: true,
}

const FOREIGN = "The WebSocket was opened by a page of another site."

/** The body of a response that accepts a handshake. It has no chunks. */
export class WebSocketBody implements AsyncIterable<Uint8Array> {
  readonly handler: WebSocketHandler
  readonly limits: WebSocketLimits
  readonly #protocols: readonly string[]
  readonly #origins: ReadonlySet<string> | "*"

  /** @throws TypeError for a wrong handler, protocol or origin; RangeError for a limit that is out of range */
  constructor(handler: WebSocketHandler, options: WebSocketOptions = {}) {
    if (typeof handler !== "function") {
      throw new TypeError(`Response.websocket takes a handler, async (socket) => {…}, not ${describe(handler)}`)
    }
    checkOptions("Response.websocket", options, OPTIONS)
    const { protocol = [], origins = [], maxMessageBytes, maxBufferedBytes, compress } = options
    if (compress !== undefined && typeof compress !== "boolean") {
      throw new TypeError(`compress of a WebSocket is true or false, not ${describe(compress)}`)
    }
    this.handler = handler
    this.limits = {
      maxMessageBytes: checkLimit(maxMessageBytes),
      maxBufferedBytes: checkLimit(maxBufferedBytes),
      compress,
    }
    this.#protocols = Array.from(typeof protocol === "string" ? [protocol] : protocol, checkProtocol)
    this.#origins = origins === "*" ? "*" : new Set(Array.from(originList(origins), checkOrigin))
  }

  /** Why the request is not answered with a WebSocket. */
  refusal(environ: Environ): HTTPException | undefined {
    if (environ["wsgi.websocket"] === undefined) return new UpgradeRequired()
    const origins = this.#origins
    if (origins === "*") return undefined
    return requestSource(environ, (origin) => origins.has(origin)) === "foreign" ? new Forbidden(FOREIGN) : undefined
  }

  /** The first of the handler's protocols that the client offers. */
  protocolFor(offer: WebSocketOffer | undefined): string | undefined {
    return this.#protocols.find((protocol) => offer?.protocols.includes(protocol))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {}
}

function originList(origins: Iterable<string>): Iterable<string> {
  return typeof origins === "string" ? [origins] : origins
}

function checkProtocol(protocol: string): string {
  if (typeof protocol === "string" && isToken(protocol)) return protocol
  throw new TypeError(`a WebSocket protocol is a token (RFC 6455 section 4.1), not ${describe(protocol)}`)
}

function checkOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin
  throw new TypeError(`not an origin as browsers send it, such as https://example.com: ${describe(origin)}`)
}

function checkLimit(bytes: number | undefined): number | undefined {
  if (bytes === undefined || (typeof bytes === "number" && bytes > 0)) return bytes
  throw new RangeError(`a limit of a WebSocket is a number of bytes above 0, not ${describe(bytes)}`)
}
