// Runs every benchmark of this folder, or those that are named: npm run bench, npm run bench -- hello memory

import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL(".", import.meta.url))
const NOT_ONE = new Set(["main", "harness", "bar-chart"])

const all = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))
  .filter((name) => !NOT_ONE.has(name))
// The first one is what everything else stands on.
all.sort((a, b) => Number(b === "hello") - Number(a === "hello") || a.localeCompare(b))

const names = process.argv.length > 2 ? process.argv.slice(2) : all
for (const name of names) {
  if (!existsSync(`${folder}${name}.ts`)) {
    console.error(`There is no benchmark "${name}"; there are: ${all.join(", ")}`)
    process.exit(2)
  }
  console.log(`\n=== ${name}\n`)
  const { status } = spawnSync(process.execPath, ["--import", "tsx", `${folder}${name}.ts`], { stdio: "inherit" })
  if (status !== 0) process.exitCode = 1
}
