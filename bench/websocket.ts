// WebSockets beside bare ws: the server's CPU time for echoes, in turns, and the memory of idle sockets. Ratios of CPU time say
// something on a busy machine too; echoes per second do not.

import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { WebSocket } from "ws"

const ROUNDS = Number(process.env["ROUNDS"] ?? 6)
const ECHOES = Number(process.env["ECHOES"] ?? 20_000)
const CLIENTS = 20
const IDLE = Number(process.env["IDLE"] ?? 5000)

const program = fileURLToPath(new URL("servers/websocket.js", import.meta.url))

interface Server {
  child: ChildProcess
  url: string
}

async function start(kind: string): Promise<Server> {
  const child = fork(program, [kind], { execArgv: ["--expose-gc"] })
  const [{ port }] = (await once(child, "message")) as [{ port: number }]
  return { child, url: `ws://127.0.0.1:${port}/` }
}

async function cpuMsOf({ child }: Server): Promise<number> {
  child.send("cpu")
  const [{ cpuMs }] = (await once(child, "message")) as [{ cpuMs: number }]
  return cpuMs
}

async function memoryOf({ child }: Server): Promise<{ rss: number; heapUsed: number }> {
  child.send("memory")
  const [told] = (await once(child, "message")) as [{ rss: number; heapUsed: number }]
  return told
}

async function open(url: string, count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = []
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(100, count - sockets.length) }, () => new WebSocket(url))
    await Promise.all(some.map((socket) => once(socket, "open")))
    sockets.push(...some)
  }
  return sockets
}

async function close(sockets: WebSocket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => {
      socket.close()
      return once(socket, "close")
    }),
  )
}

/** CPU time of the server for so many echoes, in ms. */
async function echoes(server: Server, text: string): Promise<number> {
  const sockets = await open(server.url, CLIENTS)
  const before = await cpuMsOf(server)
  await Promise.all(
    sockets.map(async (socket) => {
      for (let i = 0; i < ECHOES / CLIENTS; i++) {
        socket.send(text)
        await once(socket, "message")
      }
    }),
  )
  const after = await cpuMsOf(server)
  await close(sockets)
  return after - before
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number

const [ours, bare] = [await start("werkstatt"), await start("bare")]
for (const text of ["x".repeat(32), "x".repeat(4096)]) {
  await echoes(ours, text)
  await echoes(bare, text)
  const times: [number[], number[]] = [[], []]
  const ratios: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const one = await echoes(ours, text)
    const other = await echoes(bare, text)
    times[0].push(one)
    times[1].push(other)
    ratios.push(one / other)
  }
  const [one, other] = times.map((each) => ((median(each) * 1000) / ECHOES).toFixed(1))
  console.log(
    `echo of ${text.length} bytes: ${one} us of CPU each, bare ws ${other} us; ratio ${median(ratios).toFixed(2)} (at most 1.15)`,
  )
}

for (const [name, server] of [
  ["werkstatt", ours],
  ["bare ws", bare],
] as const) {
  const before = await memoryOf(server)
  const sockets = await open(server.url, IDLE)
  const after = await memoryOf(server)
  const each = (what: "rss" | "heapUsed") => ((after[what] - before[what]) / IDLE / 1024).toFixed(1)
  console.log(`${IDLE} idle sockets, ${name}: ${each("rss")} KiB each, of which ${each("heapUsed")} KiB of heap`)
  await close(sockets)
}
for (const { child } of [ours, bare]) child.disconnect()
