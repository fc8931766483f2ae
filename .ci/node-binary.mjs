// Other versions of Node, which come as packages of the registry. For the tests and benchmarks that run on all of them.

import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The path of a binary of that major version, installed if need be; undefined where there is no package for this machine. */
export function nodeBinary(major) {
  const isWindows = process.platform === "win32"
  const name = `node-${isWindows ? "win" : process.platform}-${process.arch}`
  const folder = join(tmpdir(), `werkstatt-node-${major}`)
  const binary = join(folder, "node_modules", name, "bin", isWindows ? "node.exe" : "node")
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "package.json"), "{}")
    spawnSync("npm", ["install", "--ignore-scripts", "--silent", `${name}@${major}`], { cwd: folder, stdio: "inherit" })
  }
  return existsSync(binary) ? binary : undefined
}
