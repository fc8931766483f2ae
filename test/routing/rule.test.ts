import { inspect } from "node:util"
import { describe, expect, test } from "vitest"
import {
  endpointPrefix,
  Rule,
  RuleMap,
  type RuleMapOptions,
  type RuleOptions,
  rule,
  ruleTemplate,
  submount,
} from "../../src/routing/index.ts"

const everything = {
  defaults: { page: 1 },
  host: "h.example",
  methods: ["get", "post"],
  buildOnly: true,
  strictSlashes: false,
  mergeSlashes: false,
  redirectTo: "/there",
  alias: true,
} as const

describe("a rule", () => {
  test("knows its arguments, methods and whether it ends in a slash", () => {
    const made = rule("/<int:a>/<b>/", "e", { methods: ["get"], defaults: { c: 1 } })
    expect([...made.arguments]).toEqual(["a", "b", "c"])
    expect([...(made.methods ?? [])]).toEqual(["GET", "HEAD"])
    expect([made.isBranch, made.isLeaf]).toEqual([true, false])
    expect(made.defaults.get("c")).toBe(1)
  })

  test.each([
    ["a text without a slash in front", () => rule("x" as string, "e")],
    ["no text", () => rule("" as string, "e")],
    ["a placeholder twice", () => rule("/<x>/<x>", "e")],
    ["a placeholder in path and subdomain", () => rule("/<x>", "e", { subdomain: "<x>" })],
    ["a host with a slash", () => rule("/", "e", { host: "a/b" })],
    ["methods as a text", () => rule("/", "e", { methods: "GET" })],
    ["a redirect to a value that it has not", () => rule("/old/<x>", "e", { redirectTo: "/x/<nope>" })],
    ["a redirect to a value in a query", () => rule("/old/<x>", "e", { redirectTo: "/x?a=<nope>" })],
    ["a redirect with a converter in it", () => rule("/old/<x>", "e", { redirectTo: "/x/<int:x>" })],
    ["a WebSocket with POST", () => rule("/", "e", { websocket: true, methods: ["GET", "POST"] })],
  ])("is refused for %s", (_, make) => {
    expect(make).toThrow(TypeError)
  })

  test("a WebSocket rule may have GET, HEAD and OPTIONS", () => {
    expect(rule("/", "e", { websocket: true, methods: ["GET", "OPTIONS"] }).methods?.size).toBe(3)
  })

  test("is written for people", () => {
    expect(String(rule("/x/<id>", "ep", { methods: ["GET"] }))).toBe("<Rule '/x/<id>' (GET, HEAD) -> ep>")
    expect(String(rule("/", "ep", { subdomain: "www" }))).toBe("<Rule 'www|/' -> ep>")
    expect(inspect(rule("/", function view() {}))).toBe("<Rule '/' -> view>")
    expect(String(new RuleMap([rule("/", "a"), rule("/b", "b")]))).toBe("RuleMap([<Rule '/' -> a>, <Rule '/b' -> b>])")
  })

  test("is equal to another of the same text", () => {
    expect(rule("/<x>", "a").equals(rule("/<x>", "b"))).toBe(true)
    expect(rule("/<x>", "a").equals(rule("/<y>", "a"))).toBe(false)
    expect(rule("/", "a").equals(rule("/", "a", { subdomain: "w" }))).toBe(false)
  })

  test("is copied with changes, and stays as it was", () => {
    const made = rule("/a", "a", everything)
    const copy = made.with({ rule: "/b", alias: false })
    expect(copy).toMatchObject({ rule: "/b", endpoint: "a", alias: false, buildOnly: true, redirectTo: "/there" })
    expect(made).toMatchObject({ rule: "/a", alias: true })
    expect(copy.defaults).not.toBe(made.defaults)
  })

  test("may redirect to its placeholders, defaults and subdomain", () => {
    const options = { subdomain: "<who>", defaults: { page: 1 }, redirectTo: "/<who>/<x>?p=<page>" }
    expect(rule("/old/<x>", "e", options).redirectTo).toBe(options.redirectTo)
    expect(ruleTemplate([rule("/old/<x>", "e", { redirectTo: "/$kind/<x>" })])({ kind: "new" })).toBeDefined()
  })

  // What people write who come from elsewhere, or in a hurry.
  test.each<[string, () => unknown, string]>([
    ["no slash", () => rule("user" as string, "e"), 'starts with a slash: "user". Did you mean "/user"?'],
    [
      "a colon",
      () => rule("/user/:id/x" as string, "e"),
      'written <name> in a rule: "/user/:id/x". Did you mean "/user/<id>/x"?',
    ],
    ["no text", () => rule(5 as unknown as string, "e"), 'A rule is a text such as "/user/<name>", not 5'],
    ["an open placeholder", () => rule("/<x" as string, "e"), 'at "<x": there is no ">"'],
    ["a placeholder with a space", () => rule("/<a b>" as string, "e"), "write <name>, <converter:name> or"],
    ["an empty placeholder", () => rule("/<>" as string, "e"), "write <name>, <converter:name> or"],
    [
      "the endpoint among the options",
      () => rule("/x", { endpoint: "e" } as unknown),
      'write rule("/x", endpoint, options)',
    ],
    [
      "options for the endpoint",
      () => rule("/x", { methods: ["GET"] } as unknown),
      'write rule("/x", endpoint, options)',
    ],
    [
      "a mistyped option",
      () => rule("/x", "e", { redirecTo: "/" } as RuleOptions),
      'rule has no option "redirecTo". Did you mean "redirectTo"?',
    ],
    [
      "options that are none",
      () => rule("/x", "e", ["GET"] as RuleOptions),
      "rule takes its options as an object, not an array",
    ],
    [
      "options that are a text",
      () => rule("/x", "e", "GET" as RuleOptions),
      'rule takes its options as an object, not "GET"',
    ],
    [
      "a redirect to a mistyped value",
      () => rule("/<name>", "e", { redirectTo: "/x/<nam>" }),
      'asks for. Did you mean "name"?',
    ],
    [
      "an unknown converter",
      () => new RuleMap([rule("/<itn:x>" as string, "e")]),
      'no converter "itn". Did you mean "int"? It stands in the rule "/<itn:x>".',
    ],
    [
      "name and converter in the wrong order",
      () => new RuleMap([rule("/<id:int>" as string, "e")]),
      "Did you mean <int:id>?",
    ],
    ["a mistyped argument", () => new RuleMap([rule("/<int(mni=1):x>", "e")]), 'Did you mean "min"?'],
    [
      "a rule for the list",
      () => new RuleMap(rule("/", "e") as never),
      "takes a list of rules: new RuleMap([rule(...)])",
    ],
    [
      "rules without a list",
      () => new RuleMap(rule("/", "e") as never, rule("/x", "x") as never),
      "takes a list of rules",
    ],
    ["a text for the list", () => new RuleMap("/x" as never), "takes a list of rules"],
    ["an object for the list", () => new RuleMap({ "/": "e" } as never), "takes a list of rules"],
    ["a text in the list", () => new RuleMap(["/x"] as never), 'is no rule: "/x". Did you forget rule(...)?'],
    ["nothing in the list", () => new RuleMap([undefined] as never), "is no rule: undefined"],
    [
      "a mistyped option of the map",
      () => new RuleMap([], { strictSlash: false } as RuleMapOptions),
      'Did you mean "strictSlashes"?',
    ],
    [
      "a converter that is none",
      () => new RuleMap([], { converters: { x: 5 } } as never),
      'The converter "x" is neither a class nor an object with toValue and toUrl',
    ],
  ])("%s is refused with what was meant", (_, make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  test("can be of a class of one's own, which its copies keep", () => {
    class RoleRule extends Rule {
      readonly role: string | undefined
      constructor(text: string, endpoint: unknown, options: RuleOptions & { role?: string } = {}) {
        super(text, endpoint, options)
        this.role = options.role
      }
      override getOptions(): RuleOptions & { role?: string } {
        return { ...super.getOptions(), ...(this.role === undefined ? {} : { role: this.role }) }
      }
    }
    const urls = new RuleMap([submount("/a", [endpointPrefix("b.", [new RoleRule("/<x>", "e", { role: "admin" })])])])
    const { rule: matched, endpoint } = urls.bind("h").match("/a/1")
    expect(matched).toBeInstanceOf(RoleRule)
    expect(matched).toMatchObject({ rule: "/a/<x>", role: "admin" })
    expect(endpoint).toBe("b.e")
  })

  test("may stand in several maps", () => {
    const shared = rule("/<int:x>", "e")
    const [one, other] = [new RuleMap([shared]), new RuleMap([submount("/s", [shared])])]
    expect(one.bind("h").match("/1").rule).toBe(shared)
    expect(other.bind("h").match("/s/1").values).toEqual({ x: 1 })
  })
})
