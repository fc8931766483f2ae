// The recipes of docs/deploying-*.md: what a program reads is given to that program, what names a command has that command run.
// Where a program is missing, its tests are skipped and say so.

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DockerfileParser } from "dockerfile-ast"
import { describe, expect, onTestFinished, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { generateAdhocSslPair } from "../../../src/serving/tls.ts"
import { command, Folder, isAlive, Program, WAIT } from "../program.ts"
import { keepAsking } from "./keep-alive-client.ts"
import { APP, ask } from "./server.ts"

const root = new URL("../../../", import.meta.url).pathname

/** The blocks of a page in a language. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(`${root}docs/deploying-${page}.md`, "utf8")
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] as string)
}

function block(page: string, language: string): string {
  const [found, ...more] = blocks(page, language)
  expect([typeof found, more.length]).toEqual(["string", 0])
  return found as string
}

/** The arguments behind `serve` in a line of a page's shell commands. */
function serveArgs(page: string): string[] {
  const line = block(page, "sh")
    .split("\n")
    .find((each) => each.startsWith("werkstatt serve "))
  return (line as string).split(" ").slice(2)
}

function has(program: string, ...args: string[]): boolean {
  const isThere = spawnSync(program, args).error === undefined
  if (!isThere) console.warn(`${program} is not installed: its recipe is not tested`)
  return isThere
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as import("node:net").AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** An application that tells what proxyFix has made of the request. */
const BEHIND = (word = "one") => `
  import { proxyFix } from "werkstatt/middleware"
  export const app = proxyFix(async (environ, start) => {
    if (environ.PATH_INFO === "/slow") await new Promise((resolve) => setTimeout(resolve, 20))
    start("200 OK", [["Content-Type", "text/plain"]])
    const told = [environ.REMOTE_ADDR, environ["wsgi.url_scheme"], environ.HTTP_HOST, ${JSON.stringify(word)}]
    return [new TextEncoder().encode(environ.PATH_INFO === "/slow" ? "slow" : told.join(" "))]
  }, { for: 1, proto: 1 })
`

describe.skipIf(!has("nginx", "-v"))("nginx", () => {
  test("passes requests on, and none fails while the server reloads", async () => {
    // A path that nginx takes without quotes.
    const outer = mkdtempSync(join(tmpdir(), "recipe-"))
    const folder = new Folder({ "main.js": BEHIND(), "static/a.txt": "static" })
    onTestFinished(() => rmSync(outer, { recursive: true, force: true }))
    symlinkSync(folder.path, join(outer, "site"))
    const { cert, key } = await generateAdhocSslPair("site.example")
    folder.write("site.crt", cert)
    folder.write("site.key", key)
    const port = await freePort()
    const server = block("nginx", "nginx")
      .replaceAll("/run/site/", `${outer}/site/`)
      .replaceAll("/srv/site/", `${outer}/site/`)
      .replaceAll("/etc/ssl/", `${outer}/site/`)
      .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl; listen 127.0.0.1:${port + 1}`)
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${outer}/${name};`,
    )
    folder.write(
      "nginx.conf",
      `user root; daemon off; pid ${outer}/pid; error_log ${outer}/error.log;
       events { worker_connections 256; } http { access_log off; ${temporary.join(" ")} ${server} }`,
    )
    const args = serveArgs("nginx").map((arg) => arg.replace("/run/site/", ""))
    const isRoot = process.getuid?.() === 0
    const owner = args.indexOf("--socket-owner")
    if (!isRoot || spawnSync("id", ["-g", "www-data"]).status !== 0) args.splice(owner, 2)
    const own = new Program(folder, [command, "serve", ...args, "--workers", "2"])
    await own.printed(/\] Ready, with/)

    const conf = join(outer, "site/nginx.conf")
    const nginx: ChildProcess = spawn("nginx", ["-p", outer, "-c", conf, "-e", `${outer}/error.log`], {
      stdio: "ignore",
    })
    onTestFinished(async () => {
      nginx.kill("SIGTERM")
      if (nginx.exitCode === null) await new Promise((resolve) => nginx.once("exit", resolve))
    })
    const plain = `http://127.0.0.1:${port + 1}`
    await expect.poll(() => ask(plain), WAIT).toBe(`127.0.0.1 http 127.0.0.1:${port + 1} one`)
    const { stdout } = spawnSync("curl", ["-sk", "-H", "Host: site.example", `https://127.0.0.1:${port}/x`], {
      encoding: "utf8",
    })
    if (stdout !== "") expect(stdout).toBe("127.0.0.1 https site.example one")
    expect(await ask(plain, "/static/a.txt")).toBe("static")

    const stop = keepAsking(plain, { clients: 8, path: "/slow", pauseMs: (client) => client * 10 })
    for (const word of ["two", "three"]) {
      folder.write("main.js", BEHIND(word))
      own.kill("SIGHUP")
      await expect.poll(() => ask(plain), WAIT).toMatch(new RegExp(`${word}$`))
    }
    const { answered, failed } = await stop()
    expect(failed).toEqual([])
    expect(answered).toBeGreaterThan(50)
  })
})

describe.skipIf(!has("haproxy", "-v"))("HAProxy", () => {
  test("takes the configuration", () => {
    const folder = new Folder({ "haproxy.cfg": block("haproxy", "haproxy") })
    const { status, stdout, stderr } = spawnSync("haproxy", ["-c", "-f", "haproxy.cfg"], {
      cwd: folder.path,
      encoding: "utf8",
    })
    expect([status, stderr.match(/WARNING|ALERT/g)], stdout + stderr).toEqual([0, null])
  })

  test("is waited for: the drain delay is longer than what its checks take", () => {
    const [, interval, fall] = /inter (\d+)ms fall (\d+)/.exec(block("haproxy", "haproxy")) as unknown as string[]
    const delay = /--drain-delay (\d+)s/.exec(block("haproxy", "sh"))?.[1]
    expect(Number(delay) * 1000).toBeGreaterThan(Number(interval) * Number(fall))
  })
})

/** Runs the arguments of a recipe on ports of our own, in a folder with main.js; gives what it prints of its settings too. */
function printedConfig(args: readonly string[], folder: Folder): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [command, ...args, "--print-config"], {
    cwd: folder.path,
    encoding: "utf8",
  })
  expect([status, stderr]).toEqual([0, ""])
  return stdout
}

interface Manifest {
  kind: string
  spec: {
    selector: Record<string, unknown>
    ports: { targetPort: string }[]
    template: {
      metadata: { labels: Record<string, string> }
      spec: {
        terminationGracePeriodSeconds: number
        containers: {
          args: string[]
          ports: { name: string; containerPort: number }[]
          startupProbe: Probe
          readinessProbe: Probe
          livenessProbe: Probe
        }[]
      }
    }
  }
}

interface Probe {
  httpGet: { path: string; port: string }
}

test("Kubernetes: the manifest is YAML, its command runs, and its probes are answered", async () => {
  const documents = parseAllDocuments(block("kubernetes", "yaml"), { strict: true })
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
  const [deployment, service] = documents.map((each) => each.toJS() as Manifest) as [Manifest, Manifest]
  expect([deployment.kind, service.kind]).toEqual(["Deployment", "Service"])
  const { metadata, spec } = deployment.spec.template
  expect(service.spec.selector).toEqual(metadata.labels)
  const [container] = spec.containers
  const { args = [], ports = [], startupProbe, readinessProbe, livenessProbe } = container ?? {}
  const portOf = (name: string) => ports.find((each) => each.name === name)?.containerPort
  expect(portOf(service.spec.ports[0]?.targetPort ?? "")).toBe(8080)

  const folder = new Folder({ "main.js": APP() })
  const config = printedConfig(args, folder)
  const setting = (name: string) => Number(new RegExp(`^${name} = (\\d+) `, "m").exec(config)?.[1])
  const needed = (setting("drainDelayMs") + setting("gracefulTimeoutMs")) / 1000
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(needed)

  const here = args.map((arg) => arg.replace(/^(--(?:status-)?bind)=:\d+$/, "$1=127.0.0.1:0").replace("=5s", "=100ms"))
  const program = new Program(folder, [command, ...here])
  await program.printed(/\] Ready, with/)
  const [, status] = (await program.printed(/Status on (\S+)/)) as unknown as [string, string]
  for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
    expect(portOf(probe?.httpGet.port ?? "")).toBe(9000)
    expect(await ask(status, probe?.httpGet.path)).toBe("ok\n")
  }
  program.kill("SIGTERM")
  expect(await program.ended()).toEqual([0, null])
})

test("a container: the file parses, its paths are there, and its command runs", async () => {
  const file = DockerfileParser.parse(block("container", "dockerfile"))
  const instructions = file.getInstructions().map((each) => [each.getKeyword(), each.getArgumentsContent() ?? ""])
  const argumentsOf = (keyword: string) =>
    instructions.filter(([name]) => name === keyword).map(([, text]) => text as string)
  expect(argumentsOf("FROM")).toEqual(["node:24-slim AS build", "node:24-slim"])
  expect(argumentsOf("USER")).toEqual(["node"])
  expect(argumentsOf("COPY").at(-1)).toBe("/srv /srv")
  const [entry] = argumentsOf("ENTRYPOINT").map((text) => JSON.parse(text) as string[])
  const [cmd = []] = argumentsOf("CMD").map((text) => JSON.parse(text) as string[])
  expect(entry?.[0]).toBe("node")
  expect(argumentsOf("STOPSIGNAL")).toEqual(["SIGTERM"])
  const folder = new Folder({ "main.js": APP() })
  expect(existsSync(folder.file(entry?.[1] ?? "none"))).toBe(true)
  expect(printedConfig(cmd, folder)).toMatch(/bind = \[":8080"\]/)
  const program = new Program(folder, [entry?.[1] as string, ...cmd.map((arg) => arg.replace(/^:\d+$/, "127.0.0.1:0"))])
  await program.printed(/\] Ready, with 2/)
  program.kill("SIGTERM")
  expect(await program.ended()).toEqual([0, null])
})

describe("systemd", () => {
  test.skipIf(!has("systemd-analyze", "--version"))("takes the units", () => {
    const [service, socket] = blocks("systemd", "ini") as [string, string]
    const folder = mkdtempSync(join(tmpdir(), "units-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const here = service.replaceAll("/usr/bin/node", process.execPath).replaceAll("/srv/site", folder)
    const units = new Folder({ "site.service": here, "site.socket": socket })
    // Paths of units have no spaces.
    symlinkSync(units.path, join(folder, "units"))
    const { status, stderr } = spawnSync(
      "systemd-analyze",
      ["verify", "--man=no", "--recursive-errors=no", "./site.service", "./site.socket"],
      { cwd: join(folder, "units"), encoding: "utf8" },
    )
    const about = stderr.split("\n").filter((line) => /site\.(?:service|socket)/.test(line))
    expect([status, about], stderr).toEqual([0, []])
  })

  test("runs the command with the sockets of the unit", async () => {
    const [service, socket] = blocks("systemd", "ini") as [string, string]
    const [, script = "", ...args] = (/^ExecStart=(.*)$/m.exec(service)?.[1] ?? "").split(" ")
    expect(script.endsWith("/node_modules/werkstatt/dist/cli/main.js")).toBe(true)
    expect(socket).toMatch(/^ListenStream=\d+$/m)
    expect(service).toMatch(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m)
    const folder = new Folder({
      "main.js": APP(),
      "activate.py": `import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(50)
print("port", s.getsockname()[1], flush=True)
if s.fileno() != 3: os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])`,
    })
    const program = new Program(folder, ["activate.py", process.execPath, command, ...args], {}, undefined, "python3")
    const [, port] = (await program.printed(/port (\d+)/)) as unknown as [string, string]
    await program.printed(/\] Ready, with/)
    expect(program.output.match(/Listening on/g)).toHaveLength(1)
    expect(await ask(`http://127.0.0.1:${port}`)).toBe("one")
    program.kill("SIGHUP")
    await program.printed(/\] Reloaded/)
    program.kill("SIGTERM")
    expect(await program.ended()).toEqual([0, null])
  })
})

const ownPm2 = join(root, "bench/node_modules/.bin/pm2")
const pm2 = existsSync(ownPm2) ? ownPm2 : "pm2"

describe("PM2", () => {
  test.skipIf(!existsSync(ownPm2) && !has("pm2", "--version"))(
    "keeps the master, reloads it by HUP, and lets it finish",
    async () => {
      const home = mkdtempSync(join(tmpdir(), "pm2-"))
      const port = await freePort()
      const folder = new Folder({
        "main.js": APP(),
        "ecosystem.config.cjs": block("pm2", "js").replace("127.0.0.1:8080", `127.0.0.1:${port}`),
      })
      const lines = block("pm2", "sh").split("\n")
      const [, name, signal] = /^export (\w+)=(\w+)/.exec(lines[0] as string) as unknown as [string, string, string]
      const env = { ...process.env, PM2_HOME: home, [name]: signal }
      const run = (line: string) => {
        const args = (line.split("#")[0] as string).trim().split(/\s+/).slice(1)
        return spawnSync(pm2, args, { cwd: folder.path, env, encoding: "utf8", timeout: 60_000 })
      }
      onTestFinished(() => {
        run("pm2 kill")
        rmSync(home, { recursive: true, force: true, maxRetries: 3 })
      })
      const started = run(lines[1] as string)
      // Started means ready: it has waited.
      expect(await ask(`http://127.0.0.1:${port}`), started.stdout + started.stderr).toBe("one")
      folder.write("main.js", APP("two"))
      run(lines[2] as string)
      await expect.poll(() => ask(`http://127.0.0.1:${port}`), WAIT).toBe("two")
      const [{ pid }] = JSON.parse(run("pm2 jlist").stdout) as [{ pid: number }]
      const slow = ask(`http://127.0.0.1:${port}`, "/slow/1500")
      await new Promise((resolve) => setTimeout(resolve, 500))
      run(lines[3] as string)
      expect(await slow).toBe("two")
      await expect.poll(() => isAlive(pid), WAIT).toBe(false)
    },
  )
})

test("each recipe has a line in the list of docs/deploying.md", () => {
  const text = readFileSync(`${root}docs/deploying.md`, "utf8")
  for (const page of ["nginx", "haproxy", "kubernetes", "systemd", "container", "pm2", "several-machines"]) {
    expect(text).toContain(`(deploying-${page}.md)`)
    expect(existsSync(`${root}docs/deploying-${page}.md`)).toBe(true)
  }
})
