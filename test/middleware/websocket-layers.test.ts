// A WebSocket passes through every layer that can stand around an application, and is run in the context that a layer makes.

import { expect, test } from "vitest"
import type { ApplicationLike } from "../../src/gateway.ts"
import { Local, LocalManager, withContext } from "../../src/local.ts"
import {
  accessLog,
  addressFilter,
  bodyLimit,
  compress,
  cors,
  dispatcher,
  lint,
  openTelemetry,
  proxyFix,
  rateLimit,
  requestId,
  responseCache,
  rewrite,
  securityHeaders,
  sharedData,
  timeout,
  transformBody,
} from "../../src/middleware/index.ts"
import { csrf, sessions } from "../../src/sessions/index.ts"
import { MemoryStore } from "../../src/stores/index.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"

const store = new MemoryStore()

const layers: Record<string, (app: ApplicationLike) => ApplicationLike> = {
  accessLog: (app) => accessLog(app, { write: () => {} }),
  addressFilter: (app) => addressFilter(app, { allow: ["127.0.0.1"] }),
  bodyLimit: (app) => bodyLimit(app, { maxBytes: 1 }),
  compress: (app) => compress(app),
  cors: (app) => cors(app, { origins: ["https://example.com"] }),
  csrf: (app) => csrf(app),
  dispatcher: (app) => dispatcher(app, {}),
  lint: (app) => lint(app),
  openTelemetry: (app) => openTelemetry(app),
  proxyFix: (app) => proxyFix(app),
  rateLimit: (app) => rateLimit(app, { store, limit: 10, windowSeconds: 60 }),
  requestId: (app) => requestId(app),
  responseCache: (app) => responseCache(app, { store }),
  rewrite: (app) => rewrite(app, []),
  securityHeaders: (app) => securityHeaders(app),
  sessions: (app) => sessions(app, { secret: "only for tests: 0123456789" }),
  sharedData: (app) => sharedData(app, {}),
  timeout: (app) => timeout(app, { timeoutMs: 60_000 }),
  transformBody: (app) => transformBody(app, { transform: () => undefined }),
  withContext: (app) => withContext(app),
  LocalManager: (app) => new LocalManager([new Local()]).makeMiddleware(app),
}

test.each(Object.keys(layers))("%s lets a WebSocket pass", async (name) => {
  let closed = 0
  const echo = application(() => {
    const response = Response.websocket(async (socket) => {
      for await (const message of socket) await socket.send(message)
    })
    response.callOnClose(() => void closed++)
    return response
  })
  const client = new Client((layers[name] as (app: ApplicationLike) => ApplicationLike)(echo))
  const options = { headers: { Origin: "http://localhost" }, environBase: { REMOTE_ADDR: "127.0.0.1" } }
  const socket = await client.websocket("/", options)
  await socket.send("tea")
  expect(await socket.receive()).toBe("tea")
  await socket.close()
  await expect.poll(() => closed).toBe(1)
})

test("the handler of a WebSocket runs in the context of its request, and the context ends with it", async () => {
  const local = new Local<{ user: string }>()
  const app = new LocalManager([local]).makeMiddleware(
    application(() => {
      local.set("user", "Ada")
      return Response.websocket(async (socket) => {
        await socket.send(local.getOrThrow("user"))
        await socket.receive()
        await socket.send(local.getOrThrow("user"))
      })
    }),
  )
  const socket = await new Client(app).websocket("/", { headers: { Origin: "http://localhost" } })
  expect(await socket.receive()).toBe("Ada")
  await socket.send("again")
  expect(await socket.receive()).toBe("Ada")
  await socket.close()
})
