// Serves the application with Bun.serve. Prints the port.

import { bunWebSocket } from "../../src/adapters/fetch.ts"
import { handle } from "./application.ts"

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  maxRequestBodySize: 1 << 30,
  fetch: handle,
  websocket: bunWebSocket,
})
console.log(`port ${server.port}`)
