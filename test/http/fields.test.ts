import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { EnvironHeaders } from "../../src/datastructures/environ-headers.ts"
import { Headers } from "../../src/datastructures/headers.ts"
import type { HeaderList } from "../../src/gateway.ts"
import {
  checkFieldName,
  checkFieldValue,
  dumpHeader,
  dumpOptionsHeader,
  isEntityHeader,
  isHopByHopHeader,
  type MutableHeaders,
  parseDictHeader,
  parseListHeader,
  parseOptionsHeader,
  removeEntityHeaders,
  removeHopByHopHeaders,
} from "../../src/http/fields.ts"

const INJECTIONS = ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "\x7f", "\x1f", "\u560d\u560a", "\u0100", "€"]

describe("names and values", () => {
  test.each(["x", "X-Request-Id", "__proto__", "constructor", "!#$%&'*+-.^_`|~0"])("%s is a name", (name) => {
    expect(checkFieldName(name)).toBe(name)
    expect(checkFieldName(name)).toBe(name)
  })

  test.each(["", "x y", "x:", ":x", "x\n", "x\0", "ü", "x".repeat(100).concat(" "), ...INJECTIONS])(
    "%j is no name",
    (name) => {
      expect(() => checkFieldName(name)).toThrow(TypeError)
      expect(() => checkFieldName(name)).toThrow(/Not a header name/)
    },
  )

  test.each(["", "a", " padded ", "tab\there", "caf\u00e9", "\u0080\u00ff", '"quoted"'])("%j is a value", (value) => {
    expect(checkFieldValue(value)).toBe(value)
  })

  test.each(INJECTIONS)("%j is no value", (value) => {
    expect(() => checkFieldValue(value)).toThrow(TypeError)
  })

  test("what is no text is neither", () => {
    for (const value of [undefined, null, 5, ["a"], { toString: () => "a" }]) {
      expect(() => checkFieldName(value as unknown as string)).toThrow(TypeError)
      expect(() => checkFieldValue(value as unknown as string)).toThrow(TypeError)
    }
  })

  test("the error shows a long value shortened", () => {
    expect(() => checkFieldValue("\n".repeat(100_000))).toThrow(/^.{0,120}$/)
  })
})

describe("lists", () => {
  test.each([
    ["", []],
    [" ", []],
    [",,,", []],
    ["a, b ,c", ["a", "b", "c"]],
    ['"a, b", c', ["a, b", "c"]],
    ['a="b,c", d', ['a="b,c"', "d"]],
    ['"a\\"b", c', ['a"b', "c"]],
    ["a\\,b", ["a\\", "b"]],
    ['"a" b, c', ['"a" b', "c"]],
    ['""', [""]],
    ['a, b"', []],
    ['"a\\"', []],
    ["\u00a0a, b", ["\u00a0a", "b"]],
  ])("%j has the items %j", (text, items) => {
    expect(parseListHeader(text)).toEqual(items)
  })

  test("items come back", () => {
    const item = fc.string({ unit: fc.constantFrom(...'ab,"\\ ;=é'.split("")) })
    fc.assert(
      fc.property(fc.array(item), (items) => {
        expect(parseListHeader(dumpHeader(items))).toEqual(items)
      }),
    )
  })

  test("no header has no items", () => {
    expect(parseListHeader(undefined)).toEqual([])
  })
})

describe("dictionaries", () => {
  test.each([
    ["a=b", [["a", "b"]]],
    [
      "a = b , c",
      [
        ["a", "b"],
        ["c", undefined],
      ],
    ],
    ['a="b, \\"c"', [["a", 'b, "c']]],
    ["a=", [["a", ""]]],
    ["=b, c=d", [["c", "d"]]],
    [
      "a=1, b, a=2",
      [
        ["a", "2"],
        ["b", undefined],
      ],
    ],
    ['a="open', []],
    ["a*=UTF-8''%E2%82%AC", [["a", "€"]]],
    ["a*=iso-8859-1'en'%A3", [["a", "£"]]],
    ["a*=utf-8''%FF", [["a", "\ufffd"]]],
    ["a*=utf-7''%41", [["a", "%41"]]],
    ["a*=plain", [["a", "plain"]]],
    ["a*=\"UTF-8''b%20c\"", [["a", "b c"]]],
    ["a*=UTF-8''b, a=c, a", [["a", "b"]]],
    ["a=c, a*=UTF-8''b", [["a", "b"]]],
    ["a=c, a*=nonsense", [["a", "c"]]],
  ])("%j is %j", (text, entries) => {
    expect(Array.from(parseDictHeader(text))).toEqual(entries)
  })

  test("entries come back", () => {
    const key = fc.stringMatching(/^[a-z0-9-]{1,8}$/)
    const value = fc.option(fc.string({ unit: fc.constantFrom(...'ab,"\\ ;=é'.split("")) }), { nil: undefined })
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name }), (entries) => {
        expect(Array.from(parseDictHeader(dumpHeader(new Map(entries))))).toEqual(entries)
      }),
    )
  })
})

describe("options", () => {
  test.each<[string, string, Record<string, string>]>([
    ["", "", {}],
    [";a=b", "", {}],
    ["text/html", "text/html", {}],
    [" text/html ; Charset=UTF-8 ;", "text/html", { charset: "UTF-8" }],
    ['a; b="c;d"; e="f\\"g"', "a", { b: "c;d", e: 'f"g' }],
    ['a; b="C:\\x.txt"', "a", { b: "C:\\x.txt" }],
    ['a; b="\\\\\\""', "a", { b: '\\"' }],
    ['a; b="%22c%22"; d=%22', "a", { b: '"c"', d: "%22" }],
    ["a; b =c; d= e; f; g=h", "a", { g: "h" }],
    ['a; b="open; c=d', "a", { c: "d" }],
    ['a; "b"=c; d=e', "a", { d: "e" }],
    ["a; b=c d; e=f", "a", { e: "f" }],
    ['a; b="c" d; e=f', "a", { e: "f" }],
    ["a; name=f[0]; e=f", "a", { e: "f" }],
    ["a; filename=größe.txt; e=f", "a", { e: "f" }],
    ['a; filename="a"b.txt; e=f', "a", { e: "f" }],
    ["text/plain; charset=gbk(", "text/plain", {}],
    ["text/html; charset=a, text/plain; charset=b", "text/html", {}],
    ['text/html; charset="a" , text/plain; charset=b', "text/html", {}],
    ["text/html; charset=a; b, text/plain; charset=b", "text/html", { charset: "a" }],
    ['a; b="c, d"; e=f\t', "a", { b: "c, d", e: "f" }],
    ["a; b*=\"UTF-8''c%20d\"", "a", { b: "c d" }],
    ["a; b*=UTF-8''c; b=d", "a", { b: "c" }],
    ["a; b=d; b*=UTF-8''c", "a", { b: "c" }],
    ["a; b=d; b*=nonsense", "a", { b: "d" }],
    ["a; b*=utf-16''c; b=d", "a", { b: "d" }],
    ["a; b*0=c; b=d; b*1=e", "a", { b: "ce" }],
    ["a; c*=UTF-8''d; b*=e", "a", { c: "d", b: "e" }],
    ["a; b=1; B=2", "a", { b: "2" }],
    ["a; b*=UTF-8''%E2%82%AC", "a", { b: "€" }],
    ["a; b*=utf-16''%FE%FF", "a", { b: "%FE%FF" }],
    ["a; b*=UTF-8''%FF", "a", { b: "\ufffd" }],
    ["a; b*0=c; b*1=d", "a", { b: "cd" }],
    ["a; b*0*=us-ascii'en'c%20; b*1*=d%2A; b*2=\"e's\"", "a", { b: "c d*e's" }],
    ["a; b*x=c", "a", { "b*x": "c" }],
    [",", ",", {}],
  ])("%j is %j with %j", (text, value, options) => {
    expect(parseOptionsHeader(text)).toEqual([value, new Map(Object.entries(options))])
  })

  test("there are none without a header", () => {
    expect(parseOptionsHeader(undefined)).toEqual(["", new Map()])
  })

  test("options come back", () => {
    const key = fc.stringMatching(/^[a-z-]{1,8}$/)
    const value = fc.string({ unit: fc.constantFrom(...'ab;"\\ ,=é'.split(""), "%22", "€", "😀") })
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name }), (entries) => {
        expect(parseOptionsHeader(dumpOptionsHeader("a", entries))).toEqual(["a", new Map(entries)])
      }),
    )
  })

  test("control characters are no matter of a coding", () => {
    expect(dumpOptionsHeader("a", [["b", "%22 c"]])).toBe("a; b*=UTF-8''%2522%20c")
    expect(() => dumpOptionsHeader("a", [["b", "%22\r\nc"]])).toThrow(TypeError)
  })

  test("a parameter without a value is left out, and so may be the header", () => {
    expect(
      dumpOptionsHeader("a", [
        ["b", null],
        ["c", undefined],
        ["d", 1],
      ]),
    ).toBe("a; d=1")
    expect(dumpOptionsHeader(undefined, [["a", "b c"]])).toBe('a="b c"')
  })

  test.each(["a b", "", "a;b", "a\nb", "é"])("%j can name no parameter", (name) => {
    expect(() => dumpOptionsHeader("x", [[name, "y"]])).toThrow(TypeError)
    expect(() => dumpHeader(new Map([[name, "y"]]))).toThrow(TypeError)
    expect(() => dumpHeader(new Map([[name, null]]))).toThrow(TypeError)
  })

  test("an encoded value holds nothing that would end it", () => {
    expect(dumpOptionsHeader("a", [["b*", "UTF-8''%C3%A9"]])).toBe("a; b*=UTF-8''%C3%A9")
    expect(() => dumpOptionsHeader("a", [["b*", "UTF-8''x; c=d"]])).toThrow(TypeError)
    expect(() => dumpHeader(new Map([["b*", "UTF-8''x, c"]]))).toThrow(TypeError)
  })
})

describe("kinds of headers", () => {
  test("entity and hop-by-hop headers are told in any case", () => {
    expect([isEntityHeader("CONTENT-md5"), isEntityHeader("Content-Disposition")]).toEqual([true, false])
    expect([isHopByHopHeader("te"), isHopByHopHeader("Trailer"), isHopByHopHeader("Cookie")]).toEqual([
      true,
      true,
      false,
    ])
    expect([isHopByHopHeader("Proxy-Connection"), isHopByHopHeader("HTTP2-Settings")]).toEqual([false, false])
  })

  const list = (): HeaderList => [
    ["Content-Type", "a"],
    ["Expires", "b"],
    ["Connection", "close, X-Secret"],
    ["X-Secret", "c"],
    ["Set-Cookie", "d"],
    ["Set-Cookie", "e"],
  ]

  test("entity headers are taken out in place, but for those that are allowed", () => {
    const headers = list()
    removeEntityHeaders(headers)
    expect(headers.map(([name]) => name)).toEqual(["Expires", "Connection", "X-Secret", "Set-Cookie", "Set-Cookie"])
    removeEntityHeaders(headers, [])
    expect(headers.map(([name]) => name)).not.toContain("Expires")
    const others = list()
    removeEntityHeaders(others, ["CONTENT-type"])
    expect(others.map(([name]) => name)).toContain("Content-Type")
  })

  const kinds: [string, (fields: HeaderList) => MutableHeaders][] = [
    ["our Headers", (fields) => new Headers(fields)],
    ["the platform's Headers", (fields) => new globalThis.Headers(fields)],
    ["a Map", (fields) => new Map(fields)],
  ]

  test.each(kinds)("entity and hop-by-hop headers are taken out of %s in place", (_, make) => {
    const names = (headers: MutableHeaders) =>
      Array.from(new Set(Array.from(headers, ([name]) => name.toLowerCase()))).sort()
    const headers = make(list())
    removeEntityHeaders(headers)
    expect(names(headers)).toEqual(["connection", "expires", "set-cookie", "x-secret"])
    removeEntityHeaders(headers, ["Content-Type"])
    expect(names(headers)).toEqual(["connection", "set-cookie", "x-secret"])
    removeHopByHopHeaders(headers)
    expect(names(headers)).toEqual(["set-cookie"])
  })

  test("headers that can't be changed are refused", () => {
    const headers = new EnvironHeaders({ CONTENT_TYPE: "a" }) as unknown as HeaderList
    expect(() => removeEntityHeaders(headers)).toThrow(TypeError)
    expect(() => removeHopByHopHeaders(headers)).toThrow(TypeError)
  })

  test("hop-by-hop headers go, and with them those that Connection names", () => {
    const headers = list()
    removeHopByHopHeaders(headers)
    expect(headers.map(([name]) => name)).toEqual(["Content-Type", "Expires", "Set-Cookie", "Set-Cookie"])
  })
})
