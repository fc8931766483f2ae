import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Exports, matchesPattern, sharedData } from "../../src/middleware/shared-data.ts"
import type { SharedDataOptions } from "../../src/middleware/site-file.ts"
import { linted } from "../support/lint.ts"
import { get, parseAnswer, serve, talk } from "../support/server.ts"
import { answer, type CallOptions, call, hello } from "./calling.ts"

const CANARY = "outside of the folder"
let root = ""

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "werkstatt-shared-"))
  const files: Record<string, string> = {
    "secret.txt": CANARY,
    "static/a.txt": "letter a",
    "static/page.html": "<p>",
    "static/noext": "?",
    "static/ä b.txt": "umlaut",
    "static/.hidden": CANARY,
    "static/sub/b.txt": "letter b",
    "static/sub/.git/config": CANARY,
    "static/app.js": "plain",
    "static/app.js.br": "coded",
    "static/kept.tar.gz": "x",
    "static/kept.tgz": "x",
    "static/image.svgz": "x",
    "static/big.bin": "0123456789abcdef".repeat(20_000),
    "static_backup/a.txt": CANARY,
    "node_modules/some-package/package.json": '{"name":"some-package","exports":{}}',
    "node_modules/some-package/dist/lib.css": "p{}",
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true })
    await writeFile(join(root, path), text)
  }
  await symlink(join(root, "secret.txt"), join(root, "static/out.txt"))
  await symlink(join(root, "static/a.txt"), join(root, "static/in.txt"))
})

afterAll(() => rm(root, { recursive: true }))

async function visit(path: string, exports?: Exports, options?: SharedDataOptions, request: CallOptions = {}) {
  const layer = (app: typeof hello) => sharedData(app, exports ?? { "/static": join(root, "static") }, options)
  const result = await call(layer, { path, ...request }, answer("passed on"))
  return Object.assign(result, { passedOn: result.environ !== undefined })
}

describe("what is there is sent", () => {
  test.each([
    ["/static/a.txt", "letter a", "text/plain; charset=utf-8"],
    ["/static/sub/b.txt", "letter b", "text/plain; charset=utf-8"],
    ["/static/page.html", "<p>", "text/html; charset=utf-8"],
    ["/static/noext", "?", "application/octet-stream"],
    ["/static/%C3%A4%20b.txt", "umlaut", "text/plain; charset=utf-8"],
    ["/static/in.txt", "letter a", "text/plain; charset=utf-8"],
  ])("%s", async (path, text, type) => {
    const found = await visit(path)
    expect([found.text, found.header("Content-Type"), found.passedOn]).toEqual([text, type, false])
    expect(found.header("Cache-Control")).toBe("max-age=43200, public")
    expect(found.header("Expires")).toBeDefined()
    expect(found.header("Last-Modified")).toBeDefined()
    expect(found.header("Content-Disposition")).toBeUndefined()
    expect(found.header("ETag")).toMatch(/^"[^"]+"$/)
  })
})

describe("what is not there is passed on", () => {
  test.each([
    "/",
    "/static",
    "/static/",
    "/static/sub",
    "/static/sub/",
    "/static/nothing",
    "/a.txt",
    "/staticx/a.txt",
    "/static_backup/a.txt",
    "/static/a.txt/",
    "/static/a.txt/x",
    // Paths that lead out, or that somebody else might read as another path.
    "/static/../secret.txt",
    "/static/%2e%2e/secret.txt",
    "/static/..%2fsecret.txt",
    "/static/%2e%2e%2fsecret.txt",
    "/static/%252e%252e/secret.txt",
    "/static/..%5csecret.txt",
    "/static/%5c..%5csecret.txt",
    "/static//etc/passwd",
    "/static/sub/../a.txt",
    "/static/./a.txt",
    "/static//a.txt",
    "//static/a.txt",
    "/static/a.txt%00.png",
    "/static/%00",
    "/static/%0a",
    "/static/C:/x",
    "/static/.hidden",
    "/static/sub/.git/config",
    "/static/out.txt",
    "/static/%ff",
  ])("%s", async (path) => {
    const found = await visit(path)
    expect([found.text, found.passedOn]).toEqual(["passed on", true])
  })

  test.each(["POST", "OPTIONS", "PUT", "DELETE"])("%s", async (method) => {
    expect((await visit("/static/a.txt", undefined, {}, { method })).passedOn).toBe(true)
  })

  test("nothing from outside of the folder is sent, for any path", async () => {
    const piece = fc.constantFrom(
      "..",
      ".",
      "",
      "%2e%2e",
      "%2f",
      "%5c",
      "\\",
      "secret.txt",
      "static",
      "sub",
      ".hidden",
      "%00",
      "a.txt",
      "out.txt",
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        expect((await visit(`/static/${pieces.join("/")}`)).text).not.toContain(CANARY)
      }),
      { numRuns: 300 },
    )
  })
})

describe("over a socket", () => {
  const socket = async (...fields: string[]) => {
    const { port } = await serve(linted(sharedData(linted(hello), { "/static": join(root, "static") })))
    return (target: string) => get(port, target, ...fields)
  }

  test("a range", async () => {
    const found = await (await socket("Range: bytes=16-31"))("/static/big.bin")
    expect([found.status, found.body, found.header("content-range")]).toEqual([
      "HTTP/1.1 206 Partial Content",
      "0123456789abcdef",
      "bytes 16-31/320000",
    ])
  })

  test("a range that can't be served", async () => {
    expect((await (await socket("Range: bytes=999999-"))("/static/a.txt")).status).toContain("416")
  })

  test("a failed precondition", async () => {
    expect((await (await socket('If-Match: "x"'))("/static/a.txt")).status).toContain("412")
  })

  test("a file that is confirmed", async () => {
    const etag = (await (await socket())("/static/a.txt")).header("etag")
    const { status, body } = await (await socket(`If-None-Match: ${etag}`))("/static/a.txt")
    expect([status, body]).toEqual(["HTTP/1.1 304 Not Modified", ""])
  })

  test("HEAD", async () => {
    const { port } = await serve(linted(sharedData(linted(hello), { "/static": join(root, "static") })))
    const found = parseAnswer(await talk(port, "HEAD /static/big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
    expect([found.status, found.header("content-length"), found.body]).toEqual(["HTTP/1.1 200 OK", "320000", ""])
  })
})

describe("exports", () => {
  const text = async (path: string, exports: Exports) => (await visit(path, exports)).text

  test("a file", async () => {
    const exports = { "/robots.txt": join(root, "static/a.txt") }
    expect(await text("/robots.txt", exports)).toBe("letter a")
    expect(await text("/robots.txt/", exports)).toBe("passed on")
    expect(await text("/robots.txt/x", exports)).toBe("passed on")
  })

  test("the root, a slash at the end, and a file URL", async () => {
    for (const prefix of ["", "/"]) expect(await text("/a.txt", { [prefix]: join(root, "static") })).toBe("letter a")
    expect(await text("/s/a.txt", { "/s/": pathToFileURL(join(root, "static")) })).toBe("letter a")
  })

  test("the first one that has the file", async () => {
    const exports: Exports = [
      ["/x", join(root, "static/sub")],
      ["/x", join(root, "static")],
    ]
    expect(await text("/x/b.txt", exports)).toBe("letter b")
    expect(await text("/x/a.txt", exports)).toBe("letter a")
  })

  test("a folder that is not there, and a file that has gone", async () => {
    expect(await text("/x/a.txt", { "/x": join(root, "missing") })).toBe("passed on")
    const path = join(root, "static/gone.txt")
    await writeFile(path, "here")
    const app = linted(sharedData(linted(answer("passed on")), { "/x": path }))
    await rm(path)
    expect((await call(() => app, { path: "/x" })).text).toBe("passed on")
  })

  test("a folder of a package, with any exports", async () => {
    const from = join(root, "app.js")
    expect(await text("/css/lib.css", { "/css": { package: "some-package", path: "dist", from } })).toBe("p{}")
    expect(await text("/p/dist/lib.css", { "/p": { package: "some-package", from: pathToFileURL(from) } })).toBe("p{}")
    expect(() => sharedData(hello, { "/p": { package: "no-such-package" } })).toThrow("not installed")
  })

  test("a path starts with a slash", () => {
    expect(() => sharedData(hello, { static: "." })).toThrow(TypeError)
  })
})

describe("options", () => {
  test("disallow", async () => {
    const passedOn = async (path: string, disallow: string | string[]) =>
      (await visit(path, undefined, { disallow })).passedOn
    expect(await passedOn("/static/page.html", "*.html")).toBe(true)
    expect(await passedOn("/static/a.txt", "*.html")).toBe(false)
    expect(await passedOn("/static/sub/b.txt", ["*.html", "b.*"])).toBe(true)
    expect(await passedOn("/static/sub/b.txt", "sub/*")).toBe(true)
    expect(await passedOn("/static/a.txt", "sub/*")).toBe(false)
  })

  test("cache and maxAgeSeconds", async () => {
    const off = await visit("/static/a.txt", undefined, { cache: false }, { variables: { HTTP_IF_NONE_MATCH: "*" } })
    expect([off.code, off.header("ETag"), off.header("Cache-Control"), off.header("Expires")]).toEqual([
      200,
      undefined,
      "public",
      undefined,
    ])
    expect((await visit("/static/a.txt", undefined, { maxAgeSeconds: 60 })).header("Cache-Control")).toBe(
      "max-age=60, public",
    )
    expect(() => sharedData(hello, {}, { maxAgeSeconds: -1 })).toThrow(RangeError)
  })

  test("fallbackMimetype", async () => {
    expect((await visit("/static/noext", undefined, { fallbackMimetype: "text/plain" })).header("Content-Type")).toBe(
      "text/plain; charset=utf-8",
    )
  })

  test("dotFiles and symlinks", async () => {
    expect((await visit("/static/.hidden", undefined, { dotFiles: true })).text).toBe(CANARY)
    expect((await visit("/static/out.txt", undefined, { symlinks: "anywhere" })).text).toBe(CANARY)
    expect((await visit("/static/in.txt", undefined, { symlinks: "none" })).passedOn).toBe(true)
  })

  test("compressed files to be kept, unless their coding is asked for", async () => {
    const visited = async (name: string, options?: SharedDataOptions) => {
      const found = await visit(`/static/${name}`, undefined, options)
      return [found.header("Content-Type"), found.header("Content-Encoding")]
    }
    const options = { fallbackMimetype: "text/x-unknown", contentEncoding: true }
    expect(await visited("kept.tar.gz")).toEqual(["application/gzip", undefined])
    expect(await visited("kept.tgz")).toEqual(["application/gzip", undefined])
    expect(await visited("image.svgz")).toEqual(["image/svg+xml; charset=utf-8", "gzip"])
    expect(await visited("kept.tar.gz", options)).toEqual(["application/x-tar", "gzip"])
    expect(await visited("app.js.br", options)).toEqual(["text/javascript; charset=utf-8", "br"])
    expect(await visited("app.js.br", { fallbackMimetype: "text/x-unknown" })).toEqual([
      "text/x-unknown; charset=utf-8",
      undefined,
    ])
  })

  test("precompressed", async () => {
    const variables = { HTTP_ACCEPT_ENCODING: "br" }
    const found = await visit("/static/app.js", undefined, { precompressed: true }, { variables })
    expect([found.text, found.header("Content-Encoding"), found.header("Vary")]).toEqual([
      "coded",
      "br",
      "Accept-Encoding",
    ])
    expect((await visit("/static/app.js", undefined, { precompressed: true })).text).toBe("plain")
  })
})

describe("patterns", () => {
  test.each([
    ["a.html", "*.html", true],
    ["a.htm", "*.html", false],
    ["anything", "*", true],
    ["", "*", true],
    ["", "", true],
    ["a", "", false],
    ["a/b", "a*b", true],
    ["abc", "a?c", true],
    ["ac", "a?c", false],
    ["b", "[a-c]", true],
    ["d", "[a-c]", false],
    ["d", "[!a-c]", true],
    ["-", "[a-]", true],
    ["]", "[]]", true],
    ["[", "[", true],
    ["[a", "[a", true],
    ["aXbXc", "a*b*c", true],
    ["aXbX", "a*b*c", false],
    ["a.b+c", "a.b+c", true],
    ["axb+c", "a.b+c", false],
  ])("%j is of %j: %s", (text, pattern, is) => {
    expect(matchesPattern(text, pattern)).toBe(is)
  })

  test("agree with an expression of the same meaning", () => {
    const letter = fc.constantFrom("a", "b", "*", "?")
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 }),
        fc.array(letter, { maxLength: 6 }),
        (text, parts) => {
          const source = parts.map((part) => (part === "*" ? ".*" : part === "?" ? "." : part)).join("")
          expect(matchesPattern(text, parts.join(""))).toBe(new RegExp(`^${source}$`).test(text))
        },
      ),
      { numRuns: 2000 },
    )
  })
})
