import { once } from "node:events"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { WebSocket } from "ws"
import type { ServerWebSocket } from "../../src/gateway.ts"
import { type HttpProxyOptions, httpProxy, type ProxyTarget } from "../../src/proxy/http-proxy.ts"
import { application } from "../../src/wrappers/application.ts"
import { Response } from "../../src/wrappers/response.ts"
import { answer } from "../middleware/calling.ts"
import { linted } from "../support/lint.ts"
import { serve } from "../support/server.ts"
import { beforeUnclosedBodiesCount } from "../support/websocket-frames.ts"
import { rawUpstream } from "./upstream-server.ts"

const echo = async (socket: ServerWebSocket) => {
  for await (const message of socket) await socket.send(message)
}

async function proxied(target: ProxyTarget | string, options: HttpProxyOptions = {}) {
  const proxy = httpProxy(linted(answer("inside")), { "/ws": target }, options)
  onTestFinished(() => proxy.close())
  return serve(linted(proxy))
}

async function upstream(handler = echo) {
  const seen: string[] = []
  const { port } = await serve(
    application((request) => {
      seen.push(
        `${request.path}?${request.queryString} ${request.headers.get("X-Forwarded-For")} ${request.headers.get("Cookie")}`,
      )
      if (request.path === "/ws/no") return new Response("no entry", { status: 401, headers: { "X-Why": "because" } })
      const response = Response.websocket(handler, { protocol: "b", origins: "*" })
      response.setCookie("a", "1")
      return response
    }),
  )
  return { url: `http://127.0.0.1:${port}`, seen }
}

function client(port: number, path = "/ws/x?y=1", protocols: string[] = [], headers = {}): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers })
  beforeUnclosedBodiesCount(() => socket.terminate())
  return socket
}

describe("a WebSocket is passed on", () => {
  test("with path, query, headers and protocol; messages both ways, as text and as bytes", async () => {
    const { url, seen } = await upstream()
    const { port } = await proxied(url)
    const socket = client(port, "/ws/x?y=1", ["a", "b"], { Cookie: "c=d" })
    const [[head]] = await Promise.all([once(socket, "upgrade"), once(socket, "open")])
    expect(socket.protocol).toBe("b")
    expect(head.headers["set-cookie"]).toEqual(["a=1; Path=/"])
    expect(seen).toEqual(["/ws/x?y=1 127.0.0.1 c=d"])
    socket.send("text")
    expect(await once(socket, "message")).toEqual([Buffer.from("text"), false])
    socket.send(Uint8Array.of(0, 255))
    expect(await once(socket, "message")).toEqual([Buffer.of(0, 255), true])
    socket.close(4000, "done")
    expect((await once(socket, "close"))[0]).toBe(4000)
  })

  test("and its close from the upstream, with code and reason", async () => {
    const { url } = await upstream((socket) => socket.close(4001, "enough"))
    const { port } = await proxied(url)
    const [code, reason] = await once(client(port), "close")
    expect([code, String(reason)]).toEqual([4001, "enough"])
  })

  test("and its close from the client reaches the upstream", async () => {
    const codes: unknown[] = []
    const { url } = await upstream(async (socket) => {
      for await (const _ of socket);
      codes.push(socket.closeCode)
    })
    const { port } = await proxied(url)
    const socket = client(port)
    await once(socket, "open")
    socket.close(4002)
    await vi.waitFor(() => expect(codes).toEqual([4002]), 5000)
    const other = client(port)
    await once(other, "open")
    other.terminate()
    await vi.waitFor(() => expect(codes).toEqual([4002, 1001]), 5000)
  })

  test("in many messages, none lost, in order", async () => {
    const { url } = await upstream()
    const { port } = await proxied(url)
    const socket = client(port)
    await once(socket, "open")
    const got: string[] = []
    socket.on("message", (data) => got.push(String(data).slice(0, 8)))
    const sent = Array.from({ length: 500 }, (_, index) => String(index).padStart(8, "0"))
    for (const text of sent) socket.send(text + "x".repeat(20_000))
    await vi.waitFor(() => expect(got.length).toBe(500), 15_000)
    expect(got).toEqual(sent)
  })

  test("but no message that is too long", async () => {
    const { url } = await upstream()
    const { port } = await proxied(url, { maxMessageBytes: 100 })
    const socket = client(port)
    await once(socket, "open")
    socket.send("x".repeat(101))
    expect((await once(socket, "close"))[0]).toBe(1009)
  })
})

describe("a handshake that comes to nothing", () => {
  const refusal = async (socket: WebSocket) => {
    socket.on("error", () => {})
    const [, response] = await once(socket, "unexpected-response")
    let body = ""
    for await (const chunk of response) body += chunk
    return { status: response.statusCode as number, headers: response.headers, body }
  }

  test("is answered with what the upstream said", async () => {
    const { url } = await upstream()
    const { port } = await proxied(url)
    const { status, headers, body } = await refusal(client(port, "/ws/no"))
    expect([status, headers["x-why"], body]).toEqual([401, "because", "no entry"])
  })

  test("is answered with 502 when the upstream can't be reached, 504 when it says nothing, 400 for dot segments", async () => {
    const { port } = await proxied("http://127.0.0.1:9")
    expect((await refusal(client(port))).status).toBe(502)
    const silent = await rawUpstream(() => {})
    const { port: other } = await proxied(silent, { timeoutMs: 100 })
    expect((await refusal(client(other))).status).toBe(504)
    expect((await refusal(client(other, "/ws/%2e%2e%2fx"))).status).toBe(400)
  })

  test("goes to the next upstream when one can't be reached", async () => {
    const { url } = await upstream()
    const { port } = await proxied({ target: ["http://127.0.0.1:9", url] })
    for (let i = 0; i < 2; i++) await once(client(port), "open")
  })
})
