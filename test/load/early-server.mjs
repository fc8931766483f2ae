// A server for early-answers.load.ts, in a process of its own with little memory: applications that answer before the body is over.

import { createServer } from "werkstatt/adapters/node"
import { bodyLimit, dispatcher } from "werkstatt/middleware"
import { Request, Response } from "werkstatt/wrappers"

class SmallForms extends Request {
  maxFormMemorySize = 1000
}

const tooLarge = () => new Response("too large", { status: 413 })
const readsAll = Request.application(async (request) => new Response(String((await request.data()).length)))
const app = dispatcher(
  Request.application(() => new Response("next")),
  {
    "/ignored": Request.application(tooLarge),
    "/form-too-large": SmallForms.application(async (request) => new Response(String((await request.form()).size))),
    "/form-malformed": Request.application(async (request) => new Response(String((await request.form()).size))),
    "/body-limit": bodyLimit(readsAll, { maxBytes: 1000 }),
    "/left": Request.application(async (request) => {
      for await (const _chunk of request.stream) break
      return tooLarge()
    }),
  },
)

const { server } = createServer(app, { engine: process.env["WERKSTATT_ENGINE"] ?? "http" })
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }))
let peak = 0
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().heapUsed)
}, 50).unref()
process.on("message", () => process.send({ peak }))
process.on("disconnect", () => process.exit())
