// Runs the tests of other runtimes: npm run test:runtimes
// Installs them first, outside of the folder that a run of the tests has for itself and removes.

import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { runtimeBinary } from "./runtime-binary.mjs"

const env = { ...process.env }
for (const name of ["bun", "deno", "workerd"]) {
  const binary = runtimeBinary(name)
  if (binary === undefined) console.log(`${name}: no package for this machine, skipped`)
  else env[`WERKSTATT_TEST_${name.toUpperCase()}`] = binary
}
const args = ["node_modules/vitest/vitest.mjs", "run", "--project", "runtimes", ...process.argv.slice(2)]
const root = fileURLToPath(new URL("..", import.meta.url))
const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: "inherit" })
process.exitCode = status ?? 1
