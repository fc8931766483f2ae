import { createNetServer } from "../../dist/adapters/net.js"
import { Request, Response } from "../../dist/index.js"

const app = Request.application((request) => new Response(`Hello ${request.args.get("name") ?? "World"}!`))
const { server } = createNetServer(app)
server.listen(0, "127.0.0.1", () => process.send(server.address().port))
