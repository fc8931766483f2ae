// An application with all that the options put around it, in a server of Node's that does not listen yet. Its user brings the
// connections: make-server.ts by listening, a process of the reloader by taking what its parent accepted.

import { createServer as createHttpServer, type Server } from "node:http"
import type { Http2SecureServer } from "node:http2"
import type { Server as NetServer } from "node:net"
import type { TlsOptions } from "node:tls"
import { createNetServer, setUpNetServer } from "../adapters/net.ts"
import {
  type Engine,
  type FinishedRequest,
  type NodeServer,
  type NodeServerOptions,
  serverSettings,
  setUpServer,
} from "../adapters/node.ts"
import type { Application, Environ } from "../gateway.ts"
import { escapeControls } from "../http/common-log.ts"
import { type Exports, sharedData } from "../middleware/shared-data.ts"
import { accessLine, type LoggedRequest } from "./access-log.ts"
import { type FrontOptions, frontServer, isForFront } from "./front-protocol.ts"
import { oneAtATime } from "./one-at-a-time.ts"
import { passthroughErrors } from "./passthrough-errors.ts"
import { hasColors } from "./terminal.ts"

/** What is served, and how it is told of. */
export interface ApplicationOptions extends NodeServerOptions, FrontOptions {
  /** Whether each request is logged; true unless given. */
  accessLog?: boolean
  /** Takes each line of the access log, in place of standard error. */
  log?: (line: string) => void
  /** Makes the line for a request, in place of the Common Log Format; `undefined` leaves the request out. */
  formatRequest?: (request: LoggedRequest) => string | undefined
  /** Whether the log tells how long each request took. */
  logDuration?: boolean
  /** Called with each environ before the application; may change it. */
  onRequest?: (environ: Environ) => void
  /** Paths, and the files or folders served there before the application is asked, as `sharedData` takes them. */
  staticFiles?: Exports
  /** False: a request begins when the one before is over. Default true: a request that waits makes room for others. */
  threaded?: boolean
  /** Whether an error of the application ends the process instead of being answered with 500. */
  passthroughErrors?: boolean
  /** Whether clients that speak HTTP/2 get it; with `sslContext` only. */
  http2?: boolean
  /** What speaks HTTP/1.1: node:http (`"http"`), or the engine of this package over node:net (`"net"`). Default `"http"`. */
  engine?: Engine
}

/** A server of one of the kinds that serve an application. */
export type ApplicationServer = NodeServer<NetServer>

/** A server for `app` with the options around it; speaks TLS when it is given a key. */
export function applicationServer(
  app: Application,
  options: ApplicationOptions,
  tls: TlsOptions | undefined,
): ApplicationServer {
  if (options.http2 && tls === undefined)
    throw new TypeError("http2 needs an sslContext: no client asks for it without TLS")
  const settings = options.accessLog === false ? options : { ...options, ...logHooks(options) }
  if (isForFront(options)) return frontServer(layered(app, options), settings)
  if (options.engine === "net") return netServer(app, options, settings, tls)
  const server = nodeServer(options, tls)
  if (tls !== undefined) reportTlsErrors(server, options)
  return setUpServer(server, layered(app, options), settings)
}

function netServer(
  app: Application,
  options: ApplicationOptions,
  settings: ApplicationOptions,
  tls: TlsOptions | undefined,
): ApplicationServer {
  const inner = layered(app, options)
  if (tls === undefined) return createNetServer(inner, settings)
  const server = process.getBuiltinModule("node:tls").createServer({
    noDelay: true,
    handshakeTimeout: handshakeTimeout(options),
    ...tls,
    ALPNProtocols: options.http2 ? ["h2", "http/1.1"] : ["http/1.1"],
  })
  reportTlsErrors(server, options)
  return setUpNetServer(server, inner, settings, options.http2 ? http2Server(options, tls, false) : undefined)
}

function layered(app: Application, options: ApplicationOptions): Application {
  let inner = options.staticFiles === undefined ? app : sharedData(app, options.staticFiles)
  if (options.passthroughErrors) inner = passthroughErrors(inner)
  if (options.threaded === false) inner = oneAtATime(inner)
  const { onRequest } = options
  const timed = isTimed(options)
  if (onRequest === undefined && !timed) return inner
  return (environ, startResponse) => {
    if (timed) starts.set(environ, performance.now())
    onRequest?.(environ)
    return inner(environ, startResponse)
  }
}

/** When requests at work began. */
const starts = new WeakMap<Environ, number>()

function isTimed({ accessLog = true, logDuration, formatRequest }: ApplicationOptions): boolean {
  return accessLog && (logDuration === true || formatRequest !== undefined)
}

/** Log a line for each request that is over, and for each WebSocket that is opened. */
function logHooks(options: ApplicationOptions): Required<Pick<ApplicationOptions, "onFinished" | "onWebSocket">> {
  const { log = writeLine, formatRequest, onFinished, onWebSocket } = options
  // Lines that go to a function of the user's are not on our terminal.
  const colors = options.log === undefined && hasColors(process.stderr)
  const format = formatRequest ?? ((request: LoggedRequest) => accessLine(request, new Date(), colors))
  const write = (request: FinishedRequest): void => {
    const start = starts.get(request.environ)
    const logged: LoggedRequest = start === undefined ? request : { ...request, durationMs: performance.now() - start }
    const line = format(logged)
    if (line !== undefined) log(line)
  }
  return {
    onFinished: (request) => {
      write(request)
      onFinished?.(request)
    },
    onWebSocket: (request) => {
      write(request)
      onWebSocket?.(request)
    },
  }
}

function nodeServer(options: ApplicationOptions, tls: TlsOptions | undefined): Server {
  const settings = serverSettings(options)
  if (tls === undefined) return createHttpServer(settings)
  // Most servers speak neither, and both take a while to load.
  if (options.http2) return http2Server(options, tls, true) as unknown as Server
  const https = process.getBuiltinModule("node:https")
  return https.createServer({
    ...settings,
    handshakeTimeout: handshakeTimeout(options),
    ...tls,
  }) as unknown as Server
}

function http2Server(options: ApplicationOptions, tls: TlsOptions, allowHTTP1: boolean): Http2SecureServer {
  const settings = serverSettings(options)
  return process.getBuiltinModule("node:http2").createSecureServer({
    ...settings,
    handshakeTimeout: handshakeTimeout(options),
    ...tls,
    allowHTTP1,
    settings: { maxHeaderListSize: settings.maxHeaderSize },
    maxHeaderListPairs: (options.maxFields ?? 200) + 4,
  })
}

function handshakeTimeout({ firstByteTimeoutMs = 20_000 }: ApplicationOptions): number {
  return firstByteTimeoutMs
}

/** A client that does not get through the handshake is told of in one line, and does not disturb others. */
function reportTlsErrors(server: NetServer, { log = writeLine, accessLog = true }: ApplicationOptions): void {
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: { remoteAddress?: string; destroy(): void }) => {
    socket.destroy()
    if (!accessLog || error.code === "ECONNRESET") return
    const reason = error.code === "ERR_SSL_HTTP_REQUEST" ? "plain HTTP on a port for HTTPS" : error.message
    log(`${socket.remoteAddress ?? "<local>"} - TLS: ${escapeControls(reason.trim())}`)
  })
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`)
}
