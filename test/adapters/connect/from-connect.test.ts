// Applications of Express, Koa and Fastify inside of ours, as their documentation shows them, and middleware for Connect as layers.

import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import type { IncomingMessage, ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import compression from "compression"
import express from "express"
import Fastify from "fastify"
import helmet from "helmet"
import Koa from "koa"
import morgan from "morgan"
import passport from "passport"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import { fromConnect } from "../../../src/adapters/connect.ts"
import { NotFound } from "../../../src/exceptions/statuses.ts"
import type { Application } from "../../../src/gateway.ts"
import { compose } from "../../../src/middleware/compose.ts"
import { dispatcher } from "../../../src/middleware/dispatcher.ts"
import { Client } from "../../../src/testing/client.ts"
import { application } from "../../../src/wrappers/application.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { encode, RawClient, serve, serveUnlinted, sleep, talk } from "../../support/server.ts"

const mounted = (app: Application) => new Client(dispatcher(new NotFound(), { "/app": app }))

describe("Express", () => {
  let folder = ""
  const app = express()
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "werkstatt-connect-"))
    await writeFile(join(folder, "file.txt"), "from a file")
    app.use("/static", express.static(folder))
    app.get("/file", (_request, response) => response.sendFile(join(folder, "file.txt")))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  app.get("/", (_request, response) => void response.send("Hello World!"))
  app.post("/json", express.json(), (request, response) => void response.json(request.body))
  app.post("/form", express.urlencoded({ extended: false }), (request, response) => void response.json(request.body))
  app.get("/cookies", (_request, response) => void response.cookie("a", "1").cookie("b", "2").send("ok"))
  app.get("/redirect", (request, response) => response.redirect(`${request.baseUrl}/`))
  app.get("/url", (request, response) => {
    response.json([request.originalUrl, request.baseUrl, request.url, request.protocol, request.hostname, request.ip])
  })
  app.get("/stream", (_request, response) => {
    response.type("text/plain")
    for (const text of ["a", "b", "c"]) response.write(text)
    response.end("d")
  })
  app.get("/failing", () => {
    throw new Error("broken")
  })
  app.get("/rejecting", async () => {
    throw new Error("broken")
  })
  app.get("/nothing", (_request, response) => void response.status(204).end())
  app.use(((error: Error, _request, response, _next) => {
    response.status(500).send(`handled: ${error.message}`)
  }) as express.ErrorRequestHandler)

  const client = mounted(fromConnect(app))
  test.each([
    ["GET", "/app/", {}, 200, "Hello World!"],
    ["GET", "/app", {}, 200, "Hello World!"],
    ["HEAD", "/app/", {}, 200, ""],
    ["POST", "/app/json", { json: { a: [1] } }, 200, '{"a":[1]}'],
    ["POST", "/app/form", { data: { a: "1", b: "é" } }, 200, '{"a":"1","b":"é"}'],
    ["GET", "/app/url?q=1", {}, 200, '["/app/url?q=1","/app","/url?q=1","http","localhost","127.0.0.1"]'],
    ["GET", "/app/stream", {}, 200, "abcd"],
    ["GET", "/app/file", {}, 200, "from a file"],
    ["GET", "/app/static/file.txt", {}, 200, "from a file"],
    ["GET", "/app/failing", {}, 500, "handled: broken"],
    ["GET", "/app/rejecting", {}, 500, "handled: broken"],
    ["GET", "/app/nothing", {}, 204, ""],
    ["GET", "/app/nowhere", {}, 404, "Not Found\n"],
  ])("%s %s", async (method, path, options, status, text) => {
    const response = await client.open(path, { method, environBase: { REMOTE_ADDR: "127.0.0.1" }, ...options })
    expect([response.statusCode, await response.text()]).toEqual([status, text])
  })

  test("sends cookies apart, redirects with the mount, and answers conditions", async () => {
    expect((await client.get("/app/cookies")).headers.getAll("Set-Cookie")).toEqual(["a=1; Path=/", "b=2; Path=/"])
    expect((await client.get("/app/redirect")).headers.get("Location")).toBe("/app/")
    const etag = (await client.get("/app/file")).headers.get("ETag") as string
    expect((await client.get("/app/file", { headers: { "If-None-Match": etag } })).statusCode).toBe(304)
  })

  test("is served by our server, bodies and all", async () => {
    const { port } = await serveUnlinted(fromConnect(app))
    const body = JSON.stringify({ text: "x".repeat(90_000) })
    const head = `POST /json HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    const answer = await talk(port, head + body)
    expect(answer).toContain("HTTP/1.1 200 OK")
    expect(answer.endsWith(body)).toBe(true)
  })
})

describe("Koa", () => {
  const koa = new Koa()
  koa.silent = true
  koa.use(async (context, next) => {
    await next()
    context.set("X-Response-Time", "1ms")
  })
  koa.use(async (context) => {
    if (context.path === "/failing") context.throw(418, "teapot")
    if (context.path === "/json") context.body = { path: context.path, query: context.query }
    else if (context.path === "/") context.body = "Hello World"
  })
  test.each([
    ["/app/", 200, "Hello World"],
    ["/app/json?a=1", 200, '{"path":"/json","query":{"a":"1"}}'],
    ["/app/failing", 418, "teapot"],
    ["/app/nowhere", 404, "Not Found"],
  ])("%s", async (path, status, text) => {
    for (const handler of [koa, koa.callback()]) {
      const response = await mounted(fromConnect(handler)).get(path)
      expect([response.statusCode, await response.text()]).toEqual([status, text])
    }
  })
})

describe("Fastify", () => {
  const fastify = Fastify()
  fastify.get("/", async () => ({ hello: "world" }))
  fastify.post("/echo", async (request) => request.body)
  fastify.get("/failing", async () => {
    throw new Error("broken")
  })
  afterAll(() => fastify.close())
  test.each([
    ["GET", "/app/", {}, 200, '{"hello":"world"}'],
    ["POST", "/app/echo", { json: { a: 1 } }, 200, '{"a":1}'],
    ["GET", "/app/failing", {}, 500, '{"statusCode":500,"error":"Internal Server Error","message":"broken"}'],
    ["GET", "/app/nowhere", {}, 404, '{"message":"Route GET:/nowhere not found","error":"Not Found","statusCode":404}'],
  ])("%s %s", async (method, path, options, status, text) => {
    const response = await mounted(fromConnect(fastify)).open(path, { method, ...options })
    expect([response.statusCode, await response.text()]).toEqual([status, text])
  })
})

describe("a layer", () => {
  const hello = application(() => new Response("hello ".repeat(500)))

  test("of helmet sets its headers", async () => {
    const response = await new Client(fromConnect(helmet(), hello)).get("/")
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff")
    expect(response.headers.has("Content-Security-Policy")).toBe(true)
    expect(await response.text()).toBe("hello ".repeat(500))
  })

  test("of compression compresses what the application answers", async () => {
    const response = await new Client(fromConnect(compression(), hello)).get("/", {
      headers: { "Accept-Encoding": "gzip" },
    })
    expect([response.headers.get("Content-Encoding"), response.headers.get("Vary")]).toEqual([
      "gzip",
      "Accept-Encoding",
    ])
    const { gunzipSync } = await import("node:zlib")
    expect(gunzipSync(await response.bytes()).toString()).toBe("hello ".repeat(500))
  })

  test("of morgan logs the request", async () => {
    const lines: string[] = []
    const log = morgan("tiny", { stream: { write: (line) => void lines.push(line) } })
    await (await new Client(fromConnect(log, hello)).get("/a?b")).text()
    await sleep(5)
    expect(lines.join("")).toMatch(/^GET \/a\?b 200 3000 - [\d.]+ ms\n$/)
  })

  test("of passport names the user", async () => {
    passport.use(
      new (class extends passport.Strategy {
        override name = "test"
        override authenticate(this: passport.StrategyCreated<this>, request: IncomingMessage) {
          if (request.headers.authorization === "let me in") this.success({ name: "Ada" })
          else this.fail(401)
        }
      })(),
    )
    const greeting = application((request) => {
      const { user } = request.environ["werkstatt.connect_request"] as { user: { name: string } }
      return new Response(`Hello ${user.name}`)
    })
    const app = fromConnect(passport.authenticate("test", { session: false }), greeting)
    expect(await (await new Client(app).get("/", { headers: { Authorization: "let me in" } })).text()).toBe("Hello Ada")
    expect((await new Client(app).get("/")).statusCode).toBe(401)
  })

  test("is one of several", async () => {
    const app = compose(
      hello,
      (inner) => fromConnect(helmet(), inner),
      (inner) => fromConnect(compression(), inner),
    )
    const response = await new Client(app).get("/", { headers: { "Accept-Encoding": "gzip" } })
    expect([response.headers.get("Content-Encoding"), response.headers.get("X-Frame-Options")]).toEqual([
      "gzip",
      "SAMEORIGIN",
    ])
  })

  test("that fails is a failure of the application", async () => {
    const { port, errors } = await serveUnlinted(
      fromConnect((_request, _response, next) => next(new Error("no")), hello),
    )
    expect(await talk(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")).toContain("500 Internal")
    expect(errors.join("")).toContain("no")
  })

  test("lets a failure of the application inside out, before the head and after it", async () => {
    const pass = (_request: IncomingMessage, _response: ServerResponse, next: () => void) => next()
    const before = fromConnect(pass, () => {
      throw new Error("inside")
    })
    await expect(new Client(before).get("/")).rejects.toThrow("inside")
    const after = fromConnect(pass, (_environ, start) => {
      start("200 OK", [["Content-Type", "text/plain"]])
      return (async function* () {
        yield encode("some")
        throw new Error("late")
      })()
    })
    const { port, errors } = await serveUnlinted(after)
    expect((await talk(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")).endsWith("0\r\n\r\n")).toBe(
      false,
    )
    expect(errors.join("")).toContain("late")
  })

  describe("around a WebSocket", () => {
    const echo = application((request) =>
      request.path === "/closed"
        ? new Response("not here", { status: 403 })
        : Response.websocket(async (socket) => {
            for await (const message of socket) await socket.send(`${message}!`)
          }),
    )
    const layered = compose(
      echo,
      (inner) => fromConnect(helmet(), inner),
      (inner) =>
        fromConnect((_request, response, next) => {
          response.setHeader("Set-Cookie", ["a=1", "b=2"])
          next()
        }, inner),
    )

    test("lets it pass, with the fields that the handler has set", async () => {
      const socket = await new Client(layered).websocket("/chat", { headers: { Origin: "http://localhost" } })
      await socket.send("hello")
      expect(await socket.receive()).toBe("hello!")
      expect(socket.response.headers.getAll("Set-Cookie")).toEqual(["a=1", "b=2"])
      expect(socket.response.headers.get("X-Content-Type-Options")).toBe("nosniff")
      await socket.close()
    })

    test("lets a refusal pass, too", async () => {
      await expect(
        new Client(layered).websocket("/closed", { headers: { Origin: "http://localhost" } }),
      ).rejects.toThrow("403")
    })

    test("over a real connection, and once", async () => {
      let calls = 0
      const counted: Application = (environ, start) => {
        environ["wsgi.response_finished"]?.push(() => void calls++)
        return echo(environ, start)
      }
      const { port, errors } = await serve(fromConnect(helmet(), counted))
      const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { origin: `http://127.0.0.1:${port}` })
      await once(socket, "open")
      socket.send("hello")
      const [message] = await once(socket, "message")
      expect(String(message)).toBe("hello!")
      const closed = once(socket, "close")
      socket.close(1000)
      expect((await closed)[0]).toBe(1000)
      await expect.poll(() => calls).toBe(1)
      expect(errors).toEqual([])
    })
  })

  test("calls the callbacks of the request once", async () => {
    let calls = 0
    const counted: Application = (environ, start) => {
      environ["wsgi.response_finished"]?.push(() => void calls++)
      return hello(environ, start)
    }
    const { port } = await serve(fromConnect(helmet(), counted))
    await talk(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    expect(calls).toBe(1)
  })
})

describe("a handler", () => {
  type Handler = (request: IncomingMessage, response: ServerResponse) => unknown
  const raw = async (handler: Handler, request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") => {
    const { port, errors } = await serveUnlinted(fromConnect(handler))
    return { answer: await talk(port, request), errors }
  }

  test("may chunk its response itself, and name fields of the connection", async () => {
    const { answer } = await raw((_request, response) => {
      response.writeHead(201, "Quite Made", { "Transfer-Encoding": "chunked", Connection: "keep-alive", "X-N": "1" })
      response.write("abc")
      response.end("def")
    })
    expect(answer).toMatch(/^HTTP\/1.1 201 Quite Made\r\n/)
    expect(answer).toContain("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
    expect(answer.match(/^connection: .*$/gim)).toEqual(["Connection: close"])
  })

  test("is held back by a client that does not read", async () => {
    let written = 0
    const { port } = await serveUnlinted(
      fromConnect((_request, response) => {
        const more = () => {
          do written += 65536
          while (response.write(Buffer.alloc(65536)))
          response.once("drain", more)
        }
        more()
      }),
    )
    const client = new RawClient(port)
    client.socket.pause()
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    let before = -1
    while (written !== before || written === 0) {
      before = written
      await sleep(100)
    }
    expect(written).toBeLessThan(32 * 1024 * 1024)
  })

  test("is told when its client leaves, before its answer and in the middle of it", async () => {
    for (const begin of [false, true]) {
      let isClosed = false
      const { port } = await serveUnlinted(
        fromConnect((_request, response) => {
          if (begin) response.write("some")
          response.on("close", () => {
            isClosed = true
          })
        }),
      )
      const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      if (begin) await client.until((text) => text.includes("some"))
      else await sleep(50)
      client.socket.destroy()
      while (!isClosed) await sleep(5)
    }
  })

  test("that destroys its response breaks it off", async () => {
    const { answer } = await raw((_request, response) => {
      response.write("some", () => response.destroy())
    })
    expect(answer.endsWith("0\r\n\r\n")).toBe(false)
    expect((await raw((_request, response) => response.destroy())).answer).toContain("500 Internal")
  })

  test("reads a body as a stream", async () => {
    const { answer } = await raw(
      async (request, response) => {
        let bytes = 0
        for await (const chunk of request) bytes += (chunk as Buffer).length
        response.end(`${bytes} ${request.complete}`)
      },
      `POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n${"x".repeat(200_000)}`,
    )
    expect(answer).toContain("200000 true")
  })

  test("that rejects, or that is none, says so", async () => {
    expect((await raw(async () => Promise.reject(new Error("no")))).errors.join("")).toContain("no")
    expect(() => fromConnect("text" as never)).toThrow(TypeError)
    expect(() => fromConnect({} as never)).toThrow("not a plain object")
  })

  test("that answers what the gateway does not take has failed", async () => {
    const { answer, errors } = await raw((_request, response) => {
      response.writeHead(200, ["Content-Length", "1", "Content-Length", "2"])
      response.end("x")
    })
    expect(answer).toContain("500 Internal")
    expect(errors.join("")).toContain("Content-Length")
  })
})
