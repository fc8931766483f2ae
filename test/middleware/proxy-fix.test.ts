import { describe, expect, test } from "vitest"
import { PROXY_FIX_ORIGINALS, type ProxyFixOptions, proxyFix } from "../../src/middleware/proxy-fix.ts"
import { Request } from "../../src/wrappers/request.ts"
import { expectLinear } from "../support/growth.ts"
import { call, hello } from "./calling.ts"

const SENT = {
  REMOTE_ADDR: "10.0.0.9",
  REMOTE_PORT: "5555",
  HTTP_X_FORWARDED_FOR: "6.6.6.6, 192.0.2.1, 10.0.0.2",
  HTTP_X_FORWARDED_PROTO: "http, https, http",
  HTTP_X_FORWARDED_HOST: "evil.test, shop.test:8443, inner.test",
  HTTP_X_FORWARDED_PORT: "1, 8443, 80",
  HTTP_X_FORWARDED_PREFIX: "/evil, /shop, /inner",
}

async function seen(options: ProxyFixOptions | undefined, variables: Record<string, unknown> = SENT) {
  const { environ } = await call((app) => proxyFix(app, options), { path: "/p", variables })
  const request = new Request(environ as NonNullable<typeof environ>)
  return [request.remoteAddr, request.url, environ?.SERVER_NAME, environ?.SERVER_PORT]
}

const UNTOUCHED = ["10.0.0.9", "http://localhost/p", "localhost", "80"]

describe("by counts", () => {
  test.each([
    ["nothing is believed unless told", undefined, UNTOUCHED],
    ["nothing is believed of zero proxies", { for: 0, proto: 0, host: 0, port: 0, prefix: 0 }, UNTOUCHED],
    [
      "one proxy",
      { for: 1, proto: 1, host: 1, port: 1, prefix: 1 },
      ["10.0.0.2", "http://inner.test/inner/p", "inner.test", "80"],
    ],
    [
      "two proxies",
      { for: 2, proto: 2, host: 2, port: 2, prefix: 2 },
      ["192.0.2.1", "https://shop.test:8443/shop/p", "shop.test", "8443"],
    ],
    ["fewer values than proxies", { for: 4, proto: 4, host: 4, port: 4, prefix: 4 }, UNTOUCHED],
    [
      "each header has its own count",
      { for: 2, proto: 1, port: 2 },
      ["192.0.2.1", "http://localhost:8443/p", "localhost", "8443"],
    ],
  ])("%s", async (_, options, expected) => {
    expect(await seen(options)).toEqual(expected)
  })

  test.each([
    ["HTTP_X_FORWARDED_FOR", { for: 1 }, ["", ",", " , "]],
    ["HTTP_X_FORWARDED_PROTO", { proto: 1 }, ["", "ftp", "java script", "https, gopher"]],
    ["HTTP_X_FORWARDED_HOST", { host: 1 }, ["", "bad host", "::1", "a.test:80@evil.test", "a/b"]],
    ["HTTP_X_FORWARDED_PORT", { port: 1 }, ["", "abc", "-1", "99999"]],
    ["HTTP_X_FORWARDED_PREFIX", { prefix: 1 }, ["app", "//evil.test", "/..", "/\\evil"]],
  ])("%s changes nothing when it is empty or malformed", async (key, options, texts) => {
    for (const text of texts)
      expect(await seen(options, { REMOTE_ADDR: "10.0.0.9", [key]: text }), text).toEqual(UNTOUCHED)
  })

  test.each(["unknown", "_gazonk", "10.0.0.256", "010.0.0.1", "x"])(
    "a client %j has no address, not the proxy's",
    async (text) => {
      const { environ } = await call((app) => proxyFix(app, { for: 1 }), {
        variables: { REMOTE_ADDR: "10.0.0.9", HTTP_X_FORWARDED_FOR: text },
      })
      expect(environ).not.toHaveProperty("REMOTE_ADDR")
    },
  )

  test("addresses lose brackets and port", async () => {
    const variables = { REMOTE_ADDR: "10.0.0.9", HTTP_X_FORWARDED_FOR: '"[2001:db8::1]:4711"' }
    expect((await seen({ for: 1 }, variables))[0]).toBe("2001:db8::1")
  })

  test("the port of the proxy's own connection goes with its address", async () => {
    const { environ } = await call((app) => proxyFix(app, { for: 1 }), { variables: SENT })
    expect(environ).not.toHaveProperty("REMOTE_PORT")
  })

  test("HTTPS follows the scheme", async () => {
    const https = await call((app) => proxyFix(app, { proto: 1 }), { variables: { HTTP_X_FORWARDED_PROTO: "https" } })
    expect(https.environ?.HTTPS).toBe("on")
    const http = await call((app) => proxyFix(app, { proto: 1 }), {
      baseUrl: "https://localhost",
      variables: { HTTPS: "on", HTTP_X_FORWARDED_PROTO: "http" },
    })
    expect(http.environ).not.toHaveProperty("HTTPS")
  })

  test("a mount at the root leaves a path", async () => {
    const { environ } = await call((app) => proxyFix(app, { prefix: 1 }), {
      baseUrl: "http://localhost/app",
      path: "",
      variables: { PATH_INFO: "", HTTP_X_FORWARDED_PREFIX: "/" },
    })
    expect([environ?.SCRIPT_NAME, environ?.PATH_INFO]).toEqual(["", "/"])
  })
})

describe("by addresses", () => {
  const trusted = ["10.0.0.0/8", "127.0.0.1"]

  test.each([
    ["10.0.0.9", "192.0.2.1"],
    ["::ffff:10.0.0.9", "192.0.2.1"],
    ["11.0.0.9", "11.0.0.9"],
    [undefined, undefined],
  ])("of peer %s, %s is believed", async (REMOTE_ADDR, client) => {
    expect((await seen({ for: "trusted", trusted }, { ...SENT, REMOTE_ADDR }))[0]).toBe(client)
    expect((await seen({ for: 2, trusted }, { ...SENT, REMOTE_ADDR }))[0]).toBe(client)
  })

  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["6.6.6.6, 192.0.2.1", "192.0.2.1"],
    ["6.6.6.6, 10.0.0.1, 192.0.2.1, 10.0.0.3, 127.0.0.1", "192.0.2.1"],
    ["10.0.0.7, 10.0.0.2", "10.0.0.7"],
    ["192.0.2.1, unknown, 10.0.0.2", undefined],
    ["192.0.2.1, ::ffff:10.0.0.3", "192.0.2.1"],
  ])("the client of %j is %s", async (HTTP_X_FORWARDED_FOR, client) => {
    expect((await seen({ for: "trusted", trusted }, { ...SENT, HTTP_X_FORWARDED_FOR }))[0]).toBe(client)
  })

  test("headers with a count are believed of trusted peers only", async () => {
    const options = { proto: 2, host: 2, trusted }
    expect((await seen(options))[1]).toBe("https://shop.test:8443/p")
    expect((await seen(options, { ...SENT, REMOTE_ADDR: "11.0.0.9" }))[1]).toBe("http://localhost/p")
  })
})

describe("Forwarded", () => {
  const HTTP_FORWARDED =
    'for=6.6.6.6;proto=https;host=evil.test, for="[2001:db8::7]:99";proto=https;host="shop.test:8443", for=10.0.0.2'

  test.each([
    [{ forwarded: 1 }, ["10.0.0.2", "http://localhost/p", "localhost", "80"]],
    [{ forwarded: 2 }, ["2001:db8::7", "https://shop.test:8443/p", "shop.test", "8443"]],
    [{ forwarded: 4 }, UNTOUCHED],
    [
      { forwarded: "trusted", trusted: ["10.0.0.0/8"] },
      ["2001:db8::7", "https://shop.test:8443/p", "shop.test", "8443"],
    ],
    [{ forwarded: "trusted", trusted: ["11.0.0.0/8"] }, UNTOUCHED],
  ] as [ProxyFixOptions, unknown[]][])("%j", async (options, expected) => {
    expect(await seen(options, { REMOTE_ADDR: "10.0.0.9", HTTP_FORWARDED })).toEqual(expected)
  })

  test("is left out as a whole when it is malformed", async () => {
    const text = 'for="127.0.0.1, for=10.0.0.2'
    expect(await seen({ forwarded: 1 }, { REMOTE_ADDR: "10.0.0.9", HTTP_FORWARDED: text })).toEqual(UNTOUCHED)
  })

  test("the inside of a quoted text is no parameter", async () => {
    const text = 'for="127.0.0.1;host=evil;proto=https"'
    const [address, url] = await seen({ forwarded: 1 }, { REMOTE_ADDR: "10.0.0.9", HTTP_FORWARDED: text })
    expect([address, url]).toEqual([undefined, "http://localhost/p"])
  })

  test("an element that names no client leaves the address alone", async () => {
    const variables = { REMOTE_ADDR: "10.0.0.9", HTTP_FORWARDED: "proto=https" }
    expect((await seen({ forwarded: 1 }, variables)).slice(0, 2)).toEqual(["10.0.0.9", "https://localhost/p"])
  })
})

test("what the server set is kept", async () => {
  const { environ } = await call((app) => proxyFix(app, { for: 1, host: 1, prefix: 1 }), { variables: SENT })
  expect(environ?.[PROXY_FIX_ORIGINALS]).toEqual({
    REMOTE_ADDR: "10.0.0.9",
    "wsgi.url_scheme": "http",
    HTTP_HOST: "localhost",
    SERVER_NAME: "localhost",
    SERVER_PORT: "80",
    SCRIPT_NAME: "",
  })
})

test.each([
  [{ for: -1 }, RangeError],
  [{ for: 1.5 }, RangeError],
  [{ proto: "1" }, RangeError],
  [{ host: "trusted", trusted: [] }, RangeError],
  [{ for: "trusted" }, TypeError],
  [{ forwarded: 1, for: 1 }, TypeError],
  [{ forwarded: 1, host: 1 }, TypeError],
  [{ for: 1, trusted: ["::ffff:10.0.0.0/8"] }, RangeError],
])("%j is a mistake", (options, type) => {
  expect(() => proxyFix(hello, options as ProxyFixOptions)).toThrow(type)
})

test("16 KiB of commas, spaces and quotes take no longer than their length", async () => {
  for (const unit of [" ,", ", ", '"\\', "a=b;", "for=a,", "   ", "[:"]) {
    await expectLinear(
      (size) => {
        const HTTP_X_FORWARDED_FOR = unit.repeat(size)
        const layers = proxyFix(hello, { for: 1, proto: 1, forwarded: undefined, trusted: ["10.0.0.0/8"] })
        const forwarded = proxyFix(hello, { forwarded: 1 })
        return () => {
          for (const app of [layers, forwarded]) {
            const environ = {
              REMOTE_ADDR: "10.0.0.9",
              HTTP_X_FORWARDED_FOR,
              HTTP_X_FORWARDED_PROTO: HTTP_X_FORWARDED_FOR,
              HTTP_FORWARDED: HTTP_X_FORWARDED_FOR,
            } as unknown as Parameters<typeof app>[0]
            void app(environ, () => async () => undefined)
          }
        }
      },
      4000,
      unit,
    )
  }
})
