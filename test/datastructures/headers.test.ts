import fc from "fast-check"
import { describe, expect, expectTypeOf, test } from "vitest"
import { int } from "../../src/datastructures/conversion.ts"
import { Headers, type ReadonlyHeaders } from "../../src/datastructures/headers.ts"
import { MultiDict } from "../../src/datastructures/multi-dict.ts"
import { BadRequestKeyError } from "../../src/exceptions/statuses.ts"
import type { HeaderList } from "../../src/gateway.ts"

const LIST: HeaderList = [
  ["Content-Type", "text/html"],
  ["X-A", "1"],
  ["x-a", "2"],
  ["Vary", "Accept"],
]

describe("making", () => {
  test.each([
    ["pairs", LIST],
    ["Headers", new Headers(LIST)],
    ["a generator of pairs", new Map(Object.entries({ ...LIST })).values()],
  ])("takes %s", (_, init) => {
    expect(new Headers(init as HeaderList).toList()).toEqual(LIST)
  })

  test("takes mappings and multi-dicts, values repeated in arrays", () => {
    const expected = [
      ["A", "1"],
      ["B", "2"],
      ["B", "3"],
    ]
    expect(new Headers({ A: 1, B: ["2", "3"], C: [] }).toList()).toEqual(expected)
    expect(new Headers(new Map<string, string | string[]>(Object.entries({ A: "1", B: ["2", "3"] }))).toList()).toEqual(
      expected,
    )
    expect(new Headers(new MultiDict({ A: "1", B: ["2", "3"] })).toList()).toEqual(expected)
    expect(new Headers().toList()).toEqual([])
    expect(new Headers(null).toList()).toEqual([])
  })

  test("goes from the platform's class and back", () => {
    const platform = new globalThis.Headers([
      ["X-A", "1"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ])
    const ours = new Headers(platform)
    expect(ours.getSetCookie()).toEqual(["a=1", "b=2"])
    const back = new globalThis.Headers(ours)
    expect([...back]).toEqual([...platform])
  })

  test("takes objects that have a text for headers", () => {
    expect(new Headers({ A: { toHeader: () => "x" } }).get("a")).toBe("x")
  })

  test.each([undefined, null, ["x"], {}, true, Symbol.iterator])("throws for the value %s", (value) => {
    expect(() => new Headers([["A", value as string]])).toThrow(TypeError)
    expect(() => new Headers().set("A", value as string)).toThrow(TypeError)
  })
})

// Reliability: whatever could end a field or begin another is refused where it is set, by every way in.
const BAD_VALUES = ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "a\x7fb", "a\x0bb", "\u560d\u560a", "\u0100", "日本"]
const BAD_NAMES = ["", "x y", "x:", "x\n", "x\r\nY", "é", "x,", " x"]

describe("what may not be sent", () => {
  const waysIn: Record<string, (headers: Headers, name: string, value: string) => void> = {
    construct: (_, name, value) => void new Headers([[name, value]]),
    "construct of a mapping": (_, name, value) => void new Headers({ [name]: value }),
    set: (headers, name, value) => headers.set(name, value),
    append: (headers, name, value) => headers.append(name, value),
    setList: (headers, name, value) => headers.setList(name, ["ok", value]),
    setDefault: (headers, name, value) => void headers.setDefault(name, value),
    setListDefault: (headers, name, value) => void headers.setListDefault(name, [value]),
    extend: (headers, name, value) => headers.extend({ [name]: value }),
    update: (headers, name, value) => headers.update({ [name]: value }),
    merge: (headers, name, value) => void headers.merge({ [name]: value }),
    splice: (headers, name, value) => void headers.splice(0, 1, [name, value]),
  }

  test.each(Object.keys(waysIn))("%s throws, and changes nothing", (way) => {
    const enter = waysIn[way] as (headers: Headers, name: string, value: string) => void
    const attempts = [...BAD_VALUES.map((value) => ["X-New", value]), ...BAD_NAMES.map((name) => [name, "v"])]
    for (const [name = "", value = ""] of attempts) {
      const headers = new Headers(LIST)
      expect(() => enter(headers, name, value), JSON.stringify([name, value])).toThrow(TypeError)
      expect(headers.toList()).toEqual(LIST)
    }
  })

  test("parameters are checked too", () => {
    const headers = new Headers()
    expect(() => headers.set("A", "b", { c: "d\r\ne" })).toThrow(TypeError)
    expect(() => headers.append("A", "b", { "c\n": "d" })).toThrow(TypeError)
    expect(headers.size).toBe(0)
  })

  test("TAB and Latin-1 pass", () => {
    expect(new Headers({ A: "a\tb \u00e9\u00ff" }).get("A")).toBe("a\tb \u00e9\u00ff")
  })

  test("a bad name is refused though it was looked up before", () => {
    const headers = new Headers()
    expect(headers.get("bad name")).toBeUndefined()
    expect(headers.has("bad\r\nname")).toBe(false)
    expect(() => headers.set("bad name", "x")).toThrow(TypeError)
    expect(() => headers.set("bad\r\nname", "x")).toThrow(TypeError)
  })
})

describe("reading", () => {
  const headers = new Headers(LIST)

  test("names are alike in any case", () => {
    for (const name of ["Content-Type", "content-type", "CONTENT-TYPE"]) {
      expect(headers.get(name)).toBe("text/html")
      expect(headers.has(name)).toBe(true)
    }
    expect(headers.get("Content_Type")).toBeUndefined()
    // The Kelvin sign is no k, and the dotless i is no i.
    expect(new Headers({ "X-K": "1" }).get("X-\u212a")).toBeUndefined()
    expect(new Headers({ "X-I": "1" }).get("X-\u0131")).toBeUndefined()
  })

  test("gives one, all, or a default", () => {
    expect(headers.get("x-a")).toBe("1")
    expect(headers.getAll("X-A")).toEqual(["1", "2"])
    expect(headers.getAll("missing")).toEqual([])
    expect(headers.get("missing", { default: "d" })).toBe("d")
    expect(headers.getOrThrow("vary")).toBe("Accept")
    expect(() => headers.getOrThrow("missing")).toThrow(BadRequestKeyError)
  })

  test("converts by the same rule as a MultiDict", () => {
    const numbers = new Headers([
      ["N", "42"],
      ["N", "x"],
      ["N", "7"],
      ["M", "x"],
    ])
    expect(numbers.get("n", { type: int })).toBe(42)
    expect(numbers.getAll("n", { type: int })).toEqual([42, 7])
    expect(numbers.get("m", { type: int })).toBeUndefined()
    expect(numbers.get("m", { type: int, default: 0 })).toBe(0)
    expect(numbers.get("m", { type: (text) => BigInt(text) })).toBeUndefined()
  })

  test("iterates in order, as it was spelled", () => {
    expect([...headers]).toEqual(LIST)
    expect([...headers.entries({ lower: true })].map(([name]) => name)).toEqual(["content-type", "x-a", "x-a", "vary"])
    expect([...headers.keys()]).toEqual(["Content-Type", "X-A", "x-a", "Vary"])
    expect([...headers.keys({ lower: true })]).toEqual(["content-type", "x-a", "x-a", "vary"])
    expect([...headers.values()]).toEqual(["text/html", "1", "2", "Accept"])
    expect(headers.size).toBe(4)
    const seen: unknown[] = []
    headers.forEach((value, name, all) => {
      seen.push([name, value, all === headers])
    })
    expect(seen).toEqual(LIST.map(([name, value]) => [name, value, true]))
  })

  test("may be changed during iteration", () => {
    const changing = new Headers(LIST)
    for (const [name] of changing) changing.delete(name)
    expect(changing.size).toBe(0)
  })

  test("gives a fresh list each time", () => {
    const list = headers.toList()
    list.pop()
    const [first] = list
    if (first) first[1] = "changed"
    expect(headers.toList()).toEqual(LIST)
  })

  test("is an array for calls with positions", () => {
    expect(headers.at(0)).toEqual(["Content-Type", "text/html"])
    expect(headers.at(-1)).toEqual(["Vary", "Accept"])
    expect(headers.at(4)).toBeUndefined()
    expect(headers.getOrThrow(-4)).toEqual(["Content-Type", "text/html"])
    expect(() => headers.getOrThrow(4)).toThrow(RangeError)
    const slice = headers.slice(1, 3)
    expect(slice).toBeInstanceOf(Headers)
    expect(slice.toList()).toEqual(LIST.slice(1, 3))
  })

  test("is written as in a message", () => {
    expect(String(new Headers())).toBe("\r\n")
    expect(String(headers)).toBe("Content-Type: text/html\r\nX-A: 1\r\nx-a: 2\r\nVary: Accept\r\n\r\n")
  })

  test("equals by name, in any case and order, and by the order of each name's values", () => {
    expect(headers.equals(new Headers([...LIST].sort()))).toBe(true)
    expect(headers.equals(new Headers(headers.entries({ lower: true })))).toBe(true)
    expect(headers.equals(new Headers([...LIST].reverse()))).toBe(false)
    expect(headers.equals(new Headers([...LIST, ["Vary", "Accept"]]))).toBe(false)
    expect(headers.equals(new Headers())).toBe(false)
    expect(headers.equals(LIST)).toBe(false)
  })
})

describe("changing", () => {
  test("set keeps the place of the first and takes the new spelling", () => {
    const headers = new Headers(LIST)
    headers.set("x-A", 5)
    expect(headers.toList()).toEqual([
      ["Content-Type", "text/html"],
      ["x-A", "5"],
      ["Vary", "Accept"],
    ])
    headers.set("New", "n")
    expect(headers.at(-1)).toEqual(["New", "n"])
  })

  test("append keeps what is there", () => {
    const headers = new Headers(LIST)
    headers.append("vary", "Cookie")
    expect(headers.getAll("Vary")).toEqual(["Accept", "Cookie"])
  })

  test.each([
    [{ filename: "a b.txt" }, 'attachment; filename="a b.txt"'],
    [{ filename: 'q"q' }, 'attachment; filename="q\\"q"'],
    [{ max_age: 3, b: null, c: undefined }, "attachment; max-age=3"],
    [{ filename: "" }, 'attachment; filename=""'],
  ])("parameters %j are added to the value", (parameters, value) => {
    const headers = new Headers()
    headers.append("A", "attachment", parameters)
    headers.set("B", "attachment", parameters)
    expect(headers.get("A")).toBe(value)
    expect(headers.get("B")).toBe(value)
  })

  test("setList puts the first in its place and the others at the end", () => {
    const headers = new Headers(LIST)
    headers.setList("X-a", ["7", "8"])
    expect(headers.toList()).toEqual([
      ["Content-Type", "text/html"],
      ["X-a", "7"],
      ["Vary", "Accept"],
      ["X-a", "8"],
    ])
    headers.setList("x-a", [])
    expect(headers.has("x-a")).toBe(false)
    headers.setList("New", new Set(["1", "2"]))
    expect(headers.getAll("new")).toEqual(["1", "2"])
  })

  test("defaults count only where the name is missing", () => {
    const headers = new Headers(LIST)
    expect(headers.setDefault("vary", "x")).toBe("Accept")
    expect(headers.setDefault("New", 5)).toBe("5")
    expect(headers.setListDefault("x-a", ["9"])).toEqual(["1", "2"])
    const list = headers.setListDefault("Other", ["1", "2"])
    list.push("3")
    expect(headers.getAll("other")).toEqual(["1", "2"])
  })

  test("extend adds, update replaces, merge makes anew", () => {
    const headers = new Headers({ A: "1", B: "2" })
    headers.extend({ a: ["3"], C: "4" })
    expect(headers.getAll("a")).toEqual(["1", "3"])
    headers.extend(headers)
    expect(headers.size).toBe(8)
    headers.update(new Headers({ a: "5" }))
    expect(headers.getAll("A")).toEqual(["5"])
    headers.update([
      ["c", "6"],
      ["C", "7"],
    ])
    expect(headers.getAll("c")).toEqual(["7"])
    headers.update(
      new Headers([
        ["c", "8"],
        ["C", "9"],
      ]),
    )
    expect(headers.getAll("c")).toEqual(["8", "9"])
    headers.update(undefined)
    headers.update({ b: [], missing: [], c: ["6"] })
    headers.update(new Map([["C", [] as string[]]]))
    headers.update({ D: new Set<string>(), d: "7" })
    expect([headers.has("b"), headers.has("missing"), headers.has("c"), headers.getAll("D")]).toEqual([
      false,
      false,
      false,
      ["7"],
    ])
    headers.extend(null)
    const merged = headers.merge({ A: "10" })
    expect(merged.get("a")).toBe("10")
    expect(headers.get("a")).toBe("5")
    expect(() => headers.merge([["A", "11"]])).toThrow(TypeError)
  })

  test("delete tells whether there was something", () => {
    const headers = new Headers(LIST)
    expect(headers.delete("X-A")).toBe(true)
    expect(headers.delete("X-A")).toBe(false)
    expect(headers.size).toBe(2)
    headers.clear()
    expect(headers.size).toBe(0)
  })

  test("pop takes a name, a position, or the last", () => {
    const headers = new Headers(LIST)
    expect(headers.pop("X-A")).toBe("1")
    expect(() => headers.pop("X-A")).toThrow(BadRequestKeyError)
    expect(headers.pop("X-A", { default: null })).toBeNull()
    expect(() => headers.pop(2)).toThrow(RangeError)
    expect(() => headers.pop(-3)).toThrow(RangeError)
    expect(headers.pop(0)).toEqual(["Content-Type", "text/html"])
    expect(headers.popItem()).toEqual(["Vary", "Accept"])
    expect(() => headers.pop()).toThrow(RangeError)
  })

  test("splice works as on an array", () => {
    const headers = new Headers(LIST)
    expect(headers.splice(1, 2, ["N", 1], ["M", "2"])).toEqual(LIST.slice(1, 3))
    expect([...headers.keys()]).toEqual(["Content-Type", "N", "M", "Vary"])
    expect(headers.splice(1)).toHaveLength(3)
    expect(headers.toList()).toEqual([["Content-Type", "text/html"]])
  })

  test("a copy goes its own way", () => {
    const headers = new Headers(LIST)
    const copy = headers.copy()
    copy.set("Vary", "*")
    expect(headers.get("Vary")).toBe("Accept")
  })
})

test("headers behave as a list of pairs would, in every operation", () => {
  const name = fc.constantFrom("A", "a", "B", "__proto__", "Constructor", "constructor")
  const value = fc.constantFrom("1", "2", "")
  type Step = [action: "append" | "set" | "delete" | "setList", name: string, value: string]
  const step: fc.Arbitrary<Step> = fc.tuple(
    fc.constantFrom("append" as const, "set" as const, "delete" as const, "setList" as const),
    name,
    value,
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const headers = new Headers()
      let model: HeaderList = []
      const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()
      for (const [action, key, text] of steps) {
        const first = model.findIndex(([other]) => same(other, key))
        const others = model.filter(([other], index) => !same(other, key) || index === first)
        if (action === "append") {
          headers.append(key, text)
          model.push([key, text])
        } else if (action === "delete") {
          expect(headers.delete(key)).toBe(first !== -1)
          model = model.filter(([other]) => !same(other, key))
        } else {
          if (action === "set") headers.set(key, text)
          else headers.setList(key, [text, "z"])
          model = others
          if (first === -1) model.push([key, text])
          else model[first] = [key, text]
          if (action === "setList") model.push([key, "z"])
        }
        expect(headers.toList()).toEqual(model)
      }
    }),
  )
})

test("what parses the lines that are written gets the same fields", () => {
  const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/)
  const value = fc.string({ unit: fc.constantFrom(...'ab :,;="\t\u00e9\u00ff'.split("")) })
  fc.assert(
    fc.property(fc.array(fc.tuple(token, value)), (pairs) => {
      const lines = String(new Headers(pairs)).split("\r\n").slice(0, -2)
      const parsed = lines.map((line) => {
        const colon = line.indexOf(": ")
        return [line.slice(0, colon), line.slice(colon + 2)]
      })
      expect(parsed).toEqual(pairs)
    }),
  )
})

test("1500 fields of one name are put together in linear time", () => {
  const fill = (count: number) => {
    const headers = new Headers()
    for (let i = 0; i < count; i++) headers.append("X", "")
    headers.delete("Y")
    return headers
  }
  expect(fill(1500).getAll("x")).toHaveLength(1500)
  const headers = fill(20_000)
  headers.set("X", "1")
  expect(headers.toList()).toEqual([["X", "1"]])
})

test("types follow the converter and the default", () => {
  const headers = new Headers({ A: "1", B: "2" })
  expectTypeOf(headers.get("a")).toEqualTypeOf<string | undefined>()
  expectTypeOf(headers.get("a", { default: "" })).toEqualTypeOf<string>()
  expectTypeOf(headers.get("a", { type: int })).toEqualTypeOf<number | undefined>()
  expectTypeOf(headers.get("a", { type: int, default: 0 })).toEqualTypeOf<number>()
  expectTypeOf(headers.getAll("a")).toEqualTypeOf<string[]>()
  expectTypeOf(headers.toList()).toEqualTypeOf<HeaderList>()
  expectTypeOf(headers.pop("a")).toEqualTypeOf<string>()
  expectTypeOf(headers.pop(0)).toEqualTypeOf<[name: string, value: string]>()
  expectTypeOf<ReadonlyHeaders>().not.toHaveProperty("set")
  expectTypeOf<Headers>().toExtend<ReadonlyHeaders>()
})
