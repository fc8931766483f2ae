import fc from "fast-check"
import { describe, expect, expectTypeOf, test } from "vitest"
import { RequestCacheControl, ResponseCacheControl } from "../../src/datastructures/cache-control.ts"

describe("RequestCacheControl", () => {
  test("reads directives", () => {
    const control = RequestCacheControl.fromHeader(
      'no-cache, No-Store, max-age="60", max-stale, min-fresh=5, no-transform, only-if-cached, stale-if-error=0, a=b',
    )
    expect(control.noCache).toBe(true)
    expect(control.noStore).toBe(true)
    expect(control.maxAge).toBe(60)
    expect(control.maxStale).toBe(true)
    expect(control.minFresh).toBe(5)
    expect(control.noTransform).toBe(true)
    expect(control.onlyIfCached).toBe(true)
    expect(control.staleIfError).toBe(0)
    expect(control.get("a")).toBe("b")
    expect(control.provided).toBe(true)
  })

  test.each([undefined, ""])("%j is no header", (text) => {
    const control = RequestCacheControl.fromHeader(text)
    expect(control.provided).toBe(false)
    expect(control.noCache).toBe(false)
    expect(control.maxAge).toBeUndefined()
    expect(control.maxStale).toBeUndefined()
    expect(control.toHeader()).toBe("")
  })

  test.each(["abc", "1.5", "+1", "1e3", "0x10", ""])("a number of %j seconds is none", (text) => {
    const control = RequestCacheControl.fromHeader(`max-age=${text}, max-stale=${text || "x"}`)
    expect(control.maxAge).toBeUndefined()
    expect(control.maxStale).toBeUndefined()
  })

  // RFC 9111 section 1.2.2
  test("too many seconds are the most that can be counted", () => {
    const text = "max-age=99999999999999999999, max-stale=9007199254740992, min-fresh=007, stale-if-error=-5"
    const control = RequestCacheControl.fromHeader(text)
    expect([control.maxAge, control.maxStale]).toEqual([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])
    expect([control.minFresh, control.staleIfError]).toEqual([7, -5])
    const names = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"]
    const response = ResponseCacheControl.fromHeader(names.map((name) => `${name}=1${"0".repeat(30)}`).join(", "))
    const { maxAge, sMaxage, staleWhileRevalidate, staleIfError } = response
    expect(new Set([maxAge, sMaxage, staleWhileRevalidate, staleIfError])).toEqual(new Set([Number.MAX_SAFE_INTEGER]))
    expect(() => {
      response.maxAge = 1e21
    }).toThrow(RangeError)
  })

  test("a malformed directive is left out", () => {
    const control = RequestCacheControl.fromHeader("a b=c, *=x, a**=b, x*=UTF-8''%0D, y*=UTF-8''%E2%82%AC, no-cache")
    expect([...control]).toEqual([
      ["y", "€"],
      ["no-cache", undefined],
    ])
    expect(control.toHeader()).toBe("y*=UTF-8''%E2%82%AC, no-cache")
  })

  test("can't be changed", () => {
    const control = RequestCacheControl.fromHeader("no-cache")
    expect("set" in control).toBe(false)
    expect(() => Object.assign(control, { noCache: false })).toThrow(TypeError)
    expectTypeOf(control.maxStale).toEqualTypeOf<number | true | undefined>()
  })
})

describe("ResponseCacheControl", () => {
  test("reads directives", () => {
    const control = ResponseCacheControl.fromHeader(
      'no-cache="Set-Cookie, X", no-store, max-age=604800, no-transform, must-revalidate, proxy-revalidate, s-maxage=0, Public, private, immutable, must-understand, stale-while-revalidate=1, stale-if-error=2',
    )
    const { noCache, noStore, maxAge, noTransform, mustRevalidate, proxyRevalidate, sMaxage } = control
    expect([noCache, noStore, maxAge, noTransform]).toEqual(["Set-Cookie, X", true, 604800, true])
    expect([mustRevalidate, proxyRevalidate, sMaxage]).toEqual([true, true, 0])
    expect([control.public, control.private, control.immutable, control.mustUnderstand]).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect([control.staleWhileRevalidate, control.staleIfError]).toEqual([1, 2])
    const none = ResponseCacheControl.fromHeader(undefined)
    expect(none.provided).toBe(false)
    expect([none.noCache, none.noStore, none.maxAge, none.private]).toEqual([undefined, false, undefined, undefined])
  })

  // Each property in turn: what is set, what the header then says, what is read.
  const settings: [keyof ResponseCacheControl, unknown, string, unknown][] = [
    ["noCache", true, "no-cache", true],
    ["noCache", "Set-Cookie, X", 'no-cache="Set-Cookie, X"', "Set-Cookie, X"],
    ["private", "x", "private=x", "x"],
    ["noStore", true, "no-store", true],
    ["noTransform", true, "no-transform", true],
    ["mustRevalidate", true, "must-revalidate", true],
    ["proxyRevalidate", true, "proxy-revalidate", true],
    ["public", true, "public", true],
    ["immutable", true, "immutable", true],
    ["mustUnderstand", true, "must-understand", true],
    ["maxAge", 3600, "max-age=3600", 3600],
    ["maxAge", 3.7, "max-age=3", 3],
    ["maxAge", 0, "max-age=0", 0],
    ["sMaxage", 5, "s-maxage=5", 5],
    ["staleWhileRevalidate", 5, "stale-while-revalidate=5", 5],
    ["staleIfError", 5, "stale-if-error=5", 5],
  ]

  test.each(settings)("%s = %j writes %j", (property, value, header, read) => {
    const control = new ResponseCacheControl()
    Object.assign(control, { [property]: value })
    expect(control.toHeader()).toBe(header)
    expect(String(control)).toBe(header)
    expect(control[property]).toBe(read)
    for (const empty of [undefined, null, false]) {
      Object.assign(control, { [property]: value })
      Object.assign(control, { [property]: empty })
      expect(control.toHeader()).toBe("")
    }
  })

  test("refuses what is no number of seconds, and what cannot stand in a header", () => {
    const control = new ResponseCacheControl({ "max-age": "1" })
    for (const value of ["", "5", true, {}]) expect(() => Object.assign(control, { maxAge: value })).toThrow(TypeError)
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => Object.assign(control, { maxAge: value })).toThrow(RangeError)
    }
    expect(() => Object.assign(control, { private: "a\r\nb: c" })).toThrow(TypeError)
    expect(() => control.set("a b", "c")).toThrow(TypeError)
    expect(() => control.set("a\n", undefined)).toThrow(TypeError)
    expect(control.toHeader()).toBe("max-age=1")
  })

  test("tells its owner of each change", () => {
    const control = ResponseCacheControl.fromHeader("public")
    const written: string[] = []
    control.onUpdate = (changed) => written.push(changed.toHeader())
    control.maxAge = 5
    control.setDirective("community", "U C I")
    control.setDirective("community", null)
    control.public = false
    control.maxAge = undefined
    control.maxAge = undefined
    expect(written).toEqual([
      "public, max-age=5",
      'public, max-age=5, community="U C I"',
      "public, max-age=5",
      "max-age=5",
      "",
    ])
  })

  test("a subclass adds directives of its own", () => {
    class Own extends ResponseCacheControl {
      get surrogate(): number | undefined {
        return this.get("surrogate", { type: Number })
      }
      set surrogate(value: number | undefined) {
        this.setDirective("surrogate", value)
      }
    }
    const control = new Own()
    control.surrogate = 60.9
    expect(control.surrogate).toBe(60)
    expect(control.toHeader()).toBe("surrogate=60")
  })

  test("takes inherited names for ordinary directives", () => {
    const control = ResponseCacheControl.fromHeader("__proto__=1, constructor")
    expect(control.get("__proto__")).toBe("1")
    expect(control.has("constructor")).toBe(true)
    expect(control.has("toString")).toBe(false)
    expect(control.toHeader()).toBe("__proto__=1, constructor")
  })
})

test("both read what they wrote", () => {
  const name = fc.stringMatching(/^[a-z-]{1,8}$/)
  const value = fc.option(fc.string({ unit: fc.constantFrom(...'ab ,;="\\\u00e9'.split("")) }), { nil: undefined })
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (directives) => {
      const control = new ResponseCacheControl(directives)
      expect(ResponseCacheControl.fromHeader(control.toHeader()).equals(control)).toBe(true)
      const request = new RequestCacheControl(directives)
      expect(RequestCacheControl.fromHeader(request.toHeader()).equals(request)).toBe(true)
    }),
  )
})

test("types allow what can be set and tell what can be read", () => {
  const control = new ResponseCacheControl()
  expectTypeOf(control.maxAge).toEqualTypeOf<number | undefined>()
  expectTypeOf(control.noCache).toEqualTypeOf<string | true | undefined>()
  expectTypeOf(control.public).toEqualTypeOf<boolean>()
  // @ts-expect-error a text is no number of seconds
  expect(() => (control.maxAge = "5")).toThrow(TypeError)
})
