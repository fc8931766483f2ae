import { describe, expect, test } from "vitest"
import { MultiDict } from "../../src/datastructures/multi-dict.ts"
import { BadHost, Forbidden, MethodNotAllowed, NotFound, SecurityError } from "../../src/exceptions/statuses.ts"
import type { Environ } from "../../src/gateway.ts"
import {
  BuildError,
  DuplicateRuleError,
  RequestRedirect,
  RuleMap,
  type RuleOptions,
  rule,
  subdomain,
  WebsocketMismatch,
} from "../../src/routing/index.ts"

/** Where a call redirects to. */
function redirectOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof RequestRedirect) return error.newUrl
    throw error
  }
  throw new Error("no redirect")
}

function environOf(host: string | undefined, more: Record<string, unknown> = {}): Environ {
  return {
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: "",
    PATH_INFO: "/",
    QUERY_STRING: "",
    SERVER_NAME: "srv.example",
    SERVER_PORT: "80",
    SERVER_PROTOCOL: "HTTP/1.1",
    "wsgi.url_scheme": "http",
    ...(host === undefined ? {} : { HTTP_HOST: host }),
    ...more,
  } as unknown as Environ
}

describe("binding", () => {
  const urls = new RuleMap([rule("/", "root"), rule("/x/", "x"), subdomain("<user>", [rule("/", "user")])])

  test.each([
    ["EXAMPLE.com", "http://example.com/"],
    ["bücher.example:8080", "http://xn--bcher-kva.example:8080/"],
    [`${"a".repeat(63)}:8080`, `http://${"a".repeat(63)}:8080/`],
    ["example.com.", "http://example.com./"],
    ["[::1]:80", "http://[::1]:80/"],
  ])("to %s builds %s", (host, expected) => {
    expect(urls.bind(host).build("root", {}, { forceExternal: true })).toBe(expected)
  })

  test("a name with underscores is a host, and a dot behind a name does not make it another", () => {
    const byHost = new RuleMap(
      [rule("/", "own", { host: "my_service:8000" }), rule("/", "dot", { host: "h.example" })],
      {
        hostMatching: true,
      },
    )
    expect(byHost.bindToEnviron(environOf("my_service:8000")).match("/").endpoint).toBe("own")
    expect(byHost.bindToEnviron(environOf("H.example.")).match("/").endpoint).toBe("dot")
    expect(byHost.bind("h.example.").build("dot")).toBe("/")
    const at = (host: string) => urls.bindToEnviron(environOf(host), { serverName: "example.com" })
    expect(at("example.com.").match("/").endpoint).toBe("root")
    expect(at("a_b.example.com.").match("/").values).toEqual({ user: "a_b" })
    expect(at("a_b.example.com").build("user", { user: "c_d" })).toBe("http://c_d.example.com/")
    const dotted = urls.bindToEnviron(environOf("a.example.com"), { serverName: "example.com." })
    expect(dotted.match("/").values).toEqual({ user: "a" })
  })

  test("subdomains are counted below a server name in any script", () => {
    const at = urls.bindToEnviron(environOf("a.xn--bcher-kva.example"), { serverName: "Bücher.example" })
    expect(at.match("/").values).toEqual({ user: "a" })
  })

  test("the host of one request is not taken for that of the next", () => {
    for (const host of ["a.test", "b.test", "b.test:80", "a b", "B.test", "a.test"]) {
      const at = urls.bindToEnviron(environOf(host))
      expect(at.serverName).toBe(host === "a b" ? "" : host.replace(":80", "").toLowerCase())
    }
    const secure = urls.bindToEnviron(environOf("b.test:80", { "wsgi.url_scheme": "https" }))
    expect(secure.serverName).toBe("b.test:80")
  })

  test.each(["a..b", ".", `${"a".repeat(64)}.example`, "\u2100.example"])("to %j is refused", (host) => {
    expect(() => urls.bind(host)).toThrow(BadHost)
  })

  test("a subdomain makes no sense where hosts are matched", () => {
    expect(() => new RuleMap([], { hostMatching: true }).bind("h", { subdomain: "x" })).toThrow(TypeError)
  })

  test("an adapter tells what it is bound to", () => {
    const at = urls.bind("example.com", { scriptName: "app", subdomain: "kb", urlScheme: "wss", queryArgs: { a: 1 } })
    expect(at).toMatchObject({
      serverName: "example.com",
      scriptName: "/app/",
      subdomain: "kb",
      urlScheme: "wss",
      defaultMethod: "GET",
      pathInfo: "/",
      websocket: true,
    })
    expect(at.map).toBe(urls)
    expect(at.getHost()).toBe("kb.example.com")
    expect(at.getHost("")).toBe("example.com")
  })
})

describe("binding to a request", () => {
  const urls = new RuleMap([
    rule("/", "root"),
    rule("/x/", "x"),
    rule("/ws", "socket", { websocket: true }),
    subdomain("<user>", [rule("/", "user")]),
  ])
  const errors = { lines: [] as string[], write: (text: string) => errors.lines.push(text) }

  test.each([
    ["ada.example.com", "example.com", "user"],
    ["ADA.Example.COM:80", "EXAMPLE.com:80", "user"],
    ["ada.example.com:8080", "example.com:8080", "user"],
    ["example.com", "example.com", "root"],
    ["ada.example.com", undefined, "root"],
    ["notexample.com", "example.com", "root"],
    ["ada.example.com:8080", "example.com", "root"],
    ["bad host", undefined, "root"],
    [undefined, "example", "user"],
  ])("host %s below %s leads to %s", (host, serverName, endpoint) => {
    const at = urls.bindToEnviron(environOf(host, { "wsgi.errors": errors }), { serverName })
    expect(at.match().endpoint).toBe(endpoint)
  })

  test("a host that is not below the server's name is reported once for each map", () => {
    const fresh = new RuleMap([rule("/", "root")])
    errors.lines = []
    for (let count = 0; count < 3; count++) {
      fresh.bindToEnviron(environOf("evil.test", { "wsgi.errors": errors }), { serverName: "example.com" })
    }
    expect(errors.lines).toHaveLength(1)
    expect(errors.lines[0]).toContain('"evil.test"')
  })

  test("mount, path and query are text, and redirects keep them", () => {
    const environ = environOf("h", {
      SCRIPT_NAME: "/\u00c3\u00a9",
      PATH_INFO: "/x",
      QUERY_STRING: "q=%C3%BC&r=\u00c3\u00bc",
    })
    expect(redirectOf(() => urls.bindToEnviron(environ).match())).toBe("http://h/%C3%A9/x/?q=%C3%BC&r=%C3%BC")
  })

  test("an upgrade makes it a handshake", () => {
    const upgrade = { HTTP_CONNECTION: "keep-alive, Upgrade", HTTP_UPGRADE: "WebSocket", PATH_INFO: "/ws" }
    expect(urls.bindToEnviron(environOf("h", upgrade)).match().endpoint).toBe("socket")
    expect(urls.bindToEnviron(environOf("h", { ...upgrade, "wsgi.url_scheme": "https" })).urlScheme).toBe("wss")
    expect(() => urls.bindToEnviron(environOf("h", { PATH_INFO: "/ws" })).match()).toThrow(WebsocketMismatch)
  })

  test("a request is asked for its host, which it may refuse", () => {
    const request = {
      environ: environOf("evil.test"),
      get host(): string {
        throw new SecurityError()
      },
    }
    expect(() => urls.bindToEnviron(request)).toThrow(SecurityError)
    expect(urls.bindToEnviron({ environ: environOf("evil.test"), host: "good.test" }).serverName).toBe("good.test")
  })
})

describe("redirects", () => {
  const urls = new RuleMap([
    rule("/b/", "b"),
    rule("/ü/<x>/", "u"),
    rule("/all/", "all", { defaults: { page: 1 } }),
    rule("/all/<int:page>", "all"),
    rule("/index.html", "index", { alias: true }),
    rule("/", "index"),
    rule("/only.html", "aliases", { alias: true }),
  ])

  test.each([
    [{}, "/b", "http://h/b/"],
    [{ scriptName: "/app" }, "/b", "http://h/app/b/"],
    [{ scriptName: "//evil.test" }, "/b", "http://h/evil.test/b/"],
    [{ urlScheme: "https" }, "/ü/a b", "https://h/%C3%BC/a%20b/"],
    [{ urlScheme: "" }, "/b", "http://h/b/"],
    [{ queryArgs: "a=1&b=ü \r\n" }, "/b", "http://h/b/?a=1&b=%C3%BC%20%0D%0A"],
    [{ queryArgs: { a: [1, 2], b: null, c: "x y" } }, "/b", "http://h/b/?a=1&a=2&c=x+y"],
    [{ queryArgs: [["a", 1] as const, ["a", 2] as const] }, "/b", "http://h/b/?a=1&a=2"],
    [{ queryArgs: "a=1" }, "/all/1", "http://h/all/?a=1"],
    [{ queryArgs: "a=1" }, "/index.html", "http://h/?a=1"],
  ])("bound with %j: %s goes to %s", (options, path, expected) => {
    expect(redirectOf(() => urls.bind("h", options).match(path))).toBe(expected)
  })

  test("match may be given another query", () => {
    const at = urls.bind("h", { queryArgs: "old=1" })
    expect(redirectOf(() => at.match("/b", { queryArgs: { new: 1 } }))).toBe("http://h/b/?new=1")
  })

  test("an alias that stands for nothing else matches", () => {
    expect(urls.bind("h").match("/only.html").endpoint).toBe("aliases")
  })

  test("defaults and aliases can be left alone", () => {
    const at = new RuleMap([rule("/", "i"), rule("/i", "i", { alias: true })], { redirectDefaults: false }).bind("h")
    expect(at.match("/i").endpoint).toBe("i")
  })

  test("a default may lead to another subdomain or host", () => {
    const rules = (where: "host" | "subdomain", one: string, other: string) => [
      rule("/", "e", { [where]: one, defaults: { x: 1 } } as RuleOptions),
      rule("/<int:x>", "e", { [where]: other } as RuleOptions),
    ]
    const bySubdomain = new RuleMap(rules("subdomain", "a", "b"))
    expect(redirectOf(() => bySubdomain.bind("h", { subdomain: "b" }).match("/1"))).toBe("http://a.h/")
    const byHost = new RuleMap(rules("host", "a.example", "b.example"), { hostMatching: true })
    expect(redirectOf(() => byHost.bind("b.example").match("/1"))).toBe("http://a.example/")
    const byNothing = new RuleMap(rules("subdomain", "a", "b"), { subdomainMatching: false })
    expect(redirectOf(() => byNothing.bind("h", { subdomain: "www" }).match("/1"))).toBe("http://www.h/")
  })

  test("without a host there is no other host to be taken for it", () => {
    expect(redirectOf(() => urls.bind("").match("/b"))).toBe("/b/")
    expect(urls.bind("").build("b", {}, { forceExternal: true })).toBe("/b/")
    expect(urls.bind("", { scriptName: "//evil.test" }).build("b")).toBe("/evil.test/b/")
  })

  test("a redirect answers the request", async () => {
    const redirect = new RequestRedirect('http://h/"ü"')
    const head: unknown[] = []
    const body = await redirect.respond(environOf("h"), (...args) => {
      head.push(...args)
      return async () => {}
    })
    expect(head[0]).toBe("308 Permanent Redirect")
    expect(head[1]).toContainEqual(["Location", "http://h/%22%C3%BC%22"])
    let page = ""
    for await (const chunk of body) page += new TextDecoder().decode(chunk)
    expect(page).toContain('<a href="http://h/&#34;ü&#34;">')
    redirect.code = 301
    redirect.respond(environOf("h"), (...args) => {
      head.push(...args)
      return async () => {}
    })
    expect(head[2]).toBe("301 Moved Permanently")
  })
})

describe("redirectTo", () => {
  const target = (to: RuleOptions["redirectTo"], path = "/old/a", options = {}) => {
    const urls = new RuleMap([rule("/old/<path:x>", "old", { redirectTo: to, defaults: { d: "ü" } }), rule("/", "i")])
    return redirectOf(() => urls.bind("h", { scriptName: "/app", ...options }).match(path))
  }

  test.each([
    ["new/<x>", "/old/a b", "http://h/app/new/a%20b"],
    ["/abs/<x>", "/old/a", "http://h/abs/a"],
    ["../<x>", "/old/a", "http://h/a"],
    ["", "/old/a", "http://h/app/"],
    ["a/./b/../c/<d>", "/old/a", "http://h/app/a/c/%C3%BC"],
    ["n?x=<x>", "/old/a&b=c+d", "http://h/app/n?x=a%26b%3Dc%2Bd"],
    ["http://other.example/<x>", "/old/a", "http://other.example/a"],
    ["//other.example/<x>", "/old/a", "http://other.example/a"],
    ["<x>", "/old/https:evil.test", "http://h/app/https:evil.test"],
    ["<x>", "/old/javascript:alert(1)", "http://h/app/javascript:alert(1)"],
    ["/<x>", "/old/\\evil.test", "http://h/%5Cevil.test"],
    ["/<x>", "/old/..//evil.test", "http://h/evil.test"],
    ["../../<x>", "/old/a", "http://h/a"],
  ])("%s for %s is %s", (to, path, expected) => {
    expect(target(to, path)).toBe(expected)
  })

  test("keeps the query unless it has one", () => {
    expect(target("new", "/old/a", { queryArgs: "q=1" })).toBe("http://h/app/new?q=1")
    expect(target("new?p=2", "/old/a", { queryArgs: "q=1" })).toBe("http://h/app/new?p=2")
  })

  test("may be a function of adapter and values", () => {
    expect(target((at, values) => `${at.build("i")}?from=${values["x"]}`)).toBe("http://h/app/?from=a")
  })
})

describe("dispatch", () => {
  const at = new RuleMap([rule("/b/", "b"), rule("/m", "m", { methods: ["GET"] }), rule("/<x>", "x")]).bind("h")

  test("calls the view, and returns redirects", () => {
    expect(at.dispatch(({ endpoint, values }) => [endpoint, { ...values }], { pathInfo: "/y" })).toEqual([
      "x",
      { x: "y" },
    ])
    expect(at.dispatch(() => 1, { pathInfo: "/b" })).toBeInstanceOf(RequestRedirect)
    expect(() => at.dispatch(() => 1, { pathInfo: "/y/z" })).toThrow(NotFound)
  })

  test("returns other HTTP errors when asked, and those only", async () => {
    const options = { catchHttpExceptions: true }
    const forbid = () => {
      throw new Forbidden()
    }
    expect(at.dispatch(() => 1, { ...options, pathInfo: "/y/z" })).toBeInstanceOf(NotFound)
    expect(at.dispatch(forbid, { ...options, pathInfo: "/y" })).toBeInstanceOf(Forbidden)
    expect(await at.dispatch(async () => forbid(), { ...options, pathInfo: "/y" })).toBeInstanceOf(Forbidden)
    expect(() => at.dispatch(forbid, { pathInfo: "/y" })).toThrow(Forbidden)
    const fail = async () => {
      throw new RangeError()
    }
    await expect(at.dispatch(fail, { ...options, pathInfo: "/y" })).rejects.toThrow(RangeError)
  })
})

describe("test and allowedMethods", () => {
  const at = new RuleMap([
    rule("/a", "get", { methods: ["GET"] }),
    rule("/a", "post", { methods: ["POST"] }),
    rule("/b/", "b"),
    rule("/<int:n>", "n", { methods: ["PUT"] }),
  ]).bind("h")

  test("a redirect counts, a wrong method does not", () => {
    expect([at.test("/a"), at.test("/b"), at.test("/zz"), at.test("/a", "PATCH")]).toEqual([true, true, false, false])
  })

  test("the methods of all rules of a path are allowed", () => {
    expect(at.allowedMethods("/a").sort()).toEqual(["GET", "HEAD", "POST"])
    expect(at.allowedMethods("/5")).toEqual(["PUT"])
    expect(at.allowedMethods("/b/")).toEqual([])
    expect(at.allowedMethods("/zz")).toEqual([])
    expect(() => at.match("/a", { method: "OPTIONS" })).toThrow(MethodNotAllowed)
  })
})

describe("building", () => {
  const urls = new RuleMap([
    rule("/", "index"),
    rule("/item/<int:id>", "item"),
    rule("/item/<int:id>/<name>", "item"),
    rule("/m", "m", { methods: ["GET"] }),
    rule("/m/post", "m", { methods: ["POST"] }),
    rule("/a b/ü/", "quoted"),
    rule("/ws", "ws", { websocket: true }),
    rule("/sub", "sub", { subdomain: "kb" }),
    rule("/ind/<int:a>", "double", { defaults: { b: 2 } }),
    rule("/ind/", "double", { defaults: { a: 1, b: 2 } }),
    rule("/ind/<int:a>/<int:b>", "double"),
  ])
  const at = urls.bind("h", { scriptName: "/app" })

  test("chooses the rule that takes the values", () => {
    expect(at.build("item", { id: 5 })).toBe("/app/item/5")
    expect(at.build("item", { id: 5, name: "x" })).toBe("/app/item/5/x")
    expect(at.build("quoted")).toBe("/app/a%20b/%C3%BC/")
    expect(at.build("double")).toBe("/app/ind/")
    expect(at.build("double", { a: 1 })).toBe("/app/ind/")
    expect(at.build("double", { a: 3 })).toBe("/app/ind/3")
    expect(at.build("double", { a: 3, b: 4 })).toBe("/app/ind/3/4")
  })

  test("chooses by the method, first that of the adapter", () => {
    expect(at.build("m")).toBe("/app/m")
    expect(at.build("m", {}, { method: "POST" })).toBe("/app/m/post")
    expect(urls.bind("h", { defaultMethod: "POST" }).build("m")).toBe("/m/post")
    expect(urls.bind("h", { defaultMethod: "PATCH" }).build("m")).toBe("/m")
    expect(() => at.build("m", {}, { method: "PUT" })).toThrow("Did you mean to use methods GET, HEAD?")
  })

  test("writes other hosts and WebSockets with their scheme", () => {
    expect(at.build("sub")).toBe("http://kb.h/app/sub")
    expect(urls.bind("h", { subdomain: "kb" }).build("sub")).toBe("/sub")
    expect(at.build("ws")).toBe("ws://h/app/ws")
    expect(urls.bind("h", { urlScheme: "https" }).build("ws")).toBe("wss://h/ws")
    expect(urls.bind("h", { urlScheme: "wss" }).build("index", {}, { forceExternal: true })).toBe("https://h/")
    expect(at.build("index", {}, { forceExternal: true, urlScheme: "" })).toBe("//h/app/")
    expect(at.build("index", {}, { urlScheme: "https" })).toBe("/app/")
  })

  test("gives a path where subdomains do not count", () => {
    const off = new RuleMap([rule("/x", "x", { subdomain: "kb" })], { subdomainMatching: false })
    expect(off.bind("h").build("x")).toBe("/x")
    expect(off.bind("h", { subdomain: "www" }).match("/x").endpoint).toBe("x")
  })

  test("prefers the host that it is bound to", () => {
    const hosts = new RuleMap([rule("/a", "e", { host: "one" }), rule("/b", "e", { host: "two" })], {
      hostMatching: true,
    })
    expect(hosts.bind("two").build("e")).toBe("/b")
    expect(hosts.bind("three").build("e")).toBe("http://one/a")
  })

  test.each([
    [{ q: "a b&c=d", r: "é" }, "?q=a+b%26c%3Dd&r=%C3%A9"],
    [{ q: [1, null, 2] }, "?q=1&q=2"],
    [{ q: [] }, ""],
    [{ q: null, r: undefined }, ""],
    [{ q: "" }, "?q="],
    [{ q: new Set(["x", "y"]) }, "?q=x&q=y"],
    [{ "a b": "+/?:@,;!$'()*" }, "?a+b=%2B/?:@,;!$'()*"],
    [{ __proto__: null, constructor: 1 }, "?constructor=1"],
    [
      new MultiDict([
        ["q", "1"],
        ["q", "2"],
        ["r", "3"],
      ]),
      "?q=1&q=2&r=3",
    ],
    [new URLSearchParams("q=1&r=2&q=3"), "?q=1&q=3&r=2"],
    [new Map([["q", 1]]), "?q=1"],
  ])("puts %o into the query", (values, query) => {
    expect(at.build("index", values as Record<string, unknown>)).toBe(`/app/${query}`)
  })

  test("a value that comes once among pairs is no list", () => {
    const pairs = new MultiDict<unknown>([
      ["id", 5],
      ["q", 1],
    ]) as unknown as { id: number }
    expect(at.build("item", pairs)).toBe("/app/item/5?q=1")
  })

  test("unknown values can be left out, and the query be sorted", () => {
    expect(at.build("index", { q: 1 }, { appendUnknown: false })).toBe("/app/")
    const values = { b: ["2", "1"], a: "x" }
    expect(new RuleMap([rule("/", "i")], { sortParameters: true }).bind("h").build("i", values)).toBe("/?a=x&b=1&b=2")
    const byLength = { sortParameters: true, sortKey: ([name]: readonly [string, unknown]) => -name.length }
    expect(new RuleMap([rule("/", "i")], byLength).bind("h").build("i", { a: 1, bbb: 2, cc: 3 })).toBe(
      "/?bbb=2&cc=3&a=1",
    )
  })

  test("takes rules with many placeholders", () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `n${index}`)
    const text: string = names.map((name) => `/<int:${name}>`).join("")
    const many = new RuleMap([rule(text, "many")]).bind("h")
    expect(many.build("many", Object.fromEntries(names.map((name) => [name, 1])))).toBe("/1".repeat(10_000))
  })
})

describe("errors of the programmer", () => {
  const urls = new RuleMap([
    rule("/", "index"),
    rule("/user/<int:id>", "user.show", { methods: ["GET"] }),
    rule("/users", "user.list"),
  ]) as RuleMap

  test.each([
    ["user.shwo", { id: 1 }, undefined, 'Did you mean "user.show" instead?'],
    ["user.show", {}, undefined, "Did you forget to specify values id?"],
    ["user.show", { id: 1 }, "POST", "Did you mean to use methods GET, HEAD?"],
    ["user.show", {}, "POST", "methods GET, HEAD? Did you forget to specify values id?"],
    [
      "index.",
      { a: 1, b: 2 },
      "PUT",
      'for the endpoint "index." (PUT) with values a, b. Did you mean "index" instead?',
    ],
  ])("%s with %o and %s: %s", (endpoint, values, method, message) => {
    expect(() => urls.bind("h").build(endpoint, values, { method })).toThrow(message)
  })

  test("a BuildError tells what it is about", () => {
    const error: BuildError = (() => {
      try {
        urls.bind("h").build("user", { id: 1 })
      } catch (caught) {
        return caught as BuildError
      }
      throw new Error("built")
    })()
    expect(error).toBeInstanceOf(BuildError)
    expect(error).toMatchObject({ endpoint: "user", method: undefined, name: "BuildError" })
    expect(error.values.get("id")).toBe(1)
    expect(error.suggested?.endpoint).toBe("user.show")
    expect(() => new RuleMap([]).bind("h").build("x" as never)).toThrow('Could not build a URL for the endpoint "x".')
  })

  test.each([
    ["other names", rule("/<a>", "1"), rule("/<b>", "2"), true],
    ["default and string", rule("/<a>", "1"), rule("/<string:b>", "2"), true],
    ["the same arguments", rule("/<int(min=1,max=2):a>", "1"), rule("/<int(max=2, min=1):b>", "2"), true],
    ["other arguments", rule("/<int(min=1):a>", "1"), rule("/<int(min=2):a>", "2"), false],
    ["other static text", rule("/<a>-x", "1"), rule("/<a>-y", "2"), false],
    ["a slash at the end", rule("/a", "1"), rule("/a/", "2"), false],
    ["a slash behind a path", rule("/<path:a>", "1"), rule("/<path:a>/", "2"), false],
    ["WebSocket and not", rule("/a", "1"), rule("/a", "2", { websocket: true }), false],
    ["alias and not", rule("/a", "1"), rule("/a", "1", { alias: true }), true],
    ["other methods", rule("/a", "1", { methods: ["GET"] }), rule("/a", "2", { methods: ["POST"] }), false],
    ["any method and one", rule("/a", "1"), rule("/a", "2", { methods: ["POST"] }), true],
    [
      "HEAD and OPTIONS in common",
      rule("/a", "1", { methods: ["GET"] }),
      rule("/a", "2", { methods: ["HEAD"] }),
      false,
    ],
    ["the same HEAD", rule("/a", "1", { methods: ["HEAD"] }), rule("/a", "2", { methods: ["HEAD"] }), true],
    ["other subdomains", rule("/a", "1", { subdomain: "x" }), rule("/a", "2", { subdomain: "y" }), false],
    ["one only for building", rule("/a", "1"), rule("/a", "2", { buildOnly: true }), false],
  ])("duplicates: %s", (_, one, other, duplicate) => {
    const make = () => new RuleMap([one, other])
    if (duplicate) expect(make).toThrow(DuplicateRuleError)
    else expect(make).not.toThrow()
  })

  test("subdomains make no difference where they do not count", () => {
    const rules = [rule("/a", "1", { subdomain: "x" }), rule("/a", "2", { subdomain: "y" })]
    expect(() => new RuleMap(rules, { subdomainMatching: false })).toThrow(DuplicateRuleError)
  })
})

describe("a map", () => {
  test("can be looked into and extended", () => {
    const urls = new RuleMap([rule("/<int:id>", "item"), rule("/x", "x")]) as RuleMap
    const wider = urls.add(rule("/<int:id>/<name>", "item", { defaults: { k: 1 } }))
    expect(wider).toBe(urls)
    expect([...urls.iterRules()].map((each) => each.rule)).toEqual(["/<int:id>/<name>", "/<int:id>", "/x"])
    expect([...urls.iterRules("x")]).toHaveLength(1)
    expect([...urls.endpoints()]).toEqual(["item", "x"])
    expect(urls.isEndpointExpecting("item", "id", "name", "k")).toBe(true)
    expect(urls.isEndpointExpecting("item", "zz")).toBe(false)
    expect(() => urls.isEndpointExpecting("nope")).toThrow(RangeError)
    expect(() => [...urls.iterRules("nope")]).toThrow(RangeError)
    expect(urls.bind("h").match("/1/a").endpoint).toBe("item")
  })

  test("an adapter sees rules that are added later", () => {
    const urls = new RuleMap([]) as RuleMap
    const at = urls.bind("h")
    expect(at.test("/x")).toBe(false)
    urls.add(rule("/x", "x"))
    expect(at.match("/x").endpoint).toBe("x")
    expect(at.build("x")).toBe("/x")
  })
})
