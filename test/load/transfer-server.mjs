// A server for transfers.load.ts, in a process of its own with little memory: it takes uploads, and sends the file that it is told.

import { createServer } from "werkstatt/adapters/node"
import { sendFile } from "werkstatt/files"
import { Request, Response } from "werkstatt/wrappers"

const app = Request.application(async (request) => {
  if (request.method === "GET") return sendFile(process.argv[2], request.environ)
  const files = await request.files()
  return new Response(String(files.get("file").size))
})

const { server } = createServer(app)
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }))
const first = process.memoryUsage().rss
let peak = first
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss)
}, 20).unref()
process.on("message", () => process.send({ growth: peak - first }))
process.on("disconnect", () => process.exit())
