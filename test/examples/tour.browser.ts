// The tour in Chromium: each part is tried, wide and narrow, in the light and in the dark.

import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { app } from "../../examples/tour.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { serve } from "../support/server.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

interface Violation {
  id: string
  nodes: { html: string }[]
}

async function violations(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe })
  const run = "axe.run().then(({ violations }) => violations)"
  const found = (await page.evaluate(run)) as Violation[]
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)
}

describe.skipIf(!hasChromium)("in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  test.each([
    ["light", 1200],
    ["dark", 1200],
    ["dark", 360],
  ] as const)("it passes axe, %s and %i wide, and needs no scrolling to the side", async (colorScheme, width) => {
    const { port } = await serve(app)
    const page = await (await browser.newContext({ colorScheme, viewport: { width, height: 800 } })).newPage()
    await page.goto(`http://127.0.0.1:${port}/`)
    expect(await page.locator("section").count()).toBe(6)
    expect(await violations(page)).toEqual([])
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width)
  })

  test("a visitor greets, sends a form, uploads, and watches a stream", async () => {
    const { port } = await serve(app)
    const page = await (await browser.newContext()).newPage()
    const home = `http://127.0.0.1:${port}/`
    await page.goto(home)
    await page.getByLabel("Name").fill("Ada")
    await page.getByRole("button", { name: "Greet" }).click()
    expect(await page.textContent("body")).toBe("Hello Ada!")
    await page.goto(home)
    await page.getByLabel("City").fill("<b>Utrecht</b>")
    await page.getByRole("button", { name: "Send" }).click()
    expect(await page.textContent("main p")).toBe("<b>Utrecht</b> is a fine place.")
    await page.goto(home)
    await page.getByLabel("File").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("abc") })
    await page.getByRole("button", { name: "Upload" }).click()
    expect(await page.textContent("body")).toContain('"size":3')
    await page.goto(home)
    await page.getByRole("link", { name: "Watch it come" }).click()
    await page.getByText("Done.").waitFor()
    expect(await page.textContent("body")).toBe("5\n4\n3\n2\n1\nDone.\n")
  })
})
