// How runtimes that call a fetch handler take a WebSocket, each in its own way: Bun's server upgrades a Request, Deno makes a
// response for one, Workers make a pair of sockets. Which of them is here is seen by what it brings.
// The runtime makes the frames.

import type { OpenWebSocket, WebSocketCarrier } from "../../running/websocket.ts"
import { type BunServer, upgradeOnBun } from "./bun-websocket.ts"
import { carryStandard, type StandardSocket } from "./standard-websocket.ts"

/** What came of a handshake. */
export interface Upgraded {
  /** What the handler has to return. */
  readonly response: Response
  /** Resolves when messages can be sent, which may be after the handler has returned the response. */
  readonly carrier: WebSocketCarrier | Promise<WebSocketCarrier>
}

/**
 * Accepts the handshake of a request with these fields, and has `socket` take what comes.
 *
 * @throws what the runtime throws when it can't
 */
export type Upgrade = (request: Request, fields: readonly [string, string][], socket: OpenWebSocket) => Upgraded

interface DenoNamespace {
  upgradeWebSocket?: (request: Request) => { socket: StandardSocket; response: Response }
}

interface Runtime {
  Deno?: DenoNamespace
  WebSocketPair?: new () => { 0: object; 1: StandardSocket & { accept(): void } }
}

/**
 * How a handshake is accepted here; undefined where no runtime can.
 *
 * @param rest what the runtime called the handler with, besides the Request
 */
export function upgradeOf(rest: readonly unknown[]): Upgrade | undefined {
  const server = rest.find(isBunServer)
  if (server !== undefined) {
    // Bun answers by itself, and the handler returns nothing.
    return (...call) => ({ response: undefined as unknown as Response, carrier: upgradeOnBun(server, ...call) })
  }
  const { Deno, WebSocketPair } = globalThis as Runtime
  if (typeof Deno?.upgradeWebSocket === "function") return upgradeOnDeno
  return typeof WebSocketPair === "function" ? upgradeOnWorkers : undefined
}

function isBunServer(argument: unknown): argument is BunServer {
  return typeof (argument as Partial<BunServer> | null | undefined)?.upgrade === "function"
}

const upgradeOnDeno: Upgrade = (request, fields, socket) => {
  const { Deno } = globalThis as unknown as { Deno: Required<DenoNamespace> }
  const { socket: own, response } = Deno.upgradeWebSocket(request)
  // Not by its option `protocol`, which takes no list without spaces.
  for (const [name, value] of fields) response.headers.append(name, value)
  const carrier = carryStandard(own, socket)
  const opened = new Promise<WebSocketCarrier>((resolve) => {
    own.addEventListener("open", () => resolve(carrier))
    // The driver finds a socket that is closed.
    socket.afterClose(() => resolve(carrier))
  })
  return { response, carrier: opened }
}

const upgradeOnWorkers: Upgrade = (_request, fields, socket) => {
  const { WebSocketPair } = globalThis as unknown as Required<Runtime>
  const { 0: client, 1: own } = new WebSocketPair()
  const init = { status: 101, headers: new Headers(fields as [string, string][]), webSocket: client }
  const response = new Response(null, init)
  const carrier = carryStandard(own, socket)
  own.accept()
  return { response, carrier }
}
