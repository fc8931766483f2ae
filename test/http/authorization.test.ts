import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  dumpBasic,
  dumpCredentials,
  parseBasic,
  parseChallenges,
  parseCredentials,
} from "../../src/http/authorization.ts"

describe("credentials", () => {
  test.each<[string, string, Record<string, string | undefined>, string | undefined]>([
    ["Basic QWxhZGRpbg==", "basic", {}, "QWxhZGRpbg=="],
    ["BEARER mF_9.B5f-4.1JqM", "bearer", {}, "mF_9.B5f-4.1JqM"],
    ["Bearer", "bearer", {}, ""],
    ["  Negotiate   YII=  ", "negotiate", {}, "YII="],
    [
      'Digest username="a \\"b\\"", uri="/a,b", nc=00000001',
      "digest",
      { username: 'a "b"', uri: "/a,b", nc: "00000001" },
      undefined,
    ],
    ["Digest username*=UTF-8''J%C3%A4s%C3%B8n", "digest", { username: "Jäsøn" }, undefined],
    [
      "Custom a=1, a=2, __proto__=3",
      "custom",
      Object.fromEntries([
        ["a", "2"],
        ["__proto__", "3"],
      ]),
      undefined,
    ],
  ])("%s: %s, %j, token %j", (text, scheme, parameters, token) => {
    expect(parseCredentials(text)).toEqual({ scheme, parameters: new Map(Object.entries(parameters)), token })
  })

  test("nothing is nothing", () => {
    expect(parseCredentials(undefined)).toBeUndefined()
    expect(parseCredentials("  ")).toBeUndefined()
  })

  test("parameters and tokens come back", () => {
    const scheme = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
    const key = fc.stringMatching(/^[a-z]{1,8}$/)
    const value = fc.string({ unit: fc.constantFrom(...'ab,"\\ ;=é'.split("")) })
    const entries = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, minLength: 1 })
    fc.assert(
      fc.property(scheme, entries, (name, list) => {
        const parameters = new Map(list)
        expect(parseCredentials(dumpCredentials({ scheme: name, parameters }))).toEqual({
          scheme: name,
          parameters,
          token: undefined,
        })
      }),
    )
    fc.assert(
      fc.property(scheme, fc.stringMatching(/^[a-zA-Z0-9._~+/-]{1,20}={0,2}$/), (name, token) => {
        expect(parseCredentials(dumpCredentials({ scheme: name, token }))).toEqual({
          scheme: name,
          parameters: new Map(),
          token,
        })
      }),
    )
  })

  test("a Digest challenge has its strings in quotes", () => {
    const parameters = new Map([
      ["realm", "r"],
      ["nonce", "n"],
      ["stale", "true"],
      ["qop", "auth"],
    ])
    expect(dumpCredentials({ scheme: "Digest", parameters }, { digestChallenge: true })).toBe(
      'Digest realm="r", nonce="n", stale=true, qop="auth"',
    )
  })

  test.each([
    "Bearer  tok en",
    "Bearer tök",
    "a@b c",
    "Bearer\ttoken",
    'Digest qop="auth',
    "Digest a b=c",
    "Digest =x",
    "Digest a**=b",
    "Digest a*=UTF-8''%0D%0A",
    'Digest a="\u20ac"',
    "@",
  ])("%j is malformed", (text) => {
    expect(parseCredentials(text)).toBeUndefined()
  })

  test("a parameter beyond Latin-1 is an extended value", () => {
    const text = "Digest realm*=UTF-8''%E2%82%AC"
    const value = parseCredentials(text)
    expect(value?.parameters.get("realm")).toBe("€")
    expect(dumpCredentials({ ...value, scheme: "Digest" })).toBe(text)
    expect(dumpCredentials({ ...value, scheme: "Digest" }, { digestChallenge: true })).toBe(text)
  })

  test("what would break out of the header is refused", () => {
    expect(() => dumpCredentials({ scheme: "a b" })).toThrow(TypeError)
    expect(() => dumpCredentials({ scheme: "Bearer", token: "a\r\nb" })).toThrow(TypeError)
    expect(() => dumpCredentials({ scheme: "Bearer", token: "a b" })).toThrow(TypeError)
    expect(() => dumpCredentials({ scheme: "Basic", parameters: new Map([["a b", "c"]]) })).toThrow(TypeError)
    expect(dumpCredentials({ scheme: "Basic", parameters: new Map([["realm", 'a", error="b']]) })).toBe(
      'Basic realm="a\\", error=\\"b"',
    )
  })
})

describe("challenges", () => {
  test("one header may hold several", () => {
    // RFC 9110 section 11.6.1
    const text = 'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"'
    expect(parseChallenges(text)).toEqual([
      {
        scheme: "newauth",
        parameters: new Map([
          ["realm", "apps"],
          ["type", "1"],
          ["title", 'Login to "apps"'],
        ]),
        token: undefined,
      },
      { scheme: "basic", parameters: new Map([["realm", "simple"]]), token: undefined },
    ])
  })

  test.each<[string, string[]]>([
    ["", []],
    ["Negotiate", ["negotiate"]],
    ["Negotiate, NTLM", ["negotiate", "ntlm"]],
    ['Negotiate abc==, Basic realm = "x" , charset=UTF-8', ["negotiate", "basic"]],
    ['Basic realm="x, Digest y"', ["basic"]],
    ['Digest qop="auth', ["digest"]],
  ])("%j has the schemes %j", (text, schemes) => {
    expect(parseChallenges(text).map(({ scheme }) => scheme)).toEqual(schemes)
  })
})

describe("Basic", () => {
  test.each<[string, string, string]>([
    ["QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"],
    ["w7xzZXI6cMOkc3M=", "üser", "päss"],
    ["YTpiOmM=", "a", "b:c"],
    ["dXNlcjpwYXNz====", "user", "pass"],
  ])("%s is %s and %s", (token, username, password) => {
    expect(parseBasic(token)).toEqual({ username, password })
  })

  test.each([
    "",
    "dXNlcg==",
    "!!!!",
    "dXN*lcjpw",
    "dXNlcjpwYXN",
    "dXNl cjpwYXNz",
    "dXNlcjpw_XNz",
    "//46eA==",
    "YQ",
    "A",
    "====".concat("a"),
    // RFC 7617 section 2: "user:pa\nss", "user:\0", "us\x7fer:pass"
    "dXNlcjpwYQpzcw==",
    "dXNlcjoA",
    "dXN/ZXI6cGFzcw==",
  ])("%j gives no user", (token) => {
    expect(parseBasic(token)).toBeUndefined()
  })

  test("user and password come back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (name, password) => {
        const username = name.replaceAll(":", "")
        if (/[\x00-\x1f\x7f]/.test(username + password)) {
          expect(() => dumpBasic({ username, password })).toThrow(TypeError)
        } else expect(parseBasic(dumpBasic({ username, password }))).toEqual({ username, password })
      }),
    )
    expect(() => dumpBasic({ username: "a:b", password: "" })).toThrow(TypeError)
    expect(() => dumpBasic({ username: "a", password: "b\r\nc" })).toThrow(TypeError)
  })
})
