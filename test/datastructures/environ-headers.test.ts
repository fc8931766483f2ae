import { describe, expect, expectTypeOf, test } from "vitest"
import { int } from "../../src/datastructures/conversion.ts"
import { EnvironHeaders } from "../../src/datastructures/environ-headers.ts"
import { Headers } from "../../src/datastructures/headers.ts"
import { BadRequestKeyError } from "../../src/exceptions/statuses.ts"

const environ = {
  HTTP_ACCEPT: "*/*",
  CONTENT_TYPE: "text/plain",
  CONTENT_LENGTH: "0",
  HTTP_X_FOO_BAR: "v",
  SERVER_NAME: "x",
  HTTP_CONTENT_TYPE: "again",
  HTTP_CONTENT_LENGTH: "again",
  HTTP_EMPTY: "",
}

describe("EnvironHeaders", () => {
  const headers = new EnvironHeaders(environ)

  test("are the variables of an environ that are headers", () => {
    expect(headers.toList()).toEqual([
      ["Accept", "*/*"],
      ["Content-Type", "text/plain"],
      ["Content-Length", "0"],
      ["X-Foo-Bar", "v"],
      ["Empty", ""],
    ])
    expect(headers.size).toBe(5)
    expect([...headers.keys()]).toContain("X-Foo-Bar")
  })

  test("are found in any case", () => {
    for (const name of ["X-Foo-Bar", "x-foo-bar", "X-FOO-BAR"]) expect(headers.get(name)).toBe("v")
    expect(headers.get("content-length", { type: int })).toBe(0)
    expect(headers.getAll("accept")).toEqual(["*/*"])
    expect(headers.getAll("missing")).toEqual([])
    expect(headers.getAll("X-FOO-BAR")).toEqual(["v"])
    expect(headers.has("empty")).toBe(true)
    expect(headers.get("Server-Name")).toBeUndefined()
    expect(headers.getOrThrow("accept")).toBe("*/*")
    expect(() => headers.getOrThrow("missing")).toThrow(BadRequestKeyError)
  })

  test("have one value by the name of its variable, and a list by the name of the header only", () => {
    expect([headers.get("x_foo_bar"), headers.has("CONTENT_LENGTH")]).toEqual(["v", true])
    expect([headers.getAll("x_foo_bar"), headers.getAll("CONTENT_LENGTH")]).toEqual([[], []])
  })

  test("do not have an empty Content-Type or Content-Length", () => {
    const empty = new EnvironHeaders({ CONTENT_TYPE: "", CONTENT_LENGTH: "" })
    expect(empty.toList()).toEqual([])
    expect(empty.has("content-type")).toBe(false)
    expect(empty.get("content-length")).toBeUndefined()
  })

  test("follow the environ", () => {
    const changing: Record<string, unknown> = {}
    const live = new EnvironHeaders(changing)
    expect(live.has("X")).toBe(false)
    changing["HTTP_X"] = "1"
    expect(live.get("x")).toBe("1")
    expect(live.size).toBe(1)
  })

  test("take only text for a header", () => {
    expect(new EnvironHeaders({ HTTP_X: 5, HTTP_Y: undefined }).toList()).toEqual([])
  })

  test("have nothing that would change them, but can be made into Headers", () => {
    for (const name of ["set", "append", "delete", "extend", "update", "setList", "merge", "copy", "clear"]) {
      expect(name in headers, name).toBe(false)
      expect(name in new Headers(), name).toBe(true)
    }
    expectTypeOf(headers).not.toHaveProperty("set")
    const copy = new Headers(headers)
    copy.set("Accept", "text/html")
    expect(headers.get("Accept")).toBe("*/*")
  })

  test("equal headers with the same fields", () => {
    expect(headers.equals(new EnvironHeaders({ ...environ }))).toBe(true)
    expect(headers.equals(new Headers(headers))).toBe(true)
    expect(headers.equals(new EnvironHeaders({}))).toBe(false)
  })

  test("read no inherited property", () => {
    const odd = new EnvironHeaders({ HTTP___PROTO__: "1", HTTP_CONSTRUCTOR: "2" })
    expect(odd.get("__proto__")).toBe("1")
    expect(odd.get("constructor")).toBe("2")
    const none = new EnvironHeaders({})
    for (const name of ["__proto__", "constructor", "toString"]) expect(none.get(name)).toBeUndefined()
  })
})
