// docs/recipes/validation.md: what fits, what does not, and what is no JSON at all.

import { describe, expect, test } from "vitest"
import { recipe } from "./recipe.ts"

const { commands, serveForAll, run } = recipe("validation")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string
const app = serveForAll(command)

const post = (url: string, body: string, type = "application/json") =>
  fetch(url, { method: "POST", body, headers: { "Content-Type": type } })

test("both libraries take what fits, with what their schema makes of it", async () => {
  const { url } = app()
  const account = await post(`${url}/accounts`, '{"name":" Ada ","email":"ada@example.com","admin":true}')
  expect([account.status, await account.json()]).toEqual([201, { name: "Ada", email: "ada@example.com" }])
  const order = await post(`${url}/orders`, '{"items":[{"sku":"a","count":2},{"sku":"b","count":3}]}')
  expect([order.status, await order.json()]).toEqual([201, { count: 5 }])
})

test("what does not fit is a 422 that names each field", async () => {
  const { url } = app()
  const fieldsOf = async (path: string, body: string) => {
    const response = await post(url + path, body)
    expect(response.status).toBe(422)
    expect(response.headers.get("content-type")).toBe("application/problem+json")
    const problem = (await response.json()) as { status: number; errors: { field: string; message: string }[] }
    expect(problem.status).toBe(422)
    for (const { message } of problem.errors) expect(message).not.toBe("")
    return problem.errors.map(({ field }) => field)
  }
  expect(await fieldsOf("/accounts", '{"name":"","age":-1}')).toEqual(["name", "email", "age"])
  expect(await fieldsOf("/accounts", "null")).toEqual([""])
  expect(await fieldsOf("/orders", '{"items":[{"sku":1,"count":0}]}')).toEqual(["items.0.sku", "items.0.count"])
})

describe("what is no JSON never comes to the schema", () => {
  test.each([
    ["a form", 415, "name=Ada", "application/x-www-form-urlencoded"],
    ["half of an object", 400, '{"name":', "application/json"],
    ["more than 4 MiB", 413, `"${"x".repeat(5 * 1024 * 1024)}"`, "application/json"],
  ])("%s", async (_, status, body, type) => {
    const { url } = app()
    expect((await post(`${url}/accounts`, body, type)).status).toBe(status)
  })
})

test("the command of the page shows the 422", async () => {
  const { code, output } = await run(commands.find((each) => each.includes("fetch")) as string)
  expect(code).toBe(22)
  expect(output).toMatch(/422 Unprocessable/)
  expect(output).toContain('"field":"email"')
})
