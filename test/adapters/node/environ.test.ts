// Rules E1-E16 of the contract, each over a real socket.

import { describe, expect, test } from "vitest"
import { ClientDisconnected } from "../../../src/exceptions/statuses.ts"
import { diskStore } from "../../../src/files/upload-store.ts"
import { UPLOAD_STORE_KEY } from "../../../src/forms/upload-store.ts"
import type { Application, Body, Environ, StartResponse } from "../../../src/gateway.ts"
import { encode, get, parseAnswer, RawClient, serve, serveUnlinted, sleep, talk } from "../../support/server.ts"

/** The environ that a request makes, as the application sees it. */
async function environOf(request: string | ((port: number) => Promise<unknown>), options = {}): Promise<Environ> {
  let seen: Environ | undefined
  const { port } = await serve((environ, startResponse) => {
    seen = environ
    startResponse("200 OK", [])
    return []
  }, options)
  if (typeof request === "string") await talk(port, request)
  else await request(port)
  if (seen === undefined) throw new Error("the application was not called")
  return seen
}

const requestLine = (line: string, ...fields: string[]) =>
  `${[line, "Host: a", "Connection: close", ...fields].join("\r\n")}\r\n\r\n`
const GET = (target: string, ...fields: string[]) => requestLine(`GET ${target} HTTP/1.1`, ...fields)

describe("environ", () => {
  test("E1: is a plain object of its own for each request, and may be changed", async () => {
    const seen: Environ[] = []
    const { port } = await serve((environ, startResponse) => {
      seen.push(environ)
      environ["my.key"] = 1
      delete environ["HTTP_HOST"]
      startResponse("200 OK", [])
      return []
    })
    await get(port, "/1")
    await get(port, "/2")
    expect(seen.map((environ) => Object.getPrototypeOf(environ))).toEqual([Object.prototype, Object.prototype])
    expect(seen[0]).not.toBe(seen[1])
    expect(seen[1]).toMatchObject({ PATH_INFO: "/2", "my.key": 1 })
    expect(Object.isFrozen(seen[0])).toBe(false)
    expect({ ...seen[0] }).toMatchObject({ PATH_INFO: "/1", "my.key": 1, REQUEST_METHOD: "GET" })
  })

  test("E2: REQUEST_METHOD is as received", async () => {
    expect((await environOf(requestLine("PROPFIND / HTTP/1.1"))).REQUEST_METHOD).toBe("PROPFIND")
  })

  test.each([
    ["/", "/", ""],
    ["/a/b?c=d", "/a/b", "c=d"],
    ["/caf%C3%A9", "/caf\xc3\xa9", ""],
    ["/a%2Fb", "/a/b", ""],
    ["/a%00b", "/a\0b", ""],
    ["/100%/%zz", "/100%/%zz", ""],
    ["/%25%32%65", "/%2e", ""],
    ["//a//b", "//a//b", ""],
    ["/../x", "/../x", ""],
    ["/a?b?c=%20+", "/a", "b?c=%20+"],
    ["/a?", "/a", ""],
    ["/a;x=1", "/a;x=1", ""],
  ])("E3, E4, E5: target %j gives path %j and query %j", async (target, path, query) => {
    const environ = await environOf(GET(target))
    expect(environ).toMatchObject({
      SCRIPT_NAME: "",
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_URI: target,
      RAW_URI: target,
    })
  })

  test("E6: CONTENT_TYPE and CONTENT_LENGTH stand for their headers, and only they", async () => {
    const environ = await environOf(`${requestLine("POST / HTTP/1.1", "Content-Type: text/x", "Content-Length: 2")}hi`)
    expect(environ).toMatchObject({ CONTENT_TYPE: "text/x", CONTENT_LENGTH: "2" })
    expect(environ).not.toHaveProperty("HTTP_CONTENT_TYPE")
    expect(environ).not.toHaveProperty("HTTP_CONTENT_LENGTH")
    const without = await environOf(GET("/"))
    expect(without).not.toHaveProperty("CONTENT_TYPE")
    expect(without).not.toHaveProperty("CONTENT_LENGTH")
  })

  test("E7, E8, E10: server, protocol and peer are told", async () => {
    let port = 0
    const environ = await environOf((each) => {
      port = each
      return get(each, "/")
    })
    expect(environ).toMatchObject({
      SERVER_NAME: "127.0.0.1",
      SERVER_PORT: String(port),
      SERVER_PROTOCOL: "HTTP/1.1",
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_PORT: expect.stringMatching(/^\d+$/),
    })
    expect(environ).not.toHaveProperty("HTTPS")
    expect((await environOf("GET / HTTP/1.0\r\n\r\n")).SERVER_PROTOCOL).toBe("HTTP/1.0")
  })

  test("E9: repeated headers are joined in order, cookies with a semicolon, and none is lost", async () => {
    const environ = await environOf(
      GET(
        "/",
        "X-Forwarded-For: 203.0.113.1",
        "x-forwarded-for: 203.0.113.10",
        "Cookie: a=1",
        "Cookie: b=2",
        "X-Empty:",
      ),
    )
    expect(environ).toMatchObject({
      HTTP_X_FORWARDED_FOR: "203.0.113.1, 203.0.113.10",
      HTTP_COOKIE: "a=1; b=2",
      HTTP_X_EMPTY: "",
      HTTP_HOST: "a",
    })
  })

  test("E9: names with an underscore and Proxy do not get there", async () => {
    const environ = await environOf(
      GET("/", "X_Forwarded_For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2", "Proxy: http://evil", "__proto__: x"),
    )
    expect(environ["HTTP_X_FORWARDED_FOR"]).toBe("2.2.2.2")
    expect(environ).not.toHaveProperty("HTTP_PROXY")
    expect(Object.getPrototypeOf(environ)).toBe(Object.prototype)
  })

  test("E11, E12: no variable is undefined, and every CGI variable is a byte string", async () => {
    const environ = await environOf(GET("/%E2%82%AC", "X-Latin: \xe4\xff"))
    expect(environ["HTTP_X_LATIN"]).toBe("\xe4\xff")
    for (const [key, value] of Object.entries(environ)) {
      expect(value, key).not.toBeUndefined()
      if (!key.includes(".")) expect(value, key).toMatch(/^[\0-\xff]*$/)
    }
  })

  test("E13, E14: the keys of the interface are there, and the flags are true to fact", async () => {
    const environ = await environOf(GET("/"))
    expect(environ).toMatchObject({
      "wsgi.version": [1, 0],
      "wsgi.url_scheme": "http",
      "wsgi.multithread": true,
      "wsgi.multiprocess": false,
      "wsgi.run_once": false,
      "wsgi.input_terminated": true,
    })
    expect(typeof environ["wsgi.input"].read).toBe("function")
    expect(typeof environ["wsgi.errors"].write).toBe("function")
    expect((await environOf(GET("/"), { multiprocess: true }))["wsgi.multiprocess"]).toBe(true)
  })

  test("E14: two requests are at work at the same time", async () => {
    let together = 0
    let release: () => void = () => {}
    const both = new Promise<void>((resolve) => {
      release = resolve
    })
    const { port } = await serve(async (_environ, startResponse) => {
      if (++together === 2) release()
      await both
      startResponse("200 OK", [])
      return []
    })
    await Promise.all([get(port, "/"), get(port, "/")])
    expect(together).toBe(2)
  })

  test("E15: extension keys are lower-case with a dot", async () => {
    for (const key of Object.keys(await environOf(GET("/")))) expect(key).toMatch(/^([A-Z0-9_]+|[a-z_]+\.[a-z_.]+)$/)
  })

  test("E16: the deployer puts keys of his own into each environ", async () => {
    const environ = await environOf(GET("/"), { environ: { "my.setting": 3, SERVER_NAME: "example.com" } })
    expect(environ).toMatchObject({ "my.setting": 3, SERVER_NAME: "example.com" })
  })

  test("what a client says of itself as a proxy changes nothing", async () => {
    const environ = await environOf(
      GET(
        "/",
        "X-Forwarded-For: 6.6.6.6",
        "X-Forwarded-Host: evil",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Prefix: /x",
        "Forwarded: for=6.6.6.6;proto=https",
      ),
    )
    expect(environ).toMatchObject({
      REMOTE_ADDR: "127.0.0.1",
      SERVER_NAME: "127.0.0.1",
      SCRIPT_NAME: "",
      HTTP_HOST: "a",
      "wsgi.url_scheme": "http",
    })
  })

  test("the disk is handed in: a file wrapper, and a store for uploads", async () => {
    const environ = await environOf(GET("/"))
    expect(environ[UPLOAD_STORE_KEY]).toBe(diskStore)
    const chunks = [encode("ab"), encode("c")]
    const { port } = await serve((inner, startResponse) => {
      startResponse("200 OK", [])
      return inner["wsgi.file_wrapper"]?.({ read: () => chunks.shift() ?? encode("") }) as Body
    })
    expect((await get(port, "/")).body).toBe("abc")
  })

  test("an absolute-form target is split, and its authority takes the place of Host", async () => {
    expect(await environOf(GET("http://example.com:80/a?b"))).toMatchObject({
      PATH_INFO: "/a",
      QUERY_STRING: "b",
      HTTP_HOST: "example.com:80",
      REQUEST_URI: "http://example.com:80/a?b",
    })
    expect(await environOf(GET("HTTPS://example.com"))).toMatchObject({ PATH_INFO: "/", HTTP_HOST: "example.com" })
  })

  test("OPTIONS * reaches the application with the path *", async () => {
    expect(await environOf(requestLine("OPTIONS * HTTP/1.1"))).toMatchObject({ PATH_INFO: "*", SCRIPT_NAME: "" })
  })
})

describe("wsgi.early_hints", () => {
  test("sends a 103 before the response", async () => {
    const { port } = await serve((environ, startResponse) => {
      environ["wsgi.early_hints"]?.([["Link", "</a.css>; rel=preload"]])
      startResponse("200 OK", [])
      return [encode("x")]
    })
    const text = await talk(port, GET("/"))
    expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  })

  test("sends nothing to HTTP/1.0 clients and after the head", async () => {
    const { port } = await serve(async function* (environ: Environ, startResponse: StartResponse) {
      if (environ.SERVER_PROTOCOL === "HTTP/1.0") environ["wsgi.early_hints"]?.([["Link", "</a>"]])
      startResponse("200 OK", [])
      yield encode("a")
      environ["wsgi.early_hints"]?.([["Link", "</a>"]])
      yield encode("b")
    } as Application)
    expect(await talk(port, "GET / HTTP/1.0\r\n\r\n")).not.toContain("103")
    expect(await talk(port, GET("/"))).not.toContain("103")
  })

  test("refuses what would split the response", async () => {
    const { port, errors } = await serveUnlinted((environ, startResponse) => {
      environ["wsgi.early_hints"]?.([["X", "a\r\nb: c"]])
      startResponse("200 OK", [])
      return []
    })
    expect(await talk(port, GET("/"))).toMatch(/^HTTP\/1\.1 500 /)
    expect(errors).toHaveLength(1)
  })
})

describe("wsgi.signal", () => {
  test("aborts when the client leaves", async () => {
    let aborted: (reason: unknown) => void = () => {}
    const reason = new Promise((resolve) => {
      aborted = resolve
    })
    const { port, errors } = await serve(async (environ, startResponse) => {
      const signal = environ["wsgi.signal"] as AbortSignal
      expect(signal.aborted).toBe(false)
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
      aborted(signal.reason)
      startResponse("200 OK", [])
      return []
    })
    const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    setTimeout(() => client.socket.destroy(), 30)
    expect(await reason).toBeInstanceOf(ClientDisconnected)
    expect(errors).toEqual([])
  })

  test.each<[string, () => Body]>([
    ["an array", () => [encode("x")]],
    ["an array with a close()", () => Object.assign([encode("x")], { close: () => {} })],
    [
      "a generator with a close() that takes a moment",
      () =>
        Object.assign(
          (function* () {
            yield encode("x")
          })(),
          { close: () => sleep(30) },
        ),
    ],
  ])("does not abort when %s was sent", async (_name, body) => {
    const signals: AbortSignal[] = []
    const { port } = await serve((environ, startResponse) => {
      signals.push(environ["wsgi.signal"] as AbortSignal)
      startResponse("200 OK", [["Content-Length", "1"]])
      return body()
    })
    expect(parseAnswer(await talk(port, GET("/"))).body).toBe("x")
    await new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").until((all) => all.endsWith("x"))
    await sleep(60)
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false])
  })

  test("is one signal, may be replaced, and is carried along by a copy of the environ", async () => {
    let [same, copied, replaced] = [false, false, false]
    const { port } = await serve((environ, startResponse) => {
      const signal = environ["wsgi.signal"] as AbortSignal
      same = environ["wsgi.signal"] === signal
      copied = { ...environ }["wsgi.signal"] === signal
      const own = new AbortController().signal
      environ["wsgi.signal"] = own
      replaced = environ["wsgi.signal"] === own
      startResponse("200 OK", [])
      return []
    })
    await get(port, "/")
    expect([same, copied, replaced]).toEqual([true, true, true])
  })
})

describe("wsgi.response_finished", () => {
  test("is called when the response is over, the last one first, and one that fails does not stop the others", async () => {
    const calls: unknown[] = []
    const { port, errors } = await serve(
      (environ, startResponse) => {
        environ["wsgi.response_finished"]?.push(
          (_environ, status, headers, error) => calls.push(["first", status, headers, error]),
          () => {
            throw new Error("broken callback")
          },
          () => calls.push("last"),
        )
        startResponse("201 Created", [["X-A", "b"]])
        return { [Symbol.iterator]: () => [encode("x")][Symbol.iterator](), close: () => void calls.push("closed") }
      },
      { allow: ["L33"] },
    )
    await get(port, "/")
    expect(calls).toEqual(["closed", "last", ["first", "201 Created", [["X-A", "b"]], undefined]])
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain("broken callback")
  })
})
