import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { WWWAuthenticate } from "../../src/datastructures/www-authenticate.ts"

describe("WWWAuthenticate", () => {
  test("holds a scheme with parameters or a token", () => {
    const basic = new WWWAuthenticate("Basic", { parameters: { realm: "a b" } })
    expect(basic.type).toBe("basic")
    expect(basic.get("realm")).toBe("a b")
    expect(basic.has("charset")).toBe(false)
    expect(basic.toHeader()).toBe('Basic realm="a b"')
    expect(new WWWAuthenticate("negotiate", { token: "abc==" }).toHeader()).toBe("Negotiate abc==")
    expect(new WWWAuthenticate().toHeader()).toBe("Basic")
    expect(new WWWAuthenticate("x-custom", { parameters: { a: null, b: "c" } }).toHeader()).toBe("X-Custom a, b=c")
  })

  test("quotes what Digest always quotes", () => {
    const parameters = {
      realm: "x",
      domain: "/",
      nonce: "n",
      opaque: "o",
      qop: "auth",
      algorithm: "MD5",
      stale: "FALSE",
    }
    expect(new WWWAuthenticate("digest", { parameters }).toHeader()).toBe(
      'Digest realm="x", domain="/", nonce="n", opaque="o", qop="auth", algorithm=MD5, stale=FALSE',
    )
  })

  test("tells its owner of each change", () => {
    const challenge = new WWWAuthenticate()
    const written: string[] = []
    challenge.onUpdate = (changed) => written.push(changed.toHeader())
    challenge.set("realm", "x")
    challenge.parameters.set("charset", "UTF-8")
    challenge.set("charset", null)
    expect(challenge.delete("nope")).toBe(false)
    challenge.type = "DIGEST"
    challenge.parameters = { nonce: "n" }
    challenge.parameters.set("qop", "auth")
    challenge.token = "t"
    challenge.token = undefined
    expect(written).toEqual([
      "Basic realm=x",
      "Basic realm=x, charset=UTF-8",
      "Basic realm=x",
      'Digest realm="x"',
      'Digest nonce="n"',
      'Digest nonce="n", qop="auth"',
      "Digest t",
      'Digest nonce="n", qop="auth"',
    ])
  })

  test("refuses what cannot stand in a header, and stays as it was", () => {
    const challenge = new WWWAuthenticate("basic", { parameters: { realm: "x" } })
    expect(() => challenge.set("realm", "a\r\nb: c")).toThrow(TypeError)
    expect(() => challenge.set("a b", "c")).toThrow(TypeError)
    expect(() => {
      challenge.type = "a b"
    }).toThrow(TypeError)
    expect(challenge.toHeader()).toBe("Basic realm=x")
    expect(() => new WWWAuthenticate("basic", { parameters: { realm: "\0" } }).toHeader()).toThrow(TypeError)
  })

  test.each([
    [undefined, []],
    ["", []],
    ["Basic", ["Basic"]],
    ['Basic realm="foo", charset="UTF-8"', ["Basic realm=foo, charset=UTF-8"]],
    ["Negotiate abc==", ["Negotiate abc=="]],
    [
      'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
      ['Newauth realm=apps, type=1, title="Login to \\"apps\\""', "Basic realm=simple"],
    ],
    ['Negotiate, Basic realm="a, b", Bearer', ["Negotiate", 'Basic realm="a, b"', "Bearer"]],
  ])("of %j it reads %j", (text, challenges) => {
    expect(WWWAuthenticate.allFromHeader(text).map(String)).toEqual(challenges)
    expect(WWWAuthenticate.fromHeader(text)?.toHeader()).toBe(challenges[0])
  })

  test("equals the same challenge", () => {
    const challenge = new WWWAuthenticate("basic", { parameters: { realm: "x" } })
    expect(challenge.equals(WWWAuthenticate.fromHeader("BASIC realm=x"))).toBe(true)
    expect(challenge.equals(new WWWAuthenticate("digest", { parameters: { realm: "x" } }))).toBe(false)
    expect(challenge.equals(new WWWAuthenticate())).toBe(false)
    expect(challenge.equals(undefined)).toBe(false)
  })

  test("several challenges in one header are read as they were written", () => {
    const name = fc.stringMatching(/^[a-z]{1,6}$/)
    const value = fc.string({ unit: fc.constantFrom(...'ab ,;="\\\u00e9'.split("")) })
    const challenge = fc
      .tuple(name, fc.array(fc.tuple(name, value), { minLength: 1 }))
      .map(([type, parameters]) => new WWWAuthenticate(type, { parameters }))
    fc.assert(
      fc.property(fc.array(challenge), (challenges) => {
        const text = challenges.map(String).join(", ")
        expect(WWWAuthenticate.allFromHeader(text).map(String)).toEqual(challenges.map(String))
      }),
    )
  })
})
