import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { languageOf } from "../../src/routing/language.ts"

const takes = (source: string, text: string): boolean => languageOf(source).test(text, 0, text.length)

/** Expressions that the platform's own engine can be asked about, over a small alphabet. */
const expression: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("a", "b", "[ab]", "[^a]", "\\d", ".", "é", "😀", "x"),
    fc.tuple(tie("node"), tie("node")).map(([one, other]) => `${one}${other}`),
    fc.tuple(tie("node"), tie("node")).map(([one, other]) => `(?:${one}|${other})`),
    fc
      .tuple(tie("node"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?"))
      .map(([node, count]) => `(?:${node})${count}`),
  ),
})).node

const text = fc.array(fc.constantFrom("a", "b", "x", "1", "é", "😀"), { maxLength: 8 }).map((all) => all.join(""))

describe("a language", () => {
  test("accepts what the platform's engine accepts", () => {
    fc.assert(
      fc.property(expression, fc.array(text, { maxLength: 5 }), (source, texts) => {
        const pattern = new RegExp(`^(?:${source})$`, "su")
        const language = languageOf(source)
        for (const each of texts)
          expect(language.test(each, 0, each.length), `${source} ${each}`).toBe(pattern.test(each))
      }),
      { numRuns: 300 },
    )
  })

  test("marks backwards where a text of it begins that ends at a mark, and finds the end again", () => {
    fc.assert(
      fc.property(expression, text, fc.infiniteStream(fc.boolean()), (source, given, marks) => {
        const pattern = new RegExp(`^(?:${source})$`, "su")
        const language = languageOf(source)
        const boundary = (position: number) => !/[\udc00-\udfff]/.test(given[position] ?? "")
        const after = Uint8Array.from({ length: given.length + 1 }, (_, at) =>
          marks.next().value && boundary(at) ? 1 : 0,
        )
        const found = new Uint8Array(given.length + 1)
        language.reachBack(given, 0, given.length, { bytes: after, base: 0 }, { bytes: found, base: 0 })
        for (let from = 0; from <= given.length; from++) {
          if (!boundary(from)) continue
          const ends = [...after.keys()].filter(
            (to) => to >= from && after[to] === 1 && pattern.test(given.slice(from, to)),
          )
          expect(found[from], `${source} ${given} ${from}`).toBe(ends.length > 0 ? 1 : 0)
          if (ends.length === 0) continue
          const end = language.end(given, from, given.length, { bytes: after, base: 0 })
          expect(end).toBe(language.lazy ? ends[0] : ends.at(-1))
        }
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ["[^/]+", "ab", true],
    ["[^/]+", "", false],
    ["[^/]+", "a/b", false],
    ["[^/]{2,3}", "a", false],
    ["[^/]{2,3}", "abc", true],
    ["[^/]{2,3}", "abcd", false],
    ["[^/]{2}", "😀😀", true],
    ["[^/]{2,}", "😀", false],
    ["[^/].*?", "a//b/", true],
    ["[^/].*?", "/a", false],
    ["[0-9]+", "0٣", false],
    ["[0-9]{4}", "2026", true],
    ["(?:a|b)(?:c|d)?", "ad", true],
    ["(?<year>[0-9]{2})(x)", "26x", true],
    ["[a-z]+:[a-z]+", "a:b:c", false],
    ["\\p{Lu}+", "ÀÉ", true],
    ["[\\w.]+@\\S+", "a.b@c", true],
    ["", "", true],
    ["a\\/b", "a/b", true],
    [".", "\n", true],
  ])("%s takes %j: %s", (source, given, expected) => {
    expect(takes(source, given)).toBe(expected)
  })

  test.each([
    "(?=a)b",
    "(?<!a)b",
    "(a)\\1",
    "\\bword",
    "^a",
    "a$",
    "(a",
    "a)",
    "[a",
    "*a",
    "a{2,1}",
    "\\k<x>",
    "a**+{",
  ])("%s is refused", (source) => {
    expect(() => languageOf(source)).toThrow(TypeError)
  })

  test("an expression that would need too many states is refused", () => {
    expect(() => languageOf("(?:a{1000}){1000}")).toThrow(RangeError)
  })

  test("an expression that makes other engines backtrack costs the same for each character", () => {
    const language = languageOf("(a+)+b?(a|aa)*")
    const given = `${"a".repeat(200_000)}!`
    expect(language.test(given, 0, given.length)).toBe(false)
    expect(language.test(given, 0, given.length - 1)).toBe(true)
  })

  test("more states than are kept do no harm", () => {
    const language = languageOf("[ab]*a[ab]{12}")
    const given = Array.from({ length: 20_000 }, (_, at) => ((at * 2_654_435_761) % 7 < 3 ? "a" : "b")).join("")
    for (const length of [5000, 5001, 5002, 20_000]) {
      expect(language.test(given, 0, length)).toBe(given[length - 13] === "a")
    }
  })
})
