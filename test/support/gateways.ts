// For tests: a gateway on a free port, and a client that says exactly the bytes it is told.

import { once } from "node:events"
import { type AddressInfo, connect, type Socket } from "node:net"
import { onTestFinished } from "vitest"
import { createFastCgiServer, type FastCgiServerOptions } from "../../src/adapters/fastcgi.ts"
import { createScgiServer } from "../../src/adapters/scgi.ts"
import { createUwsgiServer } from "../../src/adapters/uwsgi.ts"
import type { Application } from "../../src/gateway.ts"
import type { GatewayName } from "./front-server.ts"
import { linted } from "./lint.ts"

const MAKERS = { scgi: createScgiServer, uwsgi: createUwsgiServer, fastcgi: createFastCgiServer }

export interface TestGateway {
  port: number
  /** What was written to the log. */
  errors: string[]
  drain(): Promise<void>
  connections(): Promise<number>
}

/** Serves `app` inside the linter until the test is over. */
export async function serveGateway(
  protocol: GatewayName,
  app: Application,
  { allow = [], ...options }: FastCgiServerOptions & { allow?: readonly string[] } = {},
): Promise<TestGateway> {
  const errors: string[] = []
  const write = (text: string) => void errors.push(text)
  const stream = { write, writeLines: (lines: Iterable<string>) => write([...lines].join("")), flush() {} }
  const wrapped = linted(app, { allow: ["L20", ...allow] })
  const { server, drain, destroy } = MAKERS[protocol](wrapped, { errors: stream, ...options })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => destroy())
  return {
    port: (server.address() as AddressInfo).port,
    errors,
    drain,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
  }
}

/** A connection that collects what it receives. */
export class GatewayClient {
  readonly socket: Socket
  readonly #chunks: Buffer[] = []
  isClosed = false
  #wake: () => void = () => {}

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    this.socket.setNoDelay(true)
    this.socket.on("error", () => {})
    this.socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#wake()
    })
    for (const event of ["end", "close"] as const) {
      this.socket.on(event, () => {
        this.isClosed = true
        this.#wake()
      })
    }
    onTestFinished(() => void this.socket.destroy())
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  send(...parts: (Uint8Array | string)[]): this {
    for (const part of parts) this.socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part)
    return this
  }

  /** Waits until what was received fulfils `test`, and gives it. */
  async until(test: (received: Buffer) => boolean): Promise<Buffer> {
    while (!test(this.received)) {
      if (this.isClosed) throw new Error(`closed after ${JSON.stringify(this.received.toString("latin1"))}`)
      await this.#change()
    }
    return this.received
  }

  /** Waits until the server has closed, and gives all that was received. */
  async end(): Promise<Buffer> {
    while (!this.isClosed) await this.#change()
    return this.received
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
