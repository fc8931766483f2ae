// Upstreams that do what HTTP allows and few clients expect: they speak before they are asked to, refuse before they have
// heard all, and close as soon as they have spoken. Over plain connections and over TLS.

import { once } from "node:events"
import type { AddressInfo, Socket } from "node:net"
import { createServer } from "node:tls"
import { beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { type HttpProxyOptions, httpProxy, type ProxyTarget } from "../../src/proxy/http-proxy.ts"
import { generateAdhocSslPair } from "../../src/serving/tls.ts"
import { answer } from "../middleware/calling.ts"
import { linted } from "../support/lint.ts"
import { get, parseAnswer, RawClient, serve, sleep, talk } from "../support/server.ts"
import { type RawHandler, rawUpstream } from "./upstream-server.ts"

let pair: { cert: string; key: string }

beforeAll(async () => {
  pair = await generateAdhocSslPair()
})

/** As rawUpstream, over TLS. */
async function secureUpstream(handler: RawHandler): Promise<string> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer(pair, (socket) => {
    const connection = ++connections
    sockets.add(socket)
    socket.on("error", () => {})
    let text = ""
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1")
      for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end)
        text = text.slice(end + 4)
        handler(socket, head, connection)
      }
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `https://localhost:${(server.address() as AddressInfo).port}`
}

async function proxied(target: ProxyTarget, options: HttpProxyOptions = {}) {
  const proxy = httpProxy(linted(answer("inside")), { "/": target }, options)
  onTestFinished(() => proxy.close())
  return serve(linted(proxy))
}

const OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n"

describe.each<[string, (handler: RawHandler) => Promise<string>]>([
  ["http", rawUpstream],
  ["https", secureUpstream],
])("an upstream over %s", (scheme, upstream) => {
  const targetOf = async (handler: RawHandler): Promise<ProxyTarget> => ({
    target: await upstream(handler),
    ...(scheme === "https" ? { tls: { ca: pair.cert } } : {}),
  })

  test.each<[string, string[]]>([
    ["at once", [CONTINUE + OK]],
    ["and then a response", [CONTINUE, OK]],
    ["in pieces", ["HTTP/1.1 1", "00 Contin", "ue\r\nX: 1\r", "\n\r", `\n${OK}`]],
    ["between other interim responses", [`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${CONTINUE}`, CONTINUE + OK]],
  ])("may say 100 Continue unasked, %s", async (_, pieces) => {
    const { port, errors } = await proxied(
      await targetOf(async (socket) => {
        for (const piece of pieces) {
          socket.write(piece)
          await sleep(5)
        }
      }),
      { maxConnections: 1 },
    )
    for (let round = 0; round < 2; round++) {
      const { status, body } = await get(port, "/")
      expect([status, body]).toEqual(["HTTP/1.1 200 OK", "ok"])
      const post = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
      expect(parseAnswer(await talk(port, post)).body).toBe("ok")
    }
    expect(errors).toEqual([])
  })

  test("may send a body that looks like one", async () => {
    const body = CONTINUE.repeat(3)
    const { port } = await proxied(
      await targetOf(async (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${CONTINUE}`)
        await sleep(20)
        socket.write(CONTINUE)
        await sleep(20)
        socket.write(CONTINUE)
      }),
    )
    expect((await get(port, "/")).body).toBe(body)
  })

  test("may not say it without end", async () => {
    const { port } = await proxied(
      await targetOf((socket) => {
        const more = () => {
          while (socket.writable && socket.write(CONTINUE.repeat(100)));
          if (socket.writable) socket.once("drain", more)
        }
        more()
      }),
    )
    expect((await get(port, "/")).status).toBe("HTTP/1.1 502 Bad Gateway")
  })

  // The head of the answer is with the kernel before the first write fails, and behind it the reset.
  test.each<[string, (socket: Socket) => void]>([
    ["resets the connection", (socket) => socket.destroy()],
    ["ends it", (socket) => socket.end()],
    ["leaves it open", () => {}],
  ])("that refuses an upload and %s is heard", async (_, close) => {
    const { port } = await proxied(
      await targetOf((socket) => {
        socket.pause()
        socket.write(
          "HTTP/1.1 413 Too Large\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig",
          () => close(socket),
        )
      }),
    )
    for (let round = 0; round < 15; round++) {
      const client = new RawClient(port)
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n")
      const chunk = Buffer.alloc(100_000, "x")
      const more = () => {
        while (client.received === "" && client.socket.writable && client.socket.write(chunk));
        if (client.received === "" && client.socket.writable) client.socket.once("drain", more)
      }
      more()
      await client.until((text) => text.includes("\r\n\r\nbig"))
      expect(client.received.slice(0, 12)).toBe("HTTP/1.1 413")
      client.socket.destroy()
    }
  })

  test("that closes in the middle of an upload without a word is answered for with 502", async () => {
    const { port } = await proxied(await targetOf((socket) => void socket.destroy()))
    const client = new RawClient(port).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
    client.send(Buffer.alloc(1_000_000, "x"))
    await client.until((text) => text.startsWith("HTTP/1.1 502 "))
  })
})
