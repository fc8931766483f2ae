import { expect, test } from "vitest"
import { addressFilter } from "../../src/middleware/address-filter.ts"
import { proxyFix } from "../../src/middleware/proxy-fix.ts"
import { call } from "./calling.ts"

const from = (REMOTE_ADDR: string | undefined) => ({ variables: { REMOTE_ADDR } })

test.each([
  [{ allow: ["10.0.0.0/8"] }, "10.1.1.1", 200],
  [{ allow: ["10.0.0.0/8"] }, "::ffff:10.1.1.1", 200],
  [{ allow: ["10.0.0.0/8"] }, "11.1.1.1", 403],
  [{ allow: ["10.0.0.0/8"] }, undefined, 403],
  [{ allow: [] }, "10.1.1.1", 403],
  [{ deny: ["10.0.0.0/8"] }, "10.1.1.1", 403],
  [{ deny: ["10.0.0.0/8"] }, "::FFFF:a01:101", 403],
  [{ deny: ["10.0.0.0/8"] }, "11.1.1.1", 200],
  [{ deny: ["10.0.0.0/8"] }, undefined, 200],
  [{ allow: ["10.0.0.0/8"], deny: ["10.1.1.1"] }, "10.1.1.1", 403],
])("with %j a request from %s is answered %i", async (options, address, code) => {
  expect((await call((app) => addressFilter(app, options), from(address))).code).toBe(code)
})

test("the application is not called for an address that is refused", async () => {
  expect((await call((app) => addressFilter(app, { deny: ["::1"] }), from("::1"))).environ).toBeUndefined()
})

test("inside proxyFix a client that the proxy hides is not taken for the proxy", async () => {
  const layers = (app: Parameters<typeof proxyFix>[0]) =>
    proxyFix(addressFilter(app, { allow: ["10.0.0.0/8"] }), { for: 1 })
  const variables = { REMOTE_ADDR: "10.0.0.1", HTTP_X_FORWARDED_FOR: "unknown" }
  expect((await call(layers, { variables })).code).toBe(403)
})

test("without a list it can't be made", () => {
  expect(() => addressFilter(() => [], {})).toThrow(TypeError)
  expect(() => addressFilter(() => [], { allow: ["nowhere"] })).toThrow(RangeError)
})
