// docs/reference.md is what the code says of itself: every public name, and for every row of the checklist what fulfils it.
// When it is stale, `npx vitest run --project tests test/checklist -u` writes it anew.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { publicNames } from "./public-names.ts"

const src = fileURLToPath(new URL("../../src/", import.meta.url))
const load = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"))
/** What Werkzeug offers, row by row. */
const rows = load("rows.json") as Record<string, string>
/** What fulfils each row: public names, names with a member, guides and examples, or a test by its title (`file: title`). */
const fulfilled = load("fulfilled.json") as Record<string, string[]>
/** What is not there, and why. */
const leftOut = load("left-out.json") as Record<string, string>
/** What is there in another way than upstream, and why. */
const differs = load("differs.json") as Record<string, string>
const names = publicNames()
const known = new Set(
  names.flatMap(({ name, members }) => [name, ...members.map((member) => `${name}.${member.name}`)]),
)

test("every public name has a docstring", () => {
  expect(
    names.filter(({ summary }) => summary === "").map(({ door, name, file }) => `${door}: ${name} (${file})`),
  ).toEqual([])
  expect(names.length).toBeGreaterThan(100)
})

test("a summary is a whole sentence, also where it has a colon", () => {
  expect(names.filter(({ summary }) => summary.endsWith(":")).map(({ name }) => name)).toEqual([])
})

test("every public member of a class has a docstring", () => {
  const bare = names.flatMap(({ name, file, members }) =>
    members.filter(({ documented }) => !documented).map((member) => `${file}: ${name}.${member.name}`),
  )
  expect([...new Set(bare)]).toEqual([])
})

test("a public name means one thing, from every door", () => {
  const files = new Map<string, Set<string>>()
  for (const { name, file } of names) files.set(name, (files.get(name) ?? new Set()).add(file))
  const ambiguous = [...files].filter(([, { size }]) => size > 1).map(([name]) => name)
  expect(ambiguous).toEqual([])
})

test("no row of the checklist is forgotten: it is fulfilled by a public name, or left out for a reason", () => {
  expect(Object.keys(rows).filter((row) => !(row in fulfilled) && !(row in leftOut))).toEqual([])
})

test("no row is both fulfilled and left out, and every row that is named exists", () => {
  expect(Object.keys(leftOut).filter((row) => row in fulfilled)).toEqual([])
  expect([...Object.keys(fulfilled), ...Object.keys(leftOut)].filter((row) => !(row in rows))).toEqual([])
})

test("what fulfils a row is there: a public name, a page, an example, a test of that title", () => {
  const root = new URL("../../", import.meta.url)
  const isThere = (by: string) => {
    if (known.has(by)) return true
    const [path, title] = by.split(/: (.*)/s) as [string, string?]
    if (!/^(?:test|docs|examples)\/|^(?:README|CHANGELOG)\.md$|^LICENSE$/.test(path)) return false
    const file = new URL(path, root)
    return (
      existsSync(file) && (title === undefined ? !path.startsWith("test/") : readFileSync(file, "utf8").includes(title))
    )
  }
  const missing = Object.entries(fulfilled).filter(([, by]) => by.length === 0 || !by.every(isThere))
  expect(missing).toEqual([])
})

test("docstrings, which editors show, name no rows", () => {
  const naming = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith("ts") && /@row\b/.test(readFileSync(join(src, file), "utf8")),
  )
  expect(naming, "rows go to test/checklist/fulfilled.json").toEqual([])
})

test("a row that is fulfilled in another way is fulfilled", () => {
  expect(Object.keys(differs).filter((row) => !(row in fulfilled))).toEqual([])
})

test("docs/reference.md is up to date", async () => {
  await expect(reference()).toMatchFileSnapshot("../../docs/reference.md")
})

function reference(): string {
  const cell = (text: string) => text.replaceAll("|", "\\|")
  const lines = [
    "# Reference",
    "",
    "Every public name, and the rows of the checklist: what Werkzeug offers, row by row, and what fulfils it here.",
    "Made from the source by `test/checklist/`; do not edit.",
    "",
    "## Names",
    "",
    "| name | from | what it is | rows |",
    "| --- | --- | --- | --- |",
  ]
  for (const { name, door, summary } of names) {
    const own = Object.keys(fulfilled).filter((row) => fulfilled[row]?.some((by) => by.split(".")[0] === name))
    lines.push(`| \`${name}\` | \`${door}\` | ${cell(summary)} | ${own.join(", ")} |`)
  }
  lines.push("", "## Rows", "", "| row | what | here |", "| --- | --- | --- |")
  for (const [row, what] of Object.entries(rows)) {
    const by = (fulfilled[row] ?? []).map((each) => `\`${each}\``)
    const here = by.length > 0 ? by.join(", ") : `left out: ${leftOut[row]}`
    const difference = row in differs ? `; differs: ${differs[row]}` : ""
    lines.push(`| ${row} | ${cell(what)} | ${here}${cell(difference)} |`)
  }
  return `${lines.join("\n")}\n`
}
