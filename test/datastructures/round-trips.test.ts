// What holds for every header object: it takes any text, and what it makes of it can be sent and is read back as the same; what
// is set can be sent, or is refused where it is set.

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as objects from "../../src/datastructures/index.ts"
import { checkFieldValue } from "../../src/http/fields.ts"
import { READERS, type Read } from "./readers.ts"

const PIECES = [
  ..."ab01,;=\"\\' \t\r\n\0*/-_:%&+.#@WQq\u00ff€😀\ud800".split(""),
  ...[
    "Basic ",
    "Bearer ",
    "Digest ",
    "dXNlcjpwYXNz",
    "YTpiCg==",
    "realm=",
    "nonce*=",
    "*0=",
    "UTF-8''",
    "%0D%0A",
    "%E2%82%AC",
  ],
  ...[
    "text/",
    "html",
    "x=",
    ";q=",
    "0.",
    ".2",
    "0000000001",
    "W/",
    '"a"',
    '""',
    '", "',
    "bytes=",
    "bytes ",
    "0-",
    "-5",
  ],
  ...["99999999999999999999", "max-age=", "private", "default-src ", "sandbox;", "Sun, 06 Nov ", "0000 ", "9999 "],
  ...["94 ", "00:00:00", "23:59:59", " +2359", " -2359", " GMT"],
]
const TEXT = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary" }),
)

/** What was found by other means than chance. */
const UNWRITABLE = [
  "=0-1",
  "*/form-data=-5",
  "a@b/c 0-1/2",
  '"a""b"',
  "W/",
  "a b=c",
  "a**=b",
  "*=x",
  "Bearer  tok en",
  "Digest a b=c",
  "Digest =x",
  "Digest a*=UTF-8''%0D%0A",
  "Digest a*=UTF-8''%E2%82%AC",
  'Digest realm="x',
  "a;x*=UTF-8''a%20%2522",
  "Basic YTpiCg==",
  "%41#text/html; x",
  "a ,;b",
  "a;q=0.0000000001",
  "a;x*=UTF-8''%E2%82%AC",
  "Sat, 01 Jan 0000 00:00:00 +2359",
  "Fri, 31 Dec 9999 23:59:59 -0001",
  '"',
  "max-age=99999999999999999999",
  "06 Nov ,=a",
]

/** The content of a header object as plain values. */
function contentOf(read: Read | undefined): unknown {
  if (read instanceof objects.ETags) return [[...read], [...read.asSet({ includeWeak: true })], read.starTag]
  if (read instanceof objects.Range) return [read.units, read.ranges]
  if (read instanceof objects.ContentRange) return [read.units, read.start, read.stop, read.length]
  if (read instanceof objects.IfRange) return [read.etag, read.date]
  if (read instanceof objects.Authorization || read instanceof objects.WWWAuthenticate) {
    return [read.type, read.token, [...read.parameters]]
  }
  return [...(read as unknown as Iterable<unknown>)]
}

describe.each(Object.entries(READERS))("%s", (_, read) => {
  test("takes any text, and what it makes of it can be sent and is read back as the same", () => {
    fc.assert(
      fc.property(TEXT, (text) => {
        const result = read(text)
        if (result === undefined) return
        const header = checkFieldValue(result.toHeader())
        const again = read(header)
        expect(contentOf(again), `${JSON.stringify(text)}, written as ${header}`).toEqual(contentOf(result))
        expect(again?.equals?.(result) ?? true).toBe(true)
        expect(again?.toHeader()).toBe(header)
      }),
      { numRuns: 2000 },
    )
  })

  test.each(UNWRITABLE)("takes %j, and what it makes of it can be sent and is read back as the same", (text) => {
    const result = read(text)
    if (result === undefined) return
    const header = checkFieldValue(result.toHeader())
    expect(contentOf(read(header))).toEqual(contentOf(result))
  })
})

const NAMES = ["max-age", "a", "a*", "a**", "realm", "__proto__", "img-src", "x y", "", "é", "a=b"]
const SETTERS: [string, () => Read, (object: never, name: string, value: string) => void][] = [
  ["set of ResponseCacheControl", () => new objects.ResponseCacheControl({ public: undefined }), setIn],
  [
    "setDirective",
    () => new objects.ResponseCacheControl(),
    (control: objects.ResponseCacheControl, name, value) => {
      control.setDirective(name, value.length > 3 ? value.length ** 20 : value.length)
    },
  ],
  ["set of ContentSecurityPolicy", () => new objects.ContentSecurityPolicy({ sandbox: "" }), setIn],
  ["set of WWWAuthenticate", () => new objects.WWWAuthenticate("digest", { parameters: { nonce: "n" } }), setIn],
  [
    "token",
    () => new objects.WWWAuthenticate("bearer", { token: "t" }),
    (challenge: objects.WWWAuthenticate, _, value) => {
      challenge.token = value
    },
  ],
  [
    "type",
    () => new objects.WWWAuthenticate("bearer", { token: "t" }),
    (challenge: objects.WWWAuthenticate, _, value) => {
      challenge.type = value
    },
  ],
  ["add", () => new objects.HeaderSet(["a"]), (set: objects.HeaderSet, _, value) => set.add(value)],
  ["replaceAt", () => new objects.HeaderSet(["a"]), (set: objects.HeaderSet, _, value) => set.replaceAt(0, value)],
  [
    "units",
    () => new objects.ContentRange("bytes", 0, 1, 2),
    (range: objects.ContentRange, _, value) => {
      range.units = value
    },
  ],
]

function setIn(object: { set(name: string, value: string): void }, name: string, value: string): void {
  object.set(name, value)
}

describe.each(SETTERS)("%s", (_, make, set) => {
  test("sets what can be sent and is read back as the same, or throws and changes nothing", () => {
    const read = READERS[make().constructor.name] as (text: string) => Read | undefined
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...NAMES), TEXT), TEXT, (name, value) => {
        const object = make()
        const before = object.toHeader()
        try {
          set(object as never, name, value)
        } catch (error) {
          expect(error instanceof TypeError || error instanceof RangeError, String(error)).toBe(true)
          expect(object.toHeader()).toBe(before)
          return
        }
        const header = checkFieldValue(object.toHeader())
        // Names of directives are read in lower case.
        expect(read(header)?.toHeader().toLowerCase(), JSON.stringify([name, value])).toBe(header.toLowerCase())
      }),
      { numRuns: 2000 },
    )
  })
})
