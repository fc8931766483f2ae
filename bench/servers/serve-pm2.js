// The same application on the node adapter, for pm2's cluster mode, with the end that pm2's documentation advises.

import { createServer } from "../../dist/adapters/node.js"
import { app } from "./serve-app.js"

const { server, drain } = createServer(app, { keepAliveTimeoutMs: 60_000 })
server.listen(Number(process.env.BENCH_PORT), "127.0.0.1", () => process.send?.("ready"))
process.on("SIGINT", async () => {
  await drain()
  process.exit()
})
