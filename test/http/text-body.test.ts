import { expect, test } from "vitest"
import { bodyOfText, SENDS_TEXT_KEY, sendableText, TextBody } from "../../src/http/text-body.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

test("a text is an array of one chunk, in every way of reading it", async () => {
  const of = () => new TextBody("ab")
  expect(Array.isArray(of())).toBe(true)
  expect(of()).toHaveLength(1)
  expect(of()[0]).toEqual(bytes("ab"))
  expect(of().at(0)).toEqual(bytes("ab"))
  expect([...of()]).toEqual([bytes("ab")])
  expect(Array.from(of())).toEqual([bytes("ab")])
  expect(of().slice()).toEqual([bytes("ab")])
  expect(of().concat([bytes("a")])).toEqual([bytes("ab"), bytes("a")])
  expect(of().map((chunk) => chunk.length)).toEqual([2])
  expect([bytes("a"), ...of()]).toEqual([bytes("a"), bytes("ab")])
  expect(Buffer.concat(of()).toString()).toBe("ab")
  const seen: Uint8Array[] = []
  for await (const chunk of of()) seen.push(chunk)
  for (const chunk of of()) seen.push(chunk)
  expect(seen).toEqual([bytes("ab"), bytes("ab")])
})

test("what is made of it is an array like any other", () => {
  expect(new TextBody("a").map((chunk) => chunk)).not.toBeInstanceOf(TextBody)
  expect(new TextBody("a").slice()).not.toBeInstanceOf(TextBody)
})

test("the same chunk is given each time, in a buffer of its own", () => {
  const body = new TextBody("a")
  expect(body[0]).toBe(body[0])
  expect(body[0]?.buffer).not.toBe(new TextBody("a")[0]?.buffer)
})

test("the text is there as long as nothing has looked at the bytes", () => {
  const body = new TextBody("a")
  expect(body.text).toBe("a")
  body[0]?.fill(0x62)
  expect(body.text).toBeUndefined()
  expect([...body]).toEqual([bytes("b")])
})

test.each<[string, (body: Uint8Array[]) => void, string[]]>([
  ["another chunk in its place", (body) => body.splice(0, 1, bytes("b")), ["b"]],
  ["another chunk at its index", (body) => Object.assign(body, { 0: bytes("b") }), ["b"]],
  ["one before it", (body) => body.unshift(bytes("b")), ["b", "a"]],
  ["one behind it", (body) => body.push(bytes("b")), ["a", "b"]],
  ["none at all", (body) => body.pop(), []],
  ["a length of 0", (body) => Object.assign(body, { length: 0 }), []],
  ["a filling", (body) => body.fill(bytes("b")), ["b"]],
])("with %s it is no text any more", (_what, change, expected) => {
  const body = new TextBody("a")
  change(body)
  expect(body.text).toBeUndefined()
  expect(Array.from(body)).toEqual(expected.map(bytes))
})

test("ASCII text is sent as it is where the server does that, all else as bytes", () => {
  const environ = { [SENDS_TEXT_KEY]: true }
  expect(bodyOfText(sendableText("abc"), environ)).toBeInstanceOf(TextBody)
  expect(bodyOfText(sendableText("abc"), {})).toEqual([bytes("abc")])
  expect(bodyOfText(sendableText("abc\u00e9"), environ)).toEqual([bytes("abc\u00e9")])
  expect(sendableText("abc\u00e9")).toHaveLength(5)
})
