import fc from "fast-check"
import { expect, test } from "vitest"
import { dumpEtags, parseEtags, quoteEtag, unquoteEtag } from "../../src/http/etags.ts"

test.each(["a", "", "a b", "é", "W/a", "*", "a\\b", "a,b"])("the tag %j comes back, strong and weak", (tag) => {
  expect(unquoteEtag(quoteEtag(tag))).toEqual([tag, false])
  expect(unquoteEtag(quoteEtag(tag, true))).toEqual([tag, true])
})

test.each(['a"b', "a\r\nb", "a\0", "\x7f", "\u20ac"])("the tag %j cannot be quoted", (tag) => {
  expect(() => quoteEtag(tag)).toThrow(TypeError)
  expect(() => dumpEtags({ strong: [], weak: [tag], star: false })).toThrow(TypeError)
})

test.each<[string | undefined, unknown[]]>([
  [undefined, [undefined, undefined]],
  ["", [undefined, undefined]],
  ["a", ["a", false]],
  ['w/"a"', ["a", true]],
  ["W/a", ["a", true]],
  [' "a" ', ["a", false]],
  ['"a', ['"a', false]],
  ['""', ["", false]],
  ['"', ['"', false]],
])("unquotes %j as %j", (text, expected) => {
  expect(unquoteEtag(text)).toEqual(expected)
})

test.each<[string | undefined, string[], string[]]>([
  [undefined, [], []],
  ["", [], []],
  [", ,", [], []],
  ['"a"', ["a"], []],
  ['"a", W/"b" ,c', ["a", "c"], ["b"]],
  ['"a,b", ""', ["a,b", ""], []],
  ['"*"', ["*"], []],
  ['"a" "b", "c"', ["c"], []],
  ['"open, b', ["b"], []],
  ['"a""b"', [], []],
  ['W/"a"b, a"b, "\u20ac", "\0", d', ["d"], []],
])("%j lists the strong %j and the weak %j", (text, strong, weak) => {
  expect(parseEtags(text)).toEqual({ strong, weak, star: false })
})

test.each(["*", " * ", '"a", *', "*, W/b"])("%j means any tag", (text) => {
  expect(parseEtags(text)).toEqual({ strong: [], weak: [], star: true })
})

test("lists come back", () => {
  const tag = fc.string({ unit: fc.constantFrom(..."ab ,*W/\\é".split("")) })
  fc.assert(
    fc.property(fc.array(tag), fc.array(tag), (strong, weak) => {
      expect(parseEtags(dumpEtags({ strong, weak, star: false }))).toEqual({ strong, weak, star: false })
    }),
  )
  expect(dumpEtags({ strong: ["a"], weak: [], star: true })).toBe("*")
})
