import { readFile } from "node:fs/promises"
import { getCookie, getQuery, H3, HTTPError, readBody, redirect, serve } from "h3"
import { ASCII, chunks, LIST, member, RESOURCES, TEXT } from "./api-data.js"

const file = process.argv[2]
const app = new H3()
for (const name of RESOURCES) {
  app.post(`/${name}/`, (event) => readBody(event))
  app.get(`/${name}/:id`, (event) =>
    member(Number(event.context.params.id), getQuery(event).page, getCookie(event, "session")),
  )
}
app.get("/hello", (event) => `Hello ${getQuery(event).name ?? "World"}!`)
app.get("/stream", () => ReadableStream.from(chunks()))
const html = (path, text) =>
  app.get(path, (event) => {
    event.res.headers.set("Content-Type", "text/html; charset=utf-8")
    return text
  })
html("/text", TEXT)
html("/ascii", ASCII)
app.get("/list", () => LIST)
app.post("/form", async (event) => `Hello ${(await readBody(event)).name}!`)
app.get("/file", () => readFile(file))
app.get("/thrown", () => {
  throw new HTTPError({ status: 404 })
})
app.get("/old", () => redirect("/hello"))
app.get("/headers", (event) => {
  const { headers } = event.res
  headers.set("Cache-Control", "no-store")
  headers.set("X-Frame-Options", "DENY")
  headers.set("Vary", "Cookie")
  headers.set("X-Request-Id", "17")
  return "Hello World!"
})
const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true })
await server.ready()
process.send(Number(new URL(server.url).port))
