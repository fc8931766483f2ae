import multipart from "@fastify/multipart"
import fastify from "fastify"

const app = fastify({ bodyLimit: 2 ** 40 })
app.register(multipart, { limits: { fileSize: 2 ** 40 } })
app.post("/", async (request) => {
  let size = 0
  for await (const part of request.parts()) for await (const chunk of part.file) size += chunk.length
  return { size }
})
await app.listen({ port: 0, host: "127.0.0.1" })
process.send(app.server.address().port)
