import { expect, test } from "vitest"
import { getRequestId, requestId } from "../../src/middleware/request-id.ts"
import { answer, call, hello } from "./calling.ts"

test("each request has an id, in the environ and in the response", async () => {
  const one = await call((app) => requestId(app))
  const two = await call((app) => requestId(app))
  expect(one.header("X-Request-ID")).toMatch(/^[0-9a-f-]{36}$/)
  expect(getRequestId(one.environ as NonNullable<typeof one.environ>)).toBe(one.header("X-Request-ID"))
  expect(one.environ?.["HTTP_X_REQUEST_ID"]).toBe(one.header("X-Request-ID"))
  expect(two.header("X-Request-ID")).not.toBe(one.header("X-Request-ID"))
})

const sent = (HTTP_X_REQUEST_ID: string) => ({ variables: { HTTP_X_REQUEST_ID } })

test("what the client sends counts only when told so", async () => {
  expect((await call((app) => requestId(app), sent("theirs"))).header("x-request-id")).not.toBe("theirs")
  expect((await call((app) => requestId(app, { trust: true }), sent("theirs"))).header("x-request-id")).toBe("theirs")
})

test.each(["", "a b", "a\u001b[2J", "x".repeat(129), "caf\u00e9", 'a"b', "<b>"])("%j is not taken over", async (id) => {
  const { headers } = await call((app) => requestId(app, { trust: true, generate: () => "own" }), sent(id))
  expect(headers).toContainEqual(["X-Request-ID", "own"])
})

test("an application that sets the header has the last word", async () => {
  const app = answer("x", [
    ["Content-Type", "text/plain"],
    ["x-request-id", "mine"],
  ])
  const { headers } = await call((inner) => requestId(inner), {}, app)
  expect(headers.filter(([name]) => name.toLowerCase() === "x-request-id")).toEqual([["x-request-id", "mine"]])
})

test("header and generator can be chosen", async () => {
  const { header, environ } = await call((app) => requestId(app, { header: "Trace-Id", generate: () => "7" }))
  expect([header("trace-id"), environ?.["HTTP_TRACE_ID"]]).toEqual(["7", "7"])
})

test("a header name that is none, and an id that is none, are mistakes", async () => {
  expect(() => requestId(hello, { header: "a b" })).toThrow(TypeError)
  await expect(call((app) => requestId(app, { generate: () => "a\r\nb" }))).rejects.toThrow(RangeError)
})
