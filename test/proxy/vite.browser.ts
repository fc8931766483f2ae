// A development server of Vite behind httpProxy, as a page in Chromium has it: modules, and the WebSocket by which they are replaced.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { httpProxy } from "../../src/proxy/http-proxy.ts"
import { answer } from "../middleware/calling.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { linted } from "../support/lint.ts"
import { serve } from "../support/server.ts"

const text = (value: string) => `export const text = ${JSON.stringify(value)}\n`

const FILES = {
  "index.html": `<!doctype html><p id="said"></p><script type="module" src="/main.js"></script>`,
  "main.js": `
    import { text } from "./text.js"
    const said = document.getElementById("said")
    said.textContent = text
    import.meta.hot.accept("./text.js", (replaced) => { said.textContent = replaced.text })`,
  "text.js": text("one"),
}

/** The port of a server of Vite that serves this folder. */
async function startVite(root: string): Promise<number> {
  const { createServer } = await import("vite")
  const vite = await createServer({
    root,
    configFile: false,
    cacheDir: join(root, ".vite"),
    logLevel: "silent",
    optimizeDeps: { noDiscovery: true },
    server: { host: "127.0.0.1", port: 0 },
  })
  onTestFinished(() => vite.close())
  await vite.listen()
  const address = vite.httpServer?.address()
  if (address === null || typeof address !== "object") throw new Error("Vite does not listen")
  return address.port
}

describe.skipIf(!hasChromium)("in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  test("a module that is saved is replaced in the page, which is not loaded anew", async () => {
    const root = mkdtempSync(join(tmpdir(), "vite-"))
    onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }))
    for (const [name, content] of Object.entries(FILES)) writeFileSync(join(root, name), content)
    const proxy = httpProxy(linted(answer("inside")), { "/": `http://127.0.0.1:${await startVite(root)}` })
    onTestFinished(() => proxy.close())
    const { port, errors } = await serve(linted(proxy), { allow: ["L29"] })

    const page = await (await browser.newContext()).newPage()
    const sockets: string[] = []
    page.on("websocket", (socket) => sockets.push(new URL(socket.url()).host))
    // Vite's client says so when its socket is open.
    const connected = page.waitForEvent("console", (message) => message.text().includes("[vite] connected"))
    await page.goto(`http://127.0.0.1:${port}/`)
    await page.getByText("one", { exact: true }).waitFor()
    await connected
    await page.evaluate("window.mark = 1")
    for (const value of ["two", "three"]) {
      // Again and again: a watcher may miss a change that comes right behind another.
      const isShown = () => {
        writeFileSync(join(root, "text.js"), text(value))
        return page.getByText(value, { exact: true }).isVisible()
      }
      await expect.poll(isShown, { timeout: 30_000, interval: 500 }).toBe(true)
    }
    expect(await page.evaluate("window.mark")).toBe(1)
    expect(sockets).toEqual([`127.0.0.1:${port}`])
    await page.context().close()
    expect(errors).toEqual([])
  })
})
