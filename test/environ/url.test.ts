import { expect, test } from "vitest"
import { getPathInfo } from "../../src/environ/path.ts"
import { getCurrentUrl } from "../../src/environ/url.ts"
import { SecurityError } from "../../src/exceptions/statuses.ts"
import type { Environ } from "../../src/gateway.ts"

const environ = {
  "wsgi.url_scheme": "http",
  HTTP_HOST: "localhost:5000",
  SCRIPT_NAME: "/caf\u00c3\u00a9",
  PATH_INFO: "/b\u00c3\u00a4r 50%",
  QUERY_STRING: "q=%C3%A9&raw=\u00c3\u00a9&bad=%FF",
} as unknown as Environ

test.each([
  [{}, "http://localhost:5000/café/bär%2050%25?q=é&raw=é&bad=%FF"],
  [{ stripQuerystring: true }, "http://localhost:5000/café/bär%2050%25"],
  [{ rootOnly: true }, "http://localhost:5000/café/"],
  [{ hostOnly: true }, "http://localhost:5000/"],
])("with %o the URL is %s", (options, url) => {
  expect(getCurrentUrl(environ, options)).toBe(url)
})

test("the host is checked", () => {
  expect(() => getCurrentUrl(environ, { trustedHosts: ["example.com"] })).toThrow(SecurityError)
})

test("a path is UTF-8, and what is not becomes U+FFFD", () => {
  expect(getPathInfo(environ)).toBe("/bär 50%")
  expect(getPathInfo({ PATH_INFO: "/\u00ff" })).toBe("/\ufffd")
  expect(getPathInfo({} as Environ)).toBe("")
})

test.each([undefined, "", "a b", "evil.test/x", "user@evil.test"])("with the host %j the URL is a path", (host) => {
  const nameless = { "wsgi.url_scheme": "http", SCRIPT_NAME: "", PATH_INFO: "//evil.test/x", QUERY_STRING: "a=b" }
  const given = (host === undefined ? nameless : { ...nameless, HTTP_HOST: host }) as unknown as Environ
  expect(getCurrentUrl(given)).toBe("/evil.test/x?a=b")
  expect(getCurrentUrl(given, { rootOnly: true })).toBe("/")
  expect(getCurrentUrl(given, { hostOnly: true })).toBe("/")
  expect(() => new URL("/reset", getCurrentUrl(given))).toThrow(TypeError)
})
