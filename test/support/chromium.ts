// Debian's Chromium, without a window, driven through playwright-core.

import { spawnSync } from "node:child_process"
import { type Browser, chromium } from "playwright-core"

const executable = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
)
export const hasChromium = executable !== undefined
if (!hasChromium) console.warn("chromium is not installed: the tests with it are skipped")

/** A browser; close it at the end. Names below `.test` lead to this machine. */
export function launchChromium(): Promise<Browser> {
  const path = spawnSync("which", [executable as string], { encoding: "utf8" }).stdout.trim()
  // Root, which tests in a container often are, has no sandbox there.
  return chromium.launch({ executablePath: path, args: ["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1"] })
}
