// A map of rules whose endpoints are the views, bound to the request. Views that wait for nothing are no async functions.

import { sendFile } from "../../dist/files/index.js"
import { makeServer, NotFound, Request, Response, redirect } from "../../dist/index.js"
import { RuleMap, rule } from "../../dist/routing/index.js"
import { ASCII, chunks, LIST, member, protocol, RESOURCES, TEXT, tls } from "./api-data.js"

const file = process.argv[2]
const one = (request, { id }) => Response.json(member(id, request.args.get("page"), request.cookies.get("session")))
const urls = new RuleMap([
  ...RESOURCES.flatMap((name) => [
    rule(`/${name}/`, async (request) => Response.json(await request.json()), { methods: ["POST"] }),
    rule(`/${name}/<int:id>`, one),
  ]),
  rule("/hello", (request) => new Response(`Hello ${request.args.get("name") ?? "World"}!`)),
  rule("/stream", () => new Response(chunks(), { mimetype: "application/octet-stream" })),
  rule("/text", () => new Response(TEXT, { mimetype: "text/html" })),
  rule("/ascii", () => new Response(ASCII, { mimetype: "text/html" })),
  rule("/list", () => Response.json(LIST)),
  rule("/form", async (request) => new Response(`Hello ${(await request.form()).get("name")}!`), { methods: ["POST"] }),
  rule("/file", (request) => sendFile(file, request.environ)),
  rule("/thrown", () => {
    throw new NotFound()
  }),
  rule("/old", () => redirect("/hello")),
  rule("/headers", () => {
    const response = new Response("Hello World!")
    response.headers.set("Cache-Control", "no-store")
    response.headers.set("X-Frame-Options", "DENY")
    response.headers.set("Vary", "Cookie")
    response.headers.set("X-Request-Id", "17")
    return response
  }),
])
const app = Request.application((request) => {
  const { endpoint, values } = urls.bindToEnviron(request).match()
  return endpoint(request, values)
})
const sslContext = protocol === "http1" ? undefined : tls
const server = await makeServer("127.0.0.1", 0, app, { accessLog: false, sslContext, http2: protocol === "http2" })
process.send(server.port)
