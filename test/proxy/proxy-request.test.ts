import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Environ } from "../../src/gateway.ts"
import { clientHeaders, type ProxyRoute, upstreamHeaders, upstreamTarget } from "../../src/proxy/proxy-request.ts"
import { EnvironBuilder } from "../../src/testing/environ-builder.ts"

const route: ProxyRoute = {
  prefix: "/api",
  removePrefix: false,
  basePath: "",
  keepHost: false,
  headers: new Map(),
  forward: true,
}

const environOf = (path: string, variables: Record<string, unknown> = {}): Environ =>
  new EnvironBuilder({ path, environOverrides: variables }).getEnviron()

describe("the target", () => {
  test.each([
    ["/api", "/api"],
    ["/api/", "/api/"],
    ["/api/x?q=1", "/api/x?q=1"],
    ["/api//x", "/api//x"],
    ["/api/%41%2f%7e", "/api/%41%2f%7e"],
    ["/api/a$b;c=d,e'(f)*!@:&=+", "/api/a$b;c=d,e'(f)*!@:&=+"],
    ["/api/%E2%82%AC", "/api/%E2%82%AC"],
    ["/api/...", "/api/..."],
    ["/api/.well-known", "/api/.well-known"],
    ["/api/x?q=%zz&../..", "/api/x?q=%zz&../.."],
    ["/%61pi/x", "/api/x"],
    ["/api/%252e%252e/x", "/api/%252e%252e/x"],
  ])("of %s is %s", (path, target) => {
    const environ = environOf("/")
    const [raw = "", query = ""] = path.split("?")
    environ.PATH_INFO = raw.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    environ.QUERY_STRING = query
    environ.REQUEST_URI = path
    expect(upstreamTarget(route, environ)).toBe(target)
  })

  test.each([
    "/api/../admin",
    "/api/%2e%2e/admin",
    "/api/..%2fadmin",
    "/api/.%2e",
    "/api/x/./y",
    "/api/..;/admin",
    "/api/..;a=b/x",
    "/api/..%5cadmin",
    "/api/%2E",
    "/api%2fadmin",
  ])("of %s is none", (path) => {
    const environ = environOf("/")
    environ.PATH_INFO = path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    environ.REQUEST_URI = path
    expect(upstreamTarget(route, environ)).toBeUndefined()
  })

  test("of a broken escape is none", () => {
    for (const raw of ["/api/%zz", "/api/%", "/api/%4", "/api/%zz%41"]) {
      const environ = { ...environOf("/"), PATH_INFO: raw.replace("%41", "A"), REQUEST_URI: raw }
      expect(upstreamTarget(route, environ), raw).toBeUndefined()
    }
  })

  test("has the base path in front, and may lack the prefix", () => {
    const environ = environOf("/api/x%2Fy?q")
    expect(upstreamTarget({ ...route, basePath: "/v1" }, environ)).toBe("/v1/api/x%2Fy?q")
    expect(upstreamTarget({ ...route, basePath: "/v1", removePrefix: true }, environ)).toBe("/v1/x%2Fy?q")
    expect(upstreamTarget({ ...route, removePrefix: true }, environOf("/api"))).toBe("/")
    expect(upstreamTarget({ ...route, removePrefix: true }, environOf("/api?q"))).toBe("/?q")
  })

  test("lacks the mount of the proxy itself", () => {
    const environ = { ...environOf("/mount/api/%41"), SCRIPT_NAME: "/mount", PATH_INFO: "/api/A" }
    expect(upstreamTarget(route, environ)).toBe("/api/%41")
  })

  test("is encoded anew when a layer outside has changed the path", () => {
    const environ = { ...environOf("/old/%41"), PATH_INFO: "/api/ü b?#%".replace("ü", "\u00c3\u00bc") }
    expect(upstreamTarget(route, environ)).toBe("/api/%C3%BC%20b%3F%23%25")
  })

  test("decodes to the path that was judged, for every target", () => {
    const unit = fc.constantFrom("/", ".", "..", "%2e", "%2F", "%5c", "a", ";", "%25", "%", "\\", "%61")
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), (parts) => {
        const raw = `/api/${parts.join("")}`
        const decode = (text: string) =>
          text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
        const target = upstreamTarget(route, {
          ...environOf("/"),
          PATH_INFO: decode(raw),
          REQUEST_URI: raw,
          QUERY_STRING: "",
        })
        if (target === undefined) return
        expect(decode(target)).toBe(decode(raw))
        expect(
          decode(target)
            .split(/[/\\]/)
            .map((each) => each.split(";")[0]),
        ).not.toContain("..")
      }),
      { numRuns: 1000 },
    )
  })
})

describe("the headers of a request", () => {
  const sent = (variables: Record<string, unknown>, own: Partial<ProxyRoute> = {}) => {
    const list = upstreamHeaders(
      { ...route, ...own },
      environOf("/api", { REMOTE_ADDR: "192.0.2.1", ...variables }),
      "up.test:81",
    )
    return new Map(list.flatMap((name, i) => (i % 2 ? [] : [[name, list[i + 1] as string] as const])))
  }

  test("go on, but for those of the connection", () => {
    const headers = sent({
      HTTP_ACCEPT: "*/*",
      HTTP_COOKIE: "a=1; b=2",
      HTTP_X_ONE: "1",
      HTTP_CONNECTION: "keep-alive, X-One, X-Forwarded-For, X-User, Content-Type, Host",
      HTTP_KEEP_ALIVE: "timeout=5",
      HTTP_TE: "trailers",
      HTTP_TRAILER: "X",
      HTTP_TRANSFER_ENCODING: "chunked",
      HTTP_UPGRADE: "websocket",
      HTTP_HTTP2_SETTINGS: "x",
      HTTP_PROXY_AUTHORIZATION: "Basic x",
      HTTP_PROXY_CONNECTION: "keep-alive",
      HTTP_EXPECT: "100-continue",
      CONTENT_TYPE: "text/plain",
      CONTENT_LENGTH: "5",
    })
    expect(Object.fromEntries(headers)).toEqual({
      accept: "*/*",
      cookie: "a=1; b=2",
      host: "up.test:81",
      "content-type": "text/plain",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "localhost",
    })
  })

  test("tell the length of a body that has one, and of no other", () => {
    expect(sent({ CONTENT_LENGTH: "5" }).get("content-length")).toBe("5")
    // RFC 9112 section 6.3: chunks go before a length, which must not be passed on beside them.
    const others = [{ CONTENT_LENGTH: "5", HTTP_TRANSFER_ENCODING: "chunked" }, { CONTENT_LENGTH: "+5" }, {}]
    for (const variables of others) expect(sent(variables).get("content-length")).toBeUndefined()
  })

  test("that we add can't be taken away or forged by the client", () => {
    const headers = sent(
      {
        HTTP_CONNECTION: "x-user",
        HTTP_X_USER: "forged",
        HTTP_X_FORWARDED_PROTO: "https",
        HTTP_X_FORWARDED_FOR: "6.6.6.6",
        HTTP_X_FORWARDED_HOST: "evil.test",
      },
      { headers: new Map([["x-user", "ada"]]) },
    )
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-user": "ada",
      "x-forwarded-for": "6.6.6.6, 192.0.2.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "localhost",
    })
  })

  test("name the client's host where that is asked for, and say nothing of it where not", () => {
    expect(sent({}, { keepHost: true }).get("host")).toBe("localhost")
    expect([...sent({}, { forward: false }).keys()]).not.toContain("x-forwarded-for")
    expect(sent({ REMOTE_ADDR: undefined }).get("x-forwarded-for")).toBe("unknown")
    expect(sent({ SCRIPT_NAME: "/m" }, { removePrefix: true }).get("x-forwarded-prefix")).toBe("/m/api")
  })
})

test("the headers of a response go on, but for those of the connection", () => {
  const raw = [
    "Connection",
    "X-Hop",
    "connection",
    "Set-Cookie",
    "Keep-Alive",
    "timeout=5",
    "Transfer-Encoding",
    "chunked",
    "Proxy-Connection",
    "close",
    "HTTP2-Settings",
    "x",
    "X-Hop",
    "1",
    "Set-Cookie",
    "a=1",
    "Content-Length",
    "5",
    "X-A",
    "1",
    "x-a",
    "2",
  ]
  expect(clientHeaders(raw)).toEqual([
    ["Content-Length", "5"],
    ["X-A", "1"],
    ["x-a", "2"],
  ])
})
