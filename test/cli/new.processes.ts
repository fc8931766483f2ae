// A project that werkstatt new has made, from the packed package: it installs, passes its tests, and starts.

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, onTestFinished, test } from "vitest"
import { command, Program } from "../serving/program.ts"
import { sharedFolder } from "../support/files.ts"
import { packPackage, runProgram } from "../support/packed-package.ts"

const folder = sharedFolder()
let tarball = ""

beforeAll(() => {
  tarball = packPackage(folder)
}, 120_000)

async function page(cwd: string, script: "dev" | "start"): Promise<string> {
  const { scripts } = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8")) as { scripts: Record<string, string> }
  const [, ...argv] = (scripts[script] as string).split(" ")
  const place = script === "dev" ? ["--port", "0"] : ["--bind", "127.0.0.1:0"]
  const server = new Program(
    { path: cwd },
    [...argv, ...place],
    {},
    onTestFinished,
    join(cwd, "node_modules/.bin/werkstatt"),
  )
  const [url] = await server.printed(/http:\/\/(?:localhost|127\.0\.0\.1):[1-9]\d*/)
  const text = await (await fetch(url)).text()
  server.kill("SIGINT")
  expect(await server.ended(), server.output).toEqual([0, null])
  return text
}

test.each([
  [[], "Hello World!"],
  [["--javascript"], "Hello World!"],
  [["--full"], "<h1>Guest book</h1>"],
  [["--full", "--javascript"], "<h1>Guest book</h1>"],
])("werkstatt new %j", { timeout: 300_000 }, async (flags, text) => {
  const name = `shop${flags.join("")}`
  runProgram(process.execPath, [command, "new", name, ...flags], folder)
  const cwd = join(folder, name)
  const file = join(cwd, "package.json")
  // The version that is packed here, which the registry may not have.
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(/"werkstatt": ".*?"/, `"werkstatt": ${JSON.stringify(`file:${tarball}`)}`),
  )
  runProgram("npm", ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"], cwd)
  runProgram("npm", ["test"], cwd)
  expect(await page(cwd, "dev")).toContain(text)
  expect(await page(cwd, "start")).toContain(text)
})
