import { describe, expect, test } from "vitest"
import { Headers } from "../../src/datastructures/headers.ts"
import { SecurityError } from "../../src/exceptions/statuses.ts"
import { Request } from "../../src/wrappers/request.ts"
import { RequestHead } from "../../src/wrappers/request-head.ts"
import { environOf } from "../support/requests.ts"

const request = (variables: Record<string, unknown> = {}, target = "/") => new Request(environOf(target, variables))
const head = (facts: Partial<Parameters<typeof RequestHead.from>[0]> = {}) =>
  RequestHead.from({ method: "GET", scheme: "http", path: "/", ...facts })

describe("a head from facts", () => {
  test("has them in one form", () => {
    expect(head({ method: "post", path: "//a//b", rootPath: "/r//" })).toMatchObject({
      method: "POST",
      path: "/a//b",
      rootPath: "/r",
      queryString: "",
      server: undefined,
      remoteAddr: undefined,
    })
    expect(head({ path: "a" }).path).toBe("/a")
  })

  test("works like one from an environ", () => {
    const headers = new Headers([
      ["Host", "example.com"],
      ["Cookie", "a=1"],
      ["Cookie", "b=2; a=3"],
      ["X-Forwarded-For", "1.1.1.1"],
      ["X-Forwarded-For", "2.2.2.2"],
    ])
    const given = head({ headers, path: "/p", queryString: "q=1", rootPath: "/r", remoteAddr: "9.9.9.9" })
    expect(given.url).toBe("http://example.com/r/p?q=1")
    expect([...given.cookies]).toEqual([
      ["a", "1"],
      ["a", "3"],
      ["b", "2"],
    ])
    expect(given.accessRoute).toEqual(["1.1.1.1", "2.2.2.2"])
    expect(String(given)).toBe("<GivenHead 'http://example.com/r/p?q=1' [GET]>")
  })
})

describe("args", () => {
  test.each([
    [
      "a=1&b=2&a=3",
      [
        ["a", "1"],
        ["a", "3"],
        ["b", "2"],
      ],
    ],
    [
      "a&b=&=c",
      [
        ["a", ""],
        ["b", ""],
        ["", "c"],
      ],
    ],
    ["a=1;b=2", [["a", "1;b=2"]]],
    ["a=x+y%20z", [["a", "x y z"]]],
    [
      "a=%C3%A9&b=\u00c3\u00a9",
      [
        ["a", "é"],
        ["b", "é"],
      ],
    ],
    [
      "a=%FF&b=%zz&c=%",
      [
        ["a", "%FF"],
        ["b", "%zz"],
        ["c", "%"],
      ],
    ],
    [
      "__proto__=1&constructor=2&toString=3",
      [
        ["__proto__", "1"],
        ["constructor", "2"],
        ["toString", "3"],
      ],
    ],
    ["", []],
  ])("of %j", (query, pairs) => {
    expect([...request({ QUERY_STRING: query }).args]).toEqual(pairs)
  })

  test("a raw byte that is not UTF-8 does not throw", () => {
    expect(request({ QUERY_STRING: "a=\u00ff" }).args.get("a")).toBe("\ufffd")
    expect(request({ QUERY_STRING: "a=\u00ff" }).fullPath).toBe("/?a=\ufffd")
  })

  test("cannot be changed", () => {
    const { args } = request({ QUERY_STRING: "a=1" })
    expect("set" in args || "append" in args || "delete" in args).toBe(false)
    expect(() => args.getOrThrow("b")).toThrow(expect.objectContaining({ code: 400 }))
  })
})

describe("URLs", () => {
  const variables = { SCRIPT_NAME: "/app", HTTP_HOST: "xn--bcher-kva.example" }

  test("are put together from their parts", () => {
    const at = request(variables, "/caf\u00c3\u00a9?next=http%3A%2F%2Fa%2F%3Fb%3D1")
    expect(at.url).toBe("http://bücher.example/app/café?next=http://a/?b%3D1")
    expect(at.baseUrl).toBe("http://bücher.example/app/café")
    expect(at.rootUrl).toBe("http://bücher.example/app/")
    expect(at.hostUrl).toBe("http://bücher.example/")
    expect(at.rootPath).toBe("/app")
    expect(at.fullPath).toBe("/café?next=http%3A%2F%2Fa%2F%3Fb%3D1")
  })

  test("the query of a URL can still be decoded", () => {
    const at = request({}, "/?next=http%3A%2F%2Fa%2F%3Fb%3D1%26c")
    const [, query] = at.url.split("?next=")
    expect(decodeURIComponent(query as string)).toBe("http://a/?b=1&c")
  })

  test("the full path always has its mark", () => {
    expect(request({}, "/a").fullPath).toBe("/a?")
  })

  test.each(["xn--bad-", "xn--a", "xn--"])("a label %j that is no Punycode stays as it is", (label) => {
    expect(request({ HTTP_HOST: label }).url).toBe(`http://${label}/`)
  })

  test.each([
    ["http", false],
    ["https", true],
    ["ws", false],
    ["wss", true],
  ])("%s is secure: %s", (scheme, secure) => {
    expect(request({ "wsgi.url_scheme": scheme }).isSecure).toBe(secure)
  })

  test.each(["a.com:80@evil.com", "evil.com/app?x#", "", "a b", "[::1", "a.com:99999", "a\\b"])(
    "the host %j is none, and throws nowhere",
    (host) => {
      const at = request({ HTTP_HOST: host }, "/p")
      expect(at.host).toBe("")
      expect(at.path).toBe("/p")
      expect([at.url, at.rootUrl, at.hostUrl, at.baseUrl]).toEqual(["/p", "/", "/", "/p"])
      expect(String(at)).toBe("<Request '/p' [GET]>")
    },
  )

  test("a name with underscores is a host, and a dot behind a name does not make it another", () => {
    expect(request({ HTTP_HOST: "my_service:8000" }, "/p").url).toBe("http://my_service:8000/p")
    const at = request({ HTTP_HOST: "example.com.:8000" }, "/p")
    at.trustedHosts = ["example.com"]
    expect(at.host).toBe("example.com.:8000")
  })

  test("with trusted hosts, all of them refuse any other", () => {
    class Guarded extends Request {
      override trustedHosts = [".example.com"]
    }
    const at = new Guarded(environOf("/", { HTTP_HOST: "evil.test" }))
    for (const property of ["host", "url", "baseUrl", "rootUrl", "hostUrl"] as const) {
      expect(() => at[property], property).toThrow(SecurityError)
    }
    expect(at.path).toBe("/")
    expect(new Guarded(environOf("/", { HTTP_HOST: "www.EXAMPLE.com" })).host).toBe("www.EXAMPLE.com")
    const instance = request({ HTTP_HOST: "evil.test" })
    instance.trustedHosts = ["example.com"]
    expect(() => instance.host).toThrow(SecurityError)
  })
})

describe("headers", () => {
  test("are read as they are where that is all there is to it", () => {
    const at = request({
      CONTENT_TYPE: "Text/HTML; Charset=x",
      CONTENT_LENGTH: "7",
      HTTP_CONTENT_ENCODING: "gzip",
      HTTP_REFERER: "/from",
      HTTP_ORIGIN: "http://o",
      HTTP_ACCESS_CONTROL_REQUEST_METHOD: "PUT",
      HTTP_ACCESS_CONTROL_REQUEST_HEADERS: "X-A, X-B",
      HTTP_MAX_FORWARDS: "3",
      HTTP_DATE: "Sun, 06 Nov 1994 08:49:37 GMT",
      HTTP_IF_MODIFIED_SINCE: "Sun, 06 Nov 1994 08:49:37 GMT",
      HTTP_IF_UNMODIFIED_SINCE: "junk",
    })
    expect(at).toMatchObject({
      contentType: "Text/HTML; Charset=x",
      contentLength: 7,
      mimetype: "text/html",
      contentEncoding: "gzip",
      referrer: "/from",
      origin: "http://o",
      accessControlRequestMethod: "PUT",
      maxForwards: 3,
      date: new Date(784111777000),
      ifModifiedSince: new Date(784111777000),
      ifUnmodifiedSince: undefined,
    })
    expect([...at.mimetypeParams]).toEqual([["charset", "x"]])
    expect([...(at.accessControlRequestHeaders ?? [])]).toEqual(["X-A", "X-B"])
  })

  test("that are missing are undefined, and so are malformed ones", () => {
    const none = request()
    const junk = request({
      HTTP_MAX_FORWARDS: "many",
      HTTP_DATE: "x",
      HTTP_RANGE: "x",
      HTTP_AUTHORIZATION: "Basic !!!!",
      HTTP_SEC_FETCH_SITE: "x",
      HTTP_SEC_FETCH_MODE: "constructor",
      HTTP_SEC_FETCH_DEST: "",
    })
    for (const at of [none, junk]) {
      expect([at.maxForwards, at.date, at.range, at.authorization]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ])
      expect([at.secFetchSite, at.secFetchMode, at.secFetchDest]).toEqual([undefined, undefined, undefined])
    }
    expect([none.contentType, none.referrer, none.secFetchUser, none.accessControlRequestHeaders]).toEqual(
      Array(4).fill(undefined),
    )
    expect([none.mimetype, none.mimetypeParams.size, none.isJson, none.userAgent]).toEqual(["", 0, false, undefined])
    expect([none.ifRange.etag, none.ifRange.date, none.ifMatch.isEmpty, none.acceptMimetypes.provided]).toEqual([
      undefined,
      undefined,
      true,
      false,
    ])
  })

  test.each([
    [{ CONTENT_LENGTH: "12", HTTP_TRANSFER_ENCODING: "chunked" }, undefined],
    [{ CONTENT_LENGTH: "-6" }, 0],
    [{ CONTENT_LENGTH: "+123" }, 0],
    [{ CONTENT_LENGTH: "1_23" }, 0],
  ])("the length of %o is %s", (variables, length) => {
    expect(request(variables).contentLength).toBe(length)
  })

  test("become objects", () => {
    const at = request({
      HTTP_ACCEPT: "text/html;q=0.5, application/json",
      HTTP_ACCEPT_LANGUAGE: "de, en;q=0.5",
      HTTP_ACCEPT_ENCODING: "gzip",
      HTTP_CACHE_CONTROL: "max-age=0, no-cache",
      HTTP_IF_MATCH: '"a"',
      HTTP_IF_NONE_MATCH: 'W/"b"',
      HTTP_IF_RANGE: '"c"',
      HTTP_RANGE: "bytes=0-9",
      HTTP_USER_AGENT: "curl",
      HTTP_AUTHORIZATION: `Basic ${btoa("me:se:cret")}`,
      HTTP_SEC_FETCH_SITE: "same-origin",
      HTTP_SEC_FETCH_MODE: "cors",
      HTTP_SEC_FETCH_DEST: "empty",
      HTTP_SEC_FETCH_USER: "?1",
    })
    expect(at.acceptMimetypes.bestMatch(["text/html", "application/json"])).toBe("application/json")
    expect(at.acceptLanguages.bestMatch(["en", "de"])).toBe("de")
    expect(at.acceptEncodings.has("gzip")).toBe(true)
    expect(at.cacheControl).toMatchObject({ maxAge: 0, noCache: true })
    expect([at.ifMatch.isStrong("a"), at.ifNoneMatch.isWeak("b"), at.ifRange.etag]).toEqual([true, true, "c"])
    expect(at.range?.rangeForLength(5)).toEqual([0, 5])
    expect(at.userAgent).toBe("curl")
    expect(at.authorization).toMatchObject({ username: "me", password: "se:cret" })
    expect([at.secFetchSite, at.secFetchMode, at.secFetchDest, at.secFetchUser]).toEqual([
      "same-origin",
      "cors",
      "empty",
      true,
    ])
    expect(request({ HTTP_SEC_FETCH_USER: "1" }).secFetchUser).toBe(false)
  })
})

describe("cookies", () => {
  test("are read in order, the first of a name first", () => {
    const { cookies } = request({ HTTP_COOKIE: "a=1; b=x%20y; a=2; =c; \u00c3\u00a9=\u00c3\u00a9" })
    expect([cookies.get("a"), cookies.getAll("a"), cookies.get("b")]).toEqual(["1", ["1", "2"], "x y"])
    expect(cookies.get("é")).toBe("é")
  })

  test("without a name are dropped, so that none passes for another", () => {
    expect(request({ HTTP_COOKIE: "=__Host-a=bad" }).cookies.size).toBe(0)
  })
})

describe("accessRoute", () => {
  test.each([
    [{ HTTP_X_FORWARDED_FOR: "1.1.1.1, 2.2.2.2" }, ["1.1.1.1", "2.2.2.2"]],
    [{ REMOTE_ADDR: "9.9.9.9" }, ["9.9.9.9"]],
    [{ REMOTE_ADDR: undefined }, []],
  ])("of %o", (variables, route) => {
    expect(request(variables).accessRoute).toEqual(route)
  })
})
