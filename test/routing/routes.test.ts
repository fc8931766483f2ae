import { describe, expect, expectTypeOf, test } from "vitest"
import type { Environ } from "../../src/gateway.ts"
import { BaseConverter, BuildError, mapOf, RuleMap, route, routes } from "../../src/routing/index.ts"
import { Request } from "../../src/wrappers/request.ts"

class Hex extends BaseConverter<number> {
  override readonly regex = "[0-9a-f]+"
  override toValue(text: string): number {
    return Number.parseInt(text, 16)
  }
  override toUrl(value: number): string {
    return value.toString(16)
  }
}

const urls = routes(
  {
    home: "/",
    blog: { index: "/blog/", show: "/blog/<slug>", day: "/blog/<int:year>/<any(spring, fall):half>" },
    color: "/color/<hex:value>",
    remove: route("/remove/<slug>", { methods: ["DELETE"] }),
    tenant: route("/", { subdomain: "<tenant>" }),
    page: route("/page/<int:page>", { defaults: { size: 10 } }),
    // Names of objects and of routes are names like any other.
    match: { build: "/m", constructor: "/c", toString: "/t" },
  },
  { converters: { hex: Hex } },
)

function environ(path: string, more: Record<string, unknown> = {}): Environ {
  const base = { REQUEST_METHOD: "GET", SCRIPT_NAME: "", PATH_INFO: path, QUERY_STRING: "", HTTP_HOST: "h.test" }
  return { ...base, "wsgi.url_scheme": "http", ...more } as unknown as Environ
}

describe("building", () => {
  test("gives paths", () => {
    expect(urls.home.build()).toBe("/")
    expect(urls.blog.show.build({ slug: "a bé" })).toBe("/blog/a%20b%C3%A9")
    expect(urls.blog.day.build({ year: 2026, half: "fall" })).toBe("/blog/2026/fall")
    expect(urls.color.build({ value: 255 })).toBe("/color/ff")
    expect(urls.page.build({ page: 2 })).toBe("/page/2")
    expect(urls.match.build.build()).toBe("/m")
    expect(urls.match.constructor.build()).toBe("/c")
  })

  test("takes the query by itself", () => {
    expect(urls.blog.show.build({ slug: "x" }, { query: { page: 2, tag: ["a", "b"], no: null } })).toBe(
      "/blog/x?page=2&tag=a&tag=b",
    )
    expect(urls.home.build({}, { query: "a=1&b=ü" })).toBe("/?a=1&b=%C3%BC")
    expect(urls.home.build(undefined, { query: new URLSearchParams("a=1") })).toBe("/?a=1")
  })

  test("knows mount and host from a request or a bound map", () => {
    const request = new Request(environ("/", { SCRIPT_NAME: "/app" }))
    expect(urls.blog.index.build({}, { at: request })).toBe("/app/blog/")
    expect(urls.blog.index.build({}, { at: request, forceExternal: true })).toBe("http://h.test/app/blog/")
    expect(urls.blog.index.build({}, { at: environ("/") })).toBe("/blog/")
    const at = mapOf(urls).bind("example.com", { urlScheme: "https" })
    expect(urls.tenant.build({ tenant: "ada" }, { at })).toBe("https://ada.example.com/")
    expect(() => urls.tenant.build({ tenant: "ada" })).toThrow("{ at: request }")
  })

  test("refuses what does not belong there, when compiled and when run", () => {
    // @ts-expect-error: slug is missing
    expect(() => urls.blog.show.build({})).toThrow("forget to specify values slug")
    // @ts-expect-error: all values are missing
    expect(() => urls.blog.show.build()).toThrow(BuildError)
    // @ts-expect-error: it is called slug
    expect(() => urls.blog.show.build({ slgu: "x" })).toThrow('has no placeholder <slgu>. Did you mean "slug"?')
    // @ts-expect-error: the query is an option
    expect(() => urls.blog.show.build({ slug: "x", page: 2 })).toThrow("{ query }")
    // @ts-expect-error: a year is a number
    expect(() => urls.blog.day.build({ year: "MMXXVI", half: "fall" })).toThrow("<year>")
    // @ts-expect-error: one of two words
    expect(() => urls.blog.day.build({ year: 2026, half: "autumn" })).toThrow("<half>")
    expect(() => urls.blog.show.build({ slug: "a/b" })).toThrow(BuildError)
    // @ts-expect-error: no such route
    expect(urls.blog.shwo).toBeUndefined()
  })
})

describe("matching", () => {
  test("gives the values of a URL", () => {
    expect(urls.blog.show.match("/blog/a%20b?q=1#x")).toEqual({ slug: "a b" })
    expect(urls.blog.day.match(urls.blog.day.build({ year: 2026, half: "fall" }))).toEqual({ year: 2026, half: "fall" })
    expect(urls.blog.show.match("http://h.test/blog/x")).toEqual({ slug: "x" })
    expect(urls.page.match("/page/3")).toEqual({ page: 3, size: 10 })
    expect(urls.home.match("/")).toEqual({})
    expect(urls.remove.match("/remove/x")).toEqual({ slug: "x" })
  })

  test("gives the values of a request", () => {
    const request = new Request(environ("/blog/x"))
    expect(urls.blog.show.match(request)).toEqual({ slug: "x" })
    expect(urls.blog.show.match(environ("/blog/x"))).toEqual({ slug: "x" })
    expect(urls.blog.show.match(mapOf(urls).bind("h", { pathInfo: "/blog/x" }))).toEqual({ slug: "x" })
    const other = new Request(environ("/remove/x"))
    expect(urls.remove.match(other)).toBeUndefined()
    expect(urls.remove.match(environ("/remove/x", { REQUEST_METHOD: "DELETE" }))).toEqual({ slug: "x" })
    expect(urls.remove.match(other, { method: "delete" })).toEqual({ slug: "x" })
    const at = mapOf(urls).bindToEnviron(environ("/", { HTTP_HOST: "ada.h.test" }), { serverName: "h.test" })
    expect(urls.tenant.match(at)).toEqual({ tenant: "ada" })
  })

  test.each(["/blog", "/blog/", "/blog/x/y", "/", "", "/nope", "//blog//x"])("%j is another place", (path) => {
    expect(urls.blog.show.match(path)).toBeUndefined()
  })
})

describe("the map of routes", () => {
  test("has the names for endpoints", () => {
    const map = mapOf(urls)
    expect([...map.endpoints()].slice(0, 4)).toEqual(["home", "blog.index", "blog.show", "blog.day"])
    const match = map.bind("h").match("/blog/2026/spring")
    expect(match.endpoint).toBe("blog.day")
    if (match.endpoint === "blog.day")
      expectTypeOf(match.values).toEqualTypeOf<{ year: number; half: "spring" | "fall" }>()
    // @ts-expect-error: no such endpoint
    expect(match.endpoint === "blog.dya").toBe(false)
    expect(map.bind("h").build("blog.show", { slug: "x" })).toBe("/blog/x")
  })

  test("belongs to the whole", () => {
    expect(() => mapOf(urls.blog)).toThrow("Only what routes(...) has made has a map, not a plain object")
    expect(() => mapOf({})).toThrow(TypeError)
  })
})

test("routes are frozen, and written as their text", () => {
  expect(Object.isFrozen(urls)).toBe(true)
  expect(Object.isFrozen(urls.blog)).toBe(true)
  expect(`${urls.blog.show}`).toBe("/blog/<slug>")
  expect(urls.blog.show.endpoint).toBe("blog.show")
})

describe("a tree that cannot be", () => {
  test.each<[unknown, string]>([
    [{ a: 5 }, 'At "a" is no route but 5'],
    [{ a: { b: undefined } }, 'At "a.b" is no route but undefined'],
    [{ a: ["/x"] }, 'At "a" is no route but an array'],
    [{ "a.b": "/" }, "has no dot"],
    [{ "": "/" }, "is not empty"],
    [{ a: "/<itn:x>" }, 'There is no converter "itn". Did you mean "int"?'],
    [{ a: "/x", b: "/x" }, "matches the same requests"],
  ])("%o is refused", (tree, message) => {
    expect(() => routes(tree as never)).toThrow(message)
  })

  test("is a compile error where its text is", () => {
    // @ts-expect-error: a slash is missing
    expect(() => routes({ a: { b: "x" } })).toThrow("starts with a slash")
    // @ts-expect-error: no such converter
    expect(() => routes({ a: { b: "/<hex:x>" } })).toThrow("no converter")
    expect(routes({ a: { b: "/<hex:x>" } }, { converters: { hex: Hex } }).a.b.build({ x: 1 })).toBe("/1")
  })
})

test("the types are those of the placeholders, printed as one object each", () => {
  expectTypeOf<Parameters<typeof urls.blog.day.build>[0]>().toEqualTypeOf<{
    year: number | bigint
    half: "spring" | "fall"
  }>()
  expectTypeOf(urls.blog.show.match("/")).toEqualTypeOf<{ slug: string } | undefined>()
  expectTypeOf(urls.color.match("/")).toEqualTypeOf<{ value: number } | undefined>()
  expectTypeOf<Parameters<typeof urls.page.build>[0]>().toEqualTypeOf<{ page: number | bigint; size?: 10 }>()
  expectTypeOf(mapOf(urls)).toExtend<RuleMap>()
  expect(mapOf(urls)).toBeInstanceOf(RuleMap)
})
