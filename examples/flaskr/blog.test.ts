// Tests of the blog, with the runner of Node: `node --import tsx --test blog.test.ts`.

import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { Client } from "werkstatt/testing"
import { makeApp } from "./app.ts"
import { openDatabase } from "./database.ts"

const pictures = mkdtempSync(join(tmpdir(), "pictures-"))
const app = makeApp({ database: await openDatabase(), secret: "only for tests: 0123456789", pictures })
after(() => rmSync(pictures, { recursive: true }))

// What browsers send with a form of the same site.
const headers = { "Sec-Fetch-Site": "same-origin" }

test("a visitor registers, logs in, and writes a post", async () => {
  const client = new Client(app)
  const data = { name: "ada", password: "lovelace" }
  await client.post("/auth/register", { data, headers })
  const answer = await client.post("/auth/login", { data, headers })
  assert.equal(answer.location, "/")
  await client.post("/create", { data: { title: "First", body: "Hello" }, headers })
  const page = await client.get("/")
  assert.match(await page.text(), /<h2>First<\/h2>/)
})

test("only who is logged in writes", async () => {
  const answer = await new Client(app).get("/create")
  assert.equal(answer.location, "/auth/login?next=/create")
})
