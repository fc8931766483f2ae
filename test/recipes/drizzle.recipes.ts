// docs/recipes/drizzle.md: a race for the last item, and pages of a list.

import { join } from "node:path"
import { expect, test } from "vitest"
import { temporaryFolder } from "../support/files.ts"
import { recipe } from "./recipe.ts"

const { commands, serve } = recipe("drizzle")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string

const post = (url: string, fields: Record<string, string>) =>
  fetch(url, { method: "POST", body: new URLSearchParams(fields) })

test("of many clients that order at once, as many get an item as there are items, and the rest hear 409", async () => {
  const { url } = await serve(command, { DATABASE_URL: `file:${join(temporaryFolder(), "shop.db")}` })
  expect((await post(`${url}/items`, { name: "tea", left: "3" })).status).toBe(201)
  expect((await post(`${url}/items`, { name: "tea", left: "9" })).status).toBe(409)
  const orders = await Promise.all(
    Array.from({ length: 12 }, (_, index) => post(`${url}/items/1/orders`, { customer: `c${index}` })),
  )
  const statuses = orders.map(({ status }) => status).sort()
  expect(statuses).toEqual([...Array(3).fill(201), ...Array(9).fill(409)])
  const made = await Promise.all(orders.filter(({ ok }) => ok).map((each) => each.json() as Promise<{ id: number }>))
  expect(made.map(({ id }) => id).sort()).toEqual([1, 2, 3])
  expect(await (await fetch(`${url}/items`)).json()).toEqual([{ id: 1, name: "tea", left: 0 }])
  expect((await post(`${url}/items/7/orders`, { customer: "c" })).status).toBe(404)
  expect((await post(`${url}/items/1/orders`, {})).status).toBe(400)
})

test("what was kept is there after a restart, and a list goes on after an id", async () => {
  const environ = { DATABASE_URL: `file:${join(temporaryFolder(), "shop.db")}` }
  const first = await serve(command, environ)
  for (const name of ["a", "b", "c"]) await post(`${first.url}/items`, { name, left: "1" })
  expect(await first.stop()).toBe(0)
  const { url } = await serve(command, environ)
  const names = async (query: string) => {
    const items = (await (await fetch(`${url}/items${query}`)).json()) as { name: string }[]
    return items.map(({ name }) => name)
  }
  expect(await names("")).toEqual(["a", "b", "c"])
  expect(await names("?after=1")).toEqual(["b", "c"])
  // What is no number is as good as nothing.
  expect(await names("?after=x")).toEqual(["a", "b", "c"])
})
