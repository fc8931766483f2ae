// A server of HTTP/2 for http2-limits.load.ts, in a process of its own with little memory. All its times are about a second.

import { createSecureServer } from "node:http2"
import { serverSettings, setUpServer } from "werkstatt/adapters/node"

const limits = {
  firstByteTimeoutMs: 1000,
  headersTimeoutMs: 1000,
  requestTimeoutMs: 1500,
  keepAliveTimeoutMs: 1000,
  sendTimeoutMs: 1000,
}
let begun = 0
let closed = 0

async function* endless() {
  begun++
  try {
    for (;;) yield new Uint8Array(10_000)
  } finally {
    closed++
  }
}

const app = async (environ, startResponse) => {
  if (environ.PATH_INFO === "/read") for await (const _chunk of environ["wsgi.input"]);
  startResponse("200 OK", [["Content-Type", "text/plain"]])
  return environ.PATH_INFO === "/endless" ? endless() : [new TextEncoder().encode("ok")]
}

const silent = { write() {}, writeLines() {}, flush() {} }
const http2 = createSecureServer({
  ...serverSettings(limits),
  allowHTTP1: true,
  ...JSON.parse(process.env["TLS_PAIR"]),
})
const { server } = setUpServer(http2, app, { errors: silent, ...limits })
let connections = 0
server.on("connection", (socket) => {
  connections++
  socket.once("close", () => connections--)
})
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }))
let peak = 0
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().heapUsed)
}, 50).unref()
process.on("message", () => process.send({ peak, begun, closed, connections }))
process.on("disconnect", () => process.exit())
