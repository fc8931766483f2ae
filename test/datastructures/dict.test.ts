import { describe, expect, expectTypeOf, test } from "vitest"
import { int } from "../../src/datastructures/conversion.ts"
import { ImmutableDict, type ReadonlyDict, TypeConversionDict } from "../../src/datastructures/dict.ts"

describe.each([
  ["TypeConversionDict", TypeConversionDict],
  ["ImmutableDict", ImmutableDict],
])("%s", (_, Dict) => {
  const dict = new Dict<string | undefined>([
    ["n", "42"],
    ["s", "x"],
    ["bare", undefined],
  ])

  test("converts what it gives", () => {
    expect(dict.get("n")).toBe("42")
    expect(dict.get("n", { type: (text) => int(text ?? "") })).toBe(42)
    expect(dict.get("s", { type: Number })).toBeUndefined()
    expect(dict.get("s", { type: Number, default: -1 })).toBe(-1)
    expect(dict.get("missing", { default: "d" })).toBe("d")
  })

  test("knows a key without a value from a missing one", () => {
    expect(dict.has("bare")).toBe(true)
    expect(dict.get("bare", { default: "d" })).toBeUndefined()
    expect(dict.get("bare", { type: Number, default: 0 })).toBe(0)
    expect(dict.has("missing")).toBe(false)
  })

  test("is a ReadonlyMap", () => {
    const map: ReadonlyMap<string, string | undefined> = dict
    expect(map.size).toBe(3)
    expect([...map]).toEqual([...map.entries()])
    expect([...map.keys()]).toEqual(["n", "s", "bare"])
    expect([...map.values()]).toEqual(["42", "x", undefined])
    const seen: unknown[] = []
    map.forEach((value, key, all) => {
      seen.push([key, value, all === map])
    })
    expect(seen[0]).toEqual(["n", "42", true])
  })

  test("copies and merges into one that can be changed", () => {
    const copy = dict.copy()
    expect(copy).toBeInstanceOf(TypeConversionDict)
    copy.set("n", "0")
    expect(dict.get("n")).toBe("42")
    expect(() => dict.merge([["n", "1"]])).toThrow(TypeError)
    expect([...dict.merge({ n: "1", z: "2" })]).toEqual([
      ["n", "1"],
      ["s", "x"],
      ["bare", undefined],
      ["z", "2"],
    ])
    expect(dict.size).toBe(3)
  })

  test("equals by content", () => {
    expect(dict.equals(new Dict([...dict].reverse()))).toBe(true)
    expect(dict.equals(new Dict({ n: "42" }))).toBe(false)
    expect(dict.equals(new Dict({ n: "42", s: "x", other: undefined }))).toBe(false)
    expect(dict.equals(new Map(dict))).toBe(false)
  })

  test("takes inherited names for ordinary keys", () => {
    const odd = new Dict([
      ["__proto__", "1"],
      ["constructor", "2"],
    ])
    expect(odd.get("__proto__")).toBe("1")
    expect(odd.get("toString")).toBeUndefined()
    expect(new Dict(JSON.parse('{"__proto__": "x"}') as Record<string, string>).get("__proto__")).toBe("x")
  })
})

test("an ImmutableDict has nothing that would change it", () => {
  for (const name of ["set", "delete", "clear", "pop", "popItem", "setDefault", "update"]) {
    expect(name in new ImmutableDict(), name).toBe(false)
    expect(name in new TypeConversionDict(), name).toBe(true)
  }
  expectTypeOf<ImmutableDict>().not.toHaveProperty("set")
  expectTypeOf<ImmutableDict>().toExtend<ReadonlyDict>()
})

test("a TypeConversionDict is changed like a Map, and in Python's ways", () => {
  const dict = new TypeConversionDict({ a: "1", b: "2" })
  expect(dict.setDefault("a", "x")).toBe("1")
  expect(dict.setDefault("c", "x")).toBe("x")
  expect(dict.delete("c")).toBe(true)
  expect(dict.delete("c")).toBe(false)
  expect(dict.pop("a")).toBe("1")
  expect(() => dict.pop("a")).toThrow(RangeError)
  expect(dict.pop("a", { default: undefined })).toBeUndefined()
  dict.update(new Map([["z", "3"]]))
  expect(dict.popItem()).toEqual(["z", "3"])
  dict.clear()
  expect(() => dict.popItem()).toThrow(RangeError)
})
