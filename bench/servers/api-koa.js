// With its router and body parser; cookies and streams are its own.
import { readFile } from "node:fs/promises"
import { Readable } from "node:stream"
import { bodyParser } from "@koa/bodyparser"
import Router from "@koa/router"
import Koa from "koa"
import { ASCII, chunks, LIST, member, RESOURCES, TEXT } from "./api-data.js"

const file = process.argv[2]
const router = new Router()
for (const name of RESOURCES) {
  router.post(`/${name}/`, (context) => {
    context.body = context.request.body
  })
  router.get(`/${name}/:id`, (context) => {
    context.body = member(Number(context.params.id), context.query.page, context.cookies.get("session"))
  })
}
const text = (path, body) =>
  router.get(path, (context) => {
    context.type = "html"
    context.body = body
  })
text("/text", TEXT)
text("/ascii", ASCII)
router.get("/hello", (context) => {
  context.body = `Hello ${context.query.name ?? "World"}!`
})
router.get("/stream", (context) => {
  context.body = Readable.from(chunks(), { objectMode: false })
})
router.get("/list", (context) => {
  context.body = LIST
})
router.post("/form", (context) => {
  context.body = `Hello ${context.request.body.name}!`
})
router.get("/file", async (context) => {
  context.type = "text/plain"
  context.body = await readFile(file)
})
router.get("/thrown", (context) => context.throw(404))
router.get("/old", (context) => context.redirect("/hello"))
router.get("/headers", (context) => {
  context.set({ "Cache-Control": "no-store", "X-Frame-Options": "DENY", Vary: "Cookie", "X-Request-Id": "17" })
  context.body = "Hello World!"
})
const app = new Koa()
app.silent = true
app.use(bodyParser()).use(router.routes())
app.listen(0, "127.0.0.1", function () {
  process.send(this.address().port)
})
