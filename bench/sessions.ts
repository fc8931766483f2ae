// What sessions, csrf and the other layers for visitors cost per request, without a server: the same application with and
// without them, in turns. The best round of each counts, as CPU time.

import { cpuUsage } from "node:process"
import { emptyInput } from "../dist/environ/index.js"
import type { Application, Environ } from "../dist/gateway.js"
import { compose, rateLimit, responseCache, securityHeaders } from "../dist/middleware/index.js"
import { csrf, getSession, sessions } from "../dist/sessions/index.js"
import { URLSafeTimedSerializer } from "../dist/signing/index.js"
import { MemoryStore } from "../dist/stores/index.js"
import { table, target } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 25)
const REQUESTS = Number(process.env["REQUESTS"] ?? 20_000)
const SECRET = "a secret of at least 16 bytes"

let cookie = ""

/** Like those of the node adapter, of a browser's form. */
function environOf(): Environ {
  const environ: Environ = {
    REQUEST_METHOD: "POST",
    SCRIPT_NAME: "",
    PATH_INFO: "/",
    QUERY_STRING: "",
    CONTENT_TYPE: "application/x-www-form-urlencoded",
    CONTENT_LENGTH: "0",
    SERVER_NAME: "127.0.0.1",
    SERVER_PORT: "4000",
    SERVER_PROTOCOL: "HTTP/1.1",
    REMOTE_ADDR: "127.0.0.1",
    REMOTE_PORT: "50000",
    REQUEST_URI: "/",
    RAW_URI: "/",
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
  environ["HTTP_ORIGIN"] = "http://localhost:4000"
  environ["HTTP_SEC_FETCH_SITE"] = "same-origin"
  environ["HTTP_COOKIE"] = cookie
  return environ
}

const body = new TextEncoder().encode("Hello World!")
const plain: Application = (_environ, startResponse) => {
  startResponse("200 OK", [
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", "12"],
  ])
  return [body]
}
/** The same, after a promise, as any view that waits. */
const waiting: Application = async (environ, startResponse) => {
  await undefined
  return plain(environ, startResponse)
}
const reading: Application = async (environ, startResponse) => {
  const session = await getSession(environ)
  if (session.get("user") !== "ada") throw new Error("the session was not read")
  return plain(environ, startResponse)
}
const writing: Application = async (environ, startResponse) => {
  const session = await getSession(environ)
  session.update("visits", (visits = 0) => visits + 1)
  return plain(environ, startResponse)
}

const store = new MemoryStore()
const kept: Application = (environ, startResponse) =>
  plain(environ, (status, headers) => startResponse(status, [...headers, ["Cache-Control", "max-age=3600"]]))
const get =
  (app: Application): Application =>
  (environ, startResponse) => {
    environ.REQUEST_METHOD = "GET"
    return app(environ, startResponse)
  }

const withSessions = (app: Application) => compose(app, (inner) => sessions(inner, { secret: SECRET }), csrf)

interface Variant {
  name: string
  app: Application
  /** What it is compared with. */
  than?: string
  mostMicros?: number
}

const variants: Variant[] = [
  { name: "a plain response", app: plain },
  { name: "untouched session, csrf", app: withSessions(plain), than: "a plain response", mostMicros: 0.5 },
  { name: "a response after a promise", app: waiting },
  {
    name: "a session that is read, csrf",
    app: withSessions(reading),
    than: "a response after a promise",
    mostMicros: 10,
  },
  { name: "a session that is written", app: withSessions(writing), than: "a response after a promise" },
  {
    name: "securityHeaders",
    app: securityHeaders(plain),
    than: "a plain response",
  },
  {
    name: "rateLimit in memory",
    app: rateLimit(waiting, { limit: 1e9, windowSeconds: 3600 }),
    than: "a response after a promise",
  },
  {
    name: "responseCache in memory, a hit",
    app: get(responseCache(kept, { store })),
    than: "a response after a promise",
  },
]

const start = () => async () => {}

/** CPU microseconds for each request. */
async function round(app: Application): Promise<number> {
  const before = cpuUsage()
  for (let count = 0; count < REQUESTS; count++) {
    // Made here, as a server does: many that wait would be the collector's work in the wrong place.
    const answer = app(environOf(), start)
    if ("then" in answer) await answer
  }
  const { user, system } = cpuUsage(before)
  return (user + system) / REQUESTS
}

const payload = { user: "ada", visits: 7, cart: ["tea", "milk"] }
const session = new URLSafeTimedSerializer(SECRET, { salt: "cookie-session", keyDerivation: "hmac" }).dumps(payload)
cookie = `theme=dark; session=${session}; lang=de-AT`

const best = new Map(variants.map(({ name }) => [name, Number.POSITIVE_INFINITY]))
for (let count = 0; count < ROUNDS; count++) {
  for (const { name, app } of variants) {
    best.set(name, Math.min(best.get(name) as number, await round(app)))
  }
}

const micros = (name: string) => best.get(name) as number
console.log(`sessions: the best of ${ROUNDS} rounds of ${REQUESTS} requests, Node ${process.versions.node}\n`)
table(
  ["application", "µs/request", "more than without"],
  variants.map(({ name, than }) => [
    name,
    micros(name).toFixed(2),
    than === undefined ? "" : (micros(name) - micros(than)).toFixed(2),
  ]),
)
console.log()
for (const { name, than, mostMicros } of variants) {
  if (than === undefined || mostMicros === undefined) continue
  const more = micros(name) - micros(than)
  target(`${name}: at most ${mostMicros} µs more than ${than} (${more.toFixed(2)} µs)`, more <= mostMicros)
}
