// `werkstatt serve` beside gunicorn and pm2 on the same machine, in turns: what two workers do of CPU-bound work against one, what
// three reloads, a killed worker and a hung one cost keep-alive clients, whether an end finishes what is at work, and the memory of it.
// Peers that are not installed are left out. Requests of 50 ms over four connections: the client takes next to nothing.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { request } from "node:http"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { keepAsking } from "../test/serving/serve/keep-alive-client.ts"
import { answerSize, load, table } from "./harness.ts"

const SLICES = Number(process.env["SLICES"] ?? 6)
/** In a slice. */
const REQUESTS = Number(process.env["REQUESTS"] ?? 40)
const CONNECTIONS = 4
const RELOADS = 3
const HANG_TIMEOUT_S = 2
/** How long is waited for a hung worker to be killed. */
const HANG_LIMIT_MS = 8000
const REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

const servers = fileURLToPath(new URL("servers/", import.meta.url))
const command = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url))
const pm2 = fileURLToPath(new URL("node_modules/.bin/pm2", import.meta.url))
const home = mkdtempSync(join(tmpdir(), "werkstatt-bench-"))

interface Running {
  /** The first process. */
  pid: number
  reload(): void
  /** Ends, and lets the requests at work finish. */
  end(): void
  stop(): Promise<void>
}

interface Peer {
  name: string
  isThere: boolean
  /** @param hangS when a worker that hangs is killed */
  start(port: number, workers: number, hangS: number): Promise<Running>
}

function owned(child: ChildProcess): Running {
  const pid = child.pid as number
  return {
    pid,
    reload: () => void child.kill("SIGHUP"),
    end: () => void child.kill("SIGTERM"),
    stop: async () => {
      // A worker of gunicorn that hangs lives on without the first process.
      const workers = childrenOf(pid)
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((resolve) => child.once("exit", resolve))
        child.kill("SIGKILL")
        await gone
      }
      for (const worker of workers) {
        try {
          process.kill(worker, "SIGKILL")
        } catch {
          // It has ended with the first process.
        }
      }
      await sleep(500)
    },
  }
}

const PEERS: Peer[] = [
  {
    name: "werkstatt",
    isThere: true,
    start: async (port, workers, hangS) => {
      const args = ["serve", "serve-app.js", "--bind", `127.0.0.1:${port}`, "--workers", String(workers)]
      const more = ["--keep-alive-timeout", "60s", "--error-log", "/dev/null", "--timeout", `${hangS}s`]
      return owned(spawn(process.execPath, [command, ...args, ...more], { cwd: servers, stdio: "ignore" }))
    },
  },
  {
    name: "gunicorn",
    isThere: spawnSync("gunicorn", ["--version"]).error === undefined,
    start: async (port, workers, hangS) => {
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
        "--timeout",
        String(hangS),
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
      const own = join(home, String(port))
      const env = { ...process.env, PM2_HOME: own, BENCH_PORT: String(port) }
      const run = (...args: string[]) => spawnSync(pm2, args, { cwd: servers, env, stdio: "ignore" })
      run("start", "serve-pm2.js", "-i", String(workers), "--name", "bench", "--wait-ready", "--kill-timeout", "30000")
      return {
        pid: Number(readFileSync(join(own, "pm2.pid"), "utf8")),
        reload: () => void spawn(pm2, ["reload", "bench"], { cwd: servers, env, stdio: "ignore" }),
        end: () => void spawn(pm2, ["stop", "bench"], { cwd: servers, env, stdio: "ignore" }),
        stop: async () => void run("kill"),
      }
    },
  },
]

type Started = Running & { port: number }

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function started(peer: Peer, workers: number, hangS = 30): Promise<Started> {
  const port = await freePort()
  const running = await peer.start(port, workers, hangS)
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

function field(of: number | string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${of}/status`, "utf8"))?.[1])
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((each) => {
      try {
        return /^\d+$/.test(each) && field(each, "PPid") === pid
      } catch {
        return false
      }
    })
    .map(Number)
}

/** Resident memory of the first process, and of each that it has started, in MiB. */
function memory(pid: number): { first: number; workers: number[] } {
  return { first: field(pid, "VmRSS") / 1024, workers: childrenOf(pid).map((each) => field(each, "VmRSS") / 1024) }
}

/** Milliseconds of processors that a process has had. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** What one worker does and two do, in slices that take turns. */
async function compared(one: Started, two: Started): Promise<string[]> {
  const pair = [one, two].map((server) => ({ ...server, pids: [server.pid, ...childrenOf(server.pid)], seconds: 0 }))
  const sizes: number[] = []
  for (const { port } of pair) sizes.push(await answerSize(port, REQUEST))
  const before = pair.map(({ pids }) => pids.map(cpuMs))
  for (let slice = 0; slice < SLICES; slice++) {
    for (const [index, server] of pair.entries()) {
      const began = performance.now()
      await load(server.port, REQUEST, REQUESTS, CONNECTIONS, sizes[index])
      server.seconds += (performance.now() - began) / 1000
    }
  }
  const count = SLICES * REQUESTS
  const figures = pair.map(({ pids, seconds }, index) => {
    const cpu = pids.map((pid, place) => cpuMs(pid) - (before[index]?.[place] ?? 0))
    const sum = cpu.reduce((a, b) => a + b, 0)
    return { rate: count / seconds, each: sum / count, share: (cpu[0] as number) / sum }
  })
  const [first, second] = figures as [(typeof figures)[0], (typeof figures)[0]]
  const { first: mib, workers } = memory(two.pid)
  return [
    first.rate.toFixed(1),
    second.rate.toFixed(1),
    (second.rate / first.rate).toFixed(2),
    first.each.toFixed(1),
    second.each.toFixed(1),
    `${(second.share * 100).toFixed(1)} %`,
    `${mib.toFixed(0)} + ${workers.map((each) => each.toFixed(0)).join(" + ")}`,
  ]
}

/** One request on a connection of its own. */
async function asked(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = request({ host: "127.0.0.1", port, path, agent: false, timeout: 60_000 }, (response) => {
      response.on("error", () => resolve(false))
      response.on("end", () => resolve(response.complete && response.statusCode === 200))
      response.resume()
    })
    client.on("timeout", () => client.destroy(new Error("timeout")))
    client.on("error", () => resolve(false))
    client.end()
  })
}

/** 500 connections with nothing on them. */
async function idle(port: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: 500 }, async () => {
      const socket = connect(port, "127.0.0.1").on("error", () => {})
      await new Promise((resolve) => socket.once("connect", resolve))
      return socket
    }),
  )
}

const PAUSES = [0, 0, 0, 0, 5, 20, 90, 300, 700, 1500]

function clients(port: number, count: number) {
  const pauseMs = (client: number) => PAUSES[client % PAUSES.length] as number
  return keepAsking(`http://127.0.0.1:${port}`, { clients: count, path: "/wait", pauseMs })
}

/** What three reloads cost 32 clients. */
async function reloads({ port, reload }: Started): Promise<string> {
  const stop = clients(port, 32)
  for (let i = 0; i < RELOADS; i++) {
    await sleep(2000)
    reload()
    await sleep(4000)
  }
  const { answered, failed } = await stop()
  return `${failed.length} of ${answered + failed.length}`
}

/** What the end of one of two workers costs 16 clients. */
async function killed({ port, pid }: Started): Promise<string> {
  const stop = clients(port, 16)
  await sleep(1500)
  process.kill(childrenOf(pid)[0] as number, "SIGKILL")
  await sleep(1500)
  const { answered, failed } = await stop()
  return `${failed.length} of ${answered + failed.length}`
}

/** How long a request that never ends holds its worker. */
async function hung({ port }: Started): Promise<string> {
  const began = performance.now()
  const over = asked(port, "/hang").then(() => performance.now() - began)
  const ms = await Promise.race([over, sleep(HANG_LIMIT_MS)])
  return ms === undefined ? `not in ${HANG_LIMIT_MS} ms` : `${ms.toFixed(0)} ms`
}

/** How many of 100 requests at work are answered when the server is told to end, with 500 idle connections. */
async function ended({ port, end }: Started): Promise<string> {
  const sockets = await idle(port)
  const atWork = Array.from({ length: 100 }, () => asked(port, "/slow"))
  await sleep(1000)
  end()
  const answers = await Promise.all(atWork)
  for (const socket of sockets) socket.destroy()
  return `${answers.filter(Boolean).length} of 100`
}

const peers = PEERS.filter(({ name, isThere }) => {
  if (!isThere) console.log(`${name} is not installed`)
  return isThere
})

try {
  const rows: string[][] = []
  for (const peer of peers) {
    // Both at once, asked in turns: what else the machine does meets both.
    const one = await started(peer, 1)
    const two = await started(peer, 2)
    rows.push([peer.name, ...(await compared(one, two))])
    await one.stop()
    await two.stop()
  }
  console.log(
    "Work that takes 50 ms of a processor: requests per second by the clock, milliseconds of processors for each request, share of",
  )
  console.log("the first process; resident memory in MiB, first process and its workers\n")
  table(["", "1 worker", "2 workers", "ratio", "ms with 1", "ms with 2", "first", "memory"], rows)

  console.log(
    `\nTwo workers: failed requests at ${RELOADS} reloads (32 clients) and at kill -9 of a worker (16), the time until a`,
  )
  console.log(`worker that hangs is gone (limit ${HANG_TIMEOUT_S} s), and answers to what was at work at the end\n`)
  const costs: string[][] = []
  for (const peer of peers) {
    const row = [peer.name]
    for (const measure of [reloads, killed, hung, ended]) {
      const running = await started(peer, 2, measure === hung ? HANG_TIMEOUT_S : undefined)
      row.push(await measure(running))
      await running.stop()
    }
    costs.push(row)
  }
  table(["", "reloads", "kill -9", "hung worker", "end"], costs)
} finally {
  rmSync(home, { recursive: true, force: true })
}
