// The listener inside servers of other frameworks, which have set fields, put streams in between, or read the body before.

import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import compression from "compression"
import express from "express"
import { describe, expect, onTestFinished, test } from "vitest"
import { nodeListener } from "../../../src/adapters/node.ts"
import type { Application } from "../../../src/gateway.ts"
import { application } from "../../../src/wrappers/application.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { encode, parseAnswer, RawClient } from "../../support/server.ts"

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const streaming: Application = (_environ, startResponse) => {
  startResponse("200 OK", [
    ["Content-Type", "text/plain"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
  ])
  return (async function* () {
    for (let i = 0; i < 200; i++) yield encode(`line ${i} ${"x".repeat(1000)}\n`)
  })()
}

describe("fields that others have set", () => {
  test.each([false, true])("stand beside ours, which keep their repetition (stream: %s)", async (isStream) => {
    const app: Application = isStream
      ? streaming
      : (environ, startResponse) => {
          void streaming(environ, startResponse)
          return [encode("whole")]
        }
    const ours = nodeListener(app)
    const port = await listen((message, response) => {
      response.setHeader("X-Theirs", "1")
      response.setHeader("Content-Type", "text/html")
      ours(message, response)
    })
    const received = await new RawClient(port).send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").end()
    const { fields } = parseAnswer(received)
    expect(fields.filter(([name]) => name === "set-cookie")).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ])
    expect(fields.filter(([name]) => name === "content-type")).toEqual([["content-type", "text/plain"]])
    expect(fields.filter(([name]) => name === "x-theirs")).toHaveLength(1)
  })
})

describe("Express", () => {
  test("compression() gets all of a stream, and the response ends", async () => {
    const site = express()
    site.use(compression({ threshold: 0 }))
    site.use(nodeListener(streaming))
    const port = await listen(site)
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { "Accept-Encoding": "gzip" } })
    expect(answer.headers.get("content-encoding")).toBe("gzip")
    const text = await answer.text()
    expect(text.match(/^line \d+ x+$/gm)).toHaveLength(200)
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"])
  })

  test("compression() gets no more than the client takes", async () => {
    let asked = 0
    const site = express()
    site.use(compression({ threshold: 0, level: 0 }))
    site.use(
      nodeListener((_environ, startResponse) => {
        startResponse("200 OK", [["Content-Type", "text/plain"]])
        return (async function* () {
          for (;;) {
            asked++
            yield encode("x".repeat(65_536))
          }
        })()
      }),
    )
    const port = await listen(site)
    const client = new RawClient(port)
    client.socket.pause()
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
    let before = -1
    while (asked !== before || asked === 0) {
      before = asked
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(asked).toBeLessThan(400)
  })

  test("a body that a parser has read is an error that says so", async () => {
    const lines: string[] = []
    const errors = { write: (text: string) => void lines.push(text), writeLines() {}, flush() {} }
    const site = express()
    site.use(express.json())
    site.use(
      nodeListener(
        application(async (request) => Response.json({ got: await request.json() })),
        { errors },
      ),
    )
    const port = await listen(site)
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"a":1}',
    })
    expect(answer.status).toBe(500)
    expect(lines.join("")).toMatch(/was read before, by a body parser/)
  })
})
