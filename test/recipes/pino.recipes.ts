// docs/recipes/pino.md: the lines that a request leaves, read as a collector of logs reads them.

import { expect, test } from "vitest"
import { recipe, until } from "./recipe.ts"

const { commands, serve } = recipe("pino")
const command = commands.find((each) => each.startsWith("node")) as string

interface Line {
  level: number
  msg: string
  requestId?: string
  [key: string]: unknown
}

test("each request leaves lines of JSON with its id, and an error leaves its stack", async () => {
  const running = await serve(command, { PORT: "0" })
  const lines = () =>
    running
      .stdout()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Line)
  const greeting = await fetch(`${running.url}/hello/Ada%0Aroot?x=%22`)
  const failure = await fetch(`${running.url}/fail`)
  await failure.text()
  expect([greeting.status, failure.status]).toEqual([200, 500])
  await until(lines, (all) => all.filter(({ msg }) => msg === "request").length === 2 && all.length >= 4)

  const idOf = (response: Response) => response.headers.get("x-request-id")
  const [said, request] = lines().filter(({ requestId }) => requestId === idOf(greeting))
  expect(said).toMatchObject({ level: 30, msg: "greeting", name: "Ada\nroot" })
  expect(request).toMatchObject({
    level: 30,
    msg: "request",
    method: "GET",
    status: 200,
    target: "/hello/Ada%0Aroot?x=%22",
  })

  const error = lines().find(({ level }) => level === 50) as Line
  const failed = lines().find(({ msg, status }) => msg === "request" && status === 500) as Line
  expect(error).toMatchObject({ msg: "out of ink", err: { type: "Error", stack: expect.stringContaining("app.ts") } })
  expect(error.requestId).toMatch(/^[\da-f-]{36}$/)
  expect(failed.requestId).toBe(error.requestId)
})
