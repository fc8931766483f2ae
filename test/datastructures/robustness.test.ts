// What holds for every header object: its time grows with the length of the text and not with the square of it, and names that
// an object inherits are names like any other. That it takes any text is the affair of round-trips.test.ts.

import { execFileSync } from "node:child_process"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as objects from "../../src/datastructures/index.ts"
import { WORST } from "../http/worst-inputs.ts"
import { expectLinear } from "../support/growth.ts"
import { READERS } from "./readers.ts"

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

describe.each(Object.entries(READERS))("%s", (name, read) => {
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
