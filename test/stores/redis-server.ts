// Debian's redis-server on a port of its own, without a disk, until the tests of the file are over.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Redis } from "iovalkey"
import { createClient } from "redis"
import { RedisStore } from "../../src/stores/redis-store.ts"
import type { Store } from "../../src/stores/store.ts"

export const hasRedis = spawnSync("redis-server", ["--version"]).error === undefined
if (!hasRedis) console.warn("redis-server is not installed: the tests with it are skipped")

export interface RedisServer {
  port: number
  stop(): Promise<void>
}

export async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "werkstatt-redis-"))
  for (let tries = 0; ; tries++) {
    const port = await freePort()
    const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
    const child = spawn("redis-server", options, { stdio: "ignore" })
    if (await listens(child, port)) {
      const stop = async () => {
        const gone = once(child, "exit")
        child.kill("SIGKILL")
        await gone
        rmSync(folder, { recursive: true, force: true })
      }
      return { port, stop }
    }
    if (tries === 5) throw new Error("redis-server does not start")
  }
}

/** Another program may take the port before redis does; then there is another try. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}

async function listens(child: ChildProcess, port: number): Promise<boolean> {
  while (child.exitCode === null) {
    const socket = connect(port, "127.0.0.1")
    const open = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true))
      socket.once("error", () => resolve(false))
    })
    socket.destroy()
    if (open) return true
    await sleep(20)
  }
  return false
}

export interface Connected {
  store: Store
  close(): Promise<void>
}

/** The same store over the clients of two packages. */
export const CLIENTS: Record<string, (port: number) => Promise<Connected>> = {
  async redis(port) {
    const client = createClient({ socket: { host: "127.0.0.1", port, reconnectStrategy: 50 } })
    client.on("error", () => {})
    await client.connect()
    return { store: new RedisStore(client), close: async () => client.destroy() }
  },
  async iovalkey(port) {
    const client = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: 1 })
    client.on("error", () => {})
    return { store: new RedisStore(client), close: async () => client.disconnect() }
  },
}
