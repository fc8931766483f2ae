// The recipe for JSX in docs/templates.md, which the compiler of the other guides does not take, runs.

import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const root = fileURLToPath(new URL("../", import.meta.url))
const folder = join(root, "node_modules/.cache/werkstatt-recipes")

test("JSX is rendered, and what is put in is escaped", () => {
  const [, recipe] = /^```tsx\n([\s\S]*?)^```/m.exec(readFileSync(join(root, "docs/templates.md"), "utf8")) ?? []
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
  writeFileSync(join(folder, "hello.tsx"), `${recipe}\nconsole.log(hello('<b>"'))\n`)
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", join(folder, "hello.tsx")], {
    cwd: root,
    encoding: "utf8",
  })
  expect(stdout.trim(), stderr).toBe('<!doctype html><p title="&lt;b>&quot;">Hello &lt;b>&quot;</p>')
})
