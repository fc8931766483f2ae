// Tokens move between Python's itsdangerous, Flask's sessions and this room, in both directions.

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { SafeHtml } from "../../src/http/html.ts"
import { Signer, type SignerOptions } from "../../src/signing/signer.ts"
import { taggedJson } from "../../src/signing/tagged-json.ts"
import { TimestampSigner } from "../../src/signing/timestamp-signer.ts"
import { URLSafeSerializer } from "../../src/signing/url-safe-serializer.ts"
import { URLSafeTimedSerializer } from "../../src/signing/url-safe-timed-serializer.ts"
import { pythons, readWith, recordWith, type Token, type Vectors, vectors } from "./python.ts"

beforeAll(() => void vi.useFakeTimers({ now: vectors.now * 1000, toFake: ["Date"] }))
afterAll(() => void vi.useRealTimers())

const makers = {
  signer: (secret: string, options: SignerOptions) => new Signer(secret, options),
  timestamp: (secret: string, options: SignerOptions) => new TimestampSigner(secret, options),
  urlSafe: (secret: string, options: SignerOptions) => new URLSafeSerializer(secret, options),
  urlSafeTimed: (secret: string, options: SignerOptions) => new URLSafeTimedSerializer(secret, options),
}

const sessionTokens = (secret: string) =>
  new URLSafeTimedSerializer(secret, { salt: "cookie-session", keyDerivation: "hmac", serializer: taggedJson })

/** Types that JSON has not, as the Python program writes them. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return { date: value.toISOString() }
  if (value instanceof Uint8Array) return { bytes: [...value] }
  if (value instanceof SafeHtml) return { html: String(value) }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function rich(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rich)
  if (typeof value !== "object" || value === null) return value
  const { date, bytes, html } = value as { date?: string; bytes?: number[]; html?: string }
  if (date !== undefined) return new Date(date)
  if (bytes !== undefined) return Uint8Array.from(bytes)
  if (html !== undefined) return new SafeHtml(html)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rich(item)]))
}

const isCompressed = (token: string) => token.startsWith(".")

function expectToRead(made: Vectors): void {
  for (const kind of ["signer", "timestamp"] as const) {
    for (const [secret, options, text, token] of made[kind]) {
      expect(makers[kind](secret, options).unsign(token), token).toBe(text)
      // The very same token is made here.
      expect(makers[kind](secret, options).sign(text)).toBe(token)
    }
  }
  for (const kind of ["urlSafe", "urlSafeTimed"] as const) {
    for (const [secret, options, value, token] of made[kind]) {
      const serializer = makers[kind](secret, options)
      expect(serializer.loads(token), token).toEqual(value)
      const own = serializer.dumps(value)
      // zlib may be another one; whether it is used at all is decided in the same way.
      if (isCompressed(token)) expect(isCompressed(own)).toBe(true)
      else expect(own).toBe(token)
    }
  }
  for (const [secret, value, token] of made.flask) {
    const loaded = sessionTokens(secret).loads(token, { maxAge: 0 })
    expect(plain(loaded), token).toEqual(value)
  }
}

test("what Python has signed is read here, and signed here in the same way", () => {
  expectToRead(vectors)
  expect(vectors.urlSafe.filter(([, , , token]) => isCompressed(token)).length).toBeGreaterThan(2)
})

test("a key named __proto__ that Python has signed is a key", () => {
  const [secret, options, , token] = vectors.urlSafe.find(
    ([, , value]) => Object.keys((value ?? {}) as object)[0] === "__proto__",
  ) as Vectors["urlSafe"][number]
  const loaded = new URLSafeSerializer<object>(secret, options).loads(token) as object
  expect(Object.keys(loaded)).toEqual(["__proto__", "constructor"])
  expect(Object.getPrototypeOf(loaded)).toBe(Object.prototype)
})

describe.skipIf(pythons.length === 0)("a live Python", () => {
  test.each(pythons)("%s makes what is read here", (python) => {
    expectToRead(recordWith(python))
  })

  test.each(pythons)("%s reads what is made here", (python) => {
    const tokens: Token[] = []
    const expected: unknown[] = []
    for (const kind of ["signer", "timestamp"] as const) {
      for (const [secret, options, text] of vectors[kind]) {
        tokens.push([kind, secret, options, makers[kind](secret, options).sign(text)])
        expected.push({ value: text })
      }
    }
    for (const kind of ["urlSafe", "urlSafeTimed"] as const) {
      for (const [secret, options, value] of vectors[kind]) {
        tokens.push([kind, secret, options, makers[kind](secret, options).dumps(value)])
        expected.push({ value })
      }
    }
    for (const [secret, value] of vectors.flask) {
      tokens.push(["flask", secret, {}, sessionTokens(secret).dumps(rich(value))])
      expected.push({ value })
    }
    expect(readWith(python, tokens)).toEqual(expected)
  })

  test.each(pythons)("%s refuses what is refused here", (python) => {
    const token = new URLSafeTimedSerializer("a key of at least 16 bytes").dumps({ user: 1 })
    const kinds: Token[] = [
      ["urlSafeTimed", "another key of 16 bytes", {}, token],
      ["urlSafeTimed", "a key of at least 16 bytes", { salt: "other" }, token],
      ["urlSafeTimed", "a key of at least 16 bytes", {}, `A${token}`],
      ["flask", "a key of at least 16 bytes", {}, token],
    ]
    for (const [index, { error }] of readWith(python, kinds).entries()) expect(error, String(index)).toMatch(/^Bad/)
  })
})
