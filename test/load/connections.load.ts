// Connections under load: clients that send ahead without end, and a server that stops while clients ask.

import { Agent, request as httpRequest } from "node:http"
import { connect, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import { describe, expect, test } from "vitest"
import { sleep } from "../support/server.ts"
import { ask, startServer } from "./server-process.ts"

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"

describe("requests sent ahead, in a process with a heap of 96 MiB", () => {
  test.each([
    ["plain", "GET", 1, 12],
    ["plain", "GET", 10, 1],
    ["plain", "POST", 10, 1],
    ["tls", "GET", 10, 1],
    ["tls", "POST", 1, 12],
  ] as const)("%s, %s: %i connections with %i MB each", async (kind, method, connections, megabytes) => {
    const { child, port } = await startServer("slow-server", kind)
    const text = method === "GET" ? GET : POST
    const bytes = Buffer.from(text.repeat(Math.ceil((megabytes * 1e6) / text.length)))
    let answered = 0
    const sockets: Socket[] = []
    for (let i = 0; i < connections; i++) {
      const to = { port, host: "127.0.0.1", rejectUnauthorized: false }
      const socket = kind === "tls" ? connectTls(to) : connect(to)
      socket.on("error", () => {})
      socket.on("data", (chunk: Buffer) => {
        answered += chunk.toString("latin1").split("HTTP/1.1 200").length - 1
      })
      socket.write(bytes)
      sockets.push(socket)
    }
    await sleep(4000)
    const { peak } = await ask<{ peak: number }>(child, "peak")
    for (const socket of sockets) socket.destroy()
    console.log(
      `${kind} ${method} ${connections} x ${megabytes} MB: peak heap ${(peak / 2 ** 20).toFixed(1)} MiB, ${answered} answers`,
    )
    expect(child.exitCode).toBe(null)
    expect(answered).toBeGreaterThan(200)
    expect(peak).toBeLessThan(90 * 2 ** 20)
  })
})

test("a server that stops under load loses no request of clients that keep their connections", async () => {
  const { child, port } = await startServer("slow-server", "plain")
  let sent = 0
  let failed = 0
  const clients = Array.from({ length: 32 }, async (_, index) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (;;) {
      sent++
      const outcome = await new Promise<"closed" | "kept" | "failed">((resolve) => {
        const message = httpRequest({ port, host: "127.0.0.1", agent }, (answer) => {
          answer.resume()
          answer.on("end", () => resolve(answer.headers.connection === "close" ? "closed" : "kept"))
        })
        message.on("error", () => resolve("failed"))
        message.end()
      })
      if (outcome === "failed") failed++
      // Told that the connection ends, a balancer goes to another server.
      if (outcome !== "kept") break
      // Most of them rest for a moment, so that the stop meets idle connections too.
      if (index % 4 !== 0) await sleep(Math.random() * 300)
    }
    agent.destroy()
  })
  await sleep(1500)
  child.send("drain")
  await Promise.all(clients)
  console.log(`stop under load: ${sent} requests, ${failed} failed`)
  expect(sent).toBeGreaterThan(200)
  expect(failed).toBe(0)
})
