// The tour that `npm start` serves, as clients without a browser see it.

import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { app } from "../../examples/tour.ts"
import { Client } from "../../src/testing/client.ts"

const browser = { headers: { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" } }

test("a browser gets the page, and with ?name= the greeting, as others do without", async () => {
  const client = new Client(app)
  const page = await client.get("/", browser)
  expect(page.mimetype).toBe("text/html")
  expect(await (await client.get("/?name=you", browser)).text()).toBe("Hello you!")
  expect(await (await client.get("/")).text()).toBe("Hello World!")
})

test("beside each part stands its source, escaped", async () => {
  const text = await (await new Client(app).get("/", browser)).text()
  for (const view of ["greeting", "form", "upload", "stream", "source", "error"]) {
    expect(text).toMatch(new RegExp(`<code>(?:async )?function ${view}\\(`))
  }
  expect(text).toContain("&lt;p&gt;Please name one.")
})

test("an upload is hashed as it comes", async () => {
  const bytes = new Uint8Array(300_000).fill(7)
  const answer = await new Client(app).post("/upload", { data: { file: [bytes, "seven.bin"] } })
  expect(await answer.json()).toEqual({ size: 300_000, sha256: createHash("sha256").update(bytes).digest("hex") })
})

test("a range of the source, and the source unchanged", async () => {
  const client = new Client(app)
  const part = await client.get("/source", { headers: { Range: "bytes=0-6" } })
  expect([part.statusCode, await part.text()]).toEqual([206, "// What"])
  const again = await client.get("/source", { headers: { "If-None-Match": part.headers.get("ETag") as string } })
  expect(again.statusCode).toBe(304)
})
