// `werkstatt serve` in a few seconds: that it serves, reloads and ends, and says what is wrong. Every signal and setting has its tests
// in the files *.serve.ts beside this one: npm run test:serve

import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { command, Folder, isAlive, untilChildren } from "../program.ts"
import { APP, ask, pids, Server } from "./server.ts"

test("workers share the connections, take new code without losing a request, and end with the server", async () => {
  const folder = new Folder({ "app.js": APP() })
  const args = ["--workers=2", "--bind=127.0.0.1:0", "--bind=unix:a.sock", "--access-log=access.log"]
  const server = new Server(folder, [...args, "--status-bind=127.0.0.1:0"])
  const url = await server.ready()
  const workers = await untilChildren(server.pid, 2)
  expect(await pids(url)).toEqual([...workers].sort())
  expect(await ask("", "/", { socketPath: folder.file("a.sock") })).toBe("one")
  folder.write("app.js", APP("two"))
  const slow = ask(url, "/slow/1000")
  server.kill("SIGHUP")
  await server.printed(/\] Reloaded/)
  expect([await ask(url), await slow]).toEqual(["two", "one"])
  const status = await server.status()
  expect([await ask(status, "/-/ready"), await ask(status, "/metrics")]).toEqual([
    "ok\n",
    expect.stringMatching(/^werkstatt_workers_ready 2$/m),
  ])
  server.kill("SIGTERM")
  expect(await server.ended()).toEqual([0, null])
  expect(workers.filter(isAlive)).toEqual([])
  const lines = readFileSync(folder.file("access.log"), "utf8").trim().split("\n")
  expect(lines).toHaveLength(8 + 1 + 2)
  expect(lines[0]).toMatch(/^127\.0\.0\.1 - - \[.*\] "GET \/pid HTTP\/1\.1" 200 \d+ "-" "-"$/)
})

test("a program that cannot start ends the server with its exit code, and its error", async () => {
  const folder = new Folder({ "app.js": "throw new Error('not today')" })
  const server = new Server(folder)
  expect(await server.ended()).toEqual([1, null])
  expect(server.output).toMatch(/before it was ready: Error: not today/)
})

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s ends a server whose workers are not ready yet, with 0",
  async (signal) => {
    const folder = new Folder({ "app.js": `await new Promise((resolve) => setTimeout(resolve, 60_000))` })
    const server = new Server(folder)
    await server.printed(/Listening/)
    server.kill(signal)
    expect(await server.ended()).toEqual([0, null])
  },
)

test("a taken port is one sentence and exit code 1", async () => {
  const taken = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => taken.once("listening", resolve))
  onTestFinished(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  const server = new Server(new Folder({ "app.js": APP() }), ["--bind", `127.0.0.1:${port}`])
  expect(await server.ended()).toEqual([1, null])
  expect(server.output).toMatch(/werkstatt: Port \d+ on 127\.0\.0\.1 is in use by another program/)
})

test("flags count before variables, variables before the file, the file before defaults", () => {
  const folder = new Folder({
    "werkstatt.config.js": `export default { workers: 3, timeoutMs: 5000, gracefulTimeoutMs: 7000, maxMemoryBytes: 1024, bind: ["127.0.0.1:1"] }`,
  })
  const print = (args: string[], env: Record<string, string>) =>
    spawnSync(process.execPath, [command, "serve", "app.js", "--print-config", ...args], {
      cwd: folder.path,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], ...env },
    })
  const variables = { WERKSTATT_GRACEFUL_TIMEOUT: "2m", WEB_CONCURRENCY: "4", WERKSTATT_BIND: ":1,:2" }
  const { stdout, stderr, status } = print(["--timeout", "1.5s"], variables)
  expect([stderr, status]).toEqual(["", 0])
  expect(stdout).toContain(`timeoutMs = 1500  (flag)\n`)
  expect(stdout).toContain(`gracefulTimeoutMs = 120000  (variable)\n`)
  expect(stdout).toContain(`workers = "4"  (variable)\n`)
  expect(stdout).toContain(`maxMemoryBytes = 1024  (file)\n`)
  expect(stdout).toContain(`bind = [":1",":2"]  (variable)\n`)
  expect(stdout).toContain(`bootTimeoutMs = 60000  (default)\n`)
  expect(print([], { PORT: "8080" }).stdout).toContain(`bind = [":8080"]  (variable)\n`)
})
