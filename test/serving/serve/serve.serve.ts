// `werkstatt serve` as operators meet it: a process, its workers, signals, logs, sockets, and clients that ask meanwhile.

import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { describe, expect, test } from "vitest"
import { sleep } from "../../support/server.ts"
import { childrenOf, command, Folder, isAlive, Program, untilChildren, WAIT } from "../program.ts"
import { APP, ask, pids, Server } from "./server.ts"

const isRoot = process.getuid?.() === 0

async function start(args: string[] = [], files: Record<string, string> = {}, env: Record<string, string> = {}) {
  const folder = new Folder({ "app.js": APP(), ...files })
  const server = new Server(folder, args, env)
  return { folder, server, url: await server.ready() }
}

describe("workers", () => {
  test("share the connections, and know what they are", async () => {
    const { server, url } = await start(["--workers", "2"])
    const workers = await untilChildren(server.pid, 2)
    expect(await pids(url)).toEqual([...workers].sort())
    expect(JSON.parse(await ask(url, "/environ")).slice(0, 2)).toEqual([true, true])
    server.kill("SIGTERM")
    expect(await server.ended()).toEqual([0, null])
    expect(workers.filter(isAlive)).toEqual([])
  })

  test("that die are replaced, and only their own requests fail", async () => {
    const { server, url } = await start(["--workers", "2"])
    const [first, second] = await untilChildren(server.pid, 2)
    const slow = Promise.all(Array.from({ length: 6 }, () => ask(url, "/slow/700")))
    await sleep(300)
    process.kill(first as number, "SIGKILL")
    const failed = (await slow).filter((text) => text.startsWith("failed"))
    expect(failed).toHaveLength(3)
    await server.printed(/ended \(SIGKILL\); starting another/)
    await expect.poll(() => pids(url), WAIT).toHaveLength(2)
    expect(await pids(url)).toContain(second)
  })

  test("that hang are killed in time with their request and their place in the log; others answer meanwhile", async () => {
    const { server, url } = await start(["--workers", "2", "--timeout", "1s"])
    const hung = ask(url, "/hang?query=1")
    const began = performance.now()
    await sleep(200)
    expect(await Promise.all(Array.from({ length: 10 }, () => ask(url)))).toEqual(Array(10).fill("one"))
    expect(await hung).toMatch(/^failed/)
    const took = performance.now() - began
    await server.printed(/hangs and is killed\n {2}at work: GET \/hang\?query=1 \(\d+ ms\)\n {2}at app \(.*app\.js:6:/)
    // A second above the limit, and some for a machine that is busy.
    expect(took).toBeLessThan(5000)
    await expect.poll(() => pids(url), WAIT).toHaveLength(2)
  })

  test("that are stopped from outside are killed too", async () => {
    const { server, url } = await start(["--workers", "1", "--timeout", "500ms"])
    const [worker] = await untilChildren(server.pid, 1)
    process.kill(worker as number, "SIGSTOP")
    await server.printed(/hangs and is killed/)
    expect(await ask(url)).toBe("one")
  })

  test("of a program that crashes are started less and less often", async () => {
    const { server } = await start([], { "app.js": `setTimeout(() => process.exit(5), 100)\n${APP()}` })
    await server.printed(/starting another in 500 ms/)
    await server.printed(/starting another in 1000 ms/)
    expect(server.output.match(/starting another\n/g)).toHaveLength(1)
    server.kill("SIGTERM")
    expect(await server.ended()).toEqual([0, null])
  })

  test("that are not ready in time are killed", async () => {
    const folder = new Folder({ "app.js": "for (;;);" })
    const server = new Server(folder, ["--boot-timeout", "500ms"])
    expect((await server.ended())[0]).toBe(1)
    expect(server.output).toMatch(/is not ready after 500 ms/)
  })

  test("are replaced after so many requests, and no request is lost", async () => {
    const { server, url } = await start(["--workers", "2", "--max-requests", "20", "--recycle-jitter", "50"])
    const answers: string[] = []
    const client = async () => {
      for (let i = 0; i < 60; i++) answers.push(await ask(url))
    }
    await Promise.all([client(), client()])
    expect(answers.filter((text) => text !== "one")).toEqual([])
    await server.printed(/is replaced: 1?\d requests|is replaced: 20 requests/)
    expect(server.output).not.toMatch(/ended \(/)
  })

  test("are replaced after some time, and when they take too much memory", async () => {
    const { server } = await start(["--max-age", "300ms"])
    await server.printed(/is replaced: its age/)
    const big = await start(["--max-memory", "10M"])
    await big.server.printed(/is replaced: its memory, \d+ MiB/)
  })

  test("do not outlive the first process, even if they hang", async () => {
    const { server, url } = await start(["--workers", "2", "--timeout", "0"])
    const workers = await untilChildren(server.pid, 2)
    void ask(url, "/hang")
    await sleep(200)
    server.kill("SIGKILL")
    await expect.poll(() => workers.filter(isAlive), WAIT).toEqual([])
  })
})

test("the debugger refuses to run", async () => {
  const { server, url } = await start([], {
    "app.js": `import { DebuggedApplication } from "werkstatt/debug"
      export const app = new DebuggedApplication((environ, start) => { throw new Error("secret detail") }).application`,
  })
  const text = await ask(url)
  expect(text).toMatch(/^500 /)
  expect(text).not.toMatch(/secret|console/i)
  expect(await ask(url, "/__werkstatt__/debugger")).toMatch(/^500 /)
  await server.printed(/The debugger lets people run code, and this server is for production/)
})

describe("signals", () => {
  test("HUP: new code, and no request fails, with clients that keep their connections and pause", async () => {
    const { folder, server, url } = await start(["--workers", "2"])
    const failed: string[] = []
    const seen = new Set<string>()
    let asking = true
    const clients = Array.from({ length: 6 }, async (_, index) => {
      while (asking) {
        const text = await ask(url, index % 2 ? "/" : "/slow/20")
        seen.add(text)
        if (!/^(?:one|two|three)$/.test(text)) failed.push(text)
        await sleep(index * 10)
      }
    })
    for (const word of ["two", "three"]) {
      folder.write("app.js", APP(word))
      const before = server.output.match(/\] Reloaded/g)?.length ?? 0
      server.kill("SIGHUP")
      await expect.poll(() => server.output.match(/\] Reloaded/g)?.length, WAIT).toBe(before + 1)
      expect(await ask(url)).toBe(word)
    }
    asking = false
    await Promise.all(clients)
    expect(failed).toEqual([])
    expect([...seen].sort()).toEqual(["one", "three", "two"])
    await expect.poll(() => childrenOf(server.pid), WAIT).toHaveLength(2)
  })

  test("HUP to a program that cannot start: the old one goes on, and the log says why", async () => {
    const { folder, server, url } = await start(["--workers", "2"])
    const before = await pids(url)
    folder.write("app.js", "throw new Error('broken by a typo')")
    server.kill("SIGHUP")
    await server.printed(/before it was ready: Error: broken by a typo; those that serve go on/)
    await server.printed(/Not reloaded/)
    expect(await pids(url)).toEqual(before)
    folder.write("app.js", APP("mended"))
    server.kill("SIGHUP")
    await server.printed(/\] Reloaded/)
    expect(await ask(url)).toBe("mended")
  })

  test("TTIN and TTOU: one more, one fewer, never none", async () => {
    const { server, url } = await start()
    server.kill("SIGTTIN")
    await untilChildren(server.pid, 2)
    await expect.poll(() => pids(url), WAIT).toHaveLength(2)
    server.kill("SIGTTOU")
    await untilChildren(server.pid, 1)
    server.kill("SIGTTOU")
    await sleep(300)
    expect(await pids(url)).toHaveLength(1)
  })

  test("TERM: requests at work are finished; a second one does not wait", async () => {
    const { server, url } = await start(["--workers", "2"])
    const slow = ask(url, "/slow/800")
    await sleep(300)
    server.kill("SIGTERM")
    expect(await slow).toBe("one")
    expect(await server.ended()).toEqual([0, null])

    const other = await start()
    const cut = ask(other.url, "/slow/20000")
    await sleep(300)
    other.server.kill("SIGTERM")
    await other.server.printed(/requests at work are finished/)
    await sleep(100)
    other.server.kill("SIGTERM")
    expect(await cut).toMatch(/^failed/)
    expect(await other.server.ended()).toEqual([0, null])
  })

  test("TERM: what takes longer than the graceful timeout is broken off", async () => {
    const { server, url } = await start(["--graceful-timeout", "300ms"])
    const cut = ask(url, "/slow/60000")
    await sleep(300)
    server.kill("SIGTERM")
    expect(await cut).toMatch(/^failed/)
    expect(await server.ended()).toEqual([0, null])
  })

  test.each(["SIGINT", "SIGQUIT"] as const)("%s ends at once", async (signal) => {
    const { server, url } = await start()
    const cut = ask(url, "/slow/20000")
    await sleep(300)
    server.kill(signal)
    expect(await cut).toMatch(/^failed/)
    expect(await server.ended()).toEqual([0, null])
  })

  test("WINCH, which terminals send, does nothing; preload says that it cannot", async () => {
    const { server, url } = await start(["--preload"])
    server.kill("SIGWINCH")
    expect(await ask(url)).toBe("one")
    expect(server.output).toMatch(/preload is not to be had: Node cannot fork a process with its memory/)
  })
})

describe("ready and drain", () => {
  test("the status socket tells what a balancer and Prometheus want to know", async () => {
    const { server, url } = await start(["--workers", "2", "--status-bind", "127.0.0.1:0"])
    const status = await server.status()
    await Promise.all(Array.from({ length: 10 }, () => ask(url)))
    await ask(url, "/throw")
    expect([await ask(status, "/-/ready"), await ask(status, "/-/health")]).toEqual(["ok\n", "ok\n"])
    const slow = ask(url, "/slow/1500")
    await sleep(300)
    const metrics = await ask(status, "/metrics")
    expect(metrics).toMatch(/^werkstatt_requests_total\{code="200"\} 10$/m)
    expect(metrics).toMatch(/^werkstatt_requests_total\{code="500"\} 1$/m)
    expect(metrics).toMatch(/^werkstatt_request_duration_seconds_bucket\{le="\+Inf"\} 11$/m)
    expect(metrics).toMatch(/^werkstatt_request_duration_seconds_count 11$/m)
    expect(metrics).toMatch(/^werkstatt_requests_in_flight 1$/m)
    expect(metrics).toMatch(/^werkstatt_workers_ready 2$/m)
    expect(metrics.match(/^werkstatt_resident_memory_bytes\{.*role="worker"\} \d{8,}$/gm)).toHaveLength(2)
    await slow
    // What a worker has counted is not forgotten with it.
    server.kill("SIGHUP")
    await server.printed(/\] Reloaded/)
    await expect.poll(() => ask(status, "/metrics"), WAIT).toMatch(/^werkstatt_requests_total\{code="200"\} 11$/m)
    expect(await ask(status, "/nothing")).toMatch(/^404/)
  })

  test("with a drain delay the server is unready first, and answers all the same", async () => {
    const { server, url } = await start(["--status-bind", "127.0.0.1:0", "--drain-delay", "1500ms"])
    const status = await server.status()
    server.kill("SIGTERM")
    await server.printed(/Unready/)
    expect(await ask(status, "/-/ready")).toBe("503 draining\n")
    expect(await ask(status, "/-/health")).toBe("ok\n")
    expect(await ask(url)).toBe("one")
    expect(await server.ended()).toEqual([0, null])
  })

  test("nothing listens but what was asked for", async () => {
    const { server } = await start(["--workers", "2"])
    const pidsOfAll = [server.pid, ...childrenOf(server.pid).map(({ pid }) => pid)]
    const inodes = new Set<string>()
    for (const pid of pidsOfAll) {
      const list = execFileSync("ls", ["-l", `/proc/${pid}/fd`], { encoding: "utf8" })
      for (const match of list.matchAll(/socket:\[(\d+)\]/g)) inodes.add(match[1] as string)
    }
    const listening = ["tcp", "tcp6", "udp", "udp6"].flatMap((kind) =>
      readFileSync(`/proc/net/${kind}`, "utf8")
        .split("\n")
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter((columns) => inodes.has(columns[9] ?? "") && (kind.startsWith("udp") || columns[3] === "0A")),
    )
    expect(listening).toHaveLength(1)
  })
})

describe("sockets", () => {
  test("several addresses at once, among them unix sockets with a mode", async () => {
    const { folder, server, url } = await start([
      "--bind=127.0.0.1:0",
      "--bind=unix:a.sock",
      "--bind",
      "[::1]:0",
      "--socket-mode=660",
    ])
    expect(await ask(url)).toBe("one")
    expect(await ask("", "/", { socketPath: folder.file("a.sock") })).toBe("one")
    expect(statSync(folder.file("a.sock")).mode & 0o777).toBe(0o660)
    const [, six] = (await server.printed(/Listening on (http:\/\/\[::1\]:\d+)/)) as unknown as [string, string]
    expect(await ask(six)).toBe("one")
    server.kill("SIGTERM")
    await server.ended()
    expect(existsSync(folder.file("a.sock"))).toBe(false)
  })

  test.skipIf(!isRoot)("a unix socket is given to who is to use it", async () => {
    const { folder } = await start(["--bind=127.0.0.1:0", "--bind=unix:a.sock", "--socket-owner=nobody:nogroup"])
    const { uid, gid } = statSync(folder.file("a.sock"))
    expect([uid, gid]).toEqual([65534, 65534])
  })

  test("sockets that a service manager has opened take the place of the default", async () => {
    const folder = new Folder({
      "app.js": APP(),
      // As systemd does it: descriptor 3, and the number of the process itself.
      "activate.py": `import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(50)
print("port", s.getsockname()[1], flush=True)
if s.fileno() != 3: os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])`,
    })
    const program = new Program(
      folder,
      ["activate.py", process.execPath, command, "serve", "app.js"],
      {},
      undefined,
      "python3",
    )
    const [, port] = (await program.printed(/port (\d+)/)) as unknown as [string, string]
    await program.printed(/\] Ready, with/)
    expect(program.output.match(/Listening on/g)).toHaveLength(1)
    expect(await ask(`http://127.0.0.1:${port}`)).toBe("one")
    program.kill("SIGTERM")
    expect(await program.ended()).toEqual([0, null])
  })

  test("with reuse-port each worker listens by itself, or it is said that Node cannot", async () => {
    const port = await freePort()
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
    const args = ["--workers=2", "--reuse-port", `--bind=127.0.0.1:${port}`]
    const server = new Server(new Folder({ "app.js": APP() }), args)
    if (major < 22 || (major === 22 && minor < 12)) {
      expect((await server.ended())[0]).toBe(2)
      expect(server.output).toMatch(/reuse-port needs Node 22\.12/)
      return
    }
    await server.printed(/\] Ready, with/)
    const url = `http://127.0.0.1:${port}`
    expect((await pids(url, 60)).length).toBe(2)
    server.kill("SIGHUP")
    await server.printed(/\] Reloaded/)
    expect(await ask(url)).toBe("one")
    server.kill("SIGTERM")
    expect(await server.ended()).toEqual([0, null])
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as import("node:net").AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
