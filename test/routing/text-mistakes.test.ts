// What the compiler refuses in the text of a rule. Each line that must not compile says so; the others must.

import { expect, test } from "vitest"
import { RuleMap, rule, ruleTemplate, submount } from "../../src/routing/index.ts"

test("mistakes in the text of a rule are compile errors, and errors when run", () => {
  // @ts-expect-error: a slash is missing
  expect(() => rule("user", "e")).toThrow("starts with a slash")
  // @ts-expect-error: there is nothing
  expect(() => rule("", "e")).toThrow("starts with a slash")
  // @ts-expect-error: written as elsewhere
  expect(() => rule("/user/:id", "e")).toThrow('Did you mean "/user/<id>"?')
  // @ts-expect-error: written as elsewhere
  expect(() => rule("/:id/x", "e")).toThrow('Did you mean "/<id>/x"?')
  // @ts-expect-error: not closed
  expect(() => rule("/<x>/<y", "e")).toThrow("Malformed placeholder")
  // @ts-expect-error: no name
  expect(() => rule("/<>", "e")).toThrow("Malformed placeholder")
  // @ts-expect-error: no name
  expect(() => rule("/<int:>", "e")).toThrow("Malformed placeholder")
  // @ts-expect-error: no converter
  expect(() => rule("/<:x>", "e")).toThrow("Malformed placeholder")
  // @ts-expect-error: a space
  expect(() => rule("/<int: x>", "e")).toThrow("Malformed placeholder")
  // @ts-expect-error: a digit
  expect(() => rule("/<1x>", "e")).toThrow("Malformed placeholder")
  // @ts-expect-error: a hyphen
  expect(() => rule("/<user-id>", "e")).toThrow("Malformed placeholder")
  // @ts-expect-error: arguments behind the name
  expect(() => rule("/<x:int(min=1)>", "e")).toThrow("Malformed placeholder")
})

test("an options object in place of the endpoint is one", () => {
  // @ts-expect-error: the endpoint is the second argument
  expect(() => rule("/x", { endpoint: "e" })).toThrow('rule("/x", endpoint, options)')
  // @ts-expect-error: the endpoint is the second argument
  expect(() => rule("/x", { methods: ["GET"] })).toThrow('rule("/x", endpoint, options)')
  expect(rule("/x", { name: "x" }).endpoint).toEqual({ name: "x" })
  expect(rule("/x", {}).endpoint).toEqual({})
  expect(rule("/x", () => 1).endpoint).toBeTypeOf("function")
  expect(rule("/x", class Endpoint {}).endpoint).toBeTypeOf("function")
})

test("a converter that the map has not is one", () => {
  // @ts-expect-error: no such converter
  expect(() => new RuleMap([rule("/<itn:x>", "e")])).toThrow('no converter "itn"')
  // @ts-expect-error: no such converter, wherever the rule stands
  expect(() => new RuleMap([submount("/a", [rule("/", "i"), rule("/<slug:x>", "e")])])).toThrow('no converter "slug"')
  // @ts-expect-error: no such converter
  expect(() => new RuleMap([]).add(rule("/<slug:x>", "e"))).toThrow('no converter "slug"')
  const slug = { toValue: String, toUrl: String }
  expect(new RuleMap([rule("/<slug:x>", "e")], { converters: { slug } }).bind("h").build("e", { x: "a" })).toBe("/a")
  const urls = new RuleMap([]).addConverters({ slug }).add(rule("/<slug:x>", "e"))
  expect(urls.bind("h").build("e", { x: "a" })).toBe("/a")
})

test("what can be right compiles", () => {
  const text: string = "/known/at/run/time"
  const made = [
    rule("/", 0),
    rule(text, 1),
    rule(`/${text}` as `/${string}`, 2),
    rule("/a:b/:/x:", 3),
    rule("/v<int:major>.<int:minor>-<name_2>", 4),
    rule("/<any('a>b', \"c d\"):x>", 5),
    rule("/<int(min=-1, max=2.5):_x>/", 6),
    rule("/a>b/{x}/*", 7),
  ]
  expect(made).toHaveLength(8)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of another kind
  expect(ruleTemplate([rule("/${kind}s/$x/<int:id>", "e")])).toBeTypeOf("function")
})
