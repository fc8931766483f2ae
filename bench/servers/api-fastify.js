// With a schema for the answer of the resources, as its documentation advises, and its own plugins for cookies and forms.
import { basename, dirname } from "node:path"
import { Readable } from "node:stream"
import cookie from "@fastify/cookie"
import formbody from "@fastify/formbody"
import files from "@fastify/static"
import fastify from "fastify"
import { ASCII, chunks, LIST, member, protocol, RESOURCES, TEXT, tls } from "./api-data.js"

const file = process.argv[2]
const settings = { http1: {}, https: { https: tls }, http2: { http2: true, https: { ...tls, allowHTTP1: true } } }
const app = fastify(settings[protocol])
app.register(cookie)
app.register(formbody)
app.register(files, { root: dirname(file), serve: false })
const response = {
  200: {
    type: "object",
    properties: {
      id: { type: "integer" },
      page: { type: "string" },
      session: { type: "string" },
      name: { type: "string" },
      price: { type: "number" },
      tags: { type: "array", items: { type: "string" } },
      isNew: { type: "boolean" },
    },
  },
}
for (const name of RESOURCES) {
  app.post(`/${name}/`, (request, reply) => reply.send(request.body))
  app.get(
    `/${name}/:id`,
    { schema: { params: { type: "object", properties: { id: { type: "integer" } } }, response } },
    (request, reply) => reply.send(member(request.params.id, request.query.page, request.cookies.session)),
  )
}
app.get("/hello", (request, reply) => {
  reply.type("text/plain; charset=utf-8").send(`Hello ${request.query.name ?? "World"}!`)
})
app.get("/stream", (_request, reply) =>
  reply.type("application/octet-stream").send(Readable.from(chunks(), { objectMode: false })),
)
app.get("/text", (_request, reply) => reply.type("text/html; charset=utf-8").send(TEXT))
app.get("/ascii", (_request, reply) => reply.type("text/html; charset=utf-8").send(ASCII))
app.get("/list", (_request, reply) => reply.send(LIST))
app.post("/form", (request, reply) => reply.type("text/plain; charset=utf-8").send(`Hello ${request.body.name}!`))
app.get("/file", (_request, reply) => reply.sendFile(basename(file)))
app.get("/thrown", () => {
  throw Object.assign(new Error("Not Found"), { statusCode: 404 })
})
app.get("/old", (_request, reply) => reply.redirect("/hello"))
app.get("/headers", (_request, reply) =>
  reply
    .type("text/plain; charset=utf-8")
    .headers({ "Cache-Control": "no-store", "X-Frame-Options": "DENY", Vary: "Cookie", "X-Request-Id": "17" })
    .send("Hello World!"),
)
await app.listen({ port: 0, host: "127.0.0.1" })
process.send(app.server.address().port)
