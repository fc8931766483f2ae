// `werkstatt serve` beside gunicorn and pm2 on the same machine, in turns: what two workers do of CPU-bound work against one,
// what three reloads under keep-alive clients that pause cost, and the memory of it. Peers that are not installed are left out.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { keepAsking } from "../test/serving/serve/keep-alive-client.ts"
import { load, median, table } from "./harness.ts"

const ROUNDS = Number(process.env["ROUNDS"] ?? 3)
const REQUESTS = Number(process.env["REQUESTS"] ?? 3000)
const RELOADS = 3
const REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

const servers = fileURLToPath(new URL("servers/", import.meta.url))
const command = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url))
const pm2 = fileURLToPath(new URL("node_modules/.bin/pm2", import.meta.url))
const home = mkdtempSync(join(tmpdir(), "werkstatt-bench-"))

interface Running {
  /** The first process. */
  pid: number
  reload(): void
  stop(): Promise<void>
}

interface Peer {
  name: string
  isThere: boolean
  start(port: number, workers: number): Promise<Running>
}

function owned(child: ChildProcess): Running {
  const pid = child.pid as number
  return {
    pid,
    reload: () => void child.kill("SIGHUP"),
    stop: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve))
      child.kill("SIGKILL")
      await gone
      await sleep(500)
    },
  }
}

const PEERS: Peer[] = [
  {
    name: "werkstatt",
    isThere: true,
    start: async (port, workers) => {
      const args = ["serve", "serve-app.js", "--bind", `127.0.0.1:${port}`, "--workers", String(workers)]
      const more = ["--keep-alive-timeout", "60s", "--error-log", "/dev/null"]
      return owned(spawn(process.execPath, [command, ...args, ...more], { cwd: servers, stdio: "ignore" }))
    },
  },
  {
    name: "gunicorn",
    isThere: spawnSync("gunicorn", ["--version"]).error === undefined,
    start: async (port, workers) => {
      const args = [
        "-k",
        "gthread",
        "--threads",
        "16",
        "-w",
        String(workers),
        "-b",
        `127.0.0.1:${port}`,
        "--keep-alive",
        "60",
      ]
      return owned(
        spawn("gunicorn", [...args, "--log-level", "critical", "serve_gunicorn:app"], {
          cwd: servers,
          stdio: "ignore",
        }),
      )
    },
  },
  {
    name: "pm2",
    isThere: spawnSync(pm2, ["--version"], { env: { ...process.env, PM2_HOME: home } }).status === 0,
    start: async (port, workers) => {
      const env = { ...process.env, PM2_HOME: home, BENCH_PORT: String(port) }
      const run = (...args: string[]) => spawnSync(pm2, args, { cwd: servers, env, stdio: "ignore" })
      run("start", "serve-pm2.js", "-i", String(workers), "--name", "bench", "--wait-ready")
      return {
        pid: Number(readFileSync(join(home, "pm2.pid"), "utf8")),
        reload: () => void spawn(pm2, ["reload", "bench"], { cwd: servers, env, stdio: "ignore" }),
        stop: async () => void run("kill"),
      }
    },
  },
]

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function started(peer: Peer, workers: number): Promise<Running & { port: number }> {
  const port = await freePort()
  const running = await peer.start(port, workers)
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/wait`, { headers: { Connection: "close" } }).catch(
      () => undefined,
    )
    if (answer?.ok) {
      await sleep(1000)
      return { ...running, port }
    }
    await sleep(100)
  }
  await running.stop()
  throw new Error(`${peer.name} does not answer`)
}

/** Resident memory of the first process, and of each that it has started, in MiB. */
function memory(pid: number): { first: number; workers: number[] } {
  const field = (of: number | string, name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${of}/status`, "utf8"))?.[1])
  const children = readdirSync("/proc").filter((each) => {
    try {
      return /^\d+$/.test(each) && field(each, "PPid") === pid
    } catch {
      return false
    }
  })
  return { first: field(pid, "VmRSS") / 1024, workers: children.map((each) => field(each, "VmRSS") / 1024) }
}

const peers = PEERS.filter(({ name, isThere }) => {
  if (!isThere) console.log(`${name} is not installed`)
  return isThere
})

try {
  const rates = new Map<string, number[]>()
  const memories = new Map<string, string>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const peer of peers) {
      for (const workers of [1, 2]) {
        const running = await started(peer, workers)
        await load(running.port, REQUEST, REQUESTS / 5, 16)
        const began = performance.now()
        await load(running.port, REQUEST, REQUESTS, 16)
        const key = `${peer.name} ${workers}`
        rates.set(key, [...(rates.get(key) ?? []), REQUESTS / ((performance.now() - began) / 1000)])
        const { first, workers: each } = memory(running.pid)
        memories.set(key, `${first.toFixed(0)} + ${each.map((mib) => mib.toFixed(0)).join(" + ")}`)
        await running.stop()
      }
    }
  }
  const rate = (key: string) => median(rates.get(key) ?? [0])
  console.log("CPU-bound work, requests per second; resident memory in MiB, first process and its workers\n")
  table(
    ["", "1 worker", "2 workers", "ratio", "memory"],
    peers.map(({ name }) => [
      name,
      rate(`${name} 1`).toFixed(0),
      rate(`${name} 2`).toFixed(0),
      (rate(`${name} 2`) / rate(`${name} 1`)).toFixed(2),
      memories.get(`${name} 2`) ?? "",
    ]),
  )

  console.log(`\n${RELOADS} reloads under 32 keep-alive clients, some of which pause\n`)
  const rows: string[][] = []
  for (const peer of peers) {
    const running = await started(peer, 2)
    const pauses = [0, 0, 0, 0, 5, 20, 90, 300, 700, 1500]
    const stop = keepAsking(`http://127.0.0.1:${running.port}`, {
      clients: 32,
      path: "/wait",
      pauseMs: (client) => pauses[client % pauses.length] as number,
    })
    for (let i = 0; i < RELOADS; i++) {
      await sleep(2000)
      running.reload()
      await sleep(4000)
    }
    const { answered, failed } = await stop()
    const kinds = [...new Set(failed)].join(", ")
    rows.push([peer.name, String(answered), String(failed.length), kinds])
    await running.stop()
  }
  table(["", "answered", "failed", "how"], rows)
} finally {
  rmSync(home, { recursive: true, force: true })
}
