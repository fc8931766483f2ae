import { describe, expect, test } from "vitest"
import {
  endpointPrefix,
  type Rule,
  type RuleFactory,
  rule,
  ruleTemplate,
  subdomain,
  submount,
} from "../../src/routing/index.ts"

const only = (factory: RuleFactory): Rule => [...factory.getRules()][0] as Rule

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

describe("factories", () => {
  const socket = rule("/ws", "e", { websocket: true, mergeSlashes: false })
  const full = rule("/a", "e", everything)

  test.each([
    ["submount", (wrapped: Rule) => submount("/m", [wrapped])],
    ["endpointPrefix", (wrapped: Rule) => endpointPrefix("p.", [wrapped])],
    ["subdomain", (wrapped: Rule) => subdomain("s", [wrapped])],
    ["ruleTemplate", (wrapped: Rule) => ruleTemplate([wrapped])({})],
  ])("%s keeps every option", (_, wrap) => {
    expect(only(wrap(socket))).toMatchObject({ websocket: true, mergeSlashes: false })
    const { defaults, methods, ...rest } = only(wrap(full))
    expect(rest).toMatchObject({
      host: "h.example",
      buildOnly: true,
      strictSlashes: false,
      mergeSlashes: false,
      redirectTo: "/there",
      alias: true,
    })
    expect(defaults).toEqual(new Map([["page", 1]]))
    expect(methods).toEqual(new Set(["GET", "HEAD", "POST"]))
  })

  test("nest in any order", () => {
    const made = only(subdomain("kb", [submount("/a/", [endpointPrefix("x.", [submount("/b", [rule("/c", "e")])])])]))
    expect(made).toMatchObject({ rule: "/a/b/c", endpoint: "x.e", subdomain: "kb" })
  })

  test("submount takes an empty path, and none without a slash in front", () => {
    expect(only(submount("", [rule("/b", "e")])).rule).toBe("/b")
    expect(() => submount("a", [rule("/b", "e")])).toThrow(TypeError)
  })

  test("endpointPrefix wants names", () => {
    expect(() => only(endpointPrefix("p.", [rule("/", () => 1)]))).toThrow(TypeError)
  })

  test("a template fills texts, endpoints, hosts, targets and defaults, also of other factories", () => {
    const template = ruleTemplate([
      rule("/$name/$$/x", "$name.x", {
        host: "$name.example",
        defaults: { k: "$name", n: 5 },
        redirectTo: "/to/$name",
      }),
      submount("/in", [rule("/$name", "$name.in")]),
    ])
    const [first, second] = [...template({ name: "u" }).getRules()] as [Rule, Rule]
    expect(first).toMatchObject({ rule: "/u/$/x", endpoint: "u.x", host: "u.example", redirectTo: "/to/u" })
    expect(Object.fromEntries(first.defaults)).toEqual({ k: "u", n: 5 })
    expect(second).toMatchObject({ rule: "/in/u", endpoint: "u.in" })
  })

  test("a template lacks no word", () => {
    expect(() => only(ruleTemplate([rule("/$missing", "e")])({ name: "x" }))).toThrow("$missing")
    expect(() => only(ruleTemplate([rule("/$constructor", "e")])({}))).toThrow("$constructor")
  })
})
