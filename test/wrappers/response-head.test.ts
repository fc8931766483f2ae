import { describe, expect, expectTypeOf, test } from "vitest"
import { ContentSecurityPolicy } from "../../src/datastructures/content-security-policy.ts"
import type { HeaderSet } from "../../src/datastructures/header-set.ts"
import { ContentRange } from "../../src/datastructures/range.ts"
import { WWWAuthenticate } from "../../src/datastructures/www-authenticate.ts"
import { ResponseHead } from "../../src/wrappers/response-head.ts"

const DATE = new Date(Date.UTC(1994, 10, 6, 8, 49, 37))
const TEXT = "Sun, 06 Nov 1994 08:49:37 GMT"

/** Property, what it is set to, what the header says then, and what is read back. */
const PROPERTIES: [property: keyof ResponseHead, value: unknown, header: string, text: string, read: unknown][] = [
  ["contentType", "a/b; c=d", "Content-Type", "a/b; c=d", "a/b; c=d"],
  ["mimetype", "text/css", "Content-Type", "text/css; charset=utf-8", "text/css"],
  ["mimetype", "application/json", "Content-Type", "application/json", "application/json"],
  ["contentEncoding", "gzip", "Content-Encoding", "gzip", "gzip"],
  ["contentLength", 5, "Content-Length", "5", 5],
  ["contentLength", "5", "Content-Length", "5", 5],
  ["contentLocation", "/é", "Content-Location", "/é", "/é"],
  ["location", "/é", "Location", "/é", "/é"],
  ["location", "/日", "Location", "/%E6%97%A5", "/日"],
  ["contentLocation", "/日", "Content-Location", "/%E6%97%A5", "/日"],
  ["acceptRanges", "none", "Accept-Ranges", "none", "none"],
  ["accessControlAllowOrigin", "*", "Access-Control-Allow-Origin", "*", "*"],
  ["accessControlMaxAge", 60, "Access-Control-Max-Age", "60", 60],
  ["accessControlAllowCredentials", true, "Access-Control-Allow-Credentials", "true", true],
  ["age", 90, "Age", "90", 90],
  ["date", DATE, "Date", TEXT, DATE],
  ["date", DATE.getTime() / 1000, "Date", TEXT, DATE],
  ["expires", DATE, "Expires", TEXT, DATE],
  ["lastModified", DATE, "Last-Modified", TEXT, DATE],
  ["retryAfter", DATE, "Retry-After", TEXT, DATE],
  ["retryAfter", TEXT, "Retry-After", TEXT, DATE],
  ["crossOriginOpenerPolicy", "same-origin", "Cross-Origin-Opener-Policy", "same-origin", "same-origin"],
  ["crossOriginEmbedderPolicy", "require-corp", "Cross-Origin-Embedder-Policy", "require-corp", "require-corp"],
  ["crossOriginResourcePolicy", "same-site", "Cross-Origin-Resource-Policy", "same-site", "same-site"],
]

test.each(PROPERTIES)("%s set to %j is written, read and removed", (property, value, header, written, read) => {
  const head = new ResponseHead()
  const unset = new ResponseHead()
  unset.headers.delete(header)
  Object.assign(head, { [property]: value })
  expect(head.headers.get(header)).toBe(written)
  expect(head[property]).toEqual(read)
  Object.assign(head, { [property]: undefined })
  expect(head.headers.has(header)).toBe(false)
  expect(head[property]).toEqual(unset[property])
})

test.each([
  ["contentLength", -1],
  ["contentLength", 1.5],
  ["contentLength", "1e3"],
  ["accessControlMaxAge", Number.NaN],
  ["age", -1],
  ["retryAfter", -1],
  ["date", new Date(Number.NaN)],
  ["location", "/\r\nX: y"],
  ["contentType", "a/b\n"],
  ["mimetype", "text/html\r"],
  ["vary", "a\r\nb: c"],
  ["contentSecurityPolicy", "a\nb"],
] as [keyof ResponseHead, unknown][])("%s refuses %j when it is set", (property, value) => {
  const head = new ResponseHead()
  expect(() => Object.assign(head, { [property]: value })).toThrow()
})

test.each([
  ["age", "Age"],
  ["date", "Date"],
  ["contentLength", "Content-Length"],
  ["accessControlMaxAge", "Access-Control-Max-Age"],
  ["retryAfter", "Retry-After"],
  ["crossOriginResourcePolicy", "Cross-Origin-Resource-Policy"],
] as const)("%s of a malformed header is missing", (property, header) => {
  const head = new ResponseHead({ headers: { [header]: "junk" } })
  expect(head[property]).toBeUndefined()
})

test("retryAfter in seconds is read as a date from now, and written as seconds", () => {
  const head = new ResponseHead()
  head.retryAfter = 60.9
  expect(head.headers.get("Retry-After")).toBe("60")
  const seconds = ((head.retryAfter as Date | undefined)?.getTime() ?? 0) - Date.now()
  expect(seconds).toBeGreaterThan(50_000)
  expect(seconds).toBeLessThan(70_000)
  for (const text of ["9007199254740991", "99999999999999999999"]) {
    head.headers.set("Retry-After", text)
    expect(head.retryAfter).toEqual(new Date("9999-12-31T23:59:59Z"))
  }
  expect(() => {
    head.retryAfter = 1e21
  }).toThrow(RangeError)
})

test("policies are unsafe-none unless the header says one that is known", () => {
  const head = new ResponseHead({ headers: { "Cross-Origin-Opener-Policy": "x" } })
  expect([head.crossOriginOpenerPolicy, head.crossOriginEmbedderPolicy]).toEqual(["unsafe-none", "unsafe-none"])
})

test("credentials are allowed by true and nothing else", () => {
  const head = new ResponseHead({ headers: { "Access-Control-Allow-Credentials": "false" } })
  expect(head.accessControlAllowCredentials).toBe(false)
  head.accessControlAllowCredentials = false
  expect(head.headers.has("Access-Control-Allow-Credentials")).toBe(false)
})

const SETS = [
  ["vary", "Vary"],
  ["allow", "Allow"],
  ["contentLanguage", "Content-Language"],
  ["accessControlAllowHeaders", "Access-Control-Allow-Headers"],
  ["accessControlAllowMethods", "Access-Control-Allow-Methods"],
  ["accessControlExposeHeaders", "Access-Control-Expose-Headers"],
] as const

describe.each(SETS)("%s", (property, header) => {
  test("is live: changing it writes the header, emptying it removes the header", () => {
    const head = new ResponseHead()
    expect(head[property].size).toBe(0)
    expect(head.headers.has(header)).toBe(false)
    head[property].add("a")
    head[property].update(["b", "A"])
    expect(head.headers.get(header)).toBe("a, b")
    head[property].delete("a")
    expect(head.headers.get(header)).toBe("b")
    head[property].clear()
    expect(head.headers.has(header)).toBe(false)
  })

  test("can be set to a text, to a list, or to nothing", () => {
    const head = new ResponseHead()
    head[property] = "x, y"
    expect([...head[property]]).toEqual(["x", "y"])
    head[property] = new Set(["z", "z z"])
    expect(head.headers.get(header)).toBe('z, "z z"')
    head[property] = []
    expect(head.headers.has(header)).toBe(false)
    head[property] = "x"
    head[property] = undefined
    expect(head.headers.has(header)).toBe(false)
  })

  test("in several lines is one list, and is written as one", () => {
    const head = new ResponseHead({
      headers: [
        [header, "a"],
        [header, "b"],
      ],
    })
    head[property].add("c")
    expect(head.headers.getAll(header)).toEqual(["a, b, c"])
  })
})

test("two names for a live object are one object, until the header is changed in another way", () => {
  const head = new ResponseHead()
  const vary = head.vary
  vary.add("a")
  head.vary.add("b")
  vary.add("c")
  expect(head.vary).toBe(vary)
  expect(head.headers.get("Vary")).toBe("a, b, c")
  head.headers.set("Vary", "x")
  expect([...head.vary]).toEqual(["x"])
})

test("mimetypeParams rewrite the header", () => {
  const head = new ResponseHead({ contentType: "text/html; charset=utf-8" })
  head.mimetypeParams.set("version", "1 2")
  expect(head.contentType).toBe('text/html; charset=utf-8; version="1 2"')
  head.mimetypeParams.delete("charset")
  head.mimetypeParams.delete("version")
  expect(head.contentType).toBe("text/html")
})

test.each([undefined, "", "; charset=x"])("mimetypeParams of the type %j are those of nothing", (contentType) => {
  const head = new ResponseHead({ headers: contentType === undefined ? {} : { "Content-Type": contentType } })
  head.contentType = contentType
  expect(() => head.mimetypeParams.set("charset", "ascii")).toThrow("charset")
  expect(head.contentType).toBe(contentType)
})

test("counts beyond the safe range are the greatest that there is", () => {
  const fields = ["Content-Length", "Age", "Access-Control-Max-Age"]
  const head = new ResponseHead({ headers: fields.map((name) => [name, "99999999999999999999"] as const) })
  const most = Number.MAX_SAFE_INTEGER
  expect([head.contentLength, head.age, head.accessControlMaxAge]).toEqual([most, most, most])
})

test("a live object tells whether its header is there", () => {
  const head = new ResponseHead()
  const { cacheControl, contentSecurityPolicy: policy } = head
  expect([cacheControl.provided, policy.provided]).toEqual([false, false])
  cacheControl.public = true
  policy.imgSrc = "*"
  expect([cacheControl.provided, policy.provided]).toEqual([true, true])
  cacheControl.public = false
  policy.imgSrc = undefined
  expect([cacheControl.provided, policy.provided]).toEqual([false, false])
})

test("cacheControl is live", () => {
  const head = new ResponseHead()
  head.cacheControl.maxAge = 60
  head.cacheControl.public = true
  expect(head.headers.get("Cache-Control")).toBe("max-age=60, public")
  head.cacheControl.maxAge = undefined
  head.cacheControl.public = false
  expect(head.headers.has("Cache-Control")).toBe(false)
})

test("contentRange is live, always an object, and can be set", () => {
  const head = new ResponseHead()
  expect(head.contentRange.isSet).toBe(false)
  head.contentRange = new ContentRange("bytes", 0, 5, 10)
  expect(head.headers.get("Content-Range")).toBe("bytes 0-4/10")
  head.contentRange.stop = 10
  expect(head.headers.get("Content-Range")).toBe("bytes 0-9/10")
  head.contentRange.unset()
  expect(head.headers.has("Content-Range")).toBe(false)
  head.contentRange = "bytes 0-1/2"
  expect(head.contentRange.stop).toBe(2)
  head.contentRange = undefined
  expect(head.headers.has("Content-Range")).toBe(false)
})

describe.each([
  ["contentSecurityPolicy", "Content-Security-Policy"],
  ["contentSecurityPolicyReportOnly", "Content-Security-Policy-Report-Only"],
] as const)("%s", (property, header) => {
  test("is live, and can be set", () => {
    const head = new ResponseHead()
    head[property].defaultSrc = "'self'"
    head[property].imgSrc = "*"
    expect(head.headers.get(header)).toBe("default-src 'self'; img-src *")
    head[property].clear()
    expect(head.headers.has(header)).toBe(false)
    head[property] = "font-src x"
    expect(head[property].fontSrc).toBe("x")
    head[property] = new ContentSecurityPolicy([["script-src", "y"]])
    expect(head.headers.get(header)).toBe("script-src y")
    head[property] = undefined
    expect(head.headers.has(header)).toBe(false)
  })

  test("in a second line is another policy, and stays", () => {
    const head = new ResponseHead({
      headers: [
        [header, "img-src a"],
        [header, "img-src b"],
      ],
    })
    head[property].imgSrc = "c"
    expect(head.headers.getAll(header)).toEqual(["img-src c", "img-src b"])
    head[property].clear()
    expect(head.headers.getAll(header)).toEqual(["img-src b"])
  })
})

describe("wwwAuthenticate", () => {
  test("is a basic challenge that is in the headers as soon as it is changed", () => {
    const head = new ResponseHead()
    expect(head.wwwAuthenticate.type).toBe("basic")
    expect(head.headers.has("WWW-Authenticate")).toBe(false)
    head.wwwAuthenticate.set("realm", "a b")
    expect(head.headers.get("WWW-Authenticate")).toBe('Basic realm="a b"')
  })

  test("set to an object, follows that object; set to several, makes several headers", () => {
    const head = new ResponseHead()
    const challenge = new WWWAuthenticate("basic", { parameters: { realm: "x" } })
    head.wwwAuthenticate = challenge
    expect(head.wwwAuthenticate).toBe(challenge)
    challenge.set("charset", "UTF-8")
    expect(head.headers.get("WWW-Authenticate")).toBe("Basic realm=x, charset=UTF-8")
    head.wwwAuthenticate = [challenge, new WWWAuthenticate("bearer", { token: "t" })]
    expect(head.headers.getAll("WWW-Authenticate")).toHaveLength(2)
    expect(head.wwwAuthenticate.type).toBe("basic")
    head.wwwAuthenticate.set("realm", "y")
    expect(head.headers.getAll("WWW-Authenticate")).toEqual(["Basic realm=y, charset=UTF-8", "Bearer t"])
    head.wwwAuthenticate = undefined
    expect(head.headers.has("WWW-Authenticate")).toBe(false)
  })
})

test("a location that was set in another way is read as it is", () => {
  const head = new ResponseHead()
  head.location = "/日"
  head.headers.set("Location", "/x")
  expect(head.location).toBe("/x")
})

test("entity tags are quoted, and told apart", () => {
  const head = new ResponseHead()
  expect(head.getEtag()).toEqual([undefined, undefined])
  head.setEtag("a")
  expect([head.headers.get("ETag"), head.getEtag()]).toEqual(['"a"', ["a", false]])
  head.setEtag("b", true)
  expect([head.headers.get("ETag"), head.getEtag()]).toEqual(['W/"b"', ["b", true]])
  expect(() => head.setEtag('a"b')).toThrow(TypeError)
})

describe("cookies", () => {
  const cookies = (head: ResponseHead) => head.headers.getAll("Set-Cookie")

  test("each has a header, with its attributes in order", () => {
    const head = new ResponseHead()
    head.setCookie("a", "1 2")
    head.setCookie("b", "", {
      domain: "example.com",
      maxAge: 60,
      syncExpires: false,
      secure: true,
      httpOnly: true,
      path: "/x",
      sameSite: "lax",
    })
    expect(cookies(head)).toEqual([
      "a=1%202; Path=/",
      "b=; Domain=example.com; Max-Age=60; Secure; HttpOnly; Path=/x; SameSite=Lax",
    ])
  })

  test("one is deleted by one that has expired", () => {
    const head = new ResponseHead()
    head.deleteCookie("a", { path: "/x", domain: "example.com" })
    expect(cookies(head)).toEqual(["a=; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/x"])
  })

  test.each([
    ["a=b;c", {}],
    ["a\0", {}],
    ["a", { domain: "a.com; SameSite=None" }],
    ["a", { sameSite: "None; Secure" }],
    ["__Host-a", {}],
  ])("%j with %o is refused", (name, options) => {
    const head = new ResponseHead()
    expect(() => head.setCookie(name, "1", options)).toThrow(TypeError)
    expect(cookies(head)).toEqual([])
  })
})

test("types: live objects are read as themselves and set to more", () => {
  const head = new ResponseHead()
  expectTypeOf(head.vary).toEqualTypeOf<HeaderSet>()
  expectTypeOf(head.status).toEqualTypeOf<string>()
  expectTypeOf(head.contentLength).toEqualTypeOf<number | undefined>()
  expectTypeOf(head.date).toEqualTypeOf<Date | undefined>()
  expectTypeOf(head.setCookie).parameter(2).toExtend<object | undefined>()
})
