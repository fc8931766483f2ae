import fastify from "fastify"

const app = fastify()
app.get("/", (request, reply) => {
  reply.type("text/plain; charset=utf-8").send(`Hello ${request.query.name ?? "World"}!`)
})
await app.listen({ port: 0, host: "127.0.0.1" })
process.send(app.server.address().port)
