// docs/recipes/mcp.md, used by the client of the protocol's own package.

import { expect, test } from "vitest"
import { recipe } from "./recipe.ts"

const { commands, serveForAll, run } = recipe("mcp")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string
const client = commands.find((each) => each.includes("client.ts")) as string
const app = serveForAll(command)

test("a client lists the tools, calls one and reads a resource", async () => {
  const { url } = app()
  const { code, output } = await run(`${client} ${url}`)
  expect(code, output).toBe(0)
  expect(output).toContain("tools: add_note\n")
  expect(output).toContain('called: [{"type":"text","text":"2 notes"}]')
  expect(output).toContain('"text":"Buy milk\\nCall Bob"')
})

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "old", version: "1" } },
})
const post = (url: string, headers: Record<string, string>, body = initialize) =>
  fetch(`${url}/mcp`, {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", ...headers },
  })
const Authorization = "Bearer only for development"

test("a client without a token, or on a page, is turned away before anything runs", async () => {
  const { url } = app()
  const without = await post(url, {})
  expect([without.status, without.headers.get("www-authenticate")]).toEqual([401, "Bearer"])
  expect((await post(url, { Authorization: "Bearer x" })).status).toBe(401)
  expect((await post(url, { Authorization, Origin: "http://evil.example" })).status).toBe(403)
  expect((await post(url, { Authorization, "Content-Type": "text/plain" })).status).toBe(415)
  expect((await post(url, { Authorization }, "{")).status).toBe(400)
})

test("clients of older versions of the protocol are served too", async () => {
  const { url } = app()
  const answer = await post(url, { Authorization })
  expect(answer.status).toBe(200)
  expect(await answer.text()).toContain('"protocolVersion":"2025-06-18"')
})
