// Takes a file with nothing but node:http and busboy, and forgets its bytes.

import { createServer } from "node:http"
import busboy from "busboy"

const server = createServer((request, response) => {
  let size = 0
  const parser = busboy({ headers: request.headers })
  parser.on("file", (_name, file) => {
    file.on("data", (chunk) => {
      size += chunk.length
    })
  })
  parser.on("close", () => response.end(JSON.stringify({ size })))
  request.pipe(parser)
})
server.listen(0, "127.0.0.1", () => process.send(server.address().port))
