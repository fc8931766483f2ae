// The example, with one of its servers killed under load.

import { once } from "node:events"
import { afterAll, expect, test } from "vitest"
import { app, servers } from "../../examples/load-balancer.ts"
import { serve, sleep } from "../support/server.ts"

afterAll(() => {
  for (const server of servers) server.kill("SIGKILL")
})

test("both servers answer, and when one is killed under load, no request fails", async () => {
  const { port } = await serve(app)
  const answers: { status: number; from: string | null; at: number }[] = []
  let over = false
  const ask = async () => {
    while (!over) {
      const response = await fetch(`http://127.0.0.1:${port}/`)
      await response.text()
      answers.push({ status: response.status, from: response.headers.get("X-Process"), at: performance.now() })
    }
  }
  const clients = Array.from({ length: 8 }, ask)
  await sleep(300)
  const killedAt = performance.now()
  const [victim, survivor] = servers
  victim?.kill("SIGKILL")
  await once(victim as NonNullable<typeof victim>, "exit")
  await sleep(1500)
  over = true
  await Promise.all(clients)

  const [before, after] = [answers.filter(({ at }) => at < killedAt), answers.filter(({ at }) => at > killedAt + 50)]
  expect(new Set(before.map(({ from }) => from))).toEqual(new Set(servers.map(({ pid }) => String(pid))))
  expect(new Set(after.map(({ from }) => from))).toEqual(new Set([String(survivor?.pid)]))
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  expect(after.length).toBeGreaterThan(50)
})
