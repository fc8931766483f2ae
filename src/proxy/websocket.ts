// A WebSocket that another server answers: the handshake is made there with the client's headers, and what either side says is passed
// on, message by message. So it does not matter how the client came here, and limits hold on both sides. The bytes towards the
// upstream are those of the package ws, which is optional.

import type { EventEmitter } from "node:events"
import type { IncomingMessage } from "node:http"
import type { Body, HeaderList, ServerWebSocket, WebSocketMessage } from "../gateway.ts"
import { clientHeaders } from "./proxy-request.ts"
import { UpstreamError, UpstreamTimeout } from "./upstream-exchange.ts"

/** What is used of a client of ws. */
interface WsClient extends EventEmitter {
  readonly bufferedAmount: number
  readonly protocol: string
  send(data: WebSocketMessage, options: { binary: boolean }, done: (error?: Error) => void): void
  close(code?: number, reason?: string): void
  terminate(): void
  ping(): void
  pause(): void
  resume(): void
}

type WsClientClass = new (url: string, protocols: readonly string[], options: object) => WsClient

/** A handshake for an upstream. */
export interface UpstreamHandshake {
  /** `http://` or `https://`, host and port. */
  origin: string
  /** Path and query. */
  target: string
  /** Names and values in turn. */
  headers: readonly string[]
  protocols: readonly string[]
  timeoutMs: number
  maxMessageBytes: number
  tls: Readonly<Record<string, unknown>> | undefined
}

/** What the upstream answered: a WebSocket, or any other response. */
export interface UpstreamAnswer {
  status: string
  headers: HeaderList
  body: Body
}

/** Bytes that may wait on one side before the other is not read any more. */
const AHEAD_BYTES = 64 * 1024
/** How often an upstream is asked whether it is there. */
const PING_MS = 30_000

let loading: Promise<WsClientClass> | undefined

function loadClient(): Promise<WsClientClass> {
  loading ??= import("ws").then(
    (found) => found.WebSocket as unknown as WsClientClass,
    (error: NodeJS.ErrnoException) => {
      loading = undefined
      const sentence = "httpProxy needs the package ws to pass WebSockets on: npm install ws"
      throw Object.assign(new Error(sentence, { cause: error }), { code: error.code })
    },
  )
  return loading
}

/**
 * Makes a handshake with an upstream.
 *
 * @throws UpstreamError when it can't be reached, or is no HTTP server
 */
export async function askWebSocket(handshake: UpstreamHandshake): Promise<UpstreamAnswer> {
  const Client = await loadClient()
  const { origin, target, protocols, timeoutMs, maxMessageBytes, tls } = handshake
  // A URL would make a slash of it.
  const url = origin.replace(/^http/, "ws") + target.replaceAll("\\", "%5C")
  return new Promise((resolve, reject) => {
    let isTimedOut = false
    let upgrade: IncomingMessage | undefined
    const client = new Client(url, protocols, {
      ...tls,
      headers: handshakeHeaders(handshake.headers),
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
    })
    const timer = setTimeout(() => {
      isTimedOut = true
      client.terminate()
    }, timeoutMs)
    client.on("upgrade", (response: IncomingMessage) => {
      upgrade = response
    })
    client.once("open", () => {
      clearTimeout(timer)
      client.pause()
      resolve({
        status: "101 Switching Protocols",
        headers: acceptedHeaders(upgrade?.rawHeaders ?? [], client.protocol),
        body: passing(client, maxMessageBytes),
      })
    })
    client.once("unexpected-response", (_request: unknown, response: IncomingMessage) => {
      clearTimeout(timer)
      const code = response.statusCode ?? 502
      resolve({
        status: `${code} ${response.statusMessage ?? ""}`,
        headers: clientHeaders(response.rawHeaders, code),
        body: { [Symbol.asyncIterator]: () => response[Symbol.asyncIterator](), close: () => void response.destroy() },
      })
    })
    client.on("error", (error: Error) => {
      clearTimeout(timer)
      reject(
        new UpstreamError(isTimedOut ? new UpstreamTimeout(`no answer within ${timeoutMs} ms`) : error, isTimedOut),
      )
    })
  })
}

/** ws says itself what belongs to its handshake. */
function handshakeHeaders(list: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string
    if (!name.startsWith("sec-websocket-")) headers[name] = list[i + 1] as string
  }
  return headers
}

function acceptedHeaders(raw: readonly string[], protocol: string): HeaderList {
  const headers = clientHeaders(raw).filter(([name]) => !/^(?:sec-websocket-.*|content-length)$/i.test(name))
  if (protocol !== "") headers.push(["Sec-WebSocket-Protocol", protocol])
  return headers
}

/** The body that connects a client with its upstream. */
function passing(upstream: WsClient, maxMessageBytes: number): Body {
  let isOpened = false
  return {
    async *[Symbol.asyncIterator]() {},
    websocketLimits: { maxMessageBytes },
    websocket: (socket) => {
      isOpened = true
      return passOn(socket, upstream)
    },
    // The client has left before it came to that.
    close: () => {
      if (!isOpened) upstream.terminate()
    },
  }
}

async function passOn(socket: ServerWebSocket, upstream: WsClient): Promise<void> {
  const over = new Promise<[code: number, reason: string]>((resolve) => {
    upstream.on("close", (code: number, reason: Buffer) => resolve([code, reason.toString()]))
  })
  upstream.on("message", (data: Buffer, isBinary: boolean) => {
    const sent = socket.send(isBinary ? data : data.toString())
    if (socket.bufferedBytes < AHEAD_BYTES) return
    upstream.pause()
    const resume = () => upstream.resume()
    sent.then(resume, resume)
  })
  const timer = watch(upstream)
  upstream.resume()
  const closing = over.then(([code, reason]) => socket.close(sendable(code, 1014), reason))
  try {
    for await (const message of socket) await sendUpstream(upstream, message)
    upstream.close(sendable(socket.closeCode ?? 1005, 1001), socket.closeReason)
    await closing
  } finally {
    clearInterval(timer)
    upstream.terminate()
  }
}

async function sendUpstream(upstream: WsClient, message: WebSocketMessage): Promise<void> {
  const isAhead = upstream.bufferedAmount > AHEAD_BYTES
  const sent = new Promise<void>((resolve) => {
    // What can't be sent any more shows in the close.
    upstream.send(message, { binary: typeof message !== "string" }, () => resolve())
  })
  if (isAhead) await sent
}

/** Breaks off with an upstream that has gone without a word. */
function watch(upstream: WsClient): ReturnType<typeof setInterval> {
  let isAsked = false
  upstream.on("pong", () => {
    isAsked = false
  })
  const timer = setInterval(() => {
    if (isAsked) return upstream.terminate()
    isAsked = true
    upstream.ping()
  }, PING_MS)
  timer.unref()
  return timer
}

/** 1005, no code, goes on as 1000; one that never is sent, as 1006, as `instead`. */
function sendable(code: number, instead: number): number {
  if (code === 1005) return 1000
  return code === 1006 || code === 1015 ? instead : code
}
