// With its own body parsers, and cookie-parser.
import { Readable } from "node:stream"
import cookies from "cookie-parser"
import express from "express"
import { ASCII, chunks, LIST, member, RESOURCES, TEXT } from "./api-data.js"

const file = process.argv[2]
const app = express()
app.use(cookies(), express.json(), express.urlencoded({ extended: false }))
for (const name of RESOURCES) {
  app.post(`/${name}/`, (request, response) => response.json(request.body))
  app.get(`/${name}/:id`, (request, response) =>
    response.json(member(Number(request.params.id), request.query.page, request.cookies.session)),
  )
}
app.get("/hello", (request, response) => response.type("txt").send(`Hello ${request.query.name ?? "World"}!`))
app.get("/stream", (_request, response) => Readable.from(chunks(), { objectMode: false }).pipe(response))
app.get("/text", (_request, response) => response.send(TEXT))
app.get("/ascii", (_request, response) => response.send(ASCII))
app.get("/list", (_request, response) => response.json(LIST))
app.post("/form", (request, response) => response.type("txt").send(`Hello ${request.body.name}!`))
app.get("/file", (_request, response) => response.sendFile(file))
app.get("/thrown", () => {
  throw Object.assign(new Error("Not Found"), { status: 404 })
})
app.get("/old", (_request, response) => response.redirect("/hello"))
app.get("/headers", (_request, response) =>
  response
    .set({ "Cache-Control": "no-store", "X-Frame-Options": "DENY", Vary: "Cookie", "X-Request-Id": "17" })
    .type("txt")
    .send("Hello World!"),
)
app.use((error, _request, response, _next) => response.status(error.status).type("txt").send(error.message))
app.listen(0, "127.0.0.1", function () {
  process.send(this.address().port)
})
