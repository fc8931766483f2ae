import fc from "fast-check"
import { describe, expect, expectTypeOf, test } from "vitest"
import { Accept, LanguageAccept, MIMEAccept } from "../../src/datastructures/accept.ts"

describe("Accept", () => {
  test.each([
    ["gzip;q=0.5, br;q=1.0", "br,gzip;q=0.5"],
    ["*, gzip;q=0.1", "gzip;q=0.1,*"],
    ["a;q=0.5, b;q=0.5, c;q=0.5", "a;q=0.5,b;q=0.5,c;q=0.5"],
    ["gzip;q=0.1, gzip", "gzip,gzip;q=0.1"],
    [",gzip,,br,", "gzip,br"],
    ["gzip;q=0.5;foo=bar", "gzip; foo=bar;q=0.5"],
    ['gzip;q="0.5"', "gzip;q=0.5"],
    ["gzip;Q=0.5", "gzip;q=0.5"],
    ["gzip;q=1.5", ""],
    ["gzip;q=-1", ""],
    ["gzip;q=.5", "gzip;q=0.5"],
    ["gzip;q=.", ""],
    ["gzip;q=1., br;q=0.", "gzip,br;q=0"],
    ["gzip;q=0.0000001", "gzip;q=0.0000001"],
    ["a ,;b", "a"],
    ['"a, b", c', "c"],
    ["gzip;q=+0.5", ""],
    ["gzip;q=0.5_1", ""],
    ["gzip;q=5e-1", ""],
    ["gzip;q=\u0661", ""],
    ['gzip, "br', ""],
  ])("%j is ordered as %j", (text, dumped) => {
    const accept = Accept.fromHeader(text)
    expect(accept.toHeader()).toBe(dumped)
    expect(accept.provided).toBe(true)
    expect(accept.size).toBe([...accept].length)
  })

  test.each([undefined, ""])("%j is no header, and nothing matches", (text) => {
    const accept = Accept.fromHeader(text)
    expect(accept.provided).toBe(false)
    expect(accept.best).toBeUndefined()
    expect(accept.quality("gzip")).toBe(0)
    expect(accept.bestMatch(["gzip"], "identity")).toBe("identity")
    expect(new Accept(accept).provided).toBe(false)
    expect(new Accept([]).provided).toBe(true)
  })

  test("looks values up in any case, and the star takes all", () => {
    const accept = Accept.fromHeader("gzip;q=0.5, BR, *;q=0.1")
    expect(accept.quality("GZIP")).toBe(0.5)
    expect(accept.quality("zstd")).toBe(0.1)
    expect(accept.has("br")).toBe(true)
    expect(accept.find("gzip")).toBe(1)
    expect(accept.index("zstd")).toBe(2)
    expect(accept.at(0)).toEqual(["BR", 1])
    expect(accept.at(9)).toBeUndefined()
    expect(accept.getOrThrow(-1)).toEqual(["*", 0.1])
    expect(() => accept.getOrThrow(9)).toThrow(RangeError)
    expect(accept.values()).toEqual(["BR", "gzip", "*"])
    expect(accept.best).toBe("BR")
    const narrow = Accept.fromHeader("gzip;q=0")
    expect(narrow.find("br")).toBe(-1)
    expect(() => narrow.index("br")).toThrow(RangeError)
    expect(narrow.has("gzip")).toBe(true)
  })

  test.each([
    ["gzip, br", ["br", "gzip"], "br"],
    ["gzip;q=0.5, br", ["gzip", "br"], "br"],
    ["gzip;q=0, *", ["gzip", "br"], "br"],
    ["gzip;q=0", ["gzip"], undefined],
    ["*;q=0", ["gzip"], undefined],
    ["*, gzip", ["br", "gzip"], "gzip"],
    ["gzip", [], undefined],
    ["gzip", ["br"], undefined],
    // RFC 9110 section 8.4.1.3
    ["x-gzip", ["br", "gzip"], "gzip"],
    ["gzip", ["X-Gzip"], "X-Gzip"],
    ["x-gzip;q=0, *", ["gzip", "br"], "br"],
    ["x-compress", ["compress"], "compress"],
  ])("of %j and %j the best is %j", (text, values, best) => {
    expect(Accept.fromHeader(text).bestMatch(values)).toBe(best)
  })

  test("refuses to write a quality that is none", () => {
    for (const quality of [5, -1, Number.NaN]) expect(() => new Accept([["a", quality]]).toHeader()).toThrow(RangeError)
    expect(() => new Accept([["a\r\nb", 1]]).toHeader()).toThrow(TypeError)
  })

  test("can't be changed", () => {
    const accept = Accept.fromHeader("a")
    for (const item of accept) expect(() => Object.assign(accept, { size: 5 })).toThrow(TypeError) ?? item
    expect([...accept]).toEqual([["a", 1]])
  })

  test("gives the type of what it was asked with", () => {
    const accept = Accept.fromHeader("a")
    expectTypeOf(accept.bestMatch(["a", "b"])).toEqualTypeOf<"a" | "b" | undefined>()
    expectTypeOf(accept.bestMatch(["a", "b"], null)).toEqualTypeOf<"a" | "b" | null>()
    expectTypeOf(MIMEAccept.fromHeader("a/b")).toEqualTypeOf<MIMEAccept>()
  })
})

describe("MIMEAccept", () => {
  const chrome = MIMEAccept.fromHeader(
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
  )

  test("puts the specific first, then the better", () => {
    expect(chrome.values()).toEqual([
      "application/signed-exchange; v=b3",
      "text/html",
      "application/xhtml+xml",
      "image/avif",
      "application/xml",
      "*/*",
    ])
    const rfc = "text/*;q=0.3, text/html;q=0.7, text/html;level=1, text/html;level=2;q=0.4, */*;q=0.5"
    expect(MIMEAccept.fromHeader(rfc).values()).toEqual([
      "text/html; level=1",
      "text/html; level=2",
      "text/html",
      "text/*",
      "*/*",
    ])
    expect(MIMEAccept.fromHeader("text/* ;level=1, text/html, *, x, */y").values()).toEqual([
      "text/html",
      "text/*; level=1",
      "x",
      "*/y",
      "*",
    ])
  })

  // RFC 9110 section 12.5.1
  test.each([
    ["text/html;level=1", 1],
    ["text/html", 0.7],
    ["text/plain", 0.3],
    ["image/jpeg", 0.5],
    ["text/html;level=2", 0.4],
    ["text/html; Level=1", 1],
  ])("the quality of %s in the example of the RFC is %d", (type, quality) => {
    const rfc = "text/*;q=0.3, text/html;q=0.7, text/html;level=1, text/html;level=2;q=0.4, */*;q=0.5"
    expect(MIMEAccept.fromHeader(rfc).quality(type)).toBe(quality)
  })

  test.each([
    ["a/b;x=1;y=2", "A/B; Y=2 ;X=1", true],
    ["a/b;x=1", "a/b;x=2", false],
    ["a/b;x=1", "a/b", false],
    ["a/b", "a/b;x=1", true],
    ["a/b;x=1", "a/b;y=2;x=1", true],
    ["a/b;x=1;y=2", "a/b;x=1", false],
    ['a/b;x="1"', "a/b;x=1", true],
    ["a/b;x*=UTF-8''%E2%82%AC", "a/b;x*=UTF-8''%E2%82%AC", true],
    ["a/*;x=1", "a/b", true],
    ['a/b;x="a, b"', 'a/b; x="A, B"', true],
    ["a/b", "a/*", true],
    ["a/b", "*/*", true],
    ["*/b", "a/b", false],
    ["b", "a/b", false],
    ["*", "a/b", false],
  ])("%s takes %s: %j", (text, type, matches) => {
    expect(MIMEAccept.fromHeader(text).has(type)).toBe(matches)
  })

  // RFC 7231 section 5.3.2, and the same table in RFC 9110 section 12.5.1
  test.each([
    ["text/*;q=0.3, text/html;q=0.7, text/html;level=1, text/html;level=2;q=0.4, */*;q=0.5", "text/html;level=3", 0.7],
    [
      "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4",
      "text/plain;format=flowed",
      1,
    ],
    ["text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4", "text/plain;x=y", 0.7],
    ["text/*;q=0.3, text/plain;q=0.7, text/plain;format=fixed;q=0.4", "text/plain;charset=utf-8;format=fixed", 0.4],
    ["text/html;q=0, text/*", "text/html; charset=utf-8", 0],
    ["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json", 0.2],
    ['a/b;x=";;;";q=0.2, a/b;x=";;;";y=1;q=0.4', 'a/b;y=1;x=";;;"', 0.4],
    ['a/b;q=0.5;x=";q=0.1"', 'a/b;x=";q=0.1"', 0.5],
    ['a/b;x=";q=0.1"', 'a/b;x=";q=0.1"', 1],
    ['a/b;q=@;x="y"', 'a/b;x="y"', 0],
  ])("by %s the quality of %s is %d", (text, type, quality) => {
    expect(MIMEAccept.fromHeader(text).quality(type)).toBe(quality)
  })

  test.each([
    ["text/html", ["text/html; charset=utf-8"], "text/html; charset=utf-8"],
    ["text/html", ["text/html; charset=utf-8", "text/html"], "text/html"],
    ["TEXT/HTML", ["text/html;level=1", "Text/Html"], "Text/Html"],
    ["text/html;level=1", ["text/html;level=1;charset=x", "text/html; Level=1"], "text/html; Level=1"],
    ["text/html;q=0, text/*", ["text/html; charset=utf-8", "text/plain"], "text/plain"],
    ["text/html;q=0, text/*", ["text/html; charset=utf-8"], undefined],
    ["text/*", ["text/html;level=1", "text/html"], "text/html;level=1"],
    ["text/html, text/html;level=1", ["text/html", "text/html;level=1"], "text/html;level=1"],
    [
      "application/json;q=0.5, text/html;q=0.4",
      ["text/html; charset=utf-8", "application/json;v=1"],
      "application/json;v=1",
    ],
  ])("by %s the best of %j is %j", (text, types, best) => {
    expect(MIMEAccept.fromHeader(text).bestMatch(types)).toBe(best)
  })

  test.each(["html", "*/html", "", "*"])("throws for %j, which the program cannot mean", (type) => {
    expect(() => chrome.quality(type)).toThrow(TypeError)
    expect(() => chrome.bestMatch(["text/html", type])).toThrow(TypeError)
  })

  test("has shortcuts", () => {
    expect([chrome.acceptHtml, chrome.acceptXhtml, chrome.acceptJson]).toEqual([true, true, true])
    const xml = MIMEAccept.fromHeader("application/xml")
    expect([xml.acceptHtml, xml.acceptXhtml, xml.acceptJson]).toEqual([true, true, false])
    const refusing = MIMEAccept.fromHeader("*/*, text/html;q=0, application/xml;q=0, application/xhtml+xml;q=0")
    expect([refusing.acceptHtml, refusing.acceptXhtml, refusing.acceptJson]).toEqual([false, false, true])
    expect(MIMEAccept.fromHeader("application/*, application/json;q=0").acceptJson).toBe(false)
    const text = MIMEAccept.fromHeader("text/*")
    expect([text.acceptHtml, text.acceptXhtml, text.acceptJson]).toEqual([true, false, false])
  })
})

describe("LanguageAccept", () => {
  test.each([
    ["de-AT,de;q=0.8,en;q=0.5", ["en", "de"], "de"],
    ["de_AT, en;q=0.5", ["en", "DE-at"], "DE-at"],
    ["en-US", ["en"], "en"],
    ["en", ["en_GB"], "en_GB"],
    ["en-GB", ["en-US"], undefined],
    ["zh-Hant-TW", ["zh_CN", "zh"], "zh"],
    ["en;q=0, fr", ["en_US", "fr_FR"], "fr_FR"],
    ["es-419", ["spa", "es"], "es"],
    ["eng", ["en"], undefined],
    ["*;q=0.1, fr-CH", ["de", "fr"], "de"],
    ["e", ["en-US", "e-X"], "e-X"],
    ["de-AT, de;q=0", ["de"], undefined],
    ["de-AT, de;q=0, en;q=0.1", ["de", "en"], "en"],
    ["", ["en"], undefined],
  ])("a reader of %j gets of %j the one in %j", (text, offered, best) => {
    expect(LanguageAccept.fromHeader(text).bestMatch(offered)).toBe(best)
    expect(LanguageAccept.fromHeader(text).bestMatch(offered, "x")).toBe(best ?? "x")
  })

  test("a quality is that of the tag itself", () => {
    const accept = LanguageAccept.fromHeader("en-US, de;q=0.5")
    expect(accept.quality("en_us")).toBe(1)
    expect(accept.quality("en")).toBe(0)
    expect(accept.has("DE")).toBe(true)
  })
})

describe("lookup by RFC 4647", () => {
  test.each([
    ["de-CH, en;q=0.5", ["de", "en"], "de"],
    ["de-CH, en;q=0.5", ["en", "de"], "de"],
    ["en;q=0.5, de-CH", ["en", "de"], "de"],
    ["zh-Hans-CN", ["zh-Hans", "zh-Hant"], "zh-Hans"],
    ["zh-Hans-CN", ["zh-Hant", "zh-Hans"], "zh-Hans"],
    ["zh_hans_cn", ["ZH_Hans"], "ZH_Hans"],
    ["zh-Hant-CN-x-private1-private2", ["zh-Hant-CN-x", "zh-Hant"], "zh-Hant"],
    ["zh-Hant-CN-x-private1-private2", ["zh-Hant-CN-x-private1"], "zh-Hant-CN-x-private1"],
    ["x-private", ["x"], "x"],
    ["en", ["en-GB"], undefined],
    ["en-US", ["en-GB"], undefined],
    ["de, fr", ["fr", "de"], "de"],
    ["*", ["fr"], undefined],
    ["*, de;q=0.1", ["fr", "de"], "de"],
    ["*-CH", ["de-CH"], undefined],
    ["de-*-DE", ["de-DE"], "de-DE"],
    ["de-CH, de;q=0, en;q=0.1", ["de", "en"], "en"],
    ["de;q=0", ["de"], undefined],
    ["de, de;q=0", ["de"], "de"],
    ["de", ["de", "DE"], "de"],
    ["", ["en"], undefined],
    ["en", [], undefined],
    [undefined, ["en"], undefined],
  ])("a reader of %j is given of %j the one in %j", (text, offered, found) => {
    expect(LanguageAccept.fromHeader(text).lookup(offered)).toBe(found)
    expect(LanguageAccept.fromHeader(text).lookup(offered, "x")).toBe(found ?? "x")
  })
})

describe("every kind", () => {
  const token = fc.stringMatching(/^[a-z*]{1,3}$/)
  const quality = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000)

  test.each([
    ["Accept", Accept, token],
    ["LanguageAccept", LanguageAccept, fc.tuple(token, token).map((tags) => tags.join("-"))],
    ["MIMEAccept", MIMEAccept, fc.tuple(token, token, token).map(([a, b, c]) => `${a}/${b}; x=${c}`)],
  ] as [string, typeof Accept, fc.Arbitrary<string>][])("%s reads what it wrote", (_, Kind, value) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, quality), { minLength: 1 }), (items) => {
        const accept = new Kind(items)
        expect([...Kind.fromHeader(accept.toHeader())]).toEqual([...accept])
        expect(String(accept)).toBe(accept.toHeader())
      }),
    )
  })

  test("the best match has the best quality", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(token, quality)), fc.array(token), (items, offered) => {
        const accept = new Accept(items)
        const best = accept.bestMatch(offered)
        const qualities = offered.map((value) => accept.quality(value))
        expect(best === undefined ? 0 : accept.quality(best)).toBe(Math.max(0, ...qualities))
      }),
    )
  })
})
