import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ETags } from "../../src/datastructures/etags.ts"

describe("ETags", () => {
  test("keep strong and weak tags apart", () => {
    const tags = ETags.fromHeader('"a", W/"b"')
    expect([tags.contains("a"), tags.contains("b"), tags.has("b")]).toEqual([true, false, false])
    expect([tags.containsWeak("a"), tags.containsWeak("b"), tags.containsWeak("c")]).toEqual([true, true, false])
    expect(tags.has("b", { includeWeak: true })).toBe(true)
    expect([tags.isStrong("a"), tags.isWeak("a"), tags.isWeak("b")]).toEqual([true, false, true])
    expect([...tags]).toEqual(["a"])
    expect(tags.size).toBe(1)
    expect(tags.asSet()).toEqual(new Set(["a"]))
    expect(tags.asSet({ includeWeak: true })).toEqual(new Set(["a", "b"]))
    expect(tags.toHeader()).toBe('"a", W/"b"')
    expect(String(tags)).toBe(tags.toHeader())
  })

  test.each([
    ['"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['W/"a"', 'W/"a"', true],
    ['W/"a"', '"a"', false],
    ['"a"', "a", true],
    ['"a"', "", false],
    ["*", '"x"', true],
  ])("of %s the tag %s is one: %j", (text, raw, contained) => {
    expect(ETags.fromHeader(text).containsRaw(raw)).toBe(contained)
  })

  test("the star means every tag", () => {
    for (const tags of [ETags.fromHeader('"a", *'), new ETags(["a"], ["b"], true)]) {
      expect(tags.starTag).toBe(true)
      expect([tags.contains("x"), tags.isStrong("x"), tags.containsWeak("x"), tags.has("x")]).toEqual([
        true,
        true,
        true,
        true,
      ])
      expect(tags.isEmpty).toBe(false)
      expect(tags.size).toBe(0)
      expect(tags.toHeader()).toBe("*")
    }
    expect(ETags.fromHeader('"*"').contains("x")).toBe(false)
  })

  test("are empty only without any tag", () => {
    expect(ETags.fromHeader(undefined).isEmpty).toBe(true)
    expect(new ETags().isEmpty).toBe(true)
    expect(new ETags(null, ["w"]).isEmpty).toBe(false)
    expect(new ETags(null, ["w"]).size).toBe(0)
  })

  test("an empty tag is a tag", () => {
    expect(ETags.fromHeader('""').contains("")).toBe(true)
    expect(ETags.fromHeader('""').toHeader()).toBe('""')
  })

  test("read what they wrote", () => {
    const tag = fc.string({ unit: fc.constantFrom(..."ab ,W/*=\u00e9".split("")) })
    fc.assert(
      fc.property(fc.array(tag), fc.array(tag), fc.boolean(), (strong, weak, star) => {
        const tags = new ETags(strong, weak, star)
        const read = ETags.fromHeader(tags.toHeader())
        expect(read.asSet()).toEqual(tags.asSet())
        expect(read.asSet({ includeWeak: true })).toEqual(tags.asSet({ includeWeak: true }))
        expect(read.starTag).toBe(star)
      }),
    )
  })

  test("refuse to write a tag that has a quote", () => {
    expect(() => new ETags(['a"b']).toHeader()).toThrow(TypeError)
    expect(() => new ETags(["a\r\nb"]).toHeader()).toThrow(TypeError)
  })
})
