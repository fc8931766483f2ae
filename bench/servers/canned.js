import { createServer } from "node:net"
const bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\nDate: Sun, 29 Nov 2026 18:34:10 GMT\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive\r\n\r\nHello you!"
createServer({ noDelay: true }, (s) => { s.on("data", () => s.write(bytes, "latin1")) }).listen(0, "127.0.0.1", function () { process.send(this.address().port) })
