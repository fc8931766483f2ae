import { createServer } from "node:http"
createServer((request, response) => {
  const question = request.url.indexOf("?")
  const name = (question === -1 ? null : new URLSearchParams(request.url.slice(question)).get("name")) ?? "World"
  const body = `Hello ${name}!`
  response.writeHead(200, "OK", ["Content-Type", "text/plain; charset=utf-8", "Content-Length", String(Buffer.byteLength(body)) ])
  const s = response.socket
  s.cork(); response.write(body, "latin1"); s.uncork(); response.end()
}).listen(0, "127.0.0.1", function () { process.send(this.address().port) })
