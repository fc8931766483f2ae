// What holds for every header object: it takes any text, what it made of it can be sent and is read back as the same, its
// time grows with the length of the text and not with the square of it, and names that an object inherits are names like any
// other.

import { execFileSync } from "node:child_process"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as objects from "../../src/datastructures/index.ts"
import { checkFieldValue } from "../../src/http/fields.ts"
import { WORST } from "../http/worst-inputs.ts"
import { expectLinear } from "../support/growth.ts"

interface Read {
  toHeader(): string
  equals?(other: unknown): boolean
}

const READERS: Record<string, (text: string) => Read | undefined> = {
  Accept: (text) => objects.Accept.fromHeader(text),
  MIMEAccept: (text) => objects.MIMEAccept.fromHeader(text),
  LanguageAccept: (text) => objects.LanguageAccept.fromHeader(text),
  Authorization: (text) => objects.Authorization.fromHeader(text),
  WWWAuthenticate: (text) => objects.WWWAuthenticate.fromHeader(text),
  RequestCacheControl: (text) => objects.RequestCacheControl.fromHeader(text),
  ResponseCacheControl: (text) => objects.ResponseCacheControl.fromHeader(text),
  ContentSecurityPolicy: (text) => objects.ContentSecurityPolicy.fromHeader(text),
  ContentRange: (text) => objects.ContentRange.fromHeader(text),
  ETags: (text) => objects.ETags.fromHeader(text),
  HeaderSet: (text) => objects.HeaderSet.fromHeader(text),
  IfRange: (text) => objects.IfRange.fromHeader(text),
  Range: (text) => objects.Range.fromHeader(text),
  UserAgent: (text) => objects.UserAgent.fromHeader(text),
}

// Headers have worse cases of their own: many items, each to be compared with the others or with what is asked for.
const around = (unit: string) => (length: number) => unit.repeat(Math.ceil(length / unit.length))
const INPUTS: Record<string, (length: number) => string> = {
  ...WORST,
  stars: around("*,"),
  "media ranges": around("a/b;q=0.1,"),
  "media ranges with parameters": around("a/b;x=1;q=0.2,c/*,"),
  "rising qualities": (length) => Array.from({ length: length / 12 }, (_, i) => `a/b${i};q=0.${i}`).join(","),
  "a tag of many subtags": around("a-"),
  "many tags": around('"a", W/"b",'),
  "distinct names": (length) => Array.from({ length: length / 8 }, (_, i) => `n${i}=v`).join(","),
  challenges: around('Basic realm="a", Negotiate, '),
  directives: (length) => Array.from({ length: length / 8 }, (_, i) => `d${i} v`).join(";"),
}

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
]

/** The content of a header object as plain values. */
function contentOf(read: Read | undefined): unknown {
  if (read instanceof objects.ETags) return [[...read], [...read.asSet({ includeWeak: true })], read.starTag]
  if (read instanceof objects.Range) return [read.units, read.ranges]
  if (read instanceof objects.ContentRange) return [read.units, read.start, read.stop, read.length]
  if (read instanceof objects.IfRange) return [read.etag, read.date]
  if (read instanceof objects.UserAgent) return read.string
  if (read instanceof objects.Authorization || read instanceof objects.WWWAuthenticate) {
    return [read.type, read.token, [...read.parameters]]
  }
  return [...(read as unknown as Iterable<unknown>)]
}

describe.each(Object.entries(READERS))("%s", (name, read) => {
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

  test("takes time in proportion to the text", async () => {
    const work = (text: string) => {
      const result = read(text)
      if (result instanceof objects.Accept) {
        result.bestMatch(["x/y", "z/z"])
        if (result instanceof objects.LanguageAccept) result.lookup(["x", "a-b"])
        result.quality("x/y")
      }
      result?.toHeader()
    }
    for (const [kind, make] of Object.entries(INPUTS)) {
      await expectLinear(
        (length) => {
          const text = make(length)
          return () => work(text)
        },
        4096,
        `${name}: ${kind}`,
      )
    }
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

test("no name changes the prototype of anything", () => {
  const prototypes = [Object, Array, Map, Set, Function, String].map((type) => type.prototype as object)
  const before = prototypes.map((prototype) => Object.getOwnPropertyNames(prototype))
  const name = fc.constantFrom(...before.flat().filter((property) => /^\w+$/.test(property)))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, name), { maxLength: 5 }), (pairs) => {
      const multi = new objects.MultiDict(pairs)
      const headers = new objects.Headers(pairs)
      const dict = new objects.TypeConversionDict(pairs)
      const cache = objects.ResponseCacheControl.fromHeader(pairs.map((pair) => pair.join("=")).join())
      return pairs.every(
        ([key, value]) =>
          multi.getAll(key).includes(value) &&
          multi.toDict()[key] === multi.get(key) &&
          headers.getAll(key).includes(value) &&
          dict.has(key) &&
          cache.has(key.toLowerCase()),
      )
    }),
    { numRuns: 10_000 },
  )
  expect(prototypes.map((prototype) => Object.getOwnPropertyNames(prototype))).toEqual(before)
})

test("inherited names are plain data, with frozen prototypes too", () => {
  const script = `
    for (const type of [Object, Array, Map, Set, Function, String, Error]) Object.freeze(type.prototype)
    const d = await import(${JSON.stringify(new URL("../../src/datastructures/index.ts", import.meta.url).href)})
    const names = ["__proto__", "constructor", "__definegetter__"]
    const pairs = names.map((name) => [name, name])
    const seen = {
      multi: new d.MultiDict(pairs), immutable: new d.ImmutableMultiDict(pairs), dict: new d.TypeConversionDict(pairs),
      combined: new d.CombinedMultiDict([new d.MultiDict(pairs)]), headers: new d.Headers(pairs),
      cache: d.ResponseCacheControl.fromHeader(names.map((name) => name + "=" + name).join()),
      digest: d.Authorization.fromHeader("Digest " + names.map((name) => name + "=" + name).join()),
      challenge: d.WWWAuthenticate.fromHeader("Digest " + names.map((name) => name + "=" + name).join()),
      environ: new d.EnvironHeaders(Object.fromEntries(names.map((name) => ["HTTP_" + name.toUpperCase(), name]))),
    }
    for (const [kind, object] of Object.entries(seen)) {
      for (const name of names) if (object.get(name) !== name || !object.has(name)) throw new Error(kind + " " + name)
    }
    for (const name of [...names, "toString", "valueOf"]) {
      if (new d.MultiDict().has(name) || new d.Headers().has(name) || new d.ImmutableDict().has(name)) throw new Error(name)
      if (d.HeaderSet.fromHeader("").has(name) || !d.HeaderSet.fromHeader(name).has(name)) throw new Error(name)
      if (d.Accept.fromHeader("x").has(name) || d.Accept.fromHeader(name).quality(name) !== 1) throw new Error(name)
    }
    const policy = d.ContentSecurityPolicy.fromHeader("constructor x")
    if (policy.get("constructor") !== "x" || policy.get("toString") !== undefined) throw new Error("policy")
    if (Object.keys(seen.multi.toDict()).length !== names.length) throw new Error("toDict")
    seen.multi.update(new d.MultiDict(JSON.parse('{"__proto__": ["x"]}')))
    if (seen.multi.getAll("__proto__").join() !== "__proto__,x") throw new Error("update")
    if ({}.x !== undefined || ({}).polluted !== undefined) throw new Error("polluted")
    console.log("plain data")
  `
  const node = ["--import", "tsx", "--input-type=module", "--eval", script]
  expect(execFileSync(process.execPath, node, { encoding: "utf8" }).trim()).toBe("plain data")
})
