import fc from "fast-check"
import { expect, test } from "vitest"
import { dumpContentDisposition } from "../../src/http/content-disposition.ts"
import { parseOptionsHeader } from "../../src/http/fields.ts"

test.each([
  [undefined, "attachment"],
  ["a.txt", "attachment; filename=a.txt"],
  ['a".bat;x="', 'attachment; filename="a\\".bat;x=\\""'],
  ["naïve €.txt", "attachment; filename=\"naive .txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt"],
  ["Ⅷ.txt", "attachment; filename=VIII.txt; filename*=UTF-8''%E2%85%A7.txt"],
  ["日本.txt", "attachment; filename=.txt; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt"],
])("%j is sent as %s", (name, header) => {
  expect(dumpContentDisposition("attachment", name)).toBe(header)
})

test.each(["a\r\nb", "a\0", "ü\nb", "\x7f"])("%j is refused", (name) => {
  expect(() => dumpContentDisposition("inline", name)).toThrow(TypeError)
})

test("any name that may be sent comes back, and nothing else with it", () => {
  const name = fc.string({ unit: fc.constantFrom(..."ab.\"\\;=' é€日/".split("")), minLength: 1 })
  fc.assert(
    fc.property(name, (filename) => {
      const [, options] = parseOptionsHeader(dumpContentDisposition("attachment", filename))
      expect(Array.from(options.keys())).toEqual(["filename"])
      expect(options.get("filename")).toBe(filename)
    }),
  )
})
