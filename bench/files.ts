// Files over a socket, against those who do that for Express, Fastify and others, and against nginx where there is one.
// CPU time is that of the server's process; the client costs the same for all. The last part watches the memory.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { load, median, ServerProcess, table, target } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 7)
const CONNECTIONS = 16
/** Looks at the file for each request. */
const OWN = "werkstatt"
/** The same with files kept open for a second. */
const KEPT = "kept"
/**
 * Who is compared with what: those that look at the file for each request as well, and sirv, which has made a list of all
 * files when it started, with the one that remembers something, too.
 */
const PEERS = new Map([
  ["send", OWN],
  ["fastify", OWN],
  ["sirv", KEPT],
])
/** Out of its list sirv says 304 without touching the disk, whatever became of the file: shown, not claimed. */
const UNEQUAL = new Set(["304 sirv"])

interface Measured {
  readonly name: string
  readonly port: number
  cpuMicros(): Promise<number>
  stop(): Promise<void>
}

const folder = mkdtempSync(join(tmpdir(), "werkstatt-bench-"))
writeFileSync(join(folder, "4k.bin"), Buffer.alloc(4096, "x"))
writeFileSync(join(folder, "1m.bin"), Buffer.alloc(2 ** 20, "x"))
for (const [name, size] of [["1g.bin", 2 ** 30] as const, ["2g.bin", 2 ** 31] as const]) {
  writeFileSync(join(folder, name), "")
  truncateSync(join(folder, name), size)
}

const get = (path: string, field = "") => `GET /${path} HTTP/1.1\r\nHost: localhost\r\n${field}\r\n`

const TASKS: [name: string, requests: number, request: string | ((port: number) => Promise<string>)][] = [
  ["a file of 4 KiB", 2000, get("4k.bin")],
  ["a file of 1 MiB", 150, get("1m.bin")],
  ["64 KiB of 1 GiB", 1000, get("1g.bin", "Range: bytes=500000000-500065535\r\n")],
  [
    "304",
    2000,
    async (port) => {
      const { headers } = await fetch(`http://127.0.0.1:${port}/4k.bin`, { method: "HEAD" })
      return get("4k.bin", `If-None-Match: ${headers.get("etag")}\r\n`)
    },
  ],
]

async function start(name: string): Promise<Measured> {
  const server = await ServerProcess.start(`files-${name}`, folder)
  return {
    name,
    port: server.port,
    cpuMicros: async () => (await server.usage()).cpuMicros,
    stop: () => server.stop(),
  }
}

/** nginx in one process, with its usual settings for files; `undefined` where it cannot be had. */
async function startNginx(): Promise<Measured | undefined> {
  if (spawnSync("nginx", ["-v"]).error !== undefined) {
    if (process.getuid?.() !== 0) return undefined
    const { status } = spawnSync("apt-get", ["install", "-y", "-q", "nginx-light"])
    if (status !== 0) return undefined
  }
  const port = await freePort()
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/tmp;`)
  const configuration = `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;
    events { worker_connections 256; }
    http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; ${paths.join(" ")}
      server { listen 127.0.0.1:${port}; root ${folder}; } }`
  writeFileSync(join(folder, "nginx.conf"), configuration)
  const child: ChildProcess = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-p", folder], { stdio: "inherit" })
  for (let i = 0; i < 100 && !(await answers(port)); i++) await sleep(50)
  return {
    name: "nginx",
    port,
    async cpuMicros() {
      // Fields 14 and 15 behind the name in parentheses: user and system time in hundredths of a second.
      const fields = readFileSync(`/proc/${child.pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? []
      return (Number(fields[11]) + Number(fields[12])) * 10_000
    },
    async stop() {
      child.kill("SIGKILL")
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/4k.bin`).then(
    (response) => response.ok,
    () => false,
  )

async function compare(servers: Measured[]): Promise<void> {
  for (const [name, requests, make] of TASKS) {
    const costs = new Map<string, number[]>(servers.map((server) => [server.name, []]))
    const asked = new Map<Measured, string>()
    for (const server of servers) {
      asked.set(server, typeof make === "string" ? make : await make(server.port))
      await load(server.port, asked.get(server) as string, requests, CONNECTIONS)
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of servers) {
        const before = await server.cpuMicros()
        await load(server.port, asked.get(server) as string, requests, CONNECTIONS)
        costs.get(server.name)?.push(((await server.cpuMicros()) - before) / requests)
      }
    }
    const cost = (server: string) => median(costs.get(server) ?? [])
    console.log(`\n${name}: ${ROUNDS} rounds of ${requests} requests over ${CONNECTIONS} connections\n`)
    table(
      ["server", "CPU µs/request", `to ${OWN}`],
      servers.map((server) => [server.name, cost(server.name).toFixed(1), (cost(server.name) / cost(OWN)).toFixed(2)]),
    )
    for (const [peer, own] of PEERS) {
      if (UNEQUAL.has(`${name} ${peer}`)) continue
      target(`${name}: ${own} takes less CPU time than ${peer}`, cost(own) < cost(peer))
    }
  }
}

/** Reads a response until `enough` bytes came; a slow reader rests after each piece. */
function download(
  port: number,
  request: string,
  enough: number,
  restMs: number,
): { done: Promise<void>; stop(): void } {
  const socket = connect({ port, host: "127.0.0.1" })
  let received = 0
  const done = new Promise<void>((resolve, reject) => {
    socket.on("data", (chunk) => {
      received += chunk.length
      if (received >= enough) resolve()
      if (restMs === 0) return
      socket.pause()
      setTimeout(() => socket.resume(), restMs)
    })
    socket.on("error", reject)
    socket.on("close", () => resolve())
  })
  socket.write(request)
  return { done, stop: () => void socket.destroy() }
}

async function watchMemory(): Promise<void> {
  const server = await ServerProcess.start(`files-${OWN}`, folder)
  try {
    await load(server.port, get("1m.bin"), 50, CONNECTIONS)
    await sleep(500)
    const idle = (await server.usage()).rss
    const size = 2 ** 31
    const fast = Array.from({ length: 5 }, () => download(server.port, get("2g.bin"), size, 0))
    const slow = Array.from({ length: 15 }, (_, i) => download(server.port, get("2g.bin"), size, 5 + i))
    let peak = 0
    let running = true
    const watching = (async () => {
      while (running) {
        peak = Math.max(peak, (await server.usage()).rss)
        await sleep(20)
      }
    })()
    const began = performance.now()
    await Promise.race(fast.map(({ done }) => done))
    running = false
    await watching
    for (const reader of [...fast, ...slow]) reader.stop()
    const above = (peak - idle) / 2 ** 20
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    console.log(`\n2 GiB to 20 readers, 15 of them slow: the first had it after ${seconds} s`)
    target(`at most 64 MiB above the idle process (${above.toFixed(1)})`, above <= 64)
  } finally {
    await server.stop()
  }
}

const servers: Measured[] = []
try {
  for (const name of [OWN, KEPT, ...PEERS.keys()]) servers.push(await start(name))
  const nginx = await startNginx()
  if (nginx !== undefined) servers.push(nginx)
  await compare(servers)
  await watchMemory()
} finally {
  await Promise.all(servers.map((server) => server.stop()))
  rmSync(folder, { recursive: true, force: true })
}
