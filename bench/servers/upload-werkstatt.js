// Takes a file: `/` forgets its bytes, `/store` keeps them on disk while the request lasts. Answers with what it took.

import { readFileSync } from "node:fs"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { createServer } from "../../dist/adapters/node.js"
import { DiskUploadStore } from "../../dist/files/upload-store.js"
import { Request } from "../../dist/wrappers/request.js"
import { Response } from "../../dist/wrappers/response.js"

const store = new DiskUploadStore({ directory: process.argv[2] })

class UploadRequest extends Request {
  uploadStore = store
  maxContentLength = undefined
}

const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024

const app = UploadRequest.application(async (request) => {
  const idle = process.memoryUsage.rss()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let size = 0
  if (request.path === "/store") {
    delay.enable()
    const file = (await request.files()).getOrThrow("file")
    size = file.size
    delay.disable()
  } else {
    for await (const part of request.parts()) for await (const chunk of part) size += chunk.length
  }
  return Response.json({ size, idle, peak: peak(), p99Ms: delay.percentile(99) / 1e6 })
})
const { server } = createServer(app)
server.listen(0, "127.0.0.1", () => process.send(server.address().port))
