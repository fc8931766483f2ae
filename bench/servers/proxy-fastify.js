import proxy from "@fastify/http-proxy"
import fastify from "fastify"

const app = fastify()
app.register(proxy, { upstream: process.argv[2] })
await app.listen({ port: 0, host: "127.0.0.1" })
process.send(app.server.address().port)
