import fc from "fast-check"
import { expect, test } from "vitest"
import { SafeHtml } from "../../src/http/html.ts"
import { taggedJson } from "../../src/signing/tagged-json.ts"

const there = (value: unknown) => taggedJson.parse(taggedJson.stringify(value) as string)

const key = fc.oneof(
  fc.string(),
  fc.constantFrom(" t", " di", " d", " b", " m", " u", " t__", "__proto__", "constructor"),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>(null, true, false, 0, 1.5, "", "text"),
    fc.string(),
    fc.date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true }).map((date) => {
      date.setUTCMilliseconds(0)
      return date
    }),
    fc.uint8Array(),
    fc.array(tie("value")),
    fc.dictionary(key, tie("value"), { noNullPrototype: true }),
  ),
}))

test("what goes in comes out", () => {
  fc.assert(fc.property(value, (each) => void expect(there(each)).toEqual(each)))
})

test("HTML stays HTML", () => {
  const html = there({ page: new SafeHtml("<b>") }) as { page: SafeHtml }
  expect(html.page).toBeInstanceOf(SafeHtml)
  expect(String(html.page)).toBe("<b>")
})

test.each([
  ['{" t":[1,{" t":[2]}]}', [1, [2]]],
  ['{" u":"12345678123456781234567812345678"}', "12345678-1234-5678-1234-567812345678"],
  ['{ " d" : "Thu, 01 Jan 1970 00:00:00 GMT" }', new Date(0)],
  ['{" d":"never"}', { " d": "never" }],
  ['{" t":1}', { " t": 1 }],
  ['{" b":7}', { " b": 7 }],
  ['{" x":7}', { " x": 7 }],
  ['{" t":[1],"other":2}', { " t": [1], other: 2 }],
])("%s is read as %j", (text, expected) => {
  expect(taggedJson.parse(text)).toEqual(expected)
})

test.each<[string, unknown]>([
  ["a function", () => 1],
  ["a symbol", Symbol("x")],
  ["a bigint", 1n],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["an instance of Map", new Map()],
  ["an instance of URL", new URL("http://a/")],
  ["an instance of Error", new Error("x")],
])("%s is refused, and it is said where it is", (name, bad) => {
  expect(() => taggedJson.stringify({ list: [1, { bad }] })).toThrow(TypeError)
  expect(() => taggedJson.stringify({ list: [1, { bad }] })).toThrow(`the value.list[1].bad is ${name}`)
})

test("properties that are undefined are left out, elements are refused", () => {
  expect(taggedJson.stringify({ a: undefined, b: 1 })).toBe('{"b":1}')
  expect(() => taggedJson.stringify([undefined])).toThrow(TypeError)
})

test("large bytes are no problem", () => {
  const bytes = new Uint8Array(300_000).fill(255)
  expect(Buffer.compare(there(bytes) as Uint8Array, bytes)).toBe(0)
})
