// A CGI script is a process: these tests start one for each request, as a front server does. `npm run build` makes what they run.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { beforeAll, describe, expect, test } from "vitest"
import { sharedFolder } from "../support/files.ts"
import { parseGatewayResponse } from "../support/front-server.ts"

const folder = sharedFolder()
const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))
const adapter = pathToFileURL(fileURLToPath(new URL("../../dist/adapters/cgi.js", import.meta.url))).href

const SITE = `
console.log("noise while loading")
const text = (chunk) => new TextEncoder().encode(chunk)
const kept = setInterval(() => {}, 1000)
kept.unref()
async function* endless() { try { for (;;) yield new Uint8Array(65536) } finally { process.stderr.write("closed\\n") } }
export const app = async (environ, startResponse) => {
  console.log("noise")
  const path = environ.PATH_INFO
  const say = (body) => { startResponse("200 OK", [["Content-Type", "text/plain"]]); return [text(body)] }
  if (path === "/environ") return say(JSON.stringify(environ, (_, value) => typeof value === "bigint" ? "" : value))
  if (path === "/body") { let size = 0; for await (const chunk of environ["wsgi.input"]) size += chunk.length; return say(String(size)) }
  if (path === "/cut") return say(await environ["wsgi.input"].read().then(() => "read", (error) => error.constructor.name))
  if (path === "/fail") throw new Error("wrong")
  if (path === "/late") { startResponse("200 OK", [["Content-Length", "10"]]); return (function* () { yield text("12345"); throw new Error("late") })() }
  if (path === "/endless") { startResponse("200 OK", []); return endless() }
  if (path === "/open") { setInterval(() => {}, 100); return say("open") }
  return say(environ.SCRIPT_NAME + "|" + path)
}
export const text2 = "no application"
`

beforeAll(() => {
  writeFileSync(join(folder, "site.mjs"), SITE)
  writeFileSync(join(folder, "broken.mjs"), `throw new Error("the module's own error")`)
  writeFileSync(
    join(folder, "script.mjs"),
    `#!/usr/bin/env node\nimport { runCgi } from ${JSON.stringify(adapter)}\nimport { app } from "./site.mjs"\nawait runCgi(app)\nprocess.stderr.write("behind\\n")\n`,
  )
  chmodSync(join(folder, "script.mjs"), 0o755)
})

const VARIABLES = {
  GATEWAY_INTERFACE: "CGI/1.1",
  REQUEST_METHOD: "GET",
  SCRIPT_NAME: "/cgi-bin/site",
  QUERY_STRING: "",
  SERVER_PROTOCOL: "HTTP/1.1",
  SERVER_NAME: "a.test",
  SERVER_PORT: "80",
  REMOTE_ADDR: "192.0.2.7",
  HTTP_HOST: "a.test",
}

interface Outcome {
  code: number | null
  output: string
  errors: string
}

function start(variables: Record<string, string>, command: string[] = [process.execPath, main, "cgi", "site.mjs:app"]) {
  const [program = "", ...args] = command
  const { PATH = "", TMPDIR = "/tmp" } = process.env
  const env = { PATH, TMPDIR, SECRET: "secret", ...VARIABLES, ...variables }
  return spawn(program, args, { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] })
}

async function outcome(child: ChildProcess): Promise<Outcome> {
  let output = ""
  let errors = ""
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString("latin1")
  })
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString()
  })
  child.stdin?.on("error", () => {})
  const [code] = (await once(child, "close")) as [number | null]
  return { code, output, errors }
}

async function ask(variables: Record<string, string>, body = "", command?: string[]): Promise<Outcome> {
  const child = start(variables, command)
  const all = outcome(child)
  if (body !== "") child.stdin?.write(body)
  return all
}

const bodyOf = ({ output }: Outcome) => Buffer.from(parseGatewayResponse(output).body).toString()

describe("werkstatt cgi", () => {
  test("answers the request, and what is written to the console goes to the log", async () => {
    const answer = await ask({ PATH_INFO: "/a" })
    expect(answer.output).toBe(
      "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n\r\n/cgi-bin/site|/a",
    )
    expect([answer.code, answer.errors]).toEqual([0, "noise while loading\nnoise\n"])
  })

  test("the environ is that of one request in a process of its own, without the process's own variables", async () => {
    const environ = JSON.parse(bodyOf(await ask({ PATH_INFO: "/environ" }))) as Record<string, unknown>
    expect(environ).toMatchObject({
      "wsgi.run_once": true,
      "wsgi.multithread": false,
      "wsgi.multiprocess": true,
      SERVER_NAME: "a.test",
      REMOTE_ADDR: "192.0.2.7",
    })
    expect([environ["SECRET"], environ["PATH"]]).toEqual([undefined, undefined])
  })

  test("a body of CONTENT_LENGTH bytes is read, though the input stays open", async () => {
    const answer = await ask({ PATH_INFO: "/body", REQUEST_METHOD: "POST", CONTENT_LENGTH: "5" }, "hello, world")
    expect(bodyOf(answer)).toBe("5")
  })

  test("a body of unknown length ends with the input", async () => {
    const child = start({ PATH_INFO: "/body", REQUEST_METHOD: "POST", HTTP_TRANSFER_ENCODING: "chunked" })
    child.stdin.end("hello, world")
    expect(bodyOf(await outcome(child))).toBe("12")
  })

  test("a body that ends early is a client that has gone", async () => {
    const child = start({ PATH_INFO: "/cut", REQUEST_METHOD: "POST", CONTENT_LENGTH: "50" })
    child.stdin.end("hello")
    expect(bodyOf(await outcome(child))).toBe("ClientDisconnected")
  })

  test("an error is a 500 and in the log", async () => {
    const answer = await ask({ PATH_INFO: "/fail" })
    expect(answer.output).toMatch(/^Status: 500 Internal Server Error\r\n/)
    expect(answer.errors).toContain("Error: wrong")
  })

  test("a response that breaks off is short, and the exit code is 1", async () => {
    const answer = await ask({ PATH_INFO: "/late" })
    expect(parseGatewayResponse(answer.output).complete).toBe(false)
    expect([answer.code, answer.errors]).toEqual([1, expect.stringContaining("late")])
  })

  test("a malformed request is a 400 and a line in the log", async () => {
    const answer = await ask({ PATH_INFO: "/a", CONTENT_LENGTH: "x" })
    expect(answer.output).toMatch(/^Status: 400 Bad Request\r\n/)
    expect(answer.errors).toContain("CGI: a request was answered with 400: CONTENT_LENGTH is not a number\n")
  })

  test("a module that can't be loaded is a 500, and the log says why", async () => {
    for (const [module, reason] of [
      ["broken.mjs", "the module's own error"],
      ["gone", 'no module "gone"'],
    ] as const) {
      const answer = await ask({}, "", [process.execPath, main, "cgi", module])
      expect(answer.output).toMatch(/^Status: 500 Internal Server Error\r\n/)
      expect(answer.errors).toContain(reason)
      expect(answer.code).not.toBe(0)
    }
  })

  test("a client that leaves ends the body and the process", async () => {
    const child = start({ PATH_INFO: "/endless" })
    const all = outcome(child)
    await once(child.stdout, "data")
    child.stdout.destroy()
    expect((await all).errors).toContain("closed\n")
  })

  test("SIGTERM ends the body, and the exit code tells", async () => {
    const child = start({ PATH_INFO: "/endless" })
    const all = outcome(child)
    await once(child.stdout, "data")
    child.kill("SIGTERM")
    const { code, errors } = await all
    expect([code, errors]).toEqual([143, expect.stringContaining("closed\n")])
  })

  test("what the application has still open does not keep the process", async () => {
    const answer = await ask({ PATH_INFO: "/open" })
    expect([bodyOf(answer), answer.code]).toEqual(["open", 0])
  })

  test("words behind the module are left out: a client can choose them", async () => {
    const command = [process.execPath, main, "cgi", "--script-name", "/cgi-bin", "site.mjs:app"]
    const answer = await ask({ PATH_INFO: "/a" }, "", [...command, "/srv/script", "--help", "--env-file=/etc/passwd"])
    expect(bodyOf(answer)).toBe("/cgi-bin|/site/a")
  })

  test("without a request it says so", async () => {
    const child = spawn(process.execPath, [main, "cgi", "site.mjs:app"], { cwd: folder, env: {} })
    const answer = await outcome(child)
    expect([answer.code, answer.output]).toEqual([2, ""])
    expect(answer.errors).toMatch(/^werkstatt: There is no request: .*\n$/)
  })

  test("its help and a missing module are told", async () => {
    const help = await ask({}, "", [process.execPath, main, "cgi", "--help"])
    expect(help.output).toMatch(/^Usage: werkstatt cgi \[options\] MODULE/)
    const nothing = await ask({}, "", [process.execPath, main, "cgi"])
    expect([nothing.code, nothing.errors]).toEqual([2, expect.stringContaining("Which application?")])
  })
})

describe.runIf(process.platform === "linux")("on Linux", () => {
  test("bytes that are no UTF-8 arrive as they are", async () => {
    const program = `exec env PATH_INFO="$(printf '/environ')" HTTP_X_N="$(printf 'caf\\351')" "$0" "$@"`
    const command = ["/bin/sh", "-c", program, process.execPath, main, "cgi", "site.mjs:app"]
    const environ = JSON.parse(bodyOf(await ask({ PATH_INFO: "/\u00e9" }, "", command))) as Record<string, string>
    expect(environ["HTTP_X_N"]).toBe("caf\xe9")
  })

  test("variables of UTF-8 are Latin-1, a character for each byte", async () => {
    const answer = await ask({ PATH_INFO: "/caf\u00e9" })
    expect(parseGatewayResponse(answer.output).status).toBe("200 OK")
    expect(bodyOf(answer)).toBe("/cgi-bin/site|/caf\u00c3\u00a9")
  })

  test("a script with a shebang that calls runCgi answers, and the code behind it runs", async () => {
    const answer = await ask({ PATH_INFO: "/a" }, "", [join(folder, "script.mjs")])
    // What a module writes while it is loaded comes before runCgi: here it is not left out.
    expect(answer.output).toMatch(/^noise while loading\nStatus: 200 OK\r\n/)
    expect(answer.errors).toBe("noise\nbehind\n")
  })

  test("a script with a shebang of the command answers", async () => {
    mkdirSync(join(folder, "bin"))
    chmodSync(main, 0o755)
    symlinkSync(main, join(folder, "bin/werkstatt"))
    const script = join(folder, "site.cgi")
    writeFileSync(script, `#!/usr/bin/env -S werkstatt cgi ${join(folder, "site.mjs")}:app\n`)
    chmodSync(script, 0o755)
    const answer = await ask({ PATH_INFO: "/a", PATH: `${join(folder, "bin")}:${process.env["PATH"]}` }, "", [script])
    expect(bodyOf(answer)).toBe("/cgi-bin/site|/a")
  })
})
