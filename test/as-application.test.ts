// A Response and an HTTPException are applications: everything that takes an application takes them.

import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer as createHttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { createServer, nodeListener, setUpServer } from "../src/adapters/node.ts"
import { asApplication, isApplicationLike } from "../src/as-application.ts"
import { responder, runApplication } from "../src/environ/index.ts"
import { NotFound } from "../src/exceptions/index.ts"
import type { Application, ApplicationLike, Environ } from "../src/gateway.ts"
import { LocalManager, withContext } from "../src/local.ts"
import {
  accessLog,
  addressFilter,
  bodyLimit,
  compose,
  compress,
  cors,
  dispatcher,
  lint,
  profiler,
  proxyFix,
  rateLimit,
  requestId,
  responseCache,
  rewrite,
  securityHeaders,
  sharedData,
  timeout,
  transformBody,
} from "../src/middleware/index.ts"
import { httpProxy } from "../src/proxy/http-proxy.ts"
import { makeServer } from "../src/serving/index.ts"
import { csrf, sessions } from "../src/sessions/index.ts"
import { MemoryStore } from "../src/stores/index.ts"
import { Client, createEnviron, recordEnvirons } from "../src/testing/index.ts"
import { Response } from "../src/wrappers/index.ts"
import { publicNames } from "./checklist/public-names.ts"

const folder = mkdtempSync(join(tmpdir(), "werkstatt-like-"))
afterAll(() => rmSync(folder, { recursive: true }))

const takers: Record<string, (app: ApplicationLike) => Application> = {
  accessLog: (app) => accessLog(app, { write: () => {} }),
  addressFilter: (app) => addressFilter(app, { deny: [] }),
  bodyLimit: (app) => bodyLimit(app, { maxBytes: 10 }),
  compose: (app) => compose(app),
  "compose with a layer": (app) => compose(app, (inner) => requestId(inner)),
  compress: (app) => compress(app),
  cors: (app) => cors(app, { origins: "*" }),
  csrf: (app) => csrf(app, { exempt: () => true }),
  dispatcher: (app) => dispatcher(app, {}),
  "a mount of dispatcher": (app) => dispatcher(new NotFound("not mounted"), { "/": app }),
  httpProxy: (app) => httpProxy(app, {}),
  lint: (app) => lint(app),
  "makeMiddleware of a LocalManager": (app) => new LocalManager().makeMiddleware(app),
  profiler: (app) => profiler(app, { stream: null }),
  proxyFix: (app) => proxyFix(app),
  rateLimit: (app) => rateLimit(app, { limit: 1, windowSeconds: 1, key: () => undefined }),
  recordEnvirons: (app) => recordEnvirons(app, folder),
  requestId: (app) => requestId(app),
  responder: (app) => responder(() => app),
  rewrite: (app) => rewrite(app, []),
  securityHeaders: (app) => securityHeaders(app),
  responseCache: (app) => responseCache(app, { store: new MemoryStore() }),
  sessions: (app) => sessions(app, { secret: "a secret of at least 16 bytes" }),
  sharedData: (app) => sharedData(app, {}),
  timeout: (app) => timeout(app, { timeoutMs: 1000 }),
  transformBody: (app) => transformBody(app, { transform: () => undefined }),
  withContext: (app) => withContext(app),
}

const likes: [what: string, like: () => ApplicationLike, status: string, text: string][] = [
  ["a Response", () => new Response("hello", { status: 201 }), "201 Created", "hello"],
  ["an HTTPException", () => new NotFound("no such page"), "404 Not Found", "no such page"],
  [
    "another object with respond()",
    () => ({
      respond(_environ, startResponse) {
        startResponse("202 Accepted", [["Content-Type", "text/plain"]])
        return [new TextEncoder().encode("own")]
      },
    }),
    "202 Accepted",
    "own",
  ],
]

describe.each(likes)("%s is an application", (_, like, status, text) => {
  test.each(Object.entries(takers))("for %s", async (_name, take) => {
    const response = await new Client(take(like())).get("/")
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(text)
  })

  test("for new Client", async () => {
    for (const checking of [true, false]) {
      const response = await new Client(like(), { lint: checking }).get("/")
      expect([response.status, (await response.text()).includes(text)]).toEqual([status, true])
    }
  })

  test("for runApplication and Response.fromApp", async () => {
    const { status: line } = await runApplication(like(), createEnviron("/"), { buffered: true })
    expect(line).toBe(status)
    const response = await Response.fromApp(like(), createEnviron("/"))
    expect(await response.text()).toContain(text)
  })

  test("for makeServer", async () => {
    const server = await makeServer("127.0.0.1", 0, like(), { accessLog: false })
    try {
      const response = await fetch(server.url)
      expect(`${response.status} ${response.statusText}`).toBe(status)
      expect(await response.text()).toContain(text)
    } finally {
      await server.close()
    }
  })

  test.each([
    ["createServer", (app: ApplicationLike) => createServer(app).server],
    ["nodeListener", (app: ApplicationLike) => createHttpServer(nodeListener(app))],
    ["setUpServer", (app: ApplicationLike) => setUpServer(createHttpServer(), app).server],
  ])("for %s", async (_name, serve) => {
    const server = serve(like())
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    try {
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      expect(response.status).toBe(Number(status.slice(0, 3)))
      expect(await response.text()).toContain(text)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

test("no public function takes an application alone", () => {
  // Those that are given what a function of ours has made, and those that a gateway calls for each request, which asked once.
  const made = ["unclosedBodies", "takeNotes", "drive", "runInMemory"]
  const names = publicNames().filter(({ name, file }) => {
    const text = readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8")
    return new RegExp(`^export (?:async )?function ${name}\\b[^{]*?\\b\\w+: Application\\b`, "m").test(text)
  })
  expect(names.map(({ name }) => name).filter((name) => !made.includes(name))).toEqual([])
  expect(publicNames().map(({ name }) => name)).toContain("cors")
})

describe("asApplication", () => {
  test("gives a function back as it is, so that no request pays for it", () => {
    const app: Application = () => []
    expect(asApplication(app)).toBe(app)
  })

  test("asks an object with its own this, and reads respond anew for each request", () => {
    class Counter {
      count = 0
      respond(_environ: Environ) {
        this.count++
        return []
      }
    }
    const counter = new Counter()
    const app = asApplication(counter)
    app({} as Environ, undefined as never)
    app({} as Environ, undefined as never)
    expect(counter.count).toBe(2)
  })

  test.each<[claim: string, value: unknown, message: RegExp]>([
    ["undefined", undefined, /^cors takes an application, not undefined\. An application is a function/],
    ["a text", "app", /^cors takes an application, not "app"\./],
    ["options in its place", { origins: "*" }, /not a plain object\. It comes first: cors\(app, …\), and in compose: /],
    ["a promise of one", Promise.resolve(() => []), /not a promise\. Is an await missing\?$/],
    [
      "a response of the platform",
      new globalThis.Response(),
      /the platform's Response\. Import Response from "werkstatt"/,
    ],
    ["a class", class Shop {}, /not the class Shop\. Make an instance of it/],
    ["a class of ours", Response, /not the class Response\./],
    [
      "an application for fetch",
      { fetch() {} },
      /not an application for the platform's fetch\. Mount it with fromFetch/,
    ],
  ])("refuses %s and says what to write", (_, value, message) => {
    expect(isApplicationLike(value)).toBe(false)
    expect(() => asApplication(value as Application, "cors")).toThrow(TypeError)
    expect(() => asApplication(value as Application, "cors")).toThrow(message)
  })
})
