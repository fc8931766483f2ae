import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { NotFound } from "../../src/exceptions/statuses.ts"
import { RuleMap, rule } from "../../src/routing/index.ts"
import { Matcher, Miss } from "../../src/routing/matcher.ts"
import { expectLinear } from "../support/growth.ts"

/** Endpoint and values as one line, or the name of the error with what it says. */
function outcome(urls: RuleMap, path: string, method = "GET"): string {
  try {
    const { endpoint, values } = urls.bind("example.com").match(path, { method })
    return [endpoint, ...Object.entries(values).map(([name, value]) => `${name}=${value}`)].join(" ")
  } catch (error) {
    const { newUrl, validMethods } = error as { newUrl?: string; validMethods?: string[] }
    const detail = newUrl?.replace("http://example.com", "") ?? validMethods?.join() ?? ""
    return `${(error as Error).constructor.name} ${detail}`.trim()
  }
}

const mapOf = (...texts: string[]): RuleMap => new RuleMap(texts.map((text) => rule(text, text))) as RuleMap

describe("priority", () => {
  const wiki = mapOf(
    "/<x>",
    "/<int:x>",
    "/<float:x>",
    "/<path:x>",
    "/fixed",
    "/<uuid:x>",
    "/a/<x>",
    "/a/b",
    "/<x>/b",
    "/<x>/<y>",
    "/a/<path:x>",
    "/<x>.html",
    "/pre-<x>",
    "/<path:x>/c",
    "/<path:x>/edit",
  )
  test.each([
    ["/fixed", "/fixed"],
    ["/foo", "/<x> x=foo"],
    ["/5", "/<int:x> x=5"],
    ["/5.5", "/<float:x> x=5.5"],
    ["/5fb7a1de-0000-4000-8000-000000000000", "/<x> x=5fb7a1de-0000-4000-8000-000000000000"],
    ["/a/b", "/a/b"],
    ["/a/c", "/a/<x> x=c"],
    ["/a/b/d", "/a/<path:x> x=b/d"],
    ["/z/b", "/<x>/b x=z"],
    ["/z/y", "/<x>/<y> x=z y=y"],
    ["/x.html", "/<x>.html x=x"],
    ["/pre-x", "/pre-<x> x=x"],
    ["/z/y/c", "/<path:x>/c x=z/y"],
    ["/z/y/x/edit", "/<path:x>/edit x=z/y/x"],
    ["/z/y/x", "/<path:x> x=z/y/x"],
  ])("%s leads to %s", (path, expected) => {
    expect(outcome(wiki, path)).toBe(expected)
  })

  test("a way that leads nowhere is left again", () => {
    const urls = mapOf("/a/b/c", "/a/<x>/d", "/<y>/b/e", "/<path:p>/z")
    expect(outcome(urls, "/a/b/d")).toBe("/a/<x>/d x=b")
    expect(outcome(urls, "/a/b/e")).toBe("/<y>/b/e y=a")
    expect(outcome(urls, "/a/b/z")).toBe("/<path:p>/z p=a/b")
    expect(outcome(urls, "/a/b/f")).toBe("NotFound")
  })

  test("rules whose weights differ match alike in any order in which they are added", () => {
    const texts = [
      "/<x>",
      "/<int:x>",
      "/<path:x>",
      "/fixed",
      "/<x>/<int:y>",
      "/<x>-<y>",
      "/v<int:x>",
      "/<x>/e",
      "/<path:x>/e",
      "/fixed/<x>",
    ]
    const paths = ["/fixed", "/5", "/x", "/a-b", "/v5", "/a/5", "/a/e", "/a/b/e", "/fixed/e", "/fixed/5", "/a/b"]
    const expected = paths.map((path) => outcome(mapOf(...texts), path))
    fc.assert(
      fc.property(fc.shuffledSubarray(texts, { minLength: texts.length }), (shuffled) => {
        const urls = mapOf(...shuffled)
        expect(paths.map((path) => outcome(urls, path))).toEqual(expected)
      }),
    )
  })
})

describe("several placeholders in a segment", () => {
  test.each([
    ["/<a>-<b>", "/x-y-z", "a=x-y b=z"],
    ["/<a>.<b>", "/a.b.c", "a=a.b b=c"],
    ["/v<int:a>.<int:b>", "/v1.20", "a=1 b=20"],
    ["/img-<w>x<h>.png", "/img-10x20x30.png", "w=10x20 h=30"],
    ["/<int:y>-<int(2):m>", "/2026-07", "y=2026 m=7"],
    ["/<a><b>", "/xyz", "a=xy b=z"],
    ["/<any(en, en_us):lang>_<x>", "/en_us_y", "lang=en_us x=y"],
    ["/<path:a>/<path:b>/x", "/1/2/3/x", "a=1 b=2/3"],
    ["/<path:a>x<b>", "/1/2x3x4", "a=1/2 b=3x4"],
    ["/pre<path:p>", "/prea/b", "p=a/b"],
    ["/<a>~", "/~~", "a=~"],
    ["/<string(length=1):a>😀<b>", "/😀😀😀", "a=😀 b=😀"],
  ])("%s reads %s as %s", (text, path, values) => {
    expect(outcome(mapOf(text), path)).toBe(`${text} ${values}`)
  })

  test.each([
    ["/<a>-<b>", "/-x"],
    ["/<a>-<b>", "/x/-y"],
    ["/v<int:a>.<int:b>", "/v1.x"],
    ["/<path:a>/<path:b>/x", "/1/x"],
    ["/pre<path:p>", "/pre/a"],
  ])("%s does not read %s", (text, path) => {
    expect(outcome(mapOf(text), path)).toBe("NotFound")
  })
})

describe("slashes", () => {
  const rules = ["/leaf", "/branch/", "/p/<path:rest>", "/pb/<path:rest>/", "/n/<int:n>/", "/a/<x>/b/"]
  const mapWith = (strictSlashes: boolean, mergeSlashes: boolean): RuleMap =>
    new RuleMap(
      rules.map((text) => rule(text, text)),
      { strictSlashes, mergeSlashes },
    ) as RuleMap

  test.each([
    ["/branch", "RequestRedirect /branch/"],
    ["/leaf/", "NotFound"],
    ["//leaf", "/leaf"],
    ["/n/5", "RequestRedirect /n/5/"],
    ["/pb/a/b", "RequestRedirect /pb/a/b/"],
    ["/pb/a//b/", "/pb/<path:rest>/ rest=a//b"],
    ["/pb/a//", "RequestRedirect /pb/a/"],
    ["/p/http://x", "/p/<path:rest> rest=http://x"],
    ["/a/q//b", "RequestRedirect /a/q/b/"],
    ["/a///q////b/////", "RequestRedirect /a/q/b/"],
    ["/leaf//", "NotFound"],
    ["/a b", "NotFound"],
    ["/n//5/", "RequestRedirect /n/5/"],
    ["/leaf\n", "NotFound"],
  ])("strict and merged: %j gives %s", (path, expected) => {
    expect(outcome(mapWith(true, true), path)).toBe(expected)
  })

  test.each([
    ["/branch", "/branch/"],
    ["/leaf/", "/leaf"],
    ["/leaf//", "NotFound"],
    ["/pb/a/b", "/pb/<path:rest>/ rest=a/b"],
    ["/a/q//b", "NotFound"],
  ])("neither strict nor merged: %j gives %s", (path, expected) => {
    expect(outcome(mapWith(false, false), path)).toBe(expected)
  })

  test("a rule that fits exactly comes before one that does not mind a slash", () => {
    const urls = new RuleMap([rule("/x", "leaf", { strictSlashes: false }), rule("/x/", "branch")]) as RuleMap
    expect([outcome(urls, "/x"), outcome(urls, "/x/")]).toEqual(["leaf", "branch"])
  })

  test("a rule's own slashes are merged only if paths are", () => {
    expect(outcome(new RuleMap([rule("/y//z", "y")]) as RuleMap, "/y/z")).toBe("y")
    const kept = new RuleMap([rule("/y//z", "y", { mergeSlashes: false })]) as RuleMap
    expect([outcome(kept, "/y//z"), outcome(kept, "/y///z")]).toEqual(["y", "NotFound"])
    const branch = new RuleMap([rule("/y/", "y", { mergeSlashes: false })]) as RuleMap
    expect([outcome(branch, "/y//"), outcome(branch, "/y")]).toEqual(["NotFound", "RequestRedirect /y/"])
  })

  test("an empty path is redirected to the root, if there is one", () => {
    expect(outcome(mapOf("/"), "")).toBe("RequestRedirect /")
    expect(outcome(mapOf("/x"), "")).toBe("NotFound")
    expect(outcome(new RuleMap([rule("/", "root", { strictSlashes: false })]) as RuleMap, "")).toBe("root")
  })
})

describe("methods and WebSockets", () => {
  const urls = new RuleMap([
    rule("/a", "get", { methods: ["GET"] }),
    rule("/a", "post", { methods: ["POST"] }),
    rule("/<x>", "put", { methods: ["PUT"] }),
    rule("/none", "none", { methods: [] }),
    rule("/e/", "e", { methods: ["DELETE"] }),
    rule("/ws", "socket", { websocket: true }),
    rule("/both", "socket-both", { websocket: true }),
    rule("/both", "http-both"),
    rule("/page/<int(min=1, max=5):n>", "page", { methods: ["GET"] }),
    rule("/page/<int(min=1, max=9):n>", "no-page", { methods: ["DELETE"] }),
    rule("/feed/<int(min=1):n>", "feed", { websocket: true }),
  ]) as RuleMap

  test.each([
    ["/a", "GET", "get"],
    ["/a", "HEAD", "get"],
    ["/a", "POST", "post"],
    ["/a", "PUT", "put x=a"],
    ["/a", "get", "get"],
    ["/a", "Post", "post"],
    ["/a", "OPTIONS", "MethodNotAllowed GET,HEAD,POST,PUT"],
    ["/a", "constructor", "MethodNotAllowed GET,HEAD,POST,PUT"],
    ["/a", "__proto__", "MethodNotAllowed GET,HEAD,POST,PUT"],
    ["/e", "GET", "MethodNotAllowed PUT"],
    ["/e", "DELETE", "RequestRedirect /e/"],
    ["/ws", "GET", "MethodNotAllowed PUT"],
    ["/both", "GET", "http-both"],
    ["/zz/y", "GET", "NotFound"],
    ["/page/3", "GET", "page n=3"],
    ["/page/3", "PATCH", "MethodNotAllowed GET,HEAD,DELETE"],
    // No method helps where a value is refused.
    ["/page/0", "GET", "NotFound"],
    ["/page/0", "PATCH", "NotFound"],
    ["/page/8", "GET", "MethodNotAllowed DELETE"],
    ["/page/9007199254740993", "GET", "NotFound"],
    ["//page//0", "PATCH", "NotFound"],
    ["//page//3", "PATCH", "MethodNotAllowed GET,HEAD,DELETE"],
    ["/feed/0", "GET", "NotFound"],
    ["/feed/3", "GET", "WebsocketMismatch"],
  ])("%s %s gives %s", (path, method, expected) => {
    expect(outcome(urls, path, method)).toBe(expected)
  })

  test("the handshake decides which of two rules is meant", () => {
    const at = urls.bind("example.com", { urlScheme: "wss" })
    expect(at.match("/both").endpoint).toBe("socket-both")
    expect(at.match("/both", { websocket: false }).endpoint).toBe("http-both")
    expect(() => at.match("/both/x")).toThrow(NotFound)
  })
})

describe("names that objects inherit", () => {
  test("are placeholders, defaults, static text and endpoints like any other", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const urls = new RuleMap([
        rule(`/<${name}>` as string, name),
        rule(`/x/${name}`, "static"),
        rule(`/d/${name}`, "default", { defaults: Object.fromEntries([[name, 1]]) }),
      ])
      const at = urls.bind("h")
      const { endpoint, values } = at.match("/value")
      expect(endpoint).toBe(name)
      expect(Object.entries(values)).toEqual([[name, "value"]])
      expect(at.match(`/x/${name}`).endpoint).toBe("static")
      expect(() => at.match("/x/other")).toThrow(NotFound)
      expect(Object.entries(at.match(`/d/${name}`).values)).toEqual([[name, 1]])
      expect(at.build(name, Object.fromEntries([[name, "v"]]))).toBe("/v")
      expect(() => at.build(name, {})).toThrow("forget to specify")
    }
    const at = new RuleMap([rule("/<x>", "e")]).bind("h")
    expect((at.match("/v").values as Record<string, unknown>)["constructor"]).toBeUndefined()
  })
})

describe("the matcher by itself", () => {
  test("throws nothing and says why there is no rule", () => {
    const { matcher } = new RuleMap([rule("/a/", "a"), rule("/b", "b", { methods: ["POST"] })])
    expect(matcher).toBeInstanceOf(Matcher)
    const miss = (path: string) => matcher.match("", path, "GET", false) as Miss
    expect(miss("/zzz")).toBeInstanceOf(Miss)
    expect(miss("/a")).toMatchObject({ redirect: "/a/" })
    expect([...miss("/b").methods]).toEqual(["POST"])
    expect(matcher.match("", "/b", "POST", true)).toMatchObject({ websocketMismatch: true })
  })
})

describe("time", () => {
  test.each([
    ["two placeholders in a segment", ["/<a>-<b>"], (n: number) => `/${"a-".repeat(n)}/`],
    ["six in a segment", ["/<a>-<b>-<c>-<d>-<e>-<f>!"], (n: number) => `/${"a-".repeat(n)}`],
    ["two paths", ["/<path:a>/<path:b>/x"], (n: number) => `/${"a/".repeat(n)}y`],
    ["three paths", ["/<path:a>/<path:b>/<path:c>/x"], (n: number) => `/${"x/".repeat(n)}y`],
    ["paths and words", ["/<path:a>/<any(a, aa):b>/<int:c>-<path:d>/x"], (n: number) => `/${"a/1-".repeat(n / 2)}y`],
    ["many rules alike", ["/<a>/<b>/<c>/x", "/<a>/<path:b>/y", "/<path:a>/z"], (n: number) => `/${"a/".repeat(n)}w`],
    ["slashes", ["/<path:a>/x/", "/a/<b>/"], (n: number) => `/a${"/".repeat(n * 2)}`],
  ])("grows with the length of the path, not faster: %s", async (_, texts, pathOf) => {
    const at = mapOf(...texts).bind("h")
    await expectLinear((length) => {
      const path = pathOf(length)
      return () => at.test(path)
    }, 4000)
  })
})
