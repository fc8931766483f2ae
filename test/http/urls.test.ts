import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  byteStringToText,
  dumpQuery,
  iriToUri,
  parseQuery,
  requestUrl,
  textToByteString,
  uriToIri,
} from "../../src/http/urls.ts"

describe("byte strings", () => {
  test("any text comes back", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => byteStringToText(textToByteString(text)) === text))
  })

  test("text of any length is told from bytes", () => {
    for (const length of [0, 1, 62, 63, 64, 65, 4094, 4095, 4096, 4097, 9000]) {
      const padding = "x".repeat(length)
      expect(byteStringToText(padding)).toBe(padding)
      expect(byteStringToText(`${padding}\u00c3\u00a9`)).toBe(`${padding}é`)
      expect(byteStringToText(`\u00c3\u00a9${padding}`)).toBe(`é${padding}`)
      expect(byteStringToText(`é€${padding}`)).toBe(`é€${padding}`)
    }
  })

  test("a byte order mark is data, bad bytes are U+FFFD, and text is left alone", () => {
    expect(byteStringToText("\u00ef\u00bb\u00bfa")).toBe("\ufeffa")
    expect(byteStringToText("a\u00ffb\u00c3")).toBe("a\ufffdb\ufffd")
    expect(byteStringToText("日本")).toBe("日本")
  })
})

describe("query strings", () => {
  test.each<[string, [string, string][]]>([
    ["", []],
    ["&&&", []],
    ["a", [["a", ""]]],
    ["a=", [["a", ""]]],
    ["=a", [["", "a"]]],
    ["=", [["", ""]]],
    [
      "a=1&b=2&a=3",
      [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ],
    ],
    [
      "a=b=c&d",
      [
        ["a", "b=c"],
        ["d", ""],
      ],
    ],
    ["a+b=c+d%2B", [["a b", "c d+"]]],
    ["a%3Db=%26", [["a=b", "&"]]],
    ["a=1;b=2", [["a", "1;b=2"]]],
    [
      "a=%E9&b=%2&c=%u0041&d=%00",
      [
        ["a", "%E9"],
        ["b", "%2"],
        ["c", "%u0041"],
        ["d", "\0"],
      ],
    ],
    [
      "a=\u00c3\u00a9&b=\u00ff",
      [
        ["a", "é"],
        ["b", "\ufffd"],
      ],
    ],
    [
      "a[b]=1&a.b=2&a[__proto__]=3",
      [
        ["a[b]", "1"],
        ["a.b", "2"],
        ["a[__proto__]", "3"],
      ],
    ],
    [
      "__proto__=1&constructor=2",
      [
        ["__proto__", "1"],
        ["constructor", "2"],
      ],
    ],
    ["a=%2525", [["a", "%25"]]],
  ])("%j holds %j", (text, pairs) => {
    expect(parseQuery(text)).toEqual(pairs)
  })

  test("agrees with URLSearchParams where bytes are UTF-8", () => {
    const piece = fc.constantFrom("x", "yz", "=", "&", "+", "%20", "%c3%a9", "%", "%4", ";", "?")
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        // URLSearchParams drops a question mark at the beginning.
        const text = `x&${pieces.join("")}`
        expect(parseQuery(text)).toEqual(Array.from(new URLSearchParams(text)))
      }),
    )
  })

  test("pairs come back, the ones without a value excepted", () => {
    const text = fc.string({ unit: "grapheme" })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        expect(parseQuery(dumpQuery(pairs))).toEqual(pairs)
      }),
    )
    expect(
      dumpQuery([
        ["a", null],
        ["b", undefined],
        ["c", 1],
        ["d", true],
        ["e", 5n],
      ]),
    ).toBe("c=1&d=true&e=5")
  })
})

describe("IRI and URI", () => {
  test.each([
    ["http://☃.net/påth?q=èry#frågment", "http://xn--n3h.net/p%C3%A5th?q=%C3%A8ry#fr%C3%A5gment"],
    ["http://üser:päss@host/", "http://%C3%BCser:p%C3%A4ss@host/"],
    ["http://bücher.example:8080/é", "http://xn--bcher-kva.example:8080/%C3%A9"],
    ["http://[::1]:80/é", "http://[::1]:80/%C3%A9"],
    ["/%2F%3F%23%25", "/%2F%3F%23%25"],
    ["?a=%26%3D%2B%23&b=ü", "?a=%26%3D%2B%23&b=%C3%BC"],
    ["mailto:a@é.example", "mailto:a@%C3%A9.example"],
    ["itms-services://?action=é", "itms-services://?action=%C3%A9"],
    ["//host/é", "//host/%C3%A9"],
    ["", ""],
  ])("%s is %s, and back", (iri, uri) => {
    expect(iriToUri(iri)).toBe(uri)
    expect(uriToIri(uri)).toBe(iri)
    expect(iriToUri(uri)).toBe(uri)
    expect(uriToIri(iri)).toBe(iri)
  })

  test.each([
    ["HTTP://EXAMPLE.com:/", "http://example.com/"],
    ["http://u:@h:0/", "http://u@h/"],
    ["http://:p@h/", "http://h/"],
    ["/\\evil.com", "/%5Cevil.com"],
    ["\\\\evil.com", "%5C%5Cevil.com"],
    ["\t//evil.com", "%09//evil.com"],
    ["/a\r\nX: y", "/a%0D%0AX:%20y"],
    ["http://h/[x]#a#b", "http://h/%5Bx%5D#a#b"],
    ["http://a b\\c/", "http://a%20b%5cc/"],
    ["http://a@b@c/", "http://a%40b@c/"],
    ["1:2/x", "1:2/x"],
    ["/a?#", "/a"],
  ])("%j becomes %s", (iri, uri) => {
    expect(iriToUri(iri)).toBe(uri)
  })

  test.each([
    "http://h:99999/",
    "http://h:x/",
    "http://h:-1/",
    "http://[::1/",
    "http://[x]/",
    "http://[::1]x/",
    "http://a[b]/",
  ])("%s is refused both ways", (url) => {
    expect(() => iriToUri(url)).toThrow(TypeError)
    expect(() => uriToIri(url)).toThrow(TypeError)
  })

  test.each([
    ["/%00%0a%20%7f%25", "/%00%0a%20%7f%25"],
    ["/%DF%C3%A9", "/%DFé"],
    ["/%c0%af%ED%A0%80", "/%C0%AF%ED%A0%80"],
    ["/%zz%2%", "/%zz%2%"],
    ["http://u%3Ap%40@h/", "http://u%3Ap%40@h/"],
    ["http://xn--bad-.com/", "http://xn--bad-.com/"],
  ])("%s keeps what would change its meaning: %s", (uri, iri) => {
    expect(uriToIri(uri)).toBe(iri)
  })

  test("both ways are stable, and an URI is ASCII without white space, quotes or backslash", () => {
    const piece = fc.constantFrom(
      ...'/?#:@[]%&=+ \\"ab.é日\n\t'.split(""),
      "%2F",
      "%c3%a9",
      "%ff",
      "http://",
      "//",
      "xn--n3h",
      "ü",
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        let uri: string
        try {
          uri = iriToUri(pieces.join(""))
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(uri).toMatch(/^[!#-;=?-[\]_a-z~]*$/i)
        expect(iriToUri(uri)).toBe(uri)
      }),
    )
  })
})

describe("requestUrl", () => {
  const base = { scheme: "http", host: "h" }

  test.each<[Parameters<typeof requestUrl>[0], string]>([
    [base, "http://h/"],
    [{ ...base, rootPath: "" }, "http://h/"],
    [{ ...base, rootPath: "/r/" }, "http://h/r/"],
    [{ ...base, rootPath: "r" }, "http://h/r/"],
    [{ ...base, rootPath: "/r", path: "//x" }, "http://h/r/x"],
    [{ ...base, rootPath: "", path: "/é/a b?c#d" }, "http://h/é/a%20b%3Fc%23d"],
    [{ ...base, rootPath: "", path: "/100%41" }, "http://h/100%2541"],
    [
      { ...base, rootPath: "", path: "/", queryString: "q=%C3%A9&r=\u00c3\u00a9 %FF\u00ff" },
      "http://h/?q=é&r=é%20%FF%FF",
    ],
    [{ scheme: "https", host: "xn--bcher-kva.example:8443", rootPath: "", path: "/" }, "https://bücher.example:8443/"],
    [{ ...base, rootPath: "", path: "/\\evil.test" }, "http://h/%5Cevil.test"],
    // Without a host there is never a URL that has one, whatever mount and path are.
    [{ scheme: "http", host: "" }, "/"],
    [{ scheme: "http", host: "", rootPath: "/r" }, "/r/"],
    [{ scheme: "http", host: "", rootPath: "", path: "/evil.test/x", queryString: "a=b" }, "/evil.test/x?a=b"],
    [{ scheme: "http", host: "", rootPath: "", path: "//evil.test/x" }, "/evil.test/x"],
    [{ scheme: "http", host: "", rootPath: "//evil.test/", path: "/x" }, "/evil.test/x"],
    [{ scheme: "http", host: "", rootPath: "///", path: "///x" }, "/x"],
    [{ scheme: "http", host: "", rootPath: "", path: "/\\evil.test" }, "/%5Cevil.test"],
    [{ scheme: "http", host: "", rootPath: "\\", path: "//\t/\\evil.test" }, "/%5C/%09/%5Cevil.test"],
  ])("%j is %s", (parts, url) => {
    expect(requestUrl(parts)).toBe(url)
  })

  test("without a host no mount and no path lead to another host", () => {
    const unit = fc.constantFrom(
      "/",
      "\\",
      ".",
      "evil.test",
      ":",
      "@",
      "\t",
      "\n",
      "%2f",
      "%5c",
      "é",
      "http:",
      "?",
      "#",
    )
    const text = fc.array(unit, { maxLength: 6 }).map((pieces) => pieces.join(""))
    fc.assert(
      fc.property(text, text, (rootPath, path) => {
        for (const url of [
          requestUrl({ scheme: "http", host: "", rootPath, path }),
          requestUrl({ scheme: "http", host: "", rootPath }),
        ]) {
          expect(new URL(url, "http://own.test/a/b").host, url).toBe("own.test")
          expect(new URL(iriToUri(url), "http://own.test/a/b").host, url).toBe("own.test")
        }
      }),
    )
  })

  test("the path comes back from the URL", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const url = new URL(iriToUri(requestUrl({ ...base, rootPath: "", path: `/x/${text}x` })))
        const path = decodeURIComponent(url.pathname)
        // The platform's class resolves dots, which a path may have.
        if (!/(^|\/)\.{1,2}(\/|$)/.test(text)) expect(path).toBe(`/x/${text}x`)
      }),
    )
  })
})
