// Other runtimes, which come as packages of the registry, without install scripts. For npm run test:runtimes.

import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const arch = process.arch
const os = process.platform
const VERSIONS = { bun: "1.4.5", deno: "2.9.6", workerd: "1.20261117.1" }

/** Package and file of each runtime on this machine; the packages are named in each vendor's own way. */
const PACKAGES = {
  bun: [`@oven/bun-${os}-${arch === "arm64" ? "aarch64" : arch}`, "bin/bun"],
  deno: [`@deno/${os}-${arch}${os === "linux" ? "-glibc" : ""}`, "deno"],
  workerd: [`@cloudflare/workerd-${os}-${arch === "x64" ? "64" : arch}`, "bin/workerd"],
}

/** The path of a runtime's binary, installed if need be; undefined where there is no package for this machine. */
export function runtimeBinary(name) {
  const [pkg, file] = PACKAGES[name]
  const folder = join(tmpdir(), `werkstatt-runtime-${name}-${VERSIONS[name]}`)
  const binary = join(folder, "node_modules", pkg, file)
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "package.json"), "{}")
    spawnSync("npm", ["install", "--ignore-scripts", "--silent", `${pkg}@${VERSIONS[name]}`], {
      cwd: folder,
      stdio: "inherit",
    })
  }
  return existsSync(binary) ? binary : undefined
}
