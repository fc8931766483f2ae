// Two GiB out and two GiB in, and how much the process grows: a response body from a generator to a slow reader, a request
// body that the application throws away, and one that it reads. Then what an idle connection holds, beside bare node:http.

import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { median, ServerProcess, table, target } from "./harness.ts"

const SIZE = Number(process.env["BYTES"] ?? 2 * 2 ** 30)
const LIMIT_MIB = 64

async function download(port: number): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1" })
  socket.write(`GET /download?${SIZE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  let received = 0
  let sincePause = 0
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length
    sincePause += chunk.length
    // A reader that stops again and again, so that the server has to wait for it.
    if (sincePause < 16 * 2 ** 20) return
    sincePause = 0
    socket.pause()
    setTimeout(() => socket.resume(), 20)
  })
  await once(socket, "close")
  if (received < SIZE) throw new Error(`received ${received} bytes`)
}

async function upload(port: number, path: string, length: number): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1" })
  socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`)
  const block = Buffer.alloc(256 * 1024)
  for (let sent = 0; sent < length; sent += block.length) {
    if (!socket.write(block.subarray(0, Math.min(block.length, length - sent)))) await once(socket, "drain")
  }
  // The answer to a second request tells that the whole body is through.
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
  let text = ""
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString()
  })
  await once(socket, "close")
  if (text.split("HTTP/1.1 200 OK").length !== 3) throw new Error(text)
}

const cases: [string, (port: number) => Promise<void>][] = [
  ["response from a generator, slow reader", download],
  ["request body thrown away", (port) => upload(port, "/ignore", SIZE)],
  ["request body read", (port) => upload(port, "/read", SIZE)],
]

const rows: string[][] = []
for (const [name, exercise] of cases) {
  const server = await ServerProcess.start("memory")
  // The idle process has served a little: its code is loaded and compiled.
  await upload(server.port, "/read", 2 ** 20)
  const idle = (await server.usage()).rss
  let peak = idle
  const timer = setInterval(async () => {
    peak = Math.max(peak, (await server.usage()).rss)
  }, 50)
  const began = performance.now()
  await exercise(server.port)
  const seconds = (performance.now() - began) / 1000
  clearInterval(timer)
  await server.stop()
  const grown = (peak - idle) / 2 ** 20
  rows.push([name, (idle / 2 ** 20).toFixed(0), grown.toFixed(1), (SIZE / 2 ** 20 / seconds).toFixed(0)])
  target(`${name}: at most ${LIMIT_MIB} MiB above the idle process (${grown.toFixed(1)})`, grown <= LIMIT_MIB)
}
console.log(`\nmemory: ${(SIZE / 2 ** 30).toFixed(2)} GiB each, Node ${process.versions.node}\n`)
table(["body", "idle MiB", "grown MiB", "MiB/s"], rows)

// Connections that have asked once and are kept. Servers take turns, and memory is looked at after a collection.
const IDLE = Number(process.env["IDLE"] ?? 4000)
const IDLE_ROUNDS = 5
const HELLO = "GET /?name=you HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n"

/** Bytes for each idle connection. */
async function idleBytes(name: string): Promise<{ held: number; rss: number }> {
  const server = await ServerProcess.startHoarding(process.execPath, name)
  const sockets: Socket[] = []
  const open = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const socket = connect({ port: server.port, host: "127.0.0.1" })
      sockets.push(socket)
      socket.write(HELLO)
      await once(socket, "data")
    }
  }
  // The first ones load and compile the code.
  await open(200)
  const before = await server.collect()
  await open(IDLE)
  const after = await server.collect()
  for (const socket of sockets) socket.destroy()
  await server.stop()
  return { held: (after.held - before.held) / IDLE, rss: (after.rss - before.rss) / IDLE }
}

const idle = new Map<string, { held: number; rss: number }[]>(
  ["bare", "werkstatt", "net", "fastify"].map((name) => [name, []]),
)
for (let round = 0; round < IDLE_ROUNDS; round++) {
  for (const [name, figures] of idle) figures.push(await idleBytes(name))
}
const kib = (name: string, figure: "held" | "rss") =>
  median((idle.get(name) ?? []).map((figures) => figures[figure])) / 1024
const ratio = (name: string, figure: "held" | "rss") => kib(name, figure) / kib("bare", figure)
console.log(`\nmemory: ${IDLE} idle connections, ${IDLE_ROUNDS} rounds\n`)
table(
  ["server", "process KiB each", "to bare", "JavaScript KiB each", "to bare"],
  [...idle.keys()].map((name) => [
    name,
    kib(name, "rss").toFixed(2),
    ratio(name, "rss").toFixed(3),
    kib(name, "held").toFixed(2),
    ratio(name, "held").toFixed(3),
  ]),
)
const idleRatio = ratio("werkstatt", "held")
target(`an idle connection: at most 1.1 times what bare node:http holds (${idleRatio.toFixed(3)})`, idleRatio <= 1.1)
