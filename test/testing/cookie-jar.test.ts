import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import {
  Cookie,
  CookieJar,
  type CookieOrigin,
  defaultPath,
  domainMatches,
  parseSetCookie,
  pathMatches,
} from "../../src/testing/cookie-jar.ts"

/** An origin from a URL. */
function at(url: string): CookieOrigin {
  const { hostname, pathname, protocol } = new URL(url)
  return { host: hostname, path: pathname, secure: protocol === "https:" }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2020, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A jar after these headers from there, and the Cookie header that it gives. */
function jarOf(url: string, ...headers: string[]): CookieJar {
  const jar = new CookieJar()
  for (const header of headers) jar.store(header, at(url))
  return jar
}

describe("the examples of RFC 6265 section 3.1", () => {
  const site = "https://www.example.com/"

  test("a session cookie comes back", () => {
    expect(jarOf(site, "SID=31d4d96e407aad42").header(at(site))).toBe("SID=31d4d96e407aad42")
  })

  test("Path and Domain widen where it goes", () => {
    const jar = jarOf("https://www.example.com/login", "SID=31d4d96e407aad42; Path=/; Domain=example.com")
    for (const url of [site, "https://www.example.com/a/b", "https://example.com/", "http://shop.example.com/"])
      expect(jar.header(at(url))).toBe("SID=31d4d96e407aad42")
    expect(jar.header(at("https://badexample.com/"))).toBeUndefined()
  })

  test("Secure and HttpOnly cookies stand side by side", () => {
    const jar = jarOf(site, "SID=31d4d96e407aad42; Path=/; Secure; HttpOnly", "lang=en-US; Path=/; Domain=example.com")
    expect(jar.header(at(site))).toBe("SID=31d4d96e407aad42; lang=en-US")
    expect(jar.header(at("http://www.example.com/"))).toBe("lang=en-US")
  })

  test("a cookie with Expires lasts until then, and goes with an Expires in the past", () => {
    const jar = jarOf(site, "SID=1; Path=/; Secure", "lang=en-US; Expires=Wed, 09 Jun 2021 10:18:14 GMT")
    expect(jar.header(at(site))).toBe("SID=1; lang=en-US")
    vi.setSystemTime(Date.UTC(2021, 5, 9, 10, 18, 13))
    expect(jar.size).toBe(2)
    vi.setSystemTime(Date.UTC(2021, 5, 9, 10, 18, 14))
    expect([...jar].map(({ key }) => key)).toEqual(["SID"])
    jar.store("SID=; Path=/; Expires=Sun, 06 Nov 1994 08:49:37 GMT", at(site))
    expect(jar.header(at(site))).toBeUndefined()
  })
})

describe("what is stored (section 5.2 and 5.3)", () => {
  const login = at("https://www.example.com/app/login")
  test.each<[header: string, expected: Partial<Cookie> | undefined]>([
    ["a=b", { key: "a", value: "b", domain: "www.example.com", originOnly: true, path: "/app" }],
    [" a \t=  b c ", { key: "a", value: "b c" }],
    ["a=b=c", { key: "a", value: "b=c" }],
    ["a=", { key: "a", value: "" }],
    ['a="b"', { key: "a", value: '"b"' }],
    ["a=%C3%A9%20x", { value: "%C3%A9%20x", decodedValue: "é x" }],
    ["a", undefined],
    ["=b", undefined],
    ["", undefined],
    ["; Path=/", undefined],
    ["a=b\x00", undefined],
    ["a=b; domain=EXAMPLE.com", { domain: "example.com", originOnly: false }],
    ["a=b; Domain=.example.com", { domain: "example.com", originOnly: false }],
    ["a=b; Domain=", { domain: "www.example.com", originOnly: true }],
    ["a=b; Domain", { domain: "www.example.com", originOnly: true }],
    ["a=b; Domain=www.example.com", { domain: "www.example.com", originOnly: false }],
    ["a=b; Domain=other.com", undefined],
    ["a=b; Domain=sub.www.example.com", undefined],
    ["a=b; Domain=ample.com", undefined],
    ["a=b; Domain=com", undefined],
    ["a=b; Path=/", { path: "/" }],
    ["a=b; path = /x/y ", { path: "/x/y" }],
    ["a=b; Path=x", { path: "/app" }],
    ["a=b; Path", { path: "/app" }],
    ["a=b; Path=/x; Path=/y", { path: "/y" }],
    ["a=b; Max-Age=10", { maxAge: 10, endsAt: Date.UTC(2020, 0, 1) + 10_000 }],
    ["a=b; Max-Age=0", { endsAt: 0 }],
    ["a=b; Max-Age=-5", { endsAt: 0 }],
    ["a=b; Max-Age=+5", { maxAge: undefined, endsAt: Number.POSITIVE_INFINITY }],
    ["a=b; Max-Age=1e3", { maxAge: undefined }],
    ["a=b; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", { endsAt: Date.UTC(2020, 0, 1) + 10_000 }],
    ["a=b; Expires=never", { expires: undefined, endsAt: Number.POSITIVE_INFINITY }],
    ["a=b; Secure; HTTPONLY; SameSite=Lax", { secure: true, httpOnly: true, sameSite: "Lax" }],
    ["a=b; Secure=no", { secure: true }],
    ["a=b; Partitioned; Unknown=1", { key: "a" }],
  ])("%j", (header, expected) => {
    const cookie = parseSetCookie(header, login)
    if (expected === undefined) expect(cookie).toBeUndefined()
    else expect(cookie).toMatchObject(expected)
  })

  test("of one name, domain and path there is one; its age stays that of the first", () => {
    const jar = jarOf("http://h.test/", "a=1", "b=1", "a=2")
    expect(jar.header(at("http://h.test/"))).toBe("a=2; b=1")
    jar.store("a=; Max-Age=0", at("http://h.test/"))
    expect(jar.header(at("http://h.test/"))).toBe("b=1")
  })

  test("names with a prefix keep what they promise", () => {
    const secure = at("https://h.test/x/")
    for (const [header, origin, stored] of [
      ["__Secure-a=1; Secure", secure, true],
      ["__Secure-a=1; Secure; Domain=h.test", secure, true],
      ["__Secure-a=1", secure, false],
      ["__Secure-a=1; Secure", at("http://h.test/"), false],
      ["__Host-a=1; Secure; Path=/", secure, true],
      ["__host-a=1; Secure; Path=/", secure, true],
      ["__Host-a=1; Secure", secure, false],
      ["__Host-a=1; Secure", at("https://h.test/"), false],
      ["__Host-a=1; Secure; Path=/x", secure, false],
      ["__Host-a=1; Secure; Path=/; Domain=h.test", secure, false],
      ["__Host-a=1; Path=/", secure, false],
    ] as const) {
      expect(parseSetCookie(header, origin) !== undefined, header).toBe(stored)
    }
  })
})

describe("what is sent (section 5.4)", () => {
  test("longer paths come first, then older cookies", () => {
    const jar = jarOf("http://h.test/", "a=1; Path=/", "b=2; Path=/x/y", "c=3; Path=/x", "d=4; Path=/x/y")
    expect(jar.header(at("http://h.test/x/y/z"))).toBe("b=2; d=4; c=3; a=1")
  })

  test("a cookie without Domain is for its host alone", () => {
    const jar = jarOf("http://example.com/", "a=1")
    expect(jar.header(at("http://EXAMPLE.com/"))).toBe("a=1")
    expect(jar.header(at("http://www.example.com/"))).toBeUndefined()
  })

  test.each<[host: string, domain: string, expected: boolean]>([
    ["example.com", "example.com", true],
    ["www.example.com", "example.com", true],
    ["a.b.example.com", "example.com", true],
    ["badexample.com", "example.com", false],
    ["example.com", "www.example.com", false],
    ["10.1.2.3", "2.3", false],
    ["10.1.2.3", "10.1.2.3", true],
    ["::1", "1", false],
  ])("domain-match (section 5.1.3): %s, %s: %s", (host, domain, expected) => {
    expect(domainMatches(host, domain)).toBe(expected)
  })

  test.each<[path: string, cookiePath: string, expected: boolean]>([
    ["/", "/", true],
    ["/docs", "/docs", true],
    ["/docs/", "/docs", true],
    ["/docs/web", "/docs", true],
    ["/docs/web", "/docs/", true],
    ["/docsets", "/docs", false],
    ["/doc", "/docs", false],
    ["/docs", "/docs/", false],
    ["/Docs", "/docs", false],
    ["*", "/", true],
  ])("path-match (section 5.1.4): %s, %s: %s", (path, cookiePath, expected) => {
    expect(pathMatches(path, cookiePath)).toBe(expected)
  })

  test.each<[path: string, expected: string]>([
    ["", "/"],
    ["x", "/"],
    ["/", "/"],
    ["/a", "/"],
    ["/a/", "/a"],
    ["/a/b", "/a"],
    ["/a/b/", "/a/b"],
  ])("default-path (section 5.1.4) of %j is %s", (path, expected) => {
    expect(defaultPath(path)).toBe(expected)
  })

  test("a path matches the default path that it has itself", () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        expect(pathMatches(path, defaultPath(path))).toBe(true)
      }),
    )
  })

  test("storing a cookie never throws, for any header", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (header) => {
        const jar = new CookieJar()
        jar.store(header, at("https://h.test/"))
        expect(jar.size).toBeLessThanOrEqual(1)
      }),
    )
  })
})

test("cookies that are set by hand go by the same rules", () => {
  const jar = new CookieJar()
  jar.set(new Cookie({ key: "__proto__", value: "1", domain: "Example.com", originOnly: false, path: "/x" }))
  expect(jar.header(at("http://www.example.com/x"))).toBe("__proto__=1")
  expect(jar.get("__proto__", "example.com", "/x")?.value).toBe("1")
  expect(jar.delete("__proto__", "example.com", "/x")).toBe(true)
  jar.set(new Cookie({ key: "a", value: "1", domain: "h.test" }))
  jar.clear()
  expect(jar.size).toBe(0)
})
