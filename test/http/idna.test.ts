import { domainToASCII, domainToUnicode } from "node:url"
import fc from "fast-check"
import { expect, test } from "vitest"
import { hostToAscii, hostToUnicode } from "../../src/http/idna.ts"

test.each([
  ["example.com", "example.com"],
  ["EXAMPLE.com.", "example.com."],
  ["bücher.example", "xn--bcher-kva.example"],
  ["BÜCHER.example", "xn--bcher-kva.example"],
  ["☃.net", "xn--n3h.net"],
  ["faß.de", "xn--fa-hia.de"],
  ["日本語。jp", "xn--wgv71a119e.jp"],
  ["ex_ämple.a", "xn--ex_mple-7wa.a"],
  ["１２７.ä", "127.xn--4ca"],
  ["", ""],
])("%s is %s in ASCII", (host, ascii) => {
  expect(hostToAscii(host)).toBe(ascii)
})

test.each([
  "ü/x",
  "ü@x",
  "ü:80",
  "ü x",
  "ü\\x",
  "ü\tx",
  "ü?x",
  "ü#x",
  "ü%41",
  "\u2100.a",
  "\u00adü\u0000",
  `${"ü".repeat(300)}.a`,
])("%j is refused", (host) => {
  expect(() => hostToAscii(host)).toThrow(TypeError)
})

test.each([
  ["xn--n3h.net", "☃.net"],
  ["XN--BCHER-KVA.example", "bücher.example"],
  ["a.xn--4ca.b", "a.ä.b"],
  // not Punycode, not canonical, or nothing but ASCII
  ["xn--bad-.example", "xn--bad-.example"],
  ["xn--.example", "xn--.example"],
  ["xn--a.example", "xn--a.example"],
  ["xn--example-.a", "xn--example-.a"],
  ["xn--\u00fc.a", "xn--\u00fc.a"],
  ["xn--99999999999.a", "xn--99999999999.a"],
])("%s is %s for people", (host, text) => {
  expect(hostToUnicode(host)).toBe(text)
})

test("names of letters come back, as the platform has them", () => {
  const label = fc.string({ unit: fc.constantFrom(..."abc0äöüßéñ日本語дляαβγ".split("")), minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
      const host = `${labels.join(".")}.example`
      const ascii = hostToAscii(host)
      expect(ascii).toBe(domainToASCII(host))
      expect(hostToUnicode(ascii)).toBe(domainToUnicode(ascii))
      expect(hostToAscii(hostToUnicode(ascii))).toBe(ascii)
    }),
  )
})

test("all that a label decodes to encodes to the same label", () => {
  const label = fc
    .string({ unit: fc.constantFrom(..."abcz019-".split("")), maxLength: 20 })
    .map((text) => `xn--${text}.a`)
  fc.assert(fc.property(label, (host) => hostToAscii(hostToUnicode(host)) === host))
})
