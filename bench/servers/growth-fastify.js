// The same on Fastify: a layer is a hook.
import { Readable } from "node:stream"
import fastify from "fastify"

const [layers, rules] = process.argv.slice(2).map(Number)
const CHUNK = Buffer.alloc(1024, "x")

async function* chunks(count) {
  for (let i = 0; i < count; i++) yield CHUNK
}

const app = fastify({ bodyLimit: 2 ** 30 })
app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, body, done) => done(null, body))
for (let i = 0; i < layers; i++) app.addHook("onRequest", (_request, _reply, done) => done())
for (let i = 0; i < rules; i++) app.get(`/r${i}/:id`, (_request, reply) => reply.send("Hello World!"))
app.get("/chunks/:count", (request, reply) =>
  reply
    .type("application/octet-stream")
    .send(Readable.from(chunks(Number(request.params.count)), { objectMode: false })),
)
app.post("/body", (request, reply) => reply.send(String(request.body.length)))
app.get("/wait", async () => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return "Hello World!"
})
await app.listen({ port: 0, host: "127.0.0.1" })
process.send(app.server.address().port)
