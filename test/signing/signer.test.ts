import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Signer } from "../../src/signing/signer.ts"
import { expectLinear } from "../support/growth.ts"

const KEY = "a key of at least 16 bytes"
const OLD = "an older key of 16 bytes"
const signer = new Signer(KEY)

test("any text comes back, and no other text has its signature", () => {
  const text = fc.string({ unit: "grapheme" })
  fc.assert(
    fc.property(text, text, (value, other) => {
      const signed = signer.sign(value)
      expect(signer.unsign(signed)).toBe(value)
      expect(signer.verifySignature(other, signer.getSignature(value))).toBe(other === value)
    }),
  )
})

test("a token that was changed in any place gives nothing", () => {
  const signed = signer.sign("user=7")
  for (let index = 0; index < signed.length; index++) {
    for (const character of "A7._=-\0é ") {
      const changed = signed.slice(0, index) + character + signed.slice(index + 1)
      if (changed !== signed) expect(signer.unsign(changed), changed).toBe(undefined)
    }
    expect(signer.unsign(signed.slice(0, index)), `cut at ${index}`).toBe(undefined)
    expect(signer.unsign(signed.slice(index + 1)), `without the first ${index + 1}`).toBe(undefined)
  }
})

test("a signature has one spelling", () => {
  const signed = signer.sign("value")
  // The last character holds four bits that Python ignores, as it does what is no base64.
  const last = signed.at(-1) as string
  const next = String.fromCharCode(last.charCodeAt(0) + 1)
  for (const other of [`${signed}=`, `${signed} `, `${signed}!`, signed.slice(0, -1) + next]) {
    expect(signer.check(other)).toEqual({ ok: false, reason: "bad-signature" })
  }
})

test.each<[string, string]>([
  ["", "malformed"],
  ["value", "malformed"],
  ["value.", "bad-signature"],
  [".", "bad-signature"],
  ["value.null", "bad-signature"],
  ["x".repeat(1_000_001), "too-long"],
  ["\ud800.AAAA", "malformed"],
])("what was never signed is refused: %.20j is %s", (text, reason) => {
  expect(signer.check(text)).toEqual({ ok: false, reason })
  expect(signer.unsign(text)).toBe(undefined)
  expect(signer.validate(text)).toBe(false)
})

test("no text that a client can send makes it throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab.-_=\0é\ud800€".split("")) }), (text) => {
      expect(signer.unsign(text)).toBe(undefined)
    }),
  )
  for (const value of [undefined, null, 7, {}]) expect(signer.unsign(value as unknown as string)).toBe(undefined)
})

test("an unsigned value is never taken, with any text for the signature", () => {
  for (const signature of ["", "none", "null", "undefined", "AAAAAAAAAAAAAAAAAAAAAAAAAAA"]) {
    expect(signer.unsign(`value.${signature}`)).toBe(undefined)
  }
})

test("salt, derivation, digest, separator and key belong to the signature", () => {
  const others = [
    new Signer(OLD),
    new Signer(KEY, { salt: "other" }),
    new Signer(KEY, { keyDerivation: "hmac" }),
    new Signer(KEY, { digestMethod: "sha256" }),
  ]
  for (const other of others) {
    expect(other.unsign(signer.sign("value"))).toBe(undefined)
    expect(other.unsign(other.sign("value"))).toBe("value")
  }
  expect(new Signer(KEY, { sep: ":" }).sign("a.b")).toMatch(/^a\.b:[\w-]{27}$/)
})

describe("keys", () => {
  test("the last one signs, all are accepted, and it is told when an older one has signed", () => {
    const both = new Signer([OLD, KEY])
    expect(both.sign("value")).toBe(signer.sign("value"))
    expect(both.check(new Signer(OLD).sign("value"))).toEqual({ ok: true, value: "value", newestKey: false })
    expect(both.check(signer.sign("value"))).toEqual({ ok: true, value: "value", newestKey: true })
    expect(signer.unsign(new Signer(OLD).sign("value"))).toBe(undefined)
  })

  test("fallbacks accept what was signed in another way, and only that", () => {
    const before = new Signer(KEY, { salt: "purpose" })
    const now = new Signer(KEY, { salt: "purpose", digestMethod: "sha512", fallbacks: [{ digestMethod: "sha1" }] })
    expect(now.check(before.sign("value"))).toEqual({ ok: true, value: "value", newestKey: false })
    expect(now.check(now.sign("value"))).toEqual({ ok: true, value: "value", newestKey: true })
    expect(now.unsign(signer.sign("value"))).toBe(undefined)
  })

  test.each(["", "x", "fifteen bytes..", new Uint8Array(15)])("a key of less than 16 bytes is refused: %j", (key) => {
    expect(() => new Signer(key)).toThrow(RangeError)
    expect(() => new Signer([KEY, key])).toThrow(/node -p "crypto\.randomBytes\(32\)/)
  })

  test("the message does not show the key", () => {
    expect(() => new Signer("geheim")).toThrow(/^(?!.*geheim)/)
  })

  test("bytes count, not characters", () => {
    expect(() => new Signer("é".repeat(8))).not.toThrow()
    expect(() => new Signer(new Uint8Array(16))).not.toThrow()
  })

  test("a key in bytes may be overwritten afterwards", () => {
    const bytes = new Uint8Array(16).fill(7)
    const own = new Signer(bytes, { keyDerivation: "none" })
    const signed = own.sign("value")
    bytes.fill(0)
    expect(own.sign("value")).toBe(signed)
  })

  test.each([undefined, null, [], 7, [undefined], { length: 1 }])("no key at all is a TypeError: %j", (key) => {
    expect(() => new Signer(key as unknown as string)).toThrow(TypeError)
  })
})

test.each([
  { sep: "" },
  { sep: "a" },
  { sep: "-" },
  { sep: "=" },
  { maxLength: 0 },
  { maxLength: Number.NaN },
  { digestMethod: "md5" },
  { digestMethod: "none" },
  { digestMethod: "toString" },
  { keyDerivation: "pbkdf2" },
])("an option that is none is refused at once: %j", (options) => {
  expect(() => new Signer(KEY, options as object)).toThrow(RangeError)
})

test("what can't be told apart in UTF-8 is not signed", () => {
  expect(() => signer.sign("\ud800")).toThrow(TypeError)
  expect(() => signer.sign(7 as unknown as string)).toThrow(TypeError)
})

test("what would be too long to be read is not signed", () => {
  const short = new Signer(KEY, { maxLength: 40 })
  expect(short.unsign(short.sign("x".repeat(12)))).toBe("x".repeat(12))
  expect(() => short.sign("x".repeat(13))).toThrow(RangeError)
  expect(short.check(signer.sign("x".repeat(13)))).toEqual({ ok: false, reason: "too-long" })
})

test("time grows with the length of the text, for every text", async () => {
  for (const unit of [".", "a", "a.", "é", "\ud800"]) {
    await expectLinear(
      (length) => {
        const text = unit.repeat(length / unit.length)
        return () => signer.unsign(text)
      },
      16_384,
      JSON.stringify(unit),
    )
  }
})
