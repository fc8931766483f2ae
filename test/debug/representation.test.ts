import { inspect } from "node:util"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Headers } from "../../src/datastructures/headers.ts"
import { MultiDict } from "../../src/datastructures/multi-dict.ts"
import { type Representation, represent } from "../../src/debug/representation.ts"
import { debugRepr } from "../../src/debug/value-markup.ts"

class Point {
  #hidden = 1
  x = 2
  get sum(): number {
    throw new Error("a getter ran")
  }
  uses(): number {
    return this.#hidden
  }
}
class Names extends Set<string> {}

const lines = (value: Representation): string[] =>
  (value.members ?? []).map(({ name, value }) => `${name}: ${value?.summary ?? "getter"}`)

describe("a value in one line", () => {
  test.each<[value: unknown, kind: Representation["kind"], summary: string]>([
    ["a\n<b>", "string", '"a\\n<b>"'],
    ["x".repeat(71), "string", `"${"x".repeat(70)}…"`],
    [-0, "number", "-0"],
    [Number.NaN, "number", "NaN"],
    [10n, "number", "10n"],
    [true, "boolean", "true"],
    [null, "nullish", "null"],
    [undefined, "nullish", "undefined"],
    [Symbol("s"), "symbol", "Symbol(s)"],
    [/a+/gi, "object", "/a+/gi"],
    [new Date(0), "object", "Date 1970-01-01T00:00:00.000Z"],
    [new Date(Number.NaN), "object", "Date Invalid Date"],
    [new Map([[1, 2]]), "object", "Map(1)"],
    [new Names(["a"]), "object", "Names(1)"],
    [new Uint8Array([1, 2]), "object", "Uint8Array(2) [1, 2]"],
    [Buffer.from("ab"), "object", "Buffer(2) [97, 98]"],
    [new ArrayBuffer(3), "object", "ArrayBuffer(3)"],
    [new WeakMap(), "object", "WeakMap"],
    [Promise.resolve(1), "object", "Promise"],
    [new TypeError("no"), "object", "TypeError: no"],
    [Object.create(null), "object", "[null prototype] {}"],
    [new Point(), "object", "Point { x: 2 }"],
    [{ a: { b: 1 }, "two words": [] }, "object", '{ a: {…}, "two words": Array(0) }'],
    [Object.assign(new Array(3), { 0: 1, 2: "x" }), "object", 'Array(3) [1, empty, "x"]'],
    [class A {}, "function", "class A"],
    [
      async function f(a: number, b: number) {
        return [a, b]
      },
      "function",
      "async function f(a, b)",
    ],
    [new Proxy([1], {}), "object", "Proxy"],
    [new URLSearchParams("a=1"), "object", "URLSearchParams(1)"],
    [new Headers([["A", "1"]]), "object", "Headers(1)"],
    [new MultiDict([["a", "1"]]), "object", "MultiDict(1)"],
  ])("%#: %o", (value, kind, summary) => {
    expect(represent(value)).toMatchObject({ kind, summary })
  })
})

describe("what is inside of a value", () => {
  test("are its properties, symbols and entries; no getter is called", () => {
    expect(lines(represent(new Point()))).toEqual(["x: 2", "sum: getter"])
    expect(lines(represent({ a: 1, [Symbol("s")]: 2 }))).toEqual(["a: 1", "[Symbol(s)]: 2"])
    expect(
      lines(
        represent(
          new Map<unknown, unknown>([
            ["k", 1],
            [{}, 2],
          ]),
        ),
      ),
    ).toEqual(['"k": 1', "{…}: 2"])
    expect(lines(represent(new Set([1])))).toEqual([": 1"])
    expect(lines(represent(Object.assign([1, 2], { extra: true })))).toEqual(["0: 1", "1: 2", "extra: true"])
    expect(
      lines(
        represent(
          new MultiDict([
            ["a", "1"],
            ["a", "2"],
          ]),
        ),
      ),
    ).toEqual(['"a": "1"', '"a": "2"'])
    expect(lines(represent(new Number(5)))).toEqual(["[[PrimitiveValue]]: 5"])
    expect(
      lines(
        represent(
          Object.defineProperty({}, "p", {
            get: () => {
              throw new Error("ran")
            },
          }),
        ),
      ),
    ).toEqual(["p: getter"])
  })

  test("ends at cycles, depths and numbers", () => {
    const cyclic: Record<string, unknown> = { name: "x" }
    cyclic["self"] = cyclic
    expect(lines(represent(cyclic))).toEqual(['name: "x"', "self: [Circular]"])
    expect(represent({ a: { b: { c: 1 } } }, { depth: 1 }).members?.[0]?.value?.members).toBeUndefined()
    const many = represent(Array(1000).fill(0), { maxMembers: 10 })
    expect([many.members?.length, many.more]).toEqual([10, 990])
    expect(represent(new Array(1e9), { maxMembers: 5 }).more).toBe(1e9 - 5)
  })

  test("cannot break the page: traps, getters, broken inspection", () => {
    const trap = () => {
      throw new Error("trap")
    }
    const all = { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap }
    const broken = { [inspect.custom]: trap }
    const proxied = Object.create(new Proxy({}, all)) as object
    for (const value of [new Proxy({}, all), broken, proxied, { inner: new Proxy({}, all) }, Object.create(broken)])
      expect(typeof debugRepr(value)).toBe("string")
    expect(represent(broken).summary).toBe("(cannot be shown)")
  })

  test("of anything at all can be shown", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
          withSparseArray: true,
          withDate: true,
          withBigInt: true,
        }),
        (value) => {
          expect(debugRepr(value)).not.toMatch(/<script/i)
        },
      ),
    )
  })
})

describe("secrets", () => {
  test.each<[value: unknown, name: string | undefined]>([
    ["s3cret", "password"],
    [12345, "pin"],
    [{ token: "s3cret", list: [{ apiKey: "s3cret" }] }, undefined],
    [{ session: { id: "s3cret", deep: ["s3cret"] } }, undefined],
    [new Map([["authorization", "s3cret"]]), undefined],
    [["authorization", "s3cret"], undefined],
    [[["cookie", "s3cret"]], undefined],
    [["host", "x", "authorization", "s3cret"], undefined],
    [new Headers([["Authorization", "s3cret"]]), undefined],
    [new globalThis.Headers({ authorization: "s3cret" }), undefined],
    [new URLSearchParams({ access_token: "s3cret" }), undefined],
    ["postgres://ada:s3cret@db/x", undefined],
    ["/cb?code=1&client_secret=s3cret", undefined],
    ["Authorization: Bearer s3cret-s3cret", undefined],
    [Buffer.from("s3cret"), "secretKey"],
    [{ [inspect.custom]: () => "Config { password: 's3cret' }" }, undefined],
    [new Error("password=s3cret"), undefined],
  ])("%#: are masked by name", (value, name) => {
    const html = debugRepr(value, { depth: 5, ...(name !== undefined && { name }) })
    expect(html).not.toContain("s3cret")
    expect(html).not.toContain("12345")
    expect(html).toContain("***")
  })

  test("other names are not touched", () => {
    expect(debugRepr({ author: "ada", compass: "north", path: "/a?b=c" })).not.toContain("***")
  })
})
