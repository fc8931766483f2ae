import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { quoteHeaderValue } from "../../src/http/tokens.ts"
import {
  forwardedAddress,
  forwardedHost,
  forwardedPort,
  forwardedPrefix,
  forwardedScheme,
  parseForwarded,
} from "../../src/middleware/forwarded.ts"

const plain = (text: string) => parseForwarded(text)?.map((element) => Object.fromEntries(element))

describe("Forwarded", () => {
  test.each([
    // RFC 7239 section 4
    ['for="_gazonk"', [{ for: "_gazonk" }]],
    ['For="[2001:db8:cafe::17]:4711"', [{ for: "[2001:db8:cafe::17]:4711" }]],
    ["for=192.0.2.60;proto=http;by=203.0.113.43", [{ for: "192.0.2.60", proto: "http", by: "203.0.113.43" }]],
    ["for=192.0.2.43, for=198.51.100.17", [{ for: "192.0.2.43" }, { for: "198.51.100.17" }]],
    ['for=a,for="b";host="c,d;e"', [{ for: "a" }, { for: "b", host: "c,d;e" }]],
    ['for="127.0.0.1;host=evil;proto=https"', [{ for: "127.0.0.1;host=evil;proto=https" }]],
    ['for="a\\"b"', [{ for: 'a"b' }]],
    ["for=a ; proto=b \t,\t for=c", [{ for: "a", proto: "b" }, { for: "c" }]],
    ["for=a;;proto=b;", [{ for: "a", proto: "b" }]],
    ["for=a,,for=b,", [{ for: "a" }, { for: "b" }]],
    ["for=[::1]:80;host=a.test:8080", [{ for: "[::1]:80", host: "a.test:8080" }]],
    ["", []],
    [" , ;", []],
  ])("%j is %j", (text, elements) => {
    expect(plain(text)).toEqual(elements)
  })

  test.each([
    'for="1',
    'for="a',
    "for",
    "for=",
    "for= a",
    "for =a",
    "for=a b",
    'for="a"b',
    "=a",
    "for=a;for=b",
    "for=a/b",
    "for=a\u00a0",
  ])("%j is malformed", (text) => {
    expect(parseForwarded(text)).toBeUndefined()
  })

  test("what is dumped by the rules is parsed", () => {
    const name = fc.constantFrom("for", "by", "host", "proto", "secret", "__proto__")
    const value = fc.string({
      minLength: 1,
      unit: fc.integer({ min: 32, max: 126 }).map((c) => String.fromCharCode(c)),
    })
    const element = fc.uniqueArray(fc.tuple(name, value), { selector: ([each]) => each, minLength: 1 })
    fc.assert(
      fc.property(fc.array(element, { minLength: 1 }), (elements) => {
        const text = elements
          .map((pairs) => pairs.map(([key, each]) => `${key}=${quoteHeaderValue(each)}`).join(";"))
          .join(", ")
        expect(parseForwarded(text)?.map((found) => [...found])).toEqual(elements)
      }),
    )
  })

  test("all that a client sends is parsed or refused, and never an element made of the inside of quotes", () => {
    fc.assert(
      fc.property(fc.string(), (inside) => {
        const text = `for=${quoteHeaderValue(inside, { allowToken: false })}`
        const found = parseForwarded(text)
        if (found !== undefined) expect(found).toHaveLength(1)
      }),
    )
  })
})

test.each([
  ["192.0.2.1", "192.0.2.1"],
  [" 192.0.2.1 ", "192.0.2.1"],
  ["192.0.2.1:8080", "192.0.2.1"],
  ["192.0.2.1:_port", "192.0.2.1"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["[2001:db8::1]:4711", "2001:db8::1"],
  ["2001:db8::1", "2001:db8::1"],
  ["::ffff:10.0.0.1", "::ffff:10.0.0.1"],
  ["unknown", undefined],
  ["_hidden", undefined],
  ["[::1", undefined],
  ["[::1]x", undefined],
  ["[10.0.0.1]x", undefined],
  ["10.0.0.256", undefined],
  ["010.0.0.1", undefined],
  ["10.0.0.1:80:90", undefined],
  ["", undefined],
])("the address of %j is %j", (node, address) => {
  expect(forwardedAddress(node)).toBe(address)
})

test.each([
  ["http", "http"],
  ["HTTPS", "https"],
  ["wss", "https"],
  ["ws", "http"],
  ["ftp", undefined],
  ["java script", undefined],
  ["", undefined],
])("the scheme of %j is %j", (text, scheme) => {
  expect(forwardedScheme(text)).toBe(scheme)
})

test.each([
  ["a.test", ["a.test", undefined]],
  ["a.test:81", ["a.test", "81"]],
  ["[::1]", ["[::1]", undefined]],
  ["[::1]:81", ["[::1]", "81"]],
  ["::1", undefined],
  ["bad host", undefined],
  ["a.test:80@evil.test", undefined],
  ["a.test/x", undefined],
  ["x:y:z", undefined],
  ["", undefined],
])("the host of %j is %j", (text, host) => {
  expect(forwardedHost(text)).toEqual(host)
})

test.each([
  ["443", "443"],
  ["0", "0"],
  ["65535", "65535"],
  ["65536", undefined],
  ["-1", undefined],
  ["+1", undefined],
  ["1e3", undefined],
  ["٣", undefined],
  ["", undefined],
])("the port of %j is %j", (text, port) => {
  expect(forwardedPort(text)).toBe(port)
})

test.each([
  ["/app", "/app"],
  ["/app/", "/app"],
  ["/a/b", "/a/b"],
  ["/", ""],
  ["", ""],
  ["app", undefined],
  ["//evil.test", undefined],
  ["/\\evil.test", undefined],
  ["/app//", undefined],
  ["/../app", undefined],
  ["/a/.", undefined],
  ["/a?b", undefined],
  ["/a\tb", undefined],
])("the prefix of %j is %j", (text, prefix) => {
  expect(forwardedPrefix(text)).toBe(prefix)
})
