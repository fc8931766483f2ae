// Spans and metrics as the SDK of OpenTelemetry has them, in memory: through the layer alone, and over a socket.

import { connect } from "node:net"
import { metrics, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node"
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest"
import { createServer } from "../../src/adapters/node.ts"
import { NotFound } from "../../src/exceptions/statuses.ts"
import type { Application, Environ } from "../../src/gateway.ts"
import { redactQuery } from "../../src/middleware/http-attributes.ts"
import { lint } from "../../src/middleware/lint.ts"
import { type OpenTelemetryOptions, openTelemetry } from "../../src/middleware/open-telemetry.ts"
import { proxyFix } from "../../src/middleware/proxy-fix.ts"
import { rule } from "../../src/routing/rule.ts"
import { RuleMap } from "../../src/routing/rule-map.ts"
import { views } from "../../src/routing/views.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import type { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"
import { type CallOptions, call, hello } from "./calling.ts"

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()
const measured = new InMemoryMetricExporter(AggregationTemporality.DELTA)
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 1_000_000 })
const meters = new MeterProvider({ readers: [reader] })

beforeEach(() => exporter.reset())
afterAll(async () => {
  await Promise.all([provider.shutdown(), meters.shutdown()])
})

const bytes = (text: string) => new TextEncoder().encode(text)

/** The one span of kind SERVER. */
function span(): ReadableSpan {
  const spans = exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.SERVER)
  expect(spans).toHaveLength(1)
  return spans[0] as ReadableSpan
}

async function traced(options: OpenTelemetryOptions, how: CallOptions, inner?: Application): Promise<ReadableSpan> {
  await call((app) => openTelemetry(app, options), how, inner)
  return span()
}

const pages = application(
  views(
    new RuleMap([
      rule("/", () => new Response("home")),
      rule("/users/<int:id>", (_: Request, { id }: { id: number }) => {
        if (id === 0) throw new NotFound()
        return new Response(String(id))
      }),
    ]),
  ),
)

describe("a span", () => {
  test("has the name of the rule, and the attributes of the conventions", async () => {
    const found = await traced(
      {},
      {
        path: "/users/7",
        method: "GET",
        queryString: "a=1&sig=secret",
        baseUrl: "https://example.com:8443/app",
        headers: { "User-Agent": "test/1" },
        variables: { REMOTE_ADDR: "192.0.2.1", REMOTE_PORT: "5000", REQUEST_URI: "/app/users/7?a=1" },
      },
      pages,
    )
    expect(found.name).toBe("GET /app/users/<int:id>")
    expect(found.kind).toBe(SpanKind.SERVER)
    expect(found.status).toEqual({ code: SpanStatusCode.UNSET })
    expect(found.attributes).toEqual({
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "http.route": "/app/users/<int:id>",
      "url.scheme": "https",
      "url.path": "/app/users/7",
      "url.query": "a=1&sig=REDACTED",
      "server.address": "example.com",
      "server.port": 8443,
      "client.address": "192.0.2.1",
      "network.peer.address": "192.0.2.1",
      "network.peer.port": 5000,
      "network.protocol.version": "1.1",
      "user_agent.original": "test/1",
    })
    expect(found.instrumentationScope.name).toBe("werkstatt")
  })

  test("of a request that no rule matches has the method alone, never the path", async () => {
    const found = await traced({}, { path: "/none/7" }, pages)
    expect([found.name, found.attributes["http.route"], found.attributes["http.response.status_code"]]).toEqual([
      "GET",
      undefined,
      404,
    ])
    // What a client asked wrongly is no error of the server.
    expect(found.status.code).toBe(SpanStatusCode.UNSET)
    expect(found.attributes["error.type"]).toBeUndefined()
  })

  test("takes the route of another router from an option", async () => {
    const found = await traced({ route: ({ PATH_INFO }) => `/x/:${PATH_INFO.length}` }, { path: "/abc" })
    expect([found.name, found.attributes["http.route"]]).toEqual(["GET /x/:4", "/x/:4"])
  })

  test("of a method that is not known is named HTTP", async () => {
    const found = await traced({}, { method: "PROPFIND" })
    expect([
      found.name,
      found.attributes["http.request.method"],
      found.attributes["http.request.method_original"],
    ]).toEqual(["HTTP", "_OTHER", "PROPFIND"])
  })

  test("has headers only where they were asked for", async () => {
    const found = await traced(
      { requestHeaders: ["X-One", "X-Two"], responseHeaders: ["Set-Cookie", "content-type"] },
      { headers: { "X-One": "1", "X-Three": "3" } },
      (_, start) => {
        start("200 OK", [
          ["Content-Type", "text/plain"],
          ["Set-Cookie", "a=1"],
          ["set-cookie", "b=2"],
        ])
        return [bytes("x")]
      },
    )
    const headers = Object.entries(found.attributes).filter(([name]) => name.includes(".header."))
    expect(Object.fromEntries(headers)).toEqual({
      "http.request.header.x-one": ["1"],
      "http.response.header.set-cookie": ["a=1", "b=2"],
      "http.response.header.content-type": ["text/plain"],
    })
  })

  test("tells the client and the proxy apart behind proxyFix", async () => {
    await call((app) => proxyFix(openTelemetry(app), { for: 1, proto: 1, host: 1 }), {
      headers: { "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example" },
      variables: { REMOTE_ADDR: "10.0.0.1" },
    })
    expect(span().attributes).toMatchObject({
      "client.address": "203.0.113.9",
      "network.peer.address": "10.0.0.1",
      "url.scheme": "https",
      "server.address": "shop.example",
      "server.port": 443,
    })
  })

  test.each<[target: string | undefined, path: string]>([
    ["/a%20b?x", "/a%20b"],
    ["http://other.test/p?q", "/p"],
    ["*", "/"],
    [undefined, "/"],
  ])("of the target %s has the path %s", async (target, path) => {
    const found = await traced({}, { path: "/", variables: { REQUEST_URI: target } })
    expect(found.attributes["url.path"]).toBe(path)
  })

  test("is not made for what is skipped", async () => {
    await call((app) => openTelemetry(app, { skip: ["/-/"] }), { path: "/-/ready" })
    await call((app) => openTelemetry(app, { skip: (environ) => environ.PATH_INFO === "/b" }), { path: "/b" })
    expect(exporter.getFinishedSpans()).toEqual([])
  })
})

describe("the trace", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  test("of the client goes on", async () => {
    const found = await traced({}, { headers: { traceparent, tracestate: "a=1" } })
    expect(found.spanContext().traceId).toBe("0af7651916cd43dd8448eb211c80319c")
    expect(found.parentSpanContext?.spanId).toBe("b7ad6b7169203331")
    expect(found.spanContext().traceState?.serialize()).toBe("a=1")
  })

  test.each([
    "",
    "00-0-0-01",
    `${traceparent}, ${traceparent}`,
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
  ])("of a client that says %j begins here", async (value) => {
    const found = await traced({}, { headers: { traceparent: value } })
    expect(found.parentSpanContext).toBeUndefined()
  })

  test("is the active one in the application, in each step of the body, and in its close", async () => {
    const seen: (string | undefined)[] = []
    const look = () => seen.push(trace.getActiveSpan()?.spanContext().spanId)
    const inner: Application = async (_, start) => {
      look()
      await Promise.resolve()
      trace.getTracer("app").startSpan("child").end()
      start("200 OK", [["Content-Type", "text/plain"]])
      const body = (async function* () {
        look()
        yield bytes("a")
        await new Promise((resolve) => setTimeout(resolve, 1))
        look()
        yield bytes("b")
      })()
      return Object.assign(body, { close: look }) as unknown as AsyncIterable<Uint8Array>
    }
    const found = await traced({}, {}, inner)
    expect(seen).toEqual(Array(4).fill(found.spanContext().spanId))
    const child = exporter.getFinishedSpans().find(({ name }) => name === "child")
    expect(child?.parentSpanContext?.spanId).toBe(found.spanContext().spanId)
    expect(trace.getActiveSpan()).toBeUndefined()
  })

  test("is the active one in a generator that starts its response in its first step", async () => {
    let active: Span | undefined
    const inner: Application = function* (_: Environ, start: Parameters<Application>[1]) {
      active = trace.getActiveSpan()
      start("200 OK", [["Content-Type", "text/plain"]])
      yield bytes("a")
    }
    const found = await traced({}, {}, inner)
    expect(active?.spanContext().spanId).toBe(found.spanContext().spanId)
    expect(found.attributes["http.response.status_code"]).toBe(200)
  })
})

describe("an error", () => {
  test("of the application is recorded, and passes", async () => {
    const failing: Application = () => {
      throw new RangeError("mine")
    }
    await expect(call(openTelemetry, {}, failing)).rejects.toThrow("mine")
    const found = span()
    expect(found.status.code).toBe(SpanStatusCode.ERROR)
    expect(found.attributes).toMatchObject({ "error.type": "RangeError", "http.response.status_code": 500 })
    expect(found.events).toMatchObject([
      { name: "exception", attributes: { "exception.type": "RangeError", "exception.message": "mine" } },
    ])
  })

  test("that is rejected or thrown as something else counts too", async () => {
    await expect(call(openTelemetry, {}, () => Promise.reject("text"))).rejects.toBe("text")
    expect(span().attributes["error.type"]).toBe("string")
  })

  test("in the body is recorded", async () => {
    const inner: Application = (_, start) => {
      start("200 OK", [["Content-Type", "text/plain"]])
      return (async function* () {
        yield bytes("a")
        throw new TypeError("halfway")
      })()
    }
    await expect(call(openTelemetry, {}, inner)).rejects.toThrow("halfway")
    expect(span().attributes).toMatchObject({ "error.type": "TypeError", "http.response.status_code": 200 })
    expect(span().events).toHaveLength(1)
  })

  test("is what a status from 500 on says, without a description", async () => {
    const found = await traced({}, {}, (_, start) => {
      start("503 Service Unavailable", [["Content-Type", "text/plain"]])
      return [bytes("x")]
    })
    expect(found.status).toEqual({ code: SpanStatusCode.ERROR })
    expect(found.attributes["error.type"]).toBe("503")
  })

  test("is not that HEAD has no body", async () => {
    const inner: Application = (_, start) => {
      start("200 OK", [["Content-Type", "text/plain"]])
      return (async function* () {
        yield bytes("a")
      })()
    }
    const found = await traced({}, { method: "HEAD", allow: ["L28"] }, inner)
    expect(found.status.code).toBe(SpanStatusCode.UNSET)
  })
})

test("over a socket: a span for each request, and an error where the client leaves in the middle", async () => {
  const app: Application = async (environ, start) => {
    if (environ.PATH_INFO === "/throw") throw new Error("mine")
    start("200 OK", [["Content-Type", "text/plain"]])
    if (environ.PATH_INFO === "/") return [bytes("x")]
    return (async function* () {
      for (;;) {
        yield bytes("x".repeat(1000))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })()
  }
  const errors = { write: () => {}, writeLines: () => {}, flush: () => {} }
  const { server, destroy } = createServer(lint(openTelemetry(lint(app))), { errors })
  onTestFinished(() => void destroy())
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as import("node:net").AddressInfo
  await (await fetch(`http://127.0.0.1:${port}/?a`)).text()
  await (await fetch(`http://127.0.0.1:${port}/throw`)).text()
  const socket = connect(port, "127.0.0.1", () => socket.write("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"))
  socket.once("data", () => socket.destroy())
  await expect.poll(() => exporter.getFinishedSpans().length, { timeout: 5000 }).toBe(3)
  const rows = exporter
    .getFinishedSpans()
    .map(({ attributes, status }) => [
      attributes["url.path"],
      attributes["http.response.status_code"],
      attributes["error.type"],
      status.code,
    ])
  expect(rows).toEqual([
    ["/", 200, undefined, SpanStatusCode.UNSET],
    ["/throw", 500, "Error", SpanStatusCode.ERROR],
    ["/endless", 200, "aborted", SpanStatusCode.ERROR],
  ])
})

test("a WebSocket is a span from its handshake to its close, and no error; its handler runs in that span", async () => {
  let inside: Span | undefined
  const app = openTelemetry(
    application(() =>
      Response.websocket(async (socket) => {
        await socket.receive()
        inside = trace.getActiveSpan()
      }),
    ),
  )
  const socket = await new Client(app).websocket("/", { headers: { Origin: "http://localhost" } })
  expect(exporter.getFinishedSpans()).toEqual([])
  await socket.send("tea")
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(1)
  const { attributes, status } = span()
  expect([attributes["http.response.status_code"], attributes["error.type"], status.code]).toEqual([
    101,
    undefined,
    SpanStatusCode.UNSET,
  ])
  expect(inside?.spanContext().spanId).toBe(span().spanContext().spanId)
})

test("durations are a histogram in seconds, by route and status", async () => {
  // Set up after the layer was made, as programs may.
  const layer = openTelemetry(pages)
  metrics.setGlobalMeterProvider(meters)
  await call(() => layer, { path: "/users/1" })
  await call(() => layer, { path: "/users/2" })
  await call(() => layer, { path: "/users/0" })
  await reader.forceFlush()
  const [metric] = measured.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? []
  expect(metric?.descriptor).toMatchObject({ name: "http.server.request.duration", unit: "s" })
  const points = metric?.dataPoints.map(({ attributes, value }) => [
    attributes["http.route"],
    attributes["http.response.status_code"],
    attributes["url.path"],
    (value as { count: number }).count,
    (value as { buckets: { boundaries: number[] } }).buckets.boundaries.length,
  ])
  expect(points).toEqual([
    ["/users/<int:id>", 200, undefined, 2, 14],
    ["/users/<int:id>", 404, undefined, 1, 14],
  ])
})

test("known methods are those of the variable of the conventions, if there is one", async () => {
  const { knownMethods } = await import("../../src/middleware/http-attributes.ts")
  expect(knownMethods({}).has("GET")).toBe(true)
  expect([...knownMethods({ OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: "GET, BREW" })]).toEqual(["GET", "BREW"])
})

test.each([
  ["", ""],
  ["sig", "sig"],
  ["sig=", "sig=REDACTED"],
  ["a&sig=1=2&sig=3", "a&sig=REDACTED&sig=REDACTED"],
  ["__proto__=1&constructor=2", "__proto__=1&constructor=2"],
])("of the query %j is told %j", (query, told) => {
  expect(redactQuery(query, new Set(["sig"]))).toBe(told)
})

test("a misspelled option is a mistake", () => {
  expect(() => openTelemetry(hello, { routes: () => "" } as never)).toThrow(/openTelemetry has no option "routes"/)
})
