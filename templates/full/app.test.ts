import assert from "node:assert/strict"
import { test } from "node:test"
import { Client } from "werkstatt/testing"
import { app } from "./app.ts"

// What browsers send with a form of the same site.
const headers = { "Sec-Fetch-Site": "same-origin" }

test("a guest writes, is thanked, and is read", async () => {
  const client = new Client(app)
  const answer = await client.post("/", { data: { name: "Ada", text: "<Hello>" }, headers })
  assert.equal(answer.location, "/")
  const page = await (await client.get("/")).text()
  assert.match(page, /Thank you, Ada\./)
  assert.match(page, /<strong>Ada<\/strong>: &lt;Hello&gt;/)
})

test("another site can't write", async () => {
  const foreign = { "Sec-Fetch-Site": "cross-site" }
  const answer = await new Client(app).post("/", { data: { name: "Eve", text: "Hello" }, headers: foreign })
  assert.equal(answer.statusCode, 403)
})

test("errors are pages", async () => {
  const client = new Client(app)
  const missing = await client.get("/nothing")
  assert.equal(missing.statusCode, 404)
  assert.match(await missing.text(), /<title>Not Found<\/title>/)
  const incomplete = await client.post("/", { data: { name: "Ada" }, headers })
  assert.equal(incomplete.statusCode, 400)
})
