import { expect, test } from "vitest"
import { getHost } from "../../src/environ/host.ts"
import { SecurityError } from "../../src/exceptions/statuses.ts"

test.each([
  [{ "wsgi.url_scheme": "http", HTTP_HOST: "spam" }, "spam"],
  [{ "wsgi.url_scheme": "http", HTTP_HOST: "spam:80" }, "spam"],
  [{ "wsgi.url_scheme": "https", HTTP_HOST: "spam:80" }, "spam:80"],
  [{ "wsgi.url_scheme": "https", SERVER_NAME: "spam", SERVER_PORT: "443" }, "spam"],
  [{ "wsgi.url_scheme": "http", SERVER_NAME: "spam", SERVER_PORT: "8080" }, "spam:8080"],
  [{ "wsgi.url_scheme": "http", SERVER_NAME: "::1", SERVER_PORT: "80" }, "[::1]"],
  [{ "wsgi.url_scheme": "http", HTTP_HOST: "ham", SERVER_NAME: "spam", SERVER_PORT: "80" }, "ham"],
  [{ "wsgi.url_scheme": "http", SERVER_NAME: "/run/app.sock" }, ""],
  [{ "wsgi.url_scheme": "http", HTTP_HOST: "a.com:80@evil.com", SERVER_NAME: "spam", SERVER_PORT: "80" }, ""],
  [{}, ""],
])("the host of %o is %j", (environ, host) => {
  expect(getHost(environ as Parameters<typeof getHost>[0])).toBe(host)
})

test("a host that is not trusted is a 400, and so is a malformed one", () => {
  const trusted = [".example.com"]
  expect(getHost({ "wsgi.url_scheme": "http", HTTP_HOST: "www.EXAMPLE.com" } as never, trusted)).toBe("www.EXAMPLE.com")
  for (const host of ["example.com.evil", "evil", "a b", ""]) {
    expect(() => getHost({ "wsgi.url_scheme": "http", HTTP_HOST: host } as never, trusted), host).toThrow(SecurityError)
  }
})
