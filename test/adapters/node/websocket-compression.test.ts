// permessage-deflate (RFC 7692): agreed on where the handler wants it, and never more in memory than a message may have.

import { once } from "node:events"
import { deflateRawSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import type { ServerWebSocket } from "../../../src/gateway.ts"
import { application } from "../../../src/wrappers/application.ts"
import { Response } from "../../../src/wrappers/response.ts"
import type { WebSocketOptions } from "../../../src/wrappers/websocket-body.ts"
import { serve } from "../../support/server.ts"
import { BINARY, beforeUnclosedBodiesCount, FrameClient } from "../../support/websocket-frames.ts"

const OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
const echo = async (socket: ServerWebSocket) => {
  for await (const message of socket) await socket.send(message)
}
const app = (options: WebSocketOptions) => application(() => Response.websocket(echo, { origins: "*", ...options }))

describe("compression", () => {
  test("is not agreed on unless the handler wants it", async () => {
    const { port } = await serve(app({}))
    expect((await FrameClient.open(port, "/", OFFER)).head).not.toMatch(/sec-websocket-extensions/i)
  })

  test("is not agreed on with a client that does not offer it, or offers what can't be", async () => {
    const { port } = await serve(app({ compress: true }))
    for (const fields of [
      [],
      ["Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99"],
      ["Sec-WebSocket-Extensions: =;,"],
    ]) {
      const client = await FrameClient.open(port, "/", ...fields)
      expect(client.head).not.toMatch(/sec-websocket-extensions/i)
      client.frame({ opcode: BINARY, payload: "x".repeat(2000) })
      expect((await client.frames(1))[0]?.payload).toBe("x".repeat(2000))
    }
  })

  test("is agreed on, and long messages are short on the wire", async () => {
    const { port } = await serve(app({ compress: true }))
    const client = await FrameClient.open(port, "/", OFFER)
    expect(client.head).toMatch(/\r\nSec-WebSocket-Extensions: permessage-deflate/)
    // The final four bytes are left out (RFC 7692 section 7.2.1).
    const deflated = deflateRawSync(Buffer.alloc(100_000, "abc"), { finishFlush: 2 }).subarray(0, -4)
    client.frame({ opcode: BINARY, payload: deflated, rsv: 4 })
    expect((await client.frames(1))[0]?.payload.length).toBeLessThan(2000)
  })

  test("goes both ways with a client that has it", async () => {
    const { port } = await serve(app({ compress: true }))
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    beforeUnclosedBodiesCount(() => socket.terminate())
    await once(socket, "open")
    expect(socket.extensions).toBe("permessage-deflate")
    for (const text of ["", "short", "h\u00e9llo ".repeat(50_000)]) {
      socket.send(text)
      expect(String((await once(socket, "message"))[0])).toBe(text)
    }
  })

  test("of a message that is too long when it is inflated closes with 1009", async () => {
    const { port } = await serve(app({ compress: true, maxMessageBytes: 10_000 }))
    const client = await FrameClient.open(port, "/", OFFER)
    const bomb = deflateRawSync(Buffer.alloc(50_000_000), { finishFlush: 2 }).subarray(0, -4)
    expect(bomb.length).toBeLessThan(100_000)
    client.frame({ opcode: BINARY, payload: bomb.subarray(0, 9000), rsv: 4, fin: false })
    expect(await client.closeCode()).toBe(1009)
  })

  test("that is no yes or no is a mistake", () => {
    expect(() => Response.websocket(echo, { compress: 6 as never })).toThrow(TypeError)
  })
})
