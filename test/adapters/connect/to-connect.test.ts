// Ours inside of Express, Koa and Fastify, and a plain server of Node.

import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import express from "express"
import Fastify from "fastify"
import { Hono } from "hono"
import Koa from "koa"
import { describe, expect, onTestFinished, test } from "vitest"
import { toConnect } from "../../../src/adapters/connect.ts"
import { toFetch } from "../../../src/adapters/fetch.ts"
import { nodeListener } from "../../../src/adapters/node.ts"
import type { Application } from "../../../src/gateway.ts"
import { rule } from "../../../src/routing/rule.ts"
import { RuleMap } from "../../../src/routing/rule-map.ts"
import { application } from "../../../src/wrappers/application.ts"
import { Request } from "../../../src/wrappers/request.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { encode } from "../../support/server.ts"

const silent = { errors: { write() {}, writeLines() {}, flush() {} } }

/** Serves with node:http until the test is over; gives the URL. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const KEYS = ["SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI"]
const showing: Application = (environ, start) => {
  start("200 OK", [["Content-Type", "application/json"]])
  return [encode(JSON.stringify(KEYS.map((key) => environ[key])))]
}

describe("mounted in Express", () => {
  test.each([
    ["/shop/a%2Fb?c=d", ["/shop", "/a/b", "c=d", "/shop/a%2Fb?c=d"]],
    ["/shop/", ["/shop", "/", "", "/shop/"]],
    ["/shop", ["/shop", "", "", "/shop"]],
    ["/shop?c", ["/shop", "", "c", "/shop?c"]],
    ["/deep/er/x", ["/deep/er", "/x", "", "/deep/er/x"]],
    ["/caf%C3%A9/x", ["/caf\u00c3\u00a9", "/x", "", "/caf%C3%A9/x"]],
    ["/elsewhere", ["", "/elsewhere", "", "/elsewhere"]],
  ])("%s has its mount in SCRIPT_NAME", async (target, expected) => {
    const app = express()
    const router = express.Router()
    router.use("/er", toConnect(showing))
    app.use("/shop", toConnect(showing))
    app.use("/deep", router)
    app.use("/café", toConnect(showing))
    app.use("/caf%C3%A9", toConnect(showing))
    app.use(toConnect(showing))
    const base = await listen(app)
    expect(await (await fetch(`${base}${target}`)).json()).toEqual(expected)
  })

  test("URLs that are built inside keep the mount", async () => {
    const map = new RuleMap([rule("/items/<int:id>", "item"), rule("/items/<int:id>/buy", "buy")])
    const shop = application((request) => {
      const adapter = map.bindToEnviron(request.environ)
      const { endpoint, values } = adapter.match()
      return new Response(endpoint === "item" ? adapter.build("buy", values) : "bought")
    })
    const app = express().use("/shop", toConnect(shop))
    expect(await (await fetch(`${await listen(app)}/shop/items/7`)).text()).toBe("/shop/items/7/buy")
  })

  test.each([
    ["json", "application/json", '{"a":[1,{"b":"é"}]}', '{"a":[1,{"b":"é"}]}'],
    ["a form", "application/x-www-form-urlencoded", "a=1&a=2&b=%C3%A9+x", "a=1&a=2&b=%C3%A9+x"],
    ["text", "text/plain", "hé", "hé"],
    ["bytes", "application/octet-stream", "raw", "raw"],
    ["what no parser took", "application/x-own", "own", "own"],
  ])("a body that a parser has read arrives: %s", async (_, type, body, expected) => {
    const app = express()
    app.use(express.json(), express.urlencoded({ extended: true }), express.text(), express.raw())
    app.use(toConnect(Request.application(async (request) => new Response(await request.text()))))
    const response = await fetch(await listen(app), { method: "POST", body, headers: { "Content-Type": type } })
    expect(await response.text()).toBe(expected)
  })

  test("a body that was compressed arrives with the length that it has now", async () => {
    const app = express()
    app.use(express.json())
    app.use(
      toConnect((environ, start) => {
        start("200 OK", [["Content-Type", "text/plain"]])
        return [encode(`${environ.CONTENT_LENGTH} ${environ["HTTP_CONTENT_ENCODING"]}`)]
      }),
    )
    const { gzipSync } = await import("node:zlib")
    const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" }
    const response = await fetch(await listen(app), { method: "POST", body: gzipSync('{"a":1}'), headers })
    expect(await response.text()).toBe("7 undefined")
  })

  test("rawBody goes before what was parsed", async () => {
    const app = express()
    app.use(express.json({ verify: (request, _response, bytes) => void Object.assign(request, { rawBody: bytes }) }))
    app.use(toConnect(Request.application(async (request) => new Response(await request.text()))))
    const headers = { "Content-Type": "application/json" }
    const response = await fetch(await listen(app), { method: "POST", body: '{ "a" : 1 }', headers })
    expect(await response.text()).toBe('{ "a" : 1 }')
  })

  test.each([
    ["a form in brackets", express.urlencoded({ extended: true }), "application/x-www-form-urlencoded", "a[b]=1"],
    [
      "a parser that keeps nothing",
      ((request, _response, next) => {
        request.resume().on("end", next)
      }) as express.RequestHandler,
      "text/plain",
      "abc",
    ],
  ])("a body that can't be put together again is refused with a sentence: %s", async (_, parser, type, body) => {
    const errors: string[] = []
    const app = express()
    app.use(parser)
    const stream = { write: (text: string) => void errors.push(text), writeLines() {}, flush() {} }
    app.use(
      toConnect(
        Request.application(async (request) => new Response(await request.text())),
        { errors: stream },
      ),
    )
    const response = await fetch(await listen(app), { method: "POST", body, headers: { "Content-Type": type } })
    expect(response.status).toBe(500)
    expect(errors.join("")).toContain("was read before, by a body parser or other code in front of the application")
  })

  test("cookies and fields that a middleware has set stay", async () => {
    const app = express()
    app.use((_request, response, next) => {
      response.cookie("outer", "1").vary("Origin").set("X-Outer", "1")
      next()
    })
    app.use(
      toConnect((_environ, start) => {
        start("200 OK", [
          ["Content-Type", "text/plain"],
          ["Set-Cookie", "a=1"],
          ["Set-Cookie", "b=2"],
          ["Vary", "Accept"],
        ])
        return [encode("hi")]
      }),
    )
    const { headers } = await fetch(await listen(app))
    expect(headers.getSetCookie()).toEqual(["outer=1; Path=/", "a=1", "b=2"])
    expect([headers.get("vary"), headers.get("x-outer")]).toEqual(["Origin, Accept", "1"])
  })
})

describe("passOn", () => {
  const map = new RuleMap([rule("/ours", "ours"), rule("/forms", "forms", { methods: ["POST"] })])
  const ours = application((request) => {
    const { endpoint } = map.bindToEnviron(request.environ).match()
    return new Response(endpoint)
  })

  test("leaves to Express what is not found here", async () => {
    const app = express()
    app.use(toConnect(ours, { passOn: true }))
    app.get("/theirs", (_request, response) => void response.send("theirs"))
    const base = await listen(app)
    const ask = async (path: string) => {
      const response = await fetch(base + path)
      return [response.status, await response.text()]
    }
    expect(await ask("/ours")).toEqual([200, "ours"])
    expect(await ask("/theirs")).toEqual([200, "theirs"])
    expect((await ask("/nowhere"))[0]).toBe(404)
    expect((await ask("/forms"))[0]).toBe(405)
  })

  test("takes the codes", async () => {
    const app = express()
    app.use(toConnect(ours, { passOn: [404, 405] }))
    app.use((_request, response) => void response.send("theirs"))
    expect(await (await fetch(`${await listen(app)}/forms`)).text()).toBe("theirs")
  })

  test("leaves a body that was not read to those behind", async () => {
    const app = express()
    app.use(toConnect(ours, { passOn: true }))
    app.post("/theirs", express.text(), (request, response) => void response.send(request.body))
    const response = await fetch(`${await listen(app)}/theirs`, {
      method: "POST",
      body: "text",
      headers: { "Content-Type": "text/plain" },
    })
    expect(await response.text()).toBe("text")
  })

  test("closes a streamed answer that is passed on", async () => {
    const notes: string[] = []
    const streaming: Application = (_environ, start) => {
      start("404 Not Found", [["Content-Type", "text/plain"]])
      const body = (async function* () {
        try {
          for (;;) yield encode("not here")
        } finally {
          notes.push("finally")
        }
      })()
      return Object.assign(body, { close: () => void notes.push("close") })
    }
    const app = express()
    app.use(toConnect(streaming, { ...silent, passOn: true }))
    app.use((_request, response) => void response.send("theirs"))
    expect(await (await fetch(await listen(app))).text()).toBe("theirs")
    expect(notes).toEqual(["finally", "close"])
  })

  test("means nothing where nothing stands behind", async () => {
    const base = await listen(toConnect(ours, { passOn: true }))
    expect((await fetch(`${base}/nowhere`)).status).toBe(404)
  })

  test("works again and again on one connection", async () => {
    const app = express()
    app.use(toConnect(ours, { passOn: true }))
    app.use((_request, response) => void response.send("theirs"))
    const base = await listen(app)
    for (let count = 0; count < 5; count++) {
      expect(await (await fetch(`${base}/nowhere`)).text()).toBe("theirs")
      expect(await (await fetch(`${base}/ours`)).text()).toBe("ours")
    }
  })
})

describe("by the recipe of docs/gateways.md, inside of", () => {
  const echo = Request.application(async (request) => new Response(`${request.path} ${await request.text()}`))
  const post = async (base: string) =>
    (await fetch(`${base}/x`, { method: "POST", body: "body", headers: { "Content-Type": "text/plain" } })).text()

  test("Koa", async () => {
    const handle = nodeListener(echo)
    const koa = new Koa()
    koa.use((context) => {
      context.respond = false
      handle(context.req, context.res)
    })
    expect(await post(await listen(koa.callback()))).toBe("/x body")
  })

  test("Fastify", async () => {
    const handle = nodeListener(echo)
    const fastify = Fastify()
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser("*", (_request, _payload, done) => done(null))
    fastify.all("/*", (request, reply) => {
      reply.hijack()
      handle(request.raw, reply.raw)
    })
    await fastify.ready()
    expect(await post(await listen(fastify.routing))).toBe("/x body")
    await fastify.close()
  })

  test("Hono", async () => {
    const handle = toFetch(echo)
    const hono = new Hono().all("/*", (context) => handle(context.req.raw))
    const response = await hono.request("/x", { method: "POST", body: "body" })
    expect(await response.text()).toBe("/x body")
  })
})
