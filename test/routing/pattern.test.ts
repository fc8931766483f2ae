import { describe, expect, test } from "vitest"
import { parseConverterArguments, parsePattern } from "../../src/routing/pattern.ts"

/** The pieces as one line: `/` static `<name converter(arguments)>`. */
function line(text: string): string {
  return parsePattern(text)
    .map((piece) => {
      if (piece.kind === "slash") return "/"
      if (piece.kind === "static") return piece.text
      const { name, converter, arguments: args } = piece.placeholder
      return `<${name} ${converter}(${args})>`
    })
    .join(" ")
}

describe("a rule's text", () => {
  test.each([
    ["/", "/"],
    ["/a//b", "/ a / / b"],
    ["/<x>", "/ <x default()>"],
    ["/v<int:major>.<int:minor>", "/ v <major int()> . <minor int()>"],
    ["/<string(length=2):lang>/x", "/ <lang string(length=2)> / x"],
    ["/<any('a)b', \">\"):x>", "/ <x any('a)b', \">\")>"],
    ["/<any():x>", "/ <x any()>"],
    ["/<x>>", "/ <x default()> >"],
    ["/>", "/ >"],
    ["/<self>/<__proto__>", "/ <self default()> / <__proto__ default()>"],
    ["/{x}(y)?z", "/ {x}(y)?z"],
    ["/é<ü", undefined],
    ["/<x", undefined],
    ["/<>", undefined],
    ["/<1x>", undefined],
    ["/<a-b>", undefined],
    ["/<int:1x>", undefined],
    ["/<any(a, b", undefined],
    ["/<any(a)x>", undefined],
    ["/<int:>", undefined],
    ["/<:x>", undefined],
    ["/<a:b:c>", undefined],
  ])("%s", (text, expected) => {
    if (expected === undefined) expect(() => line(text)).toThrow(TypeError)
    else expect(line(text)).toBe(expected)
  })

  test("is read in linear time", () => {
    expect(parsePattern(`/${"<x>-".repeat(10_000)}`)).toHaveLength(20_001)
    expect(() => parsePattern("<x(".repeat(10_000))).toThrow(TypeError)
  })
})

describe("converter arguments", () => {
  test.each([
    ["", [], {}],
    ["4", [4], {}],
    ["1.5, -2, 3.", [1.5, -2, 3], {}],
    ["foo, bar,", ["foo", "bar"], {}],
    ["a.b, _c", ["a.b", "_c"], {}],
    ["True, False, None", [true, false, undefined], {}],
    ["'c+d', \"g h\", 'True'", ["c+d", "g h", "True"], {}],
    [" min = 1 ,max=3", [], { min: 1, max: 3 }],
    ["signed=true, x='y'", [], { signed: true, x: "y" }],
  ])("%s", (text, positional, named) => {
    const args = parseConverterArguments(text)
    expect(args.positional).toEqual(positional)
    expect(Object.fromEntries(args.named)).toEqual(named)
  })

  test.each(["min=0;max=500", "c+d", "a b", ",", "a,,b", "'a", "x=", "=1", "x=1,x=2", "a=b=c"])(
    "%s is refused",
    (text) => {
      expect(() => parseConverterArguments(text)).toThrow(TypeError)
    },
  )

  test("words keep their spelling", () => {
    expect(parseConverterArguments("True, 007, 1.50").words).toEqual(["True", "007", "1.50"])
  })
})
