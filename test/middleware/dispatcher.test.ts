import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Application } from "../../src/gateway.ts"
import { dispatcher, MountTable } from "../../src/middleware/dispatcher.ts"
import { call, hello } from "./calling.ts"

const naming =
  (name: string): Application =>
  (environ, startResponse) => {
    startResponse("200 OK", [["Content-Type", "text/plain; charset=utf-8"]])
    return [Buffer.from(`${name} ${environ.SCRIPT_NAME} ${environ.PATH_INFO}`)]
  }

const mountsOf = (...names: string[]) => names.map((name) => [name, naming(name)] as const)

const visit = async (mounts: string[], path: string, host = "localhost") =>
  (await call((app) => dispatcher(app, mountsOf(...mounts)), { path, baseUrl: `http://${host}/` }, naming("default")))
    .text

describe("by path", () => {
  const mounts = ["/foo", "/foo/bar", "/é", "/a b", "/css"]
  test.each([
    ["/foo", "/foo /foo "],
    ["/foo/", "/foo /foo /"],
    ["/foo/x", "/foo /foo /x"],
    ["/foo/bar/baz/q", "/foo/bar /foo/bar /baz/q"],
    ["/foo//bar", "/foo /foo //bar"],
    ["/foobar", "default  /foobar"],
    ["/css-backup.sql", "default  /css-backup.sql"],
    ["//foo", "default  //foo"],
    ["/FOO", "default  /FOO"],
    ["/x/foo", "default  /x/foo"],
    ["/%66oo/x", "/foo /foo /x"],
    ["/%C3%A9/x", "/é /\u00c3\u00a9 /x"],
    ["/a%20b/x", "/a b /a b /x"],
    ["/a%2520b/x", "default  /a%20b/x"],
    ["/foo%2Fbar/x", "/foo/bar /foo/bar /x"],
  ])("%s goes to %j", async (path, answer) => {
    expect(await visit(mounts, path)).toBe(answer)
  })

  test("a mount below a mount adds to SCRIPT_NAME", async () => {
    const inner = dispatcher(hello, { "/b": naming("b") })
    const { text } = await call((app) => dispatcher(app, { "/a": inner }), { path: "/a/b/c" })
    expect(text).toBe("b /a/b /c")
  })

  test("the root can be a mount, with or without its slash", async () => {
    expect(await visit([""], "/x")).toBe("  /x")
    expect(await visit(["/"], "/x")).toBe("/  /x")
  })

  test("a slash at the end of a mount means nothing", async () => {
    expect(await visit(["/foo/"], "/foo/x")).toBe("/foo/ /foo /x")
  })

  test("a path of slashes takes no longer than its lookups in mounts of any length", () => {
    const table = new MountTable(mountsOf("/aaaa/bbbb"))
    fc.assert(
      fc.property(fc.array(fc.constantFrom("/", "a", "/aaaa", "/bbbb"), { maxLength: 8 }), (parts) => {
        const path = `/${parts.join("")}`
        const found = table.find({ PATH_INFO: path } as Parameters<typeof table.find>[0])
        expect(found !== undefined).toBe(path === "/aaaa/bbbb" || path.startsWith("/aaaa/bbbb/"))
      }),
    )
  })
})

describe("by host", () => {
  const mounts = [
    "/api",
    "//shop.test",
    "//shop.test/api",
    "//.shop.test",
    "//.shop.test/img",
    "//www.shop.test/js",
    "//bücher.test",
  ]
  test.each([
    ["other.test", "/api/x", "/api /api /x"],
    ["other.test", "/x", "default  /x"],
    ["shop.test", "/x", "//shop.test  /x"],
    ["SHOP.test:8000", "/api/x", "//shop.test/api /api /x"],
    ["a.b.shop.test", "/x", "//.shop.test  /x"],
    ["a.b.shop.test", "/img/x", "//.shop.test/img /img /x"],
    ["www.shop.test", "/js/x", "//www.shop.test/js /js /x"],
    ["www.shop.test", "/x", "//.shop.test  /x"],
    ["shop.test.:8000", "/x", "//shop.test  /x"],
    ["a_b.shop.test.", "/x", "//.shop.test  /x"],
    ["evilshop.test", "/x", "default  /x"],
    ["shop.test.evil", "/api", "/api /api "],
    ["xn--bcher-kva.test", "/x", "//bücher.test  /x"],
  ])("%s%s goes to %j", async (host, path, answer) => {
    expect(await visit(mounts, path, host)).toBe(answer)
  })

  test("a malformed host is none", async () => {
    const { text } = await call((app) => dispatcher(app, mountsOf("//good.test")), {
      variables: { HTTP_HOST: "good.test:80@good.test" },
      allow: ["L12"],
    })
    expect(text).toBe("Hello")
  })
})

test.each(["foo", "//", "///x", "//host:80/x"])("%j is no mount", (mount) => {
  expect(() => dispatcher(hello, { [mount]: hello })).toThrow(TypeError)
})

test("a place can be taken once, and by applications only", () => {
  expect(() =>
    dispatcher(hello, [
      ["/a", hello],
      ["/a/", hello],
    ]),
  ).toThrow(TypeError)
  expect(() => dispatcher(hello, { "/a": "app" as unknown as Application })).toThrow(TypeError)
})

test("names of Object.prototype are mounts like others", async () => {
  expect(await visit(["/__proto__", "/constructor"], "/__proto__/x")).toBe("/__proto__ /__proto__ /x")
  expect(await visit([], "/constructor")).toBe("default  /constructor")
})
