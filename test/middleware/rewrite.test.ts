import { describe, expect, test } from "vitest"
import { dispatcher } from "../../src/middleware/dispatcher.ts"
import { type RewriteRule, rewrite, rewritePath } from "../../src/middleware/rewrite.ts"
import { answer, call, hello } from "./calling.ts"

describe("a rule", () => {
  test.each([
    [["/old", "/new"], "/old", { path: "/new" }],
    [["/old", "/new"], "/old/", { path: "/new/" }],
    [["/old", "/new"], "/old/a/b", { path: "/new/a/b" }],
    [["/old", "/new"], "/older", undefined],
    [["/old", "/new"], "/x/old", undefined],
    [["/old/", "/new/"], "/old/a", { path: "/new/a" }],
    [["/old", "/"], "/old/a", { path: "/a" }],
    [["/old", "/"], "/old", { path: "/" }],
    [["/", "/app"], "/a", { path: "/app/a" }],
    [["/old", "/new?v=1"], "/old/a", { path: "/new/a", query: "v=1" }],
    [["/old", "/new?"], "/old/a", { path: "/new/a", query: "" }],
    [["/old", "/new"], "/old/a?b", { path: "/new/a?b" }],
    [[/^\/u\/([0-9]+)$/, "/users?id=$1"], "/u/7", { path: "/users", query: "id=7" }],
    [
      [/^\/u\/(?<who>.+)$/, "/users?name=$<who>&all=$&"],
      "/u/a&b",
      { path: "/users", query: "name=a%26b&all=%2Fu%2Fa%26b" },
    ],
    [[/\.htm$/, ".html"], "/a/b.htm", { path: "/a/b.html" }],
    [[/\/+/g, "/"], "//a//b", { path: "/a//b" }],
    [[/^\/(\d)$/, "/$$$1$2$<x>"], "/7", { path: "/$7$2" }],
    [[/^\/é/, "/e"], "/é", { path: "/e" }],
    [["/x", () => undefined], "/x", undefined],
    [["/x", ([prefix], { REQUEST_METHOD }) => `${prefix}-${REQUEST_METHOD}`], "/x/y", { path: "/x-GET" }],
    [[/^\/(.*)$/, ([, rest]) => `/$1/${rest}?q`], "/a", { path: "/$1/a", query: "q" }],
  ] as [RewriteRule, string, unknown][])("%s makes of %s %j", (rule, path, expected) => {
    const environ = { REQUEST_METHOD: "GET" } as unknown as Parameters<typeof rewritePath>[2]
    // Twice: an expression with the flag `g` must not remember.
    expect(rewritePath([rule], path, environ)).toEqual(expected)
    expect(rewritePath([rule], path, environ)).toEqual(expected)
  })
})

test("the first rule that fits is the last", () => {
  const rules: RewriteRule[] = [
    ["/a", () => undefined],
    ["/a", "/b"],
    ["/b", "/c"],
    ["/a", "/d"],
  ]
  expect(rewritePath(rules, "/a")?.path).toBe("/b")
})

const target = async (rules: RewriteRule[], path: string) => {
  const { environ } = await call((app) => rewrite(app, rules), { path })
  return [environ?.PATH_INFO, environ?.QUERY_STRING, environ?.["REQUEST_URI"]]
}

test("path and query are changed, the target of the request is not", async () => {
  expect(await target([["/old", "/né?a=1"]], "/old/x?b=2")).toEqual(["/n\u00c3\u00a9/x", "a=1&b=2", "/old/x?b=2"])
})

test("a path that no rule fits stays as it is, bytes that are no text included", async () => {
  expect(await target([["/old", "/new"]], "/%ff%fe?q")).toEqual(["/\u00ff\u00fe", "q", "/%ff%fe?q"])
})

test("another application answers", async () => {
  const { text } = await call((app) => rewrite(dispatcher(app, { "/v2": answer("two") }), [["/api", "/v2"]]), {
    path: "/api/x",
  })
  expect(text).toBe("two")
})

test("a path has to start with a slash", async () => {
  expect(() => rewrite(hello, [["old", "/new"]])).toThrow(TypeError)
  await expect(call((app) => rewrite(app, [["/old", "new"]]), { path: "/old" })).rejects.toThrow(TypeError)
  await expect(call((app) => rewrite(app, [[/.*/, () => "new"]]), { path: "/old" })).rejects.toThrow(TypeError)
})
