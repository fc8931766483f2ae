// A server for connections.load.ts, in a process of its own with little memory. Its application waits a moment for each request.
//   node slow-server.mjs plain|tls

import { createServer as createHttpsServer } from "node:https"
import { createServer, serverSettings, setUpServer } from "werkstatt/adapters/node"

const app = async (environ, startResponse) => {
  await new Promise((resolve) => setTimeout(resolve, 1))
  for await (const _chunk of environ["wsgi.input"]);
  startResponse("200 OK", [["Content-Length", "2"]])
  return [new TextEncoder().encode("ok")]
}

const pair = process.env["TLS_PAIR"]
const made =
  process.argv[2] === "tls"
    ? setUpServer(createHttpsServer({ ...serverSettings(), ...JSON.parse(pair) }), app)
    : createServer(app)
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
