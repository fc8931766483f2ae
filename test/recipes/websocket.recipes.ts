// docs/recipes/websocket.md in two windows of a browser, and what its schema refuses.

import { once } from "node:events"
import { expect, test } from "vitest"
import { WebSocket } from "ws"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { recipe } from "./recipe.ts"

const { commands, serve, run } = recipe("websocket")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string

test.skipIf(!hasChromium)("a vote in one window is counted in the other", async () => {
  const { url } = await serve(command)
  const browser = await launchChromium()
  try {
    const [first, second] = [await browser.newPage(), await browser.newPage()]
    for (const page of [first, second]) {
      await page.goto(url)
      await page.locator("output", { hasText: "0 : 0" }).waitFor()
    }
    await first.click("button[value=coffee]")
    await second.locator("output", { hasText: "0 : 1" }).waitFor()
  } finally {
    await browser.close()
  }
})

test.each([
  ["no JSON", "tea"],
  ["a choice that is none", '{"type":"vote","choice":"water"}'],
  ["a type that is none", '{"type":"delete"}'],
  ["null", "null"],
])("%s is answered with an error, and the socket goes on", async (_, text) => {
  const { url } = await serve(command)
  const socket = new WebSocket(`${url.replace("http", "ws")}/votes`)
  const messages: unknown[] = []
  socket.on("message", (data) => messages.push(JSON.parse(String(data))))
  await once(socket, "open")
  socket.send(text)
  socket.send('{"type":"vote","choice":"tea"}')
  while (messages.length < 3) await once(socket, "message")
  socket.close()
  await once(socket, "close")
  expect(messages).toEqual([
    { type: "votes", votes: { tea: 0, coffee: 0 } },
    { type: "error", message: "not understood" },
    { type: "votes", votes: { tea: 1, coffee: 0 } },
  ])
})

test("the test of the page passes", async () => {
  const { code, output } = await run(commands.find((each) => each.includes("--test")) as string)
  expect(code, output).toBe(0)
  expect(output).toMatch(/pass 1/)
})
