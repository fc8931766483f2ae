// docs/recipes/testing.md: its tests pass, and fail where the application is broken.

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { recipe } from "./recipe.ts"

const { commands, run, folder } = recipe("testing")
const [vitest, node] = ["npx vitest", "node "].map((start) => commands.find((each) => each.startsWith(start)) as string)

// Those of this run would make the one within a part of it.
const environ = { VITEST: "", VITEST_POOL_ID: "", VITEST_WORKER_ID: "", NODE_OPTIONS: "", NO_COLOR: "1", CI: "" }

// Vitest looks for a configuration in the folders above, where the project has its own.
beforeAll(() => writeFileSync(join(folder, "vitest.config.js"), "export default {}\n"))

test("both runners pass", async () => {
  const first = await run(vitest as string, environ)
  expect(first.code, first.output).toBe(0)
  expect(first.output).toMatch(/Tests +3 passed/)
  const second = await run(node as string, environ)
  expect(second.code, second.output).toBe(0)
  expect(second.output).toMatch(/pass 2/)
})

test("both runners fail where the application is broken", async () => {
  const file = join(folder, "app.ts")
  const whole = readFileSync(file, "utf8")
  writeFileSync(
    file,
    whole.replace("Response.json({ name })", "Response.json({})").replace("{ data: 2 }", "{ data: 3 }"),
  )
  const [first, second] = [await run(vitest as string, environ), await run(node as string, environ)]
  writeFileSync(file, whole)
  expect([first.code, second.code]).toEqual([1, 1])
  expect(first.output).toMatch(/1 failed \| 2 passed/)
})
