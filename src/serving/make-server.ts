// A server for an application that is bound and answering, without a process around it: no signals, no banner.
// run-simple.ts is that process; tests and programs of their own start here.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike } from "../gateway.ts"
import { describe } from "../mistakes/describe.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { addressOf, boundAddress, listen } from "./address.ts"
import { type ApplicationOptions, applicationServer } from "./application-server.ts"
import { checkFrontPlace } from "./front-protocol.ts"
import { loadSslContext, type SslContext } from "./tls.ts"

/**
 * What `makeServer` and `runSimple` take besides what the node adapter does.
 */
export interface ServerOptions extends ApplicationOptions {
  /** Makes the server speak TLS. */
  sslContext?: SslContext
  /** A descriptor on which a service manager, for one, listens already; takes the place of host and port. */
  fd?: number
  /** The permissions of a unix socket's file, as 0o660. Default 0o777 without those of the umask. */
  socketMode?: number
  /** How long `close` waits for the requests at work before it breaks them off. Default 10000 ms. */
  closeTimeoutMs?: number
}

/**
 * A server that listens.
 */
export interface WerkstattServer {
  /** The host that it was made for. */
  readonly host: string
  /** The port that it listens on; where 0 was asked for, the one that was free. 0 on a unix socket. */
  readonly port: number
  /** The URL of its root; `unix://` and the path on a unix socket. */
  readonly url: string
  /** Every URL that leads to it; more than one when it listens on all addresses. */
  readonly urls: readonly string[]
  /** Whether it listens on all addresses of the machine. */
  readonly isWide: boolean
  /** Resolves when the server has been closed. */
  serveForever(): Promise<void>
  /** Takes no further request, finishes those at work, and frees the port. A second call does not wait for them. */
  close(): Promise<void>
}

/** The names of the options of `makeServer`, for finding a misspelled one. */
export const SERVER_OPTIONS: OptionNames<ServerOptions> = {
  accessLog: true,
  log: true,
  formatRequest: true,
  logDuration: true,
  onRequest: true,
  staticFiles: true,
  threaded: true,
  passthroughErrors: true,
  http2: true,
  engine: true,
  sslContext: true,
  fd: true,
  socketMode: true,
  closeTimeoutMs: true,
  firstByteTimeoutMs: true,
  headersTimeoutMs: true,
  requestTimeoutMs: true,
  keepAliveTimeoutMs: true,
  sendTimeoutMs: true,
  maxHeadBytes: true,
  errors: true,
  environ: true,
  multiprocess: true,
  maxFields: true,
  maxTargetLength: true,
  maxDiscardBytes: true,
  lingerMs: true,
  halfCloseGraceMs: true,
  keepAlive: true,
  onFinished: true,
  onWebSocket: true,
  pingIntervalMs: true,
  onError: true,
  idleLingerMs: true,
  proxyProtocolFrom: true,
  protocol: true,
  allowFrom: true,
  scriptName: true,
  errorsToFront: true,
}

/**
 * Binds `app` to an address. The promise resolves when the port is bound and requests are answered.
 *
 * @param hostname a name, an address, or `unix://` and a path; `localhost` is 127.0.0.1. A unix socket whose server has ended is
 * replaced
 * @param port 0 takes a free port; does not matter for a unix socket
 * @throws RangeError for a port or a mode that is out of range
 * @throws Error with a sentence that says what to do when the address is taken, or not to be had
 */
export async function makeServer(
  hostname: string,
  port: number,
  app: ApplicationLike,
  options: ServerOptions = {},
): Promise<WerkstattServer> {
  checkPlace("makeServer", hostname)
  const inner = asApplication(app, "makeServer")
  checkOptions("makeServer", options, SERVER_OPTIONS)
  return bindServer(hostname, port, inner, options)
}

/** @throws TypeError when the application was given first, or the hostname forgotten */
export function checkPlace(taker: string, hostname: unknown): void {
  if (typeof hostname === "string") return
  throw new TypeError(
    `${taker} takes a hostname, a port and an application, and the hostname is ${describe(hostname)}. ` +
      `Write: ${taker}("localhost", 4000, app)`,
  )
}

/** As `makeServer` does, for callers that have checked what they were given. */
export async function bindServer(
  hostname: string,
  port: number,
  app: Application,
  options: ServerOptions,
): Promise<WerkstattServer> {
  checkFrontPlace(hostname, port, options)
  const address = addressOf(hostname, port, options.fd, options.socketMode)
  const { sslContext, closeTimeoutMs = 10_000 } = options
  const tls = sslContext === undefined ? undefined : await loadSslContext(sslContext, hostname)
  const { server, drain, destroy } = applicationServer(app, options, tls)
  await listen(server, address)
  const closed = new Promise<void>((resolve) => server.once("close", () => resolve()))
  const close = closer(drain, destroy, closeTimeoutMs)
  return {
    host: hostname,
    ...boundAddress(server, hostname, schemeOf(options)),
    serveForever: () => closed,
    close: () => close(),
  }
}

/** What stands before the `://` of a server's URL. */
export function schemeOf({ protocol = "http", sslContext }: ServerOptions): string {
  return sslContext === undefined ? protocol : "https"
}

/** Codes with which WebSockets are closed (registry of RFC 6455 section 11.7). */
const GOING_AWAY = 1001
const SERVICE_RESTART = 1012

/**
 * Lets the requests at work finish, but not for ever; called again, it does not wait for them. `isReplaced` when another
 * process goes on serving: clients with a WebSocket are told that they may come again at once.
 */
export function closer(
  drain: (closeCode: number) => Promise<void>,
  destroy: (reason?: unknown) => void,
  timeoutMs: number,
): (isReplaced?: boolean) => Promise<void> {
  let closing: Promise<void> | undefined
  return async (isReplaced = false) => {
    if (closing !== undefined) {
      destroy()
      return closing
    }
    const timer = setTimeout(() => destroy(new Error("the server is shutting down")), timeoutMs)
    closing = drain(isReplaced ? SERVICE_RESTART : GOING_AWAY).finally(() => clearTimeout(timer))
    return closing
  }
}
