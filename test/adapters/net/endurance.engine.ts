// The engine of node:net under damaged requests without end, and under all kinds of clients at once for a while: it neither
// falls nor hangs nor grows. Longer runs: WERKSTATT_FUZZ_RUNS=1000000 WERKSTATT_SOAK_S=600 npm run test:engine

import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { Agent, request } from "node:http"
import { connect } from "node:net"
import fc from "fast-check"
import { expect, test } from "vitest"
import { ask, startServer } from "../../load/server-process.ts"
import { sleep } from "../../support/server.ts"
import { conversation } from "./request-bytes.ts"

const FUZZ_RUNS = Number(process.env["WERKSTATT_FUZZ_RUNS"] ?? 20_000)
const SOAK_S = Number(process.env["WERKSTATT_SOAK_S"] ?? 20)
const CLIENTS = 32

interface Figures {
  heap: number
  external: number
  descriptors: number
  connections: number
  failures: number
}

/** Says `text` and closes its sending side. Resolves to what comes back when the server has closed the connection. */
async function say(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
  let received = ""
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1")
  })
  socket.on("end", () => socket.end())
  socket.on("error", () => {})
  socket.end(Buffer.from(text, "latin1"))
  await once(socket, "close")
  return received
}

const GOOD = "GET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/** Figures when all clients have gone. */
async function atRest(child: ChildProcess): Promise<Figures> {
  for (;;) {
    const figures = await ask<Figures>(child, "figures")
    if (figures.connections === 0) return figures
    await sleep(50)
  }
}

test(`${FUZZ_RUNS} damaged conversations end, and the next request is answered`, { timeout: 3_600_000 }, async () => {
  const { child, port } = await startServer("engine-server")
  let done = 0
  let answered = 0
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (done < FUZZ_RUNS) {
        for (const text of fc.sample(conversation, 100)) {
          done++
          if ((await say(port, text)).startsWith("HTTP/1.1 ")) answered++
        }
        expect(await say(port, GOOD)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nGET 0$/)
      }
    }),
  )
  const { heap, failures } = await atRest(child)
  console.log(
    `${done} conversations, ${answered} answered, ${failures} errors told, heap ${(heap / 2 ** 20).toFixed(1)} MiB`,
  )
  expect(child.exitCode).toBe(null)
  expect(answered).toBeGreaterThan(done / 2)
})

/** A request over a kept connection; its answer, or why there is none. */
function exchange(port: number, agent: Agent, path: string, body?: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const message = request({ port, host: "127.0.0.1", agent, path, method: body ? "POST" : "GET" }, (answer) => {
      let size = 0
      answer.on("data", (chunk: Buffer) => {
        size += chunk.length
      })
      answer.on("end", () => resolve(`${answer.statusCode} ${size}`))
      answer.on("error", (error) => resolve(error.message))
    })
    message.on("error", (error) => resolve(error.message))
    message.end(body)
  })
}

/** Leaves in the middle of a request, or of an answer. */
async function leave(port: number, index: number): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1" })
  socket.on("error", () => {})
  await once(socket, "connect")
  socket.write(
    ["GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"][
      index % 3
    ] ?? "",
  )
  await sleep(index % 7)
  socket.destroy()
}

test(`all kinds of clients for ${SOAK_S} s: heap and descriptors stay as they are`, {
  timeout: 3_600_000,
}, async () => {
  const { child, port } = await startServer("engine-server")
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const large = Buffer.alloc(300_000, "y")
  let requests = 0
  const wrong = new Set<string>()
  const check = (answer: string, wanted: RegExp) => {
    requests++
    if (!wanted.test(answer)) wrong.add(answer)
  }
  const work = async (until: number) => {
    await Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        for (let i = index; performance.now() < until; i++) {
          check(await exchange(port, agent, "/"), /^200 5$/)
          check(await exchange(port, agent, "/slow", large.subarray(0, i * 997)), /^200 /)
          check(await exchange(port, agent, "/stream"), /^200 100050$/)
          check(await exchange(port, agent, "/early", large), /^413 5$|reset|EPIPE|hang up/)
          await leave(port, i)
          for (const text of fc.sample(conversation, 3)) await say(port, text)
        }
      }),
    )
  }
  await work(performance.now() + (SOAK_S * 1000) / 4)
  agent.destroy()
  const before = await atRest(child)
  await work(performance.now() + SOAK_S * 1000)
  agent.destroy()
  const after = await atRest(child)
  console.log(
    `${requests} requests; heap ${before.heap} to ${after.heap} bytes, descriptors ${before.descriptors} to ${after.descriptors}`,
  )
  expect([...wrong]).toEqual([])
  expect(after.descriptors).toBe(before.descriptors)
  expect(after.heap).toBeLessThan(before.heap + 2 * 2 ** 20)
})
