// Programs around runSimple: what they print on a terminal and in a pipe, and what the options make of them.

import { spawnSync } from "node:child_process"
import { Agent, get } from "node:https"
import { describe, expect, test } from "vitest"
import { runSimple } from "../../src/serving/run-simple.ts"
import { answering, sleep } from "../support/server.ts"
import { answers, Folder, isAlive, Program, untilChildren, WAIT } from "./program.ts"

const program = (options: string, body = `return answer(environ, start)`) => `
  import { runSimple } from "werkstatt/serving"
  import { NotFound } from "werkstatt/exceptions"
  const answer = (environ, start) => {
    start(environ.PATH_INFO === "/404" ? "404 Not Found" : "200 OK", [])
    return [new TextEncoder().encode(environ.PATH_INFO)]
  }
  const app = async (environ, start) => { ${body} }
  await runSimple("127.0.0.1", 0, app, ${options})
  console.log("after")`

async function start(options: string, body?: string, env: Record<string, string> = {}) {
  const folder = new Folder({ "main.js": program(options, body) })
  const started = new Program(folder, ["main.js"], env)
  return { folder, program: started, url: await started.url() }
}

describe("what is printed", () => {
  test("in a pipe: a warning, the URL, plain lines", async () => {
    const { program, url } = await start("{ logDuration: true }")
    await fetch(`${url}/404`)
    await program.printed(/"GET \/404 HTTP\/1\.1" 404 4 \d+\.\dms\n/)
    expect(program.output).toMatch(
      /^WARNING: This is a development server, not for production\. For that there is: werkstatt serve\n/,
    )
    expect(program.output).toContain(` * Running on ${url}\nPress CTRL+C to quit\n`)
    expect(program.output).not.toContain("\x1b")
    program.kill("SIGINT")
    expect(await program.ended()).toEqual([0, null])
    expect(program.output).toMatch(/after\n$/)
  })

  test.skipIf(spawnSync("python3", ["--version"]).error)("on a terminal: colours by status", () => {
    const ask = (path: string) => `await fetch(url + "${path}", { redirect: "manual" })`
    const folder = new Folder({
      "main.js": `
        import { makeServer, runSimple } from "werkstatt/serving"
        const app = (environ, start) => {
          start({ "/303": "303 See Other", "/304": "304 Not Modified", "/404": "404 Not Found", "/400": "400 Bad Request", "/500": "500 Oops" }[environ.PATH_INFO] ?? "200 OK", [])
          return []
        }
        const server = await makeServer("127.0.0.1", 0, app)
        const url = server.url
        ${["/200", "/303", "/304", "/404", "/400", "/500"].map(ask).join(";")}
        await server.close()
        setTimeout(() => process.kill(process.pid, "SIGINT"), 300)
        await runSimple("127.0.0.1", 0, app)`,
      // A pseudo-terminal, and what comes out of it.
      "terminal.py": `import pty, sys
pty.spawn(sys.argv[1:])`,
    })
    const env = { ...process.env, TERM: "xterm" } as NodeJS.ProcessEnv
    for (const name of ["NO_COLOR", "FORCE_COLOR", "NODE_OPTIONS"]) delete env[name]
    const run = (more: Record<string, string>) =>
      spawnSync("python3", ["terminal.py", process.execPath, "main.js"], {
        cwd: folder.path,
        encoding: "utf8",
        env: { ...env, ...more },
        timeout: 30_000,
      }).stdout
    const output = run({})
    expect(output).toContain(`"GET /200 HTTP/1.1" 200`)
    for (const [path, code] of [
      ["303", "32"],
      ["304", "36"],
      ["404", "33"],
      ["400", "1;31"],
      ["500", "1;35"],
    ])
      expect(output).toContain(`"\x1b[${code}mGET /${path} HTTP/1.1\x1b[0m" ${path}`)
    expect(output).toMatch(/\x1b\[1;31mWARNING: This is a development server/)
    expect(output).toMatch(/Running on \x1b\[36mhttp:/)
    expect(run({ NO_COLOR: "1" })).not.toContain("\x1b[")
  })

  test("a format of one's own, lines of one's own, and environs that are seen and changed first", async () => {
    const { program, url } = await start(
      `{
        log: (line) => console.log("mine", line),
        formatRequest: ({ environ, code, durationMs }) => environ.PATH_INFO === "/quiet" ? undefined : environ.PATH_INFO + " " + code + " " + (durationMs >= 0),
        onRequest: (environ) => { environ.PATH_INFO += "!" },
      }`,
    )
    expect(await (await fetch(`${url}/a`)).text()).toBe("/a!")
    await program.printed(/^mine \/a! 200 true$/m)
  })

  test("an address for everyone is told with a warning", async () => {
    const folder = new Folder({ "main.js": program("{}").replace("127.0.0.1", "0.0.0.0") })
    const started = new Program(folder, ["main.js"])
    await started.printed(
      / \* WARNING: everyone in the networks of this machine can reach it\n \* Running on http:\/\/127\.0\.0\.1:/,
    )
  })

  test("with the debugger: its PIN", async () => {
    const { program } = await start("{ useDebugger: true }")
    await program.printed(/ \* The debugger is active, for development only\n \* Debugger PIN: \d{3}-\d{3}-\d{3}\n/)
  })
})

describe("threaded: false", () => {
  const body = `
    globalThis.atWork = (globalThis.atWork ?? 0) + 1
    const seen = globalThis.atWork
    await new Promise((resolve) => setTimeout(resolve, 50))
    globalThis.atWork--
    start("200 OK", [])
    return [new TextEncoder().encode(seen + " " + environ["wsgi.multithread"])]`

  test("one request is at work at a time; one whose client has left does not hold up the others", async () => {
    const { url } = await start("{ threaded: false }", body)
    const leaving = new AbortController()
    const all = Array.from({ length: 5 }, () => fetch(url).then((each) => each.text()))
    const left = fetch(url, { signal: leaving.signal }).catch(() => "left")
    await sleep(20)
    leaving.abort()
    expect(await Promise.all([...all, left])).toEqual([...Array.from({ length: 5 }, () => "1 false"), "left"])
    expect(await (await fetch(url)).text()).toBe("1 false")
  })

  test("else they interleave", async () => {
    const { url } = await start("{}", body)
    const all = await Promise.all(Array.from({ length: 5 }, () => fetch(url).then((each) => each.text())))
    expect(all.some((text) => text !== "1 true")).toBe(true)
  })
})

describe("processes", () => {
  const body = `start("200 OK", []); return [new TextEncoder().encode(process.pid + " " + environ["wsgi.multiprocess"])]`

  test("serve together, are replaced when they die, and end with the first", async () => {
    const { program, url } = await start("{ processes: 2 }", body)
    const pids = new Set<number>()
    for (const end = Date.now() + WAIT.timeout; Date.now() < end && pids.size < 2; ) {
      const [pid, multiprocess] = (await (await fetch(url, { headers: { Connection: "close" } })).text()).split(" ")
      expect(multiprocess).toBe("true")
      pids.add(Number(pid))
    }
    expect(pids.size).toBe(2)
    process.kill([...pids][0] as number, "SIGKILL")
    await program.printed(/ended \(SIGKILL\); starting another/)
    await answers(url, new RegExp(`^${[...pids][1]} `))
    const workers = await untilChildren(program.pid, 2)
    program.kill("SIGTERM")
    expect(await program.ended()).toEqual([0, null])
    expect(workers.filter(isAlive)).toEqual([])
    expect(program.output.match(/Running on/g)).toHaveLength(1)
  })

  test("end on one signal while one of them hangs; SIGHUP ends them too", async () => {
    const hang = `if (environ.PATH_INFO === "/hang") { console.log("hangs"); for (;;); }; ${body}`
    for (const signal of ["SIGTERM", "SIGHUP"] as const) {
      const { program, url } = await start("{ processes: 2, closeTimeoutMs: 100 }", hang)
      fetch(`${url}/hang`).catch(() => {})
      await program.printed(/hangs/)
      await answers(url, /^\d+ true$/)
      program.kill(signal)
      expect(await program.ended()).toEqual([0, null])
    }
  })

  test("of a program that cannot start end with its exit code, once", async () => {
    const folder = new Folder({
      "main.js": program("{ processes: 2 }").replace(
        "await runSimple",
        "if (process.send) process.exit(7)\n  await runSimple",
      ),
    })
    const started = new Program(folder, ["main.js"])
    expect(await started.ended()).toEqual([7, null])
    expect(started.output).toMatch(/Process \d+ ended \(7\) before it was ready/)
    expect(started.output).not.toMatch(/starting another/)
  })

  test("share a certificate that is made on the spot", async () => {
    const { url } = await start(`{ processes: 2, sslContext: "adhoc" }`, body)
    const ask = () =>
      new Promise<string>((resolve, reject) => {
        get(url, { rejectUnauthorized: false, agent: new Agent() }, (response) => {
          const { fingerprint256 } = (response.socket as import("node:tls").TLSSocket).getPeerCertificate()
          response.on("data", (chunk: Buffer) => resolve(`${chunk.toString().split(" ")[0]} ${fingerprint256}`))
        }).on("error", reject)
      })
    const seen = new Set<string>()
    for (const end = Date.now() + WAIT.timeout; Date.now() < end && seen.size < 2; ) seen.add(await ask())
    expect(seen.size).toBe(2)
    expect(new Set([...seen].map((each) => each.split(" ")[1])).size).toBe(1)
  })

  test.each([0, 1.5, -1])("%s are none", async (processes) => {
    await expect(runSimple("127.0.0.1", 0, answering(""), { processes })).rejects.toThrow(RangeError)
  })

  test("and the reloader do not go together", async () => {
    const options = { processes: 2, useReloader: true }
    await expect(runSimple("127.0.0.1", 0, answering(""), options)).rejects.toThrow(
      /leave out processes or useReloader/,
    )
  })
})

describe("passthroughErrors", () => {
  test.each([
    ["throw new Error('mine')", "mine"],
    [`start("200 OK", []); return (async function* () { yield new Uint8Array(1); throw new Error("late") })()`, "late"],
  ])("%s ends the process", async (body, message) => {
    const { program, url } = await start("{ passthroughErrors: true }", body)
    await fetch(url)
      .then((each) => each.text())
      .catch(() => {})
    expect(await program.ended()).toEqual([1, null])
    expect(program.output).toContain(`Error: ${message}`)
  })

  test("without it the server goes on", async () => {
    const { url } = await start("{}", "throw new Error('mine')")
    expect((await fetch(url)).status).toBe(500)
    expect((await fetch(url)).status).toBe(500)
  })
})

test("staticFiles are served before the application is asked", async () => {
  const { folder, url } = await start(`{ staticFiles: { "/static": "public" } }`)
  folder.write("public/style.css", "a {}")
  const css = await fetch(`${url}/static/style.css`)
  expect([css.headers.get("content-type"), await css.text()]).toEqual(["text/css; charset=utf-8", "a {}"])
  expect(await (await fetch(`${url}/static/none`)).text()).toBe("/static/none")
})

test("defaults listen on this machine alone", async () => {
  const { url } = await start("{}")
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0")
  const { readFileSync } = await import("node:fs")
  const listening = ["tcp", "tcp6"].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(" "))
      .filter((columns) => columns[1]?.endsWith(`:${port}`) && columns[3] === "0A")
      .map((columns) => columns[1]),
  )
  expect(listening).toEqual([`0100007F:${port}`])
})
