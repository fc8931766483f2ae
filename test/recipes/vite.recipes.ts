// docs/recipes/vite.md in Chromium: a change of a script under Vite's server, and the files that Vite has built.

import { readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { recipe } from "./recipe.ts"

const { commands, serve, run, folder } = recipe("vite")
const [dev, build, production] = ["dev.ts", "vite build", "werkstatt serve"].map((part) =>
  commands.find((each) => each.includes(part)),
) as [string, string, string]

let browser: Browser | undefined
beforeAll(async () => {
  if (hasChromium) browser = await launchChromium()
})
afterAll(() => browser?.close())

async function open(url: string): Promise<{ page: Page; problems: string[] }> {
  const page = await (browser as Browser).newPage()
  onTestFinished(() => page.close())
  const problems: string[] = []
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text())
  })
  page.on("pageerror", (error) => problems.push(String(error)))
  // A browser asks for one by itself.
  await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }))
  await page.goto(url)
  return { page, problems }
}

const colourOf = (page: Page) => page.evaluate('getComputedStyle(document.querySelector("h1")).color')

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

test.skipIf(!hasChromium)("in development a change shows up without a reload", async () => {
  const { url, stop, stderr } = await serve(dev, { PORT: "0", VITE_PORT: String(await freePort()) })
  const { page, problems } = await open(url)
  await page.getByText("Hello Ada!").waitFor()
  expect(await colourOf(page)).toBe("rgb(0, 128, 128)")
  await page.evaluate("globalThis.isSame = true")

  const file = join(folder, "client/greeting.ts")
  writeFileSync(file, readFileSync(file, "utf8").replace("Hello", "Welcome"))
  await page.getByText("Welcome Ada!").waitFor()
  expect(await page.evaluate("globalThis.isSame")).toBe(true)
  expect(problems).toEqual([])
  expect(await stop(), stderr()).toBe(0)
})

test("without a build, production says what is missing", async () => {
  const { code, output } = await run(production.replace("serve app.ts", "fetch app.ts /"))
  expect(code).not.toBe(0)
  expect(output).toContain("nothing is built yet: npx vite build")
})

test.skipIf(!hasChromium)("what is built is served for a year, with its styles", async () => {
  const built = await run(build)
  expect(built.code, built.output).toBe(0)
  const { url } = await serve(production)
  const { page, problems } = await open(url)
  await page.locator("h1", { hasText: "Ada!" }).waitFor()
  expect(await colourOf(page)).toBe("rgb(0, 128, 128)")
  expect(problems).toEqual([])

  const [script] = /\/assets\/[\w-]+\.js/.exec(await (await fetch(url)).text()) ?? []
  const asset = await fetch(url + script)
  expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable")
  expect(asset.headers.get("content-type")).toMatch(/^text\/javascript/)
  for (const path of [
    "/assets/none.js",
    "/assets/..%2F.vite%2Fmanifest.json",
    "/.vite/manifest.json",
    "/client/main.ts",
  ])
    expect((await fetch(url + path)).status, path).toBe(404)
})
