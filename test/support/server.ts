// A real server on a free port of 127.0.0.1, and a client that says exactly the bytes it is told.

import { once } from "node:events"
import { type AddressInfo, connect, type Socket } from "node:net"
import { onTestFinished } from "vitest"
import { createServer, type NodeServerOptions } from "../../src/adapters/node.ts"
import type { Application, ErrorStream } from "../../src/gateway.ts"
import { linted } from "./lint.ts"

/** Whether servers are of node:http here: the same tests run over the engine of node:net (test/over-net.ts). */
export const isOverNodeHttp: boolean = "maxHeadersCount" in createServer(() => []).server

export interface TestServer {
  port: number
  /** What was written to wsgi.errors, one entry for each write. */
  errors: string[]
  drain(): Promise<void>
}

export interface ServeOptions extends NodeServerOptions {
  /** Rules of the linter that are not held against application and server, besides L20: little applications tell no Content-Type. */
  allow?: readonly string[]
}

/** Serves `app` inside the linter until the test is over, so that what the server does is checked as well. */
export function serve(app: Application, { allow = [], ...options }: ServeOptions = {}): Promise<TestServer> {
  return serveUnlinted(linted(app, { allow: ["L20", ...allow] }), options)
}

/** Without the linter: for an application that it would refuse before the server does, and for what it would hide of the server. */
export async function serveUnlinted(app: Application, options: NodeServerOptions = {}): Promise<TestServer> {
  const errors: string[] = []
  const stream: ErrorStream = { write: (text) => void errors.push(text), writeLines: () => {}, flush: () => {} }
  const { server, drain, destroy } = createServer(app, { errors: stream, ...options })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => destroy())
  return { port: (server.address() as AddressInfo).port, errors, drain }
}

/** A connection that collects what it receives as Latin-1 text. */
export class RawClient {
  readonly socket: Socket
  received = ""
  /** The connection was ended by the server, in an orderly way or not. */
  closed = false
  reset = false
  #wake: (() => void) | undefined

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    this.socket.setNoDelay(true)
    this.socket.on("data", (chunk: Buffer) => {
      this.received += chunk.toString("latin1")
      this.#wake?.()
    })
    this.socket.on("end", () => {
      this.closed = true
      this.#wake?.()
    })
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") this.reset = true
    })
    this.socket.on("close", () => {
      this.closed = true
      this.#wake?.()
    })
    onTestFinished(() => void this.socket.destroy())
  }

  send(text: string | Uint8Array): this {
    this.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text)
    return this
  }

  /** Waits until what was received fulfils `test`; fails after `ms`. */
  async until(test: (received: string) => boolean, ms = 15_000): Promise<string> {
    const deadline = Date.now() + ms
    while (!test(this.received)) {
      const left = deadline - Date.now()
      if (left <= 0 || this.closed)
        throw new Error(`not received within ${ms} ms; got ${JSON.stringify(this.received.slice(0, 500))}`)
      await this.#wait(left)
    }
    return this.received
  }

  /** Waits until the server has closed the connection; gives all that was received. */
  async end(ms = 15_000): Promise<string> {
    const deadline = Date.now() + ms
    while (!this.closed) {
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`not closed within ${ms} ms; got ${JSON.stringify(this.received.slice(0, 500))}`)
      await this.#wait(left)
    }
    return this.received
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, 200))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Sends `text` and gives all that comes back until the server closes. Ask for `Connection: close` in the request. */
export async function talk(port: number, text: string | Uint8Array): Promise<string> {
  return new RawClient(port).send(text).end()
}

/** GET with `Connection: close`: status line, headers by lower-cased name, body. */
export async function get(port: number, target: string, ...fields: string[]): Promise<Answer> {
  const head = [`GET ${target} HTTP/1.1`, "Host: localhost", "Connection: close", ...fields]
  return parseAnswer(await talk(port, `${head.join("\r\n")}\r\n\r\n`))
}

export interface Answer {
  status: string
  fields: [string, string][]
  header(name: string): string | undefined
  body: string
}

/** Takes one response apart, as Latin-1 text; a chunked body is joined. */
export function parseAnswer(text: string): Answer {
  const end = text.indexOf("\r\n\r\n")
  const [line = "", ...lines] = text.slice(0, end === -1 ? text.length : end).split("\r\n")
  const fields = lines.map((each): [string, string] => {
    const colon = each.indexOf(":")
    return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()]
  })
  const header = (name: string) => fields.find(([each]) => each === name)?.[1]
  const rest = end === -1 ? "" : text.slice(end + 4)
  return { status: line, fields, header, body: header("transfer-encoding") === "chunked" ? dechunk(rest) : rest }
}

function dechunk(text: string): string {
  let body = ""
  let at = 0
  for (;;) {
    const end = text.indexOf("\r\n", at)
    const size = Number.parseInt(text.slice(at, end), 16)
    if (end === -1 || !(size > 0)) return body
    body += text.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
  }
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A plain answer. */
export const answering =
  (text: string, status = "200 OK"): Application =>
  (_environ, startResponse) => {
    startResponse(status, [["Content-Type", "text/plain"]])
    return [encode(text)]
  }
