// A server for connections.load.ts, in a process of its own with little memory. Its application waits a moment for each request.
//   node slow-server.mjs plain|tls

import { createServer as createHttpsServer } from "node:https"
import { createServer as createTlsServer } from "node:tls"
import { setUpNetServer } from "werkstatt/adapters/net"
import { createServer, serverSettings, setUpServer } from "werkstatt/adapters/node"

const app = async (environ, startResponse) => {
  await new Promise((resolve) => setTimeout(resolve, 1))
  for await (const _chunk of environ["wsgi.input"]);
  startResponse("200 OK", [["Content-Length", "2"]])
  return [new TextEncoder().encode("ok")]
}

const engine = process.env["WERKSTATT_ENGINE"] ?? "http"
const pair = JSON.parse(process.env["TLS_PAIR"])
const made =
  process.argv[2] !== "tls"
    ? createServer(app, { engine })
    : engine === "net"
      ? setUpNetServer(createTlsServer({ noDelay: true, ...pair }), app)
      : setUpServer(createHttpsServer({ ...serverSettings(), ...pair }), app)
made.server.listen(0, "127.0.0.1", () => process.send({ port: made.server.address().port }))
let peak = 0
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().heapUsed)
}, 50).unref()
process.on("message", (message) => {
  if (message === "peak") process.send({ peak })
  if (message === "drain") made.drain().then(() => process.send({ drained: true }))
})
process.on("disconnect", () => process.exit())
