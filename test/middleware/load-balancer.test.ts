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
  const answers: { status: number; from: string | null; began: number }[] = []
  let over = false
  const ask = async () => {
    while (!over) {
      const began = performance.now()
      const response = await fetch(`http://127.0.0.1:${port}/`)
      await response.text()
      answers.push({ status: response.status, from: response.headers.get("X-Process"), began })
    }
  }
  const clients = Array.from({ length: 8 }, ask)
  const until = async (test: () => boolean) => {
    for (let tries = 0; !test() && tries < 1000; tries++) await sleep(10)
  }
  const from = (list: typeof answers) => new Set(list.map((each) => each.from))
  await until(() => from(answers).size === 2)
  const [victim, survivor] = servers
  expect(from(answers)).toEqual(new Set([String(victim?.pid), String(survivor?.pid)]))

  victim?.kill("SIGKILL")
  await once(victim as NonNullable<typeof victim>, "exit")
  const killedAt = performance.now()
  const after = () => answers.filter(({ began }) => began > killedAt)
  await until(() => after().length > 50)
  over = true
  await Promise.all(clients)
  expect(after().length).toBeGreaterThan(50)
  expect(from(after())).toEqual(new Set([String(survivor?.pid)]))
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
})
