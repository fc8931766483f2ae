import assert from "node:assert/strict"
import { test } from "node:test"
import { Client } from "werkstatt/testing"
import { app } from "./app.ts"

const client = new Client(app)

test("a visitor is greeted by name", async () => {
  const response = await client.get("/", { queryString: { name: "Ada" } })
  assert.equal(await response.text(), "Hello Ada!")
})

test("there is nothing else", async () => {
  const response = await client.get("/nothing")
  assert.equal(response.statusCode, 404)
})
