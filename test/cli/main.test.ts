import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, expect, test } from "vitest"
import { sharedFolder } from "../support/files.ts"

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))
const folder = sharedFolder()

beforeAll(() => {
  writeFileSync(join(folder, "site.mjs"), `export const app = () => []; export const text = "x"`)
  writeFileSync(join(folder, "typed.ts"), `export const app = (): unknown[] => []`)
  writeFileSync(join(folder, "hono.mjs"), `export default { fetch() {}, request() {}, route() {}, onError() {} }`)
  writeFileSync(join(folder, "gone.mjs"), `import "./nowhere.mjs"; export const app = () => []`)
  writeFileSync(join(folder, "wrong.mjs"), `export const app = () => {\n  const = 5\n}`)
  writeFileSync(join(folder, "text.mjs"), `throw "text"`)
  writeFileSync(join(folder, "broken.mjs"), `throw new Error("the module's own error")`)
})

const werkstatt = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8", timeout: 30_000 })

test.each([
  [["run", "missing:app"], /^werkstatt: There is no module "missing" in .*\n$/],
  [["run", "site:missing"], /^werkstatt: site has no export "missing" \(it exports: app, text\)\.\n$/],
  [["run", "site:text"], /^werkstatt: "text" in site is "x", which is not what werkstatt serves\. .*\n$/],
  [["run", "site:app", "--port", "x"], /^werkstatt: --port takes a number.*\n$/],
  [["run", "site:app", "--port", "70000"], /^werkstatt: --port takes a number.*\n$/],
  [["run", "site:app", "--nonsense"], /^werkstatt: .*nonsense.*\n$/],
  [["run"], /^werkstatt: Which application\?.*\n$/],
  [["walk", "site"], /^werkstatt: There is no command "walk".*\n$/],
  [["rnu", "site"], /^werkstatt: There is no command "rnu"\. Did you mean "run"\?\n$/],
  [["run", "site:app", "--prot", "5"], /^werkstatt: There is no option --prot\. Did you mean --port\?\n$/],
  [["run", "site:txt"], /^werkstatt: site has no export "txt" .*\. Did you mean "text"\?\n$/],
  [
    ["run", "hono"],
    /^werkstatt: "default" in hono is an application of Hono, which is not what werkstatt serves\. .*\n$/,
  ],
  [["run", "site", "second"], /^werkstatt: One application at a time.*\n$/],
])("werkstatt %j is one clear line and exit code 2", (args, message) => {
  const { status, stderr, stdout } = werkstatt(...args)
  expect(stderr).toMatch(message)
  expect([status, stdout]).toEqual([2, ""])
})

test("--help says how it is called", () => {
  const { status, stdout } = werkstatt("--help")
  expect(status).toBe(0)
  expect(stdout).toMatch(/^Usage: werkstatt run MODULE/)
  expect(werkstatt().status).toBe(2)
})

test.skipIf((process.features as { typescript?: unknown }).typescript)(
  "TypeScript on a Node that does not strip types, without tsx: one line says what to install",
  () => {
    const { status, stderr } = werkstatt("run", "typed:app")
    expect(stderr).toMatch(
      /^werkstatt: Node \S+ does not run TypeScript by itself\. Install tsx: npm install --save-dev tsx\n$/,
    )
    expect(status).toBe(2)
  },
)

test.each([
  [
    "a missing module",
    "gone",
    /^Error \[ERR_MODULE_NOT_FOUND\]: Cannot find module '.*nowhere\.mjs' imported from .*gone\.mjs\n$/,
  ],
  ["a syntax error", "wrong", /^file:\/\/.*wrong\.mjs:2\n {2}const = 5\n {8}\^\n\nSyntaxError: Unexpected token '='/],
  ["a text that is thrown", "text", /^The application failed: it threw "text", which is no Error .*\n$/],
])("%s is shown without Node's own source in front", (_, module, message) => {
  for (const command of [
    ["run", `${module}.mjs`],
    ["fetch", `${module}.mjs`, "/"],
  ]) {
    const { status, stderr, stdout } = werkstatt(...command)
    expect(stderr).toMatch(message)
    expect([status, stdout]).toEqual([1, ""])
  }
})

test("an error of the module itself shows its stack", () => {
  const { status, stderr } = werkstatt("run", "broken:app")
  expect(stderr).toMatch(/the module's own error[\s\S]*broken\.mjs/)
  expect(status).toBe(1)
})
