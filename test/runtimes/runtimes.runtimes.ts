// Applications on Bun, Deno and workerd, from npm packages: the conformance table over real sockets, streams, uploads and clients
// that leave. What a runtime can't do is the table in docs/runtimes.md, by name: `npm run test:runtimes -- -u` writes it anew.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { WebSocket } from "ws"
import { checkServer, type Problem } from "../../src/cli/conformance/check.ts"
import { checkWebSockets } from "../../src/cli/conformance/check-websockets.ts"
import { conformance } from "../../src/testing/conformance.ts"
import { websocketConformance } from "../../src/testing/conformance-websockets.ts"
import type { Outcome } from "./runner.ts"

const here = fileURLToPath(new URL(".", import.meta.url))
const page = new URL("../../docs/runtimes.md", import.meta.url)
const folder = mkdtempSync(join(tmpdir(), "werkstatt-runtimes-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Setup {
  /** As the table in the docs calls it. */
  name: string
  runtime: "bun" | "deno" | "workerd"
  entry: string
  command: (binary: string, file: string) => [string, ...string[]]
  /** Whether it is more than the conformance table: through toFetch, all of it. */
  isFetch: boolean
}

const denoRun = (binary: string, file: string): [string, ...string[]] => [binary, "run", "-A", "--no-config", file]
const setups: Setup[] = [
  { name: "Bun.serve", runtime: "bun", entry: "bun.mjs", command: (binary, file) => [binary, file], isFetch: true },
  { name: "Deno.serve", runtime: "deno", entry: "deno.mjs", command: denoRun, isFetch: true },
  {
    name: "workerd",
    runtime: "workerd",
    entry: "worker.mjs",
    command: (binary, file) => [binary, "serve", "--control-fd=1", workerConfig(file)],
    isFetch: true,
  },
  {
    name: "makeServer on Bun",
    runtime: "bun",
    entry: "node-http.mjs",
    command: (binary, file) => [binary, file],
    isFetch: false,
  },
  {
    name: "makeServer on Deno",
    runtime: "deno",
    entry: "node-http.mjs",
    command: (binary, file) => [binary, "run", "-A", file],
    isFetch: false,
  },
]

function workerConfig(file: string): string {
  const path = join(dirname(file), "config.capnp")
  writeFileSync(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed ${JSON.stringify(file.split("/").pop())})],
  compatibilityDate = "2026-07-01",
  compatibilityFlags = ["nodejs_compat"]
);
`,
  )
  return path
}

/** One file of an entry, as it is deployed. No stand-in for anything of Node. */
async function bundle(entry: string): Promise<string> {
  const outfile = join(folder, entry)
  await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*"],
    outfile,
    logLevel: "silent",
  })
  return outfile
}

interface Seen {
  chunks: number
  finally: number
  closed: number
  aborted: number
}

/** What each setup can't do, for the table. */
const failures = new Map<string, Problem[]>()
/** Undefined for one that takes no WebSockets. */
const websocketFailures = new Map<string, Problem[] | undefined>()

for (const setup of setups) {
  // Set by .ci/runtimes.mjs, which installs them.
  const binary = process.env[`WERKSTATT_TEST_${setup.runtime.toUpperCase()}`]
  describe.skipIf(binary === undefined)(setup.name, () => {
    let child: ChildProcess
    let port = 0
    const output: string[] = []

    beforeAll(async () => {
      const file = setup.isFetch ? await bundle(setup.entry) : join(here, setup.entry)
      const [command, ...args] = setup.command(binary as string, file)
      child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] })
      child.stderr?.on("data", (data) => output.push(String(data)))
      child.stdout?.on("data", (data) => output.push(String(data)))
      for (let tries = 0; port === 0 && child.exitCode === null && tries < 600; tries++) {
        await sleep(50)
        port = Number(/(?:^port |"port":)(\d+)/m.exec(output.join(""))?.[1] ?? 0)
      }
      if (port === 0) throw new Error(`${setup.name} does not serve: ${output.join("")}`)
    })
    afterAll(async () => {
      if (child?.exitCode !== null) return
      child.kill()
      await once(child, "exit")
    })

    const seen = async () => (await (await fetch(`http://127.0.0.1:${port}/seen`)).json()) as Seen

    test("fulfils the conformance table, but for what is documented", async () => {
      const problems = await checkServer({ hostname: "127.0.0.1", port, isSecure: false, timeoutMs: 2000 })
      failures.set(setup.name, problems)
      expect(problems.length).toBeLessThan(conformance.length / 5)
    })

    test("fulfils the table of WebSockets, but for what is documented", async () => {
      const problems = await checkWebSockets({ hostname: "127.0.0.1", port, isSecure: false, timeoutMs: 2000 })
      websocketFailures.set(setup.name, problems)
      if (setup.isFetch) expect(problems?.length).toBeLessThan(websocketConformance.length / 5)
    })

    // Workers can't tell how much waits.
    test.runIf(setup.isFetch && setup.runtime !== "workerd")(
      "is held back by the client of a WebSocket that does not read, and ends when it leaves",
      async () => {
        const before = await seen()
        const socket = new WebSocket(`ws://127.0.0.1:${port}/flood`)
        await once(socket, "open")
        socket.pause()
        let chunks = -1
        for (let tries = 0; tries < 100; tries++) {
          await sleep(200)
          const now = (await seen()).chunks - before.chunks
          if (now === chunks) break
          chunks = now
        }
        expect(chunks * 64 * 1024).toBeLessThan(64 * 1024 * 1024)
        socket.terminate()
        let after = await seen()
        for (let tries = 0; after.closed === before.closed && tries < 200; tries++) {
          await sleep(50)
          after = await seen()
        }
        expect(after.closed - before.closed).toBe(1)
      },
    )

    test.runIf(setup.isFetch)("closes with 1008 on a client that sends faster than the application reads", async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/deaf`)
      await once(socket, "open")
      const closed = once(socket, "close")
      for (let i = 0; i < 100; i++) socket.send(Buffer.alloc(64 * 1024))
      // Deno closes the connection on bytes that it has not read, which resets it: the close frame may be lost on the way.
      expect(setup.runtime === "deno" ? [1008, 1006] : [1008]).toContain((await closed)[0])
    })

    test.runIf(setup.isFetch)("sends events as they come, and closes the body when the client leaves", async () => {
      const before = await seen()
      const socket = connect({ port, host: "127.0.0.1" })
      socket.on("error", () => {})
      socket.write("GET /events HTTP/1.1\r\nHost: h\r\n\r\n")
      let text = ""
      for await (const chunk of socket) {
        text += String(chunk)
        if (text.includes("data: 3")) break
      }
      socket.destroy()
      let after = await seen()
      for (let tries = 0; after.closed === before.closed && tries < 200; tries++) {
        await sleep(50)
        after = await seen()
      }
      expect([after.finally - before.finally, after.closed - before.closed]).toEqual([1, 1])
    })

    test.runIf(setup.isFetch)("is held back by a client that does not read, and ends when it leaves", async () => {
      const before = await seen()
      const socket = connect({ port, host: "127.0.0.1" })
      socket.on("error", () => {})
      socket.write("GET /chunks HTTP/1.1\r\nHost: h\r\n\r\n")
      await once(socket, "readable")
      // Until the number does not grow any more.
      let chunks = -1
      for (let tries = 0; tries < 100; tries++) {
        await sleep(200)
        const now = (await seen()).chunks - before.chunks
        if (now === chunks) break
        chunks = now
      }
      expect(chunks * 64 * 1024).toBeLessThan(64 * 1024 * 1024)
      socket.destroy()
      let after = await seen()
      for (let tries = 0; after.closed === before.closed && tries < 200; tries++) {
        await sleep(50)
        after = await seen()
      }
      expect([after.finally - before.finally, after.closed - before.closed]).toEqual([1, 1])
    })

    test.runIf(setup.isFetch)("takes an upload of 50 MB, with a length and in chunks", async () => {
      for (const headers of [{ "Content-Length": String(50 * 1024 * 1024) }, {}]) {
        const outgoing = httpRequest({ port, host: "127.0.0.1", method: "POST", path: "/upload", headers })
        const answered = once(outgoing, "response")
        for (let count = 0; count < 50; count++) {
          if (!outgoing.write(Buffer.alloc(1024 * 1024))) await once(outgoing, "drain")
        }
        outgoing.end()
        const [response] = await answered
        let text = ""
        for await (const chunk of response) text += chunk
        expect(text).toBe(String(50 * 1024 * 1024))
      }
    })

    test.runIf(setup.isFetch && setup.runtime !== "workerd")("knows the address of its client", async () => {
      expect(await (await fetch(`http://127.0.0.1:${port}/address`)).text()).toBe("127.0.0.1")
    })

    test("says nothing of errors but of the responses that had to be broken off", () => {
      const lines = output.join("").split("\n")
      expect(
        lines.filter((line) => /error|exception/i.test(line) && !line.includes("the response was broken off")),
      ).toEqual([])
    })
  })
}

describe.each([
  ["bun", (binary: string): [string, ...string[]] => [binary]],
  ["deno", (binary: string): [string, ...string[]] => [binary, "run", "-A"]],
] as const)("runSimple on %s", (runtime, command) => {
  const binary = process.env[`WERKSTATT_TEST_${runtime.toUpperCase()}`]
  const start = (...own: string[]) => {
    const [file, ...args] = command(binary as string)
    const child = spawn(file, [...args, join(here, "run-simple.mjs"), ...own], { stdio: ["ignore", "pipe", "pipe"] })
    let text = ""
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data) => {
        text += String(data)
      })
    return { child, output: () => text }
  }

  test.skipIf(binary === undefined)("serves", async () => {
    const { child, output } = start("0")
    for (let tries = 0; !/127\.0\.0\.1:\d+/.test(output()) && tries < 600; tries++) await sleep(50)
    const port = /127\.0\.0\.1:(\d+)/.exec(output())?.[1]
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("served by runSimple")
    child.kill("SIGKILL")
    await once(child, "exit")
  })

  test.skipIf(binary === undefined)("refuses the reloader with a sentence", async () => {
    const { child, output } = start("0", "reloader")
    await once(child, "exit")
    expect(output()).toContain("the reloader of runSimple needs Node")
  })
})

// ---- The tests of what is to run everywhere

const ROOMS = ["wrappers", "forms", "routing"]
/** Tests of sockets, files and processes, which not every runtime has, and of vitest's own means. */
const NOT_EVERYWHERE =
  /from "node:(?:fs|fs\/promises|child_process|net|url|os|stream|events)"|from "busboy"|forms\/busboy|support\/server|import \{[^}]*\bvi\b[^}]*\} from "vitest"/

/** What is measured on Node: the clocks of other runtimes are coarse, that of workerd stands still. */
const MEASURED = /is linear|not faster|grows/

/** What is otherwise there, by the names of tests. */
const KNOWN: Record<string, RegExp> = {
  bun: /takes files of the platform with their name, type and size/,
  deno: /^$/,
  // There are no files.
  workerd: /Chromium|cut at every byte/,
}

/** All those tests in one file, with a runner in the place of vitest. */
async function bundleTests(name: string, ending: string): Promise<string> {
  const test = join(here, "..")
  const files = ROOMS.flatMap((room) => readdirSync(join(test, room)).map((file) => join(test, room, file)))
  const portable = files.filter((file) => file.endsWith(".test.ts") && !NOT_EVERYWHERE.test(readFileSync(file, "utf8")))
  expect(portable.length).toBeGreaterThan(20)
  const imports = portable.map((file) => `import ${JSON.stringify(file)}`).join("\n")
  const outfile = join(folder, "tests", name)
  await build({
    stdin: {
      contents: `${imports}\nimport { runAll } from ${JSON.stringify(join(here, "runner.ts"))}\n${ending}`,
      resolveDir: here,
    },
    bundle: true,
    format: "esm",
    target: "es2023",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*"],
    // mime-types, a package of CommonJS, asks for it.
    alias: { vitest: join(here, "runner.ts"), path: "node:path" },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire("file:///tests.js");' },
    // package.json says that modules have no effect but their exports; those of tests have.
    ignoreAnnotations: true,
    keepNames: true,
    outfile,
    logLevel: "silent",
  })
  return outfile
}

function judge(runtime: string, outcome: Outcome): void {
  const unexpected = outcome.failed.filter(({ name }) => !KNOWN[runtime]?.test(name))
  expect(unexpected).toEqual([])
  expect(outcome.passed).toBeGreaterThan(800)
}

describe("the tests of wrappers, forms and routing", () => {
  beforeAll(() => symlinkSync(join(here, "../fixtures"), join(folder, "fixtures")))

  test.each(["bun", "deno"] as const)("pass on %s", async (runtime) => {
    const binary = process.env[`WERKSTATT_TEST_${runtime.toUpperCase()}`]
    if (binary === undefined) return
    const file = await bundleTests(`${runtime}.mjs`, `console.log(JSON.stringify(await runAll(${MEASURED})))`)
    const args = runtime === "bun" ? [file] : ["run", "-A", "--no-config", file]
    const child = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] })
    let text = ""
    for await (const chunk of child.stdout) text += chunk
    judge(runtime, JSON.parse(text.trim().split("\n").at(-1) ?? "") as Outcome)
  })

  test("pass on workerd", async () => {
    const binary = process.env["WERKSTATT_TEST_WORKERD"]
    if (binary === undefined) return
    const file = await bundleTests(
      "workerd.mjs",
      `export default { fetch: async () => new Response(JSON.stringify(await runAll(${MEASURED}))) }`,
    )
    const child = spawn(binary, ["serve", "--control-fd=1", workerConfig(file)], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    let text = ""
    child.stdout.on("data", (data) => {
      text += String(data)
    })
    while (!text.includes('"port":') && child.exitCode === null) await sleep(50)
    const port = /"port":(\d+)/.exec(text)?.[1]
    const outcome = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Outcome
    child.kill()
    await once(child, "exit")
    judge("workerd", outcome)
  })
})

/** Which cases are not fulfilled by all, and by whom they are. */
function tableOf(
  cases: readonly (readonly [string, ...unknown[]])[],
  found: Map<string, Problem[] | undefined>,
): string {
  const columns = setups.map(({ name }) => name)
  const fails = (setup: string, name: string) => found.get(setup)?.some((each) => each.name === name) === true
  const names = cases.map(([name]) => name).filter((name) => columns.some((setup) => fails(setup, name)))
  const sum = (setup: string) => cases.length - (found.get(setup)?.length ?? cases.length)
  return [
    `| case | ${columns.join(" | ")} |`,
    `| --- | ${columns.map(() => "---").join(" | ")} |`,
    ...names.map((name) => `| ${name} | ${columns.map((setup) => (fails(setup, name) ? "no" : "yes")).join(" | ")} |`),
    `| fulfilled, of ${cases.length} | ${columns.map(sum).join(" | ")} |`,
  ].join("\n")
}

test("docs/runtimes.md tells what each runtime can't do", async () => {
  let text = readFileSync(page, "utf8")
  const put = (mark: string, table: string) => {
    text = text.replace(new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*?(<!-- end of ${mark} -->)`), `$1${table}\n$2`)
  }
  put("cases", tableOf(conformance, failures))
  put("cases of WebSockets", tableOf(websocketConformance, websocketFailures))
  // Only a run with all runtimes can say it.
  if (failures.size === setups.length) await expect(text).toMatchFileSnapshot(fileURLToPath(page))
})

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
