// WebSockets of a running server, by what a client says on its socket: RFC 6455 as a table, the handshake, and the end.

import { once } from "node:events"
import { describe, expect, test, vi } from "vitest"
import { WebSocket as WsClient } from "ws"
import type { NodeServerOptions } from "../../../src/adapters/node.ts"
import type { ServerWebSocket } from "../../../src/gateway.ts"
import type { FinishedRequest } from "../../../src/running/service.ts"
import { application } from "../../../src/wrappers/application.ts"
import { Response } from "../../../src/wrappers/response.ts"
import type { WebSocketOptions } from "../../../src/wrappers/websocket-body.ts"
import { RawClient, serve, type TestServer, talk } from "../../support/server.ts"
import {
  BINARY,
  beforeUnclosedBodiesCount,
  CLOSE,
  CONTINUATION,
  closePayload,
  type Frame,
  FrameClient,
  frameBytes,
  handshakeText,
  PING,
  PONG,
  TEXT,
} from "../../support/websocket-frames.ts"

const echo = async (socket: ServerWebSocket) => {
  for await (const message of socket) await socket.send(message)
}

function serveSocket(
  handler: (socket: ServerWebSocket) => Promise<void> = echo,
  options: WebSocketOptions = {},
  server: NodeServerOptions = {},
): Promise<TestServer> {
  return serve(
    application((request) => {
      if (request.path === "/plain") return new Response("plain")
      if (request.path === "/no") return new Response("no", { status: 401 })
      return Response.websocket(handler, options)
    }),
    server,
  )
}

function wsClient(port: number): WsClient {
  const client = new WsClient(`ws://127.0.0.1:${port}/`)
  beforeUnclosedBodiesCount(() => client.terminate())
  return client
}

const text = (payload: string): Frame => ({ opcode: TEXT, payload })

describe("frames that are right (RFC 6455 section 5)", () => {
  const table: [string, Frame[], [number, string][]][] = [
    ["text", [text("hello")], [[TEXT, "hello"]]],
    ["an empty text", [text("")], [[TEXT, ""]]],
    ["bytes", [{ opcode: BINARY, payload: "\x00\xff" }], [[BINARY, "\x00\xff"]]],
    ["no bytes", [{ opcode: BINARY }], [[BINARY, ""]]],
    ["125 bytes", [text("x".repeat(125))], [[TEXT, "x".repeat(125)]]],
    ["126 bytes", [text("x".repeat(126))], [[TEXT, "x".repeat(126)]]],
    ["65535 bytes", [text("x".repeat(65535))], [[TEXT, "x".repeat(65535)]]],
    ["65536 bytes", [text("x".repeat(65536))], [[TEXT, "x".repeat(65536)]]],
    [
      "a text in three fragments",
      [
        { opcode: TEXT, payload: "a", fin: false },
        { opcode: CONTINUATION, payload: "b", fin: false },
        { opcode: CONTINUATION, payload: "c" },
      ],
      [[TEXT, "abc"]],
    ],
    [
      "empty fragments",
      [
        { opcode: TEXT, fin: false },
        { opcode: CONTINUATION, fin: false },
        { opcode: CONTINUATION, payload: "c" },
      ],
      [[TEXT, "c"]],
    ],
    [
      "a character of UTF-8 that is cut by a fragment",
      [
        { opcode: TEXT, payload: "\xe2\x82", fin: false },
        { opcode: CONTINUATION, payload: "\xac" },
      ],
      [[TEXT, "\xe2\x82\xac"]],
    ],
    ["a ping, which is answered with its payload", [{ opcode: PING, payload: "p" }], [[PONG, "p"]]],
    ["a ping of 125 bytes", [{ opcode: PING, payload: "p".repeat(125) }], [[PONG, "p".repeat(125)]]],
    [
      "a ping within a message",
      [
        { opcode: TEXT, payload: "a", fin: false },
        { opcode: PING, payload: "p" },
        { opcode: CONTINUATION, payload: "b" },
      ],
      [
        [PONG, "p"],
        [TEXT, "ab"],
      ],
    ],
    ["a pong that nobody asked for", [{ opcode: PONG, payload: "p" }, text("a")], [[TEXT, "a"]]],
    [
      "several messages in one packet",
      [text("a"), text("b"), text("c")],
      [
        [TEXT, "a"],
        [TEXT, "b"],
        [TEXT, "c"],
      ],
    ],
    ["text outside of the basic plane", [text("\xf0\x9f\x98\x80")], [[TEXT, "\xf0\x9f\x98\x80"]]],
  ]
  test.each(table)("%s", async (_, frames, expected) => {
    const { port } = await serveSocket()
    const client = await FrameClient.open(port)
    client.frame(...frames)
    const answer = await client.frames(expected.length)
    expect(answer.map(({ opcode, payload }) => [opcode, payload])).toEqual(expected)
  })

  test("come one byte at a time", async () => {
    const { port } = await serveSocket()
    const client = await FrameClient.open(port)
    for (const byte of frameBytes(text("hello"))) client.send(Uint8Array.of(byte))
    expect((await client.frames(1))[0]?.payload).toBe("hello")
  })
})

describe("frames that are wrong close with a code (RFC 6455 sections 5 and 7.4)", () => {
  const table: [string, Frame[], number][] = [
    ["a frame that is not masked", [{ ...text("a"), masked: false }], 1002],
    ["the first reserved bit", [{ ...text("a"), rsv: 4 }], 1002],
    ["the second reserved bit", [{ ...text("a"), rsv: 2 }], 1002],
    ["the third reserved bit", [{ ...text("a"), rsv: 1 }], 1002],
    ["reserved opcodes of messages", [{ opcode: 3 }], 1002],
    ["reserved opcodes of control frames", [{ opcode: 11 }], 1002],
    ["a continuation of nothing", [{ opcode: CONTINUATION, payload: "a" }], 1002],
    ["a message within a message", [{ ...text("a"), fin: false }, text("b")], 1002],
    ["a ping in fragments", [{ opcode: PING, fin: false }], 1002],
    ["a ping of 126 bytes", [{ opcode: PING, payload: "p".repeat(126) }], 1002],
    ["a close in fragments", [{ opcode: CLOSE, fin: false }], 1002],
    ["a close of 126 bytes", [{ opcode: CLOSE, payload: closePayload(1000, "x".repeat(124)) }], 1002],
    ["a close of one byte", [{ opcode: CLOSE, payload: "\x03" }], 1002],
    ["text that is no UTF-8", [text("\xff")], 1007],
    ["text that ends within a character", [text("\xe2\x82")], 1007],
    ["a surrogate", [text("\xed\xa0\x80")], 1007],
    [
      "fragments that are no UTF-8",
      [
        { opcode: TEXT, payload: "a", fin: false },
        { opcode: CONTINUATION, payload: "\xff" },
      ],
      1007,
    ],
    ["a reason that is no UTF-8", [{ opcode: CLOSE, payload: closePayload(1000, "\xff") }], 1007],
    ["a message that is too long", [text("x".repeat(1025))], 1009],
    ["a message that says that it is too long", [{ opcode: TEXT, length: 2 ** 40 }], 1009],
    [
      "a message that is too long in fragments",
      [
        { opcode: TEXT, payload: "x".repeat(1000), fin: false },
        { opcode: CONTINUATION, payload: "x".repeat(25) },
      ],
      1009,
    ],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code): [string, Frame[], number] => [
      `a close with ${code}, which is never sent`,
      [{ opcode: CLOSE, payload: closePayload(code) }],
      1002,
    ]),
  ]
  test.each(table)("%s", async (_, frames, code) => {
    const { port, errors } = await serveSocket(echo, { maxMessageBytes: 1024 })
    const client = await FrameClient.open(port)
    client.frame(...frames)
    expect(await client.closeCode()).toBe(code)
    expect(errors).toEqual([])
  })
})

describe("a client closes", () => {
  test.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])(
    "with %i, which is answered",
    async (code) => {
      const codes: (number | undefined)[] = []
      const { port } = await serveSocket(async (socket) => {
        for await (const _ of socket);
        codes.push(socket.closeCode)
      })
      const client = await FrameClient.open(port)
      client.frame({ opcode: CLOSE, payload: closePayload(code, "why") })
      expect(await client.closeCode()).toBe(code)
      await vi.waitFor(() => expect(codes).toEqual([code]))
    },
  )

  test("without a code", async () => {
    const { port } = await serveSocket()
    const client = await FrameClient.open(port)
    client.frame({ opcode: CLOSE })
    expect(await client.closeCode()).toBeUndefined()
    expect(client.content.length).toBe(2)
  })

  test("and what it sends afterwards is not read", async () => {
    const seen: unknown[] = []
    const { port } = await serveSocket(async (socket) => {
      for await (const message of socket) seen.push(message)
    })
    const client = await FrameClient.open(port)
    client.frame(text("a"), { opcode: CLOSE, payload: closePayload(1000) }, text("b"))
    await client.closeCode()
    expect(seen).toEqual(["a"])
  })
})

describe("the handshake", () => {
  test("is answered as the RFC's example (section 1.3), with Date and the fields of the application", async () => {
    const { port } = await serve(
      application(() => {
        const response = Response.websocket(echo)
        response.headers.set("X-Name", "J\xfcrgen")
        return response
      }),
    )
    const { head } = await FrameClient.open(port)
    const lines = head.split("\r\n")
    expect(lines[0]).toBe("HTTP/1.1 101 Switching Protocols")
    expect(lines).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    expect(lines).toContain("X-Name: J\xfcrgen")
    expect(lines).toContain("Upgrade: websocket")
    expect(lines).toContain("Connection: Upgrade")
    expect(lines.some((line) => line.startsWith("Date: "))).toBe(true)
    expect(lines.some((line) => /^Sec-WebSocket-Extensions/i.test(line))).toBe(false)
  })

  test("may have frames right behind it", async () => {
    const { port } = await serveSocket()
    const client = new RawClient(port)
    beforeUnclosedBodiesCount(() => client.socket.destroy())
    client.send(Buffer.concat([Buffer.from(handshakeText()), frameBytes(text("early"))]))
    await client.until((received) => received.endsWith("\x81\x05early"))
  })

  test("waits for the requests before it, and their answers come first", async () => {
    const { port } = await serveSocket()
    const client = new RawClient(port)
    beforeUnclosedBodiesCount(() => client.socket.destroy())
    client.send(`GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n${handshakeText()}`)
    const received = await client.until((all) => all.includes("101 Switching Protocols"))
    expect(received.indexOf("plain")).toBeLessThan(received.indexOf("101 Switching Protocols"))
    expect(received.startsWith("HTTP/1.1 200 OK\r\n")).toBe(true)
  })

  test("comes on a connection that has served requests before", async () => {
    const { port } = await serveSocket()
    const client = new RawClient(port)
    beforeUnclosedBodiesCount(() => client.socket.destroy())
    client.send("GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await client.until((received) => received.endsWith("plain"))
    client.send(handshakeText())
    await client.until((received) => received.includes("101 Switching Protocols"))
  })

  test("is refused with any response, and the connection ends", async () => {
    const { port } = await serveSocket()
    const answer = await talk(port, handshakeText("/no"))
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
    expect(answer).toMatch(/\r\nConnection: close\r\n/)
    expect(answer.endsWith("\r\n\r\nno")).toBe(true)
  })

  test("is refused with a body in chunks", async () => {
    const { port } = await serve((_environ, startResponse) => {
      startResponse("403 Forbidden", [["Content-Type", "text/plain"]])
      return new Set([Uint8Array.of(97), Uint8Array.of(98, 99)])
    })
    const answer = await talk(port, handshakeText())
    expect(answer).toMatch(/\r\nTransfer-Encoding: chunked\r\n/)
    expect(answer.endsWith("\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")).toBe(true)
  })

  test("is refused with 500 when the application fails before it answers", async () => {
    const { port, errors } = await serve(() => {
      throw new Error("broken")
    })
    expect(await talk(port, handshakeText())).toMatch(/^HTTP\/1\.1 500 /)
    expect(errors.join("")).toContain("broken")
  })

  test("of another version, or without a key, is answered with 426 and the version that would do", async () => {
    const { port } = await serveSocket()
    for (const wrong of [
      handshakeText().replace("Version: 13", "Version: 8"),
      handshakeText().replace(/Sec-WebSocket-Key.*\r\n/, ""),
    ]) {
      const client = new RawClient(port)
      beforeUnclosedBodiesCount(() => client.socket.destroy())
      client.send(wrong)
      const answer = await client.until((received) => received.includes("\r\n\r\n"))
      expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
      expect(answer).toMatch(/\r\nUpgrade: websocket\r\n/)
      expect(answer).toMatch(/\r\nSec-WebSocket-Version: 13\r\n/)
      expect(answer).toMatch(/\r\nConnection: [^\r]*Upgrade/i)
    }
  })

  test("with a Host that is none is answered with 400, and no application sees it", async () => {
    const { port } = await serveSocket(() => {
      throw new Error("seen")
    })
    expect(await talk(port, handshakeText().replace("Host: localhost", "Host: a b"))).toMatch(/^HTTP\/1\.1 400 /)
    expect(await talk(port, handshakeText("/", "Host: other"))).toMatch(/^HTTP\/1\.1 400 /)
  })

  test("of a client that leaves before it is answered aborts wsgi.signal, and opens nothing", async () => {
    let isAborted = false
    let isOpened = false
    const { port } = await serve(
      application(async (request) => {
        const signal = request.environ["wsgi.signal"] as AbortSignal
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
        isAborted = true
        return Response.websocket(async () => {
          isOpened = true
        })
      }),
    )
    const client = new RawClient(port)
    beforeUnclosedBodiesCount(() => client.socket.destroy())
    client.send(handshakeText())
    setTimeout(() => client.socket.destroy(), 50)
    await vi.waitFor(() => expect(isAborted).toBe(true), 5000)
    expect(isOpened).toBe(false)
  })
})

describe("the end", () => {
  test("a handler that fails is logged once, and the client gets 1011", async () => {
    const { port, errors } = await serveSocket(async () => {
      throw new Error("broken")
    })
    const client = await FrameClient.open(port)
    expect(await client.closeCode()).toBe(1011)
    await vi.waitFor(() => expect(errors.length).toBe(1))
    expect(errors[0]).toContain("broken")
  })

  test("a client that breaks off ends the loop, and nothing is logged", async () => {
    const codes: (number | undefined)[] = []
    const { port, errors } = await serveSocket(async (socket) => {
      for await (const _ of socket);
      codes.push(socket.closeCode)
      await socket.send("too late")
    })
    const client = await FrameClient.open(port)
    client.socket.destroy()
    await vi.waitFor(() => expect(codes).toEqual([1006]))
    expect(errors).toEqual([])
  })

  test("a server that stops tells its clients 1001, and waits for them", async () => {
    const seen: unknown[] = []
    const { port, drain } = await serveSocket(async (socket) => {
      for await (const _ of socket);
      seen.push(socket.signal.aborted)
    })
    const client = wsClient(port)
    await once(client, "open")
    const closed = once(client, "close")
    await drain()
    expect((await closed)[0]).toBe(1001)
    expect(seen).toEqual([true])
  })

  test("a socket outlives the times for requests and idle connections", async () => {
    const { port } = await serveSocket(
      echo,
      {},
      {
        firstByteTimeoutMs: 40,
        headersTimeoutMs: 40,
        requestTimeoutMs: 40,
        keepAliveTimeoutMs: 40,
        sendTimeoutMs: 40,
      },
    )
    const client = await FrameClient.open(port)
    await new Promise((resolve) => setTimeout(resolve, 400))
    client.frame(text("still here"))
    expect((await client.frames(1))[0]?.payload).toBe("still here")
  })

  test("a client that does not answer pings is found", async () => {
    const codes: (number | undefined)[] = []
    const { port } = await serveSocket(
      async (socket) => {
        for await (const _ of socket);
        codes.push(socket.closeCode)
      },
      {},
      { pingIntervalMs: 60 },
    )
    const client = await FrameClient.open(port)
    expect((await client.frames(1))[0]?.opcode).toBe(PING)
    await client.end()
    await vi.waitFor(() => expect(codes).toEqual([1006]))
  })

  test("one that answers them stays", async () => {
    const { port } = await serveSocket(echo, {}, { pingIntervalMs: 40 })
    const client = wsClient(port)
    await once(client, "open")
    let pings = 0
    client.on("ping", () => pings++)
    await vi.waitFor(() => expect(pings).toBeGreaterThan(3), 5000)
    expect(client.readyState).toBe(WsClient.OPEN)
  })

  test("a client that does not read is given up, and no more than the limit waits for it", async () => {
    let most = 0
    let isOver = false
    const { port, errors } = await serveSocket(
      async (socket) => {
        const block = new Uint8Array(64 * 1024)
        for (let i = 0; i < 2000 && socket.closeCode === undefined && !socket.signal.aborted; i++) {
          void socket.send(block)
          most = Math.max(most, socket.bufferedBytes)
        }
        isOver = socket.signal.aborted
      },
      { maxBufferedBytes: 1024 * 1024 },
    )
    const client = await FrameClient.open(port)
    client.socket.pause()
    await vi.waitFor(() => expect(isOver).toBe(true), 10_000)
    expect(most).toBeLessThan(2 * 1024 * 1024)
    expect(errors).toEqual([])
  })

  test("a client that sends more than is read has to wait", async () => {
    let count = 0
    let go = () => {}
    const may = new Promise<void>((resolve) => {
      go = resolve
    })
    const { port } = await serveSocket(async (socket) => {
      await may
      for await (const _ of socket) count++
    })
    const client = wsClient(port)
    await once(client, "open")
    for (let i = 0; i < 400; i++) client.send(new Uint8Array(64 * 1024))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(client.bufferedAmount).toBeGreaterThan(1024 * 1024)
    go()
    await vi.waitFor(() => expect(count).toBe(400), 15_000)
  })

  test("is told of: when a socket is open, and when it is over", async () => {
    const told: unknown[] = []
    const note = (what: string) => (request: FinishedRequest) =>
      told.push([what, request.code, request.bytes, request.websocket?.closeCode, request.websocket?.messagesReceived])
    const { port } = await serveSocket(echo, {}, { onWebSocket: note("open"), onFinished: note("over") })
    const client = await FrameClient.open(port)
    client.frame(text("abc"))
    await client.frames(1)
    client.frame({ opcode: CLOSE, payload: closePayload(1000) })
    await client.closeCode()
    await vi.waitFor(() => expect(told.length).toBe(2))
    expect(told).toEqual([
      ["open", 101, 0, undefined, 0],
      ["over", 101, 3, 1000, 1],
    ])
  })
})
