// node:http alone, writing the bytes that the others write. The yardstick.
import { createServer } from "node:http"

createServer((request, response) => {
  const question = request.url.indexOf("?")
  const name = (question === -1 ? null : new URLSearchParams(request.url.slice(question)).get("name")) ?? "World"
  const body = `Hello ${name}!`
  response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8", "Content-Length": Buffer.byteLength(body) })
  response.end(body)
}).listen(0, "127.0.0.1", function () {
  process.send(this.address().port)
})
