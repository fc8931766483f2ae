import fc from "fast-check"
import { expect, test } from "vitest"
import {
  charTable,
  isPercentDecodable,
  percentDecode,
  percentDecodeBytes,
  percentEncode,
} from "../../src/http/percent.ts"

const bytesOf = (text: string) => percentDecodeBytes(text)
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

test("text comes back from its encoding", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(percentDecode(percentEncode(text), undefined, "keep")).toBe(text)
      expect(percentEncode(text, "!'()*")).toBe(encodeURIComponent(text))
    }),
  )
})

test("text of any length and any code units is encoded as the platform's encoder does", () => {
  const unit = fc.constantFrom("a", "/", "%", " ", "é", "漢", "😀", "\ud800", "\udc00", "\x7f", "\x00")
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 90 }), (units) => {
      const text = units.join("")
      expect(percentEncode(text, "!'()*")).toBe(encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")))
    }),
  )
})

test("lone surrogates become U+FFFD", () => {
  expect(percentEncode("a\ud800b")).toBe("a%EF%BF%BDb")
})

test.each([
  ["%", "%"],
  ["%4", "%4"],
  ["%zz%41", "%zzA"],
  ["%%41", "%A"],
  ["%C3", "%C3"],
  ["%c3%a9%ff%c3%a9", "é%FFé"],
  ["%C0%AF", "%C0%AF"],
  ["%ED%A0%80", "%ED%A0%80"],
  ["%F4%90%80%80", "%F4%90%80%80"],
  ["%F0%9F%98%80", "😀"],
  ["%F0%9F%98x", "%F0%9F%98x"],
])("%s decodes to %s, bad bytes kept", (text, expected) => {
  expect(percentDecode(text, undefined, "keep")).toBe(expected)
})

test("replaces what is not UTF-8 as the platform's decoder does", () => {
  const byte = fc.integer({ min: 0x80, max: 0xff }).map((value) => `%${value.toString(16)}`)
  const piece = fc.oneof(byte, fc.constantFrom("a", "%41", "%c3%a9", "%f0%9f%98%80"))
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join("")
      expect(percentDecode(text, undefined, "replace")).toBe(decoder.decode(bytesOf(text)))
    }),
  )
})

test("tells what decodeURIComponent would throw at", () => {
  const piece = fc.oneof(
    fc.integer({ min: 0, max: 0xff }).map((value) => `%${value.toString(16).padStart(2, "0")}`),
    fc.constantFrom("a", "%", "%4", "%zz", "%c3%a9", "%f0%9f%98%80"),
  )
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join("")
      expect(isPercentDecodable(text)).toBe(decodes(text))
    }),
  )
})

function decodes(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

test("escapes of characters to keep stay as they were written", () => {
  expect(percentDecode("%2f%2F%41%0a%7F", charTable("/", true), "keep")).toBe("%2f%2FA%0a%7F")
})
