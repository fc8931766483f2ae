import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { Signer } from "../../src/signing/signer.ts"
import { TimestampSigner } from "../../src/signing/timestamp-signer.ts"

const KEY = "a key of at least 16 bytes"
const signer = new TimestampSigner(KEY)
const NOW = 1_790_000_000
const at = (seconds: number) => vi.setSystemTime(seconds * 1000)

beforeEach(() => void vi.useFakeTimers({ now: NOW * 1000, toFake: ["Date"] }))
afterEach(() => void vi.useRealTimers())

test("a token is good until its age is above maxAge", () => {
  const signed = signer.sign("value")
  at(NOW + 60)
  expect(signer.unsign(signed, { maxAge: 60 })).toBe("value")
  at(NOW + 61)
  expect(signer.unsign(signed, { maxAge: 60 })).toBe(undefined)
  expect(signer.validate(signed, { maxAge: 60 })).toBe(false)
  expect(signer.check(signed, { maxAge: 60 })).toEqual({
    ok: false,
    reason: "expired",
    signedAt: new Date(NOW * 1000),
  })
  expect(signer.unsign(signed)).toBe("value")
})

test("it tells when it was signed", () => {
  expect(signer.check(signer.sign("value"))).toEqual({
    ok: true,
    value: "value",
    signedAt: new Date(NOW * 1000),
    newestKey: true,
  })
})

test("a token from the future is refused with and without maxAge; another machine's clock may be a minute ahead", () => {
  at(NOW + 60)
  const near = signer.sign("value")
  at(NOW + 61)
  const far = signer.sign("value")
  at(NOW)
  expect(signer.unsign(near, { maxAge: 0 })).toBe("value")
  for (const options of [{}, { maxAge: 1e9 }]) {
    expect(signer.check(far, options)).toMatchObject({ ok: false, reason: "future" })
  }
})

test.each([-1, Number.NaN, "x"])("maxAge %j would let everything through, so it throws", (maxAge) => {
  expect(() => signer.unsign(signer.sign("value"), { maxAge: maxAge as number })).toThrow(RangeError)
})

test("a signature without a time, or with one that is none, gives nothing", () => {
  const plain = new Signer(KEY)
  for (const value of ["value", "value.", "value.!", "value.A", `value.${"_".repeat(11)}`, "value.AAAAAAAAAAAAA"]) {
    const verdict = signer.check(plain.sign(value))
    // An empty timestamp is the year 1970.
    if (value === "value.") expect(verdict).toMatchObject({ ok: true, signedAt: new Date(0) })
    else expect(verdict, value).toEqual({ ok: false, reason: "malformed" })
  }
})

test("nothing of the time can be changed", () => {
  const [value, , signature] = signer.sign("value").split(".")
  at(NOW + 100)
  const later = signer.sign("value").split(".")[1]
  expect(signer.check(`${value}.${later}.${signature}`)).toEqual({ ok: false, reason: "bad-signature" })
})

test("a subclass may have another clock; one that is none throws", () => {
  class Frozen extends TimestampSigner {
    seconds = 0
    override getTimestamp(): number {
      return this.seconds
    }
  }
  const frozen = new Frozen(KEY)
  expect(frozen.unsign(frozen.sign("value"), { maxAge: 0 })).toBe("value")
  frozen.seconds = 2 ** 40
  expect(frozen.check(frozen.sign("value"))).toMatchObject({ signedAt: new Date(2 ** 40 * 1000) })
  for (const seconds of [-1, 0.5, Number.NaN, 1e14]) {
    frozen.seconds = seconds
    expect(() => frozen.sign("value")).toThrow(RangeError)
  }
})
