// A project that werkstatt new has made, from the packed package: it installs, passes its tests, and starts.

import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, expect, onTestFinished, test } from "vitest"
import { sharedFolder } from "../support/files.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const folder = sharedFolder()
let tarball = ""

function run(cwd: string, program: string, ...argv: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, argv, { cwd, encoding: "utf8" })
  expect(status, `${program} ${argv.join(" ")}\n${stdout}\n${stderr}`).toBe(0)
  return stdout
}

beforeAll(() => {
  run(root, "npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", folder)
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) as string)
}, 120_000)

async function page(cwd: string, script: "dev" | "start"): Promise<string> {
  const { scripts } = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8")) as { scripts: Record<string, string> }
  const [, ...argv] = (scripts[script] as string).split(" ")
  const place = script === "dev" ? ["--port", "0"] : ["--bind", "127.0.0.1:0"]
  const child = spawn(join(cwd, "node_modules/.bin/werkstatt"), [...argv, ...place], { cwd })
  const exit = once(child, "exit")
  onTestFinished(async () => {
    child.kill("SIGKILL")
    await exit
  })
  let output = ""
  const url = await new Promise<string>((resolve, reject) => {
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
      const found = /http:\/\/(?:localhost|127\.0\.0\.1):[1-9]\d*/.exec(output)?.[0]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on("data", collect)
    child.stderr.on("data", collect)
    void exit.then(() => reject(new Error(output)))
  })
  const text = await (await fetch(url)).text()
  child.kill("SIGINT")
  expect(await exit, output).toEqual([0, null])
  return text
}

test.each([
  [[], "Hello World!"],
  [["--javascript"], "Hello World!"],
  [["--full"], "<h1>Guest book</h1>"],
  [["--full", "--javascript"], "<h1>Guest book</h1>"],
])("werkstatt new %j", { timeout: 300_000 }, async (flags, text) => {
  const name = `shop${flags.join("")}`
  run(folder, process.execPath, join(root, "dist/cli/main.js"), "new", name, ...flags)
  const cwd = join(folder, name)
  const file = join(cwd, "package.json")
  // The version that is packed here, which the registry may not have.
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(/"werkstatt": ".*?"/, `"werkstatt": ${JSON.stringify(`file:${tarball}`)}`),
  )
  run(cwd, "npm", "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund")
  run(cwd, "npm", "test")
  expect(await page(cwd, "dev")).toContain(text)
  expect(await page(cwd, "start")).toContain(text)
})
