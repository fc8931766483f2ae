import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Authorization } from "../../src/datastructures/authorization.ts"
import { FileStorage } from "../../src/datastructures/file-storage.ts"
import { MultiDict } from "../../src/datastructures/multi-dict.ts"
import { inputFrom } from "../../src/environ/input.ts"
import type { Environ } from "../../src/gateway.ts"
import { lint } from "../../src/middleware/lint.ts"
import {
  createEnviron,
  EnvironBuilder,
  type EnvironBuilderOptions,
  requestFromValues,
} from "../../src/testing/environ-builder.ts"
import { Request } from "../../src/wrappers/request.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = async (environ: Environ) => new TextDecoder().decode(await environ["wsgi.input"].read())

/** What stands in the environ under these keys. */
function pick(environ: Environ, ...keys: string[]): unknown[] {
  return keys.map((key) => environ[key])
}

describe("paths and base URLs", () => {
  test.each<[options: EnvironBuilderOptions, mount: string, path: string, query: string, uri: string]>([
    [{}, "", "/", "", "/"],
    [{ path: "/a/b" }, "", "/a/b", "", "/a/b"],
    [{ path: "a" }, "", "a", "", "a"],
    [{ path: "" }, "", "", "", ""],
    [{ path: "?a=1" }, "", "", "a=1", "?a=1"],
    [{ path: "/a%2Fb%20c" }, "", "/a/b c", "", "/a%2Fb%20c"],
    [{ path: "/é ü" }, "", "/\xc3\xa9 \xc3\xbc", "", "/\xc3\xa9 \xc3\xbc"],
    [{ path: "/%FF" }, "", "/\xff", "", "/%FF"],
    [{ path: "/100%" }, "", "/100%", "", "/100%"],
    [{ path: "//a//b" }, "", "//a//b", "", "//a//b"],
    [{ path: "/x?q=%C3%A9+d" }, "", "/x", "q=%C3%A9+d", "/x?q=%C3%A9+d"],
    [{ path: "/x?q=é&r=a b#frag" }, "", "/x", "q=\xc3\xa9&r=a b", "/x?q=\xc3\xa9&r=a b#frag"],
    [{ path: "/?" }, "", "/", "", "/?"],
    [{ path: "/x", queryString: "a=é" }, "", "/x", "a=\xc3\xa9", "/x"],
    [{ path: "/x", queryString: { a: 1 } }, "", "/x", "a=1", "/x"],
    [{ path: "/x", baseUrl: "http://h.test/app/" }, "/app", "/x", "", "/x"],
    [{ path: "", baseUrl: "http://h.test/app" }, "/app", "", "", "/"],
    [{ path: "/x", baseUrl: "http://h.test/a b/é" }, "/a b/\xc3\xa9", "/x", "", "/x"],
    [{ path: "http://h.test/app/x?y", baseUrl: "http://h.test/app" }, "/app", "/x", "y", "/app/x?y"],
    [{ path: "http://other.test/app/x", baseUrl: "http://h.test/app" }, "", "/app/x", "", "/app/x"],
    [{ path: "http://other.test" }, "", "/", "", "/"],
    [{ path: new URL("https://h.test/a?b#c") }, "", "/a", "b", "/a?b"],
    [{ method: "OPTIONS", path: "*" }, "", "*", "", "*"],
  ])("%j", (options, mount, path, query, uri) => {
    const environ = createEnviron(options)
    expect(pick(environ, "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI", "RAW_URI")).toEqual([
      mount,
      path,
      query,
      uri,
      uri,
    ])
  })

  test("the request URI follows the path, unless it is set", () => {
    const builder = new EnvironBuilder("/a?b=1", { baseUrl: "http://h.test/app" })
    expect(builder.requestUri).toBe("/a?b=1")
    builder.path = "/é"
    expect(pick(builder.getEnviron(), "PATH_INFO", "QUERY_STRING", "REQUEST_URI")).toEqual([
      "/\xc3\xa9",
      "b=1",
      "/\xc3\xa9",
    ])
    builder.requestUri = "http://h.test/app/é?b=1"
    expect(pick(builder.getEnviron(), "PATH_INFO", "REQUEST_URI", "RAW_URI")).toEqual([
      "/\xc3\xa9",
      "http://h.test/app/\xc3\xa9?b=1",
      "http://h.test/app/\xc3\xa9?b=1",
    ])
  })

  test.each<[baseUrl: string, scheme: string, host: string, name: string, port: string]>([
    ["http://h.test", "http", "h.test", "h.test", "80"],
    ["https://h.test", "https", "h.test", "h.test", "443"],
    ["https://h.test:8443/x", "https", "h.test:8443", "h.test", "8443"],
    ["http://[::1]:80/", "http", "[::1]:80", "[::1]", "80"],
    ["http://[::1]", "http", "[::1]", "[::1]", "80"],
    ["http://user:pass@h.test/", "http", "h.test", "h.test", "80"],
    ["//h.test/", "http", "h.test", "h.test", "80"],
    ["http://bücher.example/", "http", "xn--bcher-kva.example", "xn--bcher-kva.example", "80"],
    ["http://Bücher。example:81/", "http", "xn--bcher-kva.example:81", "xn--bcher-kva.example", "81"],
  ])("%s", (baseUrl, scheme, host, name, port) => {
    const environ = createEnviron("/", { baseUrl })
    expect(pick(environ, "wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT")).toEqual([
      scheme,
      host,
      name,
      port,
    ])
    // That is what servers tell of their connection, and here is none.
    expect(environ).not.toHaveProperty("HTTPS")
  })

  test("a host that is set, and one in the path, are in ASCII too", () => {
    const builder = new EnvironBuilder("/")
    builder.host = "bücher.example"
    expect(pick(builder.getEnviron(), "HTTP_HOST", "SERVER_NAME")).toEqual([
      "xn--bcher-kva.example",
      "xn--bcher-kva.example",
    ])
    expect(createEnviron("http://bücher.example/x")["HTTP_HOST"]).toBe("xn--bcher-kva.example")
    expect(() => createEnviron("/", { baseUrl: "http://a\u2100b/" })).toThrow(TypeError)
  })

  test("what contradicts itself is refused", () => {
    for (const options of [
      { path: "/?a=1", queryString: { b: 1 } },
      { path: "/?", queryString: "b=1" },
      { baseUrl: "http://h.test/?a" },
      { baseUrl: "http://h.test/#a" },
      { data: "x", json: 1 },
      { data: "x", inputStream: "y" },
      { data: { a: 1 }, contentType: "text/plain" },
      { data: { f: new File(["x"], "f") }, contentType: "application/x-www-form-urlencoded" },
      { json: () => undefined },
      { headers: { "X-N": "a\r\nb" } },
    ] as EnvironBuilderOptions[]) {
      expect(() => createEnviron(options), JSON.stringify(options)).toThrow(TypeError)
    }
  })
})

describe("queries", () => {
  test("are text, or keys with values", () => {
    const query = (queryString: EnvironBuilderOptions["queryString"]) =>
      createEnviron("/", { queryString }).QUERY_STRING
    expect(query("a=%20&b")).toBe("a=%20&b")
    expect(query({ a: "x y", b: [1, 2], c: true, d: null })).toBe("a=x+y&b=1&b=2&c=true")
    expect(query([["é", "&"]])).toBe("%C3%A9=%26")
    expect(query(new URLSearchParams("a=1&a=2"))).toBe("a=1&a=2")
  })

  test("can be changed as keys and values unless they are text", () => {
    const builder = new EnvironBuilder("/", { queryString: { a: 1 } })
    builder.args.append("b", "2")
    expect(builder.queryString).toBe("a=1&b=2")
    builder.queryString = "c=3"
    expect(() => builder.args).toThrow(TypeError)
    builder.args = { d: 4 }
    expect(builder.queryString).toBe("d=4")
    expect(() => new EnvironBuilder("/?x=1").args).toThrow(TypeError)
    expect(new EnvironBuilder("/").args.size).toBe(0)
  })
})

describe("headers", () => {
  test("become variables, repeated ones joined, as servers do it", () => {
    const headers: [string, string][] = [
      ["X-A", "1"],
      ["x-a", "2"],
      ["Cookie", "a=1"],
      ["Cookie", "b=2"],
      ["Content-Type", "text/x"],
      ["Content-Length", "5"],
      ["X_A", "3"],
      ["Proxy", "evil"],
    ]
    const environ = createEnviron("/", { headers })
    expect(pick(environ, "HTTP_X_A", "HTTP_COOKIE", "CONTENT_TYPE", "CONTENT_LENGTH")).toEqual([
      "1, 2",
      "a=1; b=2",
      "text/x",
      "5",
    ])
    for (const key of ["HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH", "HTTP_PROXY"])
      expect(environ).not.toHaveProperty(key)
  })

  test("Host goes before the base URL", () => {
    expect(createEnviron("/", { headers: { Host: "other.test" } })["HTTP_HOST"]).toBe("other.test")
  })

  test("auth is a pair, an Authorization, or text", () => {
    const header = (auth: NonNullable<EnvironBuilderOptions["auth"]>) =>
      createEnviron("/", { auth, headers: { Authorization: "old" } })["HTTP_AUTHORIZATION"]
    expect(header(["user", "pa:ss"])).toBe("Basic dXNlcjpwYTpzcw==")
    expect(header(["ü", "日"])).toBe("Basic w7w65pel")
    expect(header(new Authorization("bearer", { token: "t" }))).toBe("Bearer t")
    expect(header("Custom x")).toBe("Custom x")
  })
})

describe("bodies", () => {
  test.each<[options: EnvironBuilderOptions, type: string | undefined, length: string | undefined, body: string]>([
    [{}, undefined, undefined, ""],
    [{ data: "é" }, undefined, "2", "é"],
    [{ data: "" }, undefined, undefined, ""],
    [{ data: bytes("x"), contentType: "text/x" }, "text/x", "1", "x"],
    [{ data: "x", mimetype: "text/x" }, "text/x; charset=utf-8", "1", "x"],
    [{ data: new Blob(["hi"], { type: "text/x" }) }, "text/x", "2", "hi"],
    [{ data: { a: 1, b: ["x y", "&"], c: null } }, "application/x-www-form-urlencoded", "16", "a=1&b=x+y&b=%26"],
    [{ data: [["a", "1"]] }, "application/x-www-form-urlencoded", "3", "a=1"],
    [{ data: new MultiDict({ a: "1" }) }, "application/x-www-form-urlencoded", "3", "a=1"],
    [{ data: new URLSearchParams("a=1") }, "application/x-www-form-urlencoded", "3", "a=1"],
    [{ data: {} }, undefined, undefined, ""],
    [{ json: { a: [1, null] } }, "application/json", "14", '{"a":[1,null]}'],
    [{ json: null }, "application/json", "4", "null"],
    [{ json: 1, contentType: "application/x+json" }, "application/x+json", "1", "1"],
    [{ inputStream: "abc" }, undefined, "3", "abc"],
    [{ data: [bytes("a"), bytes("b")] }, undefined, undefined, "ab"],
    [{ inputStream: "abc", contentLength: 2 }, undefined, "2", "abc"],
  ])("%j", async (options, type, length, body) => {
    const environ = createEnviron("/", { method: "POST", ...options })
    if (options.data !== undefined && length === "16") length = String(body.length)
    expect([environ.CONTENT_TYPE, environ.CONTENT_LENGTH, await read(environ)]).toEqual([type, length, body])
  })

  test("a stream without a length arrives in chunks", async () => {
    async function* stream() {
      yield bytes("a")
      yield bytes("b")
    }
    const environ = createEnviron("/", { method: "POST", data: stream() })
    expect(environ).toMatchObject({ HTTP_TRANSFER_ENCODING: "chunked", "wsgi.input_terminated": true })
    expect(environ).not.toHaveProperty("CONTENT_LENGTH")
    expect(await read(environ)).toBe("ab")
  })

  test("files come in many shapes, and are parsed as what they were", async () => {
    const data = {
      field: "é\r\n",
      tuple: [bytes("1"), "1.txt"],
      typed: [new Blob(["2"]), "2.bin", "text/x"],
      file: new File(["3"], 'q"3.html', { type: "text/html" }),
      storage: new FileStorage(bytes("4"), { filename: "4.json", contentType: "application/json" }),
      many: [new File(["5"], "5"), new File(["6"], "6")],
      empty: new File([], "empty.txt"),
    } as const
    const environ = createEnviron("/", { method: "POST", data })
    expect(environ.CONTENT_TYPE).toMatch(/^multipart\/form-data; boundary="[\w-]+"$/)
    const request = new Request(environ)
    expect([...(await request.form())]).toEqual([["field", "é\r\n"]])
    const files = await request.files()
    const shown = [...files].map(([name, file]) => [name, file.filename, file.mimetype])
    expect(shown).toEqual([
      ["tuple", "1.txt", "text/plain"],
      ["typed", "2.bin", "text/x"],
      ["file", 'q"3.html', "text/html"],
      ["storage", "4.json", "application/json"],
      ["many", "5", "application/octet-stream"],
      ["many", "6", "application/octet-stream"],
      ["empty", "empty.txt", "text/plain"],
    ])
    expect(await Promise.all([...files.values()].map((file) => file.text()))).toEqual([
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "",
    ])
  })

  test("a FormData is multipart, as fetch has it", async () => {
    const data = new FormData()
    data.append("a", "1")
    const environ = createEnviron("/", { method: "POST", data })
    expect(environ.CONTENT_TYPE).toMatch(/^multipart/)
    expect((await new Request(environ).form()).get("a")).toBe("1")
  })

  test("all names and values of a form survive", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text), { maxLength: 5 }), fc.boolean(), async (pairs, multipart) => {
        const options: EnvironBuilderOptions = { method: "POST", data: new MultiDict(pairs) }
        // A name's escapes cannot be told from the characters that they stand for.
        fc.pre(!multipart || pairs.every(([name]) => !/["\r\n\\]|%(22|0D|0A)/i.test(name)))
        if (multipart) options.contentType = "multipart/form-data"
        const form = await requestFromValues(Request, "/", options).form()
        expect([...form]).toEqual([...new MultiDict(pairs)])
      }),
      { numRuns: 60 },
    )
  })

  test("form and files are not there beside a stream, which takes their place", () => {
    const builder = new EnvironBuilder("/", { data: { a: "1" } })
    expect(builder.inputStream).toBeUndefined()
    builder.inputStream = "raw"
    expect(() => builder.form).toThrow(TypeError)
    expect(() => builder.files).toThrow(TypeError)
    builder.form = { b: "2" }
    expect(builder.inputStream).toBeUndefined()
    expect(builder.contentType).toBe("application/x-www-form-urlencoded")
    builder.files.addFile("f", bytes("x"), "x.txt")
    expect(builder.mimetype).toBe("multipart/form-data")
  })
})

describe("linked properties", () => {
  test("type, media type and parameters are one header", () => {
    const builder = new EnvironBuilder()
    builder.mimetype = "text/html"
    expect(builder.contentType).toBe("text/html; charset=utf-8")
    builder.mimetypeParams.set("charset", "latin1")
    expect(builder.headers.get("Content-Type")).toBe("text/html; charset=latin1")
    builder.contentType = undefined
    expect([builder.contentType, builder.mimetype]).toEqual([undefined, undefined])
    expect(() => builder.mimetypeParams.set("charset", "latin1")).toThrow(TypeError)
    expect(builder.contentType).toBeUndefined()
    builder.contentLength = 5
    expect([builder.headers.get("Content-Length"), builder.contentLength]).toEqual(["5", 5])
    builder.contentLength = undefined
    expect(builder.contentLength).toBeUndefined()
  })

  test("base URL, host, server and mount are one URL", () => {
    const builder = new EnvironBuilder("/x", { baseUrl: "https://h.test/app" })
    expect(builder.baseUrl).toBe("https://h.test/app/")
    expect([builder.serverName, builder.serverPort]).toEqual(["h.test", 443])
    builder.host = "other.test:81"
    builder.urlScheme = "http"
    builder.scriptRoot = ""
    expect(builder.baseUrl).toBe("http://other.test:81/")
    expect([builder.serverName, builder.serverPort]).toEqual(["other.test", 81])
    builder.baseUrl = "http://third.test/m/"
    expect(pick(builder.getEnviron(), "SCRIPT_NAME", "HTTP_HOST")).toEqual(["/m", "third.test"])
  })
})

test("base keys come first, then what is computed, then overrides", () => {
  const environ = createEnviron("/", {
    environBase: { REMOTE_ADDR: "192.0.2.1", REQUEST_METHOD: "BASE", "my.key": 1 },
    environOverrides: { SERVER_NAME: "won.test", HTTP_HOST: undefined },
  })
  expect(environ).toMatchObject({
    REMOTE_ADDR: "192.0.2.1",
    REQUEST_METHOD: "GET",
    SERVER_NAME: "won.test",
    "my.key": 1,
  })
  expect(environ).not.toHaveProperty("HTTP_HOST")
})

test("each environ is fresh, and so is its body", async () => {
  const builder = new EnvironBuilder("/", { method: "POST", data: { f: new File(["x"], "f") } })
  const [one, other] = [builder.getEnviron(), builder.getEnviron()]
  one.PATH_INFO = "/changed"
  expect(other.PATH_INFO).toBe("/")
  expect(await (await new Request(one).files()).get("f")?.text()).toBe("x")
  expect(await (await new Request(other).files()).get("f")?.text()).toBe("x")
})

test("the linter has nothing to say about what a builder makes", () => {
  for (const options of [
    {},
    { path: "", baseUrl: "https://[::1]:8443/é" },
    { method: "POST", data: { a: "é", f: new File(["x"], "f") }, headers: { "X-N": "\xff" } },
    { method: "OPTIONS", path: "*" },
  ] as EnvironBuilderOptions[]) {
    const app = lint(() => [], {
      report: (breach) => {
        throw breach
      },
    })
    expect(() => app(createEnviron(options), () => async () => undefined)).toThrow(/^L26/)
  }
})

describe("fromEnviron", () => {
  test.each<EnvironBuilderOptions>([
    {},
    { path: "/é%2F%FF", queryString: "a=%20" },
    { baseUrl: "https://h.test:8443/app é" },
    {
      method: "POST",
      data: { a: "é", b: "2" },
      headers: [
        ["X-A", "1"],
        ["X-A", "2"],
      ],
    },
    { method: "POST", json: { a: 1 }, auth: ["u", "p"] },
    { headers: { Host: "other.test" }, serverProtocol: "HTTP/1.0" },
    { environBase: { REMOTE_ADDR: "192.0.2.1" }, multiprocess: true, runOnce: true, multithread: false },
    { method: "POST", data: [bytes("a"), bytes("b")] },
  ])("makes the same environ again: %j", async (options) => {
    const first = createEnviron(options)
    const again = EnvironBuilder.fromEnviron(first).getEnviron()
    expect(await read(again)).toBe(await read(first))
    expect({ ...again, "wsgi.input": 0 }).toEqual({ ...first, "wsgi.input": 0 })
  })

  test("keeps a body that no header tells of, as one of HTTP/2", async () => {
    const first = createEnviron({ method: "POST", data: "a", serverProtocol: "HTTP/2" })
    delete first.CONTENT_LENGTH
    first["wsgi.input"] = inputFrom([bytes("one "), bytes("two")])
    first["wsgi.input_terminated"] = true
    const again = EnvironBuilder.fromEnviron(first).getEnviron()
    expect(await read(again)).toBe("one two")
    const bodiless = EnvironBuilder.fromEnviron({ ...createEnviron(), "wsgi.input_terminated": true }).getEnviron()
    expect([bodiless.CONTENT_LENGTH, bodiless["HTTP_TRANSFER_ENCODING"]]).toEqual([undefined, undefined])
  })

  test("takes options in place of what the environ says", () => {
    const environ = EnvironBuilder.fromEnviron(createEnviron("/a?b=1"), { path: "/c", method: "PUT" }).getEnviron()
    expect(pick(environ, "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING")).toEqual(["PUT", "/c", "b=1"])
  })

  test("keeps bytes and spelling of what a server has received, and puts together what it did not tell", () => {
    const given = { ...createEnviron("/b%2Fc", { baseUrl: "http://h.test/a" }), QUERY_STRING: "q=\xff" }
    const told = { ...given, REQUEST_URI: "/a/b%2Fc?q=\xff" }
    const keys = ["SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI"]
    expect(pick(EnvironBuilder.fromEnviron(told).getEnviron(), ...keys)).toEqual(pick(told, ...keys))
    expect(EnvironBuilder.fromEnviron(told).path).toBe("/b%2Fc")
    const { REQUEST_URI: _, ...silent } = given
    expect(EnvironBuilder.fromEnviron(silent as Environ).requestUri).toBe("/a/b/c?q=\xff")
  })
})

test("a request of any class can be made", () => {
  class MyRequest extends Request {
    readonly mine = true
  }
  expect(requestFromValues(MyRequest, "/?a=1").args.get("a")).toBe("1")
  expect(new EnvironBuilder("/").getRequest(MyRequest).mine).toBe(true)
  class MyBuilder extends EnvironBuilder {
    override get requestClass() {
      return MyRequest
    }
    override jsonDumps(value: unknown) {
      return `mine:${super.jsonDumps(value)}`
    }
  }
  const builder = new MyBuilder("/", { json: 1 })
  expect(builder.getRequest()).toBeInstanceOf(MyRequest)
  expect(builder.getEnviron().CONTENT_LENGTH).toBe("6")
})

test("closing a builder closes its files, not its stream", async () => {
  const closed: string[] = []
  const content = {
    size: 1,
    async *stream() {
      yield bytes("x")
    },
    bytes: async () => bytes("x"),
    close: async () => void closed.push("file"),
  }
  {
    await using builder = new EnvironBuilder("/", { data: { f: new FileStorage(content, { filename: "f" }) } })
    expect(builder.files.size).toBe(1)
  }
  {
    using builder = new EnvironBuilder("/", {
      inputStream: { ...createEnviron()["wsgi.input"], close: () => closed.push("input") } as never,
    })
    expect(builder.inputStream).toBeDefined()
  }
  expect(closed).toEqual(["file"])
})
