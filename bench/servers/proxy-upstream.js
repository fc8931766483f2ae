// What the proxies ask: a body of 1 KiB, or of 10 MiB.
import { createServer } from "node:http"

const bodies = { "/1k": Buffer.alloc(1024, "x"), "/10m": Buffer.alloc(10 * 2 ** 20, "x") }
createServer((request, response) => {
  const body = bodies[request.url]
  response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": body.length })
  response.end(body)
}).listen(0, "127.0.0.1", function () {
  process.send(this.address().port)
})
