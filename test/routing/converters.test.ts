import { describe, expect, test } from "vitest"
import {
  BaseConverter,
  type Converter,
  type ConverterSource,
  defaultConverters,
  isPartIsolating,
} from "../../src/routing/converters.ts"
import {
  BuildError,
  IntegerConverter,
  RuleMap,
  rule,
  StringConverter,
  ValidationError,
} from "../../src/routing/index.ts"

/** What a placeholder makes of a segment; `undefined` where it does not match. */
function convert(placeholder: string, text: string, converters: Record<string, ConverterSource> = {}): unknown {
  const at = new RuleMap([rule(`/x/<${placeholder}>`, "e")], { converters }).bind("h")
  try {
    return (at.match(`/x/${text}`).values as Record<string, unknown>)["v"]
  } catch {
    return undefined
  }
}

function build(placeholder: string, value: unknown): string {
  const at = new RuleMap([rule(`/<${placeholder}>` as string, "e")]).bind("h")
  return at.build("e", { v: value }).slice(1)
}

describe("matching", () => {
  test.each([
    ["int:v", "007", 7],
    ["int:v", "-1", undefined],
    ["int:v", "+1", undefined],
    ["int:v", "1e3", undefined],
    ["int:v", "0x10", undefined],
    ["int:v", "٣", undefined],
    ["int:v", "9007199254740991", 9_007_199_254_740_991],
    ["int:v", "9007199254740992", undefined],
    ["int:v", "9".repeat(400), undefined],
    ["int(signed=True):v", "-5", -5],
    ["int(signed=True):v", "-0", 0],
    ["int(signed=True):v", "--5", undefined],
    ["int(signed=True, min=-2, max=2):v", "-3", undefined],
    ["int(signed=True, min=-2, max=2):v", "-2", -2],
    ["int(4):v", "12", undefined],
    ["int(4):v", "0012", 12],
    ["int(fixedDigits=2):v", "123", undefined],
    ["int(fixed_digits=2):v", "12", 12],
    ["float:v", "1.50", 1.5],
    ["float:v", "10", undefined],
    ["float:v", "1.", undefined],
    ["float:v", "1e5.0", undefined],
    ["float:v", "Infinity", undefined],
    ["float:v", `${"9".repeat(400)}.0`, undefined],
    ["float(signed=True, max=0.5):v", "-1.5", -1.5],
    ["float(max=0.5):v", "0.6", undefined],
    ["string:v", "a b\n", "a b\n"],
    ["v", "a.b", "a.b"],
    ["string(length=2):v", "ab", "ab"],
    ["string(length=2):v", "abc", undefined],
    ["string(minlength=2, maxlength=3):v", "abcd", undefined],
    ["string(2):v", "a", undefined],
    ["any(foo, foobar):v", "foobar", "foobar"],
    ["any(a.b, 'c+d'):v", "axb", undefined],
    ["any(a.b, 'c+d'):v", "c+d", "c+d"],
    ["any(True, 007):v", "True", "True"],
    ["any(True, 007):v", "007", "007"],
    ["any():v", "", undefined],
    ["path:v", "a//b/", "a//b/"],
    ["path:v", "a\nb", "a\nb"],
    ["path:v", "", undefined],
    ["uuid:v", "A8098C1A-F86E-11DA-BD1A-00112444BE1E", "a8098c1a-f86e-11da-bd1a-00112444be1e"],
    ["uuid:v", "a8098c1af86e11dabd1a00112444be1e", undefined],
  ])("<%s> makes of %j %j", (placeholder, text, expected) => {
    expect(convert(placeholder, text)).toEqual(expected)
  })
})

describe("building", () => {
  test.each([
    ["int:v", 5, "5"],
    ["int:v", 0, "0"],
    ["int:v", -0, "0"],
    ["int:v", 5n, "5"],
    ["int:v", "007", "007"],
    ["int:v", Number.MAX_SAFE_INTEGER, "9007199254740991"],
    ["int(signed=True):v", -1, "-1"],
    ["int(min=3, max=5):v", 5, "5"],
    ["int(fixedDigits=4):v", 12, "0012"],
    ["int(fixedDigits=4, signed=True):v", -12, "-0012"],
    ["float:v", 1, "1.0"],
    ["float:v", 1e-7, "0.0000001"],
    ["float:v", 1.234_567_891_2e-10, "0.00000000012345678912"],
    ["float:v", 1e21, "1000000000000000000000.0"],
    ["float:v", 1.5e22, "15000000000000000000000.0"],
    ["float:v", 0.1, "0.1"],
    ["float:v", -0, "0.0"],
    ["float(signed=True):v", -0, "-0.0"],
    ["v", "a b c?é%", "a%20b%20c%3F%C3%A9%25"],
    ["v", "...", "..."],
    ["v", ".a", ".a"],
    ["v", 5, "5"],
    ["any('g h'):v", "g h", "g%20h"],
    ["path:v", "a/b", "a/b"],
    ["path:v", "a//b/", "a//b/"],
    ["uuid:v", "A8098C1A-F86E-11DA-BD1A-00112444BE1E", "a8098c1a-f86e-11da-bd1a-00112444be1e"],
  ])("<%s> writes %s as %s", (placeholder, value, expected) => {
    expect(build(placeholder, value)).toBe(expected)
  })

  test.each<[string, unknown]>([
    ["int:v", "abc"],
    ["int:v", ""],
    ["int:v", 1.5],
    ["int:v", Number.NaN],
    ["int:v", true],
    ["int:v", [5]],
    ["int:v", {}],
    ["int:v", -1],
    ["int:v", -1n],
    ["int:v", 2 ** 60],
    ["int:v", 2n ** 60n],
    ["int:v", 1e21],
    ["int(min=3, max=5):v", 2],
    ["int(min=3, max=5):v", 6],
    ["int(fixedDigits=2):v", 100],
    ["float:v", "x"],
    ["float:v", -0.5],
    ["float:v", Number.POSITIVE_INFINITY],
    ["float(max=1):v", 2],
    ["v", ["a"]],
    ["v", {}],
    ["v", ""],
    ["v", "a/b"],
    ["v", "."],
    ["v", ".."],
    ["v", "x/delete"],
    ["v", "\ud800"],
    ["v", Symbol("s")],
    ["string(length=2):v", "abc"],
    ["string(minlength=2):v", "a"],
    ["any(foo, bar):v", "baz"],
    ["uuid:v", "nope"],
    ["uuid:v", 5],
    ["path:v", ""],
    ["path:v", "/a"],
    ["path:v", "a/../b"],
    ["path:v", "a/."],
    ["path:v", ".."],
  ])("<%s> refuses %s", (placeholder, value) => {
    expect(() => build(placeholder, value)).toThrow(BuildError)
    expect(() => build(placeholder, value)).toThrow(/^Could not build a URL for the endpoint "e" with values v\. /)
  })

  test.each<[string, unknown, string]>([
    ["int:v", "MMXXVI", 'The placeholder <v> does not take "MMXXVI": Not an integer: MMXXVI.'],
    ["v", ["a"], "The placeholder <v> does not take an array: Cannot put an array into a URL."],
    ["v", "a/b", 'The placeholder <v> does not take "a/b".'],
    ["v", "..", 'In "/.." a segment is "." or "..", which clients take out.'],
  ])("the error for <%s> and %j says %s", (placeholder, value, message) => {
    expect(() => build(placeholder, value)).toThrow(message)
  })

  test("what a converter throws is the cause", () => {
    const odd = { toValue: (text: string) => text, toUrl: (day: Date) => day.toISOString() }
    const at = new RuleMap([rule("/<odd:v>", "e")], { converters: { odd } }).bind("h")
    let caught: unknown
    try {
      at.build("e", { v: "today" as unknown as Date })
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(BuildError)
    expect((caught as BuildError).cause).toBeInstanceOf(TypeError)
    expect((caught as BuildError).message).toContain("<v>")
  })

  test.each([
    ["a?b", "/a%3Fb"],
    ["a#b c", "/a%23b%20c"],
    ["%41", "/%41"],
    ["é", "/%C3%A9"],
  ])("what a converter forgets to escape in %j is escaped", (text, url) => {
    const raw = { toValue: (text: string) => text, toUrl: String }
    const at = new RuleMap([rule("/<raw:v>", "e")], { converters: { raw } }).bind("h")
    expect(at.build("e", { v: text })).toBe(url)
  })

  test.each(["%2e", ".%2E", "%2f", "a%2Fb", "a/b"])("what a converter writes as %j is refused", (text) => {
    const raw = { toValue: (text: string) => text, toUrl: String }
    const at = new RuleMap([rule("/<raw:v>", "e")], { converters: { raw } }).bind("h")
    expect(() => at.build("e", { v: text })).toThrow(BuildError)
  })

  test("no converter makes a URL of another host, or of more segments than it reads", () => {
    const all = { regex: ".*", toValue: (text: string) => text, toUrl: String }
    const slashed = { ...all, regex: "[a-z./]*" }
    class Textual extends BaseConverter {
      override readonly regex = ".*"
    }
    const at = new RuleMap(
      [rule("/<all:v>", "all"), rule("/x/<all:v>", "x"), rule("/<slashed:v>/s", "s"), rule("/t/<textual:v>", "t")],
      { converters: { all, slashed, textual: Textual } },
    ).bind("h")
    for (const v of ["/evil.test", "//evil.test", "a/b", "a%2Fb", "%2Fevil.test", "/"]) {
      expect(() => at.build("all", { v }), v).toThrow(BuildError)
      expect(() => at.build("x", { v }), v).toThrow(BuildError)
    }
    expect(() => at.build("s", { v: "/evil.test" })).toThrow("would lead to another host")
    expect(at.build("s", { v: "a/b" })).toBe("/a/b/s")
    expect(() => at.build("t", { v: "a/b" })).toThrow(BuildError)
  })

  test("any lists its words in order", () => {
    expect(() => build("any(foo, bar):v", "baz")).toThrow('"baz" is not one of "bar", "foo"')
  })
})

describe("arguments", () => {
  test.each([
    "int(zzz=1):v",
    "int(1, 2, 3, True, 5):v",
    "int(1, fixedDigits=1):v",
    "int(min=x):v",
    "string(minlength=3, maxlength=2):v",
    "string(-1):v",
    "path(1):v",
    "uuid(x=1):v",
    "any(x=1):v",
    "nope:v",
  ])("<%s> is refused", (placeholder) => {
    expect(() => new RuleMap([rule(`/<${placeholder}>`, "e")])).toThrow(/argument|convert|count|less/)
  })
})

describe("a converter of one's own", () => {
  class Even extends BaseConverter<number> {
    override readonly regex = "[0-9]+"
    override toValue(text: string): number {
      if (Number(text) % 2 !== 0) throw new ValidationError("odd")
      return Number(text)
    }
  }

  test("refuses a value, and the next rule is tried", () => {
    const urls = new RuleMap([rule("/<even:n>", "even"), rule("/<int:n>", "any")], { converters: { even: Even } })
    expect(urls.bind("h").match("/4").endpoint).toBe("any")
    const light = class extends Even {
      override readonly weight = 10
    }
    const preferred = new RuleMap([rule("/<int:n>", "any"), rule("/<even:n>", "even")], { converters: { even: light } })
    expect(preferred.bind("h").match("/4").endpoint).toBe("even")
    expect(preferred.bind("h").match("/5").endpoint).toBe("any")
  })

  test("may go on over slashes when its expression has one, and have groups in it", () => {
    class Pair extends BaseConverter {
      override readonly regex = "(?:a|b)/([a-z]+)"
    }
    const at = new RuleMap([rule("/m/<pair:p>/end", "pair")], { converters: { pair: Pair } }).bind("h")
    expect(at.match("/m/a/xy/end").values).toEqual({ p: "a/xy" })
    expect(at.test("/m/c/xy/end")).toBe(false)
    expect(at.test("/m/a/end")).toBe(false)
  })

  test.each([
    ["[^/]+", true],
    ["a/b", false],
    ["[^/]+/x", false],
    ["[^a/b]", true],
    ["[/]", false],
  ])("%s keeps to a segment: %s", (regex, expected) => {
    expect(isPartIsolating(regex)).toBe(expected)
  })

  test("takes the place of the one for plain placeholders, and leaves the table of all maps alone", () => {
    class Short extends StringConverter {
      override readonly regex = "[^/]{1,2}"
    }
    const urls = new RuleMap([rule("/<x>", "short")], { converters: { default: Short } })
    expect(urls.bind("h").test("/ab")).toBe(true)
    expect(urls.bind("h").test("/abc")).toBe(false)
    expect(defaultConverters.default).toBe(StringConverter)
    expect(Object.isFrozen(defaultConverters)).toBe(true)
  })

  test("lets other errors through", () => {
    const broken: Converter = {
      toValue() {
        throw new RangeError("broken")
      },
      toUrl: String,
    }
    const at = new RuleMap([rule("/<broken:x>", "e"), rule("/y", "y")], { converters: { broken } }).bind("h")
    expect(() => at.match("/x")).toThrow("broken")
    expect(at.match("/y").endpoint).toBe("y")
  })

  test("as a plain object takes no arguments", () => {
    const plain: Converter = { toValue: (text) => text, toUrl: String }
    expect(() => new RuleMap([rule("/<plain(1):x>", "e")], { converters: { plain } })).toThrow("takes no arguments")
  })

  test("may use the map that it is in", () => {
    const reentrant: Converter = { toValue: (text) => at.match(`/${text.length}`).values, toUrl: String }
    const at = new RuleMap([rule("/<int:n>", "n"), rule("/<a>/<reentrant:r>/<b>", "r")], {
      converters: { reentrant },
    }).bind("h")
    expect(at.match("/one/abc/two").values).toEqual({ a: "one", r: { n: 3 }, b: "two" })
  })

  test("that refuses to build lets the next rule be built", () => {
    const picky: Converter<string> = {
      toValue: (text) => text,
      toUrl: () => {
        throw new ValidationError("no")
      },
    }
    const urls = new RuleMap([rule("/a/<picky:x>", "e"), rule("/b/<x>", "e")], { converters: { picky } })
    expect(urls.bind("h").build("e", { x: "1" })).toBe("/b/1")
  })
})

describe("converterFor", () => {
  class Hex extends BaseConverter<number> {
    override regex = "[0-9a-f]+"
  }
  const urls = new RuleMap([rule("/<int(min=1, max=9):id>/<any(a, b):kind>/<hex:color>", "show")], {
    converters: { hex: Hex },
  })
  const placeholders = [...urls.iterRules()].flatMap(({ pieces }) =>
    pieces.flatMap((piece) => (piece.kind === "placeholder" ? [piece.placeholder] : [])),
  )

  test("gives the converter of each placeholder of a rule, with its arguments", () => {
    const [id, kind, color] = placeholders.map((placeholder) => urls.converterFor(placeholder))
    expect(id).toBeInstanceOf(IntegerConverter)
    expect(id).toMatchObject({ min: 1, max: 9 })
    expect(kind).toMatchObject({ items: ["a", "b"] })
    expect([color instanceof Hex, color?.regex]).toEqual([true, "[0-9a-f]+"])
  })

  test("refuses what the map does not know", () => {
    expect(() => urls.converterFor({ name: "x", converter: "day", arguments: "" })).toThrow(TypeError)
  })
})
