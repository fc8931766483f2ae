// What layers cost that have nothing to do, and the proxy against @fastify/http-proxy and http-proxy, all in one run.
// CPU time is that of the server in question, as the operating system counts it; rounds take turns.

import { load, median, ServerProcess, table, target } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 9)
const CONNECTIONS = 16

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n`

/** CPU microseconds for each request, round by round. */
async function costs(servers: readonly ServerProcess[], request: string, count: number): Promise<number[][]> {
  for (const { port } of servers) await load(port, request, count * 2, CONNECTIONS)
  const found: number[][] = servers.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, server] of servers.entries()) {
      const before = await server.usage()
      await load(server.port, request, count, CONNECTIONS)
      found[index]?.push(((await server.usage()).cpuMicros - before.cpuMicros) / count)
    }
  }
  return found
}

/** The median of the ratios to the first one, round by round. */
const ratios = (found: number[][]) =>
  found.map((each) => median(each.map((value, round) => value / (found[0]?.[round] as number))))

function show(names: readonly string[], found: number[][]): void {
  const all = ratios(found)
  table(
    ["server", "CPU µs/request", "to the first"],
    names.map((name, i) => [name, median(found[i] as number[]).toFixed(2), (all[i] as number).toFixed(3)]),
  )
  console.log()
}

const running: ServerProcess[] = []
const start = async (name: string, ...args: string[]) => {
  const server = await ServerProcess.start(name, ...args)
  running.push(server)
  return server
}

try {
  console.log(`middleware: ${ROUNDS} rounds, ${CONNECTIONS} connections, Node ${process.versions.node}\n`)

  const stacks = ["none", "pass", "own"]
  const layers = await costs(await Promise.all(stacks.map((stack) => start("layers", stack))), get("/?name=you"), 6000)
  show(["hello", "in ten layers that do nothing", "in ten layers of the library"], layers)
  const [, pass = 0] = ratios(layers)
  target(
    `ten pass-through layers cost less than a tenth of the hello request (${((pass - 1) * 100).toFixed(1)} %)`,
    pass < 1.1,
  )
  console.log()

  const upstream = await start("proxy-upstream")
  const url = `http://127.0.0.1:${upstream.port}`
  const names = ["werkstatt", "fastify", "http-proxy"]
  const proxies = await Promise.all(names.map((name) => start(`proxy-${name}`, url)))
  for (const [path, title, count] of [
    ["/1k", "a body of 1 KiB", 2000],
    ["/10m", "a body of 10 MiB", 40],
  ] as const) {
    console.log(`${title}\n`)
    const found = await costs(proxies, get(path), count)
    show(names, found)
    const all = ratios(found)
    for (const [index, peer] of names.entries()) {
      if (index > 0)
        target(
          `${title}: less CPU time than ${peer} (its is ${(all[index] as number).toFixed(2)} times ours)`,
          (all[index] as number) > 1,
        )
    }
    console.log()
  }
} finally {
  await Promise.all(running.map((server) => server.stop()))
}
