// What the compiler knows of a map. Checked by `tsc`, which `npm test` runs; each line that must not compile says so.

import { describe, expect, expectTypeOf, test } from "vitest"
import {
  BaseConverter,
  endpointPrefix,
  RuleMap,
  rule,
  ruleTemplate,
  subdomain,
  submount,
  ValidationError,
} from "../../src/routing/index.ts"

class Hex extends BaseConverter<number> {
  override readonly regex = "[0-9a-f]+"
  override toValue(text: string): number {
    return Number.parseInt(text, 16)
  }
  override toUrl(value: number): string {
    return value.toString(16)
  }
}

const day = {
  regex: "[0-9]{4}-[0-9]{2}-[0-9]{2}",
  toValue(text: string): Date {
    const date = new Date(`${text}T00:00:00Z`)
    if (Number.isNaN(date.getTime())) throw new ValidationError("no such day")
    return date
  },
  toUrl(value: Date): string {
    return value.toISOString().slice(0, 10)
  },
}

function profile(): string {
  return "profile"
}

const urls = new RuleMap(
  [
    rule("/", "index"),
    rule("/<int:year>/<slug>", "article"),
    rule("/f/<float(min=0.5):amount>/<path:rest>", "mixed"),
    rule("/<any(about, help, 'terms of use'):page>", "page"),
    rule("/c/<hex:color>/<day:when>", "custom", { methods: ["GET"] }),
    rule("/me/<name>", profile),
    submount("/admin", [
      rule("/users/<uuid:id>", "user"),
      endpointPrefix("log.", [rule("/log/", "all", { defaults: { page: 1 } }), rule("/log/<int:page>", "all")]),
    ]),
    subdomain("<lang>", [rule("/", "home")]),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of another kind
    ruleTemplate([rule("/${kind}s/<int:id>", "$kind.show"), rule("/$kind/new", "${kind}_new")])({ kind: "post" }),
  ],
  { converters: { hex: Hex, day } },
)
const at = urls.bind("example.com")
type Match = ReturnType<typeof at.match>
type Values<Endpoint> = Extract<Match, { endpoint: Endpoint }>["values"]

describe("matching", () => {
  test("the endpoint is one of those of the map, through all factories", () => {
    expectTypeOf<Exclude<Match["endpoint"], typeof profile>>().toEqualTypeOf<
      "index" | "article" | "mixed" | "page" | "custom" | "user" | "log.all" | "home" | "post.show" | "post_new"
    >()
  })

  test("the values have the types of their converters", () => {
    expectTypeOf<Values<"article">>().toEqualTypeOf<{ year: number; slug: string }>()
    expectTypeOf<Values<"mixed">>().toEqualTypeOf<{ amount: number; rest: string }>()
    expectTypeOf<Values<"user">>().toEqualTypeOf<{ id: string }>()
    expectTypeOf<Values<"index">>().toEqualTypeOf<Record<never, never>>()
  })

  test("the words of any are known", () => {
    expectTypeOf<Values<"page">>().toEqualTypeOf<{ page: "about" | "help" | "terms of use" }>()
  })

  test("converters of the map give their own types, whether class or object", () => {
    expectTypeOf<Values<"custom">>().toEqualTypeOf<{ color: number; when: Date }>()
    const match = at.match("/c/ff/2026-07-31")
    expect(match).toMatchObject({ endpoint: "custom", values: { color: 255, when: new Date("2026-07-31") } })
  })

  test("defaults are values, and rules of one endpoint a union", () => {
    expectTypeOf<Values<"log.all">>().toEqualTypeOf<{ page: 1 } | { page: number }>()
    expectTypeOf<Values<"log.all">["page"]>().toEqualTypeOf<number>()
  })

  test("a placeholder of the subdomain is a value", () => {
    expectTypeOf<Values<"home">>().toEqualTypeOf<{ lang: string }>()
  })

  test("a match narrows on its endpoint", () => {
    const match = at.match("/2026/spring")
    expect(match.endpoint).toBe("article")
    if (match.endpoint === "article") {
      expectTypeOf(match.values.year).toEqualTypeOf<number>()
      // @ts-expect-error: no such placeholder
      expect(match.values.month).toBeUndefined()
    }
    // @ts-expect-error: before it is narrowed, not every match has a year
    expect(match.values.year).toBe(2026)
    // @ts-expect-error: no such endpoint
    expect(match.endpoint === "artcle").toBe(false)
  })

  test("an endpoint may be a function", () => {
    const match = at.match("/me/ada")
    if (typeof match.endpoint !== "string") {
      expectTypeOf(match.endpoint).toEqualTypeOf<typeof profile>()
      expectTypeOf(match.values).toEqualTypeOf<{ name: string }>()
    }
    expect(match.endpoint).toBe(profile)
  })

  test("dispatch hands the same match to the view", () => {
    const result = at.dispatch((match) => (match.endpoint === "article" ? match.values.year : 0), { pathInfo: "/5/x" })
    expect(result).toBe(5)
  })
})

describe("building", () => {
  test("endpoint and values are checked", () => {
    expect(at.build("article", { year: 2026, slug: "x" })).toBe("/2026/x")
    expect(at.build("page", { page: "terms of use" })).toBe("/terms%20of%20use")
    expect(at.build("custom", { color: 255, when: new Date("2026-07-31") })).toBe("/c/ff/2026-07-31")
    expect(at.build(profile, { name: "ada" })).toBe("/me/ada")
    expect(at.build("post.show", { id: 3 })).toBe("/posts/3")
    expect(at.build("post_new")).toBe("/post/new")
    // @ts-expect-error: no such endpoint
    expect(() => at.build("artcle", { year: 2026, slug: "x" })).toThrow("Did you mean")
    // @ts-expect-error: a value is missing
    expect(() => at.build("article", { year: 2026 })).toThrow("forget to specify values slug")
    // @ts-expect-error: all values are missing
    expect(() => at.build("article")).toThrow("forget to specify")
    // @ts-expect-error: a year is a number
    expect(at.build("article", { year: "2026", slug: "x" })).toBe("/2026/x")
    // @ts-expect-error: not one of the words
    expect(() => at.build("page", { page: "imprint" })).toThrow('"imprint" is not one of')
    // @ts-expect-error: a function that has no rule
    expect(() => at.build((text: number) => text, {})).toThrow("Could not build")
  })

  test("values are needed only where the rule has placeholders, and others go into the query", () => {
    expect(at.build("index")).toBe("/")
    expect(at.build("index", { q: ["a", "b"] }, { forceExternal: true })).toBe("http://example.com/?q=a&q=b")
    expect(at.build("article", { year: 2026, slug: "x", page: 2 })).toBe("/2026/x?page=2")
  })

  test("what has a default may be left out", () => {
    expect(at.build("log.all")).toBe("/admin/log/")
    expect(at.build("log.all", { page: 3 })).toBe("/admin/log/3")
  })
})

describe("rules that are made at run time", () => {
  const made: { text: string; endpoint: string }[] = [{ text: "/<int:x>", endpoint: "dynamic" }]

  test("are typed loosely", () => {
    const loose = new RuleMap(made.map(({ text, endpoint }) => rule(text, endpoint))).bind("example.com")
    const match = loose.match("/5")
    expectTypeOf(match.endpoint).toEqualTypeOf<string>()
    expectTypeOf(match.values).toEqualTypeOf<Record<string, unknown>>()
    expect(match.values["x"]).toBe(5)
    expect(loose.build("dynamic", { x: 7 })).toBe("/7")
    expect(loose.build(match.endpoint, { x: 7 })).toBe("/7")
  })

  test("do not loosen those of the same map that are known", () => {
    const [first] = made as [(typeof made)[number]]
    const mixed = new RuleMap([rule("/a/<int:n>", "known"), rule(first.text, first.endpoint)]).bind("example.com")
    expect(mixed.build("known", { n: 1 })).toBe("/a/1")
    // @ts-expect-error: a number is needed
    expect(mixed.build("known", { n: "1" })).toBe("/a/1")
    expect(mixed.build("dynamic", { x: 1 })).toBe("/1")
  })

  test("a rule that is added widens the type of the map that add returns", () => {
    const wider = new RuleMap([rule("/", "index")]).add(rule("/<int:n>", "more"))
    expect(wider.bind("example.com").build("more", { n: 1 })).toBe("/1")
  })

  test("any map can be handed to code that knows none of its rules", () => {
    const endpoints = (map: RuleMap): unknown[] => [...map.endpoints()]
    expect(endpoints(new RuleMap([rule("/", "index")]))).toEqual(["index"])
  })
})

test("options are checked", () => {
  // @ts-expect-error: it is called methods
  expect(() => rule("/", "index", { method: ["GET"], alias: false })).toThrow('Did you mean "methods"?')
  // @ts-expect-error: a list
  expect(() => rule("/", "index", { methods: 5 })).toThrow()
})
