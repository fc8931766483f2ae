// WebSockets over HTTP/2 (RFC 8441): a client of node:http2 that writes frames byte by byte. Chromium as a client: npm run test:browser.

import { once } from "node:events"
import { type ClientHttp2Session, type ClientHttp2Stream, connect, createSecureServer } from "node:http2"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { type NodeServerOptions, serverSettings, setUpServer } from "../../../src/adapters/node.ts"
import type { Application, Environ, ServerWebSocket } from "../../../src/gateway.ts"
import { generateAdhocSslPair } from "../../../src/serving/tls.ts"
import { application } from "../../../src/wrappers/application.ts"
import { Response } from "../../../src/wrappers/response.ts"
import { linted } from "../../support/lint.ts"
import {
  BINARY,
  beforeUnclosedBodiesCount,
  CLOSE,
  closeCodeIn,
  closePayload,
  type Frame,
  frameBytes,
  framesIn,
  PING,
  PONG,
  TEXT,
} from "../../support/websocket-frames.ts"

let pair: { cert: string; key: string }

beforeAll(async () => {
  pair = await generateAdhocSslPair()
})

async function serve(app: Application, options: NodeServerOptions = {}) {
  const errors: string[] = []
  const stream = { write: (text: string) => void errors.push(text), writeLines: () => {}, flush: () => {} }
  const { server, drain, destroy } = setUpServer(
    createSecureServer({ ...serverSettings(options), ...pair, allowHTTP1: true }),
    linted(app, { allow: ["L20"] }),
    { errors: stream, ...options },
  )
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const session = connect(`https://localhost:${(server.address() as AddressInfo).port}`, { ca: pair.cert })
  session.on("error", () => {})
  await once(session, "remoteSettings")
  beforeUnclosedBodiesCount(() => session.destroy())
  onTestFinished(() => destroy())
  return { session, errors, drain }
}

const accepting = (handler: (socket: ServerWebSocket) => Promise<void>, options = {}) =>
  application(() => Response.websocket(handler, options))

const echo = async (socket: ServerWebSocket) => {
  for await (const message of socket) await socket.send(message)
}

/** A stream that asks to become a WebSocket. */
class Tunnel {
  readonly stream: ClientHttp2Stream
  received = ""
  status = 0
  headers: Record<string, unknown> = {}

  constructor(session: ClientHttp2Session, path = "/", fields: Record<string, string> = {}) {
    this.stream = session.request(
      {
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":path": path,
        ":scheme": "https",
        ":authority": "localhost",
        "sec-websocket-version": "13",
        ...fields,
      },
      { endStream: false },
    )
    this.stream.on("error", () => {})
  }

  async answered(): Promise<this> {
    const [headers] = await once(this.stream, "response")
    this.headers = headers
    this.status = headers[":status"]
    this.stream.on("data", (chunk: Buffer) => {
      this.received += chunk.toString("latin1")
    })
    return this
  }

  frame(...frames: Frame[]): this {
    this.stream.write(Buffer.concat(frames.map(frameBytes)))
    return this
  }

  async frames(count: number) {
    await expect.poll(() => framesIn(this.received).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count)
    return framesIn(this.received)
  }

  /** Waits until the server has closed; gives the code that it said. */
  async closeCode(): Promise<number | undefined> {
    this.stream.on("end", () => this.stream.end())
    if (!this.stream.closed) await once(this.stream, "close")
    return closeCodeIn(this.received)
  }
}

const open = (session: ClientHttp2Session, path?: string, fields?: Record<string, string>) =>
  new Tunnel(session, path, fields).answered()

describe("an extended CONNECT", () => {
  test("is announced, and answered with 200 and the application's fields", async () => {
    let seen: Environ | undefined
    const app = application((request) => {
      seen = request.environ
      const response = Response.websocket(echo, { protocol: "b" })
      response.setCookie("a", "1")
      return response
    })
    const { session } = await serve(app)
    expect(session.remoteSettings.enableConnectProtocol).toBe(true)
    const tunnel = await open(session, "/chat?room=1", {
      "sec-websocket-protocol": "a, b",
      "sec-websocket-extensions": "permessage-deflate",
      origin: "https://localhost",
    })
    expect(tunnel.status).toBe(200)
    expect(tunnel.headers).toMatchObject({ "sec-websocket-protocol": "b", "set-cookie": ["a=1; Path=/"] })
    for (const name of ["sec-websocket-extensions", "sec-websocket-accept", "upgrade", "connection"])
      expect(tunnel.headers).not.toHaveProperty(name)
    expect(seen).toMatchObject({
      REQUEST_METHOD: "GET",
      PATH_INFO: "/chat",
      QUERY_STRING: "room=1",
      SERVER_PROTOCOL: "HTTP/2",
      HTTP_HOST: "localhost",
      "wsgi.url_scheme": "https",
    })
    tunnel.frame(
      { opcode: TEXT, payload: "hi" },
      { opcode: BINARY, payload: "\x00\xff" },
      { opcode: PING, payload: "p" },
    )
    expect(await tunnel.frames(3)).toEqual(
      expect.arrayContaining([
        { opcode: TEXT, payload: "hi", fin: true },
        { opcode: BINARY, payload: "\x00\xff", fin: true },
        { opcode: PONG, payload: "p", fin: true },
      ]),
    )
    tunnel.frame({ opcode: CLOSE, payload: closePayload(4000, "done") })
    expect(await tunnel.closeCode()).toBe(4000)
    expect(tunnel.stream.rstCode).toBe(0)
  })

  test("agrees on compression where the handler wants it", async () => {
    const { session } = await serve(accepting(echo, { compress: true }))
    const tunnel = await open(session, "/", {
      "sec-websocket-extensions": "permessage-deflate; client_max_window_bits",
    })
    expect(tunnel.headers["sec-websocket-extensions"]).toMatch(/^permessage-deflate/)
    tunnel.frame({ opcode: TEXT, payload: "x".repeat(5000) })
    const [frame] = await tunnel.frames(1)
    expect(frame?.payload.length).toBeLessThan(100)
  })

  test("is refused with any other status, and the stream is over", async () => {
    const { session } = await serve(application(() => new Response("not you", { status: 403 })))
    const tunnel = await open(session)
    expect(tunnel.status).toBe(403)
    await once(tunnel.stream, "close")
    expect(tunnel.received).toBe("not you")
  })

  test("of a page of another site is refused", async () => {
    const { session } = await serve(accepting(echo))
    const tunnel = await open(session, "/", { origin: "https://evil.test" })
    expect(tunnel.status).toBe(403)
  })

  test.each([
    ["another version", { "sec-websocket-version": "8" }, 400],
    ["malformed protocols", { "sec-websocket-protocol": "a b" }, 400],
    ["another protocol", { ":protocol": "connect-udp" }, 501],
  ])("with %s is refused before the application", async (_, fields, status) => {
    let calls = 0
    const { session } = await serve(
      application(() => {
        calls++
        return new Response("")
      }),
    )
    const tunnel = await open(session, "/", fields)
    expect([tunnel.status, calls]).toEqual([status, 0])
    await once(tunnel.stream, "close")
  })

  test("stands beside others and plain requests on one connection", async () => {
    const app = application((request) =>
      request.websocket === undefined ? new Response("plain") : Response.websocket(echo),
    )
    const { session } = await serve(app)
    const tunnels = await Promise.all(Array.from({ length: 20 }, () => open(session)))
    for (const [index, tunnel] of tunnels.entries()) tunnel.frame({ opcode: TEXT, payload: String(index) })
    const plain = session.request({ ":path": "/" })
    let text = ""
    for await (const chunk of plain) text += chunk
    expect(text).toBe("plain")
    for (const [index, tunnel] of tunnels.entries())
      expect(await tunnel.frames(1)).toEqual([{ opcode: TEXT, payload: String(index), fin: true }])
  })
})

describe("the end", () => {
  test.each([
    ["of the handler", async () => {}, 1000, 0],
    [
      "of a handler that fails",
      async () => {
        throw new Error("late")
      },
      1011,
      1,
    ],
  ])("%s", async (_, handler, code, reports) => {
    const { session, errors } = await serve(accepting(handler))
    const tunnel = await open(session)
    await tunnel.frames(1)
    tunnel.frame({ opcode: CLOSE, payload: closePayload(code) })
    expect(await tunnel.closeCode()).toBe(code)
    expect(errors.length).toBe(reports)
  })

  test("of a message that is too long is 1009", async () => {
    const { session } = await serve(accepting(echo, { maxMessageBytes: 10 }))
    const tunnel = await open(session)
    tunnel.frame({ opcode: TEXT, payload: "x".repeat(11) })
    expect(await tunnel.closeCode()).toBe(1009)
  })

  test("by a reset is 1006, and the body is closed once", async () => {
    const notes: unknown[] = []
    const app = application(() => {
      const response = Response.websocket(async (socket) => {
        for await (const message of socket) notes.push(message)
        notes.push(socket.closeCode)
      })
      response.callOnClose(() => void notes.push("close"))
      return response
    })
    const { session, errors } = await serve(app)
    const tunnel = await open(session)
    tunnel.frame({ opcode: TEXT, payload: "one" })
    await expect.poll(() => notes.length).toBe(1)
    tunnel.stream.close(8)
    await expect.poll(() => notes).toEqual(["one", 1006, "close"])
    expect(errors).toEqual([])
  })

  test("by a drain is 1001, and the connection ends", async () => {
    const { session, drain } = await serve(accepting(echo))
    const tunnel = await open(session)
    const drained = drain()
    await tunnel.frames(1)
    tunnel.frame({ opcode: CLOSE, payload: closePayload(1001) })
    expect(await tunnel.closeCode()).toBe(1001)
    await drained
    if (!session.closed) await once(session, "close")
  })
})

describe("flow control is back-pressure", () => {
  test("a client that does not read holds the application back", async () => {
    let sent = 0
    const { session } = await serve(
      accepting(async (socket) => {
        while (socket.closeCode === undefined) {
          await socket.send(new Uint8Array(16 * 1024))
          sent++
          await sleep(0)
        }
      }),
    )
    const tunnel = new Tunnel(session)
    await once(tunnel.stream, "response")
    tunnel.stream.pause()
    await expect.poll(() => sent).toBeGreaterThan(2)
    let before = -1
    for (let tries = 0; tries < 50 && before !== sent; tries++) {
      before = sent
      await sleep(100)
    }
    expect(sent * 16 * 1024).toBeLessThan(2 * 1024 * 1024)
    tunnel.stream.resume()
    await expect.poll(() => sent).toBeGreaterThan(before)
    tunnel.stream.close(8)
  })

  test("an application that does not read holds the client back", async () => {
    let read: () => void = () => {}
    const waiting = new Promise<void>((resolve) => {
      read = resolve
    })
    let got = 0
    const { session } = await serve(
      accepting(async (socket) => {
        await waiting
        for await (const message of socket) got += message.length
      }),
    )
    const tunnel = await open(session)
    const frame = frameBytes({ opcode: BINARY, payload: Buffer.alloc(16 * 1024) })
    for (let i = 0; i < 200; i++) tunnel.stream.write(frame)
    await sleep(300)
    // Of 3.2 MB, what fills the windows and the buffers has left.
    expect(tunnel.stream.writableLength).toBeGreaterThan(1024 * 1024)
    read()
    await expect.poll(() => got, { timeout: 10_000 }).toBe(200 * 16 * 1024)
    tunnel.stream.close(8)
  })
})
