import { basename, dirname } from "node:path"
import { serve } from "@hono/node-server"
import { serveStatic } from "@hono/node-server/serve-static"
import { Hono } from "hono"
import { getCookie } from "hono/cookie"
import { HTTPException } from "hono/http-exception"
import { ASCII, chunks, LIST, member, RESOURCES, TEXT } from "./api-data.js"

const file = process.argv[2]
const app = new Hono()
for (const name of RESOURCES) {
  app.post(`/${name}/`, async (context) => context.json(await context.req.json()))
  app.get(`/${name}/:id{[0-9]+}`, (context) =>
    context.json(member(Number(context.req.param("id")), context.req.query("page"), getCookie(context, "session"))),
  )
}
app.get("/hello", (context) => context.text(`Hello ${context.req.query("name") ?? "World"}!`))
app.get("/stream", (context) => context.body(ReadableStream.from(chunks())))
app.get("/text", (context) => context.html(TEXT))
app.get("/ascii", (context) => context.html(ASCII))
app.get("/list", (context) => context.json(LIST))
app.post("/form", async (context) => context.text(`Hello ${(await context.req.parseBody()).name}!`))
app.get("/file", serveStatic({ root: dirname(file), rewriteRequestPath: () => `/${basename(file)}` }))
app.get("/thrown", () => {
  throw new HTTPException(404, { message: "Not Found" })
})
app.get("/old", (context) => context.redirect("/hello"))
app.get("/headers", (context) => {
  context.header("Cache-Control", "no-store")
  context.header("X-Frame-Options", "DENY")
  context.header("Vary", "Cookie")
  context.header("X-Request-Id", "17")
  return context.text("Hello World!")
})
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => process.send(port))
