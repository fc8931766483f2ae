// What a visitor does in examples/login.ts, and what a page of another site can't do.

import { expect, test } from "vitest"
import { app } from "../../examples/login.ts"
import { Client } from "../../src/testing/client.ts"

const own = { headers: { "Sec-Fetch-Site": "same-origin" } }
const credentials = { name: "ada", password: "lovelace" }

async function tokenOn(client: Client, path: string): Promise<string> {
  const page = await (await client.get(path)).text()
  return /name="csrf_token" value="([\w-]+)"/.exec(page)?.[1] as string
}

test("a visitor logs in, is counted, sees each message once, and logs out", async () => {
  const client = new Client(app)
  expect((await client.get("/")).location).toBe("/login?next=/")
  const planted = client.getCookie("session")?.value
  const answer = await client.post("/login?next=/", { data: credentials, ...own })
  expect([answer.statusCode, answer.location]).toEqual([303, "/"])
  expect(client.getCookie("session")?.value).not.toBe(planted)
  const first = await (await client.get("/")).text()
  expect(first).toContain('<p class="message">Welcome back.</p>')
  expect(first).toContain("Hello ada, visit 1.")
  const second = await (await client.get("/")).text()
  expect(second).toContain("visit 2.")
  expect(second).not.toContain("Welcome")
  await client.post("/logout", own)
  expect((await client.get("/")).location).toBe("/login?next=/")
  expect(await (await client.get("/login")).text()).toContain("See you.")
})

test.each([
  { name: "ada", password: "x" },
  { name: "eve", password: "lovelace" },
  { name: "<b>", password: "" },
])("who is not known does not get in: %j", async (data) => {
  const client = new Client(app)
  const answer = await client.post("/login", { data, ...own })
  expect([answer.statusCode, (await answer.text()).includes("not the password")]).toEqual([401, true])
  expect((await client.get("/")).statusCode).toBe(303)
})

test("?next= leads to no other site", async () => {
  for (const next of ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]) {
    const answer = await new Client(app).post(`/login?next=${encodeURIComponent(next)}`, { data: credentials, ...own })
    expect(answer.location).toBe("/")
  }
})

test("another site can neither log a visitor in nor out", async () => {
  const client = new Client(app)
  const foreign = { headers: { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" } }
  expect((await client.post("/login", { data: credentials, ...foreign })).statusCode).toBe(403)
  await client.post("/login", { data: credentials, ...own })
  expect((await client.post("/logout", foreign)).statusCode).toBe(403)
  expect(await (await client.get("/")).text()).toContain("Hello ada")
})

test("an old browser logs in with the token of the form, and has another one afterwards", async () => {
  const client = new Client(app)
  expect((await client.post("/login", { data: credentials })).statusCode).toBe(403)
  const token = await tokenOn(client, "/login")
  expect((await client.post("/login", { data: { csrf_token: token, ...credentials } })).statusCode).toBe(303)
  expect((await client.post("/logout", { data: { csrf_token: token } })).statusCode).toBe(403)
  expect((await client.post("/logout", { data: { csrf_token: await tokenOn(client, "/") } })).statusCode).toBe(303)
})
