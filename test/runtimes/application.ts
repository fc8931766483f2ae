// What the servers of test:runtimes serve: the conformance table, and a few bodies to watch. Runs on every runtime.

import { toFetch } from "../../src/adapters/fetch.ts"
import type { Application, ServerWebSocket } from "../../src/gateway.ts"
import { conformanceApplication } from "../../src/testing/conformance-application.ts"

const encode = (text: string) => new TextEncoder().encode(text)
const quiet = { write() {}, writeLines() {}, flush() {} }

/** What the bodies below have seen. */
const seen = { chunks: 0, finally: 0, closed: 0, aborted: 0 }

const say = (text: string): Application => {
  return (_environ, start) => {
    start("200 OK", [["Content-Type", "text/plain"]])
    return [encode(text)]
  }
}

function accepting(websocket: (socket: ServerWebSocket) => Promise<void>): Application {
  return (_environ, start) => {
    start("101 Switching Protocols", [])
    return { async *[Symbol.asyncIterator]() {}, websocket, close: () => void seen.closed++ }
  }
}

const pages: Record<string, Application> = {
  "/seen": (environ, start) => say(JSON.stringify(seen))(environ, start),
  "/address": (environ, start) => say(String(environ.REMOTE_ADDR))(environ, start),
  // Endless: what it makes is what the client took, and some.
  "/chunks": (environ, start) => {
    start("200 OK", [["Content-Type", "application/octet-stream"]])
    const signal = environ["wsgi.signal"] as AbortSignal
    signal.addEventListener("abort", () => void seen.aborted++)
    const body = (async function* () {
      try {
        for (;;) {
          seen.chunks++
          yield new Uint8Array(64 * 1024)
          await new Promise((resolve) => setTimeout(resolve, 0))
        }
      } finally {
        seen.finally++
      }
    })()
    return Object.assign(body, { close: () => void seen.closed++ })
  },
  "/events": (_environ, start) => {
    start("200 OK", [["Content-Type", "text/event-stream"]])
    const body = (async function* () {
      try {
        for (let count = 0; ; count++) {
          yield encode(`data: ${count}\n\n`)
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      } finally {
        seen.finally++
      }
    })()
    return Object.assign(body, { close: () => void seen.closed++ })
  },
  // Endless, as fast as the client takes them.
  "/flood": accepting(async (socket) => {
    while (socket.closeCode === undefined) {
      await socket.send(new Uint8Array(64 * 1024))
      seen.chunks++
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
  }),
  // Reads nothing.
  "/deaf": accepting(async (socket) => {
    await new Promise<void>((resolve) => socket.signal.addEventListener("abort", () => resolve()))
  }),
  "/upload": async (environ, start) => {
    let bytes = 0
    for await (const chunk of environ["wsgi.input"]) bytes += chunk.length
    return say(String(bytes))(environ, start)
  },
}

const app: Application = (environ, start) => {
  if ("HTTP_X_CONFORMANCE_CASE" in environ) return conformanceApplication(environ, start)
  return (pages[environ.PATH_INFO] ?? say("hello"))(environ, start)
}

/** The handler of each runtime, which passes the client's address in a way of its own. */
export const handle: (request: Request, ...rest: unknown[]) => Promise<Response> = toFetch(app, {
  errors: quiet,
  environ: (request, ...rest) => ({ REMOTE_ADDR: addressOf(request, rest[0]) }),
})

function addressOf(request: Request, info: unknown): string | undefined {
  const { requestIP, remoteAddr } = (info ?? {}) as {
    requestIP?(request: Request): { address: string } | null
    remoteAddr?: { hostname: string }
  }
  return requestIP === undefined
    ? remoteAddr?.hostname
    : (info as { requestIP: typeof requestIP }).requestIP(request)?.address
}
