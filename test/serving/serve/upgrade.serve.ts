// SIGUSR2: another first process beside the one that runs, on the same sockets; and SIGHUP that reads the settings anew.

import { existsSync, readFileSync, renameSync, statSync } from "node:fs"
import { describe, expect, onTestFinished, test } from "vitest"
import { generateAdhocSslPair } from "../../../src/serving/tls.ts"
import { sleep } from "../../support/server.ts"
import { command, Folder, isAlive, Program, untilChildren, WAIT } from "../program.ts"
import { keepAsking } from "./keep-alive-client.ts"
import { APP, ask, pids, Server } from "./server.ts"

async function start(args: string[] = [], files: Record<string, string> = {}, env: Record<string, string> = {}) {
  const folder = new Folder({ "app.js": APP(), ...files })
  const server = new Server(folder, args, env)
  return { folder, server, url: await server.ready() }
}

/** Starts another first process; gives its pid when it is ready. */
async function succeeded(server: Server): Promise<number> {
  server.kill("SIGUSR2")
  const [, text] = await server.printed(/Process (\d+) takes connections too/)
  const pid = Number(text)
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, "SIGKILL")
  })
  return pid
}

describe("USR2", () => {
  test("a new first process takes over on all sockets, and no request fails", async () => {
    const binds = ["--bind=127.0.0.1:0", "--bind=127.0.0.1:0", "--bind=unix:a.sock", "--socket-mode=660"]
    const more = ["--workers=2", "--status-bind=127.0.0.1:0", "--pid-file=pid", "--drain-delay=60s"]
    const { folder, server, url } = await start([...binds, ...more])
    const status = await server.status()
    const socketPath = folder.file("a.sock")
    const stop = keepAsking(url, { clients: 8, path: "/slow/10", pauseMs: (client) => client * 20 })
    const unix: string[] = []
    let asking = true
    const others = (async () => {
      while (asking) unix.push(await ask("", "/", { socketPath }))
    })()

    folder.write("app.js", APP("two"))
    const old = server.pid
    const pid = await succeeded(server)
    expect([readFileSync(folder.file("pid"), "utf8"), readFileSync(folder.file("pid.oldbin"), "utf8")]).toEqual([
      `${pid}\n`,
      `${old}\n`,
    ])
    const both = new Set(await Promise.all(Array.from({ length: 40 }, () => ask(url))))
    expect([...both].filter((text) => text !== "one" && text !== "two")).toEqual([])
    server.kill("SIGTERM")
    // A drain delay is for balancers that would have to look elsewhere.
    expect(await server.ended()).toEqual([0, null])
    for (let i = 0; i < 20; i++) expect([await ask(url), await ask("", "/", { socketPath })]).toEqual(["two", "two"])
    expect(await ask(status, "/-/ready")).toBe("ok\n")
    asking = false
    await others
    const { answered, failed } = await stop()
    expect([failed, unix.filter((text) => text !== "one" && text !== "two")]).toEqual([[], []])
    expect(answered).toBeGreaterThan(50)
    expect(statSync(socketPath).mode & 0o777).toBe(0o660)
    expect(existsSync(folder.file("pid.oldbin"))).toBe(false)

    // And once more, from the new one.
    process.kill(pid, "SIGHUP")
    await expect.poll(() => server.output, WAIT).toMatch(/\] Reloaded/)
    process.kill(pid, "SIGINT")
    await expect.poll(() => isAlive(pid), WAIT).toBe(false)
    expect([existsSync(socketPath), existsSync(folder.file("pid"))]).toEqual([false, false])
  })

  test("a program that cannot start leaves the old one; so does the end of the new one", async () => {
    const { folder, server, url } = await start(["--bind=127.0.0.1:0", "--bind=unix:a.sock", "--pid-file=pid"])
    const socketPath = folder.file("a.sock")
    folder.write("app.js", "throw new Error('broken')")
    server.kill("SIGUSR2")
    await server.printed(/Process \d+ ended \(1\) before it was ready; this one goes on/)
    expect([await ask(url), await ask("", "/", { socketPath })]).toEqual(["one", "one"])
    expect(readFileSync(folder.file("pid"), "utf8")).toBe(`${server.pid}\n`)

    folder.write("app.js", APP("two"))
    const pid = await succeeded(server)
    server.kill("SIGUSR2")
    await server.printed(new RegExp(`Process ${pid} is there already`))
    process.kill(pid, "SIGTERM")
    await server.printed(/Process \d+ ended \(0\); this one goes on/)
    for (let i = 0; i < 5; i++) expect([await ask(url), await ask("", "/", { socketPath })]).toEqual(["one", "one"])
    expect(readFileSync(folder.file("pid"), "utf8")).toBe(`${server.pid}\n`)
  })

  test("what a service manager has opened is passed on, and the manager hears which process is in charge", async () => {
    const folder = new Folder({
      "app.js": APP(),
      "manager.py": `import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(50)
print("port", s.getsockname()[1], flush=True)
if s.fileno() != 3: os.dup2(s.fileno(), 3)
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); n.bind("notify.sock")
os.set_inheritable(3, True)
if os.fork() == 0:
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=os.path.abspath("notify.sock"))
    os.execv(sys.argv[1], sys.argv[1:])
while True: print(n.recv(4096).decode().replace("\\n", " "), flush=True)`,
    })
    const args = ["manager.py", process.execPath, command, "serve", "app.js"]
    const program = new Program(folder, args, {}, undefined, "python3")
    const [, port] = (await program.printed(/port (\d+)/)) as unknown as [string, string]
    const [, first] = (await program.printed(/\[(\d+)\] \[info\] Ready, with/)) as unknown as [string, string]
    const ours = [Number(first)]
    onTestFinished(() => {
      for (const pid of ours) if (isAlive(pid)) process.kill(pid, "SIGKILL")
    })
    folder.write("app.js", APP("two"))
    process.kill(Number(first), "SIGUSR2")
    const [, pid] = (await program.printed(/Process (\d+) takes connections too/)) as unknown as [string, string]
    ours.push(Number(pid))
    process.kill(Number(first), "SIGTERM")
    await expect.poll(() => isAlive(Number(first)), WAIT).toBe(false)
    expect(await ask(`http://127.0.0.1:${port}`)).toBe("two")
    if (/systemd-notify failed/.test(program.output)) return
    expect(program.output).toMatch(new RegExp(`READY=1[^\\n]*MAINPID=${first}|MAINPID=${first}[^\\n]*READY=1`))
    expect(program.output).toMatch(new RegExp(`READY=1[^\\n]*MAINPID=${pid}|MAINPID=${pid}[^\\n]*READY=1`))
    expect(program.output).not.toMatch(/STOPPING=1/)
  })
})

describe("HUP reads the settings anew", () => {
  const config = (settings: object) => `export default ${JSON.stringify(settings)}`

  test("of a file: workers, times, logs; and says what needs a restart", async () => {
    const { folder, server, url } = await start([], {
      "werkstatt.config.js": config({ workers: 1, timeoutMs: 60_000, accessLog: "a.log" }),
      ".env": "WORD=one\n",
    })
    await ask(url, "/first")
    folder.write(
      "werkstatt.config.js",
      config({ workers: 2, timeoutMs: 500, accessLog: "b.log", errorLog: "e.log", maxTargetLength: 20, umask: 0o27 }),
    )
    server.kill("SIGHUP")
    await server.printed(/\] Reloaded/)
    const said = () => readFileSync(folder.file("e.log"), "utf8")
    await expect.poll(() => existsSync(folder.file("e.log")) && said(), WAIT).toMatch(/restart: umask\n/)
    expect(said()).toMatch(/Changed: workers, timeout, access-log, error-log, max-target-length\n/)
    await untilChildren(server.pid, 2)
    await expect.poll(() => pids(url), WAIT).toHaveLength(2)
    expect(await ask(url, `/${"x".repeat(30)}`)).toMatch(/^414/)
    // The limit of the first process.
    expect(await ask(url, "/hang")).toMatch(/^failed/)
    await expect.poll(said, WAIT).toMatch(/hangs and is killed/)
    const lines = (name: string) => readFileSync(folder.file(name), "utf8")
    await expect.poll(() => lines("b.log"), WAIT).toMatch(/GET \/pid/)
    expect(lines("a.log")).toMatch(/GET \/first/)
    expect(lines("a.log")).not.toMatch(/GET \/pid/)
    // The one that was killed has its successor, which has read the settings.
    await expect.poll(() => pids(url), WAIT).toHaveLength(2)

    folder.write("werkstatt.config.js", config({ errorLog: "e.log", workers: "many" }))
    server.kill("SIGHUP")
    await expect.poll(said, WAIT).toMatch(/workers is a number from 1, or auto, not "many"\.; those that serve go on/)
    await expect.poll(() => pids(url), WAIT).toHaveLength(2)
  })

  test("of a program, and of a file with variables", async () => {
    const program = (word: string, workers: number) => `
      import { serve } from "werkstatt/serving"
      ${APP(word).replace("export ", "")}
      await serve(app, { bind: ["127.0.0.1:0"], workers: ${workers} })`
    const folder = new Folder({ "main.js": program("one", 1) })
    const own = new Program(folder, ["main.js"])
    await own.printed(/\] Ready, with 1 workers/)
    const url = (await own.printed(/Listening on (\S+)/))[1] as string
    folder.write("main.js", program("two", 2))
    own.kill("SIGHUP")
    await own.printed(/Changed: workers/)
    await untilChildren(own.pid, 2)
    expect(await ask(url)).toBe("two")

    const {
      folder: other,
      server,
      url: at,
    } = await start(["--env-file", "vars"], {
      vars: "WORD=one\nWERKSTATT_MAX_TARGET_LENGTH=100\n",
      "app.js": `export const app = (environ, start) => {
        start("200 OK", [["Content-Type", "text/plain"]])
        return [new TextEncoder().encode(process.env.WORD)]
      }`,
    })
    expect(await ask(at)).toBe("one")
    other.write("vars", "WORD=two\nWERKSTATT_MAX_TARGET_LENGTH=50\n")
    server.kill("SIGHUP")
    await server.printed(/Changed: max-target-length/)
    expect(await ask(at)).toBe("two")
  })

  test("certificates too", async () => {
    const { cert, key } = await generateAdhocSslPair("one.test")
    const { folder, server } = await start([], {
      "werkstatt.config.js": config({ cert: ["a.crt"], key: ["a.key"] }),
      "a.crt": cert,
      "a.key": key,
    })
    const other = await generateAdhocSslPair("two.test")
    folder.write("b.crt", other.cert)
    folder.write("b.key", other.key)
    folder.write("werkstatt.config.js", config({ cert: ["b.crt"], key: ["b.key"] }))
    renameSync(folder.file("a.crt"), folder.file("gone.crt"))
    server.kill("SIGHUP")
    await server.printed(/Changed: cert, key/)
    await sleep(50)
    const { connect } = await import("node:tls")
    const port = Number((await server.printed(/Listening on https:\/\/\S+:(\d+)/))[1])
    const name = await new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().subject.CN)
        socket.destroy()
      })
      socket.on("error", reject)
    })
    expect(name).toBe("two.test")
  })
})
