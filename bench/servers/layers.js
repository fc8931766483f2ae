// The hello application inside of layers: none, ten that do nothing, ten of the library that have nothing to do, or ten of the
// library as people stack them.
import { makeServer, Request, Response } from "../../dist/index.js"
import * as layers from "../../dist/middleware/index.js"

const { addressFilter, bodyLimit, compose, cors, dispatcher, requestId, rewrite, sharedData, timeout, transformBody } =
  layers
const pass = (app) => (environ, startResponse) => app(environ, startResponse)
const STACKS = {
  none: [],
  pass: Array.from({ length: 10 }, () => pass),
  own: [
    (app) => layers.proxyFix(app, { for: 1 }),
    (app) => requestId(app, { generate: () => "1" }),
    (app) => addressFilter(app, { deny: ["192.0.2.0/24"] }),
    (app) => timeout(app, { timeoutMs: 10_000 }),
    (app) => bodyLimit(app, { maxBytes: 1_000_000 }),
    (app) => cors(app, { origins: ["https://example.com"] }),
    (app) => transformBody(app, { transform: () => undefined }),
    (app) => rewrite(app, [["/old", "/new"]]),
    (app) => sharedData(app, { "/static": "." }),
    (app) => dispatcher(app, { "/shop": app }),
  ],
  stacked: [
    (app) => layers.proxyFix(app, { for: 1 }),
    requestId,
    (app) => layers.accessLog(app, { write: () => {} }),
    (app) => timeout(app, { timeoutMs: 10_000 }),
    (app) => bodyLimit(app, { maxBytes: 1_000_000 }),
    (app) => cors(app, { origins: ["https://example.com"] }),
    layers.securityHeaders,
    layers.compress,
    (app) => sharedData(app, { "/static": "." }),
    (app) => dispatcher(app, { "/shop": app }),
  ],
}

const hello = Request.application((request) => new Response(`Hello ${request.args.get("name") ?? "World"}!`))
const server = await makeServer("127.0.0.1", 0, compose(hello, ...STACKS[process.argv[2]]), { accessLog: false })
process.send(server.port)
