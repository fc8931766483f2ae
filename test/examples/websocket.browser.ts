// The chat and the ticker in Chromium: two windows that talk, a stream that goes on after its server was replaced.

import { once } from "node:events"
import { createSecureServer } from "node:http2"
import type { AddressInfo } from "node:net"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { app as chat } from "../../examples/chat.ts"
import { app as ticker } from "../../examples/ticker.ts"
import { createServer, serverSettings, setUpServer } from "../../src/adapters/node.ts"
import { generateAdhocSslPair } from "../../src/serving/tls.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { serve } from "../support/server.ts"

describe.skipIf(!hasChromium)("in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  test("two visitors of a room read what either says, with the names of their cookies", async () => {
    const { port, drain } = await serve(chat)
    const open = async () => {
      const page = await (await browser.newContext()).newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      expect(new URL(page.url()).pathname).toBe("/room/lobby")
      const name = (await page.textContent("#name")) as string
      await page.getByText(`${name}: is here`).first().waitFor()
      return { page, name }
    }
    const one = await open()
    const other = await open()
    await one.page.getByLabel("Message").fill("hello <b>you</b>")
    await one.page.getByRole("button", { name: "Say" }).click()
    await other.page.getByText(`${one.name}: hello <b>you</b>`).waitFor()
    await one.page.getByText(`${one.name}: hello <b>you</b>`).waitFor()
    await other.page.context().close()
    await one.page.getByText(`${other.name}: has left`).waitFor()
    await one.page.context().close()
    await drain()
  })

  test("a page that came over HTTP/2 opens its WebSocket on the same connection", async () => {
    const protocols: (string | undefined)[] = []
    const { server, drain, destroy } = setUpServer(
      createSecureServer({ ...serverSettings(), ...(await generateAdhocSslPair()), allowHTTP1: true }),
      chat,
      { onWebSocket: ({ environ }) => void protocols.push(environ.SERVER_PROTOCOL) },
    )
    let connections = 0
    server.on("secureConnection", () => connections++)
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => destroy())
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
    await page.goto(`https://localhost:${(server.address() as AddressInfo).port}/`)
    const name = (await page.textContent("#name")) as string
    await page.getByText(`${name}: is here`).first().waitFor()
    await page.getByLabel("Message").fill("by stream")
    await page.getByRole("button", { name: "Say" }).click()
    await page.getByText(`${name}: by stream`).waitFor()
    expect([protocols, connections]).toEqual([["HTTP/2"], 1])
    await page.context().close()
    await drain()
  })

  test("the ticker goes on behind the last event that the browser got, at a server that was started anew", async () => {
    const start = async (port: number) => {
      const { server, drain, destroy } = createServer(ticker)
      onTestFinished(() => destroy())
      server.listen(port, "127.0.0.1")
      await once(server, "listening")
      return { port: (server.address() as AddressInfo).port, drain }
    }
    const first = await start(0)
    const page = await (await browser.newContext()).newPage()
    await page.goto(`http://127.0.0.1:${first.port}/`)
    await page.locator("li").nth(2).waitFor()
    await first.drain()
    const count = await page.locator("li").count()
    await start(first.port)
    await page
      .locator("li")
      .nth(count + 2)
      .waitFor()
    const values = await page
      .locator("li")
      .evaluateAll((items) => items.map((item) => (item as unknown as { value: number }).value))
    expect(values).toEqual(values.map((_, index) => index))
    await page.context().close()
  })
})
