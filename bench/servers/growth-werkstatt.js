// What grows in bench/growth.ts: layers around the application, rules of its map; the rest is asked for in the URL.
import { makeServer, Request, Response } from "../../dist/index.js"
import { compose } from "../../dist/middleware/index.js"
import { RuleMap, rule } from "../../dist/routing/index.js"

const [layers, rules] = process.argv.slice(2).map(Number)
const CHUNK = Buffer.alloc(1024, "x")

async function* chunks(count) {
  for (let i = 0; i < count; i++) yield CHUNK
}

class Large extends Request {
  maxDataSize = undefined
}

const urls = new RuleMap([
  ...Array.from({ length: rules }, (_, i) => rule(`/r${i}/<int:id>`, () => new Response("Hello World!"))),
  rule("/chunks/<int:count>", (_request, { count }) => new Response(chunks(count))),
  rule("/body", async (request) => new Response(String((await request.data()).length)), { methods: ["POST"] }),
  rule("/wait", async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return new Response("Hello World!")
  }),
])
const app = Large.application((request) => {
  const { endpoint, values } = urls.bindToEnviron(request).match()
  return endpoint(request, values)
})
const pass = (inner) => (environ, startResponse) => inner(environ, startResponse)
const stacked = compose(app, ...Array.from({ length: layers }, () => pass))
const server = await makeServer("127.0.0.1", 0, stacked, { accessLog: false })
process.send(server.port)
