// docs/recipes/sse.md in a browser, whose EventSource it is for, and as bytes.

import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { recipe } from "./recipe.ts"

const { commands, serve } = recipe("sse")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string

let browser: Browser | undefined
beforeAll(async () => {
  if (hasChromium) browser = await launchChromium()
})
afterAll(() => browser?.close())

const send = (url: string, text: string) =>
  fetch(url, { method: "POST", body: new URLSearchParams({ text }), redirect: "manual" })

test.skipIf(!hasChromium)("news that are sent in one window are shown in the other", async () => {
  const { url } = await serve(command)
  const context = await (browser as Browser).newContext()
  const [first, second] = [await context.newPage(), await context.newPage()]
  for (const page of [first, second]) {
    const connected = page.waitForResponse((response) => response.url().endsWith("/live"))
    await page.goto(url)
    await connected
  }
  await first.fill("input", "<b>one</b>")
  await first.click("button")
  await second.locator("li", { hasText: "<b>one</b>" }).waitFor()
  await context.close()
})

/** The first event of a stream, which is asked for as a browser does that has seen `seen`. */
async function firstEvent(url: string, seen: string, connected?: () => Promise<unknown>): Promise<string> {
  const response = await fetch(`${url}/live`, { headers: { "Last-Event-ID": seen } })
  await connected?.()
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  while (!/^data:.*\n\n/m.test(text)) text += (await reader.read()).value
  await reader.cancel()
  return text
}

test("a client that connects again gets what it has missed, and no more", async () => {
  const { url } = await serve(command)
  await send(url, "one")
  await send(url, "two")
  expect(await firstEvent(url, "1")).toMatch(/^event: news\n(?:id: 2\n|data: {"text":"two"}\n){2}\n/)
  expect(await firstEvent(url, "0")).toMatch(/^id: 1$/m)
})

test("a last id that was never given is none, and the stream goes on", async () => {
  const { url } = await serve(command)
  for (const seen of ["-1", "x", "1e9", "1.5"])
    expect(await firstEvent(url, seen, () => send(url, `after ${seen}`))).toContain(`data: {"text":"after ${seen}"}`)
})
