// The blog of the tutorial in Chromium: from the registration to a post with a picture.

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { makeApp } from "../../examples/flaskr/app.ts"
import { openDatabase } from "../../examples/flaskr/database.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { serve } from "../support/server.ts"

/** The smallest PNG: one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
)

describe.skipIf(!hasChromium)("in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  test("a user registers, logs in, writes with a picture, edits, and logs out", async () => {
    const pictures = mkdtempSync(join(tmpdir(), "flaskr-"))
    const database = await openDatabase()
    onTestFinished(() => {
      database.close()
      rmSync(pictures, { recursive: true })
    })
    const { port, errors } = await serve(makeApp({ database, secret: "a secret for tests: 0123456789", pictures }))
    const page = await (await browser.newContext()).newPage()
    const problems: string[] = []
    page.on("pageerror", (error) => problems.push(String(error)))
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text())
    })
    await page.goto(`http://localhost:${port}/`)
    await page.getByRole("link", { name: "Register" }).click()
    const enter = async (button: string) => {
      await page.getByLabel("Name").fill("ada")
      await page.getByLabel("Password").fill("lovelace")
      await page.getByRole("button", { name: button }).click()
    }
    await enter("Register")
    await enter("Log in")
    await page.getByRole("link", { name: "New post" }).click()
    await page.getByLabel("Title").fill("A pixel")
    await page.getByLabel("Text").fill("It is <small>.")
    await page.getByLabel("Picture").setInputFiles({ name: "pixel.png", mimeType: "image/png", buffer: PIXEL })
    await page.getByRole("button", { name: "Save" }).click()
    expect(await page.textContent("article h2")).toBe("A pixel")
    expect(await page.textContent("article .body")).toBe("It is <small>.")
    expect(await page.evaluate("document.querySelector('article img').naturalWidth")).toBe(1)
    await page.getByRole("link", { name: "Edit" }).click()
    await page.getByLabel("Title").fill("One pixel")
    await page.getByRole("button", { name: "Save" }).click()
    expect(await page.textContent("article h2")).toBe("One pixel")
    await page.getByRole("button", { name: "Log out" }).click()
    await page.getByRole("link", { name: "Log in" }).waitFor()
    expect(problems).toEqual([])
    expect(errors).toEqual([])
  })
})
