// Echoes over WebSocket: `node websocket.js werkstatt` or `node websocket.js bare`, which is ws alone. Answers its parent's "cpu"
// with its CPU time, and "memory" with its memory after a collection, whose time depends on all that is loaded and is no echo's.

import { once } from "node:events"
import { createServer as createHttpServer } from "node:http"
import { WebSocketServer } from "ws"
import { createServer } from "../../dist/adapters/node.js"
import { application, Response } from "../../dist/index.js"

function bare() {
  const server = createHttpServer((_request, response) => response.end())
  const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 1024 * 1024 })
  sockets.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  return server
}

function ours() {
  const app = application(() =>
    Response.websocket(async (socket) => {
      for await (const message of socket) await socket.send(message)
    }),
  )
  return createServer(app).server
}

const server = process.argv[2] === "bare" ? bare() : ours()
server.listen(0, "127.0.0.1")
await once(server, "listening")
process.on("message", (question) => {
  if (question === "memory") {
    globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    process.send({ rss, heapUsed })
    return
  }
  const { user, system } = process.cpuUsage()
  process.send({ cpuMs: (user + system) / 1000 })
})
process.on("disconnect", () => process.exit())
process.send({ port: server.address().port })
