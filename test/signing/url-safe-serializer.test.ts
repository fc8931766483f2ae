import fc from "fast-check"
import { describe, expect, expectTypeOf, test, vi } from "vitest"
import { Signer } from "../../src/signing/signer.ts"
import { URLSafeSerializer } from "../../src/signing/url-safe-serializer.ts"
import { URLSafeTimedSerializer } from "../../src/signing/url-safe-timed-serializer.ts"

const KEY = "a key of at least 16 bytes"
const kinds = [
  ["URLSafeSerializer", URLSafeSerializer],
  ["URLSafeTimedSerializer", URLSafeTimedSerializer],
] as const

describe.each(kinds)("%s", (_name, Kind) => {
  const tokens = new Kind(KEY, { salt: "test" })

  test("any value of JSON comes back, in characters that need no escape in a URL", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const token = tokens.dumps(value)
        expect(token).toMatch(/^[\w.-]+$/)
        expect(tokens.loads(token)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test("what repeats is compressed", () => {
    const token = tokens.dumps("x".repeat(10_000))
    expect(token).toMatch(/^\./)
    expect(token.length).toBeLessThan(200)
    expect(tokens.loads(token)).toBe("x".repeat(10_000))
  })

  test("a token that was changed in any place gives nothing", () => {
    const token = tokens.dumps({ user: 7 })
    for (let index = 0; index < token.length; index++) {
      for (const character of "A7._=-\0é") {
        const changed = token.slice(0, index) + character + token.slice(index + 1)
        if (changed !== token) expect(tokens.loads(changed), changed).toBe(undefined)
      }
      expect(tokens.loads(token.slice(0, index))).toBe(undefined)
    }
  })

  test("no text makes it throw", () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab.-_=\0é\ud800".split("")) })
    fc.assert(fc.property(text, (token) => void expect(tokens.loads(token)).toBe(undefined)))
    expect(tokens.check("x".repeat(2_000_000))).toEqual({ ok: false, reason: "too-long" })
  })

  test("tokens of another salt are none", () => {
    expect(new Kind(KEY, { salt: "other" }).loads(tokens.dumps(1))).toBe(undefined)
    expect(new Kind(KEY).loads(tokens.dumps(1))).toBe(undefined)
  })

  test("a value that JSON does not know is refused when it is signed", () => {
    for (const value of [undefined, () => 1, Symbol("x")]) expect(() => tokens.dumps(value)).toThrow(TypeError)
    expect(() => tokens.dumps(1n)).toThrow(TypeError)
  })

  test("what an old key has signed is read, and said to be old", () => {
    const old = new Kind("an older key of 16 bytes").dumps("x")
    expect(new Kind(["an older key of 16 bytes", KEY]).check(old)).toMatchObject({ ok: true, newestKey: false })
  })

  test("values have the type that was said", () => {
    const typed = new Kind<{ user: number }>(KEY)
    expectTypeOf(typed.loads("")).toEqualTypeOf<{ user: number } | undefined>()
    // @ts-expect-error a user is a number
    typed.dumps({ user: "7" })
  })
})

test("a payload that is none gives nothing, though its signature is right", () => {
  const signer = new Signer(KEY, { salt: "itsdangerous" })
  const tokens = new URLSafeSerializer(KEY)
  // Not base64, not JSON, not UTF-8, not zlib, cut zlib.
  for (const payload of ["!", "A", "eA", "_w", ".eA", ".eJyrrgUAAXUA", "..", ""]) {
    expect(tokens.check(signer.sign(payload)), payload).toEqual({ ok: false, reason: "bad-payload" })
  }
})

test("what gets larger than maxLength when it is decompressed gives nothing", () => {
  const token = new URLSafeSerializer(KEY).dumps("x".repeat(500_000))
  expect(token.length).toBeLessThan(1000)
  expect(new URLSafeSerializer(KEY, { maxLength: 1000 }).check(token)).toEqual({ ok: false, reason: "bad-payload" })
})

test("JSON that is nested without end gives nothing or a value, and no error", () => {
  const token = new URLSafeSerializer(KEY, { serializer: { parse: JSON.parse, stringify: String } }).dumps(
    "[".repeat(100_000) + "]".repeat(100_000),
  )
  expect(() => new URLSafeSerializer(KEY).loads(token)).not.toThrow()
})

test("a token may have expired; without maxAge it never does", () => {
  vi.useFakeTimers({ now: 1e12, toFake: ["Date"] })
  try {
    const tokens = new URLSafeTimedSerializer(KEY)
    const token = tokens.dumps({ user: 7 })
    vi.setSystemTime(1e12 + 3_601_000)
    expect(tokens.loads(token, { maxAge: 3600 })).toBe(undefined)
    expect(tokens.check(token, { maxAge: 3600 })).toEqual({ ok: false, reason: "expired", signedAt: new Date(1e12) })
    expect(tokens.loads(token)).toEqual({ user: 7 })
    expect(() => tokens.loads(token, { maxAge: Number.NaN })).toThrow(RangeError)
  } finally {
    vi.useRealTimers()
  }
})

test("a token without a time is none with one, and the other way round", () => {
  const [plain, timed] = [new URLSafeSerializer(KEY), new URLSafeTimedSerializer(KEY)]
  expect(timed.loads(plain.dumps(1))).toBe(undefined)
  expect(plain.loads(timed.dumps(1))).toBe(undefined)
})
