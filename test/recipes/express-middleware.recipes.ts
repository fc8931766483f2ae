// docs/recipes/express-middleware.md: an old application, a layer and a login of Express in one of ours.

import { expect, test } from "vitest"
import { recipe } from "./recipe.ts"

const { commands, serveForAll } = recipe("express-middleware")
const command = commands.find((each) => each.startsWith("npx werkstatt run")) as string
const app = serveForAll(command)

test("the application of Express answers below its mount, and reads bodies", async () => {
  const { url } = app()
  expect(await (await fetch(`${url}/shop/orders/7`)).json()).toEqual({ id: "7", base: "/shop" })
  const body = JSON.stringify({ tea: 2 })
  const order = await fetch(`${url}/shop/orders`, {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json" },
  })
  expect([order.status, await order.json()]).toEqual([201, { tea: 2 }])
  expect((await fetch(`${url}/shop/none`)).status).toBe(404)
})

test("helmet adds its headers to all answers, and passport names the user", async () => {
  const { url } = app()
  for (const path of ["/", "/shop/orders/7", "/account"])
    expect((await fetch(url + path)).headers.get("x-content-type-options"), path).toBe("nosniff")
  const refused = await fetch(`${url}/account`)
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"])
  const account = await fetch(`${url}/account`, { headers: { Authorization: "Bearer only for development" } })
  expect(await account.json()).toEqual({ name: "Ada" })
})
