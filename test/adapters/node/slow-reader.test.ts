// A response that was handed over whole, to a client that takes its time: nothing of it is lost while bytes move.

import { connect, type Socket } from "node:net"
import { describe, expect, onTestFinished, test } from "vitest"
import type { Application } from "../../../src/gateway.ts"
import { linted } from "../../support/lint.ts"
import { serve, sleep } from "../../support/server.ts"

/** More than the kernel's buffers take. */
const SIZE = 32 * 1024 * 1024
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

const app: Application = linted((_environ, startResponse) => {
  startResponse("200 OK", [["Content-Type", "application/octet-stream"]])
  return [new Uint8Array(SIZE)]
})

function client(port: number): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
  socket.on("error", () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Reads all that comes, with a rest of `restMs` after each `every` bytes; gives how much that was. */
async function drink(socket: Socket, restMs: number, every: number, until: number): Promise<number> {
  let taken = 0
  let rested = 0
  for await (const chunk of socket) {
    taken += (chunk as Buffer).length
    if (taken >= until) break
    if (taken - rested < every) continue
    rested = taken
    await sleep(restMs)
  }
  return taken
}

describe("a whole body and a client that reads slowly", () => {
  test("the connection is not idle while bytes wait to be sent", async () => {
    const { port } = await serve(app, { keepAliveTimeoutMs: 100 })
    const socket = client(port)
    socket.write(GET)
    await sleep(700)
    expect(await drink(socket, 0, SIZE, SIZE)).toBeGreaterThan(SIZE)
  })

  test("a server that stops sends what it has begun", async () => {
    const { port, drain } = await serve(app)
    const socket = client(port)
    socket.write(GET)
    await sleep(100)
    const drained = drain()
    await sleep(200)
    expect(await drink(socket, 0, SIZE, SIZE)).toBeGreaterThan(SIZE)
    await drained
  })

  test("a client that has closed its sending side gets it all, as long as it takes something now and then", async () => {
    const { port } = await serve(app, { halfCloseGraceMs: 300 })
    const socket = client(port)
    socket.end(GET)
    expect(await drink(socket, 50, SIZE / 16, SIZE)).toBeGreaterThan(SIZE)
  })

  test("a client that takes nothing for too long is let go, with what waits for it", async () => {
    let closed = 0
    const { port } = await serve(
      linted((environ, startResponse) => {
        startResponse("200 OK", [["Content-Type", "application/octet-stream"]])
        if (environ.PATH_INFO === "/whole") return [new Uint8Array(SIZE)]
        const stream = (function* () {
          for (;;) yield new Uint8Array(65_536)
        })()
        return { [Symbol.iterator]: () => stream, close: () => void closed++ }
      }),
      { sendTimeoutMs: 200 },
    )
    for (const path of ["/whole", "/parts"]) {
      const socket = client(port)
      socket.write(GET.replace("/", path))
      await sleep(700)
      const taken = await drink(socket, 0, SIZE, SIZE)
      expect(taken).toBeLessThan(SIZE)
    }
    expect(closed).toBe(1)
  })

  test("one that takes something now and then, or waits for an application, is not", async () => {
    const { port } = await serve(
      linted(async (environ, startResponse) => {
        if (environ.PATH_INFO === "/late") await sleep(600)
        return app(environ, startResponse)
      }),
      { sendTimeoutMs: 250 },
    )
    for (const path of ["/", "/late"]) {
      const socket = client(port)
      socket.write(GET.replace("/", path))
      expect(await drink(socket, 60, SIZE / 16, SIZE)).toBeGreaterThan(SIZE)
    }
  })
})
