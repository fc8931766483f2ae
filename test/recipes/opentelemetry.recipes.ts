// docs/recipes/opentelemetry.md, with a collector that takes what the exporter sends.

import { expect, test } from "vitest"
import { Request, Response } from "../../src/wrappers/index.ts"
import { serve as serveHere } from "../support/server.ts"
import { recipe } from "./recipe.ts"

const { commands, serve } = recipe("opentelemetry")
const command = commands.find((each) => each.startsWith("node")) as string

interface Span {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  kind: number
  status: { code?: number }
  attributes: { key: string; value: Record<string, unknown> }[]
}
interface Export {
  resourceSpans: { resource: { attributes: Span["attributes"] }; scopeSpans: { spans: Span[] }[] }[]
}

test("spans of requests, of their steps and of errors reach the collector, also those of the last moment", async () => {
  const exports: Export[] = []
  const collector = await serveHere(
    Request.application(async (request) => {
      if (request.path !== "/v1/traces") return new Response("not found", { status: 404 })
      exports.push((await request.json()) as Export)
      return Response.json({})
    }),
  )
  const { url, stop, stderr } = await serve(command, {
    PORT: "0",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`,
  })
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
  const found = await fetch(`${url}/prices/tea`, { headers: { traceparent } })
  expect(await found.json()).toEqual({ item: "tea", price: 3 })
  expect((await fetch(`${url}/prices/gold`)).status).toBe(404)
  expect((await fetch(`${url}/fail`)).status).toBe(500)
  expect(await stop(), stderr()).toBe(0)

  const resources = exports.flatMap(({ resourceSpans }) => resourceSpans)
  expect(resources[0]?.resource.attributes).toContainEqual({ key: "service.name", value: { stringValue: "shop" } })
  const spans = resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
  expect(spans.map(({ name }) => name).sort()).toEqual([
    "GET /fail",
    "GET /prices/<item>",
    "GET /prices/<item>",
    "look up price",
    "look up price",
  ])
  const [step, request] = spans.filter(({ traceId }) => traceId === "0af7651916cd43dd8448eb211c80319c")
  expect(request).toMatchObject({ name: "GET /prices/<item>", kind: 2, parentSpanId: "b7ad6b7169203331" })
  expect(step).toMatchObject({ name: "look up price", parentSpanId: request?.spanId })
  const failed = spans.find(({ name }) => name === "GET /fail")
  expect(failed?.status.code).toBe(2)
  expect(failed?.attributes).toContainEqual({ key: "error.type", value: { stringValue: "Error" } })
})
