// Upstreams for tests: a server that answers with bytes of the test's choice, and one of node:http that tells what it got.

import { once } from "node:events"
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"
import { onTestFinished } from "vitest"

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => {})
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Called for each request head that came in, with the number of its connection. */
export type RawHandler = (socket: Socket, head: string, connection: number) => void

/** A server that knows no HTTP: heads are cut at the empty line, bodies are not looked at. */
export async function rawUpstream(handler: RawHandler): Promise<string> {
  let connections = 0
  return listening(
    createServer((socket) => {
      const connection = ++connections
      let text = ""
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1")
        for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
          const head = text.slice(0, end)
          text = text.slice(end + 4)
          handler(socket, head, connection)
        }
      })
    }),
  )
}

/** What an upstream was asked. */
export interface Seen {
  method: string
  url: string
  headers: [name: string, value: string][]
  body: Buffer
}

/** A server of node:http; answers with what it was asked, in JSON, unless told otherwise. */
export async function httpUpstream(
  answer?: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createHttpServer(async (request, response) => {
    if (answer !== undefined) return answer(request, response)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      // The proxy has gone, since its client has sent no proper body.
      return
    }
    const headers: [string, string][] = []
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      headers.push([(request.rawHeaders[i] as string).toLowerCase(), request.rawHeaders[i + 1] as string])
    }
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers, body: Buffer.concat(chunks) })
    response.writeHead(200, { "Content-Type": "text/plain", "X-Path": request.url ?? "" })
    response.end("from upstream")
  })
  return { url: await listening(server), seen }
}

/** A port on which nobody listens. */
export async function refusingUpstream(): Promise<string> {
  const server = createServer()
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}
