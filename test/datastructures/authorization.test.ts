import fc from "fast-check"
import { describe, expect, expectTypeOf, test } from "vitest"
import { Authorization } from "../../src/datastructures/authorization.ts"

const basic = (username: string, password: string) => new Authorization("basic", { parameters: { username, password } })

describe("Authorization", () => {
  test("takes user and password out of Basic", () => {
    const auth = Authorization.fromHeader("BASIC QWxhZGRpbjpvcGVuIHNlc2FtZTp4")
    expect(auth?.type).toBe("basic")
    expect(auth?.username).toBe("Aladdin")
    expect(auth?.password).toBe("open sesame:x")
    expect(auth?.token).toBeUndefined()
    expect(auth?.get("username")).toBe("Aladdin")
    expect(auth?.has("realm")).toBe(false)
    expect(auth?.get("realm", { default: "none" })).toBe("none")
  })

  test("keeps the token of other schemes", () => {
    const auth = Authorization.fromHeader("Bearer mF_9.B5f-4.1JqM==")
    expect(auth?.type).toBe("bearer")
    expect(auth?.token).toBe("mF_9.B5f-4.1JqM==")
    expect(auth?.parameters.size).toBe(0)
    expect(auth?.username).toBeUndefined()
  })

  test("keeps the parameters of other schemes", () => {
    const auth = Authorization.fromHeader(
      `Digest username="Mufasa \\"x\\"", uri="/a,b", qop=auth, nc=00000001, username*=UTF-8''J%C3%A4s%C3%B8n, userhash`,
    )
    expect(auth?.username).toBe("Jäsøn")
    expect(auth?.get("uri")).toBe("/a,b")
    expect(auth?.get("nc", { type: (text) => Number(text) })).toBe(1)
    expect(auth?.has("userhash")).toBe(true)
    expect(auth?.get("userhash")).toBeUndefined()
  })

  // Reliability: whatever is malformed is no credentials at all.
  test.each([
    undefined,
    "",
    " ",
    "Basic",
    "Basic ",
    "Basic=dXNlcjpwYXNz",
    "Basic !!!!",
    "Basic dXNlcg==", // no colon
    "Basic dXNlcjpwYXN", // no padding
    "Basic dXNlcjpw_XNz",
    "Basic dXNl cjpwYXNz",
    "Basic //46eA==", // no UTF-8
    "Basic username=x",
    "Bas\u0000ic x",
    '"Basic" x',
  ])("gives nothing for %j", (text) => {
    expect(Authorization.fromHeader(text)).toBeUndefined()
  })

  test("takes inherited names for ordinary parameters", () => {
    const auth = Authorization.fromHeader('Digest __proto__="1", constructor=2')
    expect(auth?.get("__proto__")).toBe("1")
    expect(auth?.get("constructor")).toBe("2")
    expect(auth?.get("toString")).toBeUndefined()
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined()
  })

  test.each([
    ["Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz"],
    ["basic  w7xzZXI6cMOkc3M= ", "Basic w7xzZXI6cMOkc3M="],
    ["Bearer abc=", "Bearer abc="],
    ["aws4-hmac-sha256 Credential=a/b, Signature=x", 'Aws4-Hmac-Sha256 Credential="a/b", Signature=x'],
    ["Negotiate", "Negotiate"],
  ])("%j is written as %j", (text, written) => {
    expect(Authorization.fromHeader(text)?.toHeader()).toBe(written)
    expect(String(Authorization.fromHeader(text))).toBe(written)
  })

  test("keeps the scheme as it was given, and writes it in the usual case", () => {
    for (const [type, written] of [
      ["Bearer", "Bearer t"],
      ["BEARER", "Bearer t"],
      ["x-OWN", "X-Own t"],
    ] as const) {
      const auth = new Authorization(type, { token: "t" })
      expect([auth.type, auth.toHeader()]).toEqual([type, written])
    }
    expect(new Authorization("BASIC", { parameters: { username: "user", password: "pass" } }).toHeader()).toBe(
      "Basic dXNlcjpwYXNz",
    )
    expect(Authorization.fromHeader("BEARER t")?.type).toBe("bearer")
  })

  test("equals the same credentials", () => {
    expect(basic("a", "b").equals(new Authorization("basic", { parameters: { password: "b", username: "a" } }))).toBe(
      true,
    )
    expect(basic("a", "b").equals(new Authorization("Basic", { parameters: { username: "a", password: "b" } }))).toBe(
      false,
    )
    expect(basic("a", "b").equals(basic("a", "c"))).toBe(false)
    expect(basic("a", "b").equals(new Authorization("digest", { parameters: { username: "a", password: "b" } }))).toBe(
      false,
    )
    expect(new Authorization("bearer", { token: "a" }).equals(new Authorization("bearer", { token: "b" }))).toBe(false)
    expect(basic("a", "b").equals("Basic YTpi")).toBe(false)
  })

  test("throws for what cannot stand in a header", () => {
    expect(() => new Authorization("a b")).toThrow(TypeError)
    expect(() => basic("a:b", "c").toHeader()).toThrow(TypeError)
    expect(() => new Authorization("bearer", { token: "a\r\nb" }).toHeader()).toThrow(TypeError)
    expect(() => new Authorization("digest", { parameters: { realm: "a\r\nb: c" } }).toHeader()).toThrow(TypeError)
    expect(() => new Authorization("digest", { parameters: { "a b": "c" } }).toHeader()).toThrow(TypeError)
  })

  test("reads what it wrote", () => {
    const password = fc.string({ unit: "grapheme" })
    const username = password.map((text) => text.replaceAll(":", ""))
    fc.assert(
      fc.property(username, password, (user, word) => {
        const auth = basic(user, word)
        expect(Authorization.fromHeader(auth.toHeader())?.equals(auth)).toBe(true)
      }),
    )
    const name = fc.stringMatching(/^[a-z_]{1,6}$/)
    const value = fc.string({ unit: fc.constantFrom(...'ab ,;="\\\u00e9'.split("")) })
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { minLength: 1 }), (pairs) => {
        const auth = new Authorization("digest", { parameters: pairs })
        expect(Authorization.fromHeader(auth.toHeader())?.equals(auth)).toBe(true)
      }),
    )
  })

  test("types tell that everything may be missing", () => {
    expectTypeOf(Authorization.fromHeader("")).toEqualTypeOf<Authorization | undefined>()
    expectTypeOf(basic("a", "b").username).toEqualTypeOf<string | undefined>()
    expectTypeOf(basic("a", "b").get("x")).toEqualTypeOf<string | undefined>()
  })
})
