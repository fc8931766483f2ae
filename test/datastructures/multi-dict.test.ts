import fc from "fast-check"
import { describe, expect, expectTypeOf, test } from "vitest"
import { int } from "../../src/datastructures/conversion.ts"
import {
  CombinedMultiDict,
  dictOfPairs,
  ImmutableMultiDict,
  iterMultiItems,
  MultiDict,
  type ReadonlyMultiDict,
} from "../../src/datastructures/multi-dict.ts"
import { BadRequestKeyError } from "../../src/exceptions/statuses.ts"

const PAIRS: [string, string][] = [
  ["a", "1"],
  ["b", "2"],
  ["a", "3"],
  ["c", ""],
]
const GROUPED: [string, string][] = [
  ["a", "1"],
  ["a", "3"],
  ["b", "2"],
  ["c", ""],
]

describe("iterMultiItems", () => {
  test("expands arrays and sets of a mapping, and nothing else", () => {
    expect([...iterMultiItems<unknown>({ a: ["1", "2"], b: new Set(["3"]), c: [] })]).toEqual([
      ["a", "1"],
      ["a", "2"],
      ["b", "3"],
    ])
    const bytes = new Uint8Array([1, 2])
    expect([...iterMultiItems<unknown>(new Map<string, unknown>([["a", bytes]]))]).toEqual([["a", bytes]])
    expect([...iterMultiItems({ a: "text" })]).toEqual([["a", "text"]])
  })

  test("takes pairs as they are", () => {
    expect([...iterMultiItems(new MultiDict(PAIRS))]).toEqual(GROUPED)
    const form = new FormData()
    form.append("a", "1")
    form.append("a", "2")
    expect([...iterMultiItems(form)]).toEqual([
      ["a", "1"],
      ["a", "2"],
    ])
  })

  test.each(["a=1", [["a"]], [["a", "b", "c"]], ["ab"], [null]])("throws for %j, which has no pairs", (items) => {
    expect(() => [...iterMultiItems(items as never)]).toThrow(TypeError)
  })
})

// What every kind has to answer in the same way.
const KINDS: [string, (pairs: [string, string][]) => ReadonlyMultiDict][] = [
  ["MultiDict", (pairs) => new MultiDict(pairs)],
  ["ImmutableMultiDict", (pairs) => new ImmutableMultiDict(pairs)],
  ["CombinedMultiDict of one", (pairs) => new CombinedMultiDict([new MultiDict(pairs)])],
  [
    "CombinedMultiDict of two",
    (pairs) => new CombinedMultiDict([new MultiDict(pairs.slice(0, 2)), new ImmutableMultiDict(pairs.slice(2))]),
  ],
]

describe.each(KINDS)("%s", (_, make) => {
  const dict = make(PAIRS)

  test("gives the first value of a key", () => {
    expect(dict.get("a")).toBe("1")
    expect(dict.get("c")).toBe("")
    expect(dict.getOrThrow("a")).toBe("1")
    expect(dict.get("missing")).toBeUndefined()
    expect(dict.get("missing", { default: "d" })).toBe("d")
    expect(dict.get("a", { default: "d" })).toBe("1")
  })

  test("throws a 400 for a missing key only where that is asked for", () => {
    expect(() => dict.getOrThrow("A")).toThrow(BadRequestKeyError)
  })

  test("gives all values of a key, in a copy", () => {
    expect(dict.getAll("a")).toEqual(["1", "3"])
    expect(dict.getAll("missing")).toEqual([])
    dict.getAll("a").push("x")
    expect(dict.getAll("a")).toEqual(["1", "3"])
  })

  test("converts", () => {
    expect(dict.get("b", { type: int })).toBe(2)
    expect(dict.get("c", { type: int })).toBeUndefined()
    expect(dict.get("c", { type: int, default: -1 })).toBe(-1)
    expect(dict.getAll("a", { type: int })).toEqual([1, 3])
    expect(make([...PAIRS, ["a", "x"]]).getAll("a", { type: int })).toEqual([1, 3])
  })

  test("counts keys, and iterates over values", () => {
    expect(dict.size).toBe(3)
    expect([...dict.keys()]).toEqual(["a", "b", "c"])
    const grouped = (pairs: Iterable<[string, string]>) => [...new MultiDict(pairs)]
    expect(grouped(dict)).toEqual(GROUPED)
    expect(grouped(dict.entries())).toEqual(GROUPED)
    expect([...dict.entries({ multi: false })]).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["c", ""],
    ])
    expect([...dict.values()].sort()).toEqual(["", "1", "2", "3"])
    expect([...dict.values({ multi: false })]).toEqual(["1", "2", ""])
    expect([...dict.lists()]).toEqual([
      ["a", ["1", "3"]],
      ["b", ["2"]],
      ["c", [""]],
    ])
    expect([...dict.listValues()]).toEqual([["1", "3"], ["2"], [""]])
    expect(dict.has("a")).toBe(true)
    expect(dict.has("A")).toBe(false)
  })

  test("becomes a plain object", () => {
    expect(dict.toDict()).toEqual({ a: "1", b: "2", c: "" })
    expect(dict.toDict({ flat: false })).toEqual({ a: ["1", "3"], b: ["2"], c: [""] })
    expect(Object.getPrototypeOf(dict.toDict())).toBeNull()
  })

  test("copies into a MultiDict of its own", () => {
    for (const copy of [dict.copy(), dict.deepCopy()]) {
      expect(copy).toBeInstanceOf(MultiDict)
      expect([...copy]).toEqual(GROUPED)
      copy.append("a", "9")
      expect(dict.getAll("a")).toEqual(["1", "3"])
    }
  })

  test("merges into a MultiDict of its own, by adding", () => {
    expect(dict.merge({ a: "9", d: "4" }).getAll("a")).toEqual(["1", "3", "9"])
    expect(() => dict.merge([["a", "9"]])).toThrow(TypeError)
    expect(dict.getAll("a")).toEqual(["1", "3"])
  })

  test("equals what has the same lists, in any order of keys", () => {
    expect(dict.equals(new MultiDict({ c: "", b: "2", a: ["1", "3"] }))).toBe(true)
    expect(dict.equals(new MultiDict({ c: "", b: "2", a: ["3", "1"] }))).toBe(false)
    expect(dict.equals(new MultiDict({ a: "1" }))).toBe(false)
    expect(dict.equals(new Map(PAIRS))).toBe(false)
  })

  test("takes inherited names for ordinary keys", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"]
    const odd = make(names.map((name) => [name, name]))
    for (const name of names) {
      expect(odd.get(name)).toBe(name)
      expect(odd.toDict()[name]).toBe(name)
      expect(make([]).get(name)).toBeUndefined()
      expect(make([]).has(name)).toBe(false)
    }
    expect([...odd.keys()]).toEqual(names)
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined()
  })
})

describe("MultiDict", () => {
  test("appends, sets, and replaces lists", () => {
    const dict = new MultiDict(PAIRS)
    dict.append("a", "4")
    expect(dict.getAll("a")).toEqual(["1", "3", "4"])
    dict.set("a", "5")
    expect(dict.getAll("a")).toEqual(["5"])
    const list = ["6", "7"]
    dict.setList("a", list)
    list.push("8")
    expect(dict.getAll("a")).toEqual(["6", "7"])
    dict.setList("a", [])
    expect(dict.has("a")).toBe(false)
  })

  test("sets defaults", () => {
    const dict = new MultiDict(PAIRS)
    expect(dict.setDefault("a", "x")).toBe("1")
    expect(dict.setDefault("n", "x")).toBe("x")
    expect(dict.getAll("n")).toEqual(["x"])
    expect(dict.setListDefault("a", ["x"])).toEqual(["1", "3"])
    dict.setListDefault("m", ["x"]).push("y")
    expect(dict.getAll("m")).toEqual(["x", "y"])
  })

  test("takes a key without values for missing", () => {
    const dict = new MultiDict({ a: [] as string[], b: "1" })
    dict.setListDefault("e")
    expect(dict.has("e")).toBe(false)
    expect(dict.size).toBe(1)
    expect([...dict.keys()]).toEqual(["b"])
    expect(dict.toDict()).toEqual({ b: "1" })
    expect(dict.toDict({ flat: false })).toEqual({ b: ["1"] })
    expect([...dict.entries({ multi: false })]).toEqual([["b", "1"]])
    expect(() => dict.pop("e")).toThrow(BadRequestKeyError)
    expect(dict.setDefault("e", "x")).toBe("x")
    expect(dict.delete("zz")).toBe(false)
  })

  test("removes", () => {
    const dict = new MultiDict(PAIRS)
    expect(dict.delete("c")).toBe(true)
    expect(dict.pop("a")).toBe("1")
    expect(dict.has("a")).toBe(false)
    expect(() => dict.pop("a")).toThrow(BadRequestKeyError)
    expect(dict.pop("a", { default: undefined })).toBeUndefined()
    expect(dict.popList("a")).toEqual([])
    dict.append("z", "1")
    dict.append("z", "2")
    expect(dict.popItem()).toEqual(["z", "1"])
    expect(dict.popItemList()).toEqual(["b", ["2"]])
    expect(() => dict.popItem()).toThrow(BadRequestKeyError)
    expect(() => dict.popItemList()).toThrow(BadRequestKeyError)
    dict.set("a", "1")
    dict.clear()
    expect(dict.size).toBe(0)
  })

  test("update adds and never replaces", () => {
    const dict = new MultiDict({ a: "1" })
    dict.update({ a: ["2", "3"], b: [] as string[] })
    expect(dict.getAll("a")).toEqual(["1", "2", "3"])
    expect(dict.has("b")).toBe(false)
  })

  test("survives being changed while it is read", () => {
    const dict = new MultiDict({ a: "1", b: "2" })
    for (const [key] of dict) dict.delete(key)
    expect(dict.size).toBe(0)
  })
})

test("an ImmutableMultiDict of few or many pairs reads as a MultiDict does, in any order of calls", () => {
  const key = fc.constantFrom("a", "b", "c", "__proto__")
  const question = fc.constantFrom("get", "has", "getAll", "keys", "entries", "missing", "type")
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, fc.string()), { maxLength: 20 }),
      fc.array(fc.tuple(question, key)),
      (pairs, asked) => {
        const changing = new MultiDict(pairs)
        for (const dict of [new ImmutableMultiDict(pairs), dictOfPairs(pairs)]) {
          const answers = (of: ReadonlyMultiDict<string>) =>
            asked.map(([what, name]) => {
              if (what === "has") return of.has(name)
              if (what === "getAll") return of.getAll(name)
              if (what === "keys") return [...of.keys()]
              if (what === "entries") return [...of]
              if (what === "missing") return of.get("missing", { default: 1 })
              return of.get(name, what === "type" ? { type: (text) => text.length, default: -1 } : undefined)
            })
          expect(answers(dict)).toEqual(answers(changing))
          expect(dict.equals(changing) && changing.equals(dict)).toBe(true)
        }
      },
    ),
  )
})

test("an ImmutableMultiDict does not hear of what becomes of the pairs", () => {
  const pairs: [string, string][] = [["a", "1"]]
  const dict = new ImmutableMultiDict(pairs)
  pairs[0] = ["a", "2"]
  ;(pairs[0] as [string, string])[1] = "3"
  pairs.push(["b", "4"])
  expect([...dict]).toEqual([["a", "1"]])
  const list = dict.getAll("a")
  list.push("5")
  expect(dict.getAll("a")).toEqual(["1"])
  expect(() => new ImmutableMultiDict([["a"]] as unknown as [string, string][])).toThrow(TypeError)
})

test("an ImmutableMultiDict has nothing that would change it", () => {
  const dict = new ImmutableMultiDict(PAIRS)
  for (const name of ["append", "set", "setList", "setDefault", "setListDefault", "update", "delete", "clear", "pop"]) {
    expect(name in dict, name).toBe(false)
    expect(name in new MultiDict(), name).toBe(true)
  }
  expectTypeOf(dict).not.toHaveProperty("append")
})

describe("CombinedMultiDict", () => {
  const parts = () => [new MultiDict({ a: ["1", "2"], b: "x" }), new MultiDict({ a: "3", c: "4", b: "5" })] as const

  test("gives the first value that can be converted", () => {
    const dict = new CombinedMultiDict(parts())
    expect(dict.get("b")).toBe("x")
    expect(dict.get("b", { type: int })).toBe(5)
    expect(dict.get("b", { type: () => undefined, default: 0 })).toBe(0)
    expect(dict.getAll("b", { type: int })).toEqual([5])
    expect(dict.get("zz", { default: "d" })).toBe("d")
  })

  test("follows its parts, and a copy does not", () => {
    const [first, second] = parts()
    const dict = new CombinedMultiDict([first, second])
    const copy = dict.copy()
    second.append("d", "6")
    first.delete("a")
    expect(dict.size).toBe(4)
    expect(dict.getAll("a")).toEqual(["3"])
    expect(copy.getAll("a")).toEqual(["1", "2", "3"])
    expect(copy.has("d")).toBe(false)
  })

  test("gives all values of one part before those of the next", () => {
    const dict = new CombinedMultiDict(parts())
    const values = ["1", "2", "x", "3", "4", "5"]
    expect([...dict.values()]).toEqual(values)
    expect([...dict].map(([, value]) => value)).toEqual(values)
    expect([...dict.entries({ multi: false })].map(([key]) => key)).toEqual(["a", "b", "c"])
  })

  test("is empty when it is made of nothing", () => {
    expect([...new CombinedMultiDict()]).toEqual([])
  })
})

test("what a MultiDict holds is what it was made of, grouped", () => {
  const keys = fc.constantFrom("a", "b", "__proto__", "constructor", "1", "")
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, fc.string())), (pairs) => {
      const dict = new MultiDict(pairs)
      const expected = [...new Set(pairs.map(([key]) => key))].flatMap((key) => pairs.filter((pair) => pair[0] === key))
      expect([...dict]).toEqual(expected)
      expect(new MultiDict(dict).equals(dict)).toBe(true)
      expect(new ImmutableMultiDict(Object.entries(dict.toDict())).size).toBe(dict.size)
    }),
  )
})

test("types follow the values, the converter and the default", () => {
  const form = new MultiDict([["a", "1"]])
  expectTypeOf(form).toEqualTypeOf<MultiDict<string>>()
  expectTypeOf(form.get("a")).toEqualTypeOf<string | undefined>()
  expectTypeOf(form.get("a", { default: "x" })).toEqualTypeOf<string>()
  expectTypeOf(form.get("a", { default: null })).toEqualTypeOf<string | null>()
  expectTypeOf(form.get("a", { type: int })).toEqualTypeOf<number | undefined>()
  expectTypeOf(form.get("a", { type: int, default: 0 })).toEqualTypeOf<number>()
  expectTypeOf(form.get("a", { type: Number, default: null })).toEqualTypeOf<number | null>()
  expectTypeOf(form.getOrThrow("a")).toEqualTypeOf<string>()
  expectTypeOf(form.getAll("a", { type: int })).toEqualTypeOf<number[]>()
  expectTypeOf(form.pop("a")).toEqualTypeOf<string>()
  expectTypeOf(form.pop("a", { default: 0 })).toEqualTypeOf<string | number>()
  expectTypeOf(form.toDict({ flat: false })).toEqualTypeOf<Record<string, string[]>>()
  expectTypeOf(new MultiDict({ a: ["1", "2"], b: "3" })).toEqualTypeOf<MultiDict<string>>()
  expectTypeOf(new MultiDict(new URLSearchParams())).toEqualTypeOf<MultiDict<string>>()
  expectTypeOf(new MultiDict(new Map([["a", 1]]))).toEqualTypeOf<MultiDict<number>>()
  expectTypeOf(new MultiDict<number>({ a: [1, 2] }).get("a")).toEqualTypeOf<number | undefined>()
})
