// Several machines: HAProxy in front of three hosts that run `werkstatt serve`, Redis behind them, and clients that ask all the
// time while hosts are upgraded, drained, killed, and cut off. Every failed request is counted, and explained here.

import { spawnSync } from "node:child_process"
import { symlinkSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { command, Folder } from "../serving/program.ts"
import { sleep } from "../support/server.ts"
import { hasNamespaces, type Machine, Network, type Running } from "./network.ts"

const missing = [
  ...(["haproxy", "redis-server", "ip"] as const).filter(
    (program) => spawnSync(program, [program === "ip" ? "-V" : "-v"]).error !== undefined,
  ),
  ...(process.getuid?.() === 0 && hasNamespaces() ? [] : ["root with network namespaces"]),
]
if (missing.length > 0) console.warn(`The tests over several hosts are skipped: there is no ${missing.join(", ")}`)

/** Counts visits of a session in Redis; `/work` asks nothing of it. */
const SITE = (version: string) => `
  import { hostname, networkInterfaces } from "node:os"
  import { Redis } from "iovalkey"
  import { RedisStore } from "werkstatt/stores"
  const client = new Redis({ host: "10.213.7.5", maxRetriesPerRequest: 0, enableOfflineQueue: false, connectTimeout: 500, commandTimeout: 500, retryStrategy: () => 100 })
  client.on("error", () => {})
  const store = new RedisStore(client)
  const host = networkInterfaces().eth0?.[0]?.address
  export const app = async (environ, start) => {
    const answer = (status, text) => {
      start(status, [["Content-Type", "text/plain"]])
      return [new TextEncoder().encode(text)]
    }
    if (environ.PATH_INFO === "/work") {
      await new Promise((resolve) => setTimeout(resolve, 10))
      return answer("200 OK", "${version}")
    }
    try {
      const count = await store.increment("visits:" + environ.QUERY_STRING, { ttlSeconds: 60 })
      return answer("200 OK", count + " " + host + " ${version}")
    } catch {
      return answer("503 Service Unavailable", "no store")
    }
  }`

interface Load {
  answered: number
  failed: number
  kinds: Record<string, number>
}

class Site {
  readonly folder = new Folder({ "site.js": SITE("one"), "package.json": `{ "type": "module" }` })
  readonly network = new Network()
  readonly front: Machine = this.network.machine(1)
  readonly hosts: Machine[] = [11, 12, 13].map((last) => this.network.machine(last))
  readonly back: Machine = this.network.machine(5)
  readonly servers: Running[] = []
  redis!: Running

  async start(): Promise<this> {
    for (const name of ["iovalkey"]) this.#package(name)
    this.redis = this.startRedis()
    this.hosts.forEach((_, index) => void this.startServer(index))
    for (const server of this.servers) await server.printed(/\] Ready, with/)
    this.folder.write(
      "haproxy.cfg",
      `defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 10s
  retries 3
  option redispatch
frontend in
  bind :80
  default_backend site
backend site
  balance roundrobin
  option httpchk GET /-/ready
  retry-on conn-failure empty-response
  default-server check port 9000 inter 300ms fall 2 rise 1
${this.hosts.map(({ address }, index) => `  server h${index} ${address}:8000\n`).join("")}`,
    )
    this.front.run("haproxy", ["-db", "-f", this.folder.file("haproxy.cfg")])
    for (let tries = 0; (await this.ask("/work")) !== "one"; tries++) {
      if (tries > 100) throw new Error("HAProxy does not answer")
      await sleep(100)
    }
    await sleep(1000)
    return this
  }

  #package(name: string): void {
    symlinkSync(
      new URL(`../../node_modules/${name}`, import.meta.url).pathname,
      this.folder.file(`node_modules/${name}`),
    )
  }

  startRedis(): Running {
    return this.back.run(
      "redis-server",
      ["--bind", "10.213.7.5", "--protected-mode", "no", "--save", "", "--appendonly", "no"],
      {
        cwd: this.folder.path,
      },
    )
  }

  /** `werkstatt serve` on a host, in place of what ran there. */
  startServer(index: number): Running {
    const { address } = this.hosts[index] as Machine
    const options = ["--bind", `${address}:8000`, "--status-bind", `${address}:9000`, "--workers", "2"]
    const more = ["--drain-delay", "1500ms", "--keep-alive-timeout", "60s"]
    const args = [command, "serve", "site.js", ...options, ...more]
    const server = (this.hosts[index] as Machine).run(process.execPath, args, { cwd: this.folder.path })
    this.servers[index] = server
    return server
  }

  /** One request from the front machine, past nothing. */
  ask(path: string): Promise<string> {
    const running = this.front.run("curl", ["-s", "-m", "5", `http://10.213.7.1${path}`])
    return running
      .ended()
      .then(() => sleep(10))
      .then(() => running.output)
  }

  /** What became of the requests of keep-alive clients while this was done. */
  async under(what: string, work: () => Promise<void>): Promise<Load> {
    const program = new URL("client.ts", import.meta.url).pathname
    const client = this.front.run(process.execPath, ["--import", "tsx", program, "http://10.213.7.1", "12"])
    await client.printed(/asking/)
    await sleep(1000)
    await work()
    await sleep(1500)
    client.kill("SIGTERM")
    const load = JSON.parse((await client.printed(/^\{.*\}$/m))[0]) as Load
    console.log(`${what}: ${load.failed} of ${load.answered + load.failed} failed ${JSON.stringify(load.kinds)}`)
    expect(load.answered).toBeGreaterThan(200)
    return load
  }
}

describe.skipIf(missing.length > 0)("three hosts behind HAProxy, with Redis", () => {
  test("all of it, one after the other", { timeout: 600_000 }, async () => {
    const site = await new Site().start()

    // A session is counted over all hosts: nothing is sticky.
    const seen = new Set<string>()
    for (let i = 1; i <= 12; i++) {
      const [count, host = ""] = (await site.ask("/visit?a")).split(" ")
      expect(Number(count)).toBe(i)
      seen.add(host)
    }
    expect(seen.size).toBe(3)

    // Upgraded one after the other, each after a drain: no request notices.
    site.folder.write("site.js", SITE("two"))
    const upgrade = await site.under("rolling upgrade", async () => {
      for (const index of [0, 1, 2]) {
        site.servers[index]?.kill("SIGTERM")
        await site.servers[index]?.ended()
        await site.startServer(index).printed(/\] Ready, with/)
        await sleep(1200)
      }
    })
    expect(upgrade.failed).toBe(0)
    expect(await site.ask("/work")).toBe("two")

    // New code by HUP, on all hosts at once.
    site.folder.write("site.js", SITE("three"))
    const reload = await site.under("HUP to all", async () => {
      for (const server of site.servers) server.kill("SIGHUP")
      for (const server of site.servers) await server.printed(/\] Reloaded/)
    })
    expect(reload.failed).toBe(0)

    const drain = await site.under("one host drained", async () => {
      site.servers[0]?.kill("SIGTERM")
      await site.servers[0]?.ended()
      await sleep(1000)
    })
    expect(drain.failed).toBe(0)
    await site.startServer(0).printed(/\] Ready, with/)
    await sleep(1000)

    // HAProxy asks another host when a connection ended without an answer (retry-on empty-response): GET may be asked twice.
    const worker = await site.under("one worker killed", async () => {
      const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(site.servers[1]?.child.pid)], {
        encoding: "utf8",
      })
      process.kill(Number(stdout.trim().split("\n")[0]), "SIGKILL")
      await site.servers[1]?.printed(/starting another/)
    })
    expect(worker.failed).toBe(0)

    // The same, until two checks have failed; a connection to a host that is gone is refused at once.
    const host = await site.under("one host killed", async () => {
      site.hosts[2]?.crash()
      await sleep(2000)
    })
    expect(host.failed).toBeLessThanOrEqual(12)
    await site.startServer(2).printed(/\] Ready, with/)
    await sleep(1000)

    // Nothing refuses: what is on its way waits for HAProxy's own limit (10 s for an answer) and fails with 504; the hosts are there
    // for everything that comes after two checks. Each client has at most one such request, and each check may send a few more.
    const cable = await site.under("a cable pulled and put back", async () => {
      site.hosts[1]?.link("down")
      await sleep(4000)
      site.hosts[1]?.link("up")
      await sleep(9000)
    })
    expect(cable.failed).toBeLessThanOrEqual(24)
    expect(Object.keys(cable.kinds).filter((kind) => !/^status 50[0-9]$|^timeout$/.test(kind))).toEqual([])

    // What needs the store says 503 at once, what does not goes on; afterwards all is as before.
    const redis = await site.under("Redis gone for 3 s", async () => {
      site.redis.kill("SIGKILL")
      await site.redis.ended()
      const began = performance.now()
      expect(await site.ask("/visit?b")).toBe("no store")
      expect(performance.now() - began).toBeLessThan(5000)
      await sleep(3000)
      site.redis = site.startRedis()
      for (let tries = 0; !/^1 /.test(await site.ask(`/visit?c${tries}`)); tries++) {
        expect(tries).toBeLessThan(100)
        await sleep(100)
      }
    })
    expect(redis.failed).toBe(0)
  })
})
