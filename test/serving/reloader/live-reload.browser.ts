// A page in Chromium whose program is saved: it loads itself anew, and its WebSocket is opened anew.

import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { hasChromium, launchChromium } from "../../support/chromium.ts"
import { SPEAKING, start, text } from "../reloading.ts"

describe.skipIf(!hasChromium)("in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  test("a save closes the page's WebSocket with 1012, and the page that was loaded anew has another", async () => {
    const { folder, program, url } = await start({ "main.js": SPEAKING, "text.js": text("one") })
    const page = await (await browser.newContext()).newPage()
    await page.goto(url)
    await page.getByText("one", { exact: true }).waitFor()
    folder.write("text.js", text("two"))
    await page.getByText("two", { exact: true }).waitFor()
    expect(await page.evaluate('sessionStorage.getItem("code")')).toBe("1012")
    folder.write("text.js", text("three"))
    await page.getByText("three", { exact: true }).waitFor()
    await page.context().close()
    program.kill("SIGTERM")
    expect(await program.ended()).toEqual([0, null])
  })
})
