// Bodies without end: what a response from a generator and a request body cost in memory.
import { createHash } from "node:crypto"
import { makeServer } from "../../dist/index.js"

const CHUNK = 64 * 1024
const encoder = new TextEncoder()

const app = async (environ, startResponse) => {
  const path = environ.PATH_INFO
  if (path === "/download") {
    const size = Number(environ.QUERY_STRING)
    startResponse("200 OK", [["Content-Length", String(size)]])
    return (function* () {
      for (let sent = 0; sent < size; sent += CHUNK) yield new Uint8Array(Math.min(CHUNK, size - sent))
    })()
  }
  let total = 0
  if (path === "/read") {
    const hash = createHash("sha1")
    for await (const chunk of environ["wsgi.input"]) {
      total += chunk.length
      hash.update(chunk)
    }
  }
  startResponse("200 OK", [])
  return [encoder.encode(String(total))]
}
const server = await makeServer("127.0.0.1", 0, app, { accessLog: false, maxDiscardBytes: 4 * 2 ** 30 })
process.send(server.port)
