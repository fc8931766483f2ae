// Takes the picture of the debugger that README and docs/debugger.md show: examples/shortly.ts with a mistake put in, in
// Chromium. `node .ci/pictures.mjs`, after `npm run build`.

import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"

const root = fileURLToPath(new URL("..", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "werkstatt-picture-"))
const mistake = "const age = Date.now() - link.added.getTime()\n      link.clicks++"
const example = readFileSync(join(root, "examples/shortly.ts"), "utf8")
if (!example.includes("link.clicks++")) throw new Error("examples/shortly.ts has changed: where does the mistake go?")
writeFileSync(join(folder, "shortly.ts"), example.replace("link.clicks++", mistake))
writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
mkdirSync(join(folder, "node_modules"))
symlinkSync(root, join(folder, "node_modules/werkstatt"))
symlinkSync(join(root, "node_modules/tsx"), join(folder, "node_modules/tsx"))

const args = [
  "node_modules/werkstatt/dist/cli/main.js",
  "run",
  "shortly.ts:app",
  "--debug",
  "--no-reload",
  "--port",
  "0",
]
const server = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, WERKSTATT_DEBUG_PIN: "off" } })
let output = ""
const url = await new Promise((resolve, reject) => {
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk
      const found = /Running on (\S+)\n[\s\S]*PIN/.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    })
  }
  server.on("exit", () => reject(new Error(output)))
})
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] })
try {
  const page = await browser.newPage({ viewport: { width: 1120, height: 900 }, deviceScaleFactor: 1.5 })
  await page.goto(url)
  await page.fill("input[name=url]", "https://example.com/a/very/long/address")
  await page.click("button")
  await page.goto(`${url}/1`)
  for (const code of ["link", "match.values.short + ' was followed ' + link.clicks + ' times'"]) {
    const input = page.locator(".console textarea").first()
    await input.fill(code)
    await input.press("Enter")
    await page.waitForFunction(
      (code) =>
        [...document.querySelectorAll(".turn")].some(
          (turn) => turn.textContent.startsWith(code) && turn.children.length > 1,
        ),
      code,
    )
  }
  await page.evaluate(() => {
    document.activeElement.blur()
    scrollTo(0, 0)
  })
  const end = await page
    .locator("li.frame")
    .first()
    .evaluate((frame) => frame.getBoundingClientRect().bottom)
  await page.screenshot({
    path: join(root, "docs/debugger.png"),
    fullPage: true,
    clip: { x: 0, y: 0, width: 1120, height: Math.ceil(end) + 62 },
  })
} finally {
  await browser.close()
  server.kill()
  rmSync(folder, { recursive: true, force: true })
}
