// How costs grow: with layers of middleware, rules, connections whose view waits, the size of a body, and the number of
// chunks. What one more of each costs has to stay the same. Beside Fastify, in turns, as CPU time of the server.
//
//   ROUNDS=3 npm run bench -- growth

import { once } from "node:events"
import { connect } from "node:net"
import { load, median, ServerProcess, table, target } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 5)
const NAMES = ["werkstatt", "fastify"]

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
const post = (size: number) =>
  `POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`

type Pair = readonly ServerProcess[]

async function pairOf(layers: number, rules: number): Promise<Pair> {
  return Promise.all(NAMES.map((name) => ServerProcess.start(`growth-${name}`, String(layers), String(rules))))
}

async function withPair<T>(layers: number, rules: number, use: (pair: Pair) => Promise<T>): Promise<T> {
  const pair = await pairOf(layers, rules)
  try {
    return await use(pair)
  } finally {
    await Promise.all(pair.map((server) => server.stop()))
  }
}

/** CPU microseconds for each request of each server, as medians. */
async function costs(pair: Pair, request: string, count: number, connections = 16): Promise<number[]> {
  for (const { port } of pair) await load(port, request, count * 2, connections)
  const found: number[][] = pair.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, server] of pair.entries()) {
      const before = await server.usage()
      await load(server.port, request, count, connections)
      found[index]?.push(((await server.usage()).cpuMicros - before.cpuMicros) / count)
    }
  }
  return found.map(median)
}

/** A table whose last columns are what each unit has added since the first row. */
function show(title: string, unit: string, rows: [units: number, costs: number[]][]): number[] {
  const [first] = rows as [[number, number[]]]
  const each = (units: number, value: number, i: number) =>
    units === first[0] ? Number.NaN : (value - (first[1][i] as number)) / (units - first[0])
  console.log(`\n${title}\n`)
  table(
    [unit, ...NAMES.map((name) => `${name}, µs/request`), ...NAMES.map((name) => `each, ${name}`)],
    rows.map(([units, values]) => [
      String(units),
      ...values.map((value) => value.toFixed(1)),
      ...values.map((value, i) => {
        const more = each(units, value, i)
        return Number.isNaN(more) ? "" : more.toFixed(3)
      }),
    ]),
  )
  console.log()
  return rows.slice(1).map(([units, values]) => each(units, values[0] as number, 0))
}

/** Requests a second and the 99th percentile in ms, of a view that waits 20 ms. */
async function waiting(port: number, connections: number, seconds: number): Promise<{ rate: number; p99: number }> {
  const bytes = Buffer.from(get("/wait"))
  const times: number[] = []
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true })
      await once(socket, "connect")
      return socket
    }),
  )
  const end = performance.now() + seconds * 1000
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          let sent = performance.now()
          socket.on("error", reject)
          socket.on("data", () => {
            const now = performance.now()
            times.push(now - sent)
            if (now >= end) return resolve()
            sent = now
            socket.write(bytes)
          })
          socket.write(bytes)
        }),
    ),
  )
  for (const socket of sockets) socket.destroy()
  times.sort((a, b) => a - b)
  return { rate: times.length / seconds, p99: times[Math.floor(times.length * 0.99)] as number }
}

console.log(`growth: medians of ${ROUNDS} rounds, Node ${process.versions.node}`)

const layered: [number, number[]][] = []
for (const layers of [1, 10, 100])
  layered.push([layers, await withPair(layers, 10, (pair) => costs(pair, get("/r5/17"), 3000))])
const [, eachLayer = 0] = show("layers that do nothing", "layers", layered)
target(`a hundred layers cost less than 0.2 µs each (${eachLayer.toFixed(3)})`, eachLayer < 0.2)

const ruled: [number, number[]][] = []
for (const rules of [10, 100, 1000, 10_000])
  ruled.push([rules, await withPair(0, rules, (pair) => costs(pair, get(`/r${rules >> 1}/17`), 3000))])
show("rules, one of which matches", "rules", ruled)
const few = (ruled[0] as [number, number[]])[1][0] as number
const many = (ruled.at(-1) as [number, number[]])[1][0] as number
target(`ten thousand rules cost at most 1.3 times ten (${(many / few).toFixed(2)})`, many <= few * 1.3)

await withPair(0, 10, async (pair) => {
  const bodies: [number, number[]][] = []
  for (const kibibytes of [1, 10, 100, 1000, 10_000]) {
    const count = Math.max(8, Math.min(2000, Math.floor(40_000 / kibibytes)))
    bodies.push([kibibytes, await costs(pair, post(kibibytes * 1024), count, 4)])
  }
  const perKibibyte = show("a request body that is read as a whole", "KiB", bodies)
  const flat = (perKibibyte.at(-1) as number) / (perKibibyte.at(-2) as number)
  target(`a KiB of 10 MB costs at most 1.5 times one of 1 MB (${flat.toFixed(2)})`, flat <= 1.5)

  const chunked: [number, number[]][] = []
  for (const chunks of [1, 10, 100, 1000, 10_000])
    chunked.push([chunks, await costs(pair, get(`/chunks/${chunks}`), Math.max(4, Math.floor(3000 / chunks)), 4)])
  const perChunk = show("chunks of 1 KiB from an async generator", "chunks", chunked)
  const growth = (perChunk.at(-1) as number) / (perChunk.at(1) as number)
  target(`a chunk of ten thousand costs at most 1.5 times one of a hundred (${growth.toFixed(2)})`, growth <= 1.5)

  console.log("\na view that waits 20 ms\n")
  const rows: string[][] = []
  for (const connections of [1, 32, 1000, 4000]) {
    const rates: number[][] = NAMES.map(() => [])
    const p99s: number[][] = NAMES.map(() => [])
    for (let round = 0; round < Math.min(ROUNDS, 3); round++) {
      for (const [index, { port }] of pair.entries()) {
        const { rate, p99 } = await waiting(port, connections, 2)
        rates[index]?.push(rate)
        p99s[index]?.push(p99)
      }
    }
    const [own = 0, peer = 0] = rates.map(median)
    const [ownP99 = 0, peerP99 = 0] = p99s.map(median)
    rows.push([String(connections), own.toFixed(0), peer.toFixed(0), ownP99.toFixed(1), peerP99.toFixed(1)])
    if (connections < 1000) continue
    target(`${connections} connections: at least Fastify's requests (${(own / peer).toFixed(2)})`, own >= peer)
    target(`${connections} connections: at most Fastify's p99 (${(ownP99 / peerP99).toFixed(2)})`, ownP99 <= peerP99)
  }
  console.log()
  table(["connections", ...NAMES.map((name) => `${name}/s`), ...NAMES.map((name) => `p99 ms, ${name}`)], rows)
})
