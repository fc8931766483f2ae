// What holds for every layer and any stack of them: the body inside is closed exactly once, whoever leaves when, and the
// response arrives. The linter stands between all layers.

import fc from "fast-check"
import { expect, test } from "vitest"
import { iterateBody } from "../../src/environ/body.ts"
import type { Application, Body, Environ, StartResponse } from "../../src/gateway.ts"
import {
  accessLog,
  addressFilter,
  bodyLimit,
  compose,
  compress,
  cors,
  dispatcher,
  type Middleware,
  profiler,
  proxyFix,
  requestId,
  rewrite,
  sharedData,
  textTransform,
  timeout,
  transformBody,
} from "../../src/middleware/index.ts"
import { httpProxy } from "../../src/proxy/http-proxy.ts"
import { EnvironBuilder } from "../../src/testing/environ-builder.ts"
import { sharedFolder } from "../support/files.ts"
import { linted } from "../support/lint.ts"

const empty = sharedFolder()
const proxy = (app: Application) => httpProxy(app, { "/elsewhere": "http://127.0.0.1:9" })

const layers: Record<string, Middleware> = {
  accessLog: (app) => accessLog(app, { write: () => {} }),
  addressFilter: (app) => addressFilter(app, { deny: ["192.0.2.0/24"] }),
  bodyLimit: (app) => bodyLimit(app, { maxBytes: 10 }),
  compress: (app) => compress(app, { minBytes: 0 }),
  cors: (app) => cors(app, { origins: ["https://a.test"] }),
  dispatcher: (app) => dispatcher(app, { "/elsewhere": () => [] }),
  httpProxy: proxy,
  profiler: (app) => profiler(app, { stream: null }),
  proxyFix: (app) => proxyFix(app, { for: 1 }),
  requestId: (app) => requestId(app),
  rewrite: (app) => rewrite(app, [["/old", "/new"]]),
  sharedData: (app) => sharedData(app, { "/": empty }),
  timeout: (app) => timeout(app, { timeoutMs: 5000 }),
  transformBody: (app) => transformBody(app, { transform: () => textTransform((text) => text) }),
}

type Kind = "array" | "closing array" | "iterable" | "generator" | "late generator" | "push"

interface Plan {
  kind: Kind
  isAsync: boolean
  chunks: string[]
  fails: "no" | "before" | "between"
  stack: string[]
  gzip: boolean
  /** After how many chunks the client leaves; before iteration when 0. */
  leaves: number | undefined
}

const plans: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constantFrom<Kind>("array", "closing array", "iterable", "generator", "late generator", "push"),
  isAsync: fc.boolean(),
  chunks: fc.array(fc.string({ maxLength: 5 }), { maxLength: 4 }),
  fails: fc.constantFrom("no", "no", "before", "between"),
  stack: fc.array(fc.constantFrom(...Object.keys(layers)), { maxLength: 6 }),
  gzip: fc.boolean(),
  leaves: fc.option(fc.nat({ max: 4 }), { nil: undefined }),
})

/** The application of a plan, and how often its body was closed and left. */
function planned({ kind, isAsync, chunks, fails }: Plan): {
  app: Application
  closed: () => number
  made: () => number
} {
  let [closed, made] = [0, 0]
  const close = () => void closed++
  const bytes = chunks.map((chunk) => Buffer.from(chunk))
  const closing = <T extends object>(body: T): T & { close: () => void } => {
    made++
    return Object.assign(body, { close })
  }
  const bodyOf = (start: () => ReturnType<StartResponse>): Body => {
    if (kind === "array" || kind === "push") return start() && [...bytes]
    if (kind === "closing array") return start() && closing([...bytes])
    const steps = function* () {
      if (kind === "late generator") start()
      for (const [index, chunk] of bytes.entries()) {
        if (fails === "between" && index === 1) throw new Error("planned")
        yield chunk
      }
    }
    if (kind !== "late generator") start()
    if (kind === "iterable") return closing({ [Symbol.iterator]: () => steps() })
    return closing({
      async *[Symbol.asyncIterator]() {
        yield* steps()
      },
    })
  }
  const call = (startResponse: StartResponse): Body => {
    if (fails === "before") throw new Error("planned")
    return bodyOf(() => startResponse("200 OK", [["Content-Type", "text/html; charset=utf-8"]]))
  }
  const app: Application = isAsync
    ? async (_environ, startResponse) => {
        await undefined
        if (kind === "push" && fails !== "before") {
          const write = startResponse("200 OK", [["Content-Type", "text/html; charset=utf-8"]])
          for (const chunk of bytes) await write(chunk)
          return []
        }
        return call(startResponse)
      }
    : (_environ, startResponse) => call(startResponse)
  return { app, closed: () => closed, made: () => made }
}

/** A server as the gateway wants it; gives the bytes, or undefined when the application failed. */
async function serveOnce(app: Application, environ: Environ, leaves: number | undefined): Promise<Buffer | undefined> {
  const sent: Uint8Array[] = []
  const start: StartResponse = () => async (chunk) => void sent.push(chunk)
  let body: Body
  try {
    body = await app(environ, start)
  } catch {
    return undefined
  }
  let failed = false
  if (leaves !== 0) {
    const iterator = iterateBody(body)
    try {
      for (let count = 0; ; count++) {
        if (count === leaves) {
          await iterator.return?.()
          break
        }
        const step = await iterator.next()
        if (step.done) break
        sent.push(step.value)
      }
    } catch {
      failed = true
    }
  }
  await body.close?.()
  return failed ? undefined : Buffer.concat(sent)
}

test("through any stack the body is closed once, and what the application gave arrives", async () => {
  const { gunzipSync } = await import("node:zlib")
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { app, closed, made } = planned(plan)
      // Layers that are the linter's other side keep their rules, too: L30 asks middleware not to hold back.
      const stack = plan.stack.flatMap((name): Middleware[] => [(inner) => linted(inner), layers[name] as Middleware])
      const outer = compose(linted(app), ...stack, (inner) => linted(inner))
      const environ = new EnvironBuilder({
        path: "/page",
        environOverrides: { REMOTE_ADDR: "127.0.0.1", ...(plan.gzip ? { HTTP_ACCEPT_ENCODING: "gzip" } : {}) },
      }).getEnviron()
      const sent = await serveOnce(outer, environ, plan.leaves)
      expect(closed()).toBe(made())
      if (sent === undefined || plan.leaves !== undefined) return
      const isCoded = plan.gzip && plan.stack.includes("compress")
      const text = (isCoded && sent.length > 0 ? gunzipSync(sent) : sent).toString()
      expect(text).toBe(plan.chunks.join(""))
    }),
    { numRuns: 200 },
  )
})

test("layers that have nothing to do hand an array on as it is, without a wait", () => {
  const body: Uint8Array[] = [Buffer.from("a")]
  const app: Application = (_environ, startResponse) => {
    startResponse("200 OK", [["Content-Type", "image/png"]])
    return body
  }
  for (const [name, layer] of Object.entries(layers)) {
    // It measures until the profile is there.
    if (name === "profiler") continue
    const environ = new EnvironBuilder({ path: "/page", method: name === "sharedData" ? "POST" : "GET" }).getEnviron()
    expect(
      layer(app)(environ, () => async () => undefined),
      name,
    ).toBe(body)
  }
})
