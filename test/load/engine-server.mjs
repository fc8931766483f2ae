// A server for test/adapters/net/endurance.engine.ts, in a process of its own with little memory, over the engine of node:net.

import { readdirSync } from "node:fs"
import { createNetServer } from "werkstatt/adapters/net"
import { Request, Response } from "werkstatt/wrappers"

let failures = 0
const app = Request.application(async (request) => {
  if (request.path === "/stream") {
    return new Response(
      (async function* () {
        for (let i = 0; i < 50; i++) {
          yield `${"x".repeat(2000)}\n`
          if (i % 10 === 0) await new Promise(setImmediate)
        }
      })(),
    )
  }
  if (request.path === "/early") return new Response("early", { status: 413 })
  if (request.path === "/slow") await new Promise((resolve) => setTimeout(resolve, 5))
  return new Response(`${request.method} ${(await request.data()).length}`)
})
const silent = { write: () => {}, writeLines: () => {}, flush: () => {} }
const { server } = createNetServer(app, { errors: silent, onError: () => failures++, halfCloseGraceMs: 200 })
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }))

// A fault that ends the process is seen as its exit.
process.on("message", () => {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  const descriptors = readdirSync("/proc/self/fd").length
  server.getConnections((_error, connections) => {
    process.send({ heap: heapUsed, external, descriptors, connections, failures })
  })
})
process.on("disconnect", () => process.exit())
