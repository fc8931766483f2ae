import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, onTestFinished, test } from "vitest"
import { FileStorage } from "../../src/datastructures/file-storage.ts"
import type { Application, Body, Environ } from "../../src/gateway.ts"
import { LintError } from "../../src/middleware/lint.ts"
import { Client, type OpenOptions, type OpenTarget } from "../../src/testing/client.ts"
import { EnvironBuilder } from "../../src/testing/environ-builder.ts"
import { ClientRedirectError } from "../../src/testing/redirects.ts"
import { TestResponse } from "../../src/testing/test-response.ts"
import { Request } from "../../src/wrappers/request.ts"
import { Response } from "../../src/wrappers/response.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Tells what it was asked for, as JSON. */
const echo: Application = Request.application(async (request) =>
  Response.json({
    method: request.method,
    url: request.url,
    root: request.rootPath,
    path: request.path,
    type: request.environ.CONTENT_TYPE,
    cookies: [...request.cookies],
    authorization: request.environ["HTTP_AUTHORIZATION"],
    kept: request.environ["HTTP_X_KEEP"],
    body: await request.text(),
  }),
)

/** Redirects by its query: `/?302=/to`; all else is echoed. */
const redirecting: Application = (environ, startResponse) => {
  const [code, to] = environ.QUERY_STRING.split("=")
  if (!/^30[0-9]$/.test(code as string)) return echo(environ, startResponse)
  const headers: [string, string][] = to === undefined ? [] : [["Location", decodeURIComponent(to)]]
  startResponse(`${code} Redirect`, headers)
  return []
}
const to = (location: string) => encodeURIComponent(location)

/** A stream that tells when it is closed. */
function streaming(log: string[], chunks: readonly string[], fail?: Error): Application {
  return (_environ, startResponse) => {
    startResponse("200 OK", [["Content-Type", "text/plain"]])
    const body = (async function* () {
      try {
        for (const chunk of chunks) {
          log.push(chunk)
          yield bytes(chunk)
        }
        if (fail) throw fail
      } finally {
        log.push("finally")
      }
    })()
    return Object.assign(body, { close: () => void log.push("close") })
  }
}

describe("requests", () => {
  test.each<[path: string, options: OpenOptions, mount: string, path: string, target: string]>([
    ["", {}, "", "/", "/"],
    ["users", {}, "", "/users", "/users"],
    ["?a=1", {}, "", "/", "/?a=1"],
    ["", { baseUrl: "http://h.test/" }, "", "/", "/"],
    ["users", { baseUrl: "http://h.test/app" }, "/app", "/users", "/users"],
    ["", { baseUrl: "http://h.test/app/" }, "/app", "", "/"],
    ["http://h.test", {}, "", "/", "/"],
    ["*", { method: "OPTIONS" }, "", "*", "*"],
  ])("%j with %j begins with a slash where it has to", async (path, options, mount, info, uri) => {
    const client = new Client(echo)
    for (const response of [await client.open(path, options), await client.open({ ...options, path })]) {
      const { SCRIPT_NAME, PATH_INFO, REQUEST_URI, RAW_URI } = response.request.environ
      expect([SCRIPT_NAME, PATH_INFO, REQUEST_URI, RAW_URI]).toEqual([mount, info, uri, uri])
    }
    const again = await client.open((await client.get("/before")).request, { ...options, path })
    expect(again.request.environ.PATH_INFO).toBe(info)
  })

  test("every verb sends its method", async () => {
    const client = new Client(echo)
    for (const verb of ["get", "post", "put", "delete", "patch", "options", "trace"] as const) {
      expect((await (await client[verb]("/")).json<{ method: string }>())?.method).toBe(verb.toUpperCase())
    }
    const head = await client.head("/")
    expect([head.statusCode, await head.text(), head.request.method]).toEqual([200, "", "HEAD"])
  })

  test("a request is a path, a URL, a description, a builder, an environ, or a request", async () => {
    const client = new Client(echo)
    const builder = new EnvironBuilder("/a", { method: "PUT", data: "body" })
    const targets: [OpenTarget | undefined, string, string, string][] = [
      [undefined, "GET", "http://localhost/", ""],
      ["/a?b=c", "GET", "http://localhost/a?b=c", ""],
      [new URL("https://h.test/a"), "GET", "https://h.test/a", ""],
      [{ path: "/a", method: "POST", data: "body", followRedirects: true }, "POST", "http://localhost/a", "body"],
      [builder, "PUT", "http://localhost/a", "body"],
      [builder.getEnviron(), "PUT", "http://localhost/a", "body"],
      [builder.getRequest(), "PUT", "http://localhost/a", "body"],
    ]
    for (const [target, method, url, body] of targets) {
      const response = await client.open(target)
      expect(await response.json()).toMatchObject({ method, url, body })
    }
    expect(await (await client.open(builder.getEnviron(), { path: "/b" })).json()).toMatchObject({
      path: "/b",
      body: "body",
    })
  })

  test("DELETE and GET may carry a body", async () => {
    const client = new Client(echo)
    expect(await (await client.delete("/", { data: "x" })).json()).toMatchObject({ body: "x" })
    expect(await (await client.get("/", { json: {} })).json()).toMatchObject({ body: "{}", type: "application/json" })
  })

  test("what the application does to its environ stays with it", async () => {
    const seen: unknown[] = []
    const app: Application = (environ, startResponse) => {
      seen.push(environ["my.key"], environ.PATH_INFO)
      environ["my.key"] = true
      environ.PATH_INFO = "/changed"
      return echo(environ, startResponse)
    }
    const client = new Client(app)
    const environ = new EnvironBuilder("/a").getEnviron()
    await client.open(environ)
    const response = await client.open(environ)
    expect(seen).toEqual([undefined, "/a", undefined, "/a"])
    expect(response.request.path).toBe("/a")
  })

  test("a response can be asked again, with its body", async () => {
    const client = new Client(echo)
    const first = await client.post("/a?b=c", { data: { x: "1", f: new File(["file"], "f") } })
    expect((await first.request.form()).get("x")).toBe("1")
    const again = await client.open(first.request)
    expect(await again.text()).toBe(await first.text())
    expect(await (await again.request.files()).get("f")?.text()).toBe("file")
  })

  test("the application runs inside the linter unless told not to", async () => {
    const broken: Application = (_environ, startResponse) => {
      startResponse("200 OK", [["Status", "200"]])
      return []
    }
    await expect(new Client(broken).get("/")).rejects.toThrow(LintError)
    expect((await new Client(broken, { lint: false }).get("/")).statusCode).toBe(200)
    const told: string[] = []
    const untyped: Application = (_environ, startResponse) => {
      startResponse("200 OK", [])
      return [bytes("x")]
    }
    await new Client(untyped, { lint: { report: ({ rule }) => told.push(rule) } }).get("/")
    expect(told).toEqual(["L20"])
  })

  test("errors of the application reach the test", async () => {
    const failure = new Error("application")
    const client = new Client(() => {
      throw failure
    })
    await expect(client.get("/")).rejects.toBe(failure)
    await expect(new Client(() => [], { lint: false }).get("/")).rejects.toThrow("did not call startResponse")
  })
})

describe("responses", () => {
  test("have status, headers, and the body as bytes, text and JSON", async () => {
    const response = await new Client(Response.json({ a: 1 }).respond.bind(Response.json({ a: 1 }))).get("/")
    expect(response).toBeInstanceOf(TestResponse)
    expect([response.status, response.headers.get("Content-Type"), await response.json()]).toEqual([
      "200 OK",
      "application/json",
      { a: 1 },
    ])
    expect(await response.bytes()).toEqual(bytes('{"a":1}'))
  })

  test("have no Content-Type that was not sent", async () => {
    const app: Application = (_environ, startResponse) => {
      startResponse("200 OK", [])
      return []
    }
    const response = await new Client(app).get("/")
    expect(response.headers.toList()).toEqual([["Content-Length", "0"]])
    expect(response.mimetype).toBeUndefined()
  })

  test("stream: chunks come as they are read, and the body is closed at its end", async () => {
    const log: string[] = []
    const response = await new Client(streaming(log, ["a", "b"])).get("/")
    expect(log).toEqual(["a"])
    const chunks = response.iterEncoded()
    expect((await chunks.next()).value).toEqual(bytes("a"))
    expect(log).toEqual(["a"])
    expect((await chunks.next()).value).toEqual(bytes("b"))
    expect((await chunks.next()).done).toBe(true)
    expect(log).toEqual(["a", "b", "finally", "close"])
    expect((await chunks.next()).done).toBe(true)
  })

  test.each<[string, (response: TestResponse) => unknown]>([
    ["read", (response) => response.text()],
    ["closed", (response) => response.close()],
    ["left", (response) => response.iterEncoded().return?.()],
    [
      "left in the middle",
      async (response) => {
        for await (const _ of response.iterEncoded()) break
      },
    ],
    [
      "begun and closed",
      async (response) => {
        await response.iterEncoded().next()
        await response.close()
      },
    ],
    [
      "read and closed and disposed of",
      async (response) => {
        await response.data()
        await response.close()
        await response[Symbol.asyncDispose]()
      },
    ],
  ])("a stream that is %s is closed once", async (_, use) => {
    const log: string[] = []
    const reported: string[] = []
    const lint = { report: (breach: LintError) => reported.push(String(breach)) }
    await use(await new Client(streaming(log, ["a", "b"]), { lint }).get("/"))
    expect(log.slice(-2)).toEqual(["finally", "close"])
    expect(log.filter((entry) => entry === "close")).toHaveLength(1)
    expect(reported).toEqual([])
  })

  test("a stream that fails rejects, and is closed once", async () => {
    const byChunks = async (response: TestResponse) => {
      for await (const _ of response.iterEncoded());
    }
    for (const read of [byChunks, (response: TestResponse) => response.text()]) {
      const log: string[] = []
      const failure = new Error("late")
      const response = await new Client(streaming(log, ["a"], failure)).get("/")
      await expect(read(response)).rejects.toBe(failure)
      expect(log).toEqual(["a", "finally", "close"])
    }
  })

  test("buffered responses are read and closed at once", async () => {
    const log: string[] = []
    const response = await new Client(streaming(log, ["a", "b"])).get("/", { buffered: true })
    expect(log).toEqual(["a", "b", "finally", "close"])
    expect(response.isSequence).toBe(true)
    expect(await response.text()).toBe("ab")
  })

  test("a response is open while others are asked for", async () => {
    const log: string[] = []
    const client = new Client(streaming(log, ["a", "b"]))
    const [one, other] = await Promise.all([client.get("/"), client.get("/")])
    expect([await one.text(), await other.text()]).toEqual(["ab", "ab"])
  })

  test("a wrapper of one's own is combined with what a test needs", async () => {
    class MyResponse extends Response {
      get shouted(): Promise<string> {
        return this.text().then((text) => text.toUpperCase())
      }
    }
    const response = await new Client(echo, { responseWrapper: MyResponse }).get("/x")
    expect(response).toBeInstanceOf(MyResponse)
    expect(await response.shouted).toContain('"METHOD":"GET"')
    expect([response.request.path, response.history]).toEqual(["/x", []])
    class MyTestResponse extends TestResponse {
      readonly mine = true
    }
    const other = await new Client(echo, { responseWrapper: MyTestResponse }).get("/")
    expect([other.constructor, other.mine]).toEqual([MyTestResponse, true])
  })

  test("one that no client has made has no request", () => {
    expect(() => new TestResponse("x").request).toThrow(TypeError)
  })
})

describe("redirects", () => {
  const follow = { followRedirects: true }
  const client = () => new Client(redirecting)

  test("are followed only when asked to", async () => {
    expect((await client().get(`/?302=${to("/x")}`)).statusCode).toBe(302)
    const response = await client().get(`/?302=${to("/x")}`, follow)
    expect(await response.json()).toMatchObject({ path: "/x" })
    for (const code of [300, 304, 305]) {
      expect((await client().get(`/?${code}=${to("/x")}`, follow)).statusCode).toBe(code)
    }
  })

  test.each<[method: string, code: number, becomes: string]>([
    ["GET", 301, "GET"],
    ["POST", 301, "GET"],
    ["PUT", 301, "PUT"],
    ["POST", 302, "GET"],
    ["DELETE", 302, "DELETE"],
    ["POST", 303, "GET"],
    ["PUT", 303, "GET"],
    ["POST", 307, "POST"],
    ["PUT", 308, "PUT"],
  ])("%s after %s is %s", async (method, code, becomes) => {
    const options = { ...follow, method, data: "body", contentType: "text/x", headers: { "X-Keep": "1" } }
    const response = await client().open(`/?${code}=${to("/x")}`, options)
    const kept = method === becomes
    expect(await response.json()).toMatchObject({ method: becomes, kept: "1", body: kept ? "body" : "" })
    expect(response.request.environ.CONTENT_TYPE).toBe(kept ? "text/x" : undefined)
  })

  test("HEAD stays HEAD after a 303", async () => {
    expect((await client().head(`/?303=${to("/x")}`, follow)).request.method).toBe("HEAD")
  })

  test.each<[base: string, location: string, root: string, url: string]>([
    ["http://h.test/app/a/b", "c", "", "http://h.test/app/a/c"],
    ["http://h.test/app/a/b", "../c", "", "http://h.test/app/c"],
    ["http://h.test/app/a/b", "//h.test/c", "", "http://h.test/c"],
    ["http://h.test/app/a/b", "http://H.test/c?d", "", "http://h.test/c?d"],
    ["http://h.test/app/a/b", "/é#frag", "", "http://h.test/é"],
    ["http://h.test/app/a/b", "https://h.test:8443", "", "https://h.test:8443/"],
  ])("from %s, %j leads on", async (base, location, root, url) => {
    const response = await client().get(`${base}?302=${to(location)}`, follow)
    expect(await response.json()).toMatchObject({ root, url })
  })

  test("below the mount it is kept, elsewhere dropped", async () => {
    const options = { ...follow, baseUrl: "http://h.test/app" }
    const below = await client().get(`/a?302=${to("/app/b")}`, options)
    expect(await below.json()).toMatchObject({ root: "/app", path: "/b" })
    const elsewhere = await client().get(`/a?302=${to("/apple")}`, options)
    expect(await elsewhere.json()).toMatchObject({ root: "", path: "/apple" })
  })

  test.each<[string, string]>([
    ["in a circle", `/?302=${to("?302=")}`],
    ["to another host", `/?302=${to("http://other.test/")}`],
    ["to a host below", `/?302=${to("http://sub.localhost/")}`],
    ["to a host whose name ends alike", `/?302=${to("http://notlocalhost/")}`],
    ["to another scheme", `/?302=${to("mailto:me@h.test")}`],
    ["to nowhere", "/?302"],
  ])("are refused %s", async (_, path) => {
    await expect(client().get(path, follow)).rejects.toThrow(ClientRedirectError)
  })

  test("are refused when there is no end of them", async () => {
    let count = 0
    const app: Application = (_environ, startResponse) => {
      startResponse("302 Found", [["Location", `/${++count}`]])
      return []
    }
    await expect(new Client(app).get("/", follow)).rejects.toThrow("More than 20 redirects")
    expect(count).toBe(21)
  })

  test("may lead below the host when allowed", async () => {
    const allowing = new Client(redirecting, { allowSubdomainRedirects: true })
    const response = await allowing.get(`/?302=${to("http://sub.localhost/x")}`, follow)
    expect(response.request.host).toBe("sub.localhost")
    await expect(allowing.get(`/?302=${to("http://notlocalhost/")}`, follow)).rejects.toThrow(ClientRedirectError)
  })

  test.each<[location: string, kept: boolean]>([
    ["/x", true],
    ["http://localhost/x", true],
    ["http://localhost:80/x", true],
    ["https://localhost/x", false],
    ["http://localhost:8080/x", false],
    ["http://sub.localhost/x", false],
  ])("to %s, credentials are kept: %s", async (location, kept) => {
    const allowing = new Client(redirecting, { allowSubdomainRedirects: true })
    const options = { ...follow, auth: "Bearer t", headers: { Cookie: "own=1", "X-Keep": "1" } }
    const response = await allowing.get(`/?302=${to(location)}`, options)
    const { authorization, cookies, kept: header } = (await response.json()) as Record<string, unknown>
    expect([authorization, cookies, header]).toEqual([kept ? "Bearer t" : undefined, kept ? [["own", "1"]] : [], "1"])
  })

  test("leave a history, each with a request and a history of its own", async () => {
    const path = `/a?302=${to(`/b?307=${to("/c")}`)}`
    const response = await client().post(path, { ...follow, data: "x" })
    expect(response.history.map(({ request, statusCode }) => [statusCode, request.method, request.path])).toEqual([
      [302, "POST", "/a"],
      [307, "GET", "/b"],
    ])
    expect(response.history.map(({ history }) => history.length)).toEqual([0, 1])
    expect(await response.history[0]?.request.text()).toBe("x")
  })

  test("close each response before the next request", async () => {
    const log: string[] = []
    const app: Application = async (environ, startResponse) => {
      log.push(environ.PATH_INFO)
      if (environ.PATH_INFO === "/end") return echo(environ, startResponse)
      startResponse("302 Found", [
        ["Location", "/end"],
        ["Content-Type", "text/plain"],
      ])
      const body = (async function* () {
        yield bytes("a")
        await sleep(1)
        yield bytes("b")
      })()
      return Object.assign(body, { close: () => void log.push("close") })
    }
    await new Client(app).get("/", follow)
    expect(log).toEqual(["/", "close", "/end"])
  })

  test("go through open, where a subclass sees them", async () => {
    const seen: unknown[] = []
    class Watching extends Client {
      override open(...args: Parameters<Client["open"]>) {
        seen.push(args[0] instanceof EnvironBuilder ? args[0].path : args[0])
        return super.open(...args)
      }
    }
    await new Watching(redirecting).get(`/?302=${to("/x")}`, follow)
    expect(seen).toEqual([`/?302=${to("/x")}`, "/x"])
  })
})

describe("cookies", () => {
  const setting: Application = (environ, startResponse) => {
    if (environ.PATH_INFO !== "/set") return echo(environ, startResponse)
    const headers = environ.QUERY_STRING.split("&").map((text): [string, string] => [
      "Set-Cookie",
      decodeURIComponent(text),
    ])
    startResponse("302 Found", [["Location", "/x"], ...headers])
    return []
  }
  const cookiesOf = async (response: Response) => ((await response.json()) as { cookies: [string, string][] }).cookies

  test("are kept and sent, across redirects too", async () => {
    const client = new Client(setting)
    const response = await client.get(`/set?${to("a=1; Path=/")}&${to("b=%C3%A9; Path=/")}`, { followRedirects: true })
    expect(await cookiesOf(response)).toEqual([
      ["a", "1"],
      ["b", "é"],
    ])
    expect(response.request.cookies.get("a")).toBe("1")
    expect(client.getCookie("b")?.decodedValue).toBe("é")
    expect(await cookiesOf(await client.get("/", { baseUrl: "http://other.test" }))).toEqual([])
  })

  test("without a name are ignored", async () => {
    const client = new Client(setting)
    await client.get(`/set?${to("=x")}&${to("y")}`)
    expect(client.cookies?.size).toBe(0)
  })

  test("that are secure go over http to localhost only", async () => {
    const client = new Client(setting)
    for (const [origin, kept] of [
      ["http://localhost", true],
      ["http://app.localhost:8000", true],
      ["http://localhost.test", false],
      ["https://h.test", true],
    ] as const) {
      client.cookies?.clear()
      await client.get(`${origin}/set?${to("a=1; Path=/; Secure")}`)
      expect(await cookiesOf(await client.get(`${origin}/`)), origin).toEqual(kept ? [["a", "1"]] : [])
      expect(await cookiesOf(await client.get("http://h.test/")), origin).toEqual([])
    }
  })

  test("that a test sends itself go before those of the jar", async () => {
    const client = new Client(setting)
    client.setCookie("a", "jar")
    client.setCookie("b", "jar")
    expect(await cookiesOf(await client.get("/", { headers: { Cookie: "a=own" } }))).toEqual([
      ["a", "own"],
      ["b", "jar"],
    ])
  })

  test("can be set, seen and deleted", async () => {
    const client = new Client(setting)
    client.setCookie("a", "é x", {
      path: "/p",
      domain: "h.test",
      originOnly: false,
      maxAge: 5,
      httpOnly: true,
      sameSite: "lax",
    })
    expect(client.getCookie("a", "h.test", "/p")).toMatchObject({
      key: "a",
      value: "%C3%A9%20x",
      decodedValue: "é x",
      domain: "h.test",
      originOnly: false,
      path: "/p",
      maxAge: 5,
      httpOnly: true,
      secure: false,
      sameSite: "Lax",
    })
    expect(await cookiesOf(await client.get("/p/q", { baseUrl: "http://sub.h.test" }))).toEqual([["a", "é x"]])
    client.deleteCookie("a", { domain: "h.test", path: "/p" })
    expect(client.getCookie("a", "h.test", "/p")).toBeUndefined()
    client.setCookie("b", "1")
    client.setCookie("b", "", { maxAge: 0 })
    expect(client.cookies?.size).toBe(0)
    expect(() => client.setCookie("a\n")).toThrow(TypeError)
  })

  test("are kept for a host in any script", async () => {
    const client = new Client(setting)
    const baseUrl = "http://bücher.example/"
    await client.get(`/set?${to("a=1")}`, { baseUrl })
    client.setCookie("b", "2", { domain: "bücher.example" })
    const expected = [
      ["a", "1"],
      ["b", "2"],
    ]
    expect(await cookiesOf(await client.get("/", { baseUrl }))).toEqual(expected)
    expect(await cookiesOf(await client.get("http://xn--bcher-kva.example/"))).toEqual(expected)
    expect(client.getCookie("b", "bücher.example")?.value).toBe("2")
  })

  test("are not kept by a client that uses none", async () => {
    const client = new Client(setting, { useCookies: false })
    await client.get(`/set?${to("a=1")}`)
    expect(await cookiesOf(await client.get("/"))).toEqual([])
    expect(() => client.getCookie("a")).toThrow(TypeError)
    expect(() => client.setCookie("a")).toThrow(TypeError)
    expect(() => client.deleteCookie("a")).toThrow(TypeError)
  })
})

test("no handle stays open", async () => {
  const before = process
    .getActiveResourcesInfo()
    .filter((name) => name !== "Immediate")
    .sort()
  const client = new Client(redirecting)
  await client.get(`/?302=${to("/x")}`, { followRedirects: true })
  await client.post("/", { data: { f: new File(["x"], "f") } })
  await (await client.fetch("/")).text()
  expect(
    process
      .getActiveResourcesInfo()
      .filter((name) => name !== "Immediate")
      .sort(),
  ).toEqual(before)
})

test("a body that is iterated by hand is what the gateway says it is", async () => {
  const environ: Environ = new EnvironBuilder("/").getEnviron()
  const log: string[] = []
  const { body, status } = await new Client(streaming(log, ["a", "b"])).runApplication(environ)
  expect(status).toBe("200 OK")
  await (body as Body & AsyncIterator<Uint8Array>).return?.()
  await body.close?.()
  expect(log).toEqual(["a", "finally", "close"])
})

test("a base URL in any script is sent in ASCII, and redirects lead back to it", async () => {
  const client = new Client(redirecting)
  const options = { baseUrl: "http://bücher.example/", followRedirects: true }
  expect(await (await client.get("/a", options)).json()).toMatchObject({ url: "http://bücher.example/a" })
  expect(await (await client.get("/?302=http://xn--bcher-kva.example/b", options)).json()).toMatchObject({
    url: "http://bücher.example/b",
  })
  expect(await (await client.get("http://bücher.example/c")).json()).toMatchObject({ path: "/c" })
})

describe("uploads", () => {
  const types: Application = Request.application(async (request) => {
    const told = Array.from(await request.files(), ([name, { filename, contentType }]) => [name, filename, contentType])
    return Response.json({ files: told, form: [...(await request.form())] })
  })

  test.each([10, 700_000])("of %i bytes can be saved to a path, as on a server", async (size) => {
    const folder = mkdtempSync(join(tmpdir(), "client-uploads-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, "new.bin")
    const app = Request.application(async (request) => {
      await (await request.files()).get("photo")?.save(path)
      return new Response("saved")
    })
    await new Client(app).post("/", { data: { photo: [new Uint8Array(size).fill(7), "a.bin"] } })
    expect([readdirSync(folder), readFileSync(path).length]).toEqual([["new.bin"], size])
  })

  test("go where the environ says, if it says so", async () => {
    const stored: (string | undefined)[] = []
    const store = { store: async (part: { filename: string | undefined }) => bytes(`${stored.push(part.filename)}`) }
    const options = { data: { f: [bytes("x"), "a.bin"] as const }, environBase: { "werkstatt.upload_store": store } }
    await new Client(types).post("/", options)
    expect(stored).toEqual(["a.bin"])
  })

  test("have the type that their name stands for, in every way in which they are given", async () => {
    const data = {
      a: new FileStorage(bytes("1"), { filename: "a.png" }),
      b: new File(["1"], "b.css"),
      c: [bytes("1"), "c.html"] as const,
      d: new FileStorage(bytes("1"), { filename: "d.png", contentType: "text/x" }),
    }
    expect(await (await new Client(types).post("/", { data })).json()).toMatchObject({
      files: [
        ["a", "a.png", "image/png"],
        ["b", "b.css", "text/css"],
        ["c", "c.html", "text/html"],
        ["d", "d.png", "text/x"],
      ],
    })
  })

  test("may stand beside a number in a builder's form", async () => {
    const builder = new EnvironBuilder({ method: "POST" })
    builder.form.append("n", 5 as unknown as string)
    builder.files.addFile("f", bytes("1"), "a.txt")
    expect(await (await new Client(types).open(builder)).json()).toMatchObject({ form: [["n", "5"]] })
    const wrong = new EnvironBuilder({ method: "POST" })
    wrong.form.append("n", null as unknown as string)
    wrong.files.addFile("f", bytes("1"), "a.txt")
    expect(() => wrong.getEnviron()).toThrow(/"n" is neither text nor a file/)
  })
})
