import { Agent, createServer } from "node:http"
import httpProxy from "http-proxy"

// Without an agent it would make a connection for each request.
const proxy = httpProxy.createProxyServer({
  target: process.argv[2],
  agent: new Agent({ keepAlive: true, maxSockets: 256 }),
  xfwd: true,
})
createServer((request, response) => proxy.web(request, response)).listen(0, "127.0.0.1", function () {
  process.send(this.address().port)
})
