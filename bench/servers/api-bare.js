// The same work by hand on node:http: a table of functions, headers as a list, bodies with their length.
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import { createSecureServer } from "node:http2"
import { createServer as createHttpsServer } from "node:https"
import { Readable } from "node:stream"
import { parse } from "cookie"
import { ASCII, chunks, LIST, member, protocol, RESOURCES, TEXT, tls } from "./api-data.js"

const file = process.argv[2]

function send(response, code, type, text, more = []) {
  const fields = ["Content-Type", type, "Content-Length", String(Buffer.byteLength(text)), ...more]
  response.writeHead(code, fields)
  response.end(text)
}
const sendJson = (response, value) => send(response, 200, "application/json", JSON.stringify(value))
const sendText = (response, text, code = 200, more) => send(response, code, "text/plain; charset=utf-8", text, more)
const sendHtml = (response, text) => send(response, 200, "text/html; charset=utf-8", text)

function read(request, then) {
  let text = ""
  request.setEncoding("utf8")
  request.on("data", (piece) => {
    text += piece
  })
  request.on("end", () => then(text))
}

const create = (listener) => {
  if (protocol === "http2") return createSecureServer({ ...tls, allowHTTP1: true }, listener)
  return protocol === "https" ? createHttpsServer(tls, listener) : createServer(listener)
}
const members = new Set(RESOURCES)
const views = {
  "/hello": (_request, response, query) =>
    sendText(response, `Hello ${new URLSearchParams(query).get("name") ?? "World"}!`),
  "/stream": (_request, response) => {
    response.writeHead(200, ["Content-Type", "application/octet-stream"])
    Readable.from(chunks(), { objectMode: false }).pipe(response)
  },
  "/text": (_request, response) => sendHtml(response, TEXT),
  "/ascii": (_request, response) => sendHtml(response, ASCII),
  "/list": (_request, response) => sendJson(response, LIST),
  "/form": (request, response) =>
    read(request, (text) => sendText(response, `Hello ${new URLSearchParams(text).get("name")}!`)),
  "/file": async (_request, response) => {
    const bytes = await readFile(file)
    response.writeHead(200, ["Content-Type", "text/plain; charset=utf-8", "Content-Length", String(bytes.length)])
    response.end(bytes)
  },
  "/thrown": (_request, response) => sendText(response, "Not Found", 404),
  "/old": (_request, response) => sendText(response, "", 302, ["Location", "/hello"]),
  "/headers": (_request, response) =>
    sendText(response, "Hello World!", 200, [
      "Cache-Control",
      "no-store",
      "X-Frame-Options",
      "DENY",
      "Vary",
      "Cookie",
      "X-Request-Id",
      "17",
    ]),
}

const server = create((request, response) => {
  const [path, query] = request.url.split("?", 2)
  const view = views[path]
  if (view !== undefined) return view(request, response, query)
  const [, name, id] = path.split("/", 3)
  if (!members.has(name)) return sendText(response, "Not Found", 404)
  if (request.method === "POST" && id === "") return read(request, (text) => sendJson(response, JSON.parse(text)))
  if (!/^\d+$/.test(id)) return sendText(response, "Not Found", 404)
  sendJson(
    response,
    member(Number(id), new URLSearchParams(query).get("page"), parse(request.headers.cookie ?? "").session),
  )
})
server.listen(0, "127.0.0.1", () => process.send(server.address().port))
