// A handler of the form (request, response, next) as an application, or as a layer around one. The handler gets a request and a
// response of node:http that are on no connection. What it hands on by `next` is answered by the application inside, through the same
// response, so that what the handler has set there or put in front of it holds.

import { type IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { asApplication } from "../../as-application.ts"
import type { Application, ApplicationLike, Body, Environ, HeaderList, StartResponse, Write } from "../../gateway.ts"
import { CONNECTION_FIELDS } from "../../http/fields.ts"
import { asciiLower } from "../../http/tokens.ts"
import { describe } from "../../mistakes/describe.ts"
import { runInMemory } from "../../running/memory-exchange.ts"
import { isThenable } from "../../thenable.ts"
import { setFields } from "../node/fields.ts"
import { InnerRequest } from "./inner-request.ts"
import { InnerSocket } from "./inner-socket.ts"

/** A handler of Express, Connect, or of node:http. Frameworks have types of their own for request and response. */
export type ConnectHandler = {
  call(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): unknown
}["call"]

/** An application object of a framework that is not itself a function: of Koa, of Fastify. */
export type NodeApplication =
  | { callback(): ConnectHandler }
  | { routing: ConnectHandler; ready(): PromiseLike<unknown> }

/** The key of an environ under which the application inside finds the request that the handler got, with what it put there. */
const REQUEST_KEY = "werkstatt.connect_request"

/**
 * An application from a handler: an application of Express or Connect, of Koa, of Fastify, or a function
 * `(request, response, next)`.
 *
 * With `next` the handler is a layer around that application, as helmet, morgan, passport and compression are: `next()` has the
 * application answer, `next(error)` is a failure. Without it, what is handed on is a 404. The application finds the handler's request in
 * `environ["werkstatt.connect_request"]`, and the handler finds the environ in `request.environ`.
 *
 * @throws TypeError for what is no handler
 */
export function fromConnect(handler: ConnectHandler | NodeApplication, next?: ApplicationLike): Application {
  const handle = handlerOf(handler)
  const inner = next === undefined ? notFound : asApplication(next, "fromConnect")
  return (environ, startResponse) => new Call(handle, inner, environ, startResponse).body
}

function handlerOf(handler: ConnectHandler | NodeApplication): ConnectHandler {
  // Applications of Fastify and Koa have methods in abundance; these two are what they are made for.
  if (typeof handler === "object" && handler !== null) {
    if ("callback" in handler && typeof handler.callback === "function") return handler.callback()
    if ("routing" in handler && typeof handler.routing === "function") {
      let ready: PromiseLike<unknown> | undefined
      return async (request, response) => {
        ready ??= handler.ready()
        await ready
        handler.routing(request, response, () => {})
      }
    }
  }
  if (typeof handler === "function") return handler
  throw new TypeError(`fromConnect takes a function (request, response, next), not ${describe(handler)}`)
}

const notFound: Application = (_environ, startResponse) => {
  startResponse("404 Not Found", [["Content-Type", "text/plain; charset=utf-8"]])
  return [new TextEncoder().encode("Not Found\n")]
}

/** One request in a handler. */
class Call {
  /** Settles when the head is there, or the handler has failed before. */
  readonly body: Promise<Body>
  readonly #inner: Application
  readonly #environ: Environ
  readonly #startResponse: StartResponse
  readonly #socket: InnerSocket
  readonly #request: InnerRequest
  readonly #response: ServerResponse
  #resolve!: (body: Body) => void
  #reject!: (error: unknown) => void
  #isHandedOn = false

  constructor(handle: ConnectHandler, inner: Application, environ: Environ, startResponse: StartResponse) {
    this.#inner = inner
    this.#environ = environ
    this.#startResponse = startResponse
    this.body = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#socket = new InnerSocket(environ, startResponse, () => this.#resolve(this.#socket))
    // To handlers it is a socket as far as they use one.
    const socket = this.#socket as unknown as Socket
    this.#request = new InnerRequest(socket, environ)
    this.#response = new ServerResponse(this.#request)
    environ[REQUEST_KEY] = this.#request
    this.#response.assignSocket(socket)
    this.#watch()
    this.#run(handle)
  }

  #watch(): void {
    const socket = this.#socket
    const signal = this.#environ["wsgi.signal"]
    const onAbort = () => socket.destroy()
    signal?.addEventListener("abort", onAbort)
    this.#response.once("finish", () => {
      signal?.removeEventListener("abort", onAbort)
      socket.complete()
      socket.destroy()
    })
    socket.once("close", () => {
      signal?.removeEventListener("abort", onAbort)
      this.#reject(socket.failure)
      // As on a connection: a reader that waits for the rest of the body learns that it will not come.
      if (!this.#request.complete) this.#request.destroy()
    })
    this.#request.on("error", () => {})
  }

  #run(handle: ConnectHandler): void {
    try {
      const result = handle(this.#request, this.#response, (error) => this.#handOn(error))
      if (isThenable(result)) result.then(undefined, (error) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#reject(error)
    this.#socket.fail(error)
    this.#socket.destroy()
  }

  #handOn(error: unknown): void {
    // Express has two words that are no errors, for routers that are left.
    if (error !== undefined && error !== null && error !== "route" && error !== "router") {
      this.#fail(error instanceof Error ? error : new Error(`the handler failed: ${String(error)}`, { cause: error }))
      return
    }
    if (this.#isHandedOn) return
    this.#isHandedOn = true
    this.#answer().catch((failure) => this.#fail(failure))
  }

  /** Has the application inside answer through the handler's response. */
  async #answer(): Promise<void> {
    const response = this.#response
    const environ = this.#environ
    // Callbacks of the request are called by the server outside, when the whole is over.
    const outline = { REQUEST_METHOD: environ.REQUEST_METHOD, "wsgi.errors": environ["wsgi.errors"] } as Environ
    let isAccepted = false
    const { status, headers, body } = await runInMemory(async (_, startResponse) => {
      const answered = await this.#inner(environ, (line, fields, error) => {
        isAccepted = line.startsWith("101") && environ["wsgi.websocket"] !== undefined
        return isAccepted ? this.#accept(line, fields) : startResponse(line, fields, error)
      })
      if (!isAccepted) return answered
      this.#resolve(answered)
      startResponse("204 No Content", [])
      return []
    }, outline)
    if (isAccepted) {
      // The handler's response is none.
      this.#socket.complete()
      this.#socket.destroy()
      return
    }
    try {
      if (response.destroyed) return
      setFields(response, headers.flat())
      response.writeHead(Number(status.slice(0, 3)), status.slice(4))
      for await (const chunk of body) {
        if (!response.write(chunk) && !(await drained(response))) return
      }
      response.end()
    } finally {
      await body.close?.()
    }
  }

  /** A WebSocket is no response of the handler's: the server outside takes it, with the fields that the handler has set. */
  #accept(status: string, headers: HeaderList): Write {
    const own = headers.map(([name]) => asciiLower(name))
    const set = Object.entries(this.#response.getHeaders()).flatMap(
      ([name, value]): HeaderList => [value ?? []].flat().map((each) => [name, String(each)]),
    )
    const further = set.filter(([name]) => !own.includes(name) && !CONNECTION_FIELDS.has(name))
    return this.#startResponse(status, [...headers, ...further])
  }
}

/** Resolves to true when there is room, to false when the response is over before. */
function drained(response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false)
  return new Promise((resolve) => {
    const onDrain = () => settle(true)
    const onClose = () => settle(false)
    const settle = (hasRoom: boolean) => {
      response.removeListener("drain", onDrain)
      response.removeListener("close", onClose)
      resolve(hasRoom)
    }
    response.on("drain", onDrain)
    response.on("close", onClose)
  })
}
