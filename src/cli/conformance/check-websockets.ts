// Runs the table of WebSockets against a server that serves the conformance application, with the client of the package ws, which finds
// what is wrong with frames by itself.

import type { EventEmitter } from "node:events"
import type { IncomingMessage } from "node:http"
import type { WebSocketMessage } from "../../gateway.ts"
import { differences } from "../../testing/conformance.ts"
import { CASE_HEADER } from "../../testing/conformance-application.ts"
import {
  type WebSocketConformanceCase,
  type WebSocketConformanceRequest,
  type WebSocketStep,
  websocketConformance,
} from "../../testing/conformance-websockets.ts"
import type { Problem } from "./check.ts"
import type { Place } from "./place.ts"
import { reportOf } from "./report.ts"

/** What is used of a client of ws. */
interface WsClient extends EventEmitter {
  send(data: WebSocketMessage): void
  ping(data: string): void
  close(code: number, reason?: string): void
  terminate(): void
}

type WsClientClass = new (url: string, protocols: readonly string[], options: object) => WsClient

/** What came of a case, as the client saw it. */
interface Seen {
  status: string
  headers: [string, string][]
  body: Uint8Array
  closeCode: number | undefined
  closeReason: string
  found: string[]
}

/**
 * Asks for every case of the table, one after the other. Undefined for a server that takes no WebSockets: it refuses the first.
 *
 * @throws Error that names the package when ws is not installed
 */
export async function checkWebSockets(place: Place): Promise<Problem[] | undefined> {
  const Client = await loadClient()
  const problems: Problem[] = []
  for (const [index, each] of websocketConformance.entries()) {
    const problem = await checkCase(Client, each, index, place)
    if (index === 0 && problem?.found[0] === NOT_TAKEN) return undefined
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

const NOT_TAKEN = "status is 426, not 101"

async function loadClient(): Promise<WsClientClass> {
  try {
    const { WebSocket } = await import("ws")
    return WebSocket as unknown as WsClientClass
  } catch (error) {
    throw new Error("WebSockets are checked with the package ws: npm install ws", { cause: error })
  }
}

async function checkCase(
  Client: WsClientClass,
  [name, , request, expected]: WebSocketConformanceCase,
  index: number,
  place: Place,
): Promise<Problem | undefined> {
  const which = `websocket ${index}`
  const seen = await talk(Client, request, which, place)
  const { status, headers, body } = expected
  const wanted = body === undefined ? { status, headers: headers ?? {} } : { status, headers: headers ?? {}, body }
  const found = seen.status === "" ? ["there was no answer"] : differences(wanted, seen)
  found.push(...seen.found)
  for (const what of ["closeCode", "closeReason"] as const) {
    const should = expected[what]
    if (should === undefined || seen[what] === should) continue
    found.push(`${what} is ${JSON.stringify(seen[what])}, not ${JSON.stringify(should)}`)
  }
  const { notes, breaches } = await reportOf(which, expected.notes?.length ?? 0, place)
  if (expected.notes !== undefined && JSON.stringify(notes) !== JSON.stringify(expected.notes)) {
    found.push(`the application saw ${JSON.stringify(notes)}, not ${JSON.stringify(expected.notes)}`)
  }
  for (const { message } of breaches) found.push(message)
  if (found.length === 0) return undefined
  const rules = breaches.length > 0 ? breaches.map(({ rule }) => rule) : (expected.breaks ?? ["L37"])
  return { name, rules: [...new Set(rules)], found }
}

/** Makes the handshake, takes the steps, and waits until the socket is closed. */
async function talk(
  Client: WsClientClass,
  { target = "/", headers = [], protocols = [], version = 13, steps = [] }: WebSocketConformanceRequest,
  which: string,
  { hostname, port, isSecure, timeoutMs }: Place,
): Promise<Seen> {
  const seen: Seen = {
    status: "",
    headers: [],
    body: new Uint8Array(),
    closeCode: undefined,
    closeReason: "",
    found: [],
  }
  const host = hostname.includes(":") ? `[${hostname}]` : hostname
  const client = new Client(`${isSecure ? "wss" : "ws"}://${host}:${port}${target}`, protocols, {
    headers: Object.fromEntries([...headers, [CASE_HEADER, which]]),
    protocolVersion: version,
    perMessageDeflate: false,
    rejectUnauthorized: false,
  })
  const events = new Events(client)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    client.terminate()
  }, timeoutMs)
  const answered = (response: IncomingMessage) => {
    seen.status = `${response.statusCode} ${response.statusMessage}`
    for (let i = 0; i < response.rawHeaders.length; i += 2) {
      seen.headers.push([response.rawHeaders[i] as string, response.rawHeaders[i + 1] as string])
    }
  }
  client.on("upgrade", answered)
  client.on("unexpected-response", async (_request: unknown, response: IncomingMessage) => {
    answered(response)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer)
    } catch {
      seen.found.push("the response was broken off")
    }
    seen.body = Buffer.concat(chunks)
    events.end()
  })
  client.on("error", (error: Error) => {
    if (!isLate) seen.found.push(error.message)
    // Without a connection there is no close.
    if (seen.status === "") events.end()
  })
  client.on("close", (code: number, reason: Buffer) => {
    seen.closeCode = code
    seen.closeReason = reason.toString()
    events.end()
  })
  client.on("open", () => void takeSteps(client, events, steps, seen.found))
  await events.over
  clearTimeout(timer)
  if (isLate) seen.found.push(`the WebSocket was not closed within ${timeoutMs} ms`)
  return seen
}

async function takeSteps(
  client: WsClient,
  events: Events,
  steps: readonly WebSocketStep[],
  found: string[],
): Promise<void> {
  for (const step of steps) {
    if (step[0] === "send") client.send(step[1])
    else if (step[0] === "close") client.close(step[1], step[2])
    else if (step[0] === "break off") client.terminate()
    else if (step[0] === "ping") {
      client.ping(step[1])
      compare("the pong", await events.pong(), step[1], found)
    } else compare("a message", await events.message(), step[1], found)
  }
}

function compare(what: string, actual: WebSocketMessage | undefined, wanted: WebSocketMessage, found: string[]): void {
  const [is, should] = [shown(actual), shown(wanted)]
  if (is !== should) found.push(`${what} is ${is}, not ${should}`)
}

function shown(message: WebSocketMessage | undefined): string {
  if (message === undefined) return "missing"
  return typeof message === "string" ? JSON.stringify(message) : `the bytes ${Buffer.from(message).toString("hex")}`
}

/** What comes from the server, in order, for the check that waits for it. */
class Events {
  /** Resolves when nothing will come any more. */
  readonly over: Promise<void>
  #tellOver: () => void = () => {}
  readonly #messages: Queue<WebSocketMessage> = new Queue()
  readonly #pongs: Queue<string> = new Queue()

  constructor(client: WsClient) {
    this.over = new Promise((resolve) => {
      this.#tellOver = resolve
    })
    client.on("message", (data: Buffer, isBinary: boolean) => this.#messages.push(isBinary ? data : data.toString()))
    client.on("pong", (data: Buffer) => this.#pongs.push(data.toString()))
  }

  message(): Promise<WebSocketMessage | undefined> {
    return this.#messages.next()
  }

  pong(): Promise<string | undefined> {
    return this.#pongs.next()
  }

  end(): void {
    this.#messages.end()
    this.#pongs.end()
    this.#tellOver()
  }
}

class Queue<T> {
  readonly #values: T[] = []
  #wake: (() => void) | undefined = undefined
  #isOver = false

  push(value: T): void {
    this.#values.push(value)
    this.#wake?.()
  }

  end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  async next(): Promise<T | undefined> {
    while (this.#values.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#values.shift()
  }
}
