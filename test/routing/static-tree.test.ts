import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { StaticTree } from "../../src/routing/static-tree.ts"

describe("a static tree", () => {
  test("finds the shortest text that stands there and ends with its segment", () => {
    const text = fc.string({ maxLength: 20, unit: fc.constantFrom("a", "b", "/", "é", "漢") })
    const long = text.map((end) => `a common beginning of some length/${end}`)
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.oneof(text, long), { maxLength: 12 }),
        fc.oneof(text, long),
        text,
        (texts, one, more) => {
          const tree = new StaticTree(texts.map((each) => [each, each]))
          for (const rest of [one, `${one}/${more}`, ...texts, ...texts.map((each) => `${each}/${more}`)]) {
            const path = `/${rest}`
            const fitting = texts.filter((each) => rest === each || rest.startsWith(`${each}/`))
            const expected = fitting.sort((a, b) => a.length - b.length)[0]
            expect(tree.find(path, 1), JSON.stringify([texts, path])).toBe(expected)
            if (expected !== undefined) expect(tree.end).toBe(1 + expected.length)
          }
        },
      ),
    )
  })

  test("is empty without texts", () => {
    expect(new StaticTree([]).find("/", 1)).toBeUndefined()
  })
})
