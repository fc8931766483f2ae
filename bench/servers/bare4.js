import { createServer } from "node:http"
const s = createServer({connectionsCheckingInterval: 2000, headersTimeout: 20000}, (request, response) => {
  const question = request.url.indexOf("?")
  const name = (question === -1 ? null : new URLSearchParams(request.url.slice(question)).get("name")) ?? "World"
  const body = `Hello ${name}!`
  response.writeHead(200, "OK", ["Content-Type", "text/plain; charset=utf-8", "Content-Length", String(Buffer.byteLength(body)) ])
  response.end(body, "latin1")
})
s.maxHeadersCount = 0
s.listen(0, "127.0.0.1", function () { process.send(this.address().port) })
