import { makeServer, Request, Response } from "../../dist/index.js"

const app = Request.application((request) => new Response(`Hello ${request.args.get("name") ?? "World"}!`))
const server = await makeServer("127.0.0.1", 0, app, { accessLog: false, engine: "net" })
process.send(server.port)
