// What operators set up around `werkstatt serve`: logs, configuration, certificates, users, service managers.

import { spawnSync } from "node:child_process"
import { createSocket } from "node:dgram"
import { chmodSync, existsSync, readFileSync, renameSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { connect as connectTls } from "node:tls"
import { describe, expect, onTestFinished, test } from "vitest"
import { generateAdhocSslPair } from "../../../src/serving/tls.ts"
import { childrenOf, command, Folder, Program, WAIT } from "../program.ts"
import { APP, ask, Server } from "./server.ts"

const isRoot = process.getuid?.() === 0

async function start(args: string[] = [], files: Record<string, string> = {}, env: Record<string, string> = {}) {
  const folder = new Folder({ "app.js": APP(), ...files })
  const server = new Server(folder, args, env)
  return { folder, server, url: await server.ready() }
}

describe("logs", () => {
  test("the access log has a line for each request, and is opened anew on USR1", async () => {
    const { folder, server, url } = await start([
      "--workers",
      "2",
      "--access-log",
      "access.log",
      "--access-log-skip",
      "/pid",
    ])
    const lines = (name: string) => (existsSync(folder.file(name)) ? readFileSync(folder.file(name), "utf8") : "")
    await Promise.all(Array.from({ length: 20 }, () => ask(url, '/a"b?q=1')))
    await ask(url, "/pid")
    await expect.poll(() => lines("access.log").match(/\n/g)?.length, WAIT).toBe(20)
    expect(lines("access.log").split("\n")[0]).toMatch(
      /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/a.*b\?q=1 HTTP\/1\.1" 200 3 "-" "-"$/,
    )
    renameSync(folder.file("access.log"), folder.file("access.log.1"))
    server.kill("SIGUSR1")
    await server.printed(/Logs opened anew/)
    await expect
      .poll(async () => {
        await ask(url, "/after")
        return lines("access.log")
      }, WAIT)
      .toMatch(/\/after/)
    server.kill("SIGTERM")
    await server.ended()
    expect(lines("access.log.1").match(/\n/g)?.length).toBeGreaterThanOrEqual(20)
  })

  test("its lines are all there when the server ends", async () => {
    const { folder, server, url } = await start([
      "--access-log",
      "access.log",
      "--access-log-format",
      "%(m)s %(U)s %(s)s %({X-One}i)s",
    ])
    for (let i = 0; i < 10; i++) await ask(url, `/${i}`)
    server.kill("SIGTERM")
    await server.ended()
    expect(readFileSync(folder.file("access.log"), "utf8")).toBe(
      Array.from({ length: 10 }, (_, i) => `GET /${i} 200 -\n`).join(""),
    )
  })

  test("the error log takes what the server and applications say, as JSON if wanted", async () => {
    const { folder, server, url } = await start()
    await ask(url, "/errors")
    await ask(url, "/throw")
    await server.printed(/^said$/m)
    await server.printed(/Error: mine\n +at /)
    const other = new Server(folder, ["--error-log", "errors.log", "--error-log-format", "json", "--pid-file", "pid"])
    await expect
      .poll(() => existsSync(folder.file("errors.log")) && readFileSync(folder.file("errors.log"), "utf8"), WAIT)
      .toMatch(/Ready, with/)
    const entries = readFileSync(folder.file("errors.log"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(entries[0]).toMatchObject({ level: "info", pid: other.pid, message: expect.stringMatching(/^Listening on/) })
    expect(readFileSync(folder.file("pid"), "utf8")).toBe(`${other.pid}\n`)
    other.kill("SIGTERM")
    await other.ended()
    expect(existsSync(folder.file("pid"))).toBe(false)
  })
})

describe("configuration", () => {
  const serve = (folder: Folder, args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [command, "serve", ...args], {
      cwd: folder.path,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], ...env },
    })

  test("--check-config loads settings and application, and says what is wrong in one line", () => {
    const folder = new Folder({
      "app.js": APP(),
      "bad.js": "export const app = 1",
      "c.json": `{ "wrokers": 1 }`,
      "config.ts": "export default { workers: 2 } satisfies object",
    })
    const check = (...args: string[]) => {
      const { stdout, stderr, status } = serve(folder, ["--check-config", ...args])
      return [status, stdout + stderr]
    }
    expect(check("app.js")).toEqual([0, "The settings are all right, and the application can be loaded.\n"])
    expect(check("app.js", "--config", "config.ts")[0]).toBe(0)
    for (const [args, message] of [
      [["bad.js"], /which is not what werkstatt serves/],
      [["none.js"], /no module "none\.js"/],
      [["app.js", "--config", "none.json"], /There is no configuration file none\.json/],
      [["app.js", "--config", "c.json"], /sets "wrokers", which is no setting/],
      [["app.js", "--timeout", "soon"], /timeout takes a time such as 30s/],
      [["app.js", "--workers", "0"], /workers is a number from 1, or auto, not "0"/],
      [["app.js", "--bind", "nowhere"], /bind takes HOST:PORT, unix:PATH or fd:\/\/NUMBER, not "nowhere"/],
      [["app.js", "--http2"], /http2 needs a certificate/],
      [["app.js", "--cert", "a"], /each certificate needs its key/],
      [["app.js", "--cert", "a", "--key", "b"], /The certificate a cannot be read/],
      [["app.js", "--user", "no-such-user"], /There is no user "no-such-user"/],
      [["app.js", "--access-log-format", "%(z)s"], /knows no %\(z\)s/],
      [["app.js", "--error-log-format", "xml"], /lines or json/],
      [["app.js", "--statsd", "localhost"], /statsd takes HOST:PORT, not "localhost"/],
      [["app.js", "--statsd-prefix", "a:b"], /statsd-prefix takes letters/],
    ] as [string[], RegExp][]) {
      const [status, output] = check(...args)
      expect(output, args.join(" ")).toMatch(message)
      expect(String(output).trim().split("\n"), args.join(" ")).toHaveLength(1)
      expect(status).not.toBe(0)
    }
  })

  test("a program of one's own serves with the same settings, and hooks", async () => {
    const folder = new Folder({
      "main.js": `
        import { serve } from "werkstatt/serving"
        const app = (environ, start) => { start("200 OK", []); return [new TextEncoder().encode(environ["site.tone"])] }
        await serve(app, { bind: ["127.0.0.1:0"], workers: 2, accessLog: "-", environ: { "site.tone": "blue" },
          accessLogFormat: ({ status, environ }) => "mine " + status + " " + environ.PATH_INFO })`,
    })
    const program = new Program(folder, ["main.js"])
    await program.printed(/\] Ready, with 2 workers/)
    const [, url] = (await program.printed(/Listening on (\S+)/)) as unknown as [string, string]
    expect(await ask(url, "/x")).toBe("blue")
    await program.printed(/^mine 200 \/x$/m)
    program.kill("SIGTERM")
    expect(await program.ended()).toEqual([0, null])
  })

  test.each([
    [`{ workers: "many" }`, /workers is a number from 1, or auto/],
    [`{ timeoutMs: "1s" }`, /timeoutMs is a number, not "1s"/],
    [`{ bind: [1] }`, /bind is a list of texts, not \[1\]/],
  ])("a program's mistake is an error that names the setting: %s", async (options, message) => {
    const folder = new Folder({
      "main.js": `import { serve } from "werkstatt/serving"; await serve(() => [], ${options})`,
    })
    const program = new Program(folder, ["main.js"])
    expect((await program.ended())[0]).toBe(1)
    expect(program.output).toMatch(message)
  })
})

test("certificates by name, and new ones after HUP", async () => {
  const files: Record<string, string> = {}
  for (const host of ["one.test", "two.test", "new.test"]) {
    const { cert, key } = await generateAdhocSslPair(host)
    files[`${host}.crt`] = cert
    files[`${host}.key`] = key
  }
  const pair = (host: string) => [`--cert=${host}.crt`, `--key=${host}.key`]
  const { folder, server, url } = await start([...pair("one.test"), ...pair("two.test"), "--http2"], files)
  const port = Number(new URL(url).port)
  const shown = (servername: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls(
        { port, host: "127.0.0.1", servername, rejectUnauthorized: false, ALPNProtocols: ["h2"] },
        () => {
          resolve(`${socket.getPeerCertificate().subject.CN} ${socket.alpnProtocol}`)
          socket.destroy()
        },
      )
      socket.on("error", reject)
    })
  expect(await shown("two.test")).toBe("two.test h2")
  expect(await shown("sub.two.test")).toBe("two.test h2")
  expect(await shown("one.test")).toBe("one.test h2")
  expect(await shown("other.test")).toBe("one.test h2")
  folder.write("one.test.crt", files["new.test.crt"] as string)
  folder.write("one.test.key", files["new.test.key"] as string)
  server.kill("SIGHUP")
  await server.printed(/\] Reloaded/)
  expect(await shown("other.test")).toBe("new.test h2")
})

test.skipIf(!isRoot)("workers run as another user, in its group, with a umask; logs are theirs", async () => {
  const folder = new Folder({ "app.js": APP() })
  // The folders of a run are for their owner alone.
  for (const path of [folder.path, dirname(folder.path)]) chmodSync(path, 0o755)
  const server = new Server(folder, [
    ...["--user", "nobody", "--group", "nogroup", "--umask", "027", "--access-log", "access.log"],
  ])
  const url = await server.ready()
  const [, , uid, gid, umask] = JSON.parse(await ask(url, "/environ")) as number[]
  expect([uid, gid, umask]).toEqual([65534, 65534, 0o027])
  expect(statSync(folder.file("access.log")).uid).toBe(65534)
  expect(statSync(`/proc/${server.pid}`).uid).toBe(0)
  expect(childrenOf(server.pid).map(({ pid }) => statSync(`/proc/${pid}`).uid)).toEqual([65534])
})

test("a pid file that names a process that runs is left alone", async () => {
  const folder = new Folder({ "app.js": APP(), pid: `${process.pid}\n` })
  const server = new Server(folder, ["--pid-file", "pid"])
  expect((await server.ended())[0]).toBe(2)
  expect(server.output).toMatch(new RegExp(`names process ${process.pid}, which runs`))
  expect(readFileSync(folder.file("pid"), "utf8")).toBe(`${process.pid}\n`)
})

const noNotify =
  spawnSync("systemd-notify", ["--version"]).error !== undefined || spawnSync("python3", ["-V"]).error !== undefined

test("a statsd server hears of requests, workers and restarts", async () => {
  const statsd = createSocket("udp4").bind(0, "127.0.0.1")
  onTestFinished(() => void statsd.close())
  await new Promise((resolve) => statsd.once("listening", resolve))
  let heard = ""
  statsd.on("message", (message) => {
    heard += `${message.toString()}\n`
  })
  const address = `127.0.0.1:${statsd.address().port}`
  const { server, url } = await start(["--workers=2", "--statsd", address, "--statsd-prefix", "shop."])
  await Promise.all(Array.from({ length: 10 }, () => ask(url)))
  await ask(url, "/throw")
  const sum = (name: string) =>
    [...heard.matchAll(new RegExp(`^${name}:(\\d+)\\|c$`, "gm"))].reduce((total, match) => total + Number(match[1]), 0)
  await expect.poll(() => [sum("shop.requests"), sum("shop.request.status.200")], WAIT).toEqual([11, 10])
  expect(heard.match(/^shop\.request\.duration:[\d.]+\|ms$/gm)).toHaveLength(11)
  expect(heard).toMatch(/^shop\.workers\.ready:2\|g$/m)
  await ask(url, "/exit")
  await expect.poll(() => sum("shop.worker.restarts"), WAIT).toBe(1)
  // The last of it goes out with the worker.
  await ask(url)
  server.kill("SIGTERM")
  await server.ended()
  await expect.poll(() => sum("shop.requests"), WAIT).toBe(12)
})

test.skipIf(noNotify)("a service manager hears of ready, reload, watchdog and stop", async () => {
  const folder = new Folder({
    "app.js": APP(),
    "manager.py": `import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify.sock")
print("bound", flush=True)
while True: print(s.recv(4096).decode().replace("\\n", " "), flush=True)`,
  })
  const manager = new Program(folder, ["manager.py"], {}, undefined, "python3")
  await manager.printed(/bound/)
  const server = new Server(folder, [], { NOTIFY_SOCKET: folder.file("notify.sock"), WATCHDOG_USEC: "600000" })
  const url = await server.ready()
  await manager.printed(/READY=1/)
  await manager.printed(/(?:WATCHDOG=1[\s\S]*){3}/)
  server.kill("SIGHUP")
  await manager.printed(/RELOADING=1 MONOTONIC_USEC=\d+[\s\S]*READY=1/)
  expect(await ask(url)).toBe("one")
  server.kill("SIGTERM")
  await manager.printed(/STOPPING=1/)
  expect(await server.ended()).toEqual([0, null])
  onTestFinished(() => void manager.kill("SIGKILL"))
})
