// The hello application against bare node:http that writes the same bytes, and against the frameworks of Node.
// Rounds take turns; CPU time is that of the server process, as the operating system counts it.

import { spawnSync } from "node:child_process"
import { nodeBinary } from "../.ci/node-binary.mjs"
import { load, median, ServerProcess, table, target } from "./harness.ts"

const NAMES = ["bare", "gateway", "werkstatt", "net", "fastify", "hono", "koa", "express"]
const PEERS = NAMES.slice(NAMES.indexOf("fastify"))
const ROUNDS = Number(process.env["ROUNDS"] ?? 15)
const REQUESTS = Number(process.env["REQUESTS"] ?? 6000)
const CONNECTIONS = 32
const REQUEST = "GET /?name=you HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n"

// The server runs on each version of Node that is tested; NODES names others, as NODES="26".
const majors = (process.env["NODES"] ?? "20 24 26").split(" ")
for (const major of majors) {
  const binary = Number(major) === Number.parseInt(process.versions.node, 10) ? process.execPath : nodeBinary(major)
  if (binary === undefined) console.log(`Node ${major}: no package for this machine, skipped`)
  else await measure(binary)
}

async function measure(binary: string): Promise<void> {
  const version = spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.trim()
  const servers = await Promise.all(NAMES.map((name) => ServerProcess.startOn(binary, name)))
  try {
    for (const { port } of servers) await load(port, REQUEST, REQUESTS * 2, CONNECTIONS)
    const rates = new Map<string, number[]>(NAMES.map((name) => [name, []]))
    const costs = new Map<string, number[]>(NAMES.map((name) => [name, []]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of servers) {
        const [before, began] = [await server.usage(), performance.now()]
        await load(server.port, REQUEST, REQUESTS, CONNECTIONS)
        const [after, seconds] = [await server.usage(), (performance.now() - began) / 1000]
        rates.get(server.name)?.push(REQUESTS / seconds)
        costs.get(server.name)?.push((after.cpuMicros - before.cpuMicros) / REQUESTS)
      }
    }

    /** The median of the ratios to bare node:http, round by round. */
    const ratio = (figures: Map<string, number[]>, name: string) =>
      median(
        (figures.get(name) as number[]).map((value, i) => value / ((figures.get("bare") as number[])[i] as number)),
      )

    console.log(`hello: ${ROUNDS} rounds of ${REQUESTS} requests over ${CONNECTIONS} connections, Node ${version}\n`)
    table(
      ["server", "requests/s", "to bare", "CPU µs/request", "to bare"],
      NAMES.map((name) => [
        name,
        median(rates.get(name) as number[]).toFixed(0),
        ratio(rates, name).toFixed(3),
        median(costs.get(name) as number[]).toFixed(2),
        ratio(costs, name).toFixed(3),
      ]),
    )
    console.log()
    const own = ratio(costs, "werkstatt")
    target(`at most 1.08 times the CPU time of bare node:http (${own.toFixed(3)})`, own <= 1.08)
    const overNet = ratio(costs, "net")
    target(`over its own engine, at most 0.72 times (${overNet.toFixed(3)})`, overNet <= 0.72)
    for (const peer of PEERS) {
      target(
        `less CPU time than ${peer} (${own.toFixed(3)} to ${ratio(costs, peer).toFixed(3)})`,
        own < ratio(costs, peer),
      )
      target(`more requests than ${peer}`, ratio(rates, "werkstatt") > ratio(rates, peer))
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}
