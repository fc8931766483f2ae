import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { HeaderSet } from "../../src/datastructures/header-set.ts"

const make = () => new HeaderSet(["Accept", "Cookie", "X-Foo"])

describe("HeaderSet", () => {
  test("holds each name once, as it was spelled first", () => {
    const set = new HeaderSet(["a", "A", "b"])
    expect([...set]).toEqual(["a", "b"])
    expect(set.size).toBe(2)
    expect(set.has("B")).toBe(true)
    expect(set.has("c")).toBe(false)
  })

  test("leaves out of a header what no header may have", () => {
    expect([...HeaderSet.fromHeader('a, "b\0", \u20ac, c')]).toEqual(["a", "c"])
  })

  test("finds positions", () => {
    const set = make()
    expect(set.find("COOKIE")).toBe(1)
    expect(set.find("nope")).toBe(-1)
    expect(set.index("cookie")).toBe(1)
    expect(() => set.index("nope")).toThrow(RangeError)
    expect(set.at(0)).toBe("Accept")
    expect(set.at(-1)).toBe("X-Foo")
    expect(set.at(3)).toBeUndefined()
  })

  test("adds and removes in any case", () => {
    const set = make()
    set.add("ACCEPT")
    set.update(["cookie", "New", "new"])
    expect([...set.values()]).toEqual(["Accept", "Cookie", "X-Foo", "New"])
    set.remove("x-foo")
    expect(set.delete("COOKIE")).toBe(true)
    expect(set.delete("COOKIE")).toBe(false)
    expect(() => set.remove("cookie")).toThrow(RangeError)
    expect(set.toHeader()).toBe("Accept, New")
    set.clear()
    expect(set.toHeader()).toBe("")
  })

  test("changes by position", () => {
    const set = make()
    set.replaceAt(-1, "New")
    set.deleteAt(0)
    expect([...set]).toEqual(["Cookie", "New"])
    set.replaceAt(0, "NEW")
    expect([...set]).toEqual(["NEW"])
    expect(() => set.replaceAt(1, "x")).toThrow(RangeError)
    expect(() => set.deleteAt(-2)).toThrow(RangeError)
  })

  test("becomes a Set", () => {
    expect(make().asSet()).toEqual(new Set(["accept", "cookie", "x-foo"]))
    expect(make().asSet({ preserveCasing: true })).toEqual(new Set(["Accept", "Cookie", "X-Foo"]))
  })

  test("tells its owner of changes only", () => {
    const set = make()
    const seen: string[] = []
    set.onUpdate = (changed) => seen.push(changed.toHeader())
    set.add("accept")
    set.update([])
    set.delete("nope")
    set.has("Accept")
    expect(seen).toEqual([])
    set.add("N")
    set.update(["M", "O"])
    set.remove("n")
    set.deleteAt(0)
    set.replaceAt(0, "P")
    set.clear()
    expect(seen).toHaveLength(6)
    expect(seen.at(-1)).toBe("")
  })

  test.each(["a\r\nb", "a\0", "\u0100"])("refuses %j, which no header may hold", (name) => {
    const set = make()
    expect(() => set.add(name)).toThrow(TypeError)
    expect(() => set.replaceAt(0, name)).toThrow(TypeError)
    expect(() => new HeaderSet([name])).toThrow(TypeError)
    expect([...set]).toEqual([...make()])
  })

  test.each([
    [undefined, []],
    ["", []],
    [" a ,b ", ["a", "b"]],
    ['a, "b c", D', ["a", "b c", "D"]],
    ['"x\\"y"', ['x"y']],
    ['"a, b', []],
    ["a, A", ["a"]],
  ])("reads %j as %j", (text, names) => {
    expect([...HeaderSet.fromHeader(text)]).toEqual(names)
  })

  test("reads what it wrote", () => {
    const text = fc.string({ unit: fc.constantFrom(...'aB1,;" \\=\u00e9'.split("")), minLength: 1 })
    fc.assert(
      fc.property(fc.array(text), (names) => {
        const set = new HeaderSet(names)
        expect([...HeaderSet.fromHeader(set.toHeader())]).toEqual([...set])
        expect(String(set)).toBe(set.toHeader())
      }),
    )
  })
})
