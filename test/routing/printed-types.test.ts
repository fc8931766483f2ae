// How the compiler prints the types of routes: in its errors and in editors. Taken from the errors of a file that asks for them.

import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))

const SOURCE = `
import { RuleMap, route, routes, rule } from "../../src/routing/index.ts"
const urls = routes({ show: "/<slug>/<int:n>", page: route("/<int:page>", { defaults: { size: 1 } }) })
const at = new RuleMap([rule("/x/<int:y>", "e", { defaults: { z: 1 } })]).bind("h")
type Shown = never
export const routeType: Shown = urls.show
export const valuesType: Shown = urls.show.match("/")
export const ownType: Shown = {} as Parameters<typeof urls.page.build>[0]
export const matchType: Shown = at.match()
at.build("e", {})
urls.show.build({ slug: "x" })
`

test("types are printed as one object each", { timeout: 120_000 }, () => {
  // Inside the tree, so that the compiler finds what is imported.
  const folder = mkdtempSync(join(root, "node_modules", ".printed-types-"))
  try {
    writeFileSync(join(folder, "file.ts"), SOURCE)
    const config = { extends: join(root, "tsconfig.json"), include: [], files: ["./file.ts"] }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const { stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" })
    const errors = stdout.split("\n").filter((line) => line.includes("file.ts("))
    expect(errors.map((line) => line.replace(/^.*: error TS\d+: /, ""))).toEqual([
      `Type 'Route<Facts<"/<slug>/<int:n>", "", "show", never>, Nothing>' is not assignable to type 'never'.`,
      "Type '{ n: number; slug: string; } | undefined' is not assignable to type 'never'.",
      "Type '{ page: number | bigint; size?: 1; }' is not assignable to type 'never'.",
      `Type '{ readonly endpoint: "e"; readonly values: { y: number; z: 1; }; readonly rule: Rule<RuleSpec>; }' is not assignable to type 'never'.`,
      "Property 'y' is missing in type '{}' but required in type '{ [x: string]: unknown; y: number | bigint; z?: 1; }'.",
      "Property 'n' is missing in type '{ slug: string; }' but required in type '{ n: number | bigint; slug: string | number; }'.",
    ])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
