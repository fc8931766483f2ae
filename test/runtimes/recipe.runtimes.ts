// docs/recipes/other-runtimes.md on the runtimes themselves.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"
import { describe, expect, onTestFinished, test } from "vitest"
import { recipe } from "../recipes/recipe.ts"

const { commands, folder } = recipe("other-runtimes")

/** Set by .ci/runtimes.mjs, which installs them. */
const binaryOf = (name: string) => process.env[`WERKSTATT_TEST_${name.toUpperCase()}`]

/** Starts a program until the test is over; gives where it serves. */
async function start(program: string, args: string[]): Promise<string> {
  const environ = { ...process.env, PORT: "0", COLOUR: "teal" }
  const child = spawn(program, args, { cwd: folder, env: environ, stdio: ["ignore", "pipe", "pipe"] })
  const exit = once(child, "exit")
  onTestFinished(async () => {
    if (child.exitCode === null) child.kill()
    await exit
  })
  return new Promise((resolve, reject) => {
    let output = ""
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
      const [, url, port] = /(http:\/\/127\.0\.0\.1:\d+)|"port":(\d+)/.exec(output) ?? []
      if (url !== undefined || port !== undefined) resolve(url ?? `http://127.0.0.1:${port}`)
    }
    child.stdout.on("data", collect)
    child.stderr.on("data", collect)
    void exit.then(() => reject(new Error(`${program} has ended:\n${output}`)))
  })
}

/** What wrangler makes of the files, for workerd, which is what it runs. */
async function worker(): Promise<string[]> {
  await build({
    entryPoints: [join(folder, "worker.js")],
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["node:*"],
    outfile: join(folder, "bundle.js"),
    logLevel: "silent",
  })
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "bundle.js")],
  bindings = [(name = "COLOUR", text = "teal")],
  compatibilityDate = "2026-07-01",
  compatibilityFlags = ["nodejs_compat"]
);
`,
  )
  return ["serve", "--control-fd=1", "config.capnp"]
}

const argsOf = async (name: string) =>
  name === "workerd" ? worker() : (commands.find((each) => each.startsWith(`${name} `)) as string).split(" ").slice(1)

describe.each(["bun", "deno", "workerd"])("%s", (name) => {
  test.skipIf(binaryOf(name) === undefined)("runs the application of the page", async () => {
    const url = await start(binaryOf(name) as string, await argsOf(name))
    const hello = await fetch(`${url}/?name=Ada`, { headers: { "CF-Connecting-IP": "127.0.0.1" } })
    expect(await hello.text()).toBe("Hello Ada, from 127.0.0.1")
    const headers = { "Content-Type": "application/json" }
    const echo = await fetch(`${url}/echo`, { method: "POST", body: '{"a":[1]}', headers })
    expect(await echo.json()).toEqual({ a: [1] })
    expect((await fetch(`${url}/echo`, { method: "POST", body: "{", headers })).status).toBe(400)
    expect(await (await fetch(`${url}/settings/COLOUR`)).text()).toBe("teal")
    expect((await fetch(`${url}/settings/NONE`)).status).toBe(404)
  })
})
