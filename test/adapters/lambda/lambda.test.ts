// Events as AWS documents them, through applications, and the answers in each form.

import { PassThrough, type Writable } from "node:stream"
import { afterEach, describe, expect, test } from "vitest"
import { type LambdaEvent, type LambdaPrelude, toLambda, toLambdaStream } from "../../../src/adapters/lambda.ts"
import type { Application } from "../../../src/gateway.ts"
import { conformance, differences, takeNotes } from "../../../src/testing/conformance.ts"
import { Request } from "../../../src/wrappers/request.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { linted } from "../../support/lint.ts"
import { encode } from "../../support/server.ts"

const silent = { errors: { write() {}, writeLines() {}, flush() {} } }

/** GET /caf%C3%A9/a?x=1&x=2&y=%20z with two cookies, by POST with a body, in each form. */
const FORMS: Record<string, LambdaEvent> = {
  "API Gateway, format 2.0": {
    version: "2.0",
    rawPath: "/prod/caf%C3%A9/a",
    rawQueryString: "x=1&x=2&y=%20z",
    cookies: ["a=1", "b=2"],
    headers: {
      host: "api.example",
      "content-type": "text/plain",
      "x-forwarded-proto": "https",
      "x-forwarded-port": "443",
    },
    requestContext: { stage: "prod", domainName: "api.example", http: { method: "POST", sourceIp: "192.0.2.1" } },
    body: "aMOp",
    isBase64Encoded: true,
  },
  "a function URL": {
    version: "2.0",
    rawPath: "/caf%C3%A9/a",
    rawQueryString: "x=1&x=2&y=%20z",
    cookies: ["a=1", "b=2"],
    headers: {
      host: "api.example",
      "content-type": "text/plain",
      "x-forwarded-proto": "https",
      "x-forwarded-port": "443",
    },
    requestContext: { stage: "$default", domainName: "api.example", http: { method: "POST", sourceIp: "192.0.2.1" } },
    body: "hé",
  },
  "API Gateway, format 1.0": {
    version: "1.0",
    httpMethod: "POST",
    path: "/café/a",
    multiValueQueryStringParameters: { x: ["1", "2"], y: [" z"] },
    headers: { Host: "api.example" },
    multiValueHeaders: {
      Host: ["api.example"],
      Cookie: ["a=1; b=2"],
      "Content-Type": ["text/plain"],
      "X-Forwarded-Proto": ["https"],
      "X-Forwarded-Port": ["443"],
    },
    requestContext: {
      stage: "prod",
      path: "/prod/café/a",
      domainName: "api.example",
      identity: { sourceIp: "192.0.2.1" },
    },
    body: "hé",
  },
  "a load balancer": {
    httpMethod: "POST",
    path: "/caf%C3%A9/a",
    queryStringParameters: { x: "2", y: "%20z" },
    headers: {
      host: "api.example",
      cookie: "a=1; b=2",
      "content-type": "text/plain",
      "x-forwarded-proto": "https",
      "x-forwarded-port": "443",
      "x-forwarded-for": "198.51.100.9, 192.0.2.1",
    },
    requestContext: { elb: { targetGroupArn: "arn:aws:…" } },
    body: "hé",
  },
}

describe.each(Object.entries(FORMS))("%s", (name, event) => {
  const isBalancer = name === "a load balancer"

  test("tells all of the request", async () => {
    const app = Request.application(async (request) => {
      const { environ } = request
      return Response.json([
        request.method,
        environ.SCRIPT_NAME,
        request.path,
        request.args.getAll("x"),
        request.args.get("y"),
        [...request.cookies],
        await request.text(),
        environ.CONTENT_LENGTH,
        environ.REMOTE_ADDR,
        request.url,
        environ["aws.context"],
        environ["aws.event"] === event,
      ])
    })
    const result = await toLambda(linted(app))(event, { awsRequestId: "1" })
    const mount = ["API Gateway, format 2.0", "API Gateway, format 1.0"].includes(name) ? "/prod" : ""
    const query = isBalancer ? "x=2&y=%20z" : "x=1&x=2&y=%20z"
    expect(JSON.parse(result.body)).toEqual([
      "POST",
      mount,
      "/café/a",
      isBalancer ? ["2"] : ["1", "2"],
      " z",
      [
        ["a", "1"],
        ["b", "2"],
      ],
      "hé",
      "3",
      "192.0.2.1",
      `https://api.example${mount}/café/a?${query}`,
      { awsRequestId: "1" },
      true,
    ])
  })

  test("takes cookies, repeated headers, text and bytes", async () => {
    const app: Application = (environ, start) => {
      start("201 Created", [
        ["Content-Type", environ.QUERY_STRING === "bytes" ? "image/png" : "text/plain; charset=utf-8"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["Vary", "A"],
        ["Vary", "B"],
      ])
      return environ.QUERY_STRING === "bytes" ? [Uint8Array.of(0xff, 0)] : [encode("hé")]
    }
    const result = await toLambda(linted(app))(event)
    expect([result.statusCode, result.body, result.isBase64Encoded]).toEqual([201, "hé", false])
    if (isBalancer) {
      expect(result.statusDescription).toBe("201 Created")
      expect(result.headers).toMatchObject({ "set-cookie": "a=1", "Set-cookie": "b=2", vary: "A, B" })
    } else if (name === "API Gateway, format 1.0") {
      expect(result.multiValueHeaders).toMatchObject({ "set-cookie": ["a=1", "b=2"], vary: ["A", "B"] })
    } else {
      expect(result.cookies).toEqual(["a=1", "b=2"])
      expect(result.headers).toMatchObject({ vary: "A, B" })
    }
    const { rawQueryString: _, queryStringParameters: __, multiValueQueryStringParameters: ___, ...rest } = event
    const withBytes = isBalancer || name.endsWith("1.0") ? { queryStringParameters: {} } : { rawQueryString: "bytes" }
    const bytes = await toLambda(linted(app))({ ...rest, ...withBytes })
    if ("rawQueryString" in withBytes) expect([bytes.body, bytes.isBase64Encoded]).toEqual(["/wA=", true])
  })
})

test("a load balancer with several values a header gets them", async () => {
  const { headers: _, ...event } = FORMS["a load balancer"] as LambdaEvent
  const app: Application = (_environ, start) => {
    start("200 OK", [
      ["Content-Type", "text/plain"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ])
    return []
  }
  const result = await toLambda(app)({ ...event, multiValueHeaders: { host: ["h"] } })
  expect(result.multiValueHeaders?.["set-cookie"]).toEqual(["a=1", "b=2"])
})

describe("what goes wrong", () => {
  const get = (more: LambdaEvent = {}): LambdaEvent => ({
    rawPath: "/",
    rawQueryString: "",
    requestContext: { http: { method: "GET" } },
    ...more,
  })

  test("an event of something else is a TypeError", async () => {
    const handler = toLambda(() => [])
    for (const event of [{}, { Records: [] }, null, undefined]) {
      await expect(handler(event as LambdaEvent)).rejects.toThrow("carries no HTTP request")
    }
  })

  test.each([
    ["a target that is too long", { rawPath: `/${"a".repeat(9000)}` }, 414],
    ["too many fields", { headers: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-${i}`, "1"])) }, 431],
    ["a malformed host", { headers: { host: "a b" } }, 400],
  ])("%s is refused", async (_, more, status) => {
    expect((await toLambda(() => [])(get(more))).statusCode).toBe(status)
  })

  test("a path cannot become a query or a fragment", async () => {
    const app: Application = (environ, start) => {
      start("200 OK", [["Content-Type", "text/plain"]])
      return [encode(`${environ.PATH_INFO} ${environ.QUERY_STRING}`)]
    }
    expect((await toLambda(app)(get({ rawPath: "/a?b#c d" }))).body).toBe("/a?b#c d ")
  })

  // As AWS hands them over: HTTP APIs decode, all others leave the client's escapes.
  test.each([
    ["a REST API", { httpMethod: "GET", path: "/a%2Fb%20c%25" }, "/a/b c%", "/a%2Fb%20c%25"],
    ["a function URL", get({ rawPath: "/a%2Fb%20c%25" }), "/a/b c%", "/a%2Fb%20c%25"],
    ["an HTTP API", get({ rawPath: "/a/b c%" }), "/a/b c%", "/a/b%20c%25"],
    [
      "an HTTP API, format 1.0",
      { version: "1.0", httpMethod: "GET", path: "/@é#%zz" },
      "/@\u00c3\u00a9#%zz",
      "/@%C3%A9%23%25zz",
    ],
    ["an HTTP API, of an escape that was escaped", get({ rawPath: "/100%41" }), "/100A", "/100%41"],
  ])("the path of %s", async (_what, event, path, target) => {
    const seen: string[] = []
    const app: Application = (environ, start) => {
      seen.push(environ.PATH_INFO, environ.REQUEST_URI as string)
      start("204 No Content", [])
      return []
    }
    await toLambda(app)(event as LambdaEvent)
    expect(seen).toEqual([path, target])
  })

  test("a body that fails is a 500, since nothing was sent", async () => {
    const app: Application = (_environ, start) => {
      start("200 OK", [["Content-Type", "text/plain"]])
      return (async function* () {
        yield encode("some")
        throw new Error("late")
      })()
    }
    expect((await toLambda(app, silent)(get())).statusCode).toBe(500)
  })

  test("the result waits until the body is closed, since Lambda may freeze the process then", async () => {
    let isClosed = false
    const app: Application = (_environ, start) => {
      start("200 OK", [["Content-Type", "text/plain"]])
      const close = async () => {
        await new Promise((resolve) => setTimeout(resolve, 10))
        isClosed = true
      }
      return Object.assign([encode("x")], { close })
    }
    await toLambda(app)(get())
    expect(isClosed).toBe(true)
  })
})

/** Cases that an event can't say, or Lambda's answer. */
const LEFT_OUT =
  /HTTP\/1\.0|absolute target|OPTIONS can ask|reason phrase|repeated headers stay apart|chunked body has no length|Proxy/

describe("the conformance table, in format 1.0 and 2.0", () => {
  for (const [name, application, request, expected] of conformance) {
    test.skipIf(LEFT_OUT.test(name) || expected.fails === "after the head")(name, async () => {
      const [path = "/", ...rest] = (request.target ?? "/").split("?")
      const headers: Record<string, string> = { host: "example.org", "x-forwarded-proto": "http" }
      for (const [key, value] of request.headers ?? []) {
        const lower = key.toLowerCase()
        const between = lower === "cookie" ? "; " : ", "
        headers[lower] = headers[lower] === undefined ? value : headers[lower] + between + value
      }
      const content = typeof request.body === "object" ? request.body.join("") : request.body
      takeNotes(application)
      const result = await toLambda(
        application,
        silent,
      )({
        version: "2.0",
        rawPath: path,
        rawQueryString: rest.join("?"),
        headers: name.includes("beyond ASCII") ? { ...headers, "x-n": "caf\u00e9 \u00ff" } : headers,
        requestContext: { http: { method: request.method ?? "GET" } },
        body: content === undefined ? null : Buffer.from(content, "latin1").toString("base64"),
        isBase64Encoded: true,
      })
      const body = Buffer.from(result.body, result.isBase64Encoded ? "base64" : "utf8")
      const list = [
        ...Object.entries(result.headers ?? {}),
        ...(result.cookies ?? []).map((each) => ["set-cookie", each]),
      ]
      const wanted = name.includes("beyond ASCII") ? { ...expected, body: "caf\xc3\xa9 \xc3\xbf" } : expected
      expect(
        differences(wanted, { status: `${result.statusCode}`, headers: list as [string, string][], body }),
      ).toEqual([])
      expect(takeNotes(application)).toEqual(expected.notes ?? [])
    })
  }
})

describe("streaming", () => {
  /** What Lambda's runtime has: the head goes before the first write. */
  class FakeStream extends PassThrough {
    prelude: LambdaPrelude | undefined
  }
  const globals = globalThis as { awslambda?: unknown }
  afterEach(() => {
    delete globals.awslambda
  })

  type Handler = (event: LambdaEvent, stream: Writable, context: unknown) => Promise<void>
  function handlerOf(app: Application): Handler {
    globals.awslambda = {
      streamifyResponse: (handler: Handler) => handler,
      HttpResponseStream: {
        from: (stream: FakeStream, prelude: LambdaPrelude) => {
          stream.prelude = prelude
          return stream
        },
      },
    }
    return toLambdaStream(app, silent) as Handler
  }
  const event: LambdaEvent = { rawPath: "/", rawQueryString: "", requestContext: { http: { method: "GET" } } }

  test("sends head and chunks as they come", async () => {
    const notes: string[] = []
    const app: Application = (_environ, start) => {
      start("201 Created", [
        ["Content-Type", "text/plain"],
        ["Set-Cookie", "a=1"],
      ])
      const body = (async function* () {
        yield encode("a")
        notes.push("first")
        yield encode("b")
      })()
      return Object.assign(body, { close: () => void notes.push("close") })
    }
    const stream = new FakeStream()
    const over = handlerOf(app)(event, stream, {})
    const chunks: string[] = []
    for await (const chunk of stream) chunks.push(String(chunk))
    await over
    expect(stream.prelude).toMatchObject({
      statusCode: 201,
      headers: { "content-type": "text/plain" },
      cookies: ["a=1"],
    })
    expect([chunks.join(""), notes]).toEqual(["ab", ["first", "close"]])
  })

  test("holds the application back, and stops it when the stream is closed", async () => {
    let made = 0
    let isClosed = false
    const app: Application = (_environ, start) => {
      start("200 OK", [["Content-Type", "text/plain"]])
      const body = (async function* () {
        for (;;) {
          made++
          yield new Uint8Array(16 * 1024)
        }
      })()
      return Object.assign(body, {
        close: () => {
          isClosed = true
        },
      })
    }
    const stream = new FakeStream()
    const over = handlerOf(app)(event, stream, {})
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(made).toBeLessThan(20)
    stream.destroy()
    await over
    expect(isClosed).toBe(true)
  })

  test("breaks the stream off when the body fails", async () => {
    const app: Application = (_environ, start) => {
      start("200 OK", [["Content-Type", "text/plain"]])
      return (async function* () {
        yield encode("some")
        throw new Error("late")
      })()
    }
    const stream = new FakeStream()
    const over = handlerOf(app)(event, stream, {})
    await expect(async () => {
      for await (const _ of stream);
    }).rejects.toThrow("broken off")
    await over
  })

  test("needs Lambda's runtime, and says so", () => {
    expect(() => toLambdaStream(() => [])).toThrow("there is no awslambda here")
  })
})
