// The tutorial shows the files of examples/flaskr as they are. Behind `<!-- file: NAME SOURCE -->` stands the whole of SOURCE;
// `npx vitest run --project tests test/tutorial.test.ts -u` puts it there.

import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"

const root = fileURLToPath(new URL("../", import.meta.url))
const folder = `${root}docs/tutorial/`
const pages = readdirSync(folder).filter((name) => name.endsWith(".md"))

describe.each(pages)("docs/tutorial/%s", (page) => {
  const text = readFileSync(folder + page, "utf8")

  test("shows its files whole", async () => {
    const shown = text.replaceAll(
      /(<!-- file: \S+ (\S+) -->\n```\w+\n)[\s\S]*?(?=^```$)/gm,
      (_all, head: string, source: string) => head + readFileSync(root + source, "utf8"),
    )
    await expect(shown).toMatchFileSnapshot(folder + page)
  })

  test("leads to pages that are there", () => {
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect(() => readFileSync(new URL(target, `file://${folder}`)), target).not.toThrow()
    }
  })
})

test("the tutorial shows every file of the example, and its pages lead from one to the next", () => {
  const all = pages.map((page) => readFileSync(folder + page, "utf8")).join("\n")
  const shown = [...all.matchAll(/<!-- file: (\S+) (\S+) -->/g)].map(([, name, source]) => [name, source])
  const files = (readdirSync(`${root}examples/flaskr`, { recursive: true }) as string[]).filter((name) =>
    name.includes("."),
  )
  expect(shown.map(([name]) => name).sort()).toEqual(files.sort())
  for (const [name, source] of shown) expect(source).toBe(`examples/flaskr/${name}`)
  const visited = ["index.md"]
  for (let page: string | undefined = "index.md"; page !== undefined; ) {
    page = /^Next: \[.*?\]\((\S+)\)/m.exec(readFileSync(folder + page, "utf8"))?.[1]
    if (page !== undefined) visited.push(page)
  }
  expect(visited.sort()).toEqual(pages.sort())
})

test.each(["start.md", "tutorial/index.md"])("docs/%s begins with the application that a new project has", (page) => {
  const shown = /^<!-- file: app\.ts.*? -->\n```ts\n([\s\S]*?)^```$/m.exec(
    readFileSync(`${root}docs/${page}`, "utf8"),
  )?.[1]
  expect(shown).toBe(readFileSync(`${root}templates/minimal/app.ts`, "utf8"))
})
