import { describe, expect, test } from "vitest"
import { compose } from "../../src/middleware/compose.ts"
import { cspNonce, type SecurityHeadersOptions, securityHeaders } from "../../src/middleware/security-headers.ts"
import { Client } from "../../src/testing/client.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"
import { answer, call, hello } from "./calling.ts"

const headersOf = async (options?: SecurityHeadersOptions, inner = hello, baseUrl = "https://localhost/") => {
  const { headers } = await call((app) => securityHeaders(app, options), { baseUrl }, inner)
  return new Map(headers.map(([name, value]) => [name.toLowerCase(), value]))
}

describe("the defaults", () => {
  test("are what the usual observatories ask for", async () => {
    const headers = await headersOf()
    // Mozilla's: no inline code, no plug-ins, no other frame, half a year of TLS at least.
    const policy = headers.get("content-security-policy") as string
    expect(policy).toBe(
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:; object-src 'none'",
    )
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    const maxAge = Number(/^max-age=(\d+)$/.exec(headers.get("strict-transport-security") as string)?.[1])
    expect(maxAge).toBeGreaterThanOrEqual(15_768_000)
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "strict-origin-when-cross-origin",
      "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    })
  })

  test("say nothing of TLS where there is none", async () => {
    expect((await headersOf(undefined, hello, "http://localhost/")).has("strict-transport-security")).toBe(false)
  })

  test("stand on error pages as well", async () => {
    const client = new Client(securityHeaders(application(() => new Response("no", { status: 404 }))))
    expect((await client.get("/")).headers.has("Content-Security-Policy")).toBe(true)
  })
})

test("a header that the application sets goes before, in any case", async () => {
  const own = answer("x", [
    ["Content-Type", "text/plain"],
    ["content-security-policy", "default-src *"],
    ["X-FRAME-OPTIONS", "SAMEORIGIN"],
  ])
  const { headers } = await call((app) => securityHeaders(app), {}, own)
  const values = (lower: string) => headers.filter(([name]) => name.toLowerCase() === lower).map(([, value]) => value)
  expect(values("content-security-policy")).toEqual(["default-src *"])
  expect(values("x-frame-options")).toEqual(["SAMEORIGIN"])
})

test("each of them can be changed or left out", async () => {
  const headers = await headersOf({
    contentSecurityPolicy: { "img-src": "*", "object-src": false, "upgrade-insecure-requests": "" },
    contentSecurityPolicyReportOnly: "default-src 'none'",
    crossOriginOpenerPolicy: false,
    crossOriginResourcePolicy: "cross-origin",
    permissionsPolicy: false,
    referrerPolicy: "no-referrer",
    strictTransportSecurity: "max-age=63072000; includeSubDomains; preload",
    xContentTypeOptions: false,
    xFrameOptions: "SAMEORIGIN",
  })
  headers.delete("content-type")
  headers.delete("content-length")
  expect(Object.fromEntries(headers)).toEqual({
    "content-security-policy":
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src *; upgrade-insecure-requests",
    "content-security-policy-report-only": "default-src 'none'",
    "cross-origin-resource-policy": "cross-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains; preload",
    "x-frame-options": "SAMEORIGIN",
  })
  expect((await headersOf({ contentSecurityPolicy: false })).has("content-security-policy")).toBe(false)
})

describe("the nonce", () => {
  const page = application((request) =>
    request.path === "/plain" ? new Response("") : new Response(`${cspNonce(request)} ${cspNonce(request.environ)}`),
  )
  const policyFor = async (options?: SecurityHeadersOptions, path = "/") => {
    const response = await new Client(securityHeaders(page, options)).get(path)
    return { policy: response.headers.get("Content-Security-Policy") as string, text: await response.text() }
  }

  test("is in the policy for scripts and styles, once the application has asked", async () => {
    const { policy, text } = await policyFor()
    const [nonce, again] = text.split(" ")
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/)
    expect(again).toBe(nonce)
    expect(policy).toContain(`; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'`)
    expect((await policyFor({}, "/plain")).policy).not.toContain("nonce")
  })

  test("is another one for each response", async () => {
    expect((await policyFor()).text).not.toBe((await policyFor()).text)
  })

  test.each([
    ["default-src 'none'", (n: string) => `default-src 'none'; script-src ${n}; style-src ${n}`],
    [
      "script-src 'strict-dynamic'; style-src 'none'",
      (n: string) => `script-src 'strict-dynamic' ${n}; style-src ${n}`,
    ],
    ["img-src 'self'", () => "img-src 'self'"],
  ])("stands beside what %s says", async (contentSecurityPolicy, expected) => {
    const { policy, text } = await policyFor({ contentSecurityPolicy })
    expect(policy).toBe(expected(`'nonce-${text.split(" ")[0]}'`))
  })

  test("does not replace that of a page that is stored", async () => {
    const inner = application((request) => new Response(undefined, { status: cspNonce(request) ? 304 : 200 }))
    expect((await new Client(securityHeaders(inner)).get("/")).headers.has("Content-Security-Policy")).toBe(false)
  })

  test("is not to be had without the layer", () => {
    expect(() => cspNonce({ REQUEST_METHOD: "GET" } as never)).toThrow(/securityHeaders\(app\)/)
  })
})

test.each([
  { contentSecurityPolicy: { "img-src": "a; script-src *" } },
  { contentSecurityPolicy: { "img src": "a" } },
  { contentSecurityPolicy: { "img-src": "a\r\nX: y" } },
  { referrerPolicy: "a\nb" },
  { strictTransportSecurity: "a\u0000" },
  { hsts: "max-age=1" },
])("what can't be sent, and what is no option, is refused when the application is made: %j", (options) => {
  expect(() => compose(hello, (app) => securityHeaders(app, options as SecurityHeadersOptions))).toThrow(TypeError)
})
