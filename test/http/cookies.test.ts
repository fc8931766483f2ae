import * as peer from "cookie"
import fc from "fast-check"
import { describe, expect, test, vi } from "vitest"
import { type CookieOptions, dumpCookie, parseCookie } from "../../src/http/cookies.ts"
import { textToByteString } from "../../src/http/urls.ts"

describe("parseCookie", () => {
  test.each<[string | undefined, [string, string][]]>([
    [undefined, []],
    ["", []],
    [";;", []],
    ["=", []],
    ["==__Host-x=bad", []],
    ["=__Host-x=bad; a=b", [["a", "b"]]],
    ["a", [["a", ""]]],
    ["a=", [["a", ""]]],
    [
      "a=b; c=d;e=f;",
      [
        ["a", "b"],
        ["c", "d"],
        ["e", "f"],
      ],
    ],
    [
      " a = b ;\tc = d ",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "a=1; b=2; a=3",
      [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ],
    ],
    ["a=b=c, d=e", [["a", "b=c, d=e"]]],
    [
      "2=a; 1=b",
      [
        ["2", "a"],
        ["1", "b"],
      ],
    ],
    [
      "a=%C3%A9%20x; b=%; c=%ff; d=100%25",
      [
        ["a", "é x"],
        ["b", "%"],
        ["c", "%ff"],
        ["d", "100%"],
      ],
    ],
    [
      'a="b c"; d=""; e="',
      [
        ["a", "b c"],
        ["d", ""],
        ["e", '"'],
      ],
    ],
    ['a="b\\"c\\\\d\\054\\073e"', [["a", 'b"c\\d,;e']]],
    ['a="\\303\\274 \\360\\237\\215\\252"', [["a", "ü \u{1f36a}"]]],
    ['a="\\377\\400\\08\\x"', [["a", "\ufffd40008x"]]],
    ['a="\\303\u00c3\u00a9"', [["a", "\ufffdé"]]],
    [
      'a="\\"; b="\\\\"',
      [
        ["a", "\\"],
        ["b", "\\"],
      ],
    ],
    [
      'a="%41\\045"; b=%22%41%22; c="%41; d=%41"',
      [
        ["a", "%41%"],
        ["b", '"A"'],
        ["c", '"A'],
        ["d", 'A"'],
      ],
    ],
    ["%5f_Host-a=1", [["%5f_Host-a", "1"]]],
    [
      '"__Secure-c"=1; a="b;c"',
      [
        ['"__Secure-c"', "1"],
        ["a", '"b'],
        ['c"', ""],
      ],
    ],
    [
      "expires=Wed; path=/; Secure",
      [
        ["expires", "Wed"],
        ["path", "/"],
        ["Secure", ""],
      ],
    ],
    [
      "__proto__=1; constructor=2; __proto__=3",
      [
        ["__proto__", "1"],
        ["constructor", "2"],
        ["__proto__", "3"],
      ],
    ],
    [
      "a=\u00c3\u00a9; \u00c3\u00bc=\u00ff",
      [
        ["a", "é"],
        ["ü", "\ufffd"],
      ],
    ],
  ])("%j holds %j", (text, cookies) => {
    expect(parseCookie(text)).toEqual(cookies)
  })

  test("U+00A0 is part of a name, so that it cannot pass for another cookie", () => {
    expect(parseCookie(textToByteString("\u00a0__Host-a=1"))).toEqual([["\u00a0__Host-a", "1"]])
  })

  test("the first cookie of every name is what the cookie package says", () => {
    const piece = fc.constantFrom("a", "b", "2", "=", ";", " ", "\t", "%41", "%ff", "%", '"', ",", "é")
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const header = pieces.join("")
        const theirs = new Map(Object.entries(peer.parseCookie(header)).filter(([name]) => name !== ""))
        const ours = new Map(parseCookie(textToByteString(header)).reverse())
        // A cookie without an equals sign is one for us only.
        for (const [name, value] of theirs) {
          // Nor are values in quotes what they are there.
          if (/^".*"$/.test(value ?? "")) continue
          const bare = header.split(";").findIndex((part) => part.trim() === name)
          const paired = header
            .split(";")
            .findIndex((part) => part.includes("=") && part.split("=")[0]?.trim() === name)
          if (bare === -1 || paired < bare) expect(ours.get(name)).toBe(value)
        }
      }),
    )
  })
})

/** A value that needs quotes, as Werkzeug's dump_cookie writes it. */
function inQuotes(value: string): string {
  const escaped = textToByteString(value).replace(/[\x00-\x19",;\\\x7f-\xff]/g, (byte) =>
    byte === '"' || byte === "\\" ? `\\${byte}` : `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`,
  )
  return `"${escaped}"`
}

test("a quoted value of an older Python application is read", () => {
  const unit = fc.oneof(fc.string({ unit: "grapheme", maxLength: 1 }), fc.constantFrom(...'"\\037,;% \0'))
  fc.assert(
    fc.property(fc.string({ unit }), fc.string({ unit }), (a, b) => {
      expect(parseCookie(`a=${inQuotes(a)}; b=${inQuotes(b)}`)).toEqual([
        ["a", a],
        ["b", b],
      ])
    }),
  )
})

describe("dumpCookie", () => {
  test.each<[string, CookieOptions, string]>([
    ["", {}, "k=; Path=/"],
    ["a b;c", {}, "k=a%20b%3Bc; Path=/"],
    ["é\r\n\0", {}, "k=%C3%A9%0D%0A%00; Path=/"],
    ["\ud800", {}, "k=%EF%BF%BD; Path=/"],
    // cookie-octet of RFC 6265 section 4.1.1, but for the percent sign
    ["!#$&'()*+-./:<=>?@[]^_`{|}~", {}, "k=!#$&'()*+-./:<=>?@[]^_`{|}~; Path=/"],
    ["a/b a@b.c", {}, "k=a/b%20a@b.c; Path=/"],
    ['%",;\\\x7f', {}, "k=%25%22%2C%3B%5C%7F; Path=/"],
    [
      "v",
      { maxAge: Number.MAX_SAFE_INTEGER },
      "k=v; Expires=Fri, 31 Dec 9999 23:59:59 GMT; Max-Age=9007199254740991; Path=/",
    ],
    ["v", { maxAge: -9e15 }, "k=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=-9000000000000000; Path=/"],
    ["v", { path: null }, "k=v"],
    ["v", { path: "" }, "k=v; Path="],
    ["v", { path: "/ä;b\r\n" }, "k=v; Path=/%C3%A4%3Bb%0D%0A"],
    ["v", { domain: ".example.com:8080" }, "k=v; Domain=example.com; Path=/"],
    ["v", { domain: "bücher.example" }, "k=v; Domain=xn--bcher-kva.example; Path=/"],
    ["v", { expires: 0 }, "k=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"],
    ["v", { expires: new Date(0), maxAge: 0 }, "k=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/"],
    ["v", { expires: "whenever" }, "k=v; Expires=whenever; Path=/"],
    ["v", { maxAge: 1.9, syncExpires: false }, "k=v; Max-Age=1; Path=/"],
    ["v", { sameSite: "LAX" }, "k=v; Path=/; SameSite=Lax"],
    ["v", { partitioned: true }, "k=v; Secure; Path=/; Partitioned"],
    [
      "v",
      {
        partitioned: true,
        sameSite: "none",
        path: "/p",
        httpOnly: true,
        secure: true,
        maxAge: 1,
        expires: 1,
        domain: "a.b",
      },
      "k=v; Domain=a.b; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=1; Secure; HttpOnly; Path=/p; SameSite=None; Partitioned",
    ],
  ])("the value %j with %j is %s", (value, options, expected) => {
    expect(dumpCookie("k", value, options)).toBe(expected)
  })

  test("a maximal age is told as a date too", () => {
    const date = /^k=v; Expires=(.*); Max-Age=3600; Path=\/$/.exec(dumpCookie("k", "v", { maxAge: 3600 }))?.[1]
    expect(Math.abs(Date.parse(date as string) - Date.now() - 3_600_000)).toBeLessThan(5000)
  })

  test.each(["", "a b", "a=b", "a;b", "a\r\nb", "a\0", "é", '"a"', "a,b"])("%j is no name", (name) => {
    expect(() => dumpCookie(name, "v")).toThrow(TypeError)
  })

  test.each<CookieOptions>([
    { domain: "a.com; SameSite=None" },
    { domain: "a.com\r\nX: y" },
    { domain: "[::1]" },
    { domain: "a..b" },
    { domain: "-".concat("/") },
    { sameSite: "None; Secure" },
    { sameSite: "lax " },
    { sameSite: "constructor" },
    { expires: "x; Secure" },
    { expires: "x\r\nY: z" },
    { expires: new Date(Number.NaN) },
    { maxAge: Number.NaN },
    { maxAge: Number.POSITIVE_INFINITY },
  ])("refuses %j", (options) => {
    expect(() => dumpCookie("k", "v", options)).toThrow(Error)
  })

  test("no attribute adds another, with any text", () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab;=, \r\n\0"é/.:'.split("")) })
    fc.assert(
      fc.property(text, text, text, (value, path, domain) => {
        let cookie: string
        try {
          cookie = dumpCookie("k", value, { path, domain, maxSize: 0 })
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(cookie).toMatch(/^[\x20-\x7e]*$/)
        const names = cookie.split("; ").map((part) => part.split("=")[0])
        expect(names).toEqual(names.includes("Domain") ? ["k", "Domain", "Path"] : ["k", "Path"])
      }),
    )
  })

  test.each<[string, CookieOptions, boolean]>([
    ["__Host-a", { secure: true }, true],
    ["__Host-a", {}, false],
    ["__Host-a", { secure: true, domain: "a.com" }, false],
    ["__Host-a", { secure: true, path: "/x" }, false],
    ["__Host-a", { secure: true, path: null }, false],
    ["__host-a", {}, false],
    ["__Host-a", { partitioned: true }, true],
    ["__Secure-a", {}, false],
    ["__SECURE-a", {}, false],
    ["__Secure-a", { secure: true, domain: "a.com", path: "/x" }, true],
  ])("the prefix of %s is kept with %j: %s", (name, options, good) => {
    if (good) expect(dumpCookie(name, "v", options)).toContain(name)
    else expect(() => dumpCookie(name, "v", options)).toThrow(TypeError)
  })

  test("warns of a cookie that browsers will drop", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {})
    expect(dumpCookie("k", "x".repeat(5000))).toHaveLength(5010)
    dumpCookie("k", "x".repeat(5000), { maxSize: 0 })
    expect(warn).toHaveBeenCalledTimes(1)
    warn.mockRestore()
  })

  test("any value comes back", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/),
        fc.string({ unit: "grapheme" }),
        (name, value) => {
          const cookie = dumpCookie(name, value, { path: null, secure: true })
          expect(parseCookie(cookie.replace("; Secure", ""))).toEqual([[name, value]])
        },
      ),
    )
  })

  test("the package reads what it reads here", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const cookie = dumpCookie("k", value, { path: null, maxSize: 0 })
        expect(cookie).toMatch(/^k=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/)
        expect(peer.parseCookie(cookie)["k"]).toBe(value)
      }),
    )
  })

  test("any value comes back that looks like a coding of its own", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', "\\", "0", "3", "7", "%", "2", ";", " ", "é") }), (value) => {
        expect(parseCookie(dumpCookie("k", value, { path: null }))).toEqual([["k", value]])
      }),
    )
  })
})
