// A server for an application that is bound and answering, without a process around it: no signals, no banner.
// run-simple.ts is that process; tests and programs of their own start here.

import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { createServer, type NodeServerOptions } from "../adapters/node.ts"
import type { Application } from "../gateway.ts"
import { accessLine } from "./access-log.ts"

/** What `makeServer` and `runSimple` take besides what the node adapter does. */
export interface ServerOptions extends NodeServerOptions {
  /** Whether each request is logged; true unless given. */
  accessLog?: boolean
  /** Takes each line of the access log, in place of standard error. */
  log?: (line: string) => void
  /** How long `close` waits for the requests at work before it breaks them off. Default 10000 ms. */
  closeTimeoutMs?: number
}

/** A server that listens. */
export interface WerkstattServer {
  /** The host that it was made for. */
  readonly host: string
  /** The port that it listens on; where 0 was asked for, the one that was free. */
  readonly port: number
  /** The URL of its root. */
  readonly url: string
  /** Resolves when the server has been closed. */
  serveForever(): Promise<void>
  /** Takes no further request, finishes those at work, and frees the port. A second call does not wait for them. */
  close(): Promise<void>
}

/**
 * Binds `app` to an address. The promise resolves when the port is bound and requests are answered.
 *
 * `localhost` is 127.0.0.1. Port 0 takes a free port.
 *
 * @throws RangeError for a port that is none
 * @throws Error with a sentence that says what to do when the address is taken, or not to be had
 */
export async function makeServer(
  hostname: string,
  port: number,
  app: Application,
  options: ServerOptions = {},
): Promise<WerkstattServer> {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`port must be a whole number from 0 to 65535, not ${String(port)}`)
  }
  const { accessLog = true, log = writeLine, closeTimeoutMs = 10_000, ...rest } = options
  const onFinished: NodeServerOptions["onFinished"] = accessLog
    ? (request) => {
        log(accessLine(request, new Date()))
        options.onFinished?.(request)
      }
    : options.onFinished
  const { server, drain, destroy } = createServer(app, { ...rest, ...(onFinished && { onFinished }) })
  try {
    server.listen({ port, host: hostname === "localhost" ? "127.0.0.1" : hostname })
    await once(server, "listening")
  } catch (error) {
    throw unavailable(error as NodeJS.ErrnoException, hostname, port)
  }
  const bound = (server.address() as AddressInfo).port
  const closed = new Promise<void>((resolve) => server.once("close", () => resolve()))

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    if (closing !== undefined) {
      destroy()
      return closing
    }
    const timer = setTimeout(() => destroy(new Error("the server is shutting down")), closeTimeoutMs)
    closing = drain().finally(() => clearTimeout(timer))
    return closing
  }
  return {
    host: hostname,
    port: bound,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`,
    serveForever: () => closed,
    close,
  }
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** The same error, in a sentence that says what to do about it. */
function unavailable(error: NodeJS.ErrnoException, hostname: string, port: number): Error {
  const sentence = sentenceFor(error.code, hostname, port)
  if (sentence === undefined) return error
  return Object.assign(new Error(sentence, { cause: error }), { code: error.code })
}

function sentenceFor(code: string | undefined, hostname: string, port: number): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} on ${hostname} is in use by another program. Stop that program, or choose another port (0 takes a free one).`
    case "EACCES":
      return `Port ${port} may not be used without more rights. Choose a port from 1024 up.`
    case "EADDRNOTAVAIL":
      return `${hostname} is not an address of this machine. Use localhost, or 0.0.0.0 for all addresses.`
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${hostname} is not a name that can be looked up. Use localhost, an address, or 0.0.0.0 for all addresses.`
    default:
      return undefined
  }
}
