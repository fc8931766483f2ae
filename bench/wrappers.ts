// What Request, Response and `application` cost per request, without a server: the way from an environ to the list of
// headers and the array of chunks. Variants take turns in short rounds, and the best round of each counts, as CPU time.
// `floor` does what no toolkit is spared: a query read by hand, two headers, one chunk.

import { cpuUsage } from "node:process"
import { emptyInput } from "../dist/environ/index.js"
import type { Application, Environ } from "../dist/gateway.js"
import { Request, Response } from "../dist/wrappers/index.js"

const ROUNDS = Number(process.env["ROUNDS"] ?? 25)
const REQUESTS = Number(process.env["REQUESTS"] ?? 100_000)

/** Like those of the node adapter. */
function environOf(query: string): Environ {
  const environ: Environ = {
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: "",
    PATH_INFO: "/",
    QUERY_STRING: query,
    SERVER_NAME: "127.0.0.1",
    SERVER_PORT: "4000",
    SERVER_PROTOCOL: "HTTP/1.1",
    REMOTE_ADDR: "127.0.0.1",
    REMOTE_PORT: "50000",
    REQUEST_URI: `/?${query}`,
    RAW_URI: `/?${query}`,
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.input": emptyInput,
    "wsgi.errors": undefined as never,
    "wsgi.multithread": true,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
    "wsgi.input_terminated": true,
  }
  environ["HTTP_HOST"] = "localhost:4000"
  environ["HTTP_ACCEPT"] = "*/*"
  environ["HTTP_USER_AGENT"] = "bench"
  return environ
}

const hello = new Response("Hello World!")
const encoder = new TextEncoder()

const variants: Record<string, Application> = {
  "environ only": () => [],
  floor: (environ, startResponse) => {
    const name = /(?:^|&)name=([^&]*)/.exec(environ.QUERY_STRING)?.[1] ?? "World"
    const body = encoder.encode(`Hello ${decodeURIComponent(name)}!`)
    startResponse("200 OK", [
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", String(body.length)],
    ])
    return [body]
  },
  "constant response": Request.application(() => hello),
  "new response": Request.application(() => new Response("Hello World!")),
  "hello by name": Request.application((request) => new Response(`Hello ${request.args.get("name") ?? "World"}!`)),
  "hello in html": Request.application(
    (request) => new Response(`Hello ${request.args.get("name")}!`, { mimetype: "text/html" }),
  ),
  "with a header": Request.application(() => new Response("Hello World!", { headers: { "X-A": "1" } })),
  "path and a header": Request.application((request) => new Response(request.path + request.headers.get("accept"))),
}

const queries = ["name=you", "name=me", "name=World", "name=nobody"]
let sink = 0
const startResponse = (_status: string, headers: unknown[]) => {
  sink += headers.length
  return async () => {}
}

/** CPU nanoseconds per request. */
function measure(app: Application): number {
  const before = cpuUsage()
  for (let i = 0; i < REQUESTS; i++) {
    const body = app(environOf(queries[i & 3] as string), startResponse) as Uint8Array[]
    sink += body.length
  }
  const { user, system } = cpuUsage(before)
  return ((user + system) * 1000) / REQUESTS
}

const best = new Map<string, number>()
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, app] of Object.entries(variants)) {
    best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, measure(app)))
  }
}

const base = best.get("environ only") as number
console.log(`ns of CPU per request without making the environ (${base.toFixed(0)} ns), best of ${ROUNDS} rounds\n`)
for (const [name, cost] of best) console.log(`${name.padEnd(20)}${(cost - base).toFixed(0).padStart(6)}`)
if (sink === 0) console.log(sink)
