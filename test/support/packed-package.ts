// The package as npm would publish it, for tests that install it.

import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))

/** Runs a program to its end, and gives what it printed. Throws, with all of it, when it fails. */
export function runProgram(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 170_000 })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${status}\n${stdout}\n${stderr}`)
  return stdout
}

/**
 * Packs the package into a folder; gives the path of the file.
 *
 * @param source the package's folder in the repository
 */
export function packPackage(folder: string, source = ""): string {
  const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder]
  return join(folder, runProgram("npm", args, root + source).trim())
}
