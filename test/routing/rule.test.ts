import { inspect } from "node:util"
import { describe, expect, test } from "vitest"
import { RuleMap, rule, submount } from "../../src/routing/index.ts"

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
    ["a text without a slash in front", () => rule("x", "e")],
    ["no text", () => rule("", "e")],
    ["a placeholder twice", () => rule("/<x>/<x>", "e")],
    ["a placeholder in path and subdomain", () => rule("/<x>", "e", { subdomain: "<x>" })],
    ["a host with a slash", () => rule("/", "e", { host: "a/b" })],
    ["methods as a text", () => rule("/", "e", { methods: "GET" })],
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

  test("may stand in several maps", () => {
    const shared = rule("/<int:x>", "e")
    const [one, other] = [new RuleMap([shared]), new RuleMap([submount("/s", [shared])])]
    expect(one.bind("h").match("/1").rule).toBe(shared)
    expect(other.bind("h").match("/s/1").values).toEqual({ x: 1 })
  })
})
