// Runs the tests on other versions of Node, which come as packages of the registry: npm run test:nodes
//   node .ci/nodes.mjs [MAJOR ...]

import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const majors = process.argv.length > 2 ? process.argv.slice(2) : ["22", "24", "26"]
const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`

for (const major of majors) {
  const folder = join(tmpdir(), `werkstatt-node-${major}`)
  const binary = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node")
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "package.json"), "{}")
    spawnSync("npm", ["install", "--ignore-scripts", "--silent", `${name}@${major}`], { cwd: folder, stdio: "inherit" })
  }
  if (!existsSync(binary)) {
    console.log(`Node ${major}: no package for this machine, skipped`)
    continue
  }
  console.log(`\n== Node ${spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.trim()}`)
  const { status } = spawnSync(binary, ["node_modules/vitest/vitest.mjs", "run", "--project", "tests"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    // What the tests start by name is this Node too.
    env: { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` },
  })
  if (status !== 0) process.exitCode = 1
}
