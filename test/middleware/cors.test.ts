import { describe, expect, test } from "vitest"
import { type CorsOptions, cors } from "../../src/middleware/cors.ts"
import { answer, call, hello } from "./calling.ts"

const A = "https://a.test"

async function accessHeaders(options: CorsOptions, variables: Record<string, string> = {}, method = "GET") {
  const { code, headers, environ } = await call((app) => cors(app, options), { method, variables })
  const shown = headers.filter(([name]) => /^(access-control-.*|vary)$/i.test(name))
  return {
    code,
    passedOn: environ !== undefined,
    ...Object.fromEntries(shown.map(([name, value]) => [name.toLowerCase().replace("access-control-", ""), value])),
  }
}

describe("a response", () => {
  test.each([
    ["an origin that is listed", { origins: [A] }, A, { "allow-origin": A, vary: "Origin" }],
    ["one that is not", { origins: [A] }, "https://b.test", { vary: "Origin" }],
    ["one that looks alike", { origins: [A] }, "https://a.test.evil", { vary: "Origin" }],
    ["another scheme", { origins: [A] }, "http://a.test", { vary: "Origin" }],
    ["another port", { origins: [A] }, "https://a.test:444", { vary: "Origin" }],
    ["null", { origins: [A] }, "null", { vary: "Origin" }],
    ["null that is listed", { origins: ["null"] }, "null", { "allow-origin": "null", vary: "Origin" }],
    ["no origin", { origins: [A] }, undefined, { vary: "Origin" }],
    ["all origins", { origins: "*" }, A, { "allow-origin": "*" }],
    ["no origin where all may", { origins: "*" }, undefined, { "allow-origin": "*" }],
    [
      "a function",
      { origins: (origin: string) => origin.endsWith(".a.test") },
      "https://x.a.test",
      { "allow-origin": "https://x.a.test", vary: "Origin" },
    ],
    ["what is no origin, though a function takes it", { origins: () => true }, "a b", { vary: "Origin" }],
    [
      "credentials",
      { origins: [A], credentials: true },
      A,
      { "allow-origin": A, "allow-credentials": "true", vary: "Origin" },
    ],
    [
      "headers to be read",
      { origins: [A], exposedHeaders: ["ETag", "X-A"] },
      A,
      { "allow-origin": A, "expose-headers": "ETag, X-A", vary: "Origin" },
    ],
  ] as [string, CorsOptions, string | undefined, object][])("%s", async (_, options, origin, expected) => {
    const variables: Record<string, string> = origin === undefined ? {} : { HTTP_ORIGIN: origin }
    expect(await accessHeaders(options, variables)).toEqual({ code: 200, passedOn: true, ...expected })
  })

  test("headers of the application are replaced, its Vary is kept", async () => {
    const app = answer("a", [
      ["Content-Type", "text/plain"],
      ["access-control-allow-origin", "*"],
      ["Vary", "Cookie"],
    ])
    const { headers } = await call((inner) => cors(inner, { origins: [A] }), { variables: { HTTP_ORIGIN: A } }, app)
    expect(headers.slice(1)).toEqual(
      [
        ["Access-Control-Allow-Origin", A],
        ["Vary", "Cookie, Origin"],
      ].sort(),
    )
  })
})

describe("a preflight", () => {
  const preflight = (origin: string, method = "PUT", headers?: string) => ({
    HTTP_ORIGIN: origin,
    HTTP_ACCESS_CONTROL_REQUEST_METHOD: method,
    ...(headers === undefined ? {} : { HTTP_ACCESS_CONTROL_REQUEST_HEADERS: headers }),
  })

  test.each([
    [{ origins: [A] }, preflight(A), { "allow-origin": A, "allow-methods": "GET, HEAD, POST", vary: "Origin" }],
    [{ origins: [A] }, preflight("https://b.test"), { vary: "Origin" }],
    [{ origins: "*", methods: ["PUT"] }, preflight(A), { "allow-origin": "*", "allow-methods": "PUT" }],
    [
      { origins: [A], methods: ["PUT"], headers: ["X-A", "Authorization"], credentials: true, maxAgeSeconds: 600 },
      preflight(A, "PUT", "x-a"),
      {
        "allow-origin": A,
        "allow-methods": "PUT",
        "allow-headers": "X-A, Authorization",
        "allow-credentials": "true",
        "max-age": "600",
        vary: "Origin",
      },
    ],
    [
      { origins: "*", headers: "*" },
      preflight(A, "GET", "Authorization, x-a, a b, x\u00e9"),
      {
        "allow-origin": "*",
        "allow-methods": "GET, HEAD, POST",
        "allow-headers": "authorization, x-a",
        vary: "Access-Control-Request-Headers",
      },
    ],
  ] as [CorsOptions, Record<string, string>, object][])("of %j", async (options, variables, expected) => {
    expect(await accessHeaders(options, variables, "OPTIONS")).toEqual({ code: 204, passedOn: false, ...expected })
  })

  test("OPTIONS that is none is passed on", async () => {
    expect((await accessHeaders({ origins: [A] }, { HTTP_ORIGIN: A }, "OPTIONS")).passedOn).toBe(true)
    const { HTTP_ORIGIN: _, ...noOrigin } = preflight(A)
    expect((await accessHeaders({ origins: [A] }, noOrigin, "OPTIONS")).passedOn).toBe(true)
  })
})

test.each([
  { origins: "*", credentials: true },
  { origins: A },
  { origins: ["a.test"] },
  { origins: ["https://a.test/"] },
  { origins: ["https://A.test"] },
  { origins: ["https://a.test:443"] },
  { origins: ["*"] },
  { origins: [A], methods: ["a b"] },
  { origins: [A], headers: ["a\r\nb"] },
  { origins: [A], exposedHeaders: [""] },
])("%j is a mistake", (options) => {
  expect(() => cors(hello, options as CorsOptions)).toThrow(TypeError)
})

test("an age is a whole number of seconds", () => {
  expect(() => cors(hello, { origins: [A], maxAgeSeconds: -1 })).toThrow(RangeError)
})
