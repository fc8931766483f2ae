// docs/jsonapi.md shows the code of examples/jsonapi as it is. The example itself is tested by `npm run test:examples`.

import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))
const page = readFileSync(`${root}docs/jsonapi.md`, "utf8")
const folder = `${root}examples/jsonapi/`
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"))

test("every piece of code on the page stands in a file of the example", () => {
  const code = files.map((name) => readFileSync(folder + name, "utf8")).join("\n")
  const blocks = [...page.matchAll(/^```\w+\n([\s\S]*?)\n```$/gm)].map(([, block = ""]) => block)
  expect(blocks.length).toBeGreaterThan(8)
  for (const block of blocks) expect(code).toContain(block)
})

test("the page names every file of the example", () => {
  for (const name of [...files, "migrations"]) expect(page).toContain(`](../examples/jsonapi/${name})`)
})
