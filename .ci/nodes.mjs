// Runs the tests on other versions of Node: npm run test:nodes
//   node .ci/nodes.mjs [MAJOR ...]

import { spawnSync } from "node:child_process"
import { delimiter, dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { nodeBinary } from "./node-binary.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const majors = process.argv.length > 2 ? process.argv.slice(2) : ["22", "24", "26"]

for (const major of majors) {
  const binary = nodeBinary(major)
  if (binary === undefined) {
    console.log(`Node ${major}: no package for this machine, skipped`)
    continue
  }
  console.log(`\n== Node ${spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.trim()}`)
  // Those with many processes have the machine for themselves.
  for (const options of [
    ["--project", "tests", "--maxWorkers=100%"],
    ["--project", "processes"],
  ]) {
    const { status } = spawnSync(binary, ["node_modules/vitest/vitest.mjs", "run", ...options], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      // What the tests start by name is this Node too.
      env: { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` },
    })
    if (status !== 0) process.exitCode = 1
  }
}
