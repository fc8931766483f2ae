import { inspect } from "node:util"
import { expect, test } from "vitest"
import * as everything from "../../src/datastructures/index.ts"

const { Headers, MultiDict, HeaderSet, MIMEAccept, ETags, ResponseCacheControl, FileStorage, ImmutableDict } =
  everything

test("a console shows what an object holds, under the name of its class", () => {
  expect(inspect(new Headers({ A: "1" }))).toBe("Headers [ [ 'A', '1' ] ]")
  expect(inspect(new MultiDict({ a: ["1", "2"] }))).toBe("MultiDict Map(1) { 'a' => [ '1', '2' ] }")
  expect(inspect(new ImmutableDict({ a: "1" }))).toBe("ImmutableDict Map(1) { 'a' => '1' }")
  expect(inspect(new HeaderSet(["A"]))).toBe("HeaderSet [ 'A' ]")
  expect(inspect(MIMEAccept.fromHeader("a/b"))).toBe("MIMEAccept [ [ 'a/b', 1 ] ]")
  expect(inspect(ETags.fromHeader('"a"'))).toBe(`ETags '"a"'`)
  expect(inspect(new FileStorage(new Uint8Array(2), { filename: "a" }))).toContain("filename: 'a'")
  class Own extends Headers {}
  expect(inspect(new Own())).toBe("Own []")
})

test("directives are shown sorted", () => {
  expect(inspect(ResponseCacheControl.fromHeader("public, max-age=3"))).toBe(
    "ResponseCacheControl { 'max-age': '3', public: true }",
  )
  expect(inspect(everything.RequestCacheControl.fromHeader("no-store, max-age=3"))).toBe(
    "RequestCacheControl { 'max-age': '3', 'no-store': true }",
  )
})

test("a console shows no secrets", () => {
  const basic = new everything.Authorization("basic", { parameters: { username: "ada", password: "hunter2" } })
  const bearer = new everything.Authorization("bearer", { token: "hunter2" })
  for (const shown of [inspect(basic), inspect(bearer), inspect({ nested: basic })]) {
    expect(shown).toContain("Authorization")
    expect(shown).not.toContain("hunter2")
  }
})
