// Fetch handlers inside of ours: Hono and h3 as their documentation shows them, and what a Request can't take.

import { H3 } from "h3"
import { Hono } from "hono"
import { streamText } from "hono/streaming"
import { describe, expect, test } from "vitest"
import { fromFetch, toFetch } from "../../../src/adapters/fetch.ts"
import type { Application } from "../../../src/gateway.ts"
import { dispatcher } from "../../../src/middleware/dispatcher.ts"
import { Client } from "../../../src/testing/client.ts"
import { answering, get, serveUnlinted } from "../../support/server.ts"

const client = (app: Application, mount = "/app") => new Client(dispatcher(answering("outside"), { [mount]: app }))

describe("Hono", () => {
  const hono = new Hono<{ Bindings: { mount: string } }>()
  hono.get("/", (context) => context.text(`Hello Hono at ${context.env.mount}`))
  hono.get("/users/:name", (context) => context.json({ name: context.req.param("name"), q: context.req.query("q") }))
  hono.post("/forms", async (context) => context.json(await context.req.parseBody(), 201))
  hono.post("/json", async (context) => context.json(await context.req.json()))
  hono.get("/stream", (context) =>
    streamText(context, async (stream) => {
      for (const text of ["a", "b", "c"]) await stream.write(text)
    }),
  )
  hono.get("/cookies", (context) => {
    context.header("Set-Cookie", "a=1", { append: true })
    context.header("Set-Cookie", "b=2", { append: true })
    return context.text("ok")
  })
  hono.get("/failing", () => {
    throw new Error("broken")
  })
  hono.onError((error, context) => context.text(`handled: ${error.message}`, 500))

  test.each([
    ["GET", "/app/", undefined, 200, "Hello Hono at /app"],
    ["GET", "/app", undefined, 200, "Hello Hono at /app"],
    ["GET", "/app/users/a%2Fb?q=1%202", undefined, 200, '{"name":"a/b","q":"1 2"}'],
    ["GET", "/app/users/%C3%A9", undefined, 200, '{"name":"é"}'],
    ["GET", "/app/stream", undefined, 200, "abc"],
    ["GET", "/app/failing", undefined, 500, "handled: broken"],
    ["GET", "/app/nowhere", undefined, 404, "404 Not Found"],
    ["GET", "/", undefined, 200, "outside"],
    ["HEAD", "/app/", undefined, 200, ""],
    ["POST", "/app/json", { json: { a: [1] } }, 200, '{"a":[1]}'],
    ["POST", "/app/forms", { data: { a: "1" } }, 201, '{"a":"1"}'],
  ])("%s %s", async (method, path, body, status, text) => {
    const response = await client(fromFetch(hono as never)).open(path, { method, ...body })
    expect([response.statusCode, await response.text()]).toEqual([status, text])
  })

  test("keeps cookies apart", async () => {
    const response = await client(fromFetch(hono as never)).get("/app/cookies")
    expect(response.headers.getAll("Set-Cookie")).toEqual(["a=1", "b=2"])
  })
})

describe("h3", () => {
  const h3 = new H3()
    .get("/", () => "⚡️ Tadaa!")
    .get("/hello/:name", (event) => ({ hello: event.context.params?.["name"] }))
    .post("/echo", (event) => event.req.text())

  test.each([
    ["GET", "/app/", undefined, 200, "⚡️ Tadaa!"],
    ["GET", "/app/hello/ada", undefined, 200, /"hello":\s*"ada"/],
    ["POST", "/app/echo", { data: "some text", contentType: "text/plain" }, 200, "some text"],
  ])("%s %s", async (method, path, body, status, text) => {
    const response = await client(fromFetch(h3 as never)).open(path, { method, ...body })
    expect(response.statusCode).toBe(status)
    expect(await response.text()).toEqual(typeof text === "string" ? text : expect.stringMatching(text))
  })
})

describe("a handler", () => {
  const showUrl = (request: Request) => new Response(request.url)

  test("gets the URL below the mount, or all of it", async () => {
    expect(await (await client(fromFetch(showUrl)).get("/app/a?b")).text()).toBe("http://localhost/a?b")
    expect(await (await client(fromFetch(showUrl, { keepMount: true })).get("/app/a?b")).text()).toBe(
      "http://localhost/app/a?b",
    )
  })

  test.each([
    ["/app/a%2Fb%20c", "/a%2Fb%20c"],
    ["/app//a//b", "//a//b"],
    ["/app/a%5Cb", "/a%5Cb"],
    ["/app/100%25", "/100%25"],
  ])("gets the path of %s as the client wrote it", async (path, expected) => {
    const { port } = await serveUnlinted(dispatcher(answering("outside"), { "/app": fromFetch(showUrl) }))
    expect((await get(port, path)).body).toBe(`http://localhost${expected}`)
  })

  test.each(["/app/../admin", "/app/%2e%2e/admin", "/app/a/./b", "/app/a%5C..%5Cb", "/app/.%2e"])(
    "never sees the path %s, which its URL would resolve",
    async (path) => {
      const { port } = await serveUnlinted(dispatcher(answering("outside"), { "/app": fromFetch(showUrl) }))
      expect((await get(port, path)).status).toBe("HTTP/1.1 400 Bad Request")
    },
  )

  test("sees a backslash as no slash, and a broken escape as it is", async () => {
    const { port } = await serveUnlinted(fromFetch(showUrl))
    expect((await get(port, "/a\\b?c\\d")).body).toBe("http://localhost/a%5Cb?c\\d")
    expect((await get(port, "/100%zz")).body).toBe("http://localhost/100%25zz")
  })

  test.each(["CONNECT", "TRACE", "TRACK"])("is not asked with %s, which no Request has", async (method) => {
    expect((await new Client(fromFetch(showUrl)).open("/", { method })).statusCode).toBe(501)
  })

  test("gets no header of the connection, and gives none", async () => {
    const app = fromFetch((request) => {
      const headers = { Connection: "x-hop", "X-Hop": "1", "Keep-Alive": "timeout=5", "X-Kept": "1" }
      return new Response(JSON.stringify([...request.headers.keys()]), { headers })
    })
    const headers = { Connection: "x-own", "X-Own": "1", TE: "trailers", Expect: "100-continue", "X-Kept": "1" }
    const response = await new Client(app).get("/", { headers })
    expect(JSON.parse(await response.text())).toEqual(["host", "x-kept"])
    expect(["connection", "x-hop", "keep-alive", "x-kept"].filter((name) => response.headers.has(name))).toEqual([
      "x-kept",
    ])
  })

  test("that streams is cancelled when its client leaves, and for HEAD", async () => {
    let cancelled = 0
    const app = fromFetch(
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(1000)),
            cancel: () => void cancelled++,
          }),
        ),
    )
    expect((await new Client(app).head("/")).statusCode).toBe(200)
    expect(cancelled).toBe(1)
    const response = await toFetch(app)(new Request("http://h/"))
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(cancelled).toBe(2)
  })

  test("gets a signal that tells of a client that leaves", async () => {
    const controller = new AbortController()
    let told = false
    const app = fromFetch(async (request) => {
      await new Promise<void>((resolve) => request.signal.addEventListener("abort", () => resolve()))
      told = true
      return new Response()
    })
    const answer = toFetch(app)(new Request("http://h/", { signal: controller.signal }))
    await new Promise((resolve) => setTimeout(resolve, 1))
    controller.abort()
    await answer
    expect(told).toBe(true)
  })

  test("may hand on what it fetched, which was decoded on the way", async () => {
    const { port } = await serveUnlinted((_environ, start) => {
      start("200 OK", [["Content-Encoding", "gzip"]])
      return [Buffer.from("H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==", "base64")]
    })
    const app = fromFetch(() => fetch(`http://127.0.0.1:${port}/`))
    const response = await new Client(app).get("/")
    expect([await response.text(), response.headers.get("Content-Encoding")]).toEqual(["hello", undefined])
  })

  test("streams an upload", async () => {
    const app = fromFetch(async (request) => {
      let bytes = 0
      for await (const chunk of request.body ?? []) bytes += (chunk as Uint8Array).length
      return new Response(String(bytes))
    })
    const response = await new Client(app).post("/", { data: new Uint8Array(3_000_000) })
    expect(await response.text()).toBe("3000000")
  })

  test("that rejects, or answers with nothing of use, is a failure of the application", async () => {
    const errors: string[] = []
    const stream = { write: (text: string) => void errors.push(text), writeLines() {}, flush() {} }
    for (const handler of [
      () => Promise.reject(new Error("no")),
      () => "text",
      () => Response.error(),
      () => undefined,
    ]) {
      expect((await toFetch(fromFetch(handler as never), { errors: stream })(new Request("http://h/"))).status).toBe(
        500,
      )
    }
    expect(errors.map((text) => /Error: (.*)/.exec(text)?.[1])).toEqual([
      "no",
      'a fetch handler must return a Response, not "text"',
      "a fetch handler answered with the status 0, which is not of a final response",
      "a fetch handler must return a Response, not undefined",
    ])
  })

  test("may leave work behind, whose failure is reported", async () => {
    const errors: string[] = []
    const app = fromFetch((_request, _bindings, context) => {
      context.waitUntil(Promise.reject(new Error("later")))
      return new Response("hi")
    })
    const stream = { write: (text: string) => void errors.push(text), writeLines() {}, flush() {} }
    await toFetch(app, { errors: stream })(new Request("http://h/"))
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(errors.join("")).toContain("later")
  })
})
