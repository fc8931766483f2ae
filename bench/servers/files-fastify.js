import files from "@fastify/static"
import fastify from "fastify"

const app = fastify()
await app.register(files, { root: process.argv[2] })
await app.listen({ port: 0, host: "127.0.0.1" })
process.send(app.server.address().port)
