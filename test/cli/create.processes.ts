// `npm create werkstatt`, from the packed files of create-werkstatt and of what it depends on. The projects themselves are tried in
// new.processes.ts.

import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, expect, test } from "vitest"
import { sharedFolder } from "../support/files.ts"
import { packPackage, runProgram } from "../support/packed-package.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const folder = sharedFolder()
const place = join(folder, "work")

beforeAll(() => {
  const files = [packPackage(folder), packPackage(folder, "create-werkstatt/")]
  writeFileSync(join(folder, "package.json"), "{}")
  runProgram("npm", ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", ...files], folder)
  mkdirSync(place)
}, 120_000)

const create = (...args: string[]) =>
  spawnSync("npm", ["create", "werkstatt", ...args], { cwd: place, encoding: "utf8" })

test.each([
  [["shop"], "app.ts", "page.ts"],
  [["plain", "--", "--javascript"], "app.js", "page.js"],
  [["books", "--", "--full"], "page.ts", "app.js"],
])("npm create werkstatt %j makes the project", ([name = "", ...flags], there, missing) => {
  const { status, stdout, stderr } = create(name, ...flags)
  expect([status, stdout], stderr).toEqual([0, expect.stringContaining(`cd ${name}\n  npm install\n  npm run dev`)])
  expect([there, missing].map((file) => existsSync(join(place, name, file)))).toEqual([true, false])
})

test("npm create werkstatt without a folder says how it is written", () => {
  const { status, stderr } = create()
  expect([status, stderr]).toEqual([2, expect.stringContaining("npm create werkstatt FOLDER")])
})

test("create-werkstatt has the version of the package, and depends on no other", () => {
  const manifestIn = (path: string) =>
    JSON.parse(readFileSync(`${root}${path}package.json`, "utf8")) as Record<string, unknown>
  const { version, license, engines } = manifestIn("")
  expect(manifestIn("create-werkstatt/")).toMatchObject({
    version,
    license,
    engines,
    dependencies: { werkstatt: version },
  })
})
