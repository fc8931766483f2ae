// werkstatt new, up to the files that it makes. What is in them is tried in new.processes.ts.

import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { transform } from "esbuild"
import { expect, test } from "vitest"
import { command, Folder } from "../serving/program.ts"

function make(folder: Folder, ...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "new", ...argv], {
    cwd: folder.path,
    encoding: "utf8",
  })
  return { status, stdout, stderr, read: (name: string) => readFileSync(folder.file(name), "utf8") }
}

test("makes a project under the name of its folder, and says what to do next", () => {
  const folder = new Folder({})
  const { status, stdout, read } = make(folder, "My Shop")
  expect([status, stdout]).toEqual([0, expect.stringContaining("npm install\n  npm run dev")])
  const manifest = JSON.parse(read("My Shop/package.json")) as { name: string; scripts: object }
  expect(manifest.name).toBe("my-shop")
  expect(manifest.scripts).toMatchObject({ dev: "werkstatt run app.ts --reload --debug" })
  expect(read("My Shop/.gitignore")).toContain("node_modules")
  expect(read("My Shop/README.md")).toMatch(/^# my-shop$/m)
})

test("makes JavaScript, without what TypeScript needs", () => {
  const folder = new Folder({})
  const { read } = make(folder, "shop", "--javascript")
  expect(read("shop/app.test.js")).toContain('from "./app.js"')
  expect(read("shop/Dockerfile")).toContain('CMD ["serve", "app.js"')
  expect(read("shop/package.json")).not.toContain("typescript")
  expect(["app.ts", "tsconfig.json"].filter((name) => existsSync(folder.file(`shop/${name}`)))).toEqual([])
})

const templates = new URL("../../templates/", import.meta.url)
const templateText = (name: string) => readFileSync(new URL(name, templates), "utf8")
const codeOf = async (text: string, loader: "ts" | "js") => (await transform(text, { loader })).code

test.each(readdirSync(new URL("full", templates)).filter((name) => name.endsWith(".ts")))(
  "full/%s is the same program in JavaScript",
  async (name) => {
    const typed = templateText(`full/${name}`).replaceAll(`.ts"`, `.js"`)
    const untyped = `full-javascript/${name.replace(/ts$/, "js")}`
    const text = existsSync(new URL(untyped, templates)) ? templateText(untyped) : typed
    expect(await codeOf(text, "js")).toBe(await codeOf(typed, "ts"))
  },
)

test.each([
  [[], "Which folder? Write: npm create werkstatt FOLDER, or werkstatt new FOLDER"],
  [["a", "b"], 'what is "b"?'],
  [["taken"], "There is something in taken already"],
  [["shop", "--ful"], "--full"],
])("%j is refused", (argv, message) => {
  const folder = new Folder({ "taken/file.txt": "mine" })
  const { status, stderr } = make(folder, ...argv)
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)])
  expect(existsSync(folder.file("shop"))).toBe(false)
})
